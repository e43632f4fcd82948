"""Exercise 03.1: the transposed convolution as stamps."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from animegan_workshop.checks.core import exercise, try_cases


def stamp(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """Transposed convolution of x (H, H), kernel (k, k): each value adds its copy of the kernel."""
    return _stamped(x, kernel, stride, lambda below, new: below + new)


def _stamped(x, kernel, stride, put, step=None) -> np.ndarray:
    """`put`: what a stamp does to what lies below it; `step`: how far apart stamps really lie."""
    k, side, step = len(kernel), (len(x) - 1) * stride + len(kernel), step or stride
    y = np.zeros((side, side))
    for i, j in np.ndindex(x.shape):
        place = slice(i * step, i * step + k), slice(j * step, j * step + k)
        y[place] = put(y[place], x[i, j] * kernel)
    return y


FAULTS = {
    "that is an ordinary convolution, which gathers; this one scatters": (
        lambda x, kernel, s: np.einsum("ijab,ab", sliding_window_view(x, kernel.shape), kernel)
    ),
    "where stamps overlap, yours shows the last one only: add them up, += and not =": (
        lambda x, kernel, s: _stamped(x, kernel, s, lambda below, new: new)
    ),
    "your kernel is turned by 180 degrees": lambda x, kernel, s: stamp(x, kernel[::-1, ::-1], s),
    "your kernel is transposed": lambda x, kernel, s: stamp(x, kernel.T, s),
    "rows and columns of x are swapped": lambda x, kernel, s: stamp(x.T, kernel, s),
    "the stamps lie one pixel apart: start them at i s and j s": (
        lambda x, kernel, s: _stamped(x, kernel, s, lambda below, new: below + new, step=1)
    ),
    "multiply each stamp by its input value": lambda x, kernel, s: stamp(x**0, kernel, s),
    "your output holds whole numbers only: start from np.zeros, no integer array": (
        lambda x, kernel, s: _stamped(x, kernel, s, lambda below, new: np.trunc(below + new)),
        lambda x, kernel, s: np.trunc(stamp(x, kernel, s)),
    ),
}


@exercise("03.2", stamp)
def transposed_convolution(answer, seed):
    """x (H, H), kernel (k, k), stride s -> y of side (H-1) s + k; y[i s + a, j s + b] adds x k."""
    random = np.random.default_rng(seed)
    cases = [
        (random.normal(size=(h, h)), random.normal(size=(k, k)), stride)
        for h, k, stride in ((5, 3, 2), (4, 3, 1), (2, 2, 3))
    ]
    try_cases(answer, stamp, cases, FAULTS, hint=": the last stamp starts at (H-1) s, k wide")
    return "stamps, scaled and added up"
