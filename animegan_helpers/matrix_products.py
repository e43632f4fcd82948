"""DCGAN's deepest convolutions as matrix products, for processors that are much faster at those.

A convolution cuts its input into patches and multiplies each by the same matrix (Chellapilla, Puri and Simard 2006,
"High performance convolutional neural networks for document processing", section 2). Where the picture is small and
the channels are many, the cutting costs little and the product keeps a processor's matrix units busy (Intel's AMX);
there, torch's own gradient of such a layer's weights takes five times as long.
"""

import contextlib

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from animegan_helpers.budget import clearly_faster

LARGEST = 8
"""Strided convolutions between this many pixels a side and half as many are done here; at 16 torch's own are faster."""


def patches(x: torch.Tensor) -> torch.Tensor:
    """(B, C, 2h, 2w) -> (B h w, 16 C): what each position of a 4x4 convolution of stride 2, padding 1 sees."""
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))  # (B, 2h + 2, 2w + 2, C)
    windows = padded.unfold(1, 4, 2).unfold(2, 4, 2)  # (B, h, w, C, 4, 4)
    return windows.permute(0, 1, 2, 4, 5, 3).reshape(-1, 16 * x.shape[1])


def as_matrix(weight: torch.Tensor) -> torch.Tensor:
    """(O, C, 4, 4) -> (O, 16 C), in the order of the patches; a view where the weight is channels_last."""
    return weight.permute(0, 2, 3, 1).reshape(len(weight), -1)


def weight_gradient(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """(B, C, 2h, 2w), (B, O, h, w) -> (O, C, 4, 4), of Down and of Up: one is a value, the other a gradient."""
    by_channel = y.transpose(0, 1).reshape(y.shape[1], -1)  # (O, B h w)
    return (by_channel @ patches(x)).view(-1, 4, 4, x.shape[1]).permute(0, 3, 1, 2)


class Down(torch.autograd.Function):
    """The 4x4 convolution of stride 2, padding 1: (B, C, 2h, 2w), (O, C, 4, 4) -> (B, O, h, w)."""

    @staticmethod
    def forward(ctx, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        batch, _, height, width = x.shape
        y = patches(x) @ as_matrix(weight).T
        return y.view(batch, height // 2, width // 2, -1).permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        x, weight = ctx.saved_tensors
        for_x = Up.apply(gradient, weight) if ctx.needs_input_grad[0] else None
        return for_x, weight_gradient(x, gradient) if ctx.needs_input_grad[1] else None


class Up(torch.autograd.Function):
    """Its adjoint, the transposed convolution: (B, O, h, w), (O, C, 4, 4) -> (B, C, 2h, 2w)."""

    @staticmethod
    def forward(ctx, y: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(y, weight)
        batch, outputs, height, width = y.shape
        pieces = y.permute(0, 2, 3, 1).reshape(-1, outputs) @ as_matrix(weight)
        pieces = pieces.view(
            batch, height, width, 4, 4, -1
        )  # a 4x4 patch for each position; they overlap by two
        x = y.new_zeros(batch, 2 * height + 2, 2 * width + 2, weight.shape[1])
        for i in range(4):
            for j in range(4):
                x[:, i : i + 2 * height : 2, j : j + 2 * width : 2] += pieces[:, :, :, i, j]
        return x[:, 1:-1, 1:-1].permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        y, weight = ctx.saved_tensors
        for_y = Down.apply(gradient, weight) if ctx.needs_input_grad[0] else None
        return for_y, weight_gradient(gradient, y) if ctx.needs_input_grad[1] else None


STRIDED = {
    torch.conv2d: ((2, 2), (1, 1), (1, 1), 1),
    torch.conv_transpose2d: ((2, 2), (1, 1), (0, 0), 1, (1, 1)),
}
WHOLE = {
    torch.conv2d: ((1, 1), (0, 0), (1, 1), 1),
    torch.conv_transpose2d: ((1, 1), (0, 0), (0, 0), 1, (1, 1)),
}
"""What follows input, weight and bias in a module's call, for the two kinds that are done here."""


class MatrixProducts(TorchFunctionMode):
    """Inside it, 4x4 convolutions that have few positions are matrix products in bf16; the networks need not know."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function in STRIDED and args[1].shape[2:] == (4, 4) and args[2:3] == (None,):
            (x, weight), transposed = args[:2], function is torch.conv_transpose2d
            side = x.shape[2] if x.shape[2] == x.shape[3] else None
            if args[3:] == STRIDED[function] and side == (LARGEST // 2 if transposed else LARGEST):
                return (Up if transposed else Down).apply(x.bfloat16(), weight.bfloat16())
            if args[3:] == WHOLE[function] and side == (1 if transposed else 4):
                return whole(x.bfloat16(), weight.bfloat16(), transposed)
        return function(*args, **(kwargs or {}))


def whole(x: torch.Tensor, weight: torch.Tensor, transposed: bool) -> torch.Tensor:
    """A convolution whose kernel covers its input, (B, C, 4, 4), (O, C, 4, 4) -> (B, O, 1, 1), or its adjoint."""
    flat = x.permute(0, 2, 3, 1).flatten(1)
    if transposed:  # (B, O), (O, 16 C) -> (B, C, 4, 4)
        return (flat @ as_matrix(weight)).view(len(x), 4, 4, -1).permute(0, 3, 1, 2)
    return (flat @ as_matrix(weight).T)[:, :, None, None]


def products_are_faster(width: int, batch: int) -> bool:
    """Whether this processor is faster with them, by a tenth at least: D's last strided layer is timed in both."""
    with torch.random.fork_rng(
        devices=[]
    ):  # a measurement leaves the random numbers of whoever asks alone
        layer = torch.nn.Conv2d(4 * width, 8 * width, 4, 2, 1, bias=False).to(
            memory_format=torch.channels_last
        )
        x = (
            torch.rand(batch, 4 * width, LARGEST, LARGEST)
            .to(memory_format=torch.channels_last)
            .requires_grad_()
        )

    def there_and_back(mode: contextlib.AbstractContextManager) -> None:
        with torch.autocast("cpu", torch.bfloat16), mode:
            loss = layer(x).sum()
        torch.autograd.grad(loss, (x, layer.weight))

    products, plain = (
        (lambda: there_and_back(MatrixProducts())),
        (lambda: there_and_back(contextlib.nullcontext())),
    )
    return clearly_faster(products, plain, x.device)
