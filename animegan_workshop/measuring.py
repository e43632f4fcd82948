"""A face set in two parts: one to measure against, the other says what real faces get."""

from dataclasses import dataclass

import numpy as np

from animegan_helpers.attributes import AttributeNetwork, Names, load_attributes, name_faces
from animegan_helpers.epoch_measures import EpochMeasures
from animegan_helpers.faces import FaceSet, held_out_rows
from animegan_helpers.measures import count_modes, full_row, measure_samples, moments
from animegan_helpers.reference import FEATURES, Reference, choose_network, fingerprint

FACES = 5_000
"""At most so many faces go into a reference."""

FACTORS = ("hair", "eyes")
"""Their products are the modes."""


@dataclass
class Split:
    """A face set in two parts: one is the reference, the other says what real faces get.

    rows (N,): of the other part, in random order; seen: what was seen in them.
    """

    reference: Reference
    rows: np.ndarray
    seen: Names

    def yardstick(self, size: int) -> dict:
        """What the first `size` faces of the other part get. So would a faultless generator."""
        return full_row(self.seen.subset(slice(0, size)), self.reference)


def make_reference(seen: Names, network: AttributeNetwork) -> Reference:
    """The numbers of the faces that `network` saw.

    Raises ValueError where the network does not name one of FACTORS.
    """
    if missing := [factor for factor in FACTORS if factor not in network.factors]:
        there = ", ".join(network.factors)
        raise ValueError(
            f"the attribute network does not name {', '.join(missing)}; it names {there}"
        )
    named = {factor: network.factors[factor] for factor in FACTORS}
    sizes = {factor: len(names) for factor, names in named.items()}
    return Reference(
        network.source,
        fingerprint(network),
        named,
        count_modes(seen.values, sizes),
        moments(seen.features),
        # rounded as the file rounds them, so that samples get the same numbers from it
        seen.features[:FEATURES].astype(np.float16).astype(np.float32),
    )


def split(faces: FaceSet, network: AttributeNetwork, progress: bool = False) -> Split:
    """Names all faces, and makes half of them, 5,000 at most, a reference.

    With 10,000 faces or more these are the faces that `train --hold-out 5000` leaves out.
    Raises ValueError for fewer than 4 faces.
    """
    if len(faces) < 4:
        raise ValueError(f"{len(faces)} faces are too few to measure against: use at least 4")
    rest, held_out = held_out_rows(len(faces), min(FACES, len(faces) // 2))
    # in random order: a set may be sorted, and its first 2,000 faces must stand for all of it
    rest, held_out = (np.random.default_rng(1).permutation(rows) for rows in (rest, held_out))
    seen = name_faces(network, faces.images, progress="naming faces" if progress else None)
    reference = make_reference(seen.subset(held_out), network)
    return Split(reference, rest, seen.subset(rest))


def measure_against(
    faces: FaceSet, samples: np.ndarray, network: AttributeNetwork, **settings
) -> dict:
    """`measure_samples` against one half of the faces, beside what the other half gets.

    As many samples as that half has at most. settings: of `measure_samples`.
    """
    parts = split(faces, network, settings.get("progress", False))
    samples = samples[: len(parts.rows)]
    real = parts.yardstick(len(samples))
    return measure_samples(samples, network, parts.reference, real, faces.images, **settings)


def measures_for(faces: FaceSet, every: int) -> EpochMeasures:
    """What measures a run on these faces, against 5,000 of them at most."""
    network = load_attributes(choose_network(faces))
    some = faces.subset(slice(None, None, max(1, len(faces) // 10_000)))
    return EpochMeasures(split(some, network, progress=True).reference, network, every)
