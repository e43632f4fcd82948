"""A small untrained generator for tests: it answers visibly, and most of all to one direction."""

import torch

from animegan_helpers.directions import random_directions
from animegan_helpers.networks import Generator, initialise

SPECIAL = random_directions(1, seed=5)[0]


def answering_generator() -> Generator:
    """In eval mode. It answers far more strongly to SPECIAL than to other directions."""
    torch.manual_seed(0)
    generator = initialise(Generator(width=4)).requires_grad_(False)
    for name, parameter in generator.named_parameters():
        if name.endswith("0.weight"):
            parameter.mul_(4)
    first = generator.blocks[0][0].weight  # (z_dim, 8w, 4, 4)
    first += 6 * torch.einsum("y,z,zfhw->yfhw", SPECIAL, SPECIAL, first)
    norms = [module for module in generator.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None  # plain means over what follows
    for _ in range(5):
        generator(torch.randn(50, 100))
    return generator.eval()
