"""Exercise 07.9: the rank correlation of two curves."""

import numpy as np

from animegan_workshop.checks.core import exercise, try_cases


def _ranks(x: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(x))


def rank_correlation_of(x: np.ndarray, y: np.ndarray) -> float:
    """The correlation of the ranks of x (N,) and y (N,), without ties: -1 to 1 (Spearman 1904)."""
    return float(np.corrcoef(_ranks(x), _ranks(y))[0, 1])


FAULTS = {
    "that is the plain correlation: replace the values by their ranks": (
        lambda x, y: np.corrcoef(x, y)[0, 1]
    ),
    "one argsort gives the order, not the ranks: a second argsort gives those": (
        lambda x, y: np.corrcoef(np.argsort(x), np.argsort(y))[0, 1]
    ),
    "only one of the two is replaced by its ranks": (
        lambda x, y: np.corrcoef(_ranks(x), y)[0, 1],
        lambda x, y: np.corrcoef(x, _ranks(y))[0, 1],
    ),
    "np.corrcoef gives a 2x2 table: return one number of it": (
        lambda x, y: np.corrcoef(_ranks(x), _ranks(y))
    ),
    "that is the covariance of the ranks: divide by both standard deviations": (
        lambda x, y: np.cov(_ranks(x), _ranks(y))[0, 1],
        lambda x, y: np.cov(_ranks(x), _ranks(y), ddof=0)[0, 1],
    ),
    "the ranks run the other way in one of the two": (
        lambda x, y: np.corrcoef(_ranks(x), _ranks(-y))[0, 1]
    ),
    "that is a variable with itself: take the entry beside the diagonal": (
        lambda x, y: np.corrcoef(_ranks(x), _ranks(y))[0, 0]
    ),
    "that compares rises from point to point: compare the curves": (
        lambda x, y: np.corrcoef(_ranks(np.diff(x)), _ranks(np.diff(y)))[0, 1]
    ),
    "the square loses the sign": lambda x, y: rank_correlation_of(x, y) ** 2,
    "the absolute value loses the sign": lambda x, y: abs(rank_correlation_of(x, y)),
}


@exercise("07.8", rank_correlation_of)
def rank_correlation(answer, seed):
    """x (N,), y (N,) without ties -> the correlation of their ranks."""
    random = np.random.default_rng(seed)
    cases = []
    for sign, size in ((1, 14), (-1, 23)):
        x = random.normal(size=size)
        cases.append((np.exp(3 * x), sign * np.exp(2 * x + random.normal(size=size))))
    try_cases(answer, rank_correlation_of, cases, FAULTS, 1e-4)
    return "only the order of the values counts"
