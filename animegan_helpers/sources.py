"""Where faces come from: the picture files of a folder, of a zip or of the drawn set, in order, and their labels."""

import csv
import hashlib
import io
import os
import posixpath
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from animegan_workshop.drawing.drawn import Only

MAX_BYTES = 64 * 2**20  # of one file; a face needs a few kilobytes
DRAWN_COUNT = 6000


class FacesError(ValueError):
    """A mistake in what the user asked for. One line: what is wrong, and what to do."""


class Unreadable(Exception):
    """One file that is skipped. The text is the reason, the same for all files with the same trouble."""


Picture = tuple[
    str, bytes | Unreadable, dict[str, str]
]  # name, file content or why there is none, labels


@dataclass(frozen=True)
class Source:
    """An ordered list of picture files, not read yet."""

    description: str
    fingerprint: list  # of plain values; the same as long as the pictures and labels are the same
    total: int  # how many pictures there are to read
    pictures: Callable[[], Iterator[Picture]]  # reads them, in order
    notes: list[tuple[str, str]] = field(
        default_factory=list
    )  # (file, reason) for what is no picture
    folder: Path | None = None  # the folder read from, if it is one


@dataclass(frozen=True)
class _Member:
    name: str  # relative to PATH, parts joined by "/"
    size: int  # bytes
    stamp: int  # changes with the content: time of change in ns in a folder, CRC-32 in a zip
    handle: str | zipfile.ZipInfo
    trouble: str = ""  # why it cannot be read, if that is known already


def open_source(
    path: str | Path, count: int | None = None, seed: int = 0, only: "Only | None" = None
) -> Source:
    """The pictures of a folder or a zip; of the drawn set where `path` is "".

    count: at most so many, evenly spaced over the sorted list (drawn: the first so many, 6,000 if None).
    seed, only: of the drawn set, passed on to `draw_faces`.
    Raises FacesError where there is no such path, it is neither a folder nor a zip, or `only` comes with a path.
    """
    if path == "":
        return _drawn_source(count or DRAWN_COUNT, seed, only)
    if only is not None:
        raise FacesError(
            "`only` chooses among drawn faces: leave it out, or unset ANIMEGAN_FACES to have faces drawn."
        )
    try:
        path = Path(path).expanduser()
        if not path.exists():
            raise FacesError(
                f"There is no {path}: check the spelling; give a folder of pictures, or a zip of one."
            )
        return (
            _folder_source(path.resolve(), count)
            if path.is_dir()
            else _zip_source(path.resolve(), count)
        )
    except zipfile.BadZipFile:
        raise FacesError(
            f"{path} is neither a folder nor a whole zip: give a folder, or copy the zip again."
        ) from None
    except (OSError, RuntimeError, NotImplementedError, UnicodeDecodeError) as error:
        raise FacesError(
            f"{path} cannot be opened ({error}): check the path and your right to read it."
        ) from None


def _drawn_source(count: int, seed: int, only: "Only | None") -> Source:
    def pictures() -> Iterator[Picture]:
        from animegan_workshop.drawing import drawn

        try:
            faces = drawn.draw_faces(count, seed=seed, only=only)
        except ValueError as error:
            raise FacesError(f"These faces cannot be drawn: {error}") from None
        for index, (data, labels) in enumerate(faces):
            yield f"{index:05d}.jpg", data, labels

    # The drawing's own code is part of the fingerprint: faces are drawn again when it changes.
    code = sorted((Path(__file__).parents[1] / "animegan_workshop").glob("drawing/*.py"))
    digest = hashlib.blake2b(b"\0".join(path.read_bytes() for path in code)).hexdigest()
    chosen = "" if only is None else f", only {only}"
    description = f"drawn set (seed {seed}{chosen})"
    return Source(description, ["drawn", count, seed, repr(only), digest], count, pictures)


def _folder_source(root: Path, count: int | None) -> Source:
    members, notes, seen = [], [], set()

    def cannot_list(error: OSError) -> None:
        notes.append(
            (
                Path(error.filename).relative_to(root).as_posix(),
                f"cannot be opened ({error.strerror})",
            )
        )

    for folder, subfolders, names in os.walk(root, onerror=cannot_list, followlinks=True):
        real = os.path.realpath(folder)
        subfolders[:] = (
            [] if real in seen else sorted(subfolders)
        )  # a link to a folder above would never end
        inner = Path(folder).relative_to(root).as_posix()
        for name in names if real not in seen else ():
            members.append(
                _folder_member(
                    os.path.join(folder, name), name if inner == "." else f"{inner}/{name}"
                )
            )
        seen.add(real)
    return _file_source(
        f"folder {root}", ["folder", str(root)], members, notes, count, _read_files, root
    )


