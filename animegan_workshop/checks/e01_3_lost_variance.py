"""Exercise 01.3: how much of a picture is lost."""

import torch

from animegan_workshop.checks.core import exercise, try_cases


def lost_variance_of(x: torch.Tensor, y: torch.Tensor) -> float:
    """The share of the variance of pictures x (N, 3, H, W) that y (N, 3, H, W) lacks.

    Each channel of each picture has its own mean.
    """
    mean = x.mean(dim=(2, 3), keepdim=True)
    lost = (x - y).square().sum()
    return float(lost / (x - mean).square().sum())


FAULTS = {
    "that is the share that is kept": "lost / => 1 - lost /",
    "below the line, subtract the mean from x": "(x - mean) => x",
    "each picture has its own mean: yours is taken over all pictures": (
        "(2, 3) => (0, 1, 2, 3)",
        "(2, 3) => (0, 2, 3)",
        "(2, 3) => 0",
    ),
    "each channel has its own mean: average over height and width only": "(2, 3) => (1, 2, 3)",
    "divide by the variance of x, the original": "(x - mean) => (y - y.mean((2, 3), keepdim=True))",
    "square the differences": "square => abs",
    "divide by the variance of x": (
        "lost / (x - mean).square().sum() => lost",
        "lost / (x - mean).square().sum() => lost / x.numel()",
    ),
    "subtract y from x value by value, then square": (
        "lost / (x - mean).square().sum() => 1 - y.var() / x.var()"
    ),
    "sum over all pictures first, then divide once": (
        "lost / (x - mean).square().sum() => "
        "((x - y).square().sum((1, 2, 3)) / (x - mean).square().sum((1, 2, 3))).mean()"
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
