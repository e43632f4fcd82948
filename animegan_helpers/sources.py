"""Where faces come from (a folder, a zip, the drawn set), and how one picture file becomes a square of pixels."""

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
from typing import Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF")
MAX_BYTES = 64 * 2**20  # of one file; a face needs a few kilobytes
MAX_PIXELS = 50_000_000  # of one picture: 150 MB as RGB, in each decoding thread
DRAWN_COUNT = 6000


class FacesError(ValueError):
    """A mistake in what the user asked for. One line: what is wrong, and what to do."""


class Unreadable(Exception):
    """One file that is skipped. The text is the reason, the same for all files with the same trouble."""


Picture = tuple[str, bytes | Unreadable, dict[str, str]]  # name, file content or why there is none, labels


@dataclass(frozen=True)
class Source:
    """An ordered list of picture files, not read yet."""

    description: str
    fingerprint: list  # of plain values; the same as long as the pictures and labels are the same
    total: int  # how many pictures there are to read
    pictures: Callable[[], Iterator[Picture]]  # reads them, in order
    notes: list[tuple[str, str]] = field(default_factory=list)  # (file, reason) for what is no picture
    folder: Path | None = None  # the folder read from, if it is one


@dataclass(frozen=True)
class _Member:
    name: str  # relative to PATH, parts joined by "/"
    size: int  # bytes
    stamp: int  # changes with the content: time of change in ns in a folder, CRC-32 in a zip
    handle: Path | zipfile.ZipInfo
    trouble: str = ""  # why it cannot be read, if that is known already


def open_source(path: str | Path, count: int | None = None, seed: int = 0, only: object = None) -> Source:
    """The pictures of a folder or a zip; of the drawn set where `path` is "".

    count: at most so many, evenly spaced over the sorted list (drawn: the first so many, 6,000 if None).
    seed, only: of the drawn set, passed on to `draw_faces`.
    Raises FacesError where there is no such path, it is neither a folder nor a zip, or `only` comes with a path.
    """
    if path == "":
        return _drawn_source(count or DRAWN_COUNT, seed, only)
    if only is not None:
        raise FacesError("`only` chooses among drawn faces: leave it out, or unset ANIMEGAN_FACES to have faces drawn.")
    try:
        path = Path(path).expanduser()
        if not path.exists():
            raise FacesError(f"There is no {path}: check the spelling; give a folder of pictures, or a zip of one.")
        return _folder_source(path.resolve(), count) if path.is_dir() else _zip_source(path.resolve(), count)
    except zipfile.BadZipFile:
        raise FacesError(f"{path} is neither a folder nor a whole zip: give a folder, or download the zip again.") from None
    except (OSError, RuntimeError, NotImplementedError, UnicodeDecodeError) as error:
        raise FacesError(f"{path} cannot be opened ({error}): check the path and your right to read it.") from None


def _drawn_source(count: int, seed: int, only: object) -> Source:
    def pictures() -> Iterator[Picture]:
        from . import drawn

        for index, (data, labels) in enumerate(drawn.draw_faces(count, seed=seed, only=only)):
            yield f"{index:05d}.jpg", data, labels

    # The drawing's own code is part of the fingerprint: faces are drawn again when it changes.
    code = [path for path in sorted(Path(__file__).parent.glob("drawn*")) if path.is_file()]
    digest = hashlib.blake2b(b"\0".join(path.read_bytes() for path in code)).hexdigest()
    chosen = "" if only is None else f", only {only}"
    description = f"faces drawn on the spot (seed {seed}{chosen})"
    return Source(description, ["drawn", count, seed, repr(only), digest], count, pictures)


