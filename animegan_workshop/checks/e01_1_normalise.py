"""Exercise 01.1: pixels into the range of tanh."""

import numpy as np
import torch

from animegan_workshop.checks.tools import demand, exercise, try_cases


def normalised(levels: np.ndarray) -> torch.Tensor:
    """float32 in [-1, 1] of uint8 levels, of any shape."""
    x = torch.from_numpy(levels).float()
    low, high = 0, 255
    share = (x - low) / (high - low)
    return share * 2 - 1


FAULTS = """
your values run from 0 to 1, not from -1 to 1: stretch by 2 and shift :: share * 2 - 1 => share
divide by 127.5, half of 255 :: share * 2 - 1 => share - 0.5 :: share * 2 - 1 => share - 1
the middle of 0...255 is 127.5 :: 0, 255 => 0, 256 :: 0, 255 => 0, 254 :: 0, 255 => 1, 255
uint8 has no room for 256, make floats first :: share * 2 => torch.tensor(levels * 2) / 255
int8 ends at 127: make floats :: (levels) => (levels.astype('int8')) && * 2 - 1 => * 255 / 128
use fixed numbers, not the mean and spread of this batch
:: share * 2 - 1 => (x - x.mean()) / x.std()
:: share * 2 - 1 => (x - x.mean()) / x.std(correction=0)
levels run to 255, not to 1: your values are too large
:: share * 2 => x * 2 :: share * 2 - 1 => x :: share * 2 => x :: share * 2 - 1 => x - 127.5
use 0 and 255, not the smallest or largest level of the batch :: 0, 255 => x.min(), x.max()
:: 0, 255 => 0, x.max() :: 0, 255 => x.min(), x.max() && * 2 - 1 =>
the map is a straight line: no tanh :: share * 2 - 1 => (2 * share - 1).tanh()
the brackets are wrong: divide by 127.5, then subtract 1 :: share * 2 - 1 => x / 126.5
"""


@exercise("01.2", normalised)
def normalise(answer, seed):
    """uint8 (..., H, W) with levels 0 to 255 -> float32 of the same shape in [-1, 1]."""
    levels = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    dim = np.array([[40, 41, 100], [230, 180, 77]], np.uint8)
    black = np.array([[0, 1, 1]], np.uint8)
    try_cases(answer, normalised, [(dim,), (levels,), (black,)], FAULTS)
    kind = answer(levels).dtype
    demand(kind == torch.float32, f"networks want float32, not {kind}: add .float()")
    return "0...255 became -1...1"
