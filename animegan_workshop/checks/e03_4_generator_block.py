"""Exercise 03.4: a block of G."""

import torch

from animegan_helpers.networks import generator_block as our_block
from animegan_workshop.checks.networks import check_network
from animegan_workshop.checks.tools import demand, exercise


@exercise("03.4", our_block)
def generator_block(answer, seed):
    """(inputs, outputs, stride=2, padding=1) -> transposed convolution 4x4, batch norm, ReLU."""
    check_network(answer(6, 10), our_block(6, 10), torch.randn(8, 6, 5, 5), "by default ")
    shared = {*answer(6, 10).parameters()} & {*answer(6, 10).parameters()}
    demand(not shared, "two blocks share layers: make new ones in each call")
    first, ours = (make(6, 10, stride=1, padding=0) for make in (answer, our_block))
    check_network(first, ours, torch.randn(8, 6, 1, 1), "with stride 1 and padding 0 ")
    return "transposed convolution, batch norm, ReLU"
