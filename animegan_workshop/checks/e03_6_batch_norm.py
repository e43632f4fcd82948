"""Exercise 03.6: batch norm by hand, in train and in eval mode."""

import functools
from collections.abc import Callable

import torch

from animegan_workshop.checks.core import demand, edited, exercise, shorten, table_of, try_cases


def normalised(
    x: torch.Tensor, running_mean: torch.Tensor, running_var: torch.Tensor, training: bool
) -> torch.Tensor:
    """x (B, C, H, W), running averages (C,) -> the same shape; train mode moves the averages."""
    dims = 0, 2, 3
    mean, variance = x.mean(dims, keepdim=True), x.var(dims, correction=0, keepdim=True)
    if training:
        for average, batch in [(running_mean, mean), (running_var, variance)]:
            average.mul_(0.9).add_(0.1 * batch.mean((0, 2, 3)))
    if not training:
        mean, variance = running_mean[:, None, None], running_var[:, None, None]
    return (x - mean) / (variance + 1e-5).sqrt()


FAULTS = """
    that normalises each picture by itself: take the batch too :: dims = 0, 2, 3 => dims = 2, 3
    that normalises each position by itself: take all positions :: dims = 0, 2, 3 => dims = (0,)
    each channel has its own mean: dim is (0, 2, 3) :: = 0, 2, 3 => = 1, 2, 3 :: = 0, => = 0, 1,
    take all positions, rows and columns: dim is (0, 2, 3) :: = 0, 2, 3 => = 0, 2 :: = 0, 2 => = 0
    the variance divides by n, as in the example: correction=0 :: correction=0 => correction=1
    add 1e-5 to the variance, under the root :: + 1e-5).sqrt() => .sqrt() + 1e-5)
    divide by the root of the variance :: .sqrt() =>
    divide by the root, do not multiply :: / ( => * (
    the mean is not subtracted :: x - mean => x
    in eval mode use the running averages, not this batch's :: not training => False
    in train mode use this batch's mean and variance :: not training => True
    in eval mode the running averages must stay as they are :: if training => if True
    move the averages in place, = makes a new tensor :: 0.9).add_(0.1 * => 1).add_(0 *
    you replace the running averages: move them 10% of the way :: 0.9).add_(0.1 * => 0).add_(
    you move the running averages by 90%: keep 90% of the old :: 0.9).add_(0.1 => 0.1).add_(0.9
    you add this batch's whole: 90% of the old and 10%, 0.1, of the batch's :: add_(0.1 * => add_(
    the old averages shrink as well: 90% of the old, 10% of the batch's :: 0.9 => 1
    running_var must move as well as running_mean :: , (running_var, variance)] => ]
    running_mean must move as well as running_var :: (running_mean, mean), =>
    running_var wants the variance, not the standard deviation :: variance)] => variance.sqrt())]
"""
CONSTANT = "nan or infinity where a channel is constant: add 1e-5 to the variance before the root"


def _part(function: Callable, averages: bool) -> Callable:
    """The function on copies of the averages; gives these afterwards, or its result."""

    @functools.wraps(normalised)
    def run(x, running_mean, running_var, training):
        moved = running_mean.clone(), running_var.clone()
        y = function(x, *moved, training)
        right = isinstance(y, torch.Tensor) and y.shape == x.shape
        demand(right, f"return a tensor of x's shape {tuple(x.shape)}, not {shorten(y)}")
        demand(bool(y.isfinite().all()), CONSTANT)
        return torch.stack(moved) if averages else y

    return run


@exercise("03.4", normalised)
def batch_norm(answer, seed):
    """(x, running_mean, running_var, training) -> x normalised; train mode moves the averages."""
    scales, centres = torch.tensor([3.0, 0.5, 0.003, 0.0]), torch.tensor([2.0, -1.0, 0.0, 2.0])
    for averages, modes in ((False, [True]), (True, [True, False]), (False, [False])):
        # In a large batch it makes no difference whether running_var divides by n or n - 1.
        x = torch.randn(*((16, 9, 8) if averages else (6, 3, 2)), 4) * scales + centres
        old = torch.randn(4), 1 + torch.rand(4)
        cases = [(x.permute(0, 3, 1, 2).contiguous(), *old, training) for training in modes]
        faults = {
            sentence: tuple(_part(edited(normalised, edit), averages) for edit in edits)
            for sentence, edits in table_of(FAULTS).items()
        }
        ours = _part(normalised, averages)
        try_cases(_part(answer, averages), ours, cases, faults, tolerance=3e-3)
    return "both modes, and the running averages"
