"""What only experiments use: variants of DCGAN, the fully connected pair, augmentations, losses.

The lessons need none of it. A setting can still name it: `find` in
animegan_helpers/settings.py looks here for a name that the helpers do not have.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

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


def with_kernel(size: int) -> Change:
    """Kernels of another size in all layers that halve or double the picture, whose sizes stay."""

    def resized(layer: nn.Conv2d | nn.ConvTranspose2d) -> nn.Module:
        if layer.stride != (2, 2):
            return layer
        more = {"output_padding": size % 2} if isinstance(layer, nn.ConvTranspose2d) else {}
        channels, padding = (layer.in_channels, layer.out_channels), (size - 1) // 2
        return type(layer)(*channels, size, 2, padding, bias=False, **more)

    def change(generator: nn.Module, discriminator: nn.Module) -> None:
        replace_layers(generator, nn.ConvTranspose2d, resized)
        replace_layers(discriminator, nn.Conv2d, resized)

    return change


def resize_and_convolve(generator: nn.Module, discriminator: nn.Module) -> None:
    """G enlarges by repeating pixels, then convolves, so that no kernels overlap unevenly.

    Odena, Dumoulin and Olah 2016, "Deconvolution and checkerboard artifacts".
    """

    def make(layer: nn.ConvTranspose2d) -> nn.Module:
        if layer.stride != (2, 2):
            return layer
        convolution = nn.Conv2d(layer.in_channels, layer.out_channels, 3, padding=1, bias=False)
        return nn.Sequential(nn.Upsample(scale_factor=2), convolution)

    replace_layers(generator, nn.ConvTranspose2d, make)


def normalisation(make: Callable[[nn.BatchNorm2d], nn.Module], networks: str) -> Change:
    """make(layer) in place of every batch norm; networks: "gd" for both, "d" for D alone."""

    def change(generator: nn.Module, discriminator: nn.Module) -> None:
        for letter, network in (("g", generator), ("d", discriminator)):
            if letter in networks:
                replace_layers(network, nn.BatchNorm2d, make)

    return change


def group_norm(layer: nn.BatchNorm2d) -> nn.Module:
    """Over groups of 8 channels of one picture (Wu and He 2018, arXiv 1803.08494)."""
    return nn.GroupNorm(max(1, layer.num_features // 8), layer.num_features)


def no_norm(layer: nn.BatchNorm2d) -> nn.Module:
    """Nothing."""
    return nn.Identity()


def spectral(generator: nn.Module, discriminator: nn.Module) -> None:
    """D's layers divided by their largest singular value, and no batch norm in D.

    Miyato et al. 2018 (arXiv 1802.05957).
    """
    replace_layers(discriminator, nn.BatchNorm2d, no_norm)
    replace_layers(discriminator, nn.Conv2d, spectral_norm)


def slope(make: Callable[[], nn.Module]) -> Change:
    """Another nonlinearity in D."""
    return lambda generator, discriminator: replace_layers(
        discriminator, nn.LeakyReLU, lambda layer: make()
    )


class FullyConnectedGenerator(nn.Module):
    """Latent vectors (B, z_dim) -> images (B, 3, 64, 64) in [-1, 1], without convolutions.

    After Goodfellow et al. 2014 (arXiv 1406.2661), with DCGAN's batch norm and tanh. Width 64 gives
    two hidden layers of 256 and 3,250,688 parameters, near those of DCGAN's generator.
    """

    def __init__(self, z_dim: int = 100, width: int = 64):
        super().__init__()
        self.z_dim = z_dim
        self.layers = nn.Sequential(
            nn.Linear(z_dim, 4 * width),
            nn.BatchNorm1d(4 * width),
            nn.ReLU(),
            nn.Linear(4 * width, 4 * width),
            nn.BatchNorm1d(4 * width),
            nn.ReLU(),
            nn.Linear(4 * width, 3 * 64 * 64),
            nn.Tanh(),
        )

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.layers(z.reshape(len(z), self.z_dim)).unflatten(1, (3, 64, 64))


class FullyConnectedDiscriminator(nn.Module):
    """Images (B, 3, 64, 64) in [-1, 1] -> logits (B,); the mirror of the generator."""

    def __init__(self, width: int = 64):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(3 * 64 * 64, 4 * width),
            nn.LeakyReLU(0.2),
            nn.Linear(4 * width, 4 * width),
            nn.LeakyReLU(0.2),
            nn.Linear(4 * width, 1),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images).squeeze(1)


def change_colour(images: torch.Tensor, random: torch.Tensor) -> torch.Tensor:
    """Brightness by -0.5 to 0.5, saturation by a factor of 0 to 2, contrast by 0.5 to 1.5."""
    brightness, saturation, contrast = (column.view(-1, 1, 1, 1) for column in random.unbind(1))
    images = images + (brightness - 0.5)
    grey = images.mean(dim=1, keepdim=True)
    images = grey + 2 * saturation * (images - grey)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (contrast + 0.5) * (images - mean)


def cut_out(images: torch.Tensor, random: torch.Tensor) -> torch.Tensor:
    """A square of half the side turned grey; its middle may lie anywhere in the picture."""

    def inside(share: torch.Tensor, size: int) -> torch.Tensor:
        places = torch.arange(size, device=images.device)
        away = places - (share * size).floor()[:, None]  # from the middle, (B, size)
        return (-(size // 4) <= away) & (away < size // 4)

    rows, columns = (inside(random[:, k], images.shape[2 + k]) for k in (0, 1))
    return images * ~(rows[:, :, None] & columns[:, None, :])[:, None]


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
        "resize-convolve": resize_and_convolve,
        "no-norm": normalisation(no_norm, "gd"),
        "no-norm-d": normalisation(no_norm, "d"),
        "group-norm": normalisation(group_norm, "gd"),
        "group-norm-d": normalisation(group_norm, "d"),
        "spectral-d": spectral,
        "relu-d": slope(nn.ReLU),
        "prelu-d": slope(lambda: nn.PReLU(init=0.2)),
        "borrowed-eyes": borrow_eyes,
    },
    "augmentation": {"colour": change_colour, "cutout": cut_out},
    "loss": {
        "sigmoid-first": Loss(
            lambda real, fake: sigmoid_first(real, 1.0) + sigmoid_first(fake, 0.0),
            lambda real, fake: sigmoid_first(fake, 1.0),
        ),
        "hinge": Loss(hinge_discriminator, hinge_generator),
    },
}
"""Kind of setting -> name -> what it is, the kinds being those of `find`."""
