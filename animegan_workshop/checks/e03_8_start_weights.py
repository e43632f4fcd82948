"""Exercise 03.8: how the weights start."""

import torch
from torch import nn

from animegan_workshop.checks.tools import demand, exercise

UNTOUCHED = 7.0
KINDS = {
    "the weights of nn.Conv2d": (lambda: nn.Conv2d(8, 64, 4), 0),
    "the weights of nn.ConvTranspose2d": (lambda: nn.ConvTranspose2d(64, 8, 4), 0),
    "batch norm's gains, its `weight`,": (lambda: nn.BatchNorm2d(4096), 1),
}
INSIDE = "as they were in layers that lie inside others: network.modules() gives all layers"


def started(network: nn.Module) -> nn.Module:
    """Sets the weights in place -> the same network."""
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)
    return network


@exercise("03.5", started)
def start_weights(answer, seed):
    """network -> the same network with weights from N(0, 0.02), gains N(1, 0.02), shifts 0."""
    outer, inner = ([make() for make, _ in KINDS.values()] for _ in range(2))
    network = nn.Sequential(nn.Sequential(*inner), *outer)
    given = list(network.parameters())
    for parameter in given:
        nn.init.constant_(parameter, UNTOUCHED)
    returned = answer(network)
    changed = [bool((layer.weight != UNTOUCHED).any()) for layer in inner + outer]
    first = changed[0] and not any(changed[1:])
    demand(not first, "only the first layer is set: go through all layers")
    for layers, where in ((outer, "as they were: change them in place"), (inner, INSIDE)):
        for layer, (what, (_, mean)) in zip(layers, KINDS.items()):
            demand(bool((layer.weight != UNTOUCHED).any()), f"{what} are {where}")
            _check_normal(what, layer.weight.detach(), mean)
    biases = [(layer.bias == UNTOUCHED).all() for layer in inner[:2] + outer[:2]]
    demand(all(biases), "a convolution's bias stays as it is")
    shifts = [bool((layers[-1].bias == 0).all()) for layers in (outer, inner)]
    demand(all(shifts), "batch norm's shifts, its `bias`, must all be 0")
    rows = outer[0].weight.flatten(1)
    demand(not torch.equal(rows[0], rows[1]), "all filters of a layer are alike: draw each weight")
    differ = not torch.equal(outer[0].weight, inner[0].weight)
    demand(differ, "two layers start with the same numbers: set no seed before each layer")
    demand(returned is network, "return the network that was given")
    kept = all(a is b for a, b in zip(network.parameters(), given))
    demand(kept, "the parameters are new ones, which no optimiser knows: change them in place")
    demand(all(p.requires_grad for p in given), "the weights are left frozen: they cannot learn")
    demand(network.training, "the network is left in eval mode: leave it as it was")
    return "weights N(0, 0.02), gains N(1, 0.02), shifts 0"


def _check_normal(what: str, values: torch.Tensor, mean: float) -> None:
    """Whether the values look like N(mean, 0.02)."""
    centre, spread = values.mean().item(), values.std().item()
    flat = 0 < (values - mean).abs().max() < 2 * spread
    demand(not flat, f"{what} are uniform: normal is asked for")
    demand(spread > 0, f"{what} are all equal: draw them at random")
    demand(abs(centre - mean) < 0.01, f"{what} lie around {centre:.2g}, not around {mean}")
    found = f"{what} have standard deviation {spread:.2g}"
    asked = "0.02 is the standard deviation, not the variance or its square"
    demand(abs(spread - 0.02) < 0.002, f"{found}: {asked}")
