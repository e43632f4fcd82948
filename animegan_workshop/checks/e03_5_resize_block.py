"""Exercise 03.5: a block that resizes, then convolves."""

import torch
from torch import nn

from animegan_workshop.checks.networks import check_network, record
from animegan_workshop.checks.tools import close, demand, exercise


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
    network, x = answer(6, 10), torch.randn(8, 6, 5, 5)
    layers = record(network, x)[0].layers if isinstance(network, nn.Module) else []
    seen = [layer.given for layer in layers[:1] if layer.given.shape[1:] == (6, 10, 10)]
    mode = "before the convolution stands torch's default mode of resizing, and nothing else"
    demand(all(close(given, ours[0](x)) for given in seen), mode)
    check_network(network, ours, x, hint=hint)
    return "resize, convolution, batch norm, ReLU"
