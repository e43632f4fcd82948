"""Exercise 08.2: from the runs of two arms to a verdict."""

import numpy as np

from animegan_workshop.checks.core import demand, exercise, shorten
from animegan_workshop.experiments.verdict import permutation_p, verdict

WORDS = ("holds", "does not hold here", "open")


def _ours(first: np.ndarray, second: np.ndarray, direction: str, share: float) -> str:
    """The verdict on the claim that second is higher, or lower, than first, by share of first."""
    differences = (second - first) * (1 if direction == "higher" else -1)
    return verdict(differences, share * first.mean(), permutation_p(differences))


BASE = np.array([9.0, 11.0, 10.0, 10.0, 8.0, 12.0, 10.0, 10.0])
CLEAR = np.array([5.0, 6.0, 7.0, 5.0, 6.0, 7.0, 5.0, 6.0])
CASES = (
    # first, second, direction, share, and what is wrong where the answer is not right
    (BASE, BASE + CLEAR, "higher", 0.1, "eight pairs, all far above the smallest, hold the claim"),
    (BASE, BASE - CLEAR, "lower", 0.1, "where the claim says lower, turn the differences' signs"),
    (BASE, BASE - CLEAR, "higher", 0.1, "a clear effect the other way does not hold the claim"),
    (BASE, BASE + CLEAR, "lower", 0.1, "a clear effect the other way does not hold the claim"),
    (
        *(BASE[:3], BASE[:3] + CLEAR[:3], "higher", 0.1),
        "three pairs have p = 0.25, however large the effect: that is open",
    ),
    (
        *(BASE, BASE + CLEAR / 100, "higher", 0.1),
        "p is below 0.05, but the whole interval is too small to matter: p alone decides nothing",
    ),
    (
        *(BASE, BASE + 9 * np.array([1, -1, 1, -1, 1, -1, 1, -1.0]), "higher", 0.1),
        "a large p is no proof that nothing is there: a wide interval is open",
    ),
    (
        *(BASE, BASE + np.array([1.2, 0.9, 1.4, 0.8, 1.1, 0.7, 0.9, 0.8]), "higher", 0.1),
        "the mean is below the smallest and the interval reaches above it: that is open",
    ),
    (
        *(BASE, BASE - np.array([1.2, 0.9, 1.4, 0.8, 1.1, 0.7, 0.9, 0.8]), "higher", 0.1),
        "the interval lies partly within the smallest, partly below it: that is open",
    ),
    (
        *(BASE, BASE[::-1] + CLEAR / 100 - 0.5, "higher", 0.05),
        "compare seed by seed: the runs are pairs, and must not be sorted or mixed",
    ),
    (
        *(100 + BASE, 100 + BASE + CLEAR, "higher", 0.1),
        "the smallest that matters is the share times the mean of first",
    ),
)


@exercise("08.2", _ours)
def verdict_on(answer, seed):
    """Values of two arms (n,), direction, share -> holds, does not hold here, or open."""
    random = np.random.default_rng(seed)
    for first, second, direction, share, sentence in CASES:
        order = random.permutation(len(first))  # whichever seed comes first
        first, second = first[order], second[order]
        said = answer(first.copy(), second.copy(), direction, share)
        known = isinstance(said, str) and said in WORDS
        demand(known, f"return one of {', '.join(WORDS)}, not {shorten(said)}")
        right = _ours(first, second, direction, share)
        demand(said == right, f"{sentence} (yours says {said!r})")
    return "an effect counts when luck does not explain it and it is large enough to matter"
