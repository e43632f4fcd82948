"""What only experiments use: variants of DCGAN, the fully connected pair, losses.

The lessons need none of it. A setting can still name it: `find` in
animegan_helpers/settings.py looks here for a name that the helpers do not have.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from animegan_helpers.losses import Loss
from animegan_workshop.projected import borrow_eyes, hinge_discriminator, hinge_generator

Change = Callable[[nn.Module, nn.Module], None]
"""Changes a generator and a discriminator in place."""


def replace_layers(network: nn.Module, kind: type, make: Callable[[nn.Module], nn.Module]) -> None:
    """Puts make(layer) in place of every layer of this kind inside the network."""
    for name, child in list(network.named_children()):
        if isinstance(child, kind):
            setattr(network, name, make(child))
        else:
            replace_layers(child, kind, make)


def swap(networks: str, kind: type | tuple, make: Callable[[nn.Module], nn.Module]) -> Change:
    """make(layer) in place of every such layer; networks: "gd" for both, else "g" or "d"."""

    def change(generator: nn.Module, discriminator: nn.Module) -> None:
        for letter, network in (("g", generator), ("d", discriminator)):
            if letter in networks:
                replace_layers(network, kind, make)

    return change


def with_kernel(size: int) -> Change:
    """Kernels of another size in all layers that halve or double the picture, whose sizes stay."""

    def resized(layer: nn.Conv2d | nn.ConvTranspose2d) -> nn.Module:
        if layer.stride != (2, 2):
            return layer
        more = {"output_padding": size % 2} if isinstance(layer, nn.ConvTranspose2d) else {}
        channels, padding = (layer.in_channels, layer.out_channels), (size - 1) // 2
        return type(layer)(*channels, size, 2, padding, bias=False, **more)

    return swap("gd", (nn.Conv2d, nn.ConvTranspose2d), resized)


def resize_and_convolve(layer: nn.ConvTranspose2d) -> nn.Module:
    """Repeats pixels, then convolves, so that no kernels overlap unevenly.

    Odena, Dumoulin and Olah 2016, "Deconvolution and checkerboard artifacts".
    """
    if layer.stride != (2, 2):
        return layer
    convolution = nn.Conv2d(layer.in_channels, layer.out_channels, 3, padding=1, bias=False)
    return nn.Sequential(nn.Upsample(scale_factor=2), convolution)


def group_norm(layer: nn.BatchNorm2d) -> nn.Module:
    """Over groups of 8 channels of one picture (Wu and He 2018, arXiv 1803.08494)."""
    return nn.GroupNorm(max(1, layer.num_features // 8), layer.num_features)


class FullyConnectedGenerator(nn.Module):
    """Latent vectors (B, z_dim) -> images (B, 3, 64, 64) in [-1, 1], without convolutions.

    After Goodfellow et al. 2014 (arXiv 1406.2661), with DCGAN's batch norm and tanh. Width 64 gives
    two hidden layers of 256 and 3,250,688 parameters, near those of DCGAN's generator.
    """

    def __init__(self, z_dim: int = 100, width: int = 64):
        super().__init__()
        self.z_dim = z_dim
        layers, hidden = [], 4 * width
        for inputs in (z_dim, hidden):
            layers += [nn.Linear(inputs, hidden), nn.BatchNorm1d(hidden), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(hidden, 3 * 64 * 64), nn.Tanh())

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.layers(z.reshape(len(z), self.z_dim)).unflatten(1, (3, 64, 64))


class FullyConnectedDiscriminator(nn.Module):
    """Images (B, 3, 64, 64) in [-1, 1] -> logits (B,); the mirror of the generator."""

    def __init__(self, width: int = 64):
        super().__init__()
        layers, hidden = [nn.Flatten()], 4 * width
        for inputs in (3 * 64 * 64, hidden):
            layers += [nn.Linear(inputs, hidden), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(hidden, 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images).squeeze(1)


def sigmoid_first(logits: torch.Tensor, label: float) -> torch.Tensor:
    """BCELoss on sigmoid(logits), as the report has it (claim C5).

    The sigmoid is rounded to the logits' own precision. Where it rounds to 0 or 1 its gradient is
    0, and torch holds the loss at 100.
    """
    probability = logits.sigmoid().float()
    return F.binary_cross_entropy(probability, torch.full_like(probability, label))


EXPERIMENTAL = {
    "architecture": {"fully-connected": (FullyConnectedGenerator, FullyConnectedDiscriminator)},
    "variant": {
        "kernel-3": with_kernel(3),
        "kernel-5": with_kernel(5),
        "resize-convolve": swap("g", nn.ConvTranspose2d, resize_and_convolve),
        "no-norm": swap("gd", nn.BatchNorm2d, lambda layer: nn.Identity()),
        "no-norm-d": swap("d", nn.BatchNorm2d, lambda layer: nn.Identity()),
        "group-norm": swap("gd", nn.BatchNorm2d, group_norm),
        "relu-d": swap("d", nn.LeakyReLU, lambda layer: nn.ReLU()),
        "prelu-d": swap("d", nn.LeakyReLU, lambda layer: nn.PReLU(init=0.2)),
        "borrowed-eyes": borrow_eyes,
    },
    "loss": {
        "sigmoid-first": Loss(
            lambda real, fake: sigmoid_first(real, 1.0) + sigmoid_first(fake, 0.0),
            lambda real, fake: sigmoid_first(fake, 1.0),
        ),
        "hinge": Loss(hinge_discriminator, hinge_generator),
    },
}
"""Kind of setting -> name -> what it is, the kinds being those of `find`."""
