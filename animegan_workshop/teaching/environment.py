"""Is this machine ready for the course? One line a check, with what to do (notebook 00)."""

import os
import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "data"
MEMORY_GB, DISK_GB = 4, 2  # free; notebook 05 has 3.1 GiB resident at its peak
PACKAGES = ("torch", "torchvision", "ipywidgets", "matplotlib", "resvg_py")
INSTALL = "run `make env` in the project's folder, then restart the kernel"
ELSEWHERE = "set ANIMEGAN_CACHE and ANIMEGAN_RUNS to folders elsewhere"


@dataclass(frozen=True)
class Check:
    """One thing looked at. found: what is there; mend: what to do, "" where all is well."""

    name: str
    found: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.name:<12} {self.found:<36} {'-> ' + self.mend if self.mend else 'ok'}"


def check_environment() -> list[Check]:
    """Python, packages, device, cores, memory, and the folders for cache and runs. Never raises."""
    python = "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer"
    return [
        Check("Python", platform.python_version(), python),
        *(attempt(name, INSTALL, package, name) for name in PACKAGES),
        attempt("packages", INSTALL, all_packages),
        attempt("device", INSTALL, device),
        Check("CPU cores", str(os.cpu_count())),
        attempt("memory", INSTALL, memory),
        *(attempt(f"{name} folder", ELSEWHERE, room, name) for name in ("cache", "runs")),
    ]


def attempt(name: str, mend: str, look, *arguments) -> Check:
    """The check that `look(*arguments)` gives as (found, mend), or `mend` where it raises."""
    try:
        return Check(name, *look(*arguments))
    except Exception as error:  # noqa: BLE001 - a half-installed package can raise anything
        return Check(name, f"{type(error).__name__}: {error}"[:100], mend)


def package(name: str) -> tuple[str, str]:
    """It is loaded, since a broken one shows only then."""
    return str(getattr(import_module(name), "__version__", "can be imported")), ""


def all_packages() -> tuple[str, str]:
    from packaging.requirements import Requirement  # comes with JupyterLab

    wanted = [Requirement(text) for text in metadata.requires("animegan-workbook") or []]
    wanted = [need for need in wanted if not need.marker]  # without the extras
    lacking = [str(need) for need in wanted if metadata.version(need.name) not in need.specifier]
    found = f"{len(wanted) - len(lacking)} of {len(wanted)} as needed"
    return found, f"{lacking}: {INSTALL}" if lacking else ""


def device() -> tuple[str, str]:
    return import_module("animegan_helpers.budget").choose_device().type, ""


def memory() -> tuple[str, str]:
    free = import_module("psutil").virtual_memory().available / 1e9  # psutil comes with ipykernel
    mend = "" if free > MEMORY_GB else "close other programs and other notebooks"
    return f"{free:.1f} GB free", mend


def room(name: str) -> tuple[str, str]:
    folder = Path(os.environ.get(f"ANIMEGAN_{name.upper()}") or DATA / name).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=folder).close()
    free = shutil.disk_usage(folder).free / 1e9
    mend = "" if free > DISK_GB else f"make room, or {ELSEWHERE}"
    return f"can be written, {free:.0f} GB free", mend
