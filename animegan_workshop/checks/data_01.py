"""Checks of notebook 01: pixels into the range of tanh and back; how many values a factor really has."""

from collections.abc import Callable

import numpy as np
import torch

from animegan_helpers.faces import to_tensor, to_uint8
from animegan_workshop.checks.core import compare, demand, exercise


@exercise("01.4", to_tensor)
def normalise(answer: Callable[[np.ndarray], torch.Tensor], seed: int) -> str:
    """uint8 (..., H, W) with levels 0 to 255 -> float32 of the same shape in [-1, 1]."""
    levels = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    got = answer(levels.copy())
    demand(got is not None, "your function returns None: its last line must be a return")
    demand(
        isinstance(got, torch.Tensor),
        f"return a torch tensor, not a {type(got).__name__}: torch.from_numpy makes one",
    )
    demand(
        got.shape == levels.shape,
        f"the shape must stay: {tuple(levels.shape)} went in, {tuple(got.shape)} came out",
    )
    x = torch.from_numpy(levels).double()
    wrapped = torch.from_numpy(levels * np.uint8(2)).double() / 255 - 1
    compare(
        got,
        x / 127.5 - 1,
        {
            "your values run from 0 to 1, tanh's from -1 to 1: stretch by 2 and shift by -1 as well, see 01.4": x
            / 255,
            "your values run from -0.5 to 0.5: divide by 127.5, half of 255, not by 255, see 01.4": x
            / 255
            - 0.5,
            "255 becomes 0.992, so white is never 1: the middle of 0...255 is 127.5, not 128, see 01.4": x
            / 128
            - 1,
            "255 becomes 1.008, which tanh cannot reach: the middle of 0...255 is 127.5, not 127, see 01.4": x
            / 127
            - 1,
            "you divide by the spread of this batch: a level must become the same number in every batch, see 01.4": (
                (x - x.mean()) / x.std(),
                (x - x.mean()) / x.std(correction=0),
            ),
            "uint8 has no room for 256 and starts again at 0: turn the levels into floats before you calculate, see 01.4": wrapped,
            "black and white are swapped: 0 must become -1 and 255 must become 1, see 01.4": 1
            - x / 127.5,
        },
        f"level 0 becomes {got.min():.3f} and level 255 {got.max():.3f}: they must be -1 and 1, and in between "
        "x = p / 127.5 - 1, see 01.4",
    )
    grey = answer(np.full((2, 3, 4, 4), 100, np.uint8))
    demand(
        bool((grey - (100 / 127.5 - 1)).abs().max() < 1e-5),
        "an even grey batch comes out otherwise than the same grey among other levels: do not use the smallest or "
        "largest level of the batch, but 0 and 255, see 01.4",
    )
    demand(
        got.dtype == torch.float32,
        f"networks calculate in float32, yours is {got.dtype}: add .float(), see 01.4",
    )
    return "0...255 became -1...1"


@exercise("01.4", to_uint8)
def to_levels(answer: Callable[[torch.Tensor], np.ndarray], seed: int) -> str:
    """float (..., H, W) in [-1, 1] -> uint8 levels of the same shape, the way back of `normalise`."""
    levels = torch.arange(256).reshape(1, 1, 16, 16)
    x = levels.float() / 127.5 - 1
    got = answer(x.clone())
    demand(got is not None, "your function returns None: its last line must be a return")
    got = np.asarray(got)
    demand(
        got.shape == x.shape,
        f"the shape must stay: {tuple(x.shape)} went in, {tuple(got.shape)} came out",
    )
    exact = (x + 1) * 127.5
    cut = exact.to(torch.uint8)
    compare(
        got,
        levels,
        {
            f"{int((cut != levels).sum())} of 256 levels come back one too low: converting to uint8 cuts off the decimals, "
            "so round first, see 01.4": cut,
            "your values run from 0 to 1: multiply by 255 as well, see 01.4": (x + 1) / 2,
            "add 1 before you multiply: negative values have wrapped round, see 01.4": (x * 127.5)
            .round()
            .to(torch.uint8),
            "white comes back wrong: multiply by 127.5, not by 128 (256 does not fit into uint8), see 01.4": (
                (x + 1) * 128
            )
            .round()
            .to(torch.uint8),
            "you multiply by 255 after adding 1: that is twice too much, and wraps round, see 01.4": (
                (x + 1) * 255
            )
            .round()
            .to(torch.uint8),
            "black and white are swapped, see 01.4": 255 - levels,
            "the levels are right but not whole numbers: round them, see 01.4": exact,
        },
        f"-1 becomes {got.min()} and 1 becomes {got.max()}: they must be 0 and 255, see 01.4",
        tolerance=1e-9,
    )
    demand(
        got.dtype == np.uint8,
        f"the numbers are right, but pixels are stored as uint8, yours as {got.dtype}, see 01.4",
    )
    beyond = np.asarray(answer(torch.tensor([[-1.2, 1.1]])))
    demand(
        beyond.ravel().tolist() == [0, 255],
        f"-1.2 and 1.1 become {beyond.ravel().tolist()} and not 0 and 255: resizing can leave the range a "
        f"little, so "
        "clamp before you convert to uint8, see 01.4",
    )
    return "all 256 levels there and back"


def effective_number_of(values: np.ndarray) -> float:
    """exp(entropy) of the shares of the values (N,): as many equal values would be as varied."""
    p = np.unique(values, return_counts=True)[1] / len(values)
    return float(np.exp(-(p * np.log(p)).sum()))


@exercise("01.8", effective_number_of)
def effective_number(answer: Callable[[np.ndarray], float], seed: int) -> str:
    """(N,) of str -> exp(H), H = -sum p ln p over the shares p of the values."""
    even = np.array(["red", "green", "blue", "aqua"] * 5)
    uneven = np.array(["red"] * (7 + seed % 5) + ["green"] * 2 + ["blue"])
    for values in (uneven, even):
        counts = np.unique(values, return_counts=True)[1]
        p = counts / counts.sum()
        entropy = -(p * np.log(p)).sum()
        compare(
            answer(values),
            np.exp(entropy),
            {
                "that is how many different values there are: a rare one must count for less, see 01.8": len(
                    counts
                ),
                "that is the entropy H itself: the effective number is exp(H), see 01.8": entropy,
                "the entropy has lost its minus sign: H = -sum p ln p, so exp(H) is at least 1, see 01.8": np.exp(
                    -entropy
                ),
                "you use counts for shares: divide by how many faces there are, so that they sum to 1, see 01.8": np.exp(
                    -(counts * np.log(counts)).sum()
                ),
                "a logarithm to base 2 needs 2**H, a natural one needs exp(H): yours are mixed, see 01.8": (
                    np.exp(entropy / np.log(2)),
                    2**entropy,
                ),
                "1 / sum p^2 is another such number (Simpson's); the one asked for is exp of the entropy, see "
                "01.8": 1 / (p**2).sum(),
            },
            f"shares {p.round(2).tolist()} make an effective number of {np.exp(entropy):.2f}, see 01.8",
        )
    return "four equal values count as 4, uneven ones as fewer"
