"""Exercise 03.6: batch norm by hand, in train and in eval mode."""

import functools
from collections.abc import Callable

import torch

from animegan_workshop.checks.core import demand, each, exercise, shorten, try_cases

CONSTANT = "nan or infinity where a channel is constant: add 1e-5 to the variance before the root"


def normalised(
    x: torch.Tensor, running_mean: torch.Tensor, running_var: torch.Tensor, training: bool
) -> torch.Tensor:
    """x (B, C, H, W), running averages (C,) -> the same shape; train mode moves the averages."""
    return _normalised(x, running_mean, running_var, training)


def _normalised(
    x, running_mean, running_var, training, *, dims=(0, 2, 3), power=0.5, centre=1, **fault
):
    """Batch norm, right unless told otherwise. Like torch's, but for gain and shift."""
    averages = running_mean[:, None, None].clone(), running_var[:, None, None].clone()
    if training or fault.get("moves_always"):
        share = fault.get("share", 0.1)
        running_mean.lerp_(x.mean((0, 2, 3)), share)
        variance = x.var((0, 2, 3), correction=0)
        running_var.lerp_(variance.sqrt() if fault.get("deviation") else variance, share)
    if training if fault.get("batch") is None else fault["batch"]:
        averages = x.mean(dims, keepdim=True), x.var(dims, correction=0, keepdim=True)
    mean, variance = averages
    return (x - centre * mean) / (variance + 1e-5) ** power


def _fault(**settings) -> Callable:
    return functools.partial(_normalised, **settings)


FAULTS = {
    "that normalises each picture by itself: take the batch too": _fault(dims=(2, 3)),
    "that normalises each position by itself: take all positions": _fault(dims=(0,)),
    "that normalises over the channels too: each channel has its own mean": (
        _fault(dims=(1, 2, 3)),
        _fault(dims=(0, 1, 2, 3)),
    ),
    "divide by the root of the variance": _fault(power=1),
    "the mean is not subtracted": _fault(centre=0),
    "in eval mode use the running averages, not this batch's": _fault(batch=True),
    "in train mode use this batch's mean and variance": _fault(batch=False),
    "in eval mode the running averages must stay as they are": _fault(moves_always=True),
    "the running averages did not move: change them in place, = makes a new tensor": (
        _fault(share=0)
    ),
    "you replace the running averages: move them 10% of the way": _fault(share=1),
    "you move the running averages by 90%: keep 90% of the old": _fault(share=0.9),
    "running_var wants the variance, not the standard deviation": _fault(deviation=True),
}


def _watched(function: Callable) -> Callable:
    """The function on copies; gives its result and then the running averages, in one row."""

    @functools.wraps(normalised)
    def run(x, running_mean, running_var, training):
        averages = running_mean.clone(), running_var.clone()
        y = function(x.clone(), *averages, training)
        right = isinstance(y, torch.Tensor) and y.shape == x.shape
        demand(right, f"return a tensor of x's shape {tuple(x.shape)}, not {shorten(y)}")
        demand(bool(y.isfinite().all()), CONSTANT)
        return torch.cat([y.flatten(), *averages])

    return run


@exercise("03.4", normalised)
def batch_norm(answer, seed):
    """(x, running_mean, running_var, training) -> x normalised; train mode moves the averages."""
    x = torch.randn(16, 3, 8, 8) * torch.tensor([3.0, 0.5, 0.0])[:, None, None] + 2
    cases = [(x, torch.randn(3), 1 + torch.rand(3), training) for training in (True, False)]
    faults = {sentence: tuple(map(_watched, each(fault))) for sentence, fault in FAULTS.items()}
    # either variance will do, over n or over n - 1: the tolerance allows for it
    try_cases(_watched(answer), _watched(normalised), cases, faults, tolerance=3e-3)
    return "both modes, and the running averages"