def _folder_member(path: str, name: str) -> _Member:
    try:
        status = os.stat(path)
    except OSError as error:
        return _Member(name, 0, 0, path, f"cannot be opened ({error.strerror})")
    # Opening a pipe or a device could wait for ever.
    trouble = "" if stat.S_ISREG(status.st_mode) else "not a regular file"
    return _Member(name, status.st_size, status.st_mtime_ns, path, trouble)


def _zip_source(path: Path, count: int | None) -> Source:
    with zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
    members = [
        _Member(
            _zip_name(info),
            info.file_size,
            info.CRC,
            info,
            "encrypted in the zip" if info.flag_bits & 1 else "",
        )
        for info in infos
    ]
    return _file_source(f"zip {path}", ["zip"], members, [], count, partial(_read_zipped, path))


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The member's name. Some programs (the Finder's, for one) store UTF-8 without saying so."""
    name = info.filename
    if not info.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return name.replace("\\", "/")


def _file_source(
    description: str,
    fingerprint: list,
    members: list[_Member],
    notes: list[tuple[str, str]],
    count: int | None,
    read: Callable[[list[_Member]], Iterator[bytes | Unreadable]],
    folder: Path | None = None,
) -> Source:
    """Sorts the files into pictures and tables of labels, and reads the tables."""
    visible = [
        m
        for m in members
        if not any(p.startswith(".") or p == "__MACOSX" for p in m.name.split("/"))
    ]
    visible.sort(key=lambda member: member.name)
    tables = [m for m in visible if posixpath.basename(m.name).lower() == "labels.csv"]
    chosen = [m for m in visible if posixpath.basename(m.name).lower() != "labels.csv"]
    if count is not None and count < len(chosen):
        chosen = [chosen[i * len(chosen) // count] for i in range(count)]
    labels: dict[str, dict[str, str]] = {}
    for table in sorted(
        tables, key=lambda member: member.name.count("/")
    ):  # the nearest table has the last word
        try:
            content = next(iter(read([table])))
            if isinstance(content, Unreadable):
                raise content
            for name, row in _parse_labels(content, posixpath.dirname(table.name)):
                labels.setdefault(name, {}).update(row)
        except Unreadable as trouble:
            notes.append((table.name, f"labels not read: {trouble}"))

    def pictures() -> Iterator[Picture]:
        for member, content in zip(chosen, read(chosen), strict=True):
            yield member.name, content, labels.get(_same_name(member.name), {})

    prints = [(m.name, m.size, m.stamp) for m in chosen + tables]
    return Source(description, [*fingerprint, prints], len(chosen), pictures, notes, folder)


def _parse_labels(content: bytes, folder: str) -> Iterator[tuple[str, dict[str, str]]]:
    """(picture, factor -> value) for each row of a labels.csv in `folder`."""
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(
            "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        ) from None
    header = [name.strip() for name in rows[0]] if rows else []
    if "file" not in header:
        raise Unreadable(
            "no column `file` (columns are separated by commas, named in the first line)"
        )
    for row in rows[1:]:
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=False) if name}
        if name := cells.pop("file", ""):
            yield _same_name(posixpath.join(folder, name.replace("\\", "/"))), cells


def _same_name(name: str) -> str:
    """One spelling for names that mean the same file: `./a`, and accents that macOS stores as letters of their own."""
    return unicodedata.normalize("NFC", posixpath.normpath(name))


def _read_files(members: list[_Member]) -> Iterator[bytes | Unreadable]:
    for member in members:
        yield _read_limited(member, partial(open, mode="rb"))


def _read_zipped(path: Path, members: list[_Member]) -> Iterator[bytes | Unreadable]:
    with zipfile.ZipFile(path) as archive:
        for member in members:
            yield _read_limited(member, archive.open)


def _read_limited(member: _Member, opener: Callable) -> bytes | Unreadable:
    if member.trouble:
        return Unreadable(member.trouble)
    try:
        with opener(member.handle) as file:
            data = file.read(MAX_BYTES + 1)  # the size that a zip states may be a lie
    except (zipfile.BadZipFile, zlib.error, EOFError):
        return Unreadable("damaged in the zip")
    except (OSError, RuntimeError, NotImplementedError, ValueError) as error:
        return Unreadable(f"cannot be opened ({getattr(error, 'strerror', None) or error})")
    if len(data) > MAX_BYTES:
        return Unreadable(f"larger than {MAX_BYTES // 2**20} MiB")
    return data or Unreadable("empty file")
