"""Real faces as numbers: what samples are measured against, also on a machine that does not have the faces."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from animegan_helpers import modes
from animegan_helpers.attributes import (
    PRETRAINED,
    AttributeNetwork,
    Names,
    load_attributes,
    name_faces,
)
from animegan_helpers.budget import DATA
from animegan_helpers.cells import count_cells, k_means
from animegan_helpers.checkpoint import CheckpointError, read_tensors, write_tensors
from animegan_helpers.distances import Moments, moments
from animegan_helpers.faces import FaceSet
from animegan_helpers.neighbours import pair_quantile

REFERENCES = DATA / "reference"
REFERENCE, FEATURES, CELLS, ALIKE = 5_000, 2_000, 100, 1e-5
PLAIN = (
    "network",
    "fingerprint",
    "count",
    "factors",
    "alike",
    "shares",
    "confidence",
    "yardsticks",
)
"""Fields of a Reference that its file keeps as JSON, not as tensors."""


@dataclass
class Parts:
    """Real faces cut in two at random: some to measure against, the others to be measured, as the yardstick."""

    reference: np.ndarray
    others: np.ndarray


def cut(count: int) -> Parts:
    """Indices of the two parts of `count` faces, in rising order; raises ValueError for fewer than 4.

    The reference is half of them, 5,000 at most: then the very faces that `train --hold-out 5000` does not train on.
    """
    if count < 4:
        raise ValueError(f"{count} faces are too few to measure against: use at least 4")
    order, kept = np.random.default_rng(0).permutation(count), min(REFERENCE, count // 2)
    return Parts(np.sort(order[:kept]), np.sort(order[kept:]))


@dataclass
class Reference:
    """One part of a face set, as an attribute network sees it.

    network: the file it was seen with, and fingerprint: of its numbers; count: faces in the part; factors: the factors
    whose products are the modes, with the names of their values; counts (M,): faces of each mode; moments: of all
    their features; features (2,000 or fewer, F): of some, for what needs single faces; centres (k, F), cells (k,):
    k-means on the features, and the faces in each cell; alike: grey levels, nearer than which only 1 pair of real
    faces in 100,000 is; shares: factor -> the share of each value; confidence: factor -> how sure the network is, on
    average.
    yardsticks: sample size -> what real faces of the other part get.
    """

    network: str
    fingerprint: str
    count: int
    factors: dict[str, list[str]]
    counts: np.ndarray
    moments: Moments
    features: np.ndarray
    centres: np.ndarray
    cells: np.ndarray
    alike: float
    shares: dict[str, list[float]]
    confidence: dict[str, float]
    yardsticks: dict[int, dict] = field(default_factory=dict)

    @property
    def sizes(self) -> dict[str, int]:
        """factor -> how many values it has."""
        return {factor: len(names) for factor, names in self.factors.items()}

    def yardstick(self, size: int) -> dict:
        """What real faces get at the largest stored sample size that is not above `size`, else the smallest."""
        fitting = [stored for stored in self.yardsticks if stored <= size] or [min(self.yardsticks)]
        return self.yardsticks[max(fitting)]


def choose_network(faces: FaceSet) -> Path:
    """The attribute network for these faces: the drawn faces' own, or for all others the one of the tagged faces."""
    drawn = faces.source.startswith("drawn set") or "hairstyle" in faces.labels
    return PRETRAINED / f"{'drawn' if drawn else 'tagged'}-attributes.safetensors"


def pick(names: Names, rows) -> Names:
    """What was seen in the faces at `rows` only."""
    values, confidence = (
        {f: v[rows] for f, v in table.items()} for table in (names.values, names.confidence)
    )
    return Names(values, confidence, names.features[rows])


