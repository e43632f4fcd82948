"""Exercise 01.4: near-duplicates by thumbnails."""

import numpy as np

from animegan_workshop.checks.core import demand, each, exercise, numbers

LUMA = np.array([0.299, 0.587, 0.114])


def _grey(images: np.ndarray) -> np.ndarray:
    return images.mean(axis=1)


def _blocks(grey: np.ndarray, axes=(2, 4)) -> np.ndarray:
    """(N, 64, 64) -> (N, 64): averages of 8x8 neighbouring pixels."""
    return grey.reshape(-1, 8, 8, 8, 8).mean(axis=axes).reshape(len(grey), -1)


def _thumbnails(images: np.ndarray) -> np.ndarray:
    return _blocks(_grey(images))


def _rms(difference: np.ndarray) -> np.ndarray:
    return np.sqrt((difference**2).mean(axis=-1))


def _distances(images, shrink=_thumbnails, measure=_rms) -> np.ndarray:
    small = shrink(images)
    return np.stack([measure(small - one) for one in small])  # (N, N)


def _pairs(near: np.ndarray) -> list[tuple[int, int]]:
    return [(int(i), int(j)) for i, j in np.argwhere(np.triu(near, 1))]


def near_duplicates_of(images: np.ndarray, threshold: float) -> list[tuple[int, int]]:
    """(i, j), i < j, of pictures (N, 3, 64, 64) whose thumbnails are nearer than `threshold`."""
    return _pairs(_distances(images) < threshold)


def _nearest_only(images, threshold):
    distances = _distances(images) + np.diag([np.inf] * len(images))
    nearest = distances.argmin(axis=1)
    found = [(i, j) for i, j in enumerate(nearest) if distances[i, j] < threshold]
    return sorted({(min(pair), max(pair)) for pair in found})


def _with(**changed):
    return lambda images, threshold: _pairs(_distances(images, **changed) < threshold)


FAULTS = {
    "those pairs are far apart: keep the distances below the threshold": (
        lambda images, threshold: _pairs(_distances(images) > threshold)
    ),
    "take the root of the mean squared difference": _with(measure=lambda d: (d**2).mean(-1)),
    "take the mean over the 64 values, not the sum": _with(
        measure=lambda d: np.sqrt((d**2).sum(-1))
    ),
    "square the differences: yours are absolute": _with(measure=lambda d: np.abs(d).mean(-1)),
    "absolute values are missing: square the differences": _with(measure=lambda d: d.mean(-1)),
    "you compare whole pictures: shrink them to 8x8 first": (
        _with(shrink=lambda x: _grey(x).reshape(len(x), -1)),
        _with(shrink=lambda x: x.reshape(len(x), -1).astype(float)),
    ),
    "you keep every eighth pixel: average each block": (
        _with(shrink=lambda x: _grey(x)[:, ::8, ::8].reshape(len(x), -1))
    ),
    "your blocks hold pixels from all over the picture: average over axes 2 and 4": (
        _with(shrink=lambda x: _blocks(_grey(x), (1, 3))),
        _with(shrink=lambda x: _blocks(_grey(x), (3, 4))),
        _with(shrink=lambda x: _blocks(_grey(x), (1, 2))),
    ),
    "you compare colours: average the three channels first": (
        _with(shrink=lambda x: np.concatenate([_blocks(x[:, c]) for c in range(3)], axis=1))
    ),
    "grey is the plain mean of the three channels here": (
        _with(shrink=lambda x: _blocks(np.einsum("nchw,c->nhw", x, LUMA)))
    ),
    "you compare each picture with the next one only: compare all": (
        lambda images, threshold: [
            p for p in near_duplicates_of(images, threshold) if p[1] == p[0] + 1
        ]
    ),
    "you keep the nearest neighbour only: a picture can have several copies": _nearest_only,
    "a picture is its own copy in your list: leave out i = j": lambda images, threshold: [
        *near_duplicates_of(images, threshold),
        *((k, k) for k in range(len(images))),
    ],
    "each pair once, with i < j": lambda images, threshold: [
        pair[::step] for pair in near_duplicates_of(images, threshold) for step in (1, -1)
    ],
}


@exercise("01.4", near_duplicates_of)
def find_near_duplicates(answer, seed):
    """images uint8 (N, 3, 64, 64), threshold -> [(i, j), ...], i < j, nearer than the threshold."""
    random = np.random.default_rng(seed)
    base = random.integers(60, 190, (1, 3, 8, 8))
    coarse = random.normal(0, 1, (24, 3, 8, 8)) * random.uniform(1, 14, (24, 1, 1, 1))
    fine = random.normal(0, 4, (24, 3, 64, 64))
    images = np.kron(base + coarse, np.ones((8, 8))) + fine
    images = images.clip(0, 255).astype(np.uint8)
    distances = _distances(images)
    ordered = np.sort(distances[np.triu_indices(24, 1)])
    gap = 60 + np.diff(ordered[60:90]).argmax()  # no distance lies close to the threshold
    threshold = float(ordered[gap : gap + 2].mean())
    several = [threshold, threshold / 8, threshold * 8]  # so that a wrong scale shows
    got = [_listed(answer(images.copy(), value)) for value in several]
    right = [near_duplicates_of(images, value) for value in several]
    for sentence, faults in FAULTS.items() if got != right else ():
        for fault in each(faults):
            demand(got != [sorted(fault(images, value)) for value in several], sentence)
    for value, mine, ours in zip(several, got, right):
        for i, j in sorted(set(mine) ^ set(ours)):
            apart = f"{distances[i, j]:.1f} levels apart" if max(i, j) < 24 else "not in the set"
            word = "misses" if (i, j) in ours else "should not hold"
            demand(False, f"threshold {value:.1f}: your list {word} ({i}, {j}), which are {apart}")
    demand(got == right, "your list holds some pairs twice")
    return "copies are found by their thumbnails"


def _listed(value) -> list[tuple[int, int]]:
    """An answer as a sorted list of pairs."""
    array = numbers(value)
    pairs = array.ndim == 2 and array.shape[1] == 2 or array.size == 0
    demand(pairs, f"return a list of pairs (i, j), not something of shape {array.shape}")
    return sorted(map(tuple, array.reshape(-1, 2).astype(int).tolist()))
