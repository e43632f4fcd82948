"""Exercise 07.2: how many modes a number of draws covers (rarefaction)."""

import numpy as np

from animegan_workshop.checks.core import close, demand, exercise, numbers, try_cases


def _chances(counts: np.ndarray, draws: int, back: bool = False) -> np.ndarray:
    """(M,) the chance that none of `draws` faces falls into each mode."""
    total, drawn = counts.sum(), np.arange(draws) * (not back)
    left = np.clip(total - counts[:, None] - drawn, 0, None)  # (M, draws) faces of other modes
    return np.prod(left / (total - drawn), axis=1)


def modes_covered_of(counts: np.ndarray, draws: int) -> float:
    """How many modes `draws` of the faces cover on average, drawn without putting back.

    counts (M,): faces in each mode. Hurlbert 1971, Ecology 52.
    """
    return float((1 - _chances(counts, draws)).sum())


FAULTS = {
    "that is how many modes all faces cover: `draws` is not used": lambda c, draws: (c > 0).sum(),
    "you put each face back before the next draw: the faces left become fewer": (
        lambda c, draws: (1 - _chances(c, draws, back=True)).sum()
    ),
    "those are the modes that the draws miss": lambda c, draws: _chances(c, draws).sum(),
    "that is the share of the modes: return how many": (
        lambda c, draws: (1 - _chances(c, draws)).mean()
    ),
    "that is one chance for each mode: sum them": lambda c, draws: 1 - _chances(c, draws),
    "a mode that several draws hit counts once: yours is an expected number of draws": (
        lambda c, draws: draws * (c > 0).sum() / len(c),
        lambda c, draws: float(draws),
        lambda c, draws: np.minimum(draws * c / c.sum(), 1).sum(),
    ),
    "you draw one face too few": lambda c, draws: modes_covered_of(c, draws - 1),
    "you draw one face too many": lambda c, draws: modes_covered_of(c, min(draws + 1, c.sum())),
    "that treats all modes as equally likely: use their counts": (
        lambda c, draws: len(c) * (1 - (1 - 1 / len(c)) ** draws),
        lambda c, draws: (c > 0).sum() * (1 - (1 - 1 / (c > 0).sum()) ** draws),
    ),
    "the draws are right, but the faces in all do not get fewer": lambda c, draws: (
        1 - np.prod(np.clip(c.sum() - c[:, None] - np.arange(draws), 0, None) / c.sum(), axis=1)
    ).sum(),
    "the faces in all get fewer, but so must the faces of the other modes": lambda c, draws: (
        1 - np.prod((c.sum() - c[:, None]) / (c.sum() - np.arange(draws)), axis=1)
    ).sum(),
}


@exercise("07.3", modes_covered_of)
def modes_covered(answer, seed):
    """counts (M,) of faces in each mode, draws -> the expected number of modes among the draws."""
    random = np.random.default_rng(seed)
    counts = np.append(random.integers(1, 9, 7), [0, 14])
    cases = [(counts, draws) for draws in (1, 3, 8)] + [(counts[:5], 4)]
    got, exact = ([function(*case) for case in cases] for function in (answer, modes_covered_of))
    by_chance = all(np.size(a) == 1 and abs(numbers(a) - b) < 0.015 * b for a, b in zip(got, exact))
    words = "that looks like an average over random draws: work out the exact chance"
    demand(not by_chance or close(got, exact, 1e-4), words)
    try_cases(answer, modes_covered_of, cases, FAULTS, 1e-4)
    return "a mode counts once, however many draws fall into it"
