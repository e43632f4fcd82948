"""A folder, a zip or the drawn set as a `FaceSet`: pixels on disk, with labels (notebook 01)."""

import hashlib
import json
import os
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from animegan_helpers.packing import count_reasons, open_or_pack
from animegan_helpers.sources import FacesError, open_source

if TYPE_CHECKING:
    import torch

LAYOUT = 2  # of the cache; a new number makes every set be packed again


@dataclass(frozen=True, eq=False, repr=False)
class FaceSet:
    """Faces as pixels, with what is known about them.

    images: uint8 (N, 3, size, size), RGB, 0..255. Read-only; stays on disk until it is touched (a
        memory map).
    labels: factor ("hair") -> (N,) array of str, "" if not known. {} if there are no labels.
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
        """How many were read, how many were skipped and why, the labels; a line each."""
        height, width = self.images.shape[2:]
        lines = [f"{len(self):,} faces of {height}x{width} pixels from the {self.source}"]
        if self.skipped:
            lines.append(f"skipped {len(self.skipped):,}: {count_reasons(self.skipped)}")
        factors = [f"{name} ({len({*v} - {''})} values)" for name, v in self.labels.items()]
        return "\n".join([*lines, f"labels: {', '.join(factors) or 'none'}"])

    def subset(self, indices) -> "FaceSet":
        """The faces at `indices`.

        A slice copies nothing. Integers, or a mask of bool, copy the pixels.
        """
        if not isinstance(indices, slice):
            indices = np.asarray(indices)
        images = self.images[indices]
        images.flags.writeable = False
        labels = {factor: values[indices] for factor, values in self.labels.items()}
        return replace(self, images=images, labels=labels, files=self.files[indices])

    def hold_out(self, count: int) -> tuple["FaceSet", "FaceSet"]:
        """The faces without `count` of them, and those `count`. See `held_out_rows`."""
        rest, held_out = held_out_rows(len(self), count)
        return self.subset(rest), self.subset(held_out)

    def tensor(self, indices=slice(None)) -> "torch.Tensor":
        """float32 (B, 3, size, size) in [-1, 1]: the faces at `indices`, as for `subset`."""
        return to_tensor(
            self.images[indices if isinstance(indices, slice) else np.atleast_1d(indices)]
        )


def held_out_rows(total: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of `total` faces without `count` of them, and of those `count`; in rising order.

    They are chosen by chance, but always the same. Raises FacesError if none would be left.
    """
    if not 0 <= count < total:
        raise FacesError(f"{count:,} of {total:,} faces cannot be held out: choose fewer.")
    order = np.random.default_rng(0).permutation(total)
    return np.sort(order[count:]), np.sort(order[:count])


def to_tensor(pixels: np.ndarray) -> "torch.Tensor":
    """float32 in [-1, 1], the range of tanh, of uint8 0..255: x / 127.5 - 1. Always a copy."""
    import torch

    pixels = np.array(pixels)
    if pixels.dtype != np.uint8:
        raise TypeError(f"pixels must be uint8, 0..255, not {pixels.dtype}")
    return torch.from_numpy(pixels).float().div_(127.5).sub_(1)


def to_uint8(tensor: "torch.Tensor") -> np.ndarray:
    """uint8 0..255 of values in [-1, 1], rounded: undoes `to_tensor`. Clips what lies outside."""
    import torch

    levels = tensor.detach().float().add(1).mul(127.5).round().clamp(0, 255)
    return levels.to("cpu", torch.uint8).numpy()


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
    only=None,
) -> FaceSet:
    """The faces in `path`, packed on the first call and opened at once on the next.

    path: a folder (nested or flat) or a zip of JPEG, PNG, WebP, BMP or GIF pictures of any size and
        mode. None means the environment variable ANIMEGAN_FACES. "", or that variable unset, has
        faces drawn.
    count: at most so many, evenly spaced over the sorted names. Files that turn out unreadable are
        among them. If None, all faces of the path, or 6,000 drawn ones.
    method: "resize" scales the central square of a picture to size x size; "crop" cuts those pixels
        from its centre.
    size: pixels a side.
    cache: where packed faces are kept. None means `cache_folder()`.
    minimum: raise FacesError if there are fewer faces than this.
    seed, only: passed on to `draw_faces`. `seed` changes nothing for faces from a path.

    A `labels.csv` in UTF-8 gives labels. Its column `file` is relative to its own folder, and each
    other column is a factor. One that cannot be used stands in `skipped` with the reason.

    Raises FacesError for a path that is neither a folder nor a zip, if no face or fewer than
    `minimum` can be read, for an argument out of range, and if the cache cannot be written.
    """
    if method not in ("resize", "crop"):
        raise FacesError(f"There is no method {method!r}: use 'resize' or 'crop'.")
    if size < 1 or (count is not None and count < 1):
        raise FacesError(f"count={count}, size={size}: both must be at least 1.")
    path = os.environ.get("ANIMEGAN_FACES", "") if path is None else path
    source = open_source(path, count, seed, only)
    cache = cache_folder() if cache is None else Path(cache).expanduser()
    if path != "" and cache.resolve().is_relative_to(Path(path).expanduser().resolve()):
        raise FacesError(f"The cache {cache} lies in {path}: set ANIMEGAN_CACHE to another place.")
    key = json.dumps([LAYOUT, method, size, source.fingerprint])
    entry = cache / f"faces-{hashlib.blake2b(key.encode(), digest_size=12).hexdigest()}"
    with closing(source):
        images, about = open_or_pack(source, entry, size, method, progress)
    skipped = [*source.notes, *map(tuple, about["skipped"] + about["unread"])]
    if len(images) < max(1, minimum):
        raise FacesError(
            f"{len(images):,} faces could be read from the {source.description} "
            f"(skipped: {count_reasons(skipped) or 'none'}), and {max(1, minimum):,} are needed: "
            "add JPEG, PNG, WebP, BMP or GIF pictures, or ask for fewer."
        )
    rows = about["labels"]
    factors = dict.fromkeys(factor for row in rows for factor, value in row.items() if value)
    labels = {factor: np.array([row.get(factor, "") for row in rows]) for factor in factors}
    return FaceSet(images, labels, np.array(about["files"]), skipped, source.description)


def cache_folder() -> Path:
    """Where packed faces are kept: ANIMEGAN_CACHE, or data/cache in the project."""
    project = Path(__file__).resolve().parents[1]
    return Path(os.environ.get("ANIMEGAN_CACHE") or project / "data" / "cache").expanduser()


def find_duplicates(images: np.ndarray) -> list[tuple[int, int]]:
    """(i, j), i < j, for each picture j that equals an earlier one in every pixel.

    i is the first of its kind. images: (N, ...) of any type, read one picture at a time.
    """
    first: dict[bytes, int] = {}
    pairs = []
    for index, image in enumerate(images):
        digest = hashlib.blake2b(np.ascontiguousarray(image), digest_size=16).digest()
        if first.setdefault(digest, index) != index:
            pairs.append((first[digest], index))
    return pairs
