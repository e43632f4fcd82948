"""Check of notebook 08: when a few seeds count as a difference."""

from collections.abc import Callable

import numpy as np

from animegan_workshop.checks.core import CheckFailed, demand, exercise
from animegan_workshop.experiments.results import apart

LIKELY = {
    "you compare the means: one lucky run can move a mean; the worst run of one arm must beat the best of the other, "
    "see 08.5": lambda a, b: np.sign(a.mean() - b.mean()),
    "you compare the best runs only: luck decides those; compare the worst of one arm with the best of the other, "
    "see 08.5": lambda a, b: np.sign(a.max() - b.max()),
    "you compare the worst runs only: compare the worst of one arm with the best of the other, see 08.5": lambda a, b: (
        np.sign(a.min() - b.min())
    ),
    "you compare run by run; the rule is stricter: every run of a against every run of b, see 08.5": lambda a, b: (
        int((a > b).all()) - int((a < b).all())
    ),
    "the sign is turned: 1 means that a is higher, see 08.5": lambda a, b: -apart(a, b),
    "-1 is missing: a may also lie below b, see 08.5": lambda a, b: max(apart(a, b), 0),
    "yours calls arms that overlap a little apart: not one run may be on the wrong side, see 08.5": lambda a, b: (
        np.sign(a.mean() - b.mean()) * (abs(a.mean() - b.mean()) > max(a.std(), b.std()))
    ),
    "equal values are no difference: > and <, not >= and <=, see 08.5": lambda a, b: (
        int(a.min() >= b.max()) or -int(a.max() <= b.min())
    ),
}


@exercise("08.5", apart)
def runs_apart(answer: Callable[[np.ndarray, np.ndarray], int], seed: int) -> str:
    """Last values of two arms, (n,) and (m,) -> 1 if every run of a is above every run of b, -1 if below, else 0."""
    random = np.random.default_rng(seed)
    cases = [
        ([5, 6, 7], [1, 2, 3]),
        ([1, 2, 3], [5, 6, 7]),
        ([1, 2, 9], [1.5, 3, 4]),
        ([4, 5, 9], [1, 4.5, 5]),
        ([3, 4, 5], [2, 3, 1]),
        ([2, 4, 6], [1, 3, 5]),
        ([0.2, 0.9, 0.5], [0.8, 0.1, 0.3]),
        ([6, 7, 8], [1, 2, 5]),
        ([1, 3, 5], [2, 4, 6]),
        ([0, 0, 9], [4, 5, 6]),
        ([0, 8, 9], [4, 5, 6]),
        ([4, 5, 6], [5.5, 9, 9]),
    ]
    cases = [(np.array(a, float), np.array(b, float)) for a, b in cases]
    cases += [(random.normal(0, 1, 3), random.normal(gap, 1, 3)) for gap in (0, 2, -4)]
    got = [answer(a.copy(), b.copy()) for a, b in cases]
    demand(
        None not in got,
        "your function returns None: its last line must be a return, also where the arms overlap",
    )
    demand(
        all(np.ndim(value) == 0 for value in got),
        "return one number for the two arms, 1, -1 or 0, see 08.5",
    )
    if not any(value < 0 for value in got) and all(
        isinstance(value, (bool, np.bool_)) for value in got
    ):
        raise CheckFailed(
            "return 1, -1 or 0, not True or False: who is higher matters too, see 08.5"
        )
    wanted = [apart(a, b) for a, b in cases]
    if [int(value) for value in got] == wanted:
        return "apart only where no run is on the wrong side"
    for sentence, likely in LIKELY.items():
        if [int(value) for value in got] == [int(likely(a, b)) for a, b in cases]:
            raise CheckFailed(sentence)
    a, b, mine, right = next((a, b, g, w) for (a, b), g, w in zip(cases, got, wanted) if g != w)
    raise CheckFailed(
        f"a = {a.round(2).tolist()}, b = {b.round(2).tolist()} must give {right}, yours gives {mine}, "
        f"see 08.5"
    )
