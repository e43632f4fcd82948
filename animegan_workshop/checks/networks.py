"""Comparing a student's network with ours by running both, whatever its layers are called.

A run is recorded below Python's modules, operation by operation. So it makes no difference whether
a layer is a module, a function with a parameter of its own, an einsum or a compiled script.
"""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from animegan_workshop.checks.comparing import close
from animegan_workshop.checks.failures import CheckFailed, demand, shorten

# torch's operations -> what a lesson calls them. Reshaping and sums have no name here.
WORDS = {"relu": "ReLU", "tanh": "tanh", "sigmoid": "sigmoid", "hardtanh": "clamp"}
WORDS |= {"clamp": "clamp", "_prelu_kernel": "PReLU", "log_sigmoid_forward": "logsigmoid"}
WORDS |= {"native_group_norm": "group norm", "native_layer_norm": "layer norm"}
WORDS |= {"bernoulli": "dropout", "native_dropout": "dropout"}
WORDS |= {"avg_pool2d": "pooling", "max_pool2d_with_indices": "pooling"}
WORDS |= {"upsample_bilinear2d": "bilinear resizing", "upsample_bicubic2d": "bicubic resizing"}

NO_GAIN = "batch norm without gain and shift (affine=False)"
# A step that is always wrong, or a step for the one that is missing -> why it is wrong.
REASONS = {
    "PReLU": "it learns its slope, which DCGAN fixes at 0.2",
    NO_GAIN: "batch norm has a gain and a shift to learn",
    "instance norm": "it normalises each picture by itself; batch norm takes the whole batch",
    "dropout": "DCGAN has none",
    "pooling": "with stride 2 the convolution learns how to shrink",
    "LeakyReLU for ReLU": "G has ReLU, the leak is for D, see 04.2",
    "ReLU for LeakyReLU": "where it is 0, no gradient gets back to G, see 04.2",
    "LeakyReLU for LeakyReLU": "0.01 is torch's default: write nn.LeakyReLU(0.2), see 04.2",
    "tanh for ReLU": "only the last layer of G has one",
    "sigmoid for tanh": "its pictures lie within [0, 1], real ones within [-1, 1]",
    "clamp for tanh": "values beyond -1 and 1 are cut off, where no gradient gets through",
    "batch for batch": "the second argument is eps, which stays at torch's own 1e-5",
    "batch for nothing": "DCGAN has none in D's first block, nor after a last layer, see 04.5",
    "sigmoid for nothing": "give the logit, the loss takes it from there, see 04.4",
    "tanh for nothing": "no logit could pass 1, see 04.4",
    "ReLU for nothing": 'none may be cut: D could not say "fake", G no pixel darker than grey',
    "LeakyReLU for nothing": "a logit may be negative, give it as it is",
}
STEPS = {
    "batch norm": lambda x: F.batch_norm(x, None, None, training=True),
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
    biased: bool
    settings: dict[str, str]
    steps: list[str] = field(default_factory=list)


class Recorder(TorchDispatchMode):
    """Notes the layers and steps of whatever runs inside `with Recorder() as recorder`."""

    def __init__(self) -> None:
        super().__init__()
        self.layers: list[Layer] = []
        self.before: list[str] = []
        self.padded = None

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        name = operation._schema.name.removeprefix("aten::").rstrip("_")
        if name == "convolution":
            given, weight, bias, stride, padding, _, transposed, extra, groups = args
            kind = "transposed convolution" if transposed else "convolution"
            if given is self.padded:
                given, padding = self.unpadded, self.padding
            sizes = weight.shape[2:], stride, padding, extra, [groups]
            names = "kernel", "stride", "padding", "output padding", "groups"
            settings = {key: _sides(size) for key, size in zip(names, sizes)}
            self._note(kind, given, result, bias is not None, settings)
        elif name == "constant_pad_nd":  # a layer of zeros before a convolution is its padding
            self.padded, self.unpadded, self.padding = result, args[0], args[1][::2]
        elif name in ("mm", "bmm", "addmm", "mv"):
            self._note("linear layer", args[-2], result, name == "addmm", {})
        elif step := _step(name, args):
            (self.layers[-1].steps if self.layers else self.before).append(step)
        return result

    def _note(self, kind, given, gave, *rest) -> None:
        self.layers.append(Layer(kind, given.detach().clone(), gave.detach().clone(), *rest))


def _sides(size) -> str:
    return "x".join(map(str, size))


def _step(name: str, args: tuple) -> str:
    """What a lesson calls an operation; "" for one that it does not name."""
    if name == "leaky_relu":
        return f"LeakyReLU {args[1] if len(args) > 1 else 0.01:g}"
    if "batch_norm" not in name:
        return WORDS.get(name, "")
    given, weight, eps = args[0], args[1], args[7] if len(args) > 7 else 1e-5
    plain = "batch norm" if eps < 1e-4 else f"batch norm with eps {eps:g}"
    return "instance norm" if len(given) == 1 else NO_GAIN if weight is None else plain


def record(network: nn.Module, example: torch.Tensor) -> tuple[Recorder, torch.Tensor]:
    """What ran in train mode, and what the network gave.

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
    return recorder, output


def check_network(network, ours: nn.Module, example: torch.Tensor, sizes="", hint="") -> None:
    """Raises CheckFailed unless the network does what ours does, layer by layer.

    sizes: the sizes asked for, in words. hint: what is told where sides or shapes are wrong.
    """
    wrap = "not a network: wrap the layers in nn.Sequential"
    demand(isinstance(network, nn.Module), f"your function returns {shorten(network)}, {wrap}")
    example = example.clone().requires_grad_()
    (ran, output), (wanted, right) = record(network, example), record(ours, example)
    layers, wanted = ran.layers, wanted.layers
    demand(isinstance(output, torch.Tensor), f"forward returns {shorten(output)}, not a tensor")
    _check_layers(layers, wanted, sizes, hint)
    change = f"the shape should be {tuple(right.shape)}, yours is {tuple(output.shape)}{hint}"
    demand(output.shape == right.shape, change)
    first = f"{sizes}{layers[0].kind} 1"
    demand(not ran.before, f"{' and '.join(ran.before)} must not stand before {first}")
    same_input = close(layers[0].given.flatten(), wanted[0].given.flatten(), 1e-3)
    demand(same_input, f"{first} must be given the input as it is: do not scale it first")
    afters = [layer.given for layer in layers[1:]] + [output]
    for number, (layer, after, our) in enumerate(zip(layers, afters, wanted), start=1):
        _check_steps(layer, after, our.steps, f"after {our.kind} {number}")
    have, need = (sum(p.numel() for p in one.parameters()) for one in (network, ours))
    found = f"an optimiser finds {have:,} of {need:,} numbers to learn"
    demand(have >= need, f"{found}: make all layers in __init__, and lists of them nn.ModuleList")
    reached = output.requires_grad and torch.autograd.grad(output.sum(), example, allow_unused=True)
    demand(bool(reached) and reached[0] is not None, "no gradient gets through: no torch.no_grad()")
    _check_eval(network, example, layers)


def _check_layers(layers: list[Layer], wanted: list[Layer], sizes: str, hint: str) -> None:
    """Whether kinds, kernels, sides and channels of the layers are ours, and none has a bias."""
    kinds = [[layer.kind for layer in row] for row in (layers, wanted)]
    yours, asked = (f"{len(row)} x {' and '.join(dict.fromkeys(row))}" for row in kinds)
    alike = len(layers) == len(wanted) and all(map(_same_kind, layers, wanted))
    fewer = ": blocks are missing" if len(layers) < len(wanted) else ""
    demand(alike, f"{sizes}layers with weights should be {asked}; yours are {yours}{fewer}")
    for number, (layer, right) in enumerate(zip(layers, wanted), start=1):
        name = f"{sizes}{layer.kind} {number}"
        demand(not layer.biased, f"{name} has a bias: DCGAN has none, bias=False")
        if layer.kind == right.kind:
            _check_sides(layer, right, name, hint)
        channels = right.gave.shape[1]
        many = round(layer.gave.numel() / right.gave.numel() * channels)
        demand(many == channels, f"{name} gives {many} channels, asked for are {channels}")


def _same_kind(layer: Layer, right: Layer) -> bool:
    """The same kind; where a map is one pixel a linear layer is the same thing."""
    one_pixel = 1 in (right.given.shape[-1], right.gave.shape[-1])
    return layer.kind == right.kind or (one_pixel and layer.kind == "linear layer")


def _check_sides(layer: Layer, right: Layer, name: str, hint: str) -> None:
    """Whether a convolution gets and gives maps of the right side, and has the right kernel."""
    sees, should = (_sides(one.given.shape[2:]) for one in (layer, right))
    demand(sees == should, f"{name} gets {sees} pixels, not {should}{hint}")
    wrong = [key for key, value in right.settings.items() if layer.settings[key] != value]
    rows = [[f"{key} {one.settings[key]}" for key in wrong] for one in (layer, right)]
    has = " has {}; asked for is {}".format(*map(", ".join, rows))
    same = layer.gave.shape[2:] == right.gave.shape[2:] and not {"kernel", "groups"} & set(wrong)
    demand(same, f"{name}{has}{hint}")


def _check_steps(layer: Layer, after: torch.Tensor, wanted: list[str], place: str) -> None:
    """Whether the values after a layer are those of the steps asked for; else what stands there."""
    value, seen = layer.gave, layer.steps
    fits = value.numel() == after.numel()
    if fits and after.ndim == 4:  # a linear layer's output is reshaped on the way
        value = value.reshape(after.shape)
    for step in wanted:
        value = STEPS[step](value)
    right = fits and close(after.flatten(), value.flatten(), 1e-3)
    if right and not set(seen) & set(REASONS):
        return
    extra, missing = [s for s in seen if s not in wanted], [s for s in wanted if s not in seen]
    instead = (missing or ["nothing"])[-1].split()[0]
    keys = extra + [f"{step.split()[0]} for {instead}" for step in extra]
    why = [REASONS[key] for key in keys if key in REASONS] + [f"{s} is missing" for s in missing]
    stands, asked = (", then ".join(steps) or "nothing" for steps in (seen, wanted))
    why = (why or ["look at their order and values"])[0]
    raise CheckFailed(f"{place} stands {stands}; asked for is {asked}: {why}")


@torch.no_grad()
def _check_eval(network: nn.Module, example: torch.Tensor, trained: list[Layer]) -> None:
    """A single example must work, and in eval mode give what it gives among others."""
    with Recorder() as recorder:
        together = network.eval()(example)
    alone = network(example[:1])
    steps, before = ([layer.steps for layer in layers] for layers in (recorder.layers, trained))
    demand(steps == before, "in eval mode your network does something else than in train mode")
    lost = f"a batch of one gives shape {tuple(alone.shape)}: name a dimension, .squeeze(1)"
    demand(alone.shape == together[:1].shape, lost)
    apart = "in eval mode a picture depends on its batch: batch norm must keep running averages"
    demand(close(alone, together[:1], 1e-3), apart)
