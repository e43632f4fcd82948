"""From paired runs to a verdict, by one rule (notebook 08)."""

from itertools import product

import numpy as np

HOLDS, FAILS, IN_PART, OPEN = "holds", "does not hold here", "holds in part", "open"
LEVEL = 0.05


def permutation_p(differences: np.ndarray) -> float:
    """The exact two-sided p-value of paired differences (n,): every sign flipped in every way.

    If the arms were alike, each difference could as well have the other sign. p is the share of
    all 2^n flips whose mean is at least as far from 0 (Fisher 1935). With 8 pairs p is at least
    2 / 256.
    """
    signs = np.array(list(product((1, -1), repeat=len(differences))))  # (2^n, n)
    means = np.abs(signs @ differences)
    return float((means >= np.abs(differences.sum()) * (1 - 1e-9)).mean())


def bootstrap_mean(values: np.ndarray, rounds: int = 10_000, seed: int = 0) -> tuple[float, float]:
    """The 95% bootstrap interval of the mean of values (n,) (Efron 1979)."""
    random = np.random.default_rng(seed)
    means = values[random.integers(0, len(values), (rounds, len(values)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def holm(p_values: list[float]) -> list[float]:
    """The p-values adjusted for how many comparisons there are (Holm 1979), in the same order."""
    p, order = np.array(p_values), np.argsort(p_values)
    steps = np.minimum(1, p[order] * np.arange(len(p), 0, -1))
    return np.maximum.accumulate(steps)[np.argsort(order)].tolist()


def verdict(differences: np.ndarray, smallest: float, p: float) -> str:
    """The verdict on a claim that differences (n,) are above 0, by the smallest that matters.

    holds: told apart from 0, and on average at least `smallest`. does not hold here: the whole
    interval lies within `smallest` of 0, or beyond that on the other side. open: all else; a p
    above the level alone decides nothing. p: adjusted for the experiment's comparisons.
    """
    low, high = bootstrap_mean(differences)
    if p <= LEVEL and differences.mean() >= smallest:
        return HOLDS
    within, other_side = -smallest < low and high < smallest, high < -smallest
    return FAILS if within or other_side else OPEN


def together(verdicts: list[str]) -> str:
    """The verdict on a claim of several parts."""
    if len(set(verdicts)) == 1:
        return verdicts[0]
    return IN_PART if HOLDS in verdicts else OPEN
