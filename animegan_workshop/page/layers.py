"""A generator as the few kinds of layers that a page computes with.

Batch norm is folded into the layer before it. A layer that doubles the picture becomes four
ordinary convolutions, one for each of the four places (row even or odd, column even or odd) that a
pixel of its output can have. These are all the products that count, and a browser is faster at it.
"""

from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn import functional as F


class PageError(ValueError):
    """A generator that a page cannot hold: one line that names the layer."""


@dataclass
class Layer:
    """One step of a page's computation, and then ReLU if `relu`.

    kind: "dense", z (B, I) -> (B, H, W, C); "conv", same height and width; "up", twice as high and
        wide; "norm", group norm.
    weights: dense: one, (I, H * W * C). conv: one, (kernel height, kernel width, I, O). up: four
        such, for the places (0, 0), (0, 1), (1, 0), (1, 1). norm: one, a factor for each channel.
    pads: of each convolution: ((above, below), (left, right)).
    bias: one number for each column of the weights.
    """

    kind: str
    weights: list[torch.Tensor]
    bias: torch.Tensor
    relu: bool = False
    pads: list = field(default_factory=list)
    shape: tuple[int, ...] = ()
    groups: int = 0


def taps(kernel: int, padding: int, place: int) -> dict[int, int]:
    """Of a transposed convolution of stride 2: offset of the input -> index in the kernel.

    place: 0 for the even pixels of the output, 1 for the odd ones. Output 2q + place is the sum of
    the inputs q + offset, each times the kernel at its index.
    """
    indices = range((place + padding) % 2, kernel, 2)
    return {(place + padding - index) // 2: index for index in sorted(indices, reverse=True)}


def dense(weight: torch.Tensor, bias: torch.Tensor) -> Layer:
    """From a weight (I, C, H, W): z meets every pixel of the first picture."""
    inputs, channels, height, width = weight.shape
    columns = weight.permute(0, 2, 3, 1).reshape(inputs, -1)
    shape = (height, width, channels)
    if bias.ndim == 1:
        bias = bias.expand(height, width, channels)
    else:  # one number for each pixel, (C, H, W)
        bias = bias.permute(1, 2, 0)
    return Layer("dense", [columns], bias.reshape(-1), shape=shape)


def up(weight: torch.Tensor, bias: torch.Tensor, padding: int) -> Layer:
    """From the weight (I, O, k, k) of a transposed convolution that doubles height and width."""
    layer = Layer("up", [], bias)
    for row in (0, 1):
        for column in (0, 1):
            down, across = (taps(weight.shape[2], padding, place) for place in (row, column))
            part = weight[:, :, list(down.values())][:, :, :, list(across.values())]
            layer.weights.append(part.permute(2, 3, 0, 1))
            layer.pads.append(tuple((-min(d), max(d)) for d in (list(down), list(across))))
    return layer


def enlarged(weight: torch.Tensor) -> torch.Tensor:
    """The weight (I, O, 4, 4) of the transposed convolution that equals an `Upsample` and a 3x3.

    Pixels that the upsampling repeats meet two entries of the kernel, so these are added.
    """
    mix = torch.tensor([[0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=weight.dtype)
    return torch.einsum("ya,xb,oiab->ioyx", mix, mix, weight)


class Reader:
    """Reads a generator layer by layer; `layers` holds what it has understood."""

    def __init__(self, z_dim: int):
        self.z_dim, self.layers, self.enlarge, self.ended = z_dim, [], False, False
        self.open: tuple | None = None  # how to make the last layer, its weight, its bias, its axis

    def close(self, relu: bool = False) -> None:
        """No batch norm can follow any more: the last layer is made."""
        if self.open:
            make, weight, bias, _ = self.open
            self.layers.append(make(weight, bias))
            self.open = None
        if relu:
            if not self.layers or self.layers[-1].relu:
                raise PageError("it follows no layer with weights")
            self.layers[-1].relu = True

    def linear(self, module: nn.Linear) -> None:
        bias = torch.zeros(len(module.weight)) if module.bias is None else module.bias
        if len(module.weight) == 3 * 64 * 64:  # the picture: its pixels are sorted by channel
            weight, shape = module.weight.T.reshape(-1, 3, 64, 64), (3, 64, 64)
            self.open = dense, weight, bias.reshape(shape), None
        else:
            self.open = dense, module.weight.T[:, :, None, None], bias, 1

    def transposed(self, module: nn.ConvTranspose2d) -> None:
        kernel, padding = module.kernel_size[0], module.padding[0]
        plain = module.dilation == (1, 1) and module.groups == 1
        square = all(len(set(v)) == 1 for v in (module.kernel_size, module.padding, module.stride))
        bias = torch.zeros(module.out_channels) if module.bias is None else module.bias
        if plain and square and not self.layers and padding == 0 and module.output_padding[0] == 0:
            self.open = dense, module.weight, bias, 1
            return
        doubles = kernel - 2 * padding + module.output_padding[0] == 2 and kernel >= 2
        if not (plain and square and module.stride == (2, 2) and doubles):
            raise PageError("it does not double height and width")
        self.open = lambda w, b: up(w, b, padding), module.weight, bias, 1

    def convolution(self, module: nn.Conv2d) -> None:
        kernel = module.kernel_size[0]
        same = module.kernel_size == (kernel, kernel) and kernel % 2 == 1
        same &= module.padding in ((kernel // 2,) * 2, "same") and module.padding_mode == "zeros"
        if not same or module.stride != (1, 1) or module.dilation != (1, 1) or module.groups != 1:
            raise PageError("it does not keep height and width")
        bias = torch.zeros(module.out_channels) if module.bias is None else module.bias
        if self.enlarge:
            if kernel != 3:
                raise PageError("an Upsample must be followed by a convolution of kernel 3")
            self.open = lambda w, b: up(w, b, 1), enlarged(module.weight), bias, 1
            self.enlarge = False
            return
        pads = [((kernel // 2, kernel // 2),) * 2]

        def make(weight: torch.Tensor, bias: torch.Tensor) -> Layer:
            return Layer("conv", [weight.permute(2, 3, 1, 0)], bias, pads=pads)

        self.open = make, module.weight, bias, 0

    def batch_norm(self, module: nn.BatchNorm2d) -> None:
        if self.open is None or self.open[3] is None or module.running_var is None:
            raise PageError("it follows no layer with weights")
        make, weight, bias, axis = self.open
        scale = (module.running_var + module.eps).rsqrt()
        shift = -module.running_mean * scale
        if module.affine:
            scale, shift = scale * module.weight, shift * module.weight + module.bias
        factors = scale.reshape([-1 if a == axis else 1 for a in range(weight.ndim)])
        self.open = make, weight * factors, bias * scale + shift, None

    def group_norm(self, module: nn.GroupNorm) -> None:
        self.close()
        if module.eps != 1e-5 or not module.affine:
            raise PageError("its settings are not torch's defaults")
        norm = Layer("norm", [module.weight], module.bias, groups=module.num_groups)
        self.layers.append(norm)

    def upsample(self, module: nn.Upsample) -> None:
        self.close()
        if module.scale_factor not in (2, 2.0, (2.0, 2.0)) or module.mode != "nearest":
            raise PageError("it does not double height and width by repeating pixels")
        self.enlarge = True

    def read(self, module: nn.Module) -> None:
        """Takes in one layer; raises PageError where it cannot."""
        kinds = {
            nn.Linear: self.linear,
            nn.ConvTranspose2d: self.transposed,
            nn.Conv2d: self.convolution,
            (nn.BatchNorm1d, nn.BatchNorm2d): self.batch_norm,
            nn.GroupNorm: self.group_norm,
            nn.Upsample: self.upsample,
            nn.ReLU: lambda module: self.close(relu=True),
            nn.Identity: lambda module: None,
            nn.Tanh: lambda module: setattr(self, "ended", True),
        }
        found = [read for kind, read in kinds.items() if isinstance(module, kind)]
        if not found or self.ended:
            raise PageError("a page has no such layer")
        if self.enlarge and not isinstance(module, nn.Conv2d):
            raise PageError("a convolution must follow the Upsample before it")
        if isinstance(module, (nn.Linear, nn.ConvTranspose2d, nn.Conv2d)):
            self.close()
        found[0](module)


@torch.no_grad()
def read_layers(generator: nn.Module) -> list[Layer]:
    """The layers of a generator in eval mode, in the order in which it computes.

    Raises PageError, which names the first layer that a page cannot compute.
    """
    reader = Reader(generator.z_dim)
    for name, module in generator.named_modules():
        if not list(module.children()):
            try:
                reader.read(module)
            except PageError as error:
                raise PageError(f"a page cannot hold {name}, {module}: {error}") from None
    reader.close()
    if not reader.ended:
        raise PageError("a page can hold only a generator that ends in Tanh")
    return reader.layers


@torch.no_grad()
def compute(layers: list[Layer], z: torch.Tensor) -> torch.Tensor:
    """What a page computes from z (B, z_dim), in torch: images (B, 3, 64, 64) in [-1, 1]."""
    x = z
    for layer in layers:
        bias = layer.bias
        if layer.kind == "dense":
            height, width, channels = layer.shape
            x = x.flatten(1) @ layer.weights[0] + bias
            x = x.reshape(-1, height, width, channels).permute(0, 3, 1, 2)
        elif layer.kind == "norm":
            x = F.group_norm(x, layer.groups, layer.weights[0], bias)
        else:
            parts = []
            for weight, ((above, below), (left, right)) in zip(layer.weights, layer.pads):
                padded = F.pad(x, (left, right, above, below))
                parts.append(F.conv2d(padded, weight.permute(3, 2, 0, 1), bias))
            x = parts[0]
            if layer.kind == "up":
                x = F.pixel_shuffle(torch.stack(parts, 2).flatten(1, 2), 2)
        x = x.relu() if layer.relu else x
    return x.tanh()
