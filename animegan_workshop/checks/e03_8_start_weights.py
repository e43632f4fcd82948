"""Exercise 03.8: how the weights start."""

import torch
from torch import nn

from animegan_helpers.networks import initialise
from animegan_workshop.checks.core import demand, exercise

UNTOUCHED = 7.0
SPREADS = {
    0.0: "are all equal: draw them at random",
    0.02**0.5: "have variance 0.02: 0.02 is the standard deviation",
    0.02**2: "spread by 0.0004: 0.02 is the standard deviation, do not square it",
    1.0: "have standard deviation 1: 0.02 is asked for",
}


@exercise("03.5", initialise)
def start_weights(answer, seed):
    """network -> the same network with weights from N(0, 0.02), gains N(1, 0.02), shifts 0."""
    convolution = nn.Conv2d(8, 64, 4, bias=False)
    transposed, norm = nn.ConvTranspose2d(64, 32, 4, bias=False), nn.BatchNorm2d(4096)
    network = nn.Sequential(nn.Sequential(transposed, norm), convolution)
    for parameter in network.parameters():
        nn.init.constant_(parameter, UNTOUCHED)
    given = answer(network)
    _check_normal("the weights of nn.ConvTranspose2d", transposed.weight.detach(), 0)
    _check_normal("the weights of nn.Conv2d", convolution.weight.detach(), 0)
    _check_normal("batch norm's gains, its `weight`,", norm.weight.detach(), 1)
    shifts = bool((norm.bias == 0).all())
    demand(shifts, "batch norm's shifts, its `bias`, must all be 0")
    demand(given is network, "return the network that was given")
    return "weights N(0, 0.02), gains N(1, 0.02), shifts 0"


def _check_normal(what: str, values: torch.Tensor, mean: float) -> None:
    """Whether the values look like N(mean, 0.02)."""
    centre, spread = values.mean().item(), values.std().item()
    kept = bool((values == UNTOUCHED).all())
    demand(not kept, f"{what} are as they were: look at every module, and change it in place")
    for known, sentence in SPREADS.items():
        demand(abs(spread - known) > 0.05 * known + 1e-6, f"{what} {sentence}")
    demand(abs(centre - mean) < 0.01, f"{what} lie around {centre:.2g}, not around {mean}")
    right = abs(spread - 0.02) < 0.002
    demand(right, f"{what} have standard deviation {spread:.2g}, not 0.02")
    flat = (values - mean).abs().max() < 2 * spread
    demand(not flat, f"{what} are uniform: normal is asked for")
