"""Comparing a student's network with ours by running both, whatever its layers are called.

A run is recorded below Python's modules, operation by operation. So it makes no difference whether
a layer is a module, a function with a parameter of its own, an einsum or a compiled script.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from animegan_workshop.checks.core import CheckFailed, close, demand, shorten

WORDS = {
    "relu": "ReLU",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "log_sigmoid_forward": "log of sigmoid",
    "hardtanh": "Hardtanh",
    "clamp": "clamp",
    "_prelu_kernel": "PReLU",
    "bernoulli": "dropout",
    "native_group_norm": "group norm",
    "native_layer_norm": "layer norm",
    "avg_pool2d": "pooling",
    "max_pool2d_with_indices": "pooling",
}
"""torch's operations -> what a lesson calls them. Reshaping and sums have no name here."""

NO_GAIN = "batch norm without gain and shift (affine=False)"
NO_AVERAGES = "batch norm without running averages (track_running_stats=False)"
LOOK_ALIKE = ("PReLU", NO_GAIN, NO_AVERAGES)
"""Steps that may give the right values before training, and are wrong all the same."""

REASONS = {
    "PReLU": "it learns its slope, which DCGAN fixes at 0.2",
    NO_GAIN: "batch norm has a gain and a shift to learn",
    NO_AVERAGES: "in eval mode a picture would depend on its batch",
    "instance norm": "it normalises each picture by itself; batch norm takes the whole batch",
    "dropout": "DCGAN has none",
    "pooling": "with stride 2 the convolution learns how to shrink",
}
"""Step -> why it is wrong in every network here."""


def _batch_normed(x: torch.Tensor) -> torch.Tensor:
    """x (B, C, H, W) with each channel at mean 0 and variance 1 over the batch and all places."""
    return F.batch_norm(x, None, None, training=True)


STEPS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "batch norm": _batch_normed,
    "ReLU": F.relu,
    "LeakyReLU 0.2": lambda x: F.leaky_relu(x, 0.2),
    "tanh": torch.tanh,
}


@dataclass
class Layer:
    """A layer with weights as it ran, and the names of the steps that came after it."""

    kind: str
    given: torch.Tensor
    gave: torch.Tensor
    kernel: tuple[int, ...]
    biased: bool
    steps: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.kind} {'x'.join(map(str, self.kernel))}".strip()


class Recorder(TorchDispatchMode):
    """Notes the layers and steps of whatever runs inside `with Recorder() as recorder`."""

    def __init__(self) -> None:
        super().__init__()
        self.layers: list[Layer] = []

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        name = operation._schema.name.removeprefix("aten::").rstrip("_")
        if name == "convolution":
            given, weight, bias, *_, transposed, _, _ = args
            kind = "transposed convolution" if transposed else "convolution"
            self._note(kind, given, result, tuple(weight.shape[2:]), bias is not None)
        elif name in ("mm", "bmm", "addmm", "mv"):
            self._note("linear layer", args[-2], result, (), name == "addmm")
        elif self.layers and (step := _step(name, args)):
            self.layers[-1].steps.append(step)
        return result

    def _note(self, kind, given, gave, kernel, biased) -> None:
        self.layers.append(Layer(kind, given.clone(), gave.clone(), kernel, biased))


def _step(name: str, args: tuple) -> str:
    """What a lesson calls an operation; "" for one that it does not name."""
    if name == "leaky_relu":
        return f"LeakyReLU {args[1] if len(args) > 1 else 0.01:g}"
    if "batch_norm" not in name:
        return WORDS.get(name, "")
    given, weight, _, averages = args[:4]
    if len(given) == 1:
        return "instance norm"
    return NO_AVERAGES if averages is None else NO_GAIN if weight is None else "batch norm"


@torch.no_grad()
def record(network: nn.Module, example: torch.Tensor) -> tuple[list[Layer], torch.Tensor]:
    """The layers as they ran in train mode, and what the network gave.

    Weights are made large enough to tell layers apart, and batch norms start at gain 1, shift 0:
    how weights should start is another question than what they are part of.
    """
    for parameter in network.parameters():
        if parameter.ndim > 1:
            nn.init.normal_(parameter, 0, 0.3)
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)) and module.affine:
            module.reset_parameters()
    with Recorder() as recorder:
        output = network.train()(example)
    return recorder.layers, output


