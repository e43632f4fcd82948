"""Exercise 03.7: the whole of G."""

import torch

from animegan_helpers.networks import Generator
from animegan_workshop.checks.core import exercise
from animegan_workshop.checks.networks import check_network

SHAPES = {
    (16, 3, 32, 32): "your pictures are 32x32: one doubling block is missing, 4, 8, 16, 32, 64",
    (16, 3, 128, 128): "your pictures are 128x128: there is one doubling block too many",
    (16, 1, 64, 64): "your pictures have one channel: colours need 3",
    (16, 4, 64, 64): "the last layer must make 3 channels, one a colour",
    (16, 3 * 64 * 64): "the values are in one row: give them the shape (B, 3, 64, 64)",
}
RESHAPE = "z is (B, z_dim): the first block wants (B, z_dim, 1, 1), so reshape z in forward"
CUT = "values beyond -1 and 1 are cut off, where no gradient gets through"
WHY = {
    "no tanh": "pictures must lie within [-1, 1]",
    "sigmoid": "its pictures lie within [0, 1], real ones within [-1, 1]",
    "Hardtanh": CUT,
    "clamp": CUT,
    "ReLU": "no pixel could be darker than mid-grey",
    "batch norm": "DCGAN has none after the last layer",
    "LeakyReLU 0.2": "G has ReLU, the leak is for D",
    "LeakyReLU 0.01": "G has ReLU, the leak is for D",
    "tanh": "only the last layer has one",
}


@exercise("03.5", Generator)
def generator(answer, seed):
    """(z_dim=100, width=64) -> a module that makes (B, 3, 64, 64) in [-1, 1] of z (B, z_dim)."""
    z, sizes = torch.randn(16, 20), "with z_dim 20 and width 4"
    check_network(answer(20, 4), Generator(20, 4), z, SHAPES, WHY, sizes, RESHAPE)
    return "100 numbers became a picture in [-1, 1], and every layer is DCGAN's"
