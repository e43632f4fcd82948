"""Checks of notebook 03: the transposed convolution, its size, a block of G, the whole of G."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from animegan_helpers.networks import Generator
from animegan_helpers.networks import generator_block as our_block
from animegan_workshop.checks.core import CheckFailed, close, compare, demand, exercise
from animegan_workshop.checks.probing import (
    Traced,
    batch_normed,
    convolutions,
    normalises,
    prepare,
    probe,
)


def stamp(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """Transposed convolution of x (H, H) with a kernel (k, k): each value stamps its copy of the kernel, added up."""
    k, side = len(kernel), (len(x) - 1) * stride + len(kernel)
    y = np.zeros((side, side))
    for i, j in np.ndindex(x.shape):
        y[i * stride : i * stride + k, j * stride : j * stride + k] += x[i, j] * kernel
    return y


def _stamp_otherwise(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """The same with the last stamp in place of the sum."""
    k, side = len(kernel), (len(x) - 1) * stride + len(kernel)
    y = np.zeros((side, side))
    for i, j in np.ndindex(x.shape):
        y[i * stride : i * stride + k, j * stride : j * stride + k] = x[i, j] * kernel
    return y


@exercise("03.2", stamp)
def transposed_convolution(
    answer: Callable[[np.ndarray, np.ndarray, int], np.ndarray], seed: int
) -> str:
    """x (H, H), kernel (k, k), stride s -> y of side (H - 1) s + k; y[i s + a, j s + b] += x[i, j] kernel[a, b]."""
    random = np.random.default_rng(seed)
    for side, k, stride in ((3, 3, 2), (4, 3, 1), (2, 2, 3)):
        x, kernel = random.standard_normal((side, side)), random.standard_normal((k, k))
        wanted = stamp(x, kernel, stride)
        got = answer(x.copy(), kernel.copy(), stride)
        demand(got is not None, "your function returns None: its last line must be a return")
        case = f"H = {side}, k = {k}, stride {stride}"
        windows = side - k + 1
        demand(
            np.shape(got) != (windows, windows) or windows < 1 or np.shape(got) == wanted.shape,
            "your picture gets smaller: that is an ordinary convolution, which gathers; this one scatters, see 03.2",
        )
        demand(
            np.shape(got) == wanted.shape,
            f"{case}: the output is {np.shape(got)} and must be {wanted.shape}: the last stamp starts at (H-1) s "
            f"and "
            "is k wide, see 03.2",
        )
        alone = stamp(x, kernel, 1)
        compare(
            got,
            wanted,
            {
                "where stamps overlap, yours shows the last one only: add them up, += and not =, see 03.2": _stamp_otherwise(
                    x, kernel, stride
                ),
                "your kernel is turned by 180 degrees: a stamp is the kernel as it is, see 03.2": stamp(
                    x, kernel[::-1, ::-1], stride
                ),
                "your kernel is transposed: a goes with the row i s + a, b with the column, see 03.2": stamp(
                    x, kernel.T, stride
                ),
                "rows and columns of x are swapped, see 03.2": stamp(x.T, kernel, stride),
                "the stamps lie one pixel apart, whatever the stride: start them at i s and j s, see 03.2": np.pad(
                    alone, (0, len(wanted) - len(alone))
                ),
                "each stamp must be multiplied by its input value, see 03.2": stamp(
                    np.ones_like(x), kernel, stride
                ),
                "your output holds whole numbers only: start from np.zeros, not from an integer array, see 03.2": np.trunc(
                    wanted
                ),
            },
            f"{case}: the shape is right, some values are not; try x = [[1]] first: y must be the kernel, see 03.2",
        )
    return "stamps, scaled and added up"


def side_after_stamping(h: int, k: int, s: int, p: int, extra: int = 0) -> int:
    """The side of a transposed convolution's output: input side h, kernel k, stride s, padding p, output padding."""
    return (h - 1) * s - 2 * p + k + extra


