"""Writing files: never over one of the user's, and never half (all notebooks)."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from safetensors import SafetensorError


class WriteError(ValueError):
    """A file that cannot be written. One line: which one, and why."""


def unused(path: Path | str) -> Path:
    """Returns the path. Raises WriteError if something is there already."""
    if os.path.lexists(path):
        raise WriteError(f"{path} is there already: choose another name, or remove it first")
    return Path(path)


def write_text(path: Path, text: str) -> None:
    """Writes `text` as UTF-8, with the same bytes on every system. See `write_atomically`."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Writes `data`. See `write_atomically`."""
    write_atomically(path, lambda temporary: temporary.write_bytes(data))


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Calls `write(temporary)`, then puts the finished file in the place of `path`.

    The bytes reach the disk before the name changes. A kill at any moment leaves either the old
    file or the new one. Folders that are missing are made.
    Raises WriteError if the disk is full or read-only. The old file is then untouched.
    """
    temporary = path.parent / f".{path.name}.{os.getpid()}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        with suppress(OSError):  # safetensors keeps others from reading, but a class shares files
            temporary.chmod(0o644)
        os.replace(temporary, path)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WriteError(
            f"cannot write {path}: {reason}; what was saved before is untouched"
        ) from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)  # gone already if all went well
