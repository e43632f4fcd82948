"""Exercise 04.3: how far a unit sees."""

from collections.abc import Callable

from animegan_workshop.checks.core import exercise, try_cases

Layers = list[tuple[int, int]]


def receptive_fields(layers: Layers) -> list[int]:
    """The field after each layer, in pixels; layers: (kernel, stride) from the picture upwards."""
    return _fields(layers, lambda kernel, stride, step, below: (kernel - 1) * step)


def _fields(layers: Layers, grow: Callable[[int, int, int, int], int]) -> list[int]:
    """`grow`: what a layer adds, by kernel, stride, step and the stride of the layer below."""
    field, step, below, found = 1, 1, 1, []
    for kernel, stride in layers:
        field += grow(kernel, stride, step, below)
        step, below = step * stride, stride
        found.append(field)
    return found


FAULTS = {
    "return the field after every layer, not after the last one only": (
        lambda layers: receptive_fields(layers)[-1:],
        lambda layers: receptive_fields(layers)[-1],
    ),
    "leave out the 1 at the start": lambda layers: [1, *receptive_fields(layers)],
    "a layer adds (k - 1) steps, not k": lambda layers: _fields(layers, lambda k, s, j, b: k * j),
    "renew the step after the layer: only the strides *below* it count": (
        lambda layers: _fields(layers, lambda k, s, j, b: (k - 1) * j * s)
    ),
    "a step is the product of all strides so far, not the stride of one layer": (
        lambda layers: _fields(layers, lambda k, s, j, b: (k - 1) * s),
        lambda layers: _fields(layers, lambda k, s, j, b: (k - 1) * b),
    ),
    "the strides are missing": lambda layers: _fields(layers, lambda k, s, j, b: k - 1),
    "start from 1: a single pixel sees itself": (
        lambda layers: [field - 1 for field in receptive_fields(layers)]
    ),
    "that is the step j, how far apart two units look; asked for is r": (
        lambda layers: _fields(layers, lambda k, s, j, b: j * s - j)
    ),
    "you run through the layers from the top: start at the picture": (
        lambda layers: receptive_fields(layers[::-1])
    ),
}


@exercise("04.3", receptive_fields)
def receptive_field(answer, seed):
    """[(kernel, stride), ...] from the picture upwards -> [field of each layer's units, pixels]."""
    cases = [([(4, 2)] * 4 + [(4, 1)],), ([(3, 1), (5, 2), (3, 3), (2 + seed % 3, 2)],)]
    try_cases(answer, receptive_fields, cases, FAULTS)
    return "the field of the units of every layer"
