"""Exercise 07.1: modes covered."""

import numpy as np

from animegan_helpers import measures
from animegan_workshop.checks.core import exercise, try_cases

FAULTS = {
    "that is how many modes there are, covered or not": lambda c, least: len(c),
    "that is how many samples there are: count modes": lambda c, least: c.sum(),
    "`least` is not used: a mode with fewer samples is not covered": lambda c, least: (c > 0).sum(),
    "a mode with exactly `least` samples is covered: >=, not >": lambda c, least: (c > least).sum(),
    "those are the modes that are missing": lambda c, least: (c < least).sum(),
    "modes with more than `least` samples count too": lambda c, least: (c == least).sum(),
    "you sum the samples of these modes: count modes": lambda c, least: c[c >= least].sum(),
    "that is the share of the modes: count them": lambda c, least: (c >= least).mean(),
    "that is how many different counts there are: count modes": (
        lambda c, least: len(np.unique(c[c >= least])),
        lambda c, least: len(np.unique(c)),
        lambda c, least: len(np.unique(c[c > 0])),
    ),
    "that is the largest count: count modes": lambda c, least: c.max(),
    "that says which modes are covered: count them": (
        lambda c, least: c >= least,
        lambda c, least: np.flatnonzero(c >= least),
    ),
}


@exercise("07.2", measures.modes_covered)
def modes_covered(answer, seed):
    """counts (M,) of samples in each mode, least=1 -> how many modes hold at least `least`."""
    counts = np.array([0, 3, 0, 1, 9, 2, 0, 1, 5, 3, 0])
    try_cases(answer, measures.modes_covered, [(counts, least) for least in (1, 3, 2)], FAULTS)
    return "covered means: holds at least so many"
