"""Exercise 04.1: a block of D."""

import torch

from animegan_helpers.networks import discriminator_block as our_block
from animegan_workshop.checks.networks import check_network
from animegan_workshop.checks.tools import exercise


@exercise("04.1", our_block)
def discriminator_block(answer, seed):
    """(inputs, outputs, normalise=True) -> convolution 4x4, stride 2, batch norm, LeakyReLU 0.2."""
    for how in ({"normalise": True}, {"normalise": False}, {}):
        block, ours = (make(6, 10, **how) for make in (answer, our_block))
        check_network(block, ours, torch.randn(8, 6, 8, 8))
    return "convolution, batch norm if asked for, LeakyReLU of slope 0.2"
