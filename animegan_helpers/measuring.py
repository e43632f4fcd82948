"""One table of measures for a set of samples, beside what the real faces themselves get."""

from dataclasses import dataclass

import numpy as np

from animegan_helpers import modes
from animegan_helpers.attributes import AttributeNetwork, Names, name_faces
from animegan_helpers.faces import FaceSet


@dataclass
class Halves:
    """Real faces cut in two at random: one half to measure against, the other to be measured, as the yardstick."""

    reference: np.ndarray
    held_out: np.ndarray


def halve(count: int, seed: int = 0) -> Halves:
    """Indices of two halves of `count` faces, in rising order; raises ValueError for fewer than 4."""
    if count < 4:
        raise ValueError(f"{count} faces are too few to measure against: use at least 4")
    order = np.random.default_rng(seed).permutation(count)
    return Halves(np.sort(order[count // 2 :]), np.sort(order[: count // 2]))


def pick(names: Names, rows) -> Names:
    """What was seen in the faces at `rows` only."""
    values, confidence = ({f: v[rows] for f, v in table.items()} for table in (names.values, names.confidence))
    return Names(values, confidence, names.features[rows])


def spread(samples: Names, reference: Names, sizes: dict[str, int]) -> dict:
    """Modes covered, KL and Jensen-Shannon with intervals, and the Frechet and kernel distances on the features.

    sizes: factor -> how many values it has; the modes are all combinations of these factors.
    """
    counts, data = (modes.count_modes(names.values, sizes) for names in (samples, reference))
    few = min(2_000, len(samples.features)), min(2_000, len(reference.features))
    return {
        "count": int(counts.sum()),
        "modes": modes.modes_covered(counts),
        "modes_interval": modes.bootstrap(modes.modes_covered, counts),
        "kl": modes.kl_divergence(counts, data),
        "kl_interval": modes.bootstrap(lambda c: modes.kl_divergence(c, data), counts),
        "js": modes.js_divergence(counts, data),
        "js_interval": modes.bootstrap(lambda c: modes.js_divergence(c, data), counts),
        "frechet": modes.frechet_distance(samples.features, reference.features),
        "kernel": modes.kernel_distance(samples.features[: few[0]], reference.features[: few[1]]),
        "counts": counts.tolist(),
    }


@dataclass
class Closeness:
    """Distances in grey levels (root mean square over pixels) and what they say."""

    to_training: modes.Neighbours  # each sample's nearest training face
    to_others: modes.Neighbours  # each sample's nearest other sample
    real_to_training: np.ndarray  # each real face's nearest other real face: the yardstick for copies
    real_to_others: np.ndarray  # the same among as many real faces as there are samples: the yardstick for repeats
    copied: float  # share of samples nearer to a training face than all but 1% of real faces are to another
    repeated: float  # share of samples nearer to another sample than all but 1% of real faces are to another


def closeness(samples: np.ndarray, training: np.ndarray, most: int = 500) -> Closeness:
    """How near samples come to the training faces and to each other; both uint8 (N, 3, 64, 64).

    The first `most` samples are looked up. The more there are, the nearer the nearest: both yardsticks have as many.
    """
    samples, real = samples[:most], np.random.default_rng(0).permutation(len(training))[: len(samples[:most])]
    to_training = modes.nearest_neighbours(samples, training)
    to_others = modes.nearest_neighbours(samples, samples, same=True)
    chosen = training[np.sort(real)]
    # a real face's nearest face in the set is itself: its nearest other one is looked for
    real_to_training = _nearest_but_itself(chosen, training, np.sort(real))
    real_to_others = modes.nearest_neighbours(chosen, chosen, same=True).distances
    return Closeness(to_training, to_others, real_to_training, real_to_others,
                     modes.share_below(to_training.distances, real_to_training),
                     modes.share_below(to_others.distances, real_to_others))  # fmt: skip


def _nearest_but_itself(chosen: np.ndarray, training: np.ndarray, rows: np.ndarray) -> np.ndarray:
    rest = np.setdiff1d(np.arange(len(training)), rows)
    among = modes.nearest_neighbours(chosen, chosen, same=True).distances
    return np.minimum(among, modes.nearest_neighbours(chosen, training[rest]).distances) if len(rest) else among


def measure_samples(samples: np.ndarray, faces: FaceSet, network: AttributeNetwork,
                    factors: tuple[str, ...] = ("hair", "eyes"), neighbours: int = 500) -> dict:  # fmt: skip
    """Measures of uint8 samples (N, 3, 64, 64) against a half of the faces, and of the other half against it.

    The modes are the products of `factors`, as `network` names them in samples and faces alike, so that its mistakes
    fall on both sides. As many real faces are measured as samples, where there are as many. Neighbours are looked up
    for the first `neighbours` samples among all faces, in pixels. Returns {"samples": {...}, "real": {...}, ...},
    ready for JSON.
    """
    missing = [factor for factor in factors if factor not in network.factors]
    if missing:
        there = ", ".join(network.factors)
        raise ValueError(f"the attribute network does not name {', '.join(missing)}; it names {there}")
    halves = halve(len(faces))
    size = min(len(samples), len(halves.held_out))
    if size < 2:
        raise ValueError(f"{len(samples)} samples are too few to measure: use at least 2")
    sizes = {factor: len(network.factors[factor]) for factor in factors}
    samples, real = samples[:size], faces.images[halves.held_out[:size]]
    reference = name_faces(network, faces.images[halves.reference])
    near = closeness(samples, faces.images, neighbours)
    rows = {name: spread(name_faces(network, images), reference, sizes)
            for name, images in (("samples", samples), ("real", real))}  # fmt: skip
    rows["samples"] |= {"nearest_real": float(np.median(near.to_training.distances)),
                        "nearest_other": float(np.median(near.to_others.distances)),
                        "copied": near.copied, "repeated": near.repeated}  # fmt: skip
    rows["real"] |= {"nearest_real": float(np.median(near.real_to_training)),
                     "nearest_other": float(np.median(near.real_to_others)),
                     "copied": 0.01, "repeated": 0.01}  # fmt: skip
    counts = modes.count_modes(reference.values, sizes)
    return {
        "modes_possible": len(counts),
        "reference": {"count": len(halves.reference), "modes": modes.modes_covered(counts), "counts": counts.tolist()},
        **rows,
    }


ROWS = {
    "count": "pictures measured",
    "modes": "modes covered",
    "kl": "KL to the data's modes (nats)",
    "js": "Jensen-Shannon (nats, at most 0.693)",
    "frechet": "FCD: Frechet distance, attribute features",
    "kernel": "KCD: kernel distance, attribute features",
    "nearest_real": "nearest training face, median (grey levels)",
    "nearest_other": "nearest other picture, median (grey levels)",
    "copied": "share nearer to training than 99% of real",
    "repeated": "share nearer to another than 99% of real",
}


def table(measures: dict) -> str:
    """The measures as text, samples beside held-out real faces."""
    lines = [f"{'':46}{'samples':>12}{'real faces':>12}"]
    for name, text in ROWS.items():
        values = [measures[column][name] for column in ("samples", "real")]
        lines.append(f"{text:46}" + "".join(f"{v:>12,}" if isinstance(v, int) else f"{v:>12.3f}" for v in values))
    reference = measures["reference"]
    lines.append(f"against {reference['count']:,} real faces, which cover {reference['modes']} of "
                 f"{measures['modes_possible']} modes")  # fmt: skip
    return "\n".join(lines)
