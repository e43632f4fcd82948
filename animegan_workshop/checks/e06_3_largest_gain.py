"""Exercise 06.3: how strongly a step favours one colour."""

import numpy as np

from animegan_workshop.checks.tools import exercise, try_cases


def largest(before, after):
    """The largest gain of one name, as a share of all faces. before, after: names (N,)."""
    names = np.unique(after)
    old, new = ((given == names[:, None]).mean(1) for given in (before, after))
    return (new - old).max()


FAULTS = """
that counts faces: divide by how many there are :: .mean(1) => .sum(1)
    :: .mean(1) => .sum(1) / 100 :: .mean(1) => .sum(1) / 200
divide by the number of faces, not by the number of different names
    :: .mean(1) => .sum(1) / len(names)
    :: .mean(1) => .sum(1) / len(names) && unique(after) => unique([*before, *after])
that is the largest share afterwards: subtract the share before :: new - old => new
that is the largest loss: after minus before :: new - old => old - new
    :: new - old => old - new && .max() => .max().clip(0)
    :: new - old => old - new && unique(after) => unique([*before, *after])
the gains and losses of all names cancel: take the largest :: .max() => .mean()
    :: .max() => .sum() :: unique(after) => unique([*before, *after]) && .max() => .sum()
that is the sum of all gains: take the largest :: (new - old) => (new - old).clip(0) && max => sum
that is the share of faces that changed: compare the shares of each name
    :: (new - old).max() => (before != after).mean()
that is the share of faces that took on a name: subtract those that lost it
    :: (new - old).max() => max(((after == n) & (before != n)).mean() for n in names)
a loss is no gain: take the largest without abs :: (new - old) => np.abs(new - old)
    :: (new - old) => np.abs(new - old) && unique(after) => unique([*before, *after])
a name that occurs only afterwards counts too :: unique(after) => unique(before)
    :: unique(after) => unique(before) && .max() => .max().clip(0)
the name that was most frequent before need not be the one that gains most
    :: unique(after) => unique(before) && .max() => [old.argmax()]
the name that is most frequent afterwards need not be the one that gains most
    :: .max() => [new.argmax()]
that is the gain of the first name alone: take the largest, after the loop
    :: .max() => [0] :: .max() => [0].clip(0)
that is the gain of the last name alone: take the largest
    :: .max() => [-1] :: .max() => [-1].clip(0)
that is the growth as a factor: take the difference of the shares :: new - old => new / old
    :: new - old => new / old - 1 :: new - old => new / np.maximum(old, 1e-9) - 1
    :: new - old => new / np.maximum(old, 1e-9) :: new - old => (new - old) / np.where(old, old, 1)
    :: (new - old) => np.append(0, (new / old - 1)[old > 0])
"""


@exercise("06.3", largest)
def largest_gain(answer, seed):
    """Names before and after (N,) of the same faces -> the largest gain of one name."""
    counts = (
        ((10, 6, 4, 3, 0), (9, 3, 2, 9, 0)),
        ((4, 11, 6, 2, 0), (7, 3, 11, 2, 0)),
        ((3, 7, 0, 0, 15), (6, 2, 3, 0, 14)),
        ((1, 0, 0, 0, 0), (0, 0, 1, 0, 0)),
    )
    chance = np.random.default_rng(seed)
    names = np.array(["black", "blue", "grey", "pink", "red"])
    cases = [(names.repeat(old), chance.permutation(names.repeat(new))) for old, new in counts]
    try_cases(answer, largest, cases, FAULTS)
    return "the gain of the colour that gains most"