def _folder_source(root: Path, count: int | None) -> Source:
    members, notes, seen = [], [], set()

    def cannot_list(error: OSError) -> None:
        notes.append((Path(error.filename).relative_to(root).as_posix(), f"cannot be opened ({error.strerror})"))

    for folder, subfolders, names in os.walk(root, onerror=cannot_list, followlinks=True):
        real = os.path.realpath(folder)
        subfolders[:] = [] if real in seen else sorted(subfolders)  # a link to a folder above would never end
        for name in names if real not in seen else ():
            path = Path(folder, name)
            members.append(_folder_member(path, path.relative_to(root).as_posix()))
        seen.add(real)
    return _file_source(f"folder {root}", ["folder", str(root)], members, notes, count, _read_files, root)


def _folder_member(path: Path, name: str) -> _Member:
    try:
        status = path.stat()
    except OSError as error:
        return _Member(name, 0, 0, path, f"cannot be opened ({error.strerror})")
    # Opening a pipe or a device could wait for ever.
    trouble = "" if stat.S_ISREG(status.st_mode) else "not a regular file"
    return _Member(name, status.st_size, status.st_mtime_ns, path, trouble)


def _zip_source(path: Path, count: int | None) -> Source:
    with zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
    members = [
        _Member(_zip_name(info), info.file_size, info.CRC, info, "encrypted in the zip" if info.flag_bits & 1 else "")
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


def _file_source(description, fingerprint, members, notes, count, read, folder=None) -> Source:
    visible = [m for m in members if not any(p.startswith(".") or p == "__MACOSX" for p in m.name.split("/"))]
    visible.sort(key=lambda member: member.name)
    tables = [m for m in visible if posixpath.basename(m.name).lower() == "labels.csv"]
    chosen = [m for m in visible if posixpath.basename(m.name).lower() != "labels.csv"]
    if count is not None and count < len(chosen):
        chosen = [chosen[i * len(chosen) // count] for i in range(count)]
    labels: dict[str, dict[str, str]] = {}
    for table in sorted(tables, key=lambda member: member.name.count("/")):  # the nearest table has the last word
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
        raise Unreadable("not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)) from None
    header = [name.strip() for name in rows[0]] if rows else []
    if "file" not in header:
        raise Unreadable("no column `file` (columns are separated by commas, named in the first line)")
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


def decode(data: bytes, size: int = 64, method: Literal["resize", "crop"] = "resize") -> np.ndarray:
    """uint8 (3, size, size) RGB, 0..255, of one picture file. Raises Unreadable with the reason.

    EXIF orientation is applied, transparency laid on white. Then "resize" scales the central square, and "crop" cuts
    out the central size x size pixels (a smaller picture is scaled up first).

    Scaling is Pillow's bicubic, which widens its kernel when it shrinks a picture and so does not alias (Parmar et
    al., CVPR 2022, arXiv 2104.11222, section 3), and which rings less than Lanczos beside the hard ink lines of a
    drawing.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            if method == "resize":
                picture.draft(None, (4 * size, 4 * size))  # a large JPEG is decoded at a fraction of its size
            picture.load()
            rgb = _to_rgb(_upright(picture))
            square = min(rgb.size if method == "resize" else (*rgb.size, size))
            left, top = (rgb.width - square) // 2, (rgb.height - square) // 2
            box = (left, top, left + square, top + square)
            pixels = np.asarray(rgb.resize((size, size), Image.Resampling.BICUBIC, box=box))
            return pixels.transpose(2, 0, 1).copy()
    except Image.DecompressionBombError:
        raise Unreadable(f"more than {MAX_PIXELS:,} pixels") from None
    except UnidentifiedImageError:
        raise Unreadable("not a JPEG, PNG, WebP, BMP or GIF picture") from None
    except Exception:  # noqa: BLE001 - a damaged file makes Pillow raise nearly anything
        raise Unreadable("truncated or damaged") from None


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # noqa: BLE001 - damaged EXIF data; the pixels are good all the same
        return picture


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # 16-bit grey; Pillow's own conversion would clip at 255
        return Image.fromarray((np.asarray(picture).astype(np.int64) >> 8).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return picture.convert("RGB")
