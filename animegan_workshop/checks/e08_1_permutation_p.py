"""Exercise 08.1: an exact p-value for a few pairs of runs."""

from itertools import product

import numpy as np

from animegan_workshop.checks.tools import close, demand, exercise, try_cases


def permutation_p_of(differences: np.ndarray) -> float:
    """The share of all ways to choose signs whose sum is as far from 0 (Fisher 1935)."""
    d, n = differences, len(differences)
    signs = np.array(list(product((1, -1), repeat=n)))  # (2^n, n)
    sums, seen, room = signs @ d, d.sum(), 1e-9
    as_far = abs(sums) >= abs(seen) - room
    return as_far.mean()


FAULTS = """
both directions count: compare sizes, the abs of each sum :: abs(sums) >= => sums >=
:: abs(sums) >= abs(seen) => sums >= seen :: abs(sums) >= abs(seen) - => sums <= seen +
the sum that you saw may be negative: take its abs as well :: abs(seen) => seen
:: abs(sums) >= abs(seen) => 2 * (sums >= seen) + 0 * abs(seen)
sums as far as the one that you saw count, and itself as well: >=, not > :: - room => + room
that is how often chance stays below, 1 - p :: mean() => mean() * -1 + 1
divide by the number of ways, 2 to the power of n :: .mean() => .sum() :: .mean() => .sum() / n
the signs that you saw are one of the ways: take none away :: signs @ d => signs[1:] @ d
all 2^n ways count, not n :: sums, seen => signs = 1 - 2 * np.eye(n); sums, seen
:: sums, seen => signs = 1 - 2 * np.tri(n); sums, seen
repeat is the number of differences, not always 3 :: signs @ d => signs[:, :3] @ d[:3]
a sign is 1 or -1, not 1 or 0 :: (1, -1) => (1, 0)
the sizes of the differences count as well :: signs = => d = np.sign(d); signs =
not only 2 ways count: what you saw is a sum with signs :: d.sum() => abs(d).sum()
:: .mean() => .mean() * 0 + 2 / 2**n
adding 1 is for random signs :: as_far.mean() => (as_far.sum() + 1) / (len(sums) + 1)
always 1? Orders change no sum; a return in the loop ends at the first :: mean() => mean() * 0 + 1
the room for rounding is far too large: 1e-9 is enough :: 1e-9 => 0.5 :: 1e-9 => 1
"""


@exercise("08.2", permutation_p_of)
def permutation_p(answer, seed):
    """Differences of pairs (n,) -> the share of all sign flips whose sum is as far from 0."""
    random = np.random.default_rng(seed)
    # quarters, so that sums are exact and equal ones come up
    cases = [random.integers(-8, 13, n) / 4 for n in (3, 4, 5, 6, 6, 1)]
    cases += [np.arange(1.0, 6), -np.arange(1.0, 5), np.array([1.0, 2, -4]), np.array([1.0, 2, -3])]
    try_cases(answer, permutation_p_of, [(case,) for case in cases], FAULTS, luck=0.08)
    tenths = random.integers(-4, 5, (20, 6)) / 10
    for sizes, words in ((tenths, "leave a little room"), (tenths / 2**10, "leave less room")):
        right = all(close(answer(case), permutation_p_of(case)) for case in sizes)
        demand(right, f"rounding makes equal sums differ in the last digit: {words}, 1e-9")
    return "the share of all ways to choose the signs"
