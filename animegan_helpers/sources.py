"""Where faces come from: a folder, a zip or the drawn set, and their labels (notebook 01)."""

import csv
import errno
import hashlib
import io
import os
import posixpath
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 64 * 2**20  # of one file; a face needs a few kilobytes
DRAWN_COUNT = 6000


class FacesError(ValueError):
    """A mistake in what the user asked for. One line: what is wrong, and what to do."""


class Unreadable(Exception):
    """A file that is skipped. The text is the reason, the same for files with the same trouble."""


class NotRead(Unreadable):
    """The bytes of the file could not be had. Another time they may be."""


@dataclass
class Picture:
    """One picture file, not read yet.

    name: its path inside the folder or zip, parts joined by "/"; stamp: changes with the content;
    labels: factor ("hair") -> value ("red").
    """

    name: str
    stamp: tuple[int, ...]
    open: Callable[[], BinaryIO]
    labels: dict[str, str] = field(default_factory=dict)

    def read(self) -> bytes:
        """The file's content. Raises Unreadable with the reason."""
        try:
            with self.open() as stream:
                data = stream.read(MAX_BYTES + 1)  # the size that a zip states may be wrong
        except (OSError, RuntimeError) as error:
            raise NotRead(_cannot_open(error)) from None
        except Exception:  # noqa: BLE001 - each way of compressing has an error of its own
            raise NotRead("damaged in the zip") from None
        if len(data) > MAX_BYTES:
            raise Unreadable(f"larger than {MAX_BYTES // 2**20} MiB")
        if not data:
            raise Unreadable("empty file")
        return data


@dataclass(frozen=True)
class Source:
    """Pictures in order.

    fingerprint: plain values that change when a picture or a label changes.
    total: how many pictures there are. They can be gone through once.
    notes: (file, reason) for each file that is left out before the pictures are read.
    """

    description: str
    fingerprint: list
    pictures: Iterable[Picture]
    total: int
    close: Callable[[], None] = lambda: None
    notes: list[tuple[str, str]] = field(default_factory=list)


