"""One table of measures for a set of samples, beside what real faces that are measured the same way get."""

from dataclasses import dataclass

import numpy as np
from tqdm.auto import tqdm

from animegan_helpers import modes
from animegan_helpers.attributes import AttributeNetwork, Names, name_faces
from animegan_helpers.cells import count_cells, different_cells
from animegan_helpers.distances import (
    frechet_distance,
    frechet_interval,
    kernel_distance,
    kernel_interval,
    mean_interval,
    share_interval,
)
from animegan_helpers.diversity import birthday, pair_similarity, vendi_interval, vendi_score
from animegan_helpers.faces import FaceSet
from animegan_helpers.neighbours import (
    Neighbours,
    Overlap,
    nearest_neighbours,
    overlap,
    share_below,
)
from animegan_helpers.reference import FEATURES, Reference, Split, pick


@dataclass
class Look:
    """N samples and a reference, brought into one form: counts (M,) of modes, cells (k,), features of the first 2,000
    samples at most and of as many faces, and how these overlap."""

    counts: np.ndarray
    cells: np.ndarray
    features: np.ndarray
    data: np.ndarray
    near: Overlap


def look(names: Names, reference: Reference) -> Look:
    """Counts what was seen in N samples, N at least 3."""
    few = min(FEATURES, len(names.features), len(reference.features))
    features, data = names.features[:few], reference.features[:few]
    return Look(
        modes.count_modes(names.values, reference.sizes),
        count_cells(names.features, reference.centres),
        features,
        data,
        overlap(features, data, k=min(5, few - 1)),
    )


def quick_row(names: Names, reference: Reference, seen: Look | None = None) -> dict[str, float]:
    """Counts and distances without intervals, from what was seen in N samples; seconds for 2,000 of them.

    Those that look at single faces take 2,000 samples at most, and as many faces of the reference.
    """
    seen = seen or look(names, reference)
    return {
        "count": int(seen.counts.sum()),
        "modes": modes.modes_covered(seen.counts),
        "kl": modes.kl_divergence(seen.counts, reference.counts),
        "js": modes.js_divergence(seen.counts, reference.counts),
        "cells_off": different_cells(seen.cells, reference.cells),
        "cells_js": modes.js_divergence(seen.cells, reference.cells),
        "frechet": frechet_distance(names.features, reference.moments),
        "kernel": kernel_distance(seen.features, seen.data),
        "precision": float(seen.near.precise.mean()),
        "recall": float(seen.near.recalled.mean()),
        "density": float(seen.near.dense.mean()),
        "coverage": float(seen.near.covered.mean()),
        "vendi": vendi_score(seen.features),
    }


