"""DCGAN with one thing changed, for experiments: `networks.py` stays the textbook, a variant replaces some layers."""

from collections.abc import Callable, Iterable

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
            return nn.ConvTranspose2d(layer.in_channels, layer.out_channels, size, 2, padding, output_padding=odd,
                                      bias=False)  # fmt: skip

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


def normalisation(make: Callable[[nn.BatchNorm2d], nn.Module], *, in_generator: bool,
                  in_discriminator: bool) -> Callable[[nn.Module, nn.Module], None]:  # fmt: skip
    """Something else where batch norm stands, in either network or both."""

    def change(generator: nn.Module, discriminator: nn.Module) -> None:
        for network, wanted in ((generator, in_generator), (discriminator, in_discriminator)):
            if wanted:
                replace_layers(network, nn.BatchNorm2d, make)

    return change


def slope(make: Callable[[], nn.Module]) -> Callable[[nn.Module, nn.Module], None]:
    """Another nonlinearity in D."""
    return lambda generator, discriminator: replace_layers(discriminator, nn.LeakyReLU, lambda _: make())


def spectral(generator: nn.Module, discriminator: nn.Module) -> None:
    """D's layers divided by their largest singular value (Miyato et al. 2018, arXiv 1802.05957); no batch norm in D."""
    replace_layers(discriminator, nn.BatchNorm2d, lambda _: nn.Identity())
    replace_layers(discriminator, nn.Conv2d, spectral_norm)


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
}


def apply_variants(generator: nn.Module, discriminator: nn.Module, names: Iterable[str]) -> None:
    """Changes both networks in place, one variant after the other."""
    for name in names:
        VARIANTS[name](generator, discriminator)
