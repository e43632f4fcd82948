"""Exercise 06.6: arithmetic with averaged z."""

import torch
from torch.nn.functional import normalize

from animegan_workshop.checks.core import exercise, try_cases


def _unit(v):
    return normalize(v, dim=0)


def moved(z_with, z_without, base, length=4.0):
    """The base (z_dim,), after a step from the mean of z_without to that of z_with (k, z_dim)."""
    return base + length * _unit(z_with.mean(0) - z_without.mean(0))


FAULTS = {
    "make the step length 1 first, then as long as asked for": (
        lambda a, b, c, length=4.0: c + a.mean(0) - b.mean(0),
        lambda a, b, c, length=4.0: c + length * (a.mean(0) - b.mean(0)),
    ),
    "`length` is not used": (
        lambda a, b, c, length=4.0: moved(a, b, c, 1.0),
        lambda a, b, c, length=4.0: moved(a, b, c, 4.0),
    ),
    "with and without are swapped": lambda a, b, c, length=4.0: moved(b, a, c, length),
    "that is the step: add it to the base": lambda a, b, c, length=4.0: moved(a, b, 0 * c, length),
    "subtract z_without's average, do not add it": (
        lambda a, b, c, length=4.0: c + length * _unit(a.mean(0) + b.mean(0))
    ),
    "you use the first face of each: average over all k": (
        lambda a, b, c, length=4.0: moved(a[:1], b[:1], c, length)
    ),
    "take averages, since the two may differ in number: .mean(0), not .sum(0)": (
        lambda a, b, c, length=4.0: c + length * _unit(a.sum(0) - b.sum(0))
    ),
    "the step has the length, the result has not": (
        lambda a, b, c, length=4.0: length * _unit(c + a.mean(0) - b.mean(0)),
        lambda a, b, c, length=4.0: length * _unit(moved(a, b, c, length)),
    ),
    "the average of z_without is never subtracted": (
        lambda a, b, c, length=4.0: c + length * _unit(a.mean(0))
    ),
    "subtract first, then divide by the length": (
        lambda a, b, c, length=4.0: c + length * _unit(_unit(a.mean(0)) - _unit(b.mean(0)))
    ),
}


@exercise("06.5", moved)
def face_arithmetic(answer, seed):
    """z (k, z_dim) with and without, a base (z_dim,), a length -> the base after the step."""
    some, others, base = torch.randn(5, 20) + 0.5, torch.randn(8, 20), torch.randn(20)
    cases = [(some, others, base, 4.0), (some[:3], others, base, 2.5)]
    try_cases(answer, moved, cases, FAULTS, 1e-4)
    return "averages first, then one step of the given length"