def open_source(path: str | Path, count: int | None, seed: int = 0, only=None) -> Source:
    """The pictures of a folder or a zip, or the drawn set if `path` is "".

    A new kind of source is one more function that makes a Source, and its line here.

    count: at most so many, evenly spaced over the sorted names. If None: all, or 6,000 drawn ones.
    seed, only: passed on to `draw_faces`.
    Raises FacesError if `path` is neither a folder nor a zip, or `only` comes with a path.
    """
    if path == "":
        return _drawn_source(count or DRAWN_COUNT, seed, only)
    if only is not None:
        raise FacesError("`only` chooses among drawn faces: leave it out, or unset ANIMEGAN_FACES.")
    try:
        path = Path(path).expanduser().resolve()
        return _folder_source(path, count) if path.is_dir() else _zip_source(path, count)
    except (OSError, RuntimeError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise FacesError(
            f"{path} is neither a folder nor a whole zip that can be read ({error}): "
            "check the spelling and your right to read it, or copy it again."
        ) from None


def _drawn_source(count: int, seed: int, only) -> Source:
    # Faces are drawn again when the code or the tables that draw them change.
    code = sorted((Path(__file__).parents[1] / "animegan_workshop").glob("drawing/*.*"))
    digest = hashlib.blake2b(b"\0".join(path.read_bytes() for path in code)).hexdigest()
    fingerprint = ["drawn", count, seed, repr(only), digest]
    description = f"drawn set (seed {seed}{f', only {only}' if only else ''})"
    pictures = _draw(count, seed, only)
    return Source(description, fingerprint, pictures, count, pictures.close)


def _draw(count: int, seed: int, only) -> Iterator[Picture]:
    from animegan_workshop.drawing import drawn

    for index, (jpeg, labels) in enumerate(drawn.draw_faces(count, seed=seed, only=only)):
        yield Picture(f"{index:05d}.jpg", (), partial(io.BytesIO, jpeg), labels)


def _folder_source(root: Path, count: int | None) -> Source:
    files, notes, seen = [], [], set()

    def leave_out(error: OSError) -> None:
        notes.append((Path(error.filename).relative_to(root).as_posix(), _cannot_open(error)))

    for folder, subfolders, names in os.walk(root, onerror=leave_out, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:  # a link to a folder above would never end
            subfolders.clear()
            continue
        seen.add(real)
        subfolders.sort()
        inner = Path(folder).relative_to(root).as_posix()
        for name in names:
            try:
                files.append(_file_at(os.path.join(folder, name), f"{inner}/{name}"))
            except OSError as error:
                leave_out(error)
    chosen = _choose(files, notes, count)
    prints = [str(root), *map(_print, chosen)]
    return Source(f"folder {root}", prints, chosen, len(chosen), notes=notes)


def _file_at(path: str, name: str) -> Picture:
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):  # a pipe or a device could wait for ever
        raise OSError(errno.EINVAL, "not a regular file", path)
    stamp = (status.st_size, status.st_mtime_ns)
    return Picture(posixpath.normpath(name), stamp, partial(open, path, "rb"))


def _zip_source(path: Path, count: int | None) -> Source:
    """Old programs do not say how a zip's names are encoded, so the likeliest encoding is taken."""
    with suppress(UnicodeDecodeError):
        return _decoded_zip(path, count, "utf-8")
    sources = []
    for encoding in ("cp932", "gbk", "cp437"):  # Shift-JIS, Chinese, and one that decodes any name
        with suppress(UnicodeDecodeError):
            sources.append(_decoded_zip(path, count, encoding))
    return max(sources, key=_plausibility)


def _plausibility(source: Source) -> tuple[int, int]:
    """First the labels found, then the fewest half-width katakana: GBK looks so as Shift-JIS."""
    labelled = sum(bool(picture.labels) for picture in source.pictures)
    signs = "".join(picture.name for picture in source.pictures)
    return labelled, -sum("｡" <= sign <= "ﾟ" for sign in signs)


def _decoded_zip(path: Path, count: int | None, encoding: str) -> Source:
    archive = zipfile.ZipFile(path, metadata_encoding=encoding)
    files, notes = [], []
    for info in archive.infolist():
        name = posixpath.normpath(info.filename.replace("\\", "/"))
        if info.flag_bits & 1:
            notes.append((name, "encrypted in the zip"))
        elif not info.filename.endswith(("/", "\\")):
            files.append(Picture(name, (info.file_size, info.CRC), partial(archive.open, info)))
    chosen = _choose(files, notes, count)
    prints = ["zip", *map(_print, chosen)]
    return Source(f"zip {path}", prints, chosen, len(chosen), archive.close, notes)


def _print(picture: Picture) -> list:
    return [picture.name, picture.stamp, picture.labels]


def _choose(files: list[Picture], notes: list, count: int | None) -> list[Picture]:
    """`count` of the files that are pictures, with labels. What else there is goes to `notes`."""
    tables, pictures = [], []
    for file in sorted(files, key=lambda file: file.name):
        parts = file.name.split("/")
        if any(part.startswith(".") and part != ".." or part == "__MACOSX" for part in parts):
            notes.append((file.name, "hidden (.name or __MACOSX)"))
        elif parts[-1].lower() == "labels.csv":
            tables.append(file)
        else:
            pictures.append(file)
    of_name = {_spelling(picture.name): picture for picture in pictures}
    for table in sorted(tables, key=lambda file: file.name.count("/")):
        try:
            _give_labels(table, of_name)  # the nearest table has the last word
        except Unreadable as trouble:
            notes.append((table.name, f"labels not read: {trouble}"))
    if count is not None and count < len(pictures):
        pictures = [pictures[i * len(pictures) // count] for i in range(count)]
    return pictures


def _give_labels(table: Picture, pictures: dict[str, Picture]) -> None:
    """Gives the labels of a labels.csv to the pictures that it names. Raises Unreadable if none."""
    try:
        text = io.StringIO(table.read().decode("utf-8-sig"), newline="")
        rows = list(csv.DictReader(text, skipinitialspace=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(f"no table in UTF-8 ({error})") from None
    if rows and "file" not in rows[0]:
        raise Unreadable("no column `file` (the first line names the columns, divided by commas)")
    named = [row.pop("file").replace("\\", "/") for row in rows]
    found = 0
    for name, row in zip(named, rows):
        key = _spelling(posixpath.join(posixpath.dirname(table.name), name.strip()))
        if picture := pictures.get(key):
            found += 1
            picture.labels |= {k.strip(): (v or "").strip() for k, v in row.items() if k}
    if rows and not found:
        raise Unreadable(
            f'none of its {len(rows):,} rows names a picture: a row has "{named[0]}", '
            f'a picture is "{min(pictures, default="")}"'
        )


def _spelling(name: str) -> str:
    """One spelling for a file: without `./`, and with accents that are part of their letter."""
    return unicodedata.normalize("NFC", posixpath.normpath(name))


def _cannot_open(error: Exception) -> str:
    return f"cannot be opened ({getattr(error, 'strerror', None) or error})"
