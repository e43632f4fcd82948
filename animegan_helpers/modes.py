"""Modes counted: how many of them the samples cover, and how evenly.

A mode is a combination of labels, hair colour x eye colour say. Samples and data are counted over the same modes.
"""

from collections.abc import Callable
from math import lgamma

import numpy as np


def count_modes(values: dict[str, np.ndarray], sizes: dict[str, int]) -> np.ndarray:
    """Counts (M,) of each combination of factors, M the product of their sizes, the last factor running fastest.

    values: factor -> (N,) indices from 0 to sizes[factor] - 1. Raises ValueError for a factor or an index that is not
    there.
    """
    for factor, size in sizes.items():
        if factor not in values:
            raise ValueError(
                f"no factor is called {factor!r}: there are {', '.join(values) or 'none'}"
            )
        if len(values[factor]) and not 0 <= values[factor].min() <= values[factor].max() < size:
            raise ValueError(f"{factor}: indices must lie between 0 and {size - 1}")
    indices = np.ravel_multi_index([values[factor] for factor in sizes], tuple(sizes.values()))
    return np.bincount(indices, minlength=int(np.prod(list(sizes.values()))))


def modes_covered(counts: np.ndarray, least: int = 1) -> int:
    """How many modes hold at least `least` samples."""
    return int((counts >= least).sum())


def expected_modes(counts: np.ndarray, draws: int) -> float:
    """How many modes `draws` of the counted samples cover on average, chosen without putting back: rarefaction.

    The sum over modes of 1 - C(N - c, draws) / C(N, draws), N the sum of the counts c (M,) (Hurlbert 1971).
    """
    total = int(counts.sum())
    if not 0 <= draws <= total:
        raise ValueError(
            f"{draws} draws from {total} samples: choose a number between 0 and {total}"
        )

    def missed(count: int) -> float:
        rest = total - count
        if rest < draws:
            return 0.0
        above, below = (
            lgamma(rest + 1) + lgamma(total - draws + 1),
            lgamma(rest - draws + 1) + lgamma(total + 1),
        )
        return float(np.exp(above - below))

    return sum(1 - missed(int(count)) for count in counts if count > 0)


def kl_divergence(samples: np.ndarray, data: np.ndarray, pseudo_count: float = 0.5) -> float:
    """KL(samples || data) in nats of two histograms of counts (M,): 0 where they agree, no upper limit.

    Each of the M modes gets `pseudo_count` added in both (0.5: the Jeffreys prior), so that a mode the data lacks is
    dear, not infinitely so. Few samples alone make it about M / (2 N): compare with real faces at the same N.
    """
    p, q = _shares(samples + pseudo_count), _shares(data + pseudo_count)
    return float((p * np.log(p / q)).sum())


def factor_shares(values: dict[str, np.ndarray], sizes: dict[str, int]) -> dict[str, np.ndarray]:
    """factor -> (sizes[factor],) the share of samples with each value: one histogram a factor, each summing to 1."""
    return {factor: _shares(count_modes(values, {factor: size})) for factor, size in sizes.items()}


def js_divergence(samples: np.ndarray, data: np.ndarray, pseudo_count: float = 0.0) -> float:
    """The Jensen-Shannon divergence (Lin 1991) of two histograms of counts (M,), in nats.

    0 where they agree to ln 2 = 0.693 where no mode is in both. It is finite as it stands, so `pseudo_count`, added to
    each mode in both, is 0. It too is above 0 for small samples.
    """
    p, q = _shares(samples + pseudo_count), _shares(data + pseudo_count)
    middle = (p + q) / 2

    def kl(a: np.ndarray) -> float:
        seen = a > 0
        return float((a[seen] * np.log(a[seen] / middle[seen])).sum())

    return (kl(p) + kl(q)) / 2


def _shares(counts: np.ndarray) -> np.ndarray:
    if not counts.sum() > 0:
        raise ValueError("there are no samples to compare: all counts are 0")
    return counts / counts.sum()


def bootstrap(
    measure: Callable[[np.ndarray], float], counts: np.ndarray, rounds: int = 200, seed: int = 0
) -> tuple[float, float]:
    """The central 95% of `measure(counts)` when the samples are drawn again with replacement (Efron 1979).

    Drawing again loses rare modes once more, which shifts every round the same way; the interval is therefore moved
    back so that the rounds' median lies on the measure itself, and cut off at 0, below which no measure of counts can
    be. It says how much another draw of as many samples would
    differ, not how far a small sample is off: the yardstick of real faces at the same size says that.
    """
    random, shares = np.random.default_rng(seed), _shares(counts)
    values = np.array(
        [measure(random.multinomial(int(counts.sum()), shares)) for _ in range(rounds)]
    )
    low, high = measure(counts) + np.quantile(values - np.median(values), (0.025, 0.975))
    return max(0.0, float(low)), float(high)
