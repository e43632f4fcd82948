"""Exercise 08.2: from the runs of two arms to a verdict."""

import copy

import numpy as np

from animegan_workshop.checks.tools import demand, exercise, same, shorten, with_faults
from animegan_workshop.experiments.verdict import permutation_interval, permutation_p

WORDS = ("holds", "does not hold here", "open")


def verdict_of(first: np.ndarray, second: np.ndarray, direction: str, share: float) -> str:
    """The verdict on the claim that second is higher, or lower, than first, by share of first."""
    turn = -1 if direction == "lower" else 1
    differences = turn * (second - first)
    smallest = share * first.mean()
    p, mean = permutation_p(differences), differences.mean()
    low, high = permutation_interval(differences)
    if p <= 0.05 and mean >= smallest:
        return "holds"
    too_small, opposite = -smallest < low and high < smallest, high < -smallest
    return "does not hold here" if (too_small or opposite) else "open"


FAULTS = """
turn the signs of the differences where the direction is "lower" :: turn * =>
your direction is turned round: "higher" has second - first :: turn * => -turn *
an effect the other way does not hold the claim: no absolute value :: mean >= => abs(mean) >=
the mean difference may be as large as the smallest: at least, not above :: mean >= => mean >
"between" and "below" exclude the limits
:: -smallest < low and high < => -smallest <= low and high <=
:: high < -smallest => high <= -smallest
:: -smallest < low and high < => -smallest <= low and high <=
&& high < -smallest => high <= -smallest
p alone decides nothing: the mean must reach the smallest that matters :: and mean >= smallest =>
the effect alone decides nothing: p must be at most 0.05 :: p <= 0.05 and => :: 0.05 => 0.1
the smallest that matters is the share times the mean of first :: share * first.mean() => share
:: share * first => share * second
all below minus the smallest is the opposite: it does not hold :: high < -smallest => False
an interval between minus and plus the smallest is too small to matter :: too_small or =>
p above 0.05 decides nothing: read the interval :: (too_small => p <= 0.05 and (too_small
what neither holds nor is contradicted by the interval is open :: "open" => "does not hold here"
the whole interval must be too small, not its mean :: -smallest < low and high < => abs(mean) <
the opposite is true below minus the smallest, not below 0 :: high < -smallest => high < 0
both ends must be between - and + the smallest :: -smallest < low and => :: and high < smallest =>
the interval is that of the differences, not of an arm :: interval(differences) => interval(second)
the runs are pairs: subtract seed by seed :: second - first) => second - first.mean())
:: second - first) => np.sort(second) - np.sort(first))
"""
BASE = np.array([9.0, 11, 10, 10, 8, 12, 10, 10])
NOISE = (BASE[::-1] - BASE) / 4  # its mean is 0; four times the noise takes the pairs apart
LIMIT = np.repeat([10.0, 0], 4)  # a quarter of it has an interval that ends at 2.5
RUNS = (8, 8, 3, 3, 5, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8)
EFFECT = (6, -6, 6, -6, 6, 0.1, 0.3, -1, -0.5, 0.9, 0, 2, 0.5, 0.5, 3.1, 2.5, -2.5, 0, 0)
SPREAD = (1, 1, 1, 1, 1, 1, 0.2, 1, 3, 1.5, 20, 20, 0.3, 4, 0.3, 0, 0, 0, 0)
HALVES = (*[0] * 17, 0.25, -0.25)
SHARE = (*[0.1] * 12, 0.02, 0.02, 0.28, 0.25, 0.25, 0.25, 0.25)


@exercise("08.2", verdict_of)
def verdict_on(answer, seed):
    """Values of two arms (n,), direction, share -> holds, does not hold here, or open."""
    cases = []
    for n, effect, spread, half, share in zip(RUNS, EFFECT, SPREAD, HALVES, SHARE):
        rows = np.random.default_rng(seed).permutation(n)  # whichever seed comes first
        first, change = BASE[rows], (effect + spread * NOISE + half * LIMIT)[rows]
        cases += [(first, first + change, "higher", share), (first, first - change, "lower", share)]
    given = [copy.deepcopy(case) for case in cases]
    got, right = [answer(*case) for case in given], [verdict_of(*case) for case in cases]
    for said in got:
        known = isinstance(said, str) and said in WORDS
        demand(known, f"return one of {', '.join(WORDS)}, not {shorten(said)}")
    kept = all(same(a, b) for pair in zip(given, cases) for a, b in zip(*pair))
    demand(kept, "your function changes what it was given: work on a copy")
    for sentence, fault in with_faults(verdict_of, FAULTS) if got != right else ():
        demand(got != [fault(*case) for case in cases], sentence)
    for (first, second, direction, share), said, word in zip(cases, got, right):
        seen = f"{direction}, first {shorten(first)}, second {shorten(second)}, share {share}"
        demand(said == word, f"{seen}: yours is {said!r}, right is {word!r}")
    return "an effect counts when luck does not explain it and it is large enough to matter"
