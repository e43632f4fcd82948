"""Exercise 06.3: how strongly a step favours one colour."""

import numpy as np

from animegan_workshop.checks.core import exercise, try_cases


def _gains(before, after):
    """How much the share of each value grows, of all that occur in names (N,)."""
    values = np.unique([*before, *after])
    return np.array([(after == value).mean() - (before == value).mean() for value in values])


def largest(before, after):
    """The largest gain of one value, as a share of all faces. before, after: names (N,)."""
    return _gains(before, after).max()


FAULTS = {
    "that counts faces: divide by how many there are": lambda b, a: largest(b, a) * len(b),
    "that is the largest share afterwards: subtract the share before": (
        lambda b, a: max((a == value).mean() for value in a)
    ),
    "that is the largest loss: after minus before": lambda b, a: largest(a, b),
    "the gains and losses of all values cancel: take the largest": (
        lambda b, a: _gains(b, a).sum(),
        lambda b, a: _gains(b, a).mean(),
    ),
    "that adds up all gains: take the largest": lambda b, a: np.clip(_gains(b, a), 0, None).sum(),
    "that is the share of faces that get another name: compare the shares of each value": (
        lambda b, a: (a != b).mean()
    ),
    "a loss is no gain: take the largest without abs": lambda b, a: np.abs(_gains(b, a)).max(),
    "a value that occurs only afterwards counts too": (
        lambda b, a: max((a == value).mean() - (b == value).mean() for value in b)
    ),
    "the colour that was most frequent before need not be the one that gains": (
        lambda b, a: _gains(b, a)[np.argmax([(b == value).mean() for value in np.unique([*b, *a])])]
    ),
    "the colour that is most frequent afterwards need not be the one that gains": (
        lambda b, a: _gains(b, a)[np.argmax([(a == value).mean() for value in np.unique([*b, *a])])]
    ),
    "that is the growth as a factor: take the difference of the shares": (
        lambda b, a: max((a == value).mean() / (b == value).mean() for value in b)
    ),
}


@exercise("06.3", largest)
def largest_gain(answer, seed):
    """Names before and after (N,) of the same faces -> the largest gain of one name."""
    cases = [
        (np.repeat(list("abcde"), before), np.repeat(list("abcde"), after))
        for before, after in (
            ((10, 6, 4, 0, 0), (9, 2, 2, 7, 0)),
            ((4, 11, 5, 0, 0), (7, 3, 10, 0, 0)),
            ((3, 7, 0, 0, 10), (6, 2, 3, 0, 9)),
        )
    ]
    chance = np.random.RandomState(seed)
    cases = [(before, chance.permutation(after)) for before, after in cases]
    try_cases(answer, largest, cases, FAULTS)
    return "the gain of the colour that gains most"
