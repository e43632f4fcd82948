"""The generator and the discriminator, DCGAN's, and how they are initialised (notebooks 03, 04).

DCGAN: Radford, Metz and Chintala 2015 (arXiv 1511.06434), section 3, with the kernels and widths of
their Torch code (figure 1 of the paper has twice the channels).
At the end stand two variants, changes to DCGAN that the preset `modern` makes. What only the
experiments of notebook 08 need is in animegan_workshop/experiments/variants.py.
"""

from collections.abc import Iterable

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from animegan_helpers.settings import find


def generator_block(inputs: int, outputs: int, stride: int = 2, padding: int = 1) -> nn.Sequential:
    """Transposed convolution, batch norm, ReLU: (B, inputs, H, W) -> (B, outputs, 2H, 2W).

    Stride 1 and padding 0 take 1x1 to 4x4.
    """
    return nn.Sequential(
        # no bias: the batch norm that follows would subtract it again
        nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def discriminator_block(inputs: int, outputs: int, normalise: bool = True) -> nn.Sequential:
    """Convolution, batch norm if wanted, LeakyReLU: (B, inputs, H, W) -> (B, outputs, H/2, W/2)."""
    layers = [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False)]
    if normalise:
        layers.append(nn.BatchNorm2d(outputs))
    return nn.Sequential(*layers, nn.LeakyReLU(0.2))


class Generator(nn.Module):
    """Latent vectors (B, z_dim) -> images (B, 3, 64, 64) in [-1, 1].

    width: channels of the last hidden layer; the first has 8 times as many. At width 64 there are
    3,576,704 parameters.
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
        # no batch norm here: DCGAN's authors saw samples oscillate with it
        last = nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False)
        self.to_image = nn.Sequential(last, nn.Tanh())  # (B, 3, 64, 64)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.to_image(self.blocks(z.reshape(len(z), self.z_dim, 1, 1)))


class Discriminator(nn.Module):
    """Images (B, 3, 64, 64) in [-1, 1] -> logits (B,), positive for "real".

    At width 64 there are 2,765,568 parameters. It ends in a logit, not in a sigmoid: the loss takes
    the logit and cannot overflow.
    """

    def __init__(self, width: int = 64):
        super().__init__()
        self.blocks = nn.Sequential(
            # no batch norm on the first layer, as in DCGAN
            discriminator_block(3, width, normalise=False),  # (B, w, 32, 32)
            discriminator_block(width, width * 2),  # (B, 2w, 16, 16)
            discriminator_block(width * 2, width * 4),  # (B, 4w, 8, 8)
            discriminator_block(width * 4, width * 8),  # (B, 8w, 4, 4)
        )
        self.to_logit = nn.Conv2d(width * 8, 1, 4, bias=False)  # (B, 1, 1, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.to_logit(self.blocks(images)).flatten(1).squeeze(1)


ARCHITECTURES = {"dcgan": (Generator, Discriminator)}

INITIALISATIONS = {
    "normal": lambda weight: nn.init.normal_(weight, 0.0, 0.02),
    "zero": nn.init.zeros_,
    "xavier": nn.init.xavier_uniform_,
    "orthogonal": nn.init.orthogonal_,
    "he": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
}


def initialise(network: nn.Module, scheme: str = "normal") -> nn.Module:
    """Sets every weight in place and returns the network.

    normal: N(0, 0.02), DCGAN section 4, and batch norm's gains N(1, 0.02), as in its released code.
    zero: everything 0, the report's claim C10.
    xavier: Glorot and Bengio 2010.
    orthogonal: Saxe et al. 2013 (arXiv 1312.6120).
    he: He et al. 2015 (arXiv 1502.01852), whose variance is 2 / inputs.
    Biases start at 0. Batch norm's gains start at 1 with the last three.
    """
    fill = find("initialisation", INITIALISATIONS, scheme)
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            if is_parametrized(module, "weight"):  # spectral norm keeps what is trained behind it
                fill(module.parametrizations.weight.original)
            else:
                fill(module.weight)
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
    """A generator and a discriminator as torch starts them, with the variants made."""
    make_generator, make_discriminator = find("architecture", ARCHITECTURES, architecture)
    generator, discriminator = make_generator(z_dim, width), make_discriminator(width)
    for name in variants:
        find("variant", VARIANTS, name)(generator, discriminator)
    return generator, discriminator


def build_networks(
    architecture: str = "dcgan",
    z_dim: int = 100,
    width: int = 64,
    scheme: str = "normal",
    variants: Iterable[str] = (),
) -> tuple[nn.Module, nn.Module]:
    """The same, initialised: first G, then D, from torch's global random numbers."""
    generator, discriminator = make_networks(architecture, z_dim, width, variants)
    return initialise(generator, scheme), initialise(discriminator, scheme)


