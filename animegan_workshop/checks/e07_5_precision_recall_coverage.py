"""Exercise 07.5: precision, recall and coverage by nearest neighbours."""

import numpy as np

from animegan_helpers import neighbours
from animegan_workshop.checks.core import exercise, several, try_cases

NAMES = "three numbers, (precision, recall, coverage)"


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1))


def _reach(points: np.ndarray, column: int) -> np.ndarray:
    """(N, 1) the radius of each ball; column 0 is the point itself."""
    return np.sort(_distances(points, points), axis=1)[:, [column]]


def overlap_of(data: np.ndarray, samples: np.ndarray, k: int = 5) -> tuple[float, float, float]:
    """Precision, recall and coverage of data (N, F) and samples (M, F), balls to the k-th other."""
    found = neighbours.overlap(samples, data, k)
    return tuple(float(x.mean()) for x in (found.precise, found.recalled, found.covered))


def _overlap(data, samples, of_data, of_samples):
    across = _distances(data, samples)  # (N, M)
    in_data = across <= _reach(data, of_data)
    in_samples = across.T <= _reach(samples, of_samples)  # (M, N)
    shares = in_data.any(0), in_samples.any(0), in_data.any(1)
    return tuple(float(share.mean()) for share in shares)


def _counted(data, samples, k=5):
    """Sums over the balls where any ball is asked for."""
    in_data = _distances(data, samples) <= _reach(data, k)
    in_samples = _distances(samples, data) <= _reach(samples, k)
    return in_data.sum(0).mean(), in_samples.sum(0).mean(), in_data.sum(1).mean()


def _reordered(*order):
    return lambda data, samples, k=5: np.array(overlap_of(data, samples, k))[list(order)]


def _part(at, other):
    """A right answer but for one of its parts, which comes from another function."""

    def wrong(data, samples, k=5):
        values = list(overlap_of(data, samples, k))
        values[at] = other(data, samples, k)
        return values

    return wrong


FAULTS = {
    "a point is its own nearest neighbour: the k-th *other* one is column k": (
        lambda data, samples, k=5: _overlap(data, samples, k - 1, k - 1)
    ),
    "your balls reach one point too far: take column k": (
        lambda data, samples, k=5: _overlap(data, samples, k + 1, k + 1)
    ),
    "precision and recall are swapped": _reordered(1, 0, 2),
    "recall and coverage are swapped": _reordered(0, 2, 1),
    "precision and coverage are swapped": _reordered(2, 1, 0),
    "the three are in another order: precision, recall, coverage": (
        _reordered(1, 2, 0),
        _reordered(2, 0, 1),
    ),
    "data and samples are swapped": lambda data, samples, k=5: overlap_of(samples, data, k),
    "a point in several balls counts once: any, not sum": _counted,
    "recall: the balls are around the samples": _part(1, lambda d, s, k: overlap_of(d, s, k)[2]),
    "precision: the share of *samples* in a ball is asked for": _part(
        0, lambda d, s, k: overlap_of(d, s, k)[2]
    ),
    "coverage: the share of *balls of the data* that hold a sample is asked for": _part(
        2, lambda d, s, k: overlap_of(d, s, k)[0]
    ),
    "coverage: a ball needs one sample, not k of them": _part(
        2, lambda d, s, k: ((_distances(d, s) <= _reach(d, k)).sum(1) >= k).mean()
    ),
    "coverage: that is the share of empty balls": _part(
        2, lambda d, s, k: 1 - overlap_of(d, s, k)[2]
    ),
    "`k` is not used: your balls reach to the 5th neighbour whatever it is": (
        lambda data, samples, k=5: overlap_of(data, samples, 5)
    ),
    "return shares, from 0 to 1": lambda data, samples, k=5: (
        100 * np.array(overlap_of(data, samples, k))
    ),
}


@exercise("07.5", overlap_of)
def precision_recall_coverage(answer, seed):
    """data (N, F), samples (M, F), k -> (precision, recall, coverage)."""
    random = np.random.default_rng(seed)
    data, samples = random.normal(size=(60, 3)), random.normal(0.5, 0.7, (45, 3))
    cases = [(data, samples, k) for k in (3, 4)]
    several(answer(data.copy(), samples.copy(), 3), NAMES, 3)
    try_cases(answer, overlap_of, cases, FAULTS)
    return "the balls of the data give precision and coverage, those of the samples recall"