def full_row(images: np.ndarray, names: Names, reference: Reference, rounds: int = 200) -> dict:
    """All measures of uint8 samples (N, 3, 64, 64) that need no training face, with 95% intervals by the bootstrap.

    names: what the attribute network saw in them. The intervals are over other draws of the samples; those of recall
    and coverage, which are shares of the reference, over other draws of that. rounds: how often the samples are drawn
    again; a seventh of that for FCD and the Vendi score, which take long.
    """
    seen = look(names, reference)
    similarity, few = pair_similarity(images), len(seen.features)
    pairs = birthday(images[:few], reference.alike)
    intervals = {
        "modes": modes.bootstrap(modes.modes_covered, seen.counts),
        "kl": modes.bootstrap(lambda c: modes.kl_divergence(c, reference.counts), seen.counts),
        "js": modes.bootstrap(lambda c: modes.js_divergence(c, reference.counts), seen.counts),
        "cells_off": modes.bootstrap(lambda c: different_cells(c, reference.cells), seen.cells),
        "cells_js": modes.bootstrap(lambda c: modes.js_divergence(c, reference.cells), seen.cells),
        "frechet": frechet_interval(names.features, reference.moments, rounds // 7),
        "kernel": kernel_interval(seen.features, seen.data, rounds),
        "precision": mean_interval(seen.near.precise),
        "recall": mean_interval(seen.near.recalled),
        "density": mean_interval(seen.near.dense),
        "coverage": mean_interval(seen.near.covered),
        "vendi": vendi_interval(seen.features, rounds // 7),
        "ms_ssim": mean_interval(similarity),
        "support": (pairs.low, pairs.high),
    }
    for name, most in (("modes", len(seen.counts)), ("cells_off", len(seen.cells))):
        intervals[name] = (
            intervals[name][0],
            min(most, intervals[name][1]),
        )  # moving back can lead beyond all there are
    row = quick_row(names, reference, seen)
    row |= {"ms_ssim": float(similarity.mean()), "support": pairs.support, "alike": pairs.alike}
    row |= {f"{name}_interval": interval for name, interval in intervals.items()}
    shares = modes.factor_shares(names.values, reference.sizes)
    return row | {
        "few": few,
        "counts": seen.counts.tolist(),
        "cells": seen.cells.tolist(),
        "shares": {factor: share.tolist() for factor, share in shares.items()},
        "confidence": {
            factor: float(names.confidence[factor].mean()) for factor in reference.sizes
        },
    }


@dataclass
class Closeness:
    """Distances in grey levels (root mean square over pixels) and what they say."""

    to_training: Neighbours  # each sample's nearest training face
    to_others: Neighbours  # each sample's nearest other sample
    real_to_training: (
        np.ndarray
    )  # each real face's nearest other real face: the yardstick for copies
    real_to_others: (
        np.ndarray
    )  # the same among as many real faces as there are samples: the yardstick for repeats
    copied: float  # share of samples nearer to a training face than all but 1% of real faces are to another
    repeated: float  # share of samples nearer to another sample than all but 1% of real faces are to another


def closeness(
    samples: np.ndarray, training: np.ndarray, most: int = 500, progress: bool = False
) -> Closeness:
    """How near samples come to the training faces and to each other; both uint8 (N, 3, 64, 64).

    The first `most` samples are looked up. The more there are, the nearer the nearest: both yardsticks have as many.
    """
    samples = samples[:most]
    chosen = np.sort(np.random.default_rng(0).permutation(len(training))[: len(samples)])
    to_training = nearest_neighbours(samples, training, progress="copies" if progress else None)
    to_others = nearest_neighbours(samples, samples, same=True)
    real = training[chosen]
    real_to_others = nearest_neighbours(real, real, same=True).distances
    # a real face's nearest face in the set is itself: its nearest other one is looked for
    rest = _Rest(training, np.setdiff1d(np.arange(len(training)), chosen))
    real_to_training = real_to_others
    if len(rest):
        label = "how near real faces are" if progress else None
        real_to_training = np.minimum(
            real_to_others, nearest_neighbours(real, rest, progress=label).distances
        )
    return Closeness(
        to_training,
        to_others,
        real_to_training,
        real_to_others,
        share_below(to_training.distances, real_to_training),
        share_below(to_others.distances, real_to_others),
    )


class _Rest:
    """Some rows of an array on disk, read when they are asked for."""

    def __init__(self, images: np.ndarray, chosen: np.ndarray):
        self.images, self.chosen, self.shape = images, chosen, (len(chosen), *images.shape[1:])

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, rows) -> np.ndarray:
        return self.images[self.chosen[rows]]


def against_reference(
    samples: np.ndarray, reference: Reference, network: AttributeNetwork, progress: bool = False
) -> dict:
    """Measures of uint8 samples (N, 3, 64, 64) against stored numbers, beside the yardstick stored with them.

    Without the faces there are no nearest neighbours. Raises ValueError for fewer than 3 samples.
    """
    if len(samples) < 3:
        raise ValueError(f"{len(samples)} samples are too few to measure: use at least 3")
    names = name_faces(network, samples, progress="naming samples" if progress else None)
    return _together(
        full_row(samples, names, reference), reference.yardstick(len(samples)), reference
    )


def measure_samples(
    samples: np.ndarray,
    faces: FaceSet,
    network: AttributeNetwork,
    parts: Split,
    neighbours: int = 500,
    progress: bool = False,
) -> dict:
    """Measures of uint8 samples (N, 3, 64, 64) against a part of the faces, and of the others against it.

    parts: what `split` made of the faces. Samples and faces are both named by the `network`, so that its mistakes fall
    on both sides. As many real faces are measured as samples, where there are as many. Neighbours are looked up for
    the first `neighbours` samples among all faces, in pixels. Returns {"samples": {...}, "real": {...}, ...}, ready
    for JSON. Raises ValueError for fewer than 3 samples.
    """
    size = min(len(samples), len(parts.rows))
    if size < 3:
        raise ValueError(
            f"{len(samples)} samples and {len(faces)} faces are too few to measure: use at least 3 and 6"
        )
    samples = samples[:size]
    bar = tqdm(total=4, desc="measuring", disable=not progress, leave=False)
    names = name_faces(network, samples, progress="naming samples" if progress else None)
    bar.update()
    row = full_row(samples, names, parts.reference)
    bar.update()
    real = yardstick(faces, parts, size)
    bar.update()
    near = closeness(samples, faces.images, neighbours, progress)
    bar.close()
    looked_up = len(near.to_others.distances)
    row |= {
        "nearest_real": float(np.median(near.to_training.distances)),
        "neighbours": looked_up,
        "nearest_other": float(np.median(near.to_others.distances)),
        "copied": near.copied,
        "repeated": near.repeated,
    }
    for name, share in (("copied", near.copied), ("repeated", near.repeated)):
        row[f"{name}_interval"] = share_interval(round(share * looked_up), looked_up)
    real |= {
        "nearest_real": float(np.median(near.real_to_training)),
        "nearest_other": float(np.median(near.real_to_others)),
        "copied": 0.01,
        "repeated": 0.01,
    }
    return _together(row, real, parts.reference)


def yardstick(faces: FaceSet, parts: Split, size: int) -> dict:
    """What `size` real faces get that are no reference: as a generator would that had learnt them exactly."""
    return full_row(
        faces.images[parts.rows[:size]], pick(parts.seen, slice(0, size)), parts.reference
    )


def _together(row: dict, real: dict, reference: Reference) -> dict:
    modes_of_data = modes.modes_covered(reference.counts)
    about = {
        "count": reference.count,
        "modes": modes_of_data,
        "counts": reference.counts.tolist(),
        "shares": reference.shares,
        "network": reference.network,
    }
    return {
        "modes_possible": len(reference.counts),
        "factors": reference.factors,
        "reference": about,
        "samples": row,
        "real": real,
    }
