"""Exercise 03.9: a generator for pictures of any side."""

from collections.abc import Callable

import torch
from torch import nn

from animegan_helpers.networks import generator_block
from animegan_workshop.checks.networks import check_network
from animegan_workshop.checks.tools import demand, exercise

HINT = ": block 1 is always an up_block with stride 1 and padding 0, each other one doubles"


def generator_of_side(
    side: int, z_dim: int = 100, width: int = 64, block: Callable = generator_block
) -> nn.Module:
    """z (B, z_dim) -> images (B, 3, side, side); side is 8, 16, 32 ...

    The last hidden layer has `width` channels, each one before it twice as many.
    """
    channels = [width]
    while 4 * 2 ** len(channels) < side:
        channels.insert(0, 2 * channels[0])
    first = generator_block(z_dim, channels[0], stride=1, padding=0)
    doubling = [block(*pair) for pair in zip(channels, channels[1:])]
    last = nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False)
    return nn.Sequential(nn.Unflatten(1, (z_dim, 1, 1)), first, *doubling, last, nn.Tanh())


@exercise("03.7", generator_of_side)
def generator_for(answer, seed):
    """(side, z_dim=100, width=64, block=up_block) -> a generator of (B, 3, side, side)."""
    for side in (64, 128, 16, 8):
        ours, sizes = generator_of_side(side, 20, 2), f"with side {side}, z_dim 20 and width 2 "
        check_network(answer(side, 20, 2), ours, torch.randn(16, 20), sizes, HINT)
    pairs = []

    def block(inputs, outputs):
        pairs.append((inputs, outputs))
        return generator_block(inputs, outputs)

    answer(32, 20, 2, block)
    calls = "`block` makes each doubling block: with side 32 and width 2 it is called with"
    right = sorted(pairs) == [(4, 2), (8, 4)]
    demand(right, f"{calls} (8, 4), then (4, 2); you call it with {pairs}")
    return "pictures of 8, 16, 64 and 128, and with another block"
