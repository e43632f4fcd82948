"""Is this machine ready for the workbook? One line a check: what was found, and what to do if it is not enough."""

import os
import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ROOM_GB = 2  # of free memory and of free disk, for the laptop budget
IMPORTED = ("torch", "torchvision", "ipywidgets", "matplotlib", "resvg_py")  # loaded, as a broken one shows only then
INSTALL = "run `make env` in the project's folder, then restart the kernel"


@dataclass(frozen=True)
class Check:
    """One thing looked at. found: what is there. mend: what to do, "" where all is well."""

    name: str
    found: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.name:<12} {self.found:<44} {'-> ' + self.mend if self.mend else 'ok'}"


def check_environment() -> list[Check]:
    """Python, packages, device, cores, memory, disk, and whether data/ can be written. Never raises."""
    python = "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer, then `make env PYTHON=python3.12`"
    cores, disk = os.cpu_count() or 1, shutil.disk_usage(PROJECT).free / 1e9
    return [
        Check("Python", platform.python_version(), python),
        *(_imports(name) for name in IMPORTED),
        _requirements(),
        _device(),
        Check("CPU cores", str(cores), "" if cores > 1 else "will be slow: ANIMEGAN_BUDGET=smoke is quicker"),
        _memory(),
        Check("disk", f"{disk:.0f} GB free", "" if disk > ROOM_GB else "make room, or set ANIMEGAN_CACHE elsewhere"),
        _writable(PROJECT / "data"),
    ]


def _imports(name: str) -> Check:
    try:
        return Check(name, str(getattr(import_module(name), "__version__", "can be imported")))
    except Exception as error:  # noqa: BLE001 - a half-installed package can raise anything
        return Check(name, f"{type(error).__name__}: {error}"[:80], INSTALL)


def _requirements() -> Check:
    """Every package that pyproject.toml asks for, in the version it asks for."""
    try:
        from packaging.requirements import Requirement

        wanted = [Requirement(text) for text in metadata.requires("animegan-workbook") or [] if "extra" not in text]
        lacking = [str(r) for r in wanted if not r.specifier.contains(metadata.version(r.name), prereleases=True)]
    except (ImportError, metadata.PackageNotFoundError) as error:
        return Check("packages", f"not installed: {error}"[:80], INSTALL)
    found = f"{len(wanted) - len(lacking)} of {len(wanted)} are of the version needed"
    return Check("packages", found, f"{', '.join(lacking)} wanted: {INSTALL}" if lacking else "")


def _device() -> Check:
    try:
        from animegan_helpers.budget import choose_device

        return Check("device", choose_device().type)
    except Exception as error:  # noqa: BLE001 - torch itself may be broken
        return Check("device", f"unknown ({type(error).__name__})", INSTALL)


def _memory() -> Check:
    try:
        import psutil  # comes with ipykernel

        free = psutil.virtual_memory().available / 1e9
    except ImportError:
        return Check("memory", "unknown: psutil is missing", INSTALL)
    return Check("memory", f"{free:.1f} GB free", "" if free > ROOM_GB else "close other programs and other notebooks")


def _writable(folder: Path) -> Check:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return Check("data folder", f"not writable ({error.strerror})", "set ANIMEGAN_CACHE and ANIMEGAN_RUNS elsewhere")
    return Check("data folder", "can be written")
