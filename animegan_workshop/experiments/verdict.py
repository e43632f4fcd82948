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


def permutation_interval(differences: np.ndarray) -> tuple[float, float]:
    """The 95% interval of the mean of paired differences (n,): all that the test does not reject.

    Its ends are means of parts of the pairs, of which there are 2^n - 1 (Hartigan 1969): with 8
    pairs the sixth lowest and the sixth highest. With fewer than 6 it has no ends: -inf, inf. (A
    bootstrap interval of so few is too narrow: of the mean of 8 normal differences it holds 90%.)
    """
    parts = np.array(list(product((0, 1), repeat=len(differences))))[1:]  # (2^n - 1, n)
    means = np.sort(parts @ differences / parts.sum(axis=1))
    rank = int(LEVEL / 2 * 2 ** len(differences))
    return (float(means[rank - 1]), float(means[-rank])) if rank else (-np.inf, np.inf)


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
    low, high = permutation_interval(differences)
    if p <= LEVEL and differences.mean() >= smallest:
        return HOLDS
    within, other_side = -smallest < low and high < smallest, high < -smallest
    return FAILS if within or other_side else OPEN


def together(verdicts: list[str]) -> str:
    """The verdict on a claim of several parts."""
    if len(set(verdicts)) == 1:
        return verdicts[0]
    return IN_PART if HOLDS in verdicts else OPEN