def count_parameters(network: nn.Module) -> int:
    """How many numbers training adjusts."""
    return sum(parameter.numel() for parameter in network.parameters())


class BatchDeviation(nn.Module):
    """How much the pictures of a batch differ: features (B, C, H, W) -> one number, (B, 1, H, W).

    The batch is dealt into groups. The number is the standard deviation over the pictures of a
    group, averaged over channels and places. It lets D see that all faces of a batch are alike
    (minibatch standard deviation: Karras et al. 2018, arXiv 1710.10196, section 3).
    In eval mode it is the number usual in training, so a single face is judged as one of many.
    """

    GROUP = 10  # pictures in a group at most; the size must divide the batch

    def __init__(self):
        super().__init__()
        self.register_buffer("usual", torch.zeros(()))

    @classmethod
    def group(cls, count: int) -> int:
        """How many pictures of a batch of `count` form a group; nothing can be said of 1."""
        return max(size for size in range(1, cls.GROUP + 1) if count % size == 0)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        count, _, height, width = features.shape
        if self.training:
            group = self.group(count)
            # the group's pictures, the groups, all values of a picture: (G, B / G, H * W * C)
            rows = features.float().permute(0, 2, 3, 1).reshape(group, count // group, -1)
            variance = (rows - rows.mean(dim=0)).square().mean(dim=0)
            # a root has no slope at 0, hence 1e-8
            deviation = (variance + 1e-8).sqrt().mean(dim=1).repeat(group)  # (B,)
            with torch.no_grad():
                self.usual.lerp_(deviation.mean(), 0.1)
        else:
            deviation = self.usual.expand(count)
        return deviation.view(-1, 1, 1, 1).expand(-1, 1, height, width)


class LogitOfBatch(nn.Module):
    """D's last layer with BatchDeviation's channel added: features (B, C, 4, 4) -> (B, 1, 1, 1).

    The sum of two convolutions equals one convolution of all channels, and it is faster.
    """

    def __init__(self, of_features: nn.Conv2d):
        super().__init__()
        self.of_features = of_features
        last = nn.Conv2d(1, 1, of_features.kernel_size, bias=False)
        self.of_deviation = nn.Sequential(BatchDeviation(), last)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.of_features(features) + self.of_deviation(features)


def see_the_batch(generator: nn.Module, discriminator: nn.Module) -> None:
    """D's last layer sees how much the pictures of a batch differ."""
    discriminator.to_logit = LogitOfBatch(discriminator.to_logit)


def full_size_layer(generator: nn.Module, discriminator: nn.Module) -> None:
    """G makes features of 64x64 before it makes colours.

    Without it, each pixel is a weighted sum of four features of 32x32.
    """
    width = generator.to_image[0].in_channels
    generator.to_image = nn.Sequential(
        nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False),
        nn.BatchNorm2d(width // 2),
        nn.ReLU(),
        nn.Conv2d(width // 2, 3, 3, padding=1, bias=False),
        nn.Tanh(),
    )


VARIANTS = {"batch-deviation": see_the_batch, "full-size-layer": full_size_layer}
"""Changes to DCGAN, each a function that changes (generator, discriminator) in place."""
