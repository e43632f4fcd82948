"""Exercise 07.4: the Frechet distance of two sets of features."""

import numpy as np

from animegan_helpers import measures
from animegan_workshop.checks.core import demand, exercise, numbers, try_cases


def frechet_of(x: np.ndarray, y: np.ndarray) -> float:
    """The squared Frechet distance of features x (N, F), y (M, F), each taken as a Gaussian."""
    return measures.frechet_distance(x, y)


def _parts(x, y, ddof=1):
    """The shift |m - n|^2, both covariances, and the trace of the root of their product."""
    a, b = (np.atleast_2d(np.cov(z, rowvar=False, ddof=ddof)) for z in (x, y))
    values = np.linalg.eigvals(a @ b)
    return ((x.mean(0) - y.mean(0)) ** 2).sum(), a, b, np.sqrt(values.astype(complex)).real.sum()


def _spread(a, b, cross):
    return np.trace(a) + np.trace(b) - 2 * cross


def _with_cross(cross):
    """The distance with another trace in place of that of the root."""

    def wrong(x, y):
        shift, a, b, _ = _parts(x, y)
        return shift + _spread(a, b, cross(a, b))

    return wrong


def _unsquared(x, y):
    shift, a, b, cross = _parts(x, y)
    return shift**0.5 + _spread(a, b, cross)


def _biased(x, y):
    shift, a, b, cross = _parts(x, y, ddof=0)
    return shift + _spread(a, b, cross)


FAULTS = {
    "the distance of the means must be squared": _unsquared,
    "that is the trace of the product: take its root first": _with_cross(
        lambda a, b: np.trace(a @ b)
    ),
    "that is the root of the product's trace: take the trace of its root": _with_cross(
        lambda a, b: np.trace(a @ b) ** 0.5
    ),
    "np.sqrt takes the root of each entry: the matrix root is asked for": _with_cross(
        lambda a, b: np.trace(np.sqrt(abs(a @ b)))
    ),
    "that multiplies the standard deviations of each feature: correlations are left out": (
        _with_cross(lambda a, b: np.sqrt(np.diag(a) * np.diag(b)).sum())
    ),
    "that multiplies the sorted eigenvalues of both: take those of the product": _with_cross(
        lambda a, b: np.sqrt(np.linalg.eigvalsh(a) * np.linalg.eigvalsh(b)).sum()
    ),
    "the 2 before the root is missing": _with_cross(
        lambda a, b: np.sqrt(np.linalg.eigvals(a @ b).astype(complex)).real.sum() / 2
    ),
    "the covariances divide by N: divide by N - 1, as np.cov does": _biased,
    "only the means are compared: the covariances must come in": lambda x, y: _parts(x, y)[0],
    "only the covariances are compared: the means must come in": (
        lambda x, y: _spread(*_parts(x, y)[1:])
    ),
    "the root is missing: you add the two covariances only": _with_cross(lambda a, b: 0),
    "the means are averaged over the features: average over the faces, axis 0": lambda x, y: (
        (x.mean() - y.mean()) ** 2 + _spread(*_parts(x, y)[1:])
    ),
    "sum over the features, not the mean": lambda x, y: frechet_of(x, y) / x.shape[1],
    "return the squared distance: take no root at the end": lambda x, y: frechet_of(x, y) ** 0.5,
}


@exercise("07.4", frechet_of)
def frechet_distance(answer, seed):
    """x (N, F), y (M, F) -> |m - n|^2 + tr(A + B - 2 (A B)^(1/2)), one number."""
    random = np.random.default_rng(seed)
    mix, turn = random.normal(size=(2, 5, 5))
    x, y = random.normal(size=(40, 5)) @ mix + 1, 2 * random.normal(size=(31, 5)) @ turn
    got = answer(x.copy(), y.copy())
    real = not np.iscomplexobj(got)
    demand(real, "your result is complex: take the real part of the eigenvalues' roots")
    demand(np.isfinite(numbers(got)).all(), "your result is nan: a root of a negative number")
    try_cases(answer, frechet_of, [(x, y), (y[:9], x)], FAULTS, 1e-4)
    tiny = answer(x[:4].copy(), x[:4].copy())  # fewer faces than features: eigenvalues of 0
    words = "with fewer faces than features rounding makes eigenvalues negative, and your root nan"
    demand(bool(np.isfinite(numbers(tiny)).all()), words + ": clip them at 0")
    demand(abs(numbers(tiny)) < 0.1, "a set has distance 0 from itself, also with very few faces")
    return "shift and spread both count, and the root is the matrix root"
