"""Looking into a network by running it: what each convolution got and gave, whether its output is normalised."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

from animegan_workshop.checks.core import CheckFailed, demand


def prepare(network: nn.Module) -> nn.Module:
    """The network with weights large enough to tell layers apart and batch norms at gain 1, shift 0; in train mode.

    How weights should start is another question than what they are part of.
    """
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)) and module.affine:
            nn.init.ones_(module.weight), nn.init.zeros_(module.bias)
        elif isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.normal_(module.weight, 0, 0.3)
    return network.train()


class Traced(NamedTuple):
    """A convolution as it ran: the module, what it was given and what it gave."""

    module: nn.Module
    given: torch.Tensor
    outputs: torch.Tensor

    def is_four(self, kind: type[nn.Module]) -> bool:
        """Whether it is a convolution of that kind with a kernel of 4."""
        return isinstance(self.module, kind) and self.module.kernel_size == (4, 4)

    def laid_out_for(self, after: "Traced") -> torch.Tensor:
        """The output in the shape in which the next one got it: a linear layer's is reshaped on the way."""
        return (
            self.outputs.reshape(after.given.shape)
            if self.outputs.numel() == after.given.numel()
            else self.outputs
        )


@torch.no_grad()
def convolutions(network: nn.Module, example: torch.Tensor) -> list[Traced]:
    """The convolutions and linear layers as they ran on `example`, in train mode: what DCGAN's batch norm needs."""
    ran: list[Traced] = []

    def note(module, inputs, output):
        ran.append(Traced(module, inputs[0].clone(), output.clone()))

    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
    hooks = [
        module.register_forward_hook(note)
        for module in network.modules()
        if isinstance(module, kinds)
    ]
    try:
        network.train()(example)
    finally:
        for hook in hooks:
            hook.remove()
    if not ran:
        raise CheckFailed(
            "no convolution ran: build the network of nn.Conv2d or nn.ConvTranspose2d layers and use "
            "them "
            "in forward, see 03.6"
        )
    return ran


def probe(
    network: nn.Module,
    example: torch.Tensor,
    shape: tuple[int, ...],
    faults: dict[tuple[int, ...], str],
    where: str,
    if_it_stops: str = "",
) -> None:
    """Runs a network and compares the shape of what it gives; `faults`: a wrong shape -> what it tells."""
    demand(
        isinstance(network, nn.Module),
        f"what you return is a {type(network).__name__}, not a network: wrap the layers in nn.Sequential, see "
        f"{where}",
    )
    demand(
        any(p.requires_grad for p in network.parameters()),
        f"the network has nothing to learn: assign its layers to self in __init__, see {where}",
    )
    try:
        got = network.train()(example)
    except (RuntimeError, ValueError) as error:
        if if_it_stops and any(word in str(error) for word in ("unbatched", "3D", "4D")):
            raise CheckFailed(if_it_stops) from error
        raise
    demand(
        isinstance(got, torch.Tensor),
        f"forward returns {type(got).__name__}: it must return a tensor, see {where}",
    )
    if got.shape != shape:
        raise CheckFailed(
            faults.get(
                tuple(got.shape),
                f"{tuple(example.shape)} went in, {tuple(got.shape)} came "
                f"out and "
                f"{shape} should have, see {where}",
            )
        )


@torch.no_grad()
def normalises(
    network: nn.Module,
    layer: nn.Module,
    example: torch.Tensor,
    undo: Callable[[torch.Tensor], torch.Tensor] = lambda y: y,
) -> bool:
    """Whether something behind the layer takes its scale away again: its weights times 2 change nothing, in train mode.

    undo: takes a final tanh or sigmoid off the network's output.
    """
    before = undo(network.train()(example))
    layer.weight.mul_(2)
    after = undo(network(example))
    layer.weight.div_(2)
    return float((after - before).abs().mean()) < 0.05 * float(before.abs().mean())


def batch_normed(x: torch.Tensor) -> torch.Tensor:
    """x (B, C, H, W) with each channel at mean 0 and variance 1 over the batch and all places."""
    return nn.functional.batch_norm(x, None, None, training=True)
