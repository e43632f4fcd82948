"""Exercise 01.2: from the range of tanh back to pixels."""

import numpy as np
import torch

from animegan_helpers.faces import to_uint8
from animegan_workshop.checks.core import demand, exercise, try_cases


def _levels(x: torch.Tensor, scale: float = 127.5, plus: float = 0.0) -> np.ndarray:
    """Levels that are not rounded yet."""
    return (x.double().numpy() + 1) * scale + plus


def _wrapped(levels: np.ndarray) -> np.ndarray:
    """Converted to uint8: cut off, then wrapped round at 256."""
    return np.trunc(levels) % 256


def _stretched(x: torch.Tensor) -> np.ndarray:
    """The picture stretched to its own darkest and lightest value."""
    return (255 * (x - x.min()) / (x.max() - x.min())).numpy()


FAULTS = {
    "uint8 cuts off the decimals: round first": lambda x: np.floor((x + 1).mul(127.5).numpy()),
    "you round up: use .round(), which goes to the nearest whole number": (
        lambda x: np.ceil((x + 1).mul(127.5).numpy()),
        lambda x: np.floor(_levels(x, plus=0.99)),
    ),
    "your values run from 0 to 1: multiply by 255 as well": lambda x: _levels(x, 0.5),
    "add 1 before you multiply": lambda x: _wrapped(np.rint((x * 127.5).numpy())),
    "multiply by 127.5, not by 128: 256 does not fit into uint8": (
        lambda x: _wrapped(np.rint(_levels(x, 128))),
        lambda x: np.rint(_levels(x, 128)).clip(0, 255),
    ),
    "multiply by 127.5, not by 127": lambda x: np.rint(_levels(x, 127)),
    "multiply by 127.5, not by 255": lambda x: _wrapped(np.rint(_levels(x, 255))),
    "you stretch each picture to its own darkest and lightest value: use -1 and 1": (
        lambda x: np.rint(_stretched(x)),
        lambda x: np.floor(_stretched(x)),
    ),
    "black and white are swapped": lambda x: 255 - np.rint(_levels(x)),
    "the levels are right but not whole numbers: round them": _levels,
}


@exercise("01.2", to_uint8)
def to_levels(answer, seed):
    """float (..., H, W) in [-1, 1] -> uint8 levels of the same shape, undoing `normalise`."""
    whole = torch.arange(256).reshape(1, 1, 16, 16) / 127.5 - 1
    between = torch.tensor([[20.75, 140.25, 99.6], [3.4, 77.3, 201.7]]) / 127.5 - 1
    got = answer(whole.clone())
    try_cases(answer, to_uint8, [(between,), (whole,)], FAULTS, 1e-3)
    demand(isinstance(got, np.ndarray), "return a numpy array, not a Tensor: add .numpy()")
    demand(got.dtype == np.uint8, f"pixels are stored as uint8, yours as {got.dtype}")
    beyond = np.ravel(answer(torch.tensor([[-1.2, 1.1]]))).tolist()
    clamp = "clamp before you convert, since resizing can leave the range a little"
    demand(beyond == [0, 255], f"-1.2 and 1.1 become {beyond}, not 0 and 255: {clamp}")
    return "all 256 levels there and back"
