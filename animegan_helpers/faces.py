"""A folder, a zip or the drawn set becomes a `FaceSet`: uint8 pixels in one memory-mapped file, decoded only once.

The packed pixels lie in the cache folder, one entry for each content and way of scaling:
`faces-<key>/images.npy`, uint8 (N, 3, size, size), and `faces.json`, everything else. An entry is written under
another name and renamed when it is whole, so that no reader meets half of it. Nothing is written where the faces are.
"""

import hashlib
import json
import os
import sys
import tempfile
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from tqdm.auto import tqdm

from .sources import FacesError, Picture, Source, Unreadable, decode, open_source

if TYPE_CHECKING:
    import torch

LAYOUT = 1  # of a cache entry; a new number makes every set be packed again
CHECKED_ROWS = 64  # evenly spaced, so that opening takes the same time for a set of any size


@dataclass(frozen=True, eq=False, repr=False)
class FaceSet:
    """Faces as pixels, with what is known about them.

    images: uint8 (N, 3, size, size), RGB, 0..255, read-only, on disk until it is touched (a memory map).
    labels: factor ("hair") -> (N,) array of str, "" where it is not known; {} where there are no labels.
    files: (N,) array of str, the names relative to the folder or inside the zip.
    skipped: (file, reason) for each file of the source that is not among the faces.
    source: what the faces were read from, in words.
    """

    images: np.ndarray
    labels: dict[str, np.ndarray]
    files: np.ndarray
    skipped: list[tuple[str, str]]
    source: str

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        return f"FaceSet({len(self):,} faces, {self.source})"

    def summary(self) -> str:
        """How many were read, how many were skipped and why, which labels there are; a line each."""
        lines = [f"{len(self):,} faces of {self.images.shape[2]}x{self.images.shape[3]} pixels from {self.source}"]
        if self.skipped:
            lines.append(f"skipped {len(self.skipped):,}: {_count_reasons(self.skipped)}")
        factors = [f"{name} ({len(set(values) - {''})} values)" for name, values in self.labels.items()]
        return "\n".join([*lines, f"labels: {', '.join(factors) or 'none'}"])

    def subset(self, indices) -> "FaceSet":
        """The faces at `indices`: a slice (which copies nothing), integers, or a mask of bool (which copy those rows)."""
        if not isinstance(indices, slice):
            indices = np.asarray(indices)
        images = self.images[indices]
        images.flags.writeable = False
        labels = {factor: values[indices] for factor, values in self.labels.items()}
        return FaceSet(images, labels, self.files[indices], self.skipped, self.source)

    def tensor(self, indices=slice(None)) -> "torch.Tensor":
        """float32 (B, 3, size, size) in [-1, 1]: the faces at `indices` (a slice, integers, or a mask of bool)."""
        return to_tensor(self.images[indices if isinstance(indices, slice) else np.atleast_1d(indices)])


def to_tensor(pixels: np.ndarray) -> "torch.Tensor":
    """float32 in [-1, 1], the range of tanh, of uint8 0..255: x / 127.5 - 1. The shape stays; always a copy."""
    import torch

    pixels = np.array(pixels)
    if pixels.dtype != np.uint8:
        raise TypeError(f"pixels must be uint8, 0..255, not {pixels.dtype}")
    return torch.from_numpy(pixels).float().div_(127.5).sub_(1)


def to_uint8(tensor: "torch.Tensor") -> np.ndarray:
    """uint8 0..255 of values in [-1, 1]: the inverse of `to_tensor`, rounded; what lies outside is clipped."""
    import torch

    return tensor.detach().float().add(1).mul(127.5).round().clamp(0, 255).to("cpu", torch.uint8).numpy()


