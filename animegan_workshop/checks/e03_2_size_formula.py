"""Exercise 03.2: the size of the output."""

import numpy as np

from animegan_workshop.checks.core import demand, exercise, shorten, try_cases


def side_after_stamping(h: int, k: int, s: int, p: int, extra: int = 0) -> int:
    """The side of the output: input side h, kernel k, stride s, padding p, output padding extra."""
    return (h - 1) * s - 2 * p + k + extra


FAULTS = {
    "that is an ordinary convolution's size": lambda h, k, s, p, e: (h + 2 * p - k) // s + 1,
    "padding makes it smaller, not larger": lambda h, k, s, p, e: (h - 1) * s + 2 * p + k + e,
    "padding is cut from both sides: 2 p": lambda h, k, s, p, e: (h - 1) * s - p + k + e,
    "the padding is missing: it is cut from both sides": lambda h, k, s, p, e: (h - 1) * s + k + e,
    "the last stamp starts at (h - 1) s, not at h s": lambda h, k, s, p, e: h * s - 2 * p + k + e,
    "the last stamp is k wide: add k": lambda h, k, s, p, e: (h - 1) * s - 2 * p + e,
    "add k, not k - 1": lambda h, k, s, p, e: (h - 1) * s - 2 * p + k - 1 + e,
    "the output padding `extra` is missing": lambda h, k, s, p, e: (h - 1) * s - 2 * p + k,
    "`extra` is added once": lambda h, k, s, p, e: (h - 1) * s - 2 * p + k + 2 * e,
    "add `extra`, do not subtract it": lambda h, k, s, p, e: (h - 1) * s - 2 * p + k - e,
    "that doubles the side, whatever kernel and stride are": lambda h, k, s, p, e: 2 * h,
    "that is h s, which is right for some kernels and paddings only": lambda h, k, s, p, e: h * s,
}


@exercise("03.3", side_after_stamping)
def size_formula(answer, seed):
    """Side h in, kernel k, stride s, padding p, output padding extra -> the side of the output."""
    cases = [(1, 4, 1, 0, 0), (5, 3, 2, 1, 1), (7, 5, 3, 2, 2), (6, 2, 4, 0, 0)]
    more = np.random.default_rng(seed).integers((3, 3, 2, 0, 0), (9, 6, 5, 2, 2), (20, 5))
    cases += [tuple(row) for row in more.tolist()]
    for got in [answer(4, 4, 2, 1), *(answer(*case) for case in cases)]:
        whole = got is None or (np.ndim(got) == 0 and np.asarray(got).dtype.kind in "iu")
        demand(whole, f"a side is a whole number: no /, no float; yours is {shorten(got)}")
    try_cases(answer, side_after_stamping, cases, FAULTS)
    return f"all {len(cases)} settings, and 1, 4, 8, 16, 32, 64 for G"
