"""Exercise 01.1: pixels into the range of tanh."""

import numpy as np
import torch

from animegan_helpers.faces import to_tensor
from animegan_workshop.checks.core import demand, exercise, shorten, try_cases


def _spread(levels: np.ndarray, less: int) -> np.ndarray:
    """Mean 0 and standard deviation 1 over the batch, divided by N - less."""
    return (levels - levels.mean()) / max(levels.std(ddof=less), 1e-9)


def _stretched(levels: np.ndarray) -> np.ndarray:
    """From 0 at the batch's darkest level to 1 at its lightest."""
    return (levels.astype(float) - levels.min()) / max(np.ptp(levels), 1e-9)


FAULTS = {
    "your values run from 0 to 1, not from -1 to 1: stretch by 2 and shift": lambda x: x / 255,
    "your values run from -0.5 to 0.5: divide by 127.5, half of 255": lambda x: x / 255 - 0.5,
    "255 becomes 0.992: the middle of 0...255 is 127.5, not 128": lambda x: x / 128 - 1,
    "255 becomes 1.008: the middle of 0...255 is 127.5, not 127": lambda x: x / 127 - 1,
    "black and white are swapped: 0 must become -1 and 255 must become 1": lambda x: 1 - x / 127.5,
    "uint8 has no room for 256: make floats before you calculate": lambda x: (x * 2) / 255 - 1,
    "you divide by the spread of this batch: use the same numbers for every batch": (
        lambda x: _spread(x, 0),
        lambda x: _spread(x, 1),
    ),
    "you use the smallest or largest level of the batch: use 0 and 255": (
        lambda x: 2 * _stretched(x) - 1,
        lambda x: 2 * (x / x.max()) - 1,
        _stretched,
    ),
}


@exercise("01.2", to_tensor)
def normalise(answer, seed):
    """uint8 (..., H, W) with levels 0 to 255 -> float32 of the same shape in [-1, 1]."""
    levels = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    dim = np.array([[40, 41, 100], [230, 180, 77]], np.uint8)
    got = answer(levels.copy())
    tensor = got is None or isinstance(got, torch.Tensor)
    demand(tensor, f"return a torch tensor, not {shorten(got)}: torch.from_numpy makes one")
    try_cases(answer, to_tensor, [(dim,), (levels,)], FAULTS)
    try_cases(answer, to_tensor, [(np.full((2, 3), 100, np.uint8),)], {})  # an even grey
    demand(got.dtype == torch.float32, f"networks want float32, not {got.dtype}: add .float()")
    return "0...255 became -1...1"