def load_faces(
    path: str | Path | None = None,
    *,
    count: int | None = None,
    method: Literal["resize", "crop"] = "resize",
    size: int = 64,
    cache: str | Path | None = None,
    progress: bool = True,
    minimum: int = 1,
    seed: int = 0,
    only: object = None,
) -> FaceSet:
    """The faces in `path`, packed on the first call and opened at once on the next.

    path: a folder (nested or flat) or a zip of JPEG, PNG, WebP, BMP or GIF pictures of any size and mode; None means
        the environment variable ANIMEGAN_FACES; "" (or that variable unset) has faces drawn.
    count: at most so many, evenly spaced over the sorted names, files that turn out unreadable among them; faces are
        drawn 6,000 at a time if it is None.
    method: "resize" scales the central square of a picture to size x size; "crop" cuts those pixels from its centre.
    size: pixels a side.
    cache: where packed faces are kept; None means `cache_folder()`.
    minimum: raise FacesError when there are fewer faces than this.
    seed, only: passed on to `draw_faces`; `seed` changes nothing where the faces come from a path.

    A `labels.csv` (UTF-8, a column `file` relative to its own folder, each other column a factor) gives labels. One
    that cannot be read stands in `skipped` with the reason, and the faces have no labels from it.

    Raises FacesError for a path that is missing or neither a folder nor a zip, when no face or fewer than `minimum`
    can be read, for an argument out of range, and when the cache cannot be written.
    """
    if method not in ("resize", "crop"):
        raise FacesError(f"There is no method {method!r}: use 'resize' or 'crop'.")
    if size < 1 or (count is not None and count < 1):
        raise FacesError(f"count={count} and size={size} must be at least 1.")
    source = open_source(os.environ.get("ANIMEGAN_FACES", "") if path is None else path, count, seed, only)
    cache = cache_folder() if cache is None else Path(cache).expanduser()
    if source.folder and cache.resolve().is_relative_to(source.folder):
        raise FacesError(f"The cache {cache} lies inside the {source.description}: set ANIMEGAN_CACHE to another folder.")
    key = json.dumps([LAYOUT, method, size, source.fingerprint])
    entry = cache / f"faces-{hashlib.blake2b(key.encode(), digest_size=12).hexdigest()}"
    faces = _open_entry(entry, source)
    if faces is None:
        faces = _pack(source, entry, size, lambda data: decode(data, size, method), progress)
    if len(faces) < minimum:
        raise FacesError(
            f"Only {len(faces)} faces could be read from {source.description}, and {minimum} are needed"
            f"{_because(faces.skipped)}: add pictures, or ask for less."
        )
    return faces


def cache_folder() -> Path:
    """Where packed faces are kept: ANIMEGAN_CACHE, else data/cache in the project, else the user's cache folder.

    Warns (UserWarning) when it is not the project's because that cannot be written.
    """
    if chosen := os.environ.get("ANIMEGAN_CACHE"):
        return Path(chosen).expanduser()
    project = Path(__file__).resolve().parent.parent
    if (project / "pyproject.toml").exists() and _is_writable(project / "data" / "cache"):
        return project / "data" / "cache"
    homes = {"win32": os.environ.get("LOCALAPPDATA"), "darwin": "~/Library/Caches"}
    home = Path(homes.get(sys.platform) or os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    for parent in (Path(os.path.expanduser(home)), Path(tempfile.gettempdir())):
        folder = parent / "animegan-workbook"
        if _is_writable(folder):
            warnings.warn(f"packed faces are kept in {folder}; ANIMEGAN_CACHE changes that", stacklevel=2)
            return folder
    raise FacesError("No folder for packed faces can be written: set ANIMEGAN_CACHE to one that can.")


def find_duplicates(images: np.ndarray) -> list[tuple[int, int]]:
    """(i, j), i < j, for each picture j that equals an earlier one in every pixel; i is the first of its kind.

    images: (N, ...) of any type, read one picture at a time.
    """
    first: dict[bytes, int] = {}
    pairs = []
    for index, image in enumerate(images):
        digest = hashlib.blake2b(np.ascontiguousarray(image), digest_size=16).digest()
        if first.setdefault(digest, index) != index:
            pairs.append((first[digest], index))
    return pairs


def _pack(source: Source, entry: Path, size: int, decode_one: Callable, progress: bool) -> FaceSet:
    """Decodes every picture of `source` into a new cache entry, and opens it."""
    with _cache_errors(entry.parent):
        entry.parent.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(prefix="packing-", dir=entry.parent, ignore_cleanup_errors=True)
    with scratch:
        packed = Path(scratch.name, "entry")
        files, rows, skipped = [], [], list(source.notes)
        with _cache_errors(entry.parent):
            packed.mkdir()
            file = (packed / "images.npy").open("wb")
        # Rows are appended to the file, not written through a memory map: there a full disk would end the process.
        with file, warnings.catch_warnings(), tqdm(total=source.total, desc="packing faces", disable=not progress) as bar:
            warnings.filterwarnings("ignore", module=r"PIL\.")  # of odd files; those that cannot be read are listed
            _write_header(file, 0, size)
            for name, result, labels in _in_order(source.pictures(), decode_one):
                bar.update()
                if isinstance(result, Unreadable):
                    skipped.append((name, str(result)))
                    continue
                with _cache_errors(entry.parent):
                    file.write(result)
                files.append(name)
                rows.append(labels)
            if not files:
                raise FacesError(
                    f"No face could be read from {source.description}{_because(skipped)}: "
                    "give a folder or a zip of JPEG, PNG, WebP, BMP or GIF pictures."
                )
            with _cache_errors(entry.parent):
                _write_header(file, len(files), size)
                _flush(file)
        factors = dict.fromkeys(factor for row in rows for factor, value in row.items() if value)
        labels = {factor: [row.get(factor, "") for row in rows] for factor in factors}
        about = {"checksum": _checksum(packed / "images.npy"), "labels": labels, "files": files, "skipped": skipped}
        with _cache_errors(entry.parent):
            with (packed / "faces.json").open("w", encoding="ascii") as file:
                json.dump(about, file)
                _flush(file)
            return _publish(packed, entry, Path(scratch.name), source)
