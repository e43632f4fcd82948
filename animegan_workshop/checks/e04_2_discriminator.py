"""Exercise 04.2: the whole of D."""

import torch

from animegan_helpers.networks import Discriminator
from animegan_workshop.checks.core import exercise
from animegan_workshop.checks.networks import check_network

FLATTEN = "flatten them to (B,), or the labels will not fit"
SHAPES = {
    (16, 1, 1, 1): f"the logits are (B, 1, 1, 1): {FLATTEN}",
    (16, 1): f"the logits are (B, 1): {FLATTEN}",
    (1, 16): "the logits are (1, B): keep the batch first, (B,)",
    (16, 2): "two numbers a picture: real or fake is one question, so one logit, see 04.1",
    (64,): "four numbers a picture: the last convolution must see all of the 4x4 map, kernel 4",
    (): "one number for the whole batch: D gives one for each picture, see 04.1",
}
WHY = {
    "sigmoid": "give the logit, the loss takes it from there, see 04.4",
    "tanh": "no logit could pass 1, see 04.4",
    "log of sigmoid": "give the logit itself, see 04.4",
    "LeakyReLU at the end": "a logit may be negative, give it as it is",
    "ReLU at the end": 'D could never say "fake", give the logit as it is',
    "ReLU": "where it is 0, no gradient gets back to G, see 04.2",
    "LeakyReLU 0.01": "0.01 is torch's default: write nn.LeakyReLU(0.2), see 04.2",
    "batch norm": "DCGAN has none after the first layer and none after the last, see 04.5",
}


@exercise("04.1", Discriminator)
def discriminator(answer, seed):
    """(width=64) -> a module that gives images (B, 3, 64, 64) in [-1, 1] a logit each, (B,)."""
    images = torch.rand(16, 3, 64, 64) * 2 - 1
    check_network(answer(4), Discriminator(4), images, SHAPES, WHY, "with width 4")
    return "a logit for each picture, and every layer is DCGAN's"
