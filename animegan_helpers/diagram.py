"""A network's layers as a list and as a drawing, both read off the network while one batch runs through it."""

from typing import NamedTuple

import torch
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from torch import nn

COLOURS = {"ReLU": "#009E73", "LeakyReLU": "#E69F00", "PReLU": "#CC79A7", "Tanh": "#56B4E9"}


class Layer(NamedTuple):
    """One layer as it ran; shapes without the batch; parameters: how many numbers it learns."""

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    parameters: int
    module: nn.Module


@torch.no_grad()
def trace_layers(network: nn.Module, example: torch.Tensor) -> list[Layer]:
    """The layers without children, as they ran, in eval mode, on `example`, a batch; every mode and buffer is kept."""
    layers: list[Layer] = []

    def note(module, inputs, output):
        count = sum(parameter.numel() for parameter in module.parameters())
        layers.append(
            Layer(type(module).__name__, inputs[0].shape[1:], output.shape[1:], count, module)
        )

    modes = {module: module.training for module in network.modules()}
    hooks = [module.register_forward_hook(note) for module in modes if not list(module.children())]
    try:
        network.eval()(example)
    finally:
        for hook in hooks:
            hook.remove()
        for module, mode in modes.items():
            module.training = mode
    return layers


def plot_network(network: nn.Module, example: torch.Tensor, title: str) -> Figure:
    """Each tensor as a box: thick as the root of its channels, high as that of its side, coloured by its activation."""
    groups: list[list[Layer]] = []
    for layer in trace_layers(network, example):
        if not groups or layer.inputs != layer.outputs:  # batch norm and activations keep the shape
            groups.append([])
        groups[-1].append(layer)
    axes = Figure(figsize=(11, 3.4), dpi=90, layout="constrained").subplots()
    x = _box(axes, 0.0, groups[0][0].inputs, "#BBBBBB")
    for group in groups:
        axes.annotate(
            "", (x + 23, 0), (x + 1, 0), arrowprops={"arrowstyle": "->", "color": "#555555"}
        )
        axes.text(
            x + 12, 1.5, "\n".join(map(_words, group)), ha="center", va="bottom", fontsize=6.5
        )
        x = _box(axes, x + 24, group[-1].outputs, COLOURS.get(group[-1].kind, "#BBBBBB"))
    total = sum(parameter.numel() for parameter in network.parameters())
    axes.set(
        title=f"{title}: {total:,} parameters", xlim=(-2, x + 2), ylim=(-32, 36), aspect="equal"
    )
    axes.axis("off")
    return axes.figure


def _words(layer: Layer) -> str:
    kernel, stride = (getattr(layer.module, name, (0,)) for name in ("kernel_size", "stride"))
    size = f"\n{kernel[0]}×{kernel[-1]}, stride {stride[0]}" if kernel[0] else ""
    return f"{layer.kind}{size}" + (f"\n{layer.parameters:,} weights" if layer.parameters else "")


def _box(axes, x: float, shape: tuple[int, ...], colour: str) -> float:
    """Draws (channels, height, width), or (features,), as a box from x rightward; returns where it ends."""
    channels, side = shape[0], shape[-1] if len(shape) > 2 else 1
    thick, high, slant = channels**0.5, 2.5 * side**0.5, 1.5 * side**0.5
    front = [(0, -high), (thick, -high), (thick, high), (0, high)]
    top = [(0, high), (thick, high), (thick + slant, high + slant), (slant, high + slant)]
    right = [
        (thick, -high),
        (thick + slant, slant - high),
        (thick + slant, high + slant),
        (thick, high),
    ]
    for corners, strength in ((front, 0.55), (top, 0.3), (right, 0.8)):
        face = [(x + across, up) for across, up in corners]
        axes.add_patch(
            Polygon(face, facecolor=(colour, strength), edgecolor="#333333", linewidth=0.6)
        )
    axes.text(
        x + (thick + slant) / 2,
        -high - 2,
        f"{channels}\n{side}×{side}",
        ha="center",
        va="top",
        fontsize=7.5,
    )
    return x + thick + slant
