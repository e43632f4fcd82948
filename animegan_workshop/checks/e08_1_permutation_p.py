"""Exercise 08.1: an exact p-value for a few pairs of runs."""

from itertools import product

import numpy as np

from animegan_workshop.checks.core import demand, exercise, numbers, try_cases
from animegan_workshop.experiments.verdict import permutation_p as exact


def _sums(differences: np.ndarray) -> np.ndarray:
    """The sum for each way of choosing the signs, (2^n,)."""
    return np.array(list(product((1, -1), repeat=len(differences)))) @ differences


def _share(ways: np.ndarray) -> float:
    return float(np.mean(ways))


FAULTS = {
    "both directions count: compare sizes, so take abs of the sum for each choice of signs": (
        lambda d: _share(_sums(d) >= abs(d.sum())),
        lambda d: _share(_sums(d) >= d.sum()),
        lambda d: _share(_sums(d) <= d.sum()),
    ),
    "the sum that you saw may be negative: take its abs as well": (
        lambda d: _share(abs(_sums(d)) >= d.sum())
    ),
    "the signs that you saw are one of the ways, and equal sums count: >=, not >": (
        lambda d: _share(abs(_sums(d)) > abs(d.sum()) + 1e-9)
    ),
    "that is how often chance stays below: p is the share at least as far from 0": (
        lambda d: 1 - exact(d),
        lambda d: _share(abs(_sums(d)) <= abs(d.sum())),
    ),
    "divide by the number of ways, 2 to the power of n": (
        lambda d: exact(d) * 2 ** len(d),
        lambda d: exact(d) * 2 ** len(d) / len(d),
    ),
    "every difference may have either sign, in all combinations: 2^n ways, not n": (
        lambda d: _share([abs(d.sum() - 2 * one) >= abs(d.sum()) for one in d]),
        lambda d: _share([abs(sum(d[:k]) - sum(d[k:])) >= abs(d.sum()) for k in range(len(d))]),
    ),
    "adding 1 is for random signs: you have gone through all ways": (
        lambda d: (exact(d) * 2 ** len(d) + 1) / (2 ** len(d) + 1)
    ),
    "all differences have one sign in 2 of 2^n ways, but here their sizes count as well": (
        lambda d: 2 / 2 ** len(d)
    ),
}


@exercise("08.2", exact)
def permutation_p(answer, seed):
    """Differences of pairs (n,) -> the share of all sign flips whose sum is as far from 0."""
    random = np.random.default_rng(seed)
    # quarters, so that sums are exact and equal ones come up
    cases = [(random.integers(-8, 13, n) / 4.0,) for n in (3, 4, 5, 6, 6)]
    cases += [(np.arange(1.0, 6.0),), (-np.arange(1.0, 5.0),), (np.array([1.0, 2.0, -4.0]),)]
    again = [numbers(answer(cases[3][0].copy())) for _ in range(2)]
    same = np.array_equal(*again)
    demand(same, "yours says something else each time: go through all ways, not random ones")
    try_cases(answer, lambda differences: exact(differences), cases, FAULTS)
    return "the share of all ways to choose the signs"
