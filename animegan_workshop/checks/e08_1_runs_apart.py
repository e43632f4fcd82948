"""Exercise 08.1: when a few seeds count as a difference."""

import numpy as np

from animegan_workshop.checks.core import demand, exercise, try_cases
from animegan_workshop.experiments.results import apart


def _gap(a: np.ndarray, b: np.ndarray) -> float:
    return a.mean() - b.mean()


FAULTS = {
    "you compare the means: compare worst with best": lambda a, b: np.sign(_gap(a, b)),
    "you compare the medians: compare worst with best": (
        lambda a, b: np.sign(np.median(a) - np.median(b))
    ),
    "you compare the best runs only": lambda a, b: np.sign(a.max() - b.max()),
    "you compare the worst runs only": lambda a, b: np.sign(a.min() - b.min()),
    "you compare run by run: compare every run of a with every run of b": (
        lambda a, b: int((a > b).all()) - int((a < b).all())
    ),
    "you compare the first or last runs only": (
        lambda a, b: np.sign(a[0] - b[0]),
        lambda a, b: np.sign(a[-1] - b[-1]),
        lambda a, b: int(a[0] > b[-1]) or -int(a[-1] < b[0]),
    ),
    "-1 is missing: a may also lie below b": lambda a, b: max(apart(a, b), 0),
    "1 is missing: a may also lie above b": lambda a, b: min(apart(a, b), 0),
    "0 is missing: where arms overlap there is no difference": (
        lambda a, b: 1 if a.min() > b.max() else -1,
        lambda a, b: -1 if a.max() < b.min() else 1,
    ),
    "yours calls arms that overlap a little apart: not one run may be on the wrong side": (
        lambda a, b: np.sign(_gap(a, b)) * (abs(_gap(a, b)) > max(a.std(), b.std()))
    ),
    "equal values are no difference: > and <, not >= and <=": (
        lambda a, b: int(a.min() >= b.max()) or -int(a.max() <= b.min())
    ),
}


@exercise("08.5", apart)
def runs_apart(answer, seed):
    """Last values of two arms -> 1 if all runs of a are above all of b, -1 if below, else 0."""
    random = np.random.default_rng(seed)
    # small whole numbers, so that equal values come up as well
    gaps = np.repeat(np.arange(-6, 7), 4)
    cases = [(random.integers(0, 6, 3) + float(g), random.integers(0, 6, 3) * 1.0) for g in gaps]
    got = [answer(a.copy(), b.copy()) for a, b in cases]
    verdicts = all(isinstance(value, (bool, np.bool_)) for value in got)
    demand(not verdicts, "return 1, -1 or 0, not True or False: who is higher matters too")
    missing = any(value is None for value in got)
    demand(not missing, "your function returns None, perhaps only where the arms overlap")
    try_cases(answer, apart, cases, FAULTS)
    return "apart only where no run is on the wrong side"