def make_reference(
    images: np.ndarray,
    seen: Names,
    network: AttributeNetwork,
    path: Path | str = "",
    factors: tuple[str, ...] = ("hair", "eyes"),
) -> Reference:
    """The numbers of one part of a set: what `network`, from `path`, saw in it, and its images.

    images: uint8 (N, 3, 64, 64). The modes are the products of `factors`. Raises ValueError where the
    network does not name one of them.
    """
    missing = [factor for factor in factors if factor not in network.factors]
    if missing:
        there = ", ".join(network.factors)
        raise ValueError(
            f"the attribute network does not name {', '.join(missing)}; it names {there}"
        )
    named = {factor: network.factors[factor] for factor in factors}
    sizes = {factor: len(names) for factor, names in named.items()}
    # rounded as the file rounds them, so that samples get the same numbers from it
    features = seen.features[:FEATURES].astype(np.float16).astype(np.float32)
    centres = k_means(features, min(CELLS, len(features))).astype(np.float16).astype(np.float32)
    shares = {
        factor: values.tolist()
        for factor, values in modes.factor_shares(seen.values, sizes).items()
    }
    return Reference(
        network=Path(path).name,
        fingerprint=fingerprint(network),
        count=len(seen.features),
        factors=named,
        counts=modes.count_modes(seen.values, sizes),
        moments=moments(seen.features),
        features=features,
        centres=centres,
        cells=count_cells(seen.features, centres),
        alike=pair_quantile(images, ALIKE),
        shares=shares,
        confidence={factor: float(seen.confidence[factor].mean()) for factor in factors},
    )


@dataclass
class Split:
    """A face set, named and cut in two: one part as a reference, of the other the rows (N,), in random order, and what
    was seen in them."""

    reference: Reference
    rows: np.ndarray
    seen: Names


def split(
    faces: FaceSet,
    network: AttributeNetwork,
    path: Path | str = "",
    factors: tuple[str, ...] = ("hair", "eyes"),
    progress: bool = False,
) -> Split:
    """Names all faces with the `network` from `path`, and makes one part of them a reference."""
    parts = cut(len(faces))
    # in random order: a set may be sorted, and its first 2,000 faces must stand for all of it
    first, second = (
        np.random.default_rng(1).permutation(rows) for rows in (parts.reference, parts.others)
    )
    seen = name_faces(network, faces.images, progress="naming faces" if progress else None)
    reference = make_reference(faces.images[first], pick(seen, first), network, path, factors)
    return Split(reference, second, pick(seen, second))


def save_reference(path: Path, reference: Reference, about: dict) -> None:
    """Writes the numbers, the features in half precision, and `about`, JSON-able, what the faces are."""
    gaussian = reference.moments
    tensors = {
        "features": torch.from_numpy(reference.features).half(),
        "centres": torch.from_numpy(reference.centres).half(),
        "mean": torch.from_numpy(gaussian.mean),
        "covariance": torch.from_numpy(gaussian.covariance).float(),
        "counts": torch.from_numpy(reference.counts),
        "cells": torch.from_numpy(reference.cells),
    }
    write_tensors(path, tensors, about | {name: getattr(reference, name) for name in PLAIN})


def load_reference(name: str | Path) -> Reference:
    """The reference called `name` in data/reference ("untagged", "tagged"), or of a file.

    Raises CheckpointError where it cannot be read or is something else.
    """
    path = REFERENCES / f"{name}.safetensors"
    if not path.is_file():
        path = Path(name)
    if not path.is_file():
        there = ", ".join(sorted(p.stem for p in REFERENCES.glob("*.safetensors"))) or "none"
        raise CheckpointError(
            f"no reference is called {str(name)!r}: choose one of {there}, or give a file"
        )
    tensors, about = read_tensors(path)
    try:
        arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
        gaussian = Moments(
            arrays.pop("mean"), arrays.pop("covariance").astype(np.float64), about["count"]
        )
        for name in ("features", "centres"):
            arrays[name] = arrays[name].astype(np.float32)
        plain = {name: about[name] for name in PLAIN}
        plain["yardsticks"] = {int(size): row for size, row in plain["yardsticks"].items()}
        return Reference(**arrays, moments=gaussian, **plain)
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{path} holds no reference: {error}") from None


def network_of(reference: Reference, path: Path | None = None) -> AttributeNetwork:
    """The attribute network that the reference was seen with, from data/pretrained or from `path`.

    Raises CheckpointError where it is not there, or is another one.
    """
    path = path or PRETRAINED / reference.network
    network = load_attributes(path)
    if fingerprint(network) != reference.fingerprint:
        raise CheckpointError(
            f"{path} is not the network that this reference was made with: make the reference again"
        )
    return network


def fingerprint(network: AttributeNetwork) -> str:
    """The same for networks whose numbers agree in half precision, else another."""
    digest = hashlib.blake2b(digest_size=8)
    for tensor in network.state_dict().values():
        digest.update(
            (tensor.half() if tensor.is_floating_point() else tensor).contiguous().numpy().tobytes()
        )
    return digest.hexdigest()
