"""Is this machine ready for the workbook? One line a check: what was found, and what to do if it is not enough."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
MEMORY_GB, DISK_GB = (
    4,
    2,
)  # free, for the laptop budget: notebook 05 has 3.1 GiB resident at its peak
IMPORTED = (
    "torch",
    "torchvision",
    "ipywidgets",
    "matplotlib",
    "resvg_py",
)  # loaded, as a broken one shows only then
INSTALL = "run `make env` in the project's folder, then restart the kernel"
ELSEWHERE = "set ANIMEGAN_CACHE and ANIMEGAN_RUNS to folders elsewhere"


@dataclass(frozen=True)
class Check:
    """One thing looked at. found: what is there. mend: what to do, "" where all is well."""

    name: str
    found: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.name:<12} {self.found:<36} {'-> ' + self.mend if self.mend else 'ok'}"


def check_environment() -> list[Check]:
    """Python, packages, device, cores, memory, and the folders for the cache and the runs. Never raises."""
    python = (
        ""
        if sys.version_info >= (3, 11)
        else "install Python 3.11 or newer, then `make env PYTHON=python3.12`"
    )
    return [
        Check("Python", platform.python_version(), python),
        *(_look(name, lambda name=name: _version(name), INSTALL) for name in IMPORTED),
        _look("packages", _packages, INSTALL),
        _look(
            "device",
            lambda: (import_module("animegan_helpers.budget").choose_device().type, ""),
            INSTALL,
        ),
        Check("CPU cores", str(os.cpu_count())),
        _look("memory", _memory, INSTALL),
        *(
            _look(name, lambda folder=folder: _room_in(folder), ELSEWHERE)
            for name, folder in _folders().items()
        ),
    ]


def _look(name: str, look: Callable[[], tuple[str, str]], mend: str) -> Check:
    try:
        return Check(name, *look())
    except Exception as error:  # noqa: BLE001 - a half-installed package can raise anything
        return Check(name, f"{type(error).__name__}: {error}"[:100], mend)


def _version(name: str) -> tuple[str, str]:
    return str(getattr(import_module(name), "__version__", "can be imported")), ""


def _packages() -> tuple[str, str]:
    from packaging.requirements import Requirement  # comes with JupyterLab

    wanted = [
        Requirement(text)
        for text in metadata.requires("animegan-workbook") or []
        if "extra" not in text
    ]
    lacking = [
        str(r)
        for r in wanted
        if not r.specifier.contains(metadata.version(r.name), prereleases=True)
    ]
    return (
        f"{len(wanted) - len(lacking)} of {len(wanted)} as needed",
        f"{lacking}: {INSTALL}" if lacking else "",
    )


def _memory() -> tuple[str, str]:
    free = import_module("psutil").virtual_memory().available / 1e9  # psutil comes with ipykernel
    return (
        f"{free:.1f} GB free",
        "" if free > MEMORY_GB else "close other programs and other notebooks",
    )


def _folders() -> dict[str, Path]:
    """Where packed faces and runs go, by what to call them."""
    chosen = {"cache": os.environ.get("ANIMEGAN_CACHE"), "runs": os.environ.get("ANIMEGAN_RUNS")}
    return {
        f"{name} folder": Path(path or PROJECT / "data" / name).expanduser()
        for name, path in chosen.items()
    }


def _room_in(folder: Path) -> tuple[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=folder).close()
    free = shutil.disk_usage(folder).free / 1e9
    return (
        f"can be written, {free:.0f} GB free",
        "" if free > DISK_GB else f"make room, or {ELSEWHERE}",
    )
