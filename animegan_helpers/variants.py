"""DCGAN with one thing changed, for experiments: `networks.py` stays the textbook, a variant replaces some layers."""

from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm


def replace_layers(network: nn.Module, kind: type, make: Callable[[nn.Module], nn.Module]) -> None:
    """Puts make(layer) in place of every layer of this kind inside the network."""
    for name, child in list(network.named_children()):
        if isinstance(child, kind):
            setattr(network, name, make(child))
        else:
            replace_layers(child, kind, make)


def with_kernel(size: int) -> Callable[[nn.Module, nn.Module], None]:
    """Kernels of another size wherever a layer halves or doubles the picture; the sizes of the pictures stay."""

    def change(generator: nn.Module, discriminator: nn.Module) -> None:
        padding, odd = (size - 1) // 2, size % 2

        def wider(layer: nn.ConvTranspose2d) -> nn.Module:
            if layer.stride != (2, 2):
                return layer
            return nn.ConvTranspose2d(
                layer.in_channels,
                layer.out_channels,
                size,
                2,
                padding,
                output_padding=odd,
                bias=False,
            )

        def narrower(layer: nn.Conv2d) -> nn.Module:
            if layer.stride != (2, 2):
                return layer
            return nn.Conv2d(layer.in_channels, layer.out_channels, size, 2, padding, bias=False)

        replace_layers(generator, nn.ConvTranspose2d, wider)
        replace_layers(discriminator, nn.Conv2d, narrower)

    return change


def resize_and_convolve(generator: nn.Module, discriminator: nn.Module) -> None:
    """G enlarges by repeating pixels, then convolves (Odena, Dumoulin and Olah 2016): no uneven overlap."""

    def make(layer: nn.ConvTranspose2d) -> nn.Module:
        if layer.stride != (2, 2):
            return layer
        convolution = nn.Conv2d(layer.in_channels, layer.out_channels, 3, padding=1, bias=False)
        return nn.Sequential(nn.Upsample(scale_factor=2), convolution)

    replace_layers(generator, nn.ConvTranspose2d, make)


def normalisation(
    make: Callable[[nn.BatchNorm2d], nn.Module], *, in_generator: bool, in_discriminator: bool
) -> Callable[[nn.Module, nn.Module], None]:
    """Something else where batch norm stands, in either network or both."""

    def change(generator: nn.Module, discriminator: nn.Module) -> None:
        for network, wanted in ((generator, in_generator), (discriminator, in_discriminator)):
            if wanted:
                replace_layers(network, nn.BatchNorm2d, make)

    return change


def slope(make: Callable[[], nn.Module]) -> Callable[[nn.Module, nn.Module], None]:
    """Another nonlinearity in D."""
    return lambda generator, discriminator: replace_layers(
        discriminator, nn.LeakyReLU, lambda _: make()
    )


def spectral(generator: nn.Module, discriminator: nn.Module) -> None:
    """D's layers divided by their largest singular value (Miyato et al. 2018, arXiv 1802.05957); no batch norm in D."""
    replace_layers(discriminator, nn.BatchNorm2d, lambda _: nn.Identity())
    replace_layers(discriminator, nn.Conv2d, spectral_norm)


class BatchDeviation(nn.Module):
    """Features (B, C, H, W) -> (B, 1, H, W), one number everywhere: how much the pictures of a batch differ.

    The deviation over the pictures of a group, averaged over channels and places, so that D sees a batch of faces that
    are all alike, which no single face shows (minibatch standard deviation: Karras et al. 2018, arXiv 1710.10196,
    section 3). In eval mode: what was usual in training, so that a single face is judged as one of many.
    """

    GROUP = 10  # pictures in a group at most; a divisor of the batch

    def __init__(self):
        super().__init__()
        self.register_buffer("usual", torch.zeros(()))

    @classmethod
    def group(cls, count: int) -> int:
        """How many pictures of a batch of `count` are compared at a time; of 1 nothing can be said."""
        return max(size for size in range(1, cls.GROUP + 1) if count % size == 0)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        count, _, height, width = features.shape
        if self.training:
            group = self.group(count)
            rows = (
                features.float().permute(0, 2, 3, 1).reshape(group, count // group, -1)
            )  # (G, B / G, H * W * C)
            variance = (rows - rows.mean(dim=0)).square().mean(dim=0)
            deviation = (
                (variance + 1e-8).sqrt().mean(dim=1).repeat(group)
            )  # (B,); a root has no slope at 0, hence 1e-8
            with torch.no_grad():
                self.usual.lerp_(deviation.mean(), 0.1)
        else:
            deviation = self.usual.expand(count)
        return deviation.view(-1, 1, 1, 1).expand(-1, 1, height, width)


class LogitOfBatch(nn.Module):
    """D's last layer with one channel more, BatchDeviation's: features (B, C, 4, 4) -> (B, 1, 1, 1).

    Two convolutions and a sum are one convolution of all channels, and faster than to lay the channels side by side.
    """

    def __init__(self, of_features: nn.Conv2d):
        super().__init__()
        self.of_features = of_features
        self.of_deviation = nn.Sequential(
            BatchDeviation(), nn.Conv2d(1, 1, of_features.kernel_size, bias=False)
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.of_features(features) + self.of_deviation(features)


def see_the_batch(generator: nn.Module, discriminator: nn.Module) -> None:
    """D's last layer sees how much the pictures of a batch differ."""
    discriminator.to_logit = LogitOfBatch(discriminator.to_logit)


def full_size_layer(generator: nn.Module, discriminator: nn.Module) -> None:
    """G makes features of 64x64 before colours: a pixel is no longer a weighted sum of four features of 32x32."""
    width = generator.to_image[0].in_channels
    generator.to_image = nn.Sequential(
        nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False),
        nn.BatchNorm2d(width // 2),
        nn.ReLU(),
        nn.Conv2d(width // 2, 3, 3, padding=1, bias=False),
        nn.Tanh(),
    )


def group_norm(layer: nn.BatchNorm2d) -> nn.Module:
    """Over groups of 8 channels of one picture (Wu and He 2018, arXiv 1803.08494)."""
    return nn.GroupNorm(max(1, layer.num_features // 8), layer.num_features)


def no_norm(layer: nn.BatchNorm2d) -> nn.Module:
    """Nothing."""
    return nn.Identity()


VARIANTS: dict[str, Callable[[nn.Module, nn.Module], None]] = {
    "kernel-3": with_kernel(3),
    "kernel-5": with_kernel(5),
    "resize-convolve": resize_and_convolve,
    "no-norm": normalisation(no_norm, in_generator=True, in_discriminator=True),
    "no-norm-d": normalisation(no_norm, in_generator=False, in_discriminator=True),
    "group-norm": normalisation(group_norm, in_generator=True, in_discriminator=True),
    "group-norm-d": normalisation(group_norm, in_generator=False, in_discriminator=True),
    "spectral-d": spectral,
    "relu-d": slope(nn.ReLU),
    "prelu-d": slope(lambda: nn.PReLU(init=0.2)),
    "batch-deviation": see_the_batch,
    "full-size-layer": full_size_layer,
}


def apply_variants(generator: nn.Module, discriminator: nn.Module, names: Iterable[str]) -> None:
    """Changes both networks in place, one variant after the other."""
    for name in names:
        VARIANTS[name](generator, discriminator)
