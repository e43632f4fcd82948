"""Files: written whole or not at all, never over one of the user's; read with one-line errors."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from safetensors import SafetensorError


class WriteError(ValueError):
    """A file that cannot be written. One line: which one, and why."""


class ReadError(ValueError):
    """A file that cannot be read, or is something else. One line: which one, and why."""


def out_of_memory(error: Exception) -> bool:
    """Whether there was too little memory. A CPU's allocator has no error class of its own."""
    named = type(error).__name__ in ("MemoryError", "OutOfMemoryError")
    return named or "DefaultCPUAllocator" in str(error)


def unused(path: Path | str) -> Path:
    """Returns the path. Raises WriteError if something is there already, or nothing can be."""
    if os.path.lexists(path):
        raise WriteError(f"{path} is there already: choose another name, or remove it first")
    return writable(path)


def writable(path: Path | str) -> Path:
    """Returns the path. Raises WriteError if no file can be written there. It writes nothing.

    To be asked before long work, whose result would else be lost.
    """
    path = Path(path)
    folder = next(place for place in path.absolute().parents if os.path.lexists(place))
    trial = temporary_of(folder / path.name)
    try:
        trial.touch()
        trial.unlink()
    except OSError as error:
        raise WriteError(f"cannot write {path}: {error.strerror}; choose another place") from None
    return path


def temporary_of(path: Path) -> Path:
    """Where a file or folder is written before it gets its name: on the same disk."""
    folder = path if path.is_dir() else path.parent
    return folder / f".{path.name}.{os.getpid()}.tmp"


def write_text(path: Path, text: str) -> None:
    """Writes `text` as UTF-8, with the same bytes on every system. See `write_atomically`.

    Bytes of a file's name that are no character are written as escapes.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_bytes(path: Path, data: bytes) -> None:
    """Writes `data`. See `write_atomically`."""
    write_atomically(path, lambda temporary: temporary.write_bytes(data))


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Calls `write(temporary)`, then puts the finished file or folder in the place of `path`.

    The bytes of a file reach the disk before the name changes. A kill at any moment leaves either
    the old file or the new one. A new folder may take the place of an empty one only. Folders that
    are missing are made.
    Raises WriteError if the disk is full or read-only. The old file is then untouched.
    """
    temporary = temporary_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        if temporary.is_file():
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            with suppress(OSError):  # safetensors keeps others from reading; a class shares files
                temporary.chmod(0o644)
        into = temporary.is_dir() and path.is_dir()
        for part in list(temporary.iterdir()) if into else [temporary]:
            os.replace(part, path / part.name if into else path)
    except (OSError, SafetensorError) as error:
        why = f"{getattr(error, 'strerror', None) or error}; what was saved before is untouched"
        raise WriteError(f"cannot write {path}: {why}") from None
    finally:
        with suppress(OSError):  # gone already if all went well
            shutil.rmtree(temporary) if temporary.is_dir() else temporary.unlink(missing_ok=True)


@contextmanager
def reading(path: Path | str, what: str, kind: type[ReadError] = ReadError) -> Iterator[None]:
    """Whatever goes wrong inside becomes a `kind`, one line that names the file.

    A lack of memory is no fault of the file, and stays what it is.
    what: what the file should be, "a history of a run" say.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - a damaged file makes readers raise anything
        if isinstance(error, kind) or out_of_memory(error):
            raise
        reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
        reason = reason.splitlines()[0]
        damage = f"is damaged, or not {what} of this version"
        raise kind(f"{path} {damage} ({reason}): choose another file") from None


def read_json(path: Path | str, what: str) -> dict:
    """The object in a JSON file, which should be `what`. Raises ReadError."""
    with reading(path, what):
        return dict(json.loads(Path(path).read_text(encoding="utf-8-sig")))