def check_network(
    network: nn.Module,
    ours: nn.Module,
    example: torch.Tensor,
    shapes: dict[tuple[int, ...], str],
    why: dict[str, str],
    sizes: str = "",
    if_it_stops: str = "",
) -> None:
    """Raises CheckFailed unless the network does what ours does, layer by layer.

    shapes: a wrong shape of the output -> what it tells. why: the reason for a step that is wrong
    ("ReLU", or "LeakyReLU at the end" for any slope there) or missing ("no ReLU"). sizes: the sizes
    asked for, in words. if_it_stops: what a wrong number of dimensions is told.
    """
    why = REASONS | why
    _check_shape(network, ours(example).shape, example, shapes, if_it_stops)
    (layers, output), (wanted, _) = record(network, example), record(ours, example)
    demand(bool(layers), "no layer with weights ran: use the convolutions in forward")
    end = "at the end" if len(wanted) > 1 else f"after the {wanted[0].kind}"
    _check_steps(layers[-1], output, wanted[-1].steps, end, why)
    alike = len(layers) == len(wanted) and all(map(_same_kind, layers, wanted))
    demand(alike, f"the network should run {_listed(wanted)}; yours runs {_listed(layers)}")
    for number, (layer, after, right) in enumerate(zip(layers, layers[1:], wanted), start=1):
        _check_steps(layer, after.given, right.steps, f"after {right.kind} {number}", why)
    channels = [right.gave.shape[1] for right in wanted]
    shares = [layer.gave.numel() / right.gave.numel() for layer, right in zip(layers, wanted)]
    theirs = [round(share * count) for share, count in zip(shares, channels)]
    demand(theirs == channels, f"{sizes} the layers give {theirs} channels, asked for: {channels}")
    for number, layer in enumerate(layers, start=1):
        demand(not layer.biased, f"{layer.kind} {number} has a bias: DCGAN has none, bias=False")
    have, need = (sum(p.numel() for p in one.parameters()) for one in (network, ours))
    found = f"an optimiser finds {have:,} of {need:,} numbers to learn"
    demand(have >= need, f"{found}: put layers into nn.ModuleList, not into a plain list")
    _check_eval(network, output, example)


def _check_shape(network, shape, example, shapes: dict, if_it_stops: str) -> None:
    demand(network is not None, "your function returns None: its last line must be a return")
    wrap = f"that gives {shorten(network)}, not a network: wrap the layers in nn.Sequential"
    demand(isinstance(network, nn.Module), wrap)
    learns = any(True for _ in network.parameters())
    demand(learns, "the network has nothing to learn: assign its layers to self in __init__")
    try:
        got = network.train()(example)
    except (RuntimeError, ValueError) as error:
        if if_it_stops and any(word in str(error) for word in ("unbatched", "3D", "4D")):
            raise CheckFailed(if_it_stops) from error
        raise
    demand(isinstance(got, torch.Tensor), f"forward returns {shorten(got)}, not a tensor")
    change = f"{tuple(example.shape)} went in, {tuple(got.shape)} came out, not {tuple(shape)}"
    demand(got.shape == shape, shapes.get(tuple(got.shape), change))


def _same_kind(layer: Layer, right: Layer) -> bool:
    """The same kind and kernel; where a map is one pixel a linear layer is the same thing."""
    one_pixel = 1 in (right.given.shape[-1], right.gave.shape[-1])
    same = (layer.kind, layer.kernel) == (right.kind, right.kernel)
    return same or (one_pixel and layer.kind == "linear layer")


def _listed(layers: list[Layer]) -> str:
    kinds = [str(layer) for layer in layers]
    return " and ".join(f"{kinds.count(kind)} of {kind}" for kind in dict.fromkeys(kinds))


def _check_steps(layer, after: torch.Tensor, wanted: list[str], place: str, why: dict) -> None:
    """Whether the values after a layer are those of the steps asked for; else what stands there."""
    value, seen = layer.gave, layer.steps
    if value.numel() == after.numel():  # a linear layer's output is reshaped on the way
        if value.ndim == 4:
            after = after.reshape(value.shape)
        value = value.reshape(after.shape)
    for step in wanted:
        value = STEPS[step](value)
    missing = [step for step in wanted if step not in seen]
    extra = [step for step in seen if step not in wanted]
    if close(after, value, 1e-3):
        missing, extra = [], [step for step in extra if step in LOOK_ALIKE]
        if not extra:
            return
    asked = " and ".join(wanted) or "nothing more"
    if extra:
        sentence = f"{place} stands {' and '.join(extra)}; asked for is {asked}"
    elif missing:
        sentence = f"{place} {' and '.join(missing)} {'are' if missing[1:] else 'is'} missing"
    elif seen != wanted:
        sentence = f"{place} comes {', then '.join(seen)}; asked for is {', then '.join(wanted)}"
    else:
        sentence = f"{place} the values are not those of {asked}"
    keys = [f"{step.split()[0]} {place}" for step in extra] + extra
    keys += [f"no {step}" for step in missing]
    reasons = [why[key] for key in keys if key in why]
    raise CheckFailed(": ".join([sentence, *reasons[:1]]))


@torch.no_grad()
def _check_eval(network: nn.Module, output: torch.Tensor, example: torch.Tensor) -> None:
    """A single example must work, and in eval mode give what it gives among others."""
    together, alone = network.eval()(example), network(example[:1])
    lost = f"a batch of one gives shape {tuple(alone.shape)}: name a dimension, .squeeze(1)"
    demand(alone.shape == output[:1].shape, lost)
    apart = "in eval mode a picture depends on its batch: batch norm must keep running averages"
    demand(close(alone, together[:1], 1e-3), apart)
