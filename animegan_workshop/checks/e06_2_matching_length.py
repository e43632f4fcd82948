"""Exercise 06.2: how long a step must be to change the picture by a given amount."""

import math

from animegan_workshop.checks.core import demand, exercise, numbers

CALLS = 30  # each draws faces
CURVES = (lambda r: 8.0 * r, lambda r: 11.0 * r**0.8, lambda r: 40.0 * math.tanh(r / 4))
"""length -> change"""


def matching(change, target):
    """The length at which `change` is within 1% of `target`."""
    length, reached = 3.0, change(3.0)
    while abs(reached - target) > 0.01 * target:
        length *= target / reached
        reached = change(length)
    return length


FAULTS = {
    "that is the target, or the change reached: return the length": (
        lambda change, target: target,
        lambda change, target: change(matching(change, target)),
    ),
    "that assumes a change in proportion: measure at the new length, and correct it again": tuple(
        lambda change, target, first=first: first * target / change(first)
        for first in (0.1, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0)
    ),
    "that is the correction by which the last length was multiplied: return the length": (
        lambda change, target: target / change(matching(change, target))
    ),
    "a step that changes too little must get longer, not shorter": tuple(
        lambda change, target, first=first: first * change(first) / target
        for first in (0.1, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0)
    ),
    "you return the length at which you begin": (
        lambda change, target: 1.0,
        lambda change, target: 3.0,
    ),
    "the length has the wrong sign": lambda change, target: -matching(change, target),
}


@exercise("06.3", matching)
def matching_length(answer, seed):
    """change: length -> change, and a target -> the length that reaches the target."""
    targets = 20.0 + seed % 3, 25.0, 12.0
    cases = [(curve, target) for curve, target in zip(CURVES, targets)]
    got = [numbers(answer(_counted(curve), target)) for curve, target in cases]
    demand(all(one.ndim == 0 for one in got), "return one number, the length")
    for sentence, faults in FAULTS.items():
        for fault in faults if isinstance(faults, tuple) else (faults,):
            wrong = [fault(*case) for case in cases]
            same = all(abs(a - b) <= 1e-3 * abs(b) for a, b in zip(got, wrong))
            right = all(_reached(*case, one) for case, one in zip(cases, wrong))
            demand(right or not same, sentence)
    for case, one in zip(cases, got):
        demand(float(one) > 0, "a length is a number above 0")
        reached = case[0](float(one))
        advice = "go on until the change is within 1% of the target"
        demand(
            _reached(*case, one), f"there the change is {reached:.3g}, not {case[1]:g}: {advice}"
        )
    return "each direction gets the length that it needs"


def _reached(curve, target, length) -> bool:
    return length > 0 and abs(curve(float(length)) - target) <= 0.0101 * target


def _counted(curve):
    """The same function, which may be called so many times."""
    calls = 0

    def change(length):
        nonlocal calls
        calls += 1
        more = "does every call bring the length nearer?"
        demand(calls <= CALLS, f"you call `change` more than {CALLS} times: {more}")
        return curve(float(length))

    return change
