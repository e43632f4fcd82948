"""Exercise 01.2: from the range of tanh back to pixels."""

import numpy as np
import torch

from animegan_workshop.checks.tools import demand, exercise, try_cases


def levels_of(images: torch.Tensor) -> np.ndarray:
    """uint8 0 to 255 of values in [-1, 1], each to the nearest level; what lies outside is cut."""
    plus, times = 1, 127.5
    levels = ((images + plus) * times).round().clamp(0, 255)
    return levels.to(torch.uint8).numpy()


FAULTS = """
uint8 cuts off the decimals: round first :: .round() => :: .round() => && 127.5 => 128
you round up: take the nearest :: round() => ceil() :: round() => add(0.99)
:: round() => add(0.5).round() :: round() => add(1).floor()
your values run from 0 to 1: multiply by 255 as well :: 127.5 => 0.5
the values run from -1 to 1, not from 0 to 1: add 1 before you multiply :: = 1, => = 0,
:: = 1, => = 0, && .clamp(0, 255) => :: = 1, 127.5 => = 0, 255
multiply by 127.5, half of 255 :: 127.5 => 128 :: 127.5 => 127 :: 127.5 => 255
:: 127.5 => 128 && .clamp(0, 255) => :: 127.5 => 255 && .clamp(0, 255) =>
the brackets are missing: add 1 first, then multiply :: 1, 127.5 => 127.5, 1 :: = 1, => = 1 / 127.5,
use -1 and 1, not the darkest and lightest value of the picture
:: 1, 127.5 => -images.min(), 255 / (images.max() - images.min())
black and white are swapped :: images + => -images +
limit the levels, at the end, to 0...255 :: (0, 255) => (-1, 1) :: (0, 255) => (0, 1)
"""
CLAMP = "clamp to 0...255 before you convert: -1.2 and 1.1 must not wrap :: .clamp(0, 255) =>"


@exercise("01.2", levels_of)
def to_levels(answer, seed):
    """float (..., H, W) in [-1, 1] -> uint8 levels of the same shape, undoing `normalise`."""
    whole = torch.arange(256).reshape(1, 1, 16, 16) / 127.5 - 1
    between = torch.tensor([[20.75, 140.25, 99.6], [3.4, 77.3, 201.7]]) / 127.5 - 1
    kind = getattr(answer(whole.clone()), "dtype", np.uint8)
    stored = kind in (np.uint8, torch.uint8)
    demand(stored, f"pixels are stored as uint8, yours as {kind}: round, limit, convert")
    try_cases(answer, levels_of, [(between,), (whole,)], FAULTS)
    try_cases(answer, levels_of, [(torch.tensor([[-1.2, 1.1]]),)], CLAMP)
    return "all 256 levels there and back"
