"""Exercise 01.3: how much of a picture is lost."""

import torch

from animegan_workshop.checks.core import exercise, try_cases


def _lost(x, y, dims=(2, 3)) -> float:
    return float(_power(x - y) / _power(x - x.mean(dim=dims, keepdim=True)))


def _power(difference: torch.Tensor) -> torch.Tensor:
    return difference.square().sum()


def lost_variance_of(x: torch.Tensor, y: torch.Tensor) -> float:
    """The share of the variance of pictures x (N, 3, H, W) that y (N, 3, H, W) lacks.

    Each channel of each picture has its own mean.
    """
    return _lost(x, y)


FAULTS = {
    "that is the share that is kept": lambda x, y: 1 - _lost(x, y),
    "below the line, subtract the mean from x": lambda x, y: _power(x - y) / _power(x),
    "each picture has its own mean: yours is taken over all pictures": (
        lambda x, y: _lost(x, y, (0, 1, 2, 3)),
        lambda x, y: _lost(x, y, (0, 2, 3)),
        lambda x, y: _lost(x, y, 0),
    ),
    "each channel has its own mean: average over height and width only": (
        lambda x, y: _lost(x, y, (1, 2, 3))
    ),
    "divide by the variance of x, the original": lambda x, y: _lost(y, x),
    "square the differences": lambda x, y: (
        (x - y).abs().sum() / (x - x.mean(dim=(2, 3), keepdim=True)).abs().sum()
    ),
    "divide by the variance of x": (
        lambda x, y: _power(x - y),
        lambda x, y: (x - y).square().mean(),
    ),
    "subtract y from x value by value, then square": lambda x, y: 1 - y.var() / x.var(),
    "sum over all pictures first, then divide once": lambda x, y: (
        sum(_lost(x[k : k + 1], y[k : k + 1]) for k in range(len(x))) / len(x)
    ),
}


@exercise("01.3", lost_variance_of)
def lost_variance(answer, seed):
    """x, y (N, 3, H, W) -> sum of (x - y)^2 over the sum of (x - own mean)^2."""
    scale = torch.tensor([0.2, 0.5, 0.3, 0.8]).view(4, 1, 1, 1)
    x = scale * torch.randn(4, 3, 6, 5) + 0.3 * torch.randn(4, 3, 1, 1) + 0.4
    y = x + 0.1 * torch.randn(4, 3, 6, 5)
    try_cases(answer, lost_variance_of, [(x, y), (x, 0.5 * x)], FAULTS, 1e-4)
    return "0 for an exact copy, 1 for even grey"
