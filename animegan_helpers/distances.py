"""Distances between two sets of features (N, F) and (M, F): Frechet's, with Gaussians, and the kernel's, without.

On the attribute network's features they are called FCD and KCD here, never FID and KID: those are on Inception's. The
functions take any features: of an Inception network too, where you have its weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass
class Moments:
    """A set of features as a Gaussian: mean (F,), covariance (F, F), float64, and how many there were."""

    mean: np.ndarray
    covariance: np.ndarray
    count: int

    @cached_property
    def root(self) -> np.ndarray:
        """The covariance's symmetric root (F, F)."""
        values, vectors = np.linalg.eigh(self.covariance)
        return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T


def moments(features: np.ndarray) -> Moments:
    """Of features (N, F), N at least 2; the covariance is the unbiased one."""
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"features must be (N, F), N at least 2, not {features.shape}")
    x = features.astype(np.float64)
    return Moments(x.mean(0), np.atleast_2d(np.cov(x, rowvar=False)), len(x))


def frechet_distance(samples: np.ndarray | Moments, data: np.ndarray | Moments) -> float:
    """The squared Frechet distance of two sets of features, each taken as a Gaussian: 0 where they agree.

    |m - n|^2 + tr(A + B - 2 (A B)^(1/2)), Dowson and Landau 1982; Heusel et al. 2017 (arXiv 1706.08500) on Inception
    features. In squared units of the features. It depends on the features and on how many samples there are, and falls
    as these grow: compare like with like only.
    """
    a, b = (x if isinstance(x, Moments) else moments(x) for x in (samples, data))
    if a.mean.shape != b.mean.shape:
        raise ValueError(
            f"features of {len(a.mean)} and of {len(b.mean)} numbers cannot be compared"
        )
    # tr (A B)^(1/2) is the sum of the roots of the eigenvalues of the symmetric b^(1/2) a b^(1/2)
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(b.root @ a.covariance @ b.root), 0, None)).sum()
    squares = ((a.mean - b.mean) ** 2).sum() + np.trace(a.covariance) + np.trace(b.covariance)
    return max(0.0, float(squares - 2 * cross))  # rounding can go below 0


def frechet_interval(
    samples: np.ndarray, data: Moments, rounds: int = 30, seed: int = 0
) -> tuple[float, float]:
    """The central 95% of the Frechet distance when the samples are drawn again, moved back as `bootstrap` does."""
    value = frechet_distance(samples, data)
    low, high = resample(
        lambda drawn: frechet_distance(samples[drawn], data), len(samples), value, rounds, seed
    )
    return max(0.0, low), high


def kernel_distance(samples: np.ndarray, data: np.ndarray) -> float:
    """The squared maximum mean discrepancy of two sets of features (N, F), with the kernel (x.y / F + 1)^3.

    Unbiased (Gretton et al. 2012; Binkowski et al. 2018, arXiv 1801.01401, on Inception features): its mean does not
    depend on how many samples there are, so 64 do; it can fall a little below 0. Memory grows with N times N.
    """
    return _KernelSums(samples, data).distance(np.ones(len(samples)))


def kernel_interval(
    samples: np.ndarray, data: np.ndarray, rounds: int = 200, seed: int = 0
) -> tuple[float, float]:
    """The central 95% of the kernel distance when the samples are drawn again, moved back as `bootstrap` does."""
    sums = _KernelSums(samples, data)
    size = len(samples)
    return resample(
        lambda drawn: sums.distance(np.bincount(drawn, minlength=size)),
        size,
        sums.distance(np.ones(size)),
        rounds,
        seed,
    )


class _KernelSums:
    """The kernel's values, once; then the distance for any number of times that each sample was drawn."""

    def __init__(self, samples: np.ndarray, data: np.ndarray):
        if (
            samples.ndim != 2
            or samples.shape[1:] != data.shape[1:]
            or min(len(samples), len(data)) < 2
        ):
            shapes = f"{samples.shape}, {data.shape}"
            raise ValueError(
                f"features must be (N, F) and (M, F), N and M at least 2, not {shapes}"
            )
        x, y = samples.astype(np.float64), data.astype(np.float64)

        def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
            return (a @ b.T / a.shape[1] + 1) ** 3

        self.within = kernel(x, x)
        np.fill_diagonal(
            self.within, 0
        )  # without a point's likeness to itself the mean is unbiased
        self.across = kernel(x, y).mean(1)
        other = kernel(y, y)
        self.of_data = (other.sum() - np.trace(other)) / (len(y) * (len(y) - 1))

    def distance(self, times: np.ndarray) -> float:
        pairs = times.sum() ** 2 - (times**2).sum()
        return float(
            times @ self.within @ times / pairs
            + self.of_data
            - 2 * (times @ self.across) / times.sum()
        )


def resample(
    measure: Callable[[np.ndarray], float],
    count: int,
    value: float,
    rounds: int = 200,
    seed: int = 0,
) -> tuple[float, float]:
    """The central 95% of `measure(indices)` over samples drawn again with replacement (Efron 1979).

    Drawing again loses some samples and repeats others, which shifts every round the same way; the interval is
    therefore moved back so that the rounds' median lies on `value`, the measure itself.
    """
    random = np.random.default_rng(seed)
    values = np.array([measure(random.integers(0, count, count)) for _ in range(rounds)])
    low, high = value + np.quantile(values - np.median(values), (0.025, 0.975))
    return float(low), float(high)


def mean_interval(values: np.ndarray, rounds: int = 200, seed: int = 0) -> tuple[float, float]:
    """The central 95% of the mean of values (N,) when these are drawn again with replacement."""
    values = np.asarray(values, np.float64)
    return resample(
        lambda drawn: float(values[drawn].mean()), len(values), float(values.mean()), rounds, seed
    )


def share_interval(hits: int, count: int) -> tuple[float, float]:
    """The 95% interval of a share, `hits` of `count` (Wilson 1927): where none or all are hits it has a width, too."""
    share, z = hits / count, 1.96
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z * (share * (1 - share) / count + z**2 / (4 * count**2)) ** 0.5 / (1 + z**2 / count)
    return max(0.0, middle - half), min(1.0, middle + half)
