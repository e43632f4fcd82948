"""A network as a list of layers and as a drawing, made while a batch runs (notebooks 03, 04)."""

import copy
from functools import partial
from typing import NamedTuple

import torch
from matplotlib.figure import Figure
from torch import nn

from animegan_helpers.networks import count_parameters
from animegan_helpers.pictures import GREEN, ORANGE, PINK, SKY

ACTIVATION_COLOURS = {"ReLU": GREEN, "LeakyReLU": ORANGE, "PReLU": PINK, "Tanh": SKY}


class Layer(NamedTuple):
    """One layer as it ran. Shapes are without the batch; parameters: how many numbers it learns."""

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    parameters: int
    module: nn.Module


@torch.no_grad()
def trace_layers(network: nn.Module, example: torch.Tensor) -> list[Layer]:
    """The layers in the order in which they run on `example`, a batch, in eval mode.

    Only modules without children count as layers. A copy runs: the network stays as it is.
    """
    layers: list[Layer] = []

    def note(original, module, inputs, output):
        shapes = inputs[0].shape[1:], output.shape[1:]
        layers.append(Layer(type(module).__name__, *shapes, count_parameters(module), original))

    double = copy.deepcopy(network).eval()
    for original, module in zip(network.modules(), double.modules()):
        if not list(module.children()):
            module.register_forward_hook(partial(note, original))
    double(example)
    return layers


def plot_network(network: nn.Module, example: torch.Tensor, title: str) -> Figure:
    """Each tensor as a box. Its width grows with the root of its channels, its height with that of
    its side, and its colour names the activation it comes from."""
    groups: list[list[Layer]] = []  # each group ends in one box
    for layer in trace_layers(network, example):
        if not groups or layer.inputs != layer.outputs:  # batch norm and activations keep the shape
            groups.append([])
        groups[-1].append(layer)
    axes = Figure(figsize=(11, 2.9), dpi=100, layout="constrained").subplots()
    right = draw_box(axes, 0.0, groups[0][0].inputs, "silver")
    for group in groups:
        axes.annotate("", (right + 23, 0), (right + 1, 0), arrowprops={"arrowstyle": "->"})
        words = "\n".join(map(describe, group))
        axes.text(right + 12, 1.5, words, ha="center", va="bottom", fontsize=7)
        colour = ACTIVATION_COLOURS.get(group[-1].kind, "silver")
        right = draw_box(axes, right + 24, group[-1].outputs, colour)
    total = count_parameters(network)
    axes.set(title=f"{title}: {total:,} parameters", ylim=(-32, 24), aspect="equal")
    axes.axis("off")
    return axes.figure


def describe(layer: Layer) -> str:
    """The words above an arrow: the layer's kind, its kernel and stride, how much it learns."""
    lines = [layer.kind]
    if layer.kind.startswith("Conv"):
        kernel = "×".join(map(str, layer.module.kernel_size))
        lines.append(f"{kernel}, stride {layer.module.stride[0]}")
    if layer.parameters:
        lines.append(f"{layer.parameters:,} weights")
    return "\n".join(lines)


def draw_box(axes, left: float, shape: tuple[int, ...], colour: str) -> float:
    """Draws a tensor (channels, height, width) or (features,) as a box. Returns its right edge."""
    channels, side = shape[0], shape[-1] if len(shape) > 2 else 1
    width, height = channels**0.5, 5 * side**0.5
    axes.bar(left, height, width, -height / 2, align="edge", color=colour, edgecolor="black")
    label = f"{channels}\n{side}×{side}"
    axes.text(left + width / 2, -height / 2 - 2, label, ha="center", va="top", fontsize=8)
    return left + width
