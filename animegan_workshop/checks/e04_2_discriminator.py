"""Exercise 04.2: the whole of D."""

import torch

from animegan_helpers.networks import Discriminator
from animegan_workshop.checks.networks import check_network
from animegan_workshop.checks.tools import exercise

FLATTEN = ": one logit for each picture; flatten them to (B,), or the labels will not fit"


@exercise("04.1", Discriminator)
def discriminator(answer, seed):
    """(width=64) -> a module that gives images (B, 3, 64, 64) in [-1, 1] a logit each, (B,)."""
    images = torch.rand(16, 3, 64, 64) * 2 - 1
    check_network(answer(4), Discriminator(4), images, "with width 4 ", FLATTEN)
    return "a logit for each picture, and every layer is DCGAN's"
