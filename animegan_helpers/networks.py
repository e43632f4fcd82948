"""The generators and discriminators: DCGAN, and the fully connected pair it replaced.

DCGAN: Radford, Metz and Chintala 2015 (arXiv 1511.06434), section 3 and figure 1.
"""

from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from animegan_helpers.variants import apply_variants

IMAGE_SHAPE = (3, 64, 64)


def generator_block(inputs: int, outputs: int, stride: int = 2, padding: int = 1) -> nn.Sequential:
    """(B, inputs, H, W) -> (B, outputs, 2H, 2W), batch norm and ReLU; stride 1, padding 0 takes 1x1 to 4x4."""
    return nn.Sequential(
        # no bias: the batch norm that follows would subtract it again
        nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def discriminator_block(inputs: int, outputs: int, normalise: bool = True) -> nn.Sequential:
    """(B, inputs, H, W) -> (B, outputs, H/2, W/2), batch norm unless told otherwise, LeakyReLU of slope 0.2."""
    layers = [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False)]
    if normalise:
        layers.append(nn.BatchNorm2d(outputs))
    return nn.Sequential(*layers, nn.LeakyReLU(0.2))


class Generator(nn.Module):
    """Latent vectors (B, z_dim) -> images (B, 3, 64, 64) in [-1, 1]; 3,576,704 parameters at width 64.

    width: channels of the last hidden layer; the first has 8 times as many.
    """

    def __init__(self, z_dim: int = 100, width: int = 64):
        super().__init__()
        self.z_dim = z_dim
        self.blocks = nn.Sequential(
            generator_block(z_dim, width * 8, stride=1, padding=0),  # (B, 8w, 4, 4)
            generator_block(width * 8, width * 4),  # (B, 4w, 8, 8)
            generator_block(width * 4, width * 2),  # (B, 2w, 16, 16)
            generator_block(width * 2, width),  # (B, w, 32, 32)
        )
        # no batch norm on the last layer: its output must be free to take the images' own mean and contrast
        self.to_image = nn.Sequential(
            nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False), nn.Tanh()
        )  # (B, 3, 64, 64)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.to_image(self.blocks(z.reshape(len(z), self.z_dim, 1, 1)))


class Discriminator(nn.Module):
    """Images (B, 3, 64, 64) in [-1, 1] -> logits (B,), positive for "real"; 2,765,568 parameters at width 64.

    It ends in a logit, not a sigmoid: the loss takes the logit (BCEWithLogitsLoss), which cannot overflow.
    """

    def __init__(self, width: int = 64):
        super().__init__()
        self.blocks = nn.Sequential(
            discriminator_block(
                3, width, normalise=False
            ),  # (B, w, 32, 32); DCGAN: none on the input layer
            discriminator_block(width, width * 2),  # (B, 2w, 16, 16)
            discriminator_block(width * 2, width * 4),  # (B, 4w, 8, 8)
            discriminator_block(width * 4, width * 8),  # (B, 8w, 4, 4)
        )
        self.to_logit = nn.Conv2d(width * 8, 1, 4, bias=False)  # (B, 1, 1, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.to_logit(self.blocks(images)).flatten(1).squeeze(1)


class FullyConnectedGenerator(nn.Module):
    """Latent vectors (B, z_dim) -> images (B, 3, 64, 64) in [-1, 1], without convolutions.

    After Goodfellow et al. 2014 (arXiv 1406.2661), with DCGAN's batch norm and tanh.

    width 64 gives hidden layers of 256 and 256: 3,250,688 parameters, near the DCGAN generator's.
    """

    def __init__(self, z_dim: int = 100, width: int = 64):
        super().__init__()
        self.z_dim = z_dim
        hidden = 4 * width
        self.layers = nn.Sequential(
            nn.Linear(z_dim, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, 3 * 64 * 64),
            nn.Tanh(),
        )

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.layers(z.reshape(len(z), self.z_dim)).unflatten(1, IMAGE_SHAPE)


class FullyConnectedDiscriminator(nn.Module):
    """Images (B, 3, 64, 64) in [-1, 1] -> logits (B,); the mirror of the fully connected generator."""

    def __init__(self, width: int = 64):
        super().__init__()
        hidden = 4 * width
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(3 * 64 * 64, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, 1),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images).squeeze(1)


ARCHITECTURES = {
    "dcgan": (Generator, Discriminator),
    "fully-connected": (FullyConnectedGenerator, FullyConnectedDiscriminator),
}

INITIALISATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "normal": lambda weight: nn.init.normal_(weight, 0.0, 0.02),
    "zero": nn.init.zeros_,
    "xavier": nn.init.xavier_uniform_,
    "orthogonal": nn.init.orthogonal_,
}


def initialise(network: nn.Module, scheme: str = "normal") -> nn.Module:
    """Sets every weight in place and returns the network.

    normal: N(0, 0.02) as in DCGAN section 4, and batch-norm gains N(1, 0.02) as in its released code;
    zero: everything 0, the report's claim R10; xavier: Glorot and Bengio 2010; orthogonal: Saxe et al. 2013
    (arXiv 1312.6120). Biases start at 0; the batch-norm gains of the last two at 1.
    """
    fill = INITIALISATIONS[scheme]
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            # behind a parametrisation (spectral norm) the numbers that are trained have another name
            fill(
                module.parametrizations.weight.original
                if is_parametrized(module, "weight")
                else module.weight
            )
        elif isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            if scheme == "normal":
                nn.init.normal_(module.weight, 1.0, 0.02)
            else:
                nn.init.constant_(module.weight, 0.0 if scheme == "zero" else 1.0)
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)
    return network


def make_networks(
    architecture: str = "dcgan", z_dim: int = 100, width: int = 64, variants: Iterable[str] = ()
) -> tuple[nn.Module, nn.Module]:
    """A generator and a discriminator as torch starts them, with the variants (keys of VARIANTS) made."""
    make_generator, make_discriminator = ARCHITECTURES[architecture]
    generator, discriminator = make_generator(z_dim, width), make_discriminator(width)
    apply_variants(generator, discriminator, variants)
    return generator, discriminator


def build_networks(
    architecture: str = "dcgan",
    z_dim: int = 100,
    width: int = 64,
    scheme: str = "normal",
    variants: Iterable[str] = (),
) -> tuple[nn.Module, nn.Module]:
    """The same, initialised: first G, then D, from torch's global generator."""
    generator, discriminator = make_networks(architecture, z_dim, width, variants)
    return initialise(generator, scheme), initialise(discriminator, scheme)


def count_parameters(network: nn.Module) -> int:
    """How many numbers training adjusts."""
    return sum(parameter.numel() for parameter in network.parameters())