@exercise("03.4", side_after_stamping)
def size_formula(answer: Callable[..., int], seed: int) -> str:
    """Sides: h in, kernel k, stride s, padding p, output padding extra -> the side of the output."""
    settings = [(4, 4, 2, 1, 0), (1, 4, 1, 0, 0), (5, 3, 2, 1, 1), (7, 5, 3, 2, 2), (6, 2, 4, 0, 0)]
    more = np.random.default_rng(seed).integers((3, 3, 2, 0, 0), (9, 6, 5, 2, 2), (20, 5))
    settings += [tuple(row) for row in more.tolist()]
    wanted = [side_after_stamping(*setting) for setting in settings]
    got = [answer(*setting) for setting in settings]
    demand(None not in got, "your function returns None: its last line must be a return")
    demand(
        all(isinstance(value, (int, np.integer)) for value in got),
        "a side is a whole number: no /, no float, see 03.4",
    )
    faults = {
        "that is the size of an ordinary convolution, which makes pictures smaller: turn it round, see 03.4": [
            (h + 2 * p - k) // s + 1 for h, k, s, p, e in settings
        ],
        "padding makes this output smaller, not larger: it cuts p from both sides, see 03.4": [
            (h - 1) * s + 2 * p + k + e for h, k, s, p, e in settings
        ],
        "padding is cut from both sides: 2 p, not p, see 03.4": [
            (h - 1) * s - p + k + e for h, k, s, p, e in settings
        ],
        "the padding is missing: it cuts p from both sides, see 03.4": [
            (h - 1) * s + k + e for h, k, s, p, e in settings
        ],
        "the last stamp starts at (h - 1) s, not at h s: the first one starts at 0, see 03.4": [
            h * s - 2 * p + k + e for h, k, s, p, e in settings
        ],
        "the last stamp is k wide: add k, see 03.4": [
            (h - 1) * s - 2 * p + e for h, k, s, p, e in settings
        ],
        "k - 1 would be right if you counted from the last pixel of the stamp: it is k wide, see 03.4": [
            (h - 1) * s - 2 * p + k - 1 + e for h, k, s, p, e in settings
        ],
        "the output padding `extra` is missing, see 03.4": [
            (h - 1) * s - 2 * p + k for h, k, s, p, e in settings
        ],
        "that doubles the side whatever the setting: it is right for kernel 4, stride 2, padding 1 only, see 03.4": [
            2 * h for h, *_ in settings
        ],
    }
    wrong = next((k for k in range(len(got)) if got[k] != wanted[k]), 0)
    h, k, s, p, e = settings[wrong]
    compare(
        got,
        wanted,
        faults,
        f"h = {h}, k = {k}, s = {s}, p = {p}, extra = {e} give {wanted[wrong]}, yours {got[wrong]}, see 03.4",
    )
    return f"all {len(settings)} settings, and 1, 4, 8, 16, 32, 64 for G"


@exercise("03.6", our_block)
def generator_block(answer: Callable[..., nn.Module], seed: int) -> str:
    """(inputs, outputs, stride=2, padding=1) -> a module: transposed convolution of kernel 4, batch norm, ReLU."""
    block = answer(6, 10)
    probe(
        block,
        torch.randn(8, 6, 5, 5),
        (8, 10, 10, 10),
        {
            (
                8,
                10,
                2,
                2,
            ): "your block makes the picture smaller: G needs nn.ConvTranspose2d, not nn.Conv2d, see 03.2",
            (
                8,
                10,
                9,
                9,
            ): "5x5 becomes 9x9: with kernel 3 the side does not double; kernel 4, stride 2, padding 1 do, "
            "see 03.4",
            (
                8,
                10,
                8,
                8,
            ): "5x5 becomes 8x8: stride and padding must be those given; yours seem to be fixed, see 03.4",
            (8, 10, 12, 12): "5x5 becomes 12x12: hand the padding on to the convolution, see 03.4",
            (8, 10, 6, 6): "5x5 becomes 6x6: hand the stride on to the convolution, see 03.4",
        },
        "03.6",
    )
    probe(
        answer(6, 10, stride=1, padding=0),
        torch.randn(8, 6, 1, 1),
        (8, 10, 4, 4),
        {
            (
                8,
                10,
                2,
                2,
            ): "1x1 becomes 2x2 with stride 1 and padding 0: hand both on to the convolution, see 03.4",
        },
        "03.6",
    )
    layer = convolutions(prepare(block), torch.randn(8, 6, 5, 5))[-1]
    demand(
        isinstance(layer.module, nn.ConvTranspose2d),
        "the size is right, but the layer that learns is no transposed convolution: use nn.ConvTranspose2d, see "
        "03.2",
    )
    demand(
        layer.module.kernel_size == (4, 4),
        f"the kernel is {layer.module.kernel_size[0]} wide: 4 is what stride 2 divides, see 03.5",
    )
    demand(
        layer.module.bias is None,
        "the convolution has a bias, which the batch norm subtracts again: bias=False, see 03.6",
    )
    raw, got = layer.outputs, block(layer.given)
    normed = batch_normed(raw)
    compare(
        got,
        normed.relu(),
        {
            "there is no batch norm between the convolution and the ReLU, see 03.6": raw.relu(),
            "the ReLU is missing: negative values must become 0, see 03.6": normed,
            "batch norm and ReLU are both missing, see 03.6": raw,
            "batch norm comes after the ReLU: it belongs between the convolution and the ReLU, see 03.6": batch_normed(
                raw.relu()
            ),
            "that is a LeakyReLU; G has ReLU, the leak is for D, see 03.6 and 04.3": (
                F.leaky_relu(normed, 0.2),
                F.leaky_relu(normed, 0.01),
            ),
            "there is a tanh in the block: only the last layer of G has one, see 03.6": (
                normed.tanh(),
                normed.relu().tanh(),
            ),
            "you normalise each picture by itself: that is instance norm; batch norm goes over the whole batch, see 03.6": F.instance_norm(
                raw
            ).relu(),
        },
        "the values are not those of convolution, batch norm, ReLU in this order, see 03.6",
        tolerance=1e-4,
    )
    return "transposed convolution, batch norm, ReLU"


