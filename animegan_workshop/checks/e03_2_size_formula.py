"""Exercise 03.2: the size of the output."""

import numpy as np

from animegan_workshop.checks.tools import demand, exercise, shorten, try_cases


def side_after_stamping(h: int, k: int, s: int, p: int, extra: int = 0) -> int:
    """The side of the output: input side h, kernel k, stride s, padding p, output padding extra."""
    side = (h - 1) * s + k
    return side - 2 * p + extra


FAULTS = """
    that is an ordinary convolution's size :: side - 2 * p => (h + 2 * p - k) // s + 1
    an ordinary convolution's size is not asked :: side - 2 * p + extra => (h + 2 * p - k) // s + 1
    padding makes it smaller, not larger :: - 2 * p => + 2 * p
    padding is cut from both sides: 2 p :: 2 * p => p
    padding counts pixels, not strides: 2 p :: 2 * p => s * p :: 2 * p => 2 * s * p
    the padding is missing: it is cut from both sides :: - 2 * p =>
    the last stamp starts at (h - 1) s, not at h s :: (h - 1) => h
    h and k are swapped: h - 1 strides, then a kernel of k :: (h - 1) * s + k => (k - 1) * s + h
    the last stamp is k wide: add k :: + k =>
    add k, not k - 1 :: + k => + k - 1
    the kernel is k, not always 4 :: + k => + 4
    a kernel smaller than the stride leaves gaps, but no larger side
        :: (h - 1) * s + k => h * s + max(k - s, 0)
    the order of the arguments is h, k, s, p, extra :: k: int, s: int => s: int, k: int
        :: s: int, p: int => p: int, s: int :: k: int, s: int, p: int => p: int, s: int, k: int
    the stride is s, not always 2 :: * s => * 2
    the output padding `extra` is missing :: + extra =>
    `extra` is added once, in pixels :: + extra => + 2 * extra :: + extra => + s * extra
    add `extra`, do not subtract it :: + extra => - extra
    that doubles the side, whatever kernel and stride are :: side - 2 * p + extra => 2 * h
    that is h s, which is right for some kernels and paddings only :: side - 2 * p + extra => h * s
"""


@exercise("03.3", side_after_stamping)
def size_formula(answer, seed):
    """Side h in, kernel k, stride s, padding p, output padding extra -> the side of the output."""
    cases = [(1, 4, 1, 0, 0), (5, 3, 2, 1, 1), (7, 5, 3, 2, 2), (9, 3, 1, 1, 0)]
    more = np.random.default_rng(seed).integers((3, 3, 2, 0, 0), (9, 6, 5, 2, 2), (20, 5))
    cases += [tuple(row) for row in more.tolist()]
    for got in [answer(4, 4, 2, 1), *(answer(*case) for case in cases)]:
        whole = got is None or (np.ndim(got) == 0 and np.asarray(got).dtype.kind in "iu")
        demand(whole, f"a side is one whole number: no /, no float; yours is {shorten(got)}")
    try_cases(answer, side_after_stamping, cases, FAULTS)
    demand(answer(4, 4, 2, 1) == 8, "`extra` is 0 where it is not given")
    return f"all {len(cases)} settings, and 1, 4, 8, 16, 32, 64 for G"
