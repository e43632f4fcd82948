"""Exercise 03.4: a block of G."""

import torch

from animegan_helpers.networks import generator_block as our_block
from animegan_workshop.checks.core import exercise
from animegan_workshop.checks.networks import check_network

SHAPES = {
    (8, 10, 2, 2): "the picture gets smaller: use nn.ConvTranspose2d, not nn.Conv2d, see 03.2",
    (8, 10, 9, 9): "5x5 becomes 9x9: kernel 3 does not double the side, kernel 4 does, see 03.3",
    (8, 10, 8, 8): "5x5 becomes 8x8: use the stride and padding that are given, see 03.3",
    (8, 10, 12, 12): "5x5 becomes 12x12: hand the padding on to the convolution, see 03.3",
    (8, 10, 6, 6): "5x5 becomes 6x6: hand the stride on to the convolution, see 03.3",
}
FIXED = "with stride 1 and padding 0 1x1 becomes 2x2: hand both on to the convolution, see 03.3"
WHY = {
    "no batch norm": "it belongs between the convolution and the ReLU",
    "no ReLU": "negative values must become 0",
    "LeakyReLU 0.2": "the leak is for D, see 04.2",
    "LeakyReLU 0.01": "the leak is for D, see 04.2",
    "tanh": "only the last layer of G has one",
}


@exercise("03.4", our_block)
def generator_block(answer, seed):
    """(inputs, outputs, stride=2, padding=1) -> transposed convolution 4x4, batch norm, ReLU."""
    check_network(answer(6, 10), our_block(6, 10), torch.randn(8, 6, 5, 5), SHAPES, WHY)
    first, ours = (make(6, 10, stride=1, padding=0) for make in (answer, our_block))
    check_network(first, ours, torch.randn(8, 6, 1, 1), {(8, 10, 2, 2): FIXED}, WHY)
    return "transposed convolution, batch norm, ReLU"