@exercise("03.6", Generator)
def generator(answer: Callable[..., nn.Module], seed: int) -> str:
    """(z_dim=100, width=64) -> a module that makes (B, 3, 64, 64) in [-1, 1] of z (B, z_dim)."""
    width, z = 4, torch.randn(16, 20)
    network = answer(20, width)
    probe(
        network,
        z,
        (16, 3, 64, 64),
        {
            (
                16,
                3,
                32,
                32,
            ): "your pictures are 32x32: one doubling block is missing, 4, 8, 16, 32, 64, see 03.6",
            (
                16,
                3,
                128,
                128,
            ): "your pictures are 128x128: there is one doubling block too many, see 03.6",
            (16, 1, 64, 64): "your pictures have one channel: colours need 3, see 03.6",
            (16, width, 64, 64): "the last layer must make 3 channels, one a colour, see 03.6",
            (
                16,
                3 * 64 * 64,
            ): "the values are in one row: give them the shape (B, 3, 64, 64), see 03.6",
        },
        "03.6",
        "z is (B, z_dim): the first block wants (B, z_dim, 1, 1), so reshape z in forward, see 03.6",
    )
    layers = convolutions(prepare(network), z)
    with torch.no_grad():
        images = network(z)
    _check_range(images, layers[-1])
    demand(
        not normalises(
            network, layers[-1].module, z, undo=lambda y: y.clamp(-1 + 1e-6, 1 - 1e-6).atanh()
        ),
        "your generator's last layer is followed by batch norm: DCGAN has none there, see 03.6",
    )
    kinds = [type(layer.module).__name__ for layer in layers]
    start = isinstance(layers[0].module, nn.Linear)  # on one pixel a linear layer is the same thing
    demand(
        len(layers) == 5 and all(layer.is_four(nn.ConvTranspose2d) for layer in layers[start:]),
        f"G has five transposed convolutions of kernel 4, yours runs {', '.join(kinds)}, see 03.6",
    )
    for number, (before, after) in enumerate(zip(layers, layers[1:]), start=1):
        _check_hidden(number, before, after)
    channels, wanted = (
        [layer.given.shape[1] for layer in layers],
        [20, 8 * width, 4 * width, 2 * width, width],
    )
    demand(
        channels == wanted,
        f"with z_dim 20 and width {width} the layers get {channels} channels; halve them from "
        f"block to block: {wanted}, see 03.6",
    )
    biased = [k for k, layer in enumerate(layers, start=1) if layer.module.bias is not None]
    demand(
        not biased,
        f"transposed convolution {biased and biased[0]} has a bias: G does without, bias=False, see "
        f"03.6",
    )
    return "100 numbers became a picture in [-1, 1], and every layer is DCGAN's"


def _check_range(images: torch.Tensor, last: Traced) -> None:
    raw = last.outputs
    low, high = float(images.min()), float(images.max())
    if close(images, raw, 1e-4):
        raise CheckFailed("there is no tanh at the end: pictures must lie within [-1, 1], see 03.6")
    faults = {
        "your generator ends in a sigmoid, so its pictures lie within [0, 1]; real ones lie within [-1, 1]: tanh, "
        "see 03.6": raw.sigmoid(),
        "a ReLU stands before the tanh: no pixel can be darker than mid-grey, see 03.6": raw.relu().tanh(),
        "a ReLU stands at the end: no pixel can be darker than mid-grey; tanh is asked for, see 03.6": raw.relu(),
        "values beyond -1 and 1 are cut off, where no gradient gets through: tanh bends instead, see 03.6": raw.clamp(
            -1, 1
        ),
    }
    for sentence, value in faults.items():
        demand(not close(images, value, 1e-4), sentence)
    demand(
        -1 <= low and high <= 1, f"values run from {low:.2f} to {high:.2f}: end in tanh, see 03.6"
    )
    demand(
        low < 0 < high, f"values run from {low:.2f} to {high:.2f}: tanh gives both signs, see 03.6"
    )


def _check_hidden(number: int, before: Traced, after: Traced) -> None:
    """Between two convolutions there must be batch norm and ReLU, whatever they are called."""
    raw = before.laid_out_for(after)
    normed = batch_normed(raw)
    if close(after.given, normed.relu(), 1e-3):
        return
    place = f"after transposed convolution {number}"
    faults = {
        f"{place} batch norm is missing, see 03.6": raw.relu(),
        f"{place} the ReLU is missing, see 03.6": normed,
        f"{place} batch norm and ReLU are missing, see 03.6": raw,
        f"{place} stands a LeakyReLU: G has ReLU, see 03.6": F.leaky_relu(normed, 0.2),
        f"{place} stands a LeakyReLU (with torch's slope of 0.01): G has ReLU, see 03.6": F.leaky_relu(
            normed, 0.01
        ),
        f"{place} batch norm comes after the ReLU: it belongs before, see 03.6": batch_normed(
            raw.relu()
        ),
        f"{place} stands a tanh: only the last layer has one, see 03.6": normed.tanh(),
    }
    for sentence, value in faults.items():
        demand(not close(after.given, value, 1e-3), sentence)
    raise CheckFailed(f"{place} something else happens than batch norm and ReLU, see 03.6")
