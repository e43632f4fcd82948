"""Exercise 03.5: a block that resizes, then convolves."""

import torch
from torch import nn

from animegan_workshop.checks.core import demand, exercise
from animegan_workshop.checks.networks import check_network, record

SHAPES = {
    (8, 10, 5, 5): "the picture keeps its size: resize it to twice the side",
    (8, 10, 8, 8): "5x5 becomes 8x8: a convolution 3x3 needs padding 1 to keep the size",
    (8, 10, 20, 20): "5x5 becomes 20x20: the resize doubles the side, the convolution keeps it",
    (8, 10, 12, 12): "5x5 becomes 12x12: a convolution 3x3 needs padding 1, not 2",
}
WHY = {
    "no batch norm": "it belongs between the convolution and the ReLU",
    "no ReLU": "negative values must become 0",
    "LeakyReLU 0.2": "G has ReLU",
    "LeakyReLU 0.01": "G has ReLU",
}


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
    network, example = answer(6, 10), torch.randn(8, 6, 5, 5)
    if isinstance(network, nn.Module):
        layers, output = record(network, example)
        late = layers and layers[0].gave.shape[-1] < output.shape[-1]
        demand(not late, "resize first: the convolution smooths what the resize has repeated")
    check_network(network, resize_then_convolve(6, 10), example, SHAPES, WHY)
    return "resize, convolution, batch norm, ReLU"
