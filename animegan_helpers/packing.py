"""Picture files are decoded once, into an array on disk that opens at once later (notebook 01).

A set of faces is two files in the cache: `faces-KEY.pixels`, uint8 (N, 3, size, size) without a
header, and `faces-KEY.json`, which says what the rows are. The second is written last.
"""

import io
import json
import os
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
from filelock import FileLock
from PIL import Image, ImageOps, UnidentifiedImageError
from tqdm.auto import tqdm

from animegan_helpers.files import WriteError, write_atomically, write_text
from animegan_helpers.sources import FacesError, NotRead, Picture, Source, Unreadable

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF")
MAX_PIXELS = 50_000_000  # of one picture: 150 MB as RGB, in each decoding thread
BATCH = 64  # pictures in memory at a time

Packed = tuple[np.ndarray, dict]
"""The pixels as a read-only memory map, and the content of the JSON file."""


def decode(data: bytes, size: int = 64, method: Literal["resize", "crop"] = "resize") -> np.ndarray:
    """uint8 (3, size, size) RGB, 0..255, of one picture file. Raises Unreadable with the reason.

    EXIF orientation is applied, transparency laid on white. Then "resize" scales the central
    square, and "crop" cuts out the central size x size pixels (a smaller picture is scaled up).

    Scaling is Pillow's bicubic. It widens its kernel when it shrinks a picture and so does not
    alias (Parmar et al., CVPR 2022, arXiv 2104.11222, section 3). It rings less than Lanczos beside
    the hard ink lines of a drawing.
    """
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
        if picture.width * picture.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        if method == "resize":
            picture.draft(None, (4 * size, 4 * size))  # decodes less of a large JPEG
        picture.load()
        with suppress(Exception):  # damaged EXIF data; the pixels are good all the same
            picture = ImageOps.exif_transpose(picture)
        rgb = _to_rgb(picture)
    except Image.DecompressionBombError:
        raise Unreadable(f"more than {MAX_PIXELS:,} pixels") from None
    except UnidentifiedImageError:
        raise Unreadable("not a JPEG, PNG, WebP, BMP or GIF picture") from None
    except Unreadable:
        raise
    except MemoryError:
        raise NotRead("too little memory") from None
    except Exception:  # noqa: BLE001 - a damaged file makes Pillow raise nearly anything
        raise Unreadable("truncated or damaged") from None
    square = min(rgb.size if method == "resize" else (*rgb.size, size))
    left, top = (rgb.width - square) // 2, (rgb.height - square) // 2
    # Cropped first: `resize` with a box would blend in what lies around it.
    face = rgb.crop((left, top, left + square, top + square))
    pixels = np.asarray(face.resize((size, size), Image.Resampling.BICUBIC))
    return pixels.transpose(2, 0, 1).copy()


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # 16-bit grey; Pillow's own conversion would clip at 255
        levels = np.asarray(picture).astype(np.int64)
        if levels.max() > 255:  # else they are 8-bit levels that were stored in 16 bits
            levels >>= 8
        return Image.fromarray(levels.astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        if picture.getextrema()[3] == (0, 0):
            raise Unreadable("transparent everywhere")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")


def open_or_pack(source: Source, entry: Path, size: int, method: str, progress: bool) -> Packed:
    """The set of faces `source`, from the cache if it is there.

    entry: the path of the set's two files, without a suffix.
    If the set is missing, damaged or out of date, every picture of `source` is decoded. Memory
    stays the same for any number of pictures. Of a user's processes one packs at a time. The others
    wait, and then open what it has made.
    Raises FacesError if the cache cannot be written.
    """
    if opened := _open(source, entry, size):
        return opened
    cache = entry.parent
    user = os.geteuid() if os.name == "posix" else 0  # as in a file's st_uid
    try:
        cache.mkdir(parents=True, exist_ok=True)
        # A lock for each user: in a shared folder nobody can take the lock of another.
        with FileLock(cache / f".packing-{user}.lock"):
            for leftover in cache.glob(".faces-*.tmp"):  # of a packing that was killed
                if leftover.stat().st_uid == user:
                    leftover.unlink()
            return _open(source, entry, size) or _pack(source, entry, size, method, progress)
    except (OSError, NotImplementedError, WriteError) as error:
        if opened := _open(source, entry, size):  # another user has packed it meanwhile
            return opened
        raise FacesError(
            f"The {source.description} cannot be packed into {cache} ({error}): "
            "free some space, or set ANIMEGAN_CACHE to a folder that can be written."
        ) from None


def _open(source: Source, entry: Path, size: int) -> Packed | None:
    """None if the set is missing or damaged, or a picture that it lacks can be read by now."""
    try:
        about = json.loads(entry.with_suffix(".json").read_bytes())
        images = _map_pixels(entry, len(about["files"]), size)
        unread = {name for name, _ in about["unread"]}
        for picture in source.pictures if unread else ():
            if picture.name in unread:
                with suppress(Unreadable):
                    picture.read()
                    return None
        return images, about
    except Exception:  # noqa: BLE001 - damage shows in many ways, and every one has the same cure
        return None


def _map_pixels(entry: Path, count: int, size: int) -> np.ndarray:
    """uint8 (count, 3, size, size), read-only, from a file of just that length."""
    path = entry.with_suffix(".pixels")
    pixels = np.memmap(path, np.uint8, "r") if count else np.empty(0, np.uint8)
    return pixels.reshape(count, 3, size, size)


def _pack(source: Source, entry: Path, size: int, method: str, progress: bool) -> Packed:
    """Writes both files of a set. The JSON file comes last and says that the pixels are whole."""
    about = {"files": [], "labels": [], "skipped": [], "unread": []}

    def write(path: Path) -> None:
        decoded = _decode_all(source.pictures, size, method)
        with path.open("wb") as file:
            for picture, pixels in tqdm(decoded, "packing", source.total, disable=not progress):
                if isinstance(pixels, np.ndarray):
                    file.write(pixels)
                    about["files"].append(picture.name)
                    about["labels"].append(picture.labels)
                else:
                    kind = "unread" if isinstance(pixels, NotRead) else "skipped"
                    about[kind].append((picture.name, str(pixels)))

    write_atomically(entry.with_suffix(".pixels"), write)
    images = _map_pixels(entry, len(about["files"]), size)
    write_text(entry.with_suffix(".json"), json.dumps(about))
    return images, about


def _decode_all(pictures: Iterable[Picture], size: int, method: str) -> Iterator[tuple]:
    """(picture, its pixels or why there are none) for each. Pillow decodes on all cores."""

    def attempt(picture: Picture) -> np.ndarray | Unreadable:
        try:
            return decode(picture.read(), size, method)
        except Unreadable as trouble:
            return trouble

    pictures = iter(pictures)
    with warnings.catch_warnings(), ThreadPoolExecutor() as pool:
        warnings.filterwarnings("ignore", module=r"PIL\.")  # remarks on odd files
        while batch := list(islice(pictures, BATCH)):
            yield from zip(batch, pool.map(attempt, batch))


def count_reasons(skipped: Iterable[tuple[str, str]]) -> str:
    """12 empty file, 3 truncated or damaged: of (file, reason) pairs, the most frequent first."""
    counts = Counter(reason for _, reason in skipped).most_common()
    return ", ".join(f"{count:,} {reason}" for reason, count in counts)
