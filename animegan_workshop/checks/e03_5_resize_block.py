"""Exercise 03.5: a block that resizes, then convolves."""

import torch
from torch import nn

from animegan_workshop.checks.networks import check_network
from animegan_workshop.checks.tools import exercise


def resize_then_convolve(inputs: int, outputs: int) -> nn.Module:
    """(B, inputs, H, W) -> (B, outputs, 2H, 2W)."""
    return nn.Sequential(
        nn.Upsample(scale_factor=2),
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


@exercise("03.4", resize_then_convolve)
def resize_block(answer, seed):
    """(inputs, outputs) -> resize to twice the side, convolution 3x3, batch norm, ReLU."""
    ours, hint = resize_then_convolve(6, 10), ": resize first, to twice the side, then convolve"
    check_network(answer(6, 10), ours, torch.randn(8, 6, 5, 5), hint=hint)
    return "resize, convolution, batch norm, ReLU"
