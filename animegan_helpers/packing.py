"""Picture files are decoded into one array on disk, a cache entry, which opens at once from then on.

An entry is a folder `faces-<key>` that holds `images.npy`, uint8 (N, 3, size, size), and `faces.json`, all the rest.
It is written under another name and renamed when it is whole, so no process meets half of it, and of two that pack the
same faces at once the later one takes what the earlier one made.
"""

import hashlib
import io
import json
import os
import tempfile
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from tqdm.auto import tqdm

from animegan_helpers.sources import FacesError, Picture, Source, Unreadable

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF")
MAX_PIXELS = 50_000_000  # of one picture: 150 MB as RGB, in each decoding thread
CHECKED_ROWS = 64  # evenly spaced, so that opening takes the same time for a set of any size


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
                picture.draft(
                    None, (4 * size, 4 * size)
                )  # a large JPEG is decoded at a fraction of its size
            picture.load()
            rgb = _to_rgb(_upright(picture))
            square = min(rgb.size if method == "resize" else (*rgb.size, size))
            left, top = (rgb.width - square) // 2, (rgb.height - square) // 2
            box = (left, top, left + square, top + square)
            # Cropped first: `resize` with a box would blend in what lies around it.
            pixels = np.asarray(rgb.crop(box).resize((size, size), Image.Resampling.BICUBIC))
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
        return Image.fromarray(
            (np.asarray(picture).astype(np.int64) >> 8).astype(np.uint8)
        ).convert("RGB")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert(
            "RGB"
        )
    return picture.convert("RGB")


def open_entry(entry: Path) -> tuple[np.ndarray, dict] | None:
    """(images, about) of a cache entry: the memory-mapped pixels, read-only, and the content of faces.json.

    None where it is missing or damaged: cut short, not JSON, or other pixels than were written in the checked rows.
    """
    try:
        about = json.loads((entry / "faces.json").read_bytes())
        images = np.load(entry / "images.npy", mmap_mode="r")
        lengths = {
            len(images),
            len(about["files"]),
            *(len(values) for values in about["labels"].values()),
        }
        whole = (
            len(lengths) == 1
            and (entry / "images.npy").stat().st_size == images.offset + images.nbytes
        )
        return (images, about) if whole and about["checksum"] == _checksum(images) else None
    except Exception:  # noqa: BLE001 - damage shows in many ways, and every one has the same cure
        return None


def pack(
    source: Source, entry: Path, size: int, method: str, progress: bool
) -> tuple[np.ndarray, dict]:
    """Decodes every picture of `source` into the cache entry, and opens it as `open_entry` does.

    Memory stays the same for any number of pictures. Raises FacesError when no picture can be read, and when the
    cache cannot be written; nothing of it is left behind then.
    """
    cache = entry.parent
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix="packing-", dir=cache, ignore_cleanup_errors=True
        ) as scratch:
            packed = Path(scratch, "entry")
            packed.mkdir()
            about = _write_images(source, packed / "images.npy", size, method, progress)
            with (packed / "faces.json").open("wb") as file:
                file.write(json.dumps(about).encode())
                _to_disk(file)
            return _publish(packed, entry, Path(scratch, "damaged"))
    except OSError as error:
        raise FacesError(
            f"Packing the {source.description} into {cache} failed ({error.strerror or error}): "
            "free some space, or set ANIMEGAN_CACHE to a folder that can be written."
        ) from None


def count_reasons(skipped: Iterable[tuple[str, str]]) -> str:
    """ "12 empty file, 3 truncated or damaged" of (file, reason) pairs, the most frequent reason first."""
    return ", ".join(
        f"{count:,} {reason}" for reason, count in Counter(why for _, why in skipped).most_common()
    )


def _write_images(source: Source, path: Path, size: int, method: str, progress: bool) -> dict:
    """Writes images.npy; returns what belongs in faces.json."""
    files, rows, skipped = [], [], list(source.notes)
    # Rows are appended to the file, not stored through a memory map: there a full disk would kill the process.
    with path.open("wb") as file, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")  # remarks on odd files
        _write_header(file, 0, size)
        with closing(
            _decode_in_order(source.pictures(), partial(decode, size=size, method=method))
        ) as decoded:
            for name, pixels, labels in tqdm(
                decoded, "packing faces", source.total, disable=not progress
            ):
                if isinstance(pixels, Unreadable):
                    skipped.append((name, str(pixels)))
                else:
                    file.write(pixels)
                    files.append(name)
                    rows.append(labels)
        if not files:
            reasons = f" (skipped: {count_reasons(skipped)})" if skipped else ""
            raise FacesError(
                f"No face could be read from the {source.description}{reasons}: "
                "give a folder or a zip with JPEG, PNG, WebP, BMP or GIF pictures in it."
            )
        _write_header(file, len(files), size)
        _to_disk(file)
    factors = dict.fromkeys(factor for row in rows for factor, value in row.items() if value)
    return {
        "checksum": _checksum(np.load(path, mmap_mode="r")),
        "files": files,
        "labels": {factor: [row.get(factor, "") for row in rows] for factor in factors},
        "skipped": skipped,
    }


def _decode_in_order(
    pictures: Iterator[Picture], decode_one: Callable[[bytes], np.ndarray]
) -> Iterator[tuple[str, np.ndarray | Unreadable, dict[str, str]]]:
    """Decodes on all cores (Pillow lets other threads run meanwhile), a few pictures ahead of the one handed out."""

    def attempt(content: bytes | Unreadable) -> np.ndarray | Unreadable:
        try:
            return content if isinstance(content, Unreadable) else decode_one(content)
        except Unreadable as trouble:
            return trouble

    cores = getattr(os, "process_cpu_count", os.cpu_count)() or 1  # the first is new in Python 3.13
    with ThreadPoolExecutor(cores) as pool:
        waiting = deque()
        for name, content, labels in pictures:
            waiting.append((name, pool.submit(attempt, content), labels))
            if len(waiting) > 4 * cores:
                name, future, labels = waiting.popleft()
                yield name, future.result(), labels
        for name, future, labels in waiting:
            yield name, future.result(), labels


def _write_header(file: BinaryIO, count: int, size: int) -> None:
    """The head of the .npy file. NumPy leaves room in it for a longer `count`, so it can be written again later."""
    file.seek(0)
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, 3, size, size)}
    np.lib.format.write_array_header_1_0(file, header)


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _checksum(images: np.ndarray) -> str:
    rows = np.linspace(0, len(images) - 1, CHECKED_ROWS).astype(int)
    return hashlib.blake2b(images[np.unique(rows)].tobytes(), digest_size=16).hexdigest()


def _publish(packed: Path, entry: Path, damaged: Path) -> tuple[np.ndarray, dict]:
    """Moves a finished entry to its place and opens it; a sound one that is there already is used instead."""
    for attempt in range(3):
        with suppress(OSError):
            packed.rename(entry)  # fails where another entry is
        if (opened := open_entry(entry)) is not None:
            return opened
        with suppress(FileNotFoundError):
            entry.rename(f"{damaged}-{attempt}")  # removed with the temporary folder
    raise OSError(f"{entry.name} cannot be replaced")
