"""Exercise 03.1: the transposed convolution as stamps."""

import numpy as np

from animegan_workshop.checks.tools import exercise, try_cases


def stamp(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """Transposed convolution of x (H, H), kernel (k, k): each value adds its copy of the kernel."""
    k = len(kernel)
    side = (len(x) - 1) * stride + k
    y = np.zeros((side, side))
    for i, j in np.ndindex(x.shape):
        top, left = i * stride, j * stride
        y[top : top + k, left : left + k] += x[i, j] * kernel
    return y


FAULTS = """
    where stamps overlap, yours shows the last one only: add them up, += and not = :: += => =
    your kernel is turned by 180 degrees :: * kernel => * kernel[::-1, ::-1]
    your kernel is transposed :: * kernel => * kernel.T
    rows and columns of x are swapped :: x[i, j] => x[j, i]
    the stride holds for rows and columns :: j * stride => j :: i * stride, j => i, j
    the stamps lie one pixel apart: start them at i s and j s :: i * stride, j * stride => i, j
    multiply each stamp by its input value :: x[i, j] * kernel => kernel
    the loops leave out the last row or column of x :: x.shape => x[1:, 1:].shape
    return stands inside a loop :: x.shape => x[:1].shape :: x.shape => x[:1, :1].shape
    stamps lose their fraction: no integers :: x[i, j] * kernel => np.trunc(x[i, j] * kernel)
        :: y[top : top + k, left : left + k] += x[i, j] * kernel
        => s = np.s_[top : top + k, left : left + k]; y[s] = np.trunc(y[s] + x[i, j] * kernel)
    you cut pixels off the sides: there is no padding here :: return y => return y[1:-1, 1:-1]
    where stamps overlap, add them up: no average
        :: += x[i, j] * kernel => += x[i, j] * kernel + 1j && side)) => side), complex)
        && return y => return y.real / y.imag.clip(1)
"""


@exercise("03.2", stamp)
def transposed_convolution(answer, seed):
    """x (H, H), kernel (k, k), stride s -> y of side (H-1) s + k; y[i s + a, j s + b] adds x k."""
    random = np.random.default_rng(seed)
    sizes = (5, 3, 2), (4, 3, 1), (3, 2, 3), (1, 1, 4)
    cases = [(random.normal(size=(h, h)), random.normal(size=(k, k)), s) for h, k, s in sizes]
    try_cases(answer, stamp, cases, FAULTS, hint=": the last stamp starts at (H-1) s, k wide")
    return "stamps, scaled and added up"
