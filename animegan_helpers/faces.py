"""A folder, a zip or the drawn set becomes a `FaceSet`: uint8 pixels, memory-mapped, with labels if there are any."""

import hashlib
import json
import os
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from animegan_helpers.packing import count_reasons, open_entry, pack
from animegan_helpers.sources import FacesError, open_source

if TYPE_CHECKING:
    import torch

    from animegan_workshop.drawing.drawn import Only

LAYOUT = 1  # of a cache entry; a new number makes every set be packed again


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
        lines = [
            f"{len(self):,} faces of {self.images.shape[2]}x{self.images.shape[3]} pixels from the {self.source}"
        ]
        if self.skipped:
            lines.append(f"skipped {len(self.skipped):,}: {count_reasons(self.skipped)}")
        factors = [
            f"{name} ({len(set(values) - {''})} values)" for name, values in self.labels.items()
        ]
        return "\n".join([*lines, f"labels: {', '.join(factors) or 'none'}"])

    def subset(self, indices) -> "FaceSet":
        """The faces at `indices`: a slice (copies nothing), or integers or a mask of bool (copy the pixels)."""
        if not isinstance(indices, slice):
            indices = np.asarray(indices)
        images = self.images[indices]
        images.flags.writeable = False
        labels = {factor: values[indices] for factor, values in self.labels.items()}
        return FaceSet(images, labels, self.files[indices], self.skipped, self.source)

    def hold_out(self, count: int) -> tuple["FaceSet", "FaceSet"]:
        """The faces without `count` of them, and those `count`. See `held_out_rows`."""
        rest, held_out = held_out_rows(len(self), count)
        return self.subset(rest), self.subset(held_out)

    def tensor(self, indices=slice(None)) -> "torch.Tensor":
        """float32 (B, 3, size, size) in [-1, 1]: the faces at `indices` (a slice, integers, or a mask of bool)."""
        return to_tensor(
            self.images[indices if isinstance(indices, slice) else np.atleast_1d(indices)]
        )


def held_out_rows(total: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of `total` faces without `count` of them, and of those `count`; both in rising order.

    They are chosen at random, and always the same. Raises FacesError where none would be left.
    """
    if not 0 <= count < total:
        raise FacesError(f"{count:,} of {total:,} faces cannot be held out: hold out fewer.")
    order = np.random.default_rng(0).permutation(total)
    return np.sort(order[count:]), np.sort(order[:count])


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

    return (
        tensor.detach()
        .float()
        .add(1)
        .mul(127.5)
        .round()
        .clamp(0, 255)
        .to("cpu", torch.uint8)
        .numpy()
    )


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
    only: "Only | None" = None,
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
        raise FacesError(f"count={count}, size={size}: both must be at least 1.")
    source = open_source(
        os.environ.get("ANIMEGAN_FACES", "") if path is None else path, count, seed, only
    )
    cache = cache_folder() if cache is None else Path(cache).expanduser()
    if source.folder and cache.resolve().is_relative_to(source.folder):
        raise FacesError(
            f"The cache {cache} lies in the {source.description}: set ANIMEGAN_CACHE to a place outside."
        )
    key = json.dumps([LAYOUT, method, size, source.fingerprint])
    entry = cache / f"faces-{hashlib.blake2b(key.encode(), digest_size=12).hexdigest()}"
    images, about = open_entry(entry) or pack(source, entry, size, method, progress)
    labels = {factor: np.array(values, dtype=str) for factor, values in about["labels"].items()}
    skipped = [(file, reason) for file, reason in about["skipped"]]
    faces = FaceSet(
        images, labels, np.array(about["files"], dtype=str), skipped, source.description
    )
    if len(faces) < minimum:
        reasons = f" (skipped: {count_reasons(skipped)})" if skipped else ""
        raise FacesError(
            f"Only {len(faces):,} faces could be read from the {source.description}{reasons}, "
            f"and {minimum:,} are needed: add pictures, or ask for fewer."
        )
    return faces


def cache_folder() -> Path:
    """Where packed faces are kept: ANIMEGAN_CACHE, else data/cache in the project, else the user's cache folder.

    Warns (UserWarning) when it is not the project's because that cannot be written.
    """
    if chosen := os.environ.get("ANIMEGAN_CACHE"):
        return Path(chosen).expanduser()
    project = Path(__file__).resolve().parents[1]
    if (project / "pyproject.toml").exists() and _is_writable(project / "data" / "cache"):
        return project / "data" / "cache"
    homes = {"win32": os.environ.get("LOCALAPPDATA"), "darwin": "~/Library/Caches"}
    home = Path(homes.get(sys.platform) or os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    for parent in (Path(os.path.expanduser(home)), Path(tempfile.gettempdir())):
        folder = parent / "animegan-workbook"
        if _is_writable(folder):
            warnings.warn(
                f"packed faces are kept in {folder}; ANIMEGAN_CACHE changes that", stacklevel=2
            )
            return folder
    raise FacesError(
        "No folder for packed faces can be written: set ANIMEGAN_CACHE to one that can."
    )


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


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True
