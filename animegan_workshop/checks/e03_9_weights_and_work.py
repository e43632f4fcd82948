"""Exercise 03.9: the weights of each layer, and its multiplications."""

from animegan_helpers.diagram import Layer
from animegan_workshop.checks.core import exercise, try_cases


def count_both(layers: list[Layer]) -> tuple[list[int], list[int]]:
    """Layers as traced -> the weights of the transposed convolutions, their multiplications."""
    return _count(layers, lambda layer: layer.inputs[1] * layer.inputs[2])


def _count(layers, positions, weights=lambda layer: layer.parameters, kinds=("ConvTranspose2d",)):
    """The two lists; positions: how often a layer uses each weight."""
    counted = [layer for layer in layers if layer.kind in kinds]
    pairs = [(weights(layer), weights(layer) * positions(layer)) for layer in counted]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _inputs(layer: Layer) -> int:
    return layer.inputs[1] * layer.inputs[2]


FAULTS = {
    "a weight is used once for each *input* position, not for each output": (
        lambda layers: _count(layers, lambda layer: layer.outputs[1] * layer.outputs[2])
    ),
    "count the transposed convolutions only": (
        lambda layers: _count(layers, _inputs, kinds=("ConvTranspose2d", "BatchNorm2d")),
        lambda layers: _count(layers, _inputs, kinds=("ConvTranspose2d", "BatchNorm2d", "ReLU")),
    ),
    "the positions are the height times the width": (
        lambda layers: _count(layers, lambda layer: layer.inputs[1]),
        lambda layers: _count(layers, lambda layer: layer.inputs[1] + layer.inputs[2]),
    ),
    "the channels are in the weights already": (
        lambda layers: _count(layers, lambda layer: layer.inputs[0] * _inputs(layer))
    ),
    "each pair of channels has a whole kernel of weights": (
        lambda layers: _count(layers, _inputs, lambda layer: layer.inputs[0] * layer.outputs[0])
    ),
    "give one number for each layer, not the sums": (
        lambda layers: tuple(sum(counts) for counts in count_both(layers))
    ),
    "the two lists are swapped": lambda layers: count_both(layers)[::-1],
}


@exercise("03.6", count_both)
def weights_and_work(answer, seed):
    """Layers -> two lists, a number for each transposed convolution: weights, multiplications."""
    layers = [
        Layer("ConvTranspose2d", (7, 1, 1), (6, 4, 5), 840, None),
        Layer("BatchNorm2d", (6, 4, 5), (6, 4, 5), 12, None),
        Layer("ReLU", (6, 4, 5), (6, 4, 5), 0, None),
        Layer("ConvTranspose2d", (6, 4, 5), (3, 8, 10), 288, None),
        Layer("Tanh", (3, 8, 10), (3, 8, 10), 0, None),
    ]
    try_cases(answer, count_both, [(layers,), (layers[2:],)], FAULTS)
    return "weights, and weights times input positions"
