"""Writing files: never over one of the user's, and never half."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from safetensors import SafetensorError


class WriteError(ValueError):
    """A file that cannot be written; one line that says why."""


def unused(path: Path | str) -> Path:
    """The path, if nothing is there; else raises WriteError."""
    if Path(path).exists():
        raise WriteError(f"{path} is there already: choose another name, or remove it first")
    return Path(path)


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Calls `write(temporary_path)`, then puts the finished file in place of `path`.

    The bytes are on the disk before the name changes, so a kill at any moment leaves either the old file or the new.
    Raises WriteError when the disk is full or read-only; the old file is then untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        with suppress(
            OSError
        ):  # safetensors makes files that nobody else may read, but a class shares them
            temporary.chmod(0o644)
        os.replace(temporary, path)
    except (OSError, SafetensorError) as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or str(error)
        raise WriteError(
            f"cannot write {path}: {reason}; what was saved before is untouched"
        ) from None
    if (
        os.name == "posix"
    ):  # the rename itself must reach the disk too, where the folder's kind of disk knows how
        with suppress(OSError):
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
