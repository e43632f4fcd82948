"""Exercise 06.6: directions at right angles, by Gram and Schmidt."""

import torch
from torch.nn.functional import normalize

from animegan_workshop.checks.core import exercise, try_cases


def gram_schmidt(ways):
    """Each of (K, z_dim) without its parts along the rows before it, at length 1: (K, z_dim)."""
    done = []
    for way in ways:
        for other in done:
            way = way - (way @ other) * other
        done.append(normalize(way, dim=0))
    return torch.stack(done)


def _with(step, length=True):
    """Gram and Schmidt with another step: the row, one that is finished -> the row after it."""

    def rows(ways):
        done = []
        for way in ways:
            for other in done:
                way = step(way, other)
            done.append(normalize(way, dim=0) if length else way)
        return torch.stack(done)

    return rows


def _along_given(ways):
    """The parts along the rows as they were given, before anything was removed from them."""
    rest = [way - sum((way @ other) * other for other in ways[:k]) for k, way in enumerate(ways)]
    return torch.stack(rest)


_unscaled = _with(lambda way, other: way - (way @ other) * other, length=False)

FAULTS = {
    "nothing is removed: the rows are as they were": lambda ways: ways.clone(),
    "the rows are at right angles but not of length 1: divide each by its norm": (
        _with(lambda way, other: way - (way @ other) / (other @ other) * other, length=False)
    ),
    "make each row length 1 before you remove its part from the next": (
        _unscaled,
        lambda ways: normalize(_unscaled(ways)),
    ),
    "remove the parts along the rows that are finished, not along the rows as given": (
        _along_given,
        lambda ways: normalize(_along_given(ways)),
    ),
    "subtract the part along the other row, do not add it": (
        _with(lambda way, other: way + (way @ other) * other)
    ),
    "subtract only the part along the other row: its length is the dot product": (
        _with(lambda way, other: way - other)
    ),
    "the first row must stay, and the last give way: you began at the end": (
        lambda ways: gram_schmidt(ways.flip(0)).flip(0)
    ),
    "the rows are in reverse order": lambda ways: gram_schmidt(ways).flip(0),
    "return all rows, not only the last": lambda ways: gram_schmidt(ways)[-1],
}


@exercise("06.4", gram_schmidt)
def orthogonal(answer, seed):
    """Directions (K, z_dim), of length 1 -> the same number, each at right angles to all before."""
    cases = [(normalize(torch.randn(k, 20) + 0.7 * torch.randn(20)),) for k in (2, 3, 4)]
    try_cases(answer, gram_schmidt, cases, FAULTS, 1e-4)
    return "every row is at right angles to the rows before it"
