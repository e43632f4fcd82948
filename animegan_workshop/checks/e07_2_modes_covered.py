"""Exercise 07.2: how many modes a number of draws covers (rarefaction)."""

import numpy as np

from animegan_workshop.checks.tools import exercise, try_cases


def modes_covered_of(counts: np.ndarray, draws: int) -> float:
    """How many modes `draws` of the faces cover on average, drawn without putting back.

    counts (M,): faces in each mode. Hurlbert 1971, Ecology 52.
    """
    total, modes = counts.sum(), len(counts)
    missed = np.ones(modes)
    for gone in range(draws):
        others = np.clip(total - counts - gone, 0, None)
        missed = missed * others / (total - gone)
    return (1 - missed).sum()


FAULTS = """
that is how many modes all faces cover: `draws` is not used :: 1 - missed => counts > 0
you put each face back: the faces left become fewer :: range(draws) => [0] * draws
those are the modes that the draws miss: take 1 - the chance :: 1 - missed => missed
that is the share of the modes: return how many :: missed).sum() => missed).mean()
that is the most that the draws can cover: several may hit one mode, which counts once
:: total, => return min(draws, (counts > 0).sum()); total, :: total, => return draws; total,
a mode that several draws hit counts once :: 1 - missed => np.minimum(draws * counts / total, 1)
you draw one face too few :: range(draws) => range(draws - 1) :: range(draws) => range(1, draws)
you draw one face too many :: range(draws) => range(draws + 1)
all modes are not equally likely :: 1 - missed => 1 - np.full(modes, 1 - 1 / modes) ** draws
the faces in all get fewer as well: divide by total - gone :: / (total - gone) => / total
the faces of the other modes get fewer as well :: total - counts - gone => total - counts
multiply the chances of all draws: yours is that of the last :: missed * others => others
the number of faces is the sum of counts, nothing fixed :: counts.sum(), => 5000,
the number of faces is the sum of counts, not their length :: counts.sum(), => len(counts),
:: counts.sum(), => len(counts), && (total - gone) => max(total - gone, 1)
where few other faces are left, a mode cannot be missed: that chance is 0 :: 0, None => 1, None
exp is an approximation: multiply the exact chances
:: 1 - missed => 1 - np.exp(-draws * counts / total)
large products overflow whole numbers of 64 bits: multiply floats
:: np.ones(modes) => np.ones(modes, int); bottom = np.ones(1, int)
&& / (total - gone) => ; bottom = bottom * (total - gone) && 1 - missed => 1 - missed / bottom
"""


@exercise("07.3", modes_covered_of)
def modes_covered(answer, seed):
    """counts (M,) of faces in each mode, draws -> the expected number of modes among the draws."""
    random = np.random.default_rng(seed)
    few, many = random.integers(1, 9, 7), random.integers(0, 20, 30)
    cases = [(np.append(few, [0, 14]), draws) for draws in (1, 3, 8)]
    cases += [(few[:5], 4), (many, 25), (np.array([3]), 2)]
    try_cases(answer, modes_covered_of, cases, FAULTS, luck=0.4)
    return "a mode counts once, however many draws fall into it"
