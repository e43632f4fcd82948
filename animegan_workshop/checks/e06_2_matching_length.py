"""Exercise 06.2: how long a step must be to change the picture by a given amount."""

import math
from collections.abc import Callable

from animegan_workshop.checks.tools import demand, exercise, numbers

CALLS = 30  # each draws faces
CURVES = (
    (lambda r: 8.0 * r, 20.0),
    (lambda r: 11.0 * r**0.8, 25.0),
    (lambda r: 40.0 * math.tanh(r / 4), 12.0),
    (lambda r: 2.0 * r**0.9, 23.0),
    (lambda r: 0.02 * r**0.9, 0.2),
)
"""Functions from a length to the change, each with a target; the longest step is below 17."""


def matching(change, target):
    """The length at which `change` is within 1% of `target`."""
    length, reached = 3.0, change(3.0)
    while abs(reached - target) > 0.01 * target:
        length *= target / reached
        reached = change(length)
    return length


@exercise("06.3", matching)
def matching_length(answer, seed):
    """change: length -> change, and a target -> the length that reaches the target."""
    cases = [(curve, target * (1 + seed % 3 / 20)) for curve, target in CURVES]
    got = [numbers(answer(_counted(curve, target), target)) for curve, target in cases]
    demand(all(one.ndim == 0 for one in got), "return one number, the length")
    lengths = [float(one) for one in got]
    changes = all(_within(one, target) for one, (_, target) in zip(lengths, cases))
    demand(not changes, "that is the change, or the target: return the length")
    demand(not all(_within(one, 1) for one in lengths), "that is no length: you return 1 each time")
    for length, (curve, target) in zip(lengths, cases):
        demand(length > 0, "a length is a number above 0")
        reached = curve(length)
        wanted = f"at {length:.3g} the change is {reached:.3g}, not {target:g}"
        demand(_within(reached, target), f"{wanted}: go on until it is within 1% of the target")
    return "each direction gets the length that it needs"


def _within(value: float, target: float) -> bool:
    return abs(value - target) <= 0.0101 * target


def _counted(curve: Callable, target: float) -> Callable:
    """The same function, which may be called so many times."""
    calls = 0

    def change(length):
        nonlocal calls
        calls += 1
        demand(length > 0 or length and calls > 1, "give `change` a length above 0")
        away = "your lengths go the wrong way: where the change is too small, take a longer step"
        demand(1e-30 < length < 1e30 and (calls <= CALLS or 1e-5 < length < 1e5), away)
        more = "does every call bring the length nearer?"
        demand(calls <= CALLS, f"you call `change` more than {CALLS} times: {more}")
        return curve(float(length))

    return change
