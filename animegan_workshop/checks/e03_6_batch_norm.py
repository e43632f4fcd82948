"""Exercise 03.6: batch norm by hand, in train and in eval mode."""

import torch

from animegan_workshop.checks.tools import demand, exercise, shorten, try_parts


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
    the variance: subtract the mean, then square
        :: x.var(dims, correction=0, keepdim=True) => x.square().mean(dims, keepdim=True)
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


@exercise("03.4", normalised)
def batch_norm(answer, seed):
    """(x, running_mean, running_var, training) -> x normalised; train mode moves the averages."""
    scales, centres = torch.tensor([3.0, 0.5, 0.003, 0.0]), torch.tensor([2.0, -1.0, 0.0, 2.0])
    # In a large batch it makes no difference whether running_var divides by n or n - 1.
    small, large = (torch.randn(*size, 4) * scales + centres for size in ((6, 3, 2), (16, 9, 8)))
    start = torch.stack([torch.randn(4), 1 + torch.rand(4)])

    def run(function, x, training):
        """The result, and the averages afterwards."""
        moved, given = start.clone(), x.permute(0, 3, 1, 2).contiguous()
        y = function(given, *moved, training)
        right = isinstance(y, torch.Tensor) and y.shape == given.shape
        demand(right, f"return a tensor of x's shape {tuple(given.shape)}, not {shorten(y)}")
        demand(bool(y.isfinite().all()), CONSTANT)
        kept = torch.equal(given, x.permute(0, 3, 1, 2))
        demand(kept, "your function changes x, which it was given: work on a copy")
        return y, moved

    def look(function):
        parts = {"the result in train mode": run(function, small, True)[0]}
        parts["the averages after train mode"] = run(function, large, True)[1]
        y, averages = run(function, large, False)
        return parts | {"the averages after eval mode": averages, "the result in eval mode": y}

    try_parts(answer, normalised, look, FAULTS, 3e-3)
    return "both modes, and the running averages"
