"""Exercise 03.7: the whole of G."""

import torch

from animegan_helpers.networks import Generator
from animegan_workshop.checks.networks import check_network
from animegan_workshop.checks.tools import exercise


@exercise("03.5", Generator)
def generator(answer, seed):
    """(z_dim=100, width=64) -> a module that makes (B, 3, 64, 64) in [-1, 1] of z (B, z_dim)."""
    sizes = "with z_dim 20 and width 4 "
    check_network(answer(20, 4), Generator(20, 4), torch.randn(16, 20), sizes)
    return "100 numbers became a picture in [-1, 1], and every layer is DCGAN's"
