"""Exercise 04.1: a block of D."""

import torch

from animegan_helpers.networks import discriminator_block as our_block
from animegan_workshop.checks.core import exercise
from animegan_workshop.checks.networks import check_network

SHAPES = {
    (8, 10, 16, 16): "the picture gets larger: use nn.Conv2d, not nn.ConvTranspose2d, see 04.1",
    (8, 10, 7, 7): "8x8 becomes 7x7: the stride is 1; stride 2 halves the side, see 04.1",
    (8, 10, 8, 8): "8x8 stays 8x8: the stride is 1; stride 2 halves the side, see 04.1",
    (8, 10, 3, 3): "8x8 becomes 3x3: the padding of 1 is missing, see 04.1",
    (8, 10, 2, 2): "8x8 becomes 2x2: halve once only, by stride 2, without pooling, see 04.1",
}
WHY = {
    "batch norm": "with normalise=False there must be none, as in the first block, see 04.5",
    "no batch norm": "it is asked for where normalise is True",
    "ReLU": "where it is 0, no gradient gets back to G, see 04.2",
    "LeakyReLU 0.01": "0.01 is torch's default: write nn.LeakyReLU(0.2), see 04.2",
}


@exercise("04.1", our_block)
def discriminator_block(answer, seed):
    """(inputs, outputs, normalise=True) -> convolution 4x4, stride 2, batch norm, LeakyReLU 0.2."""
    for normalise in (True, False):
        block, ours = (make(6, 10, normalise=normalise) for make in (answer, our_block))
        check_network(block, ours, torch.randn(8, 6, 8, 8), SHAPES, WHY)
    return "convolution, batch norm if asked for, LeakyReLU of slope 0.2"
