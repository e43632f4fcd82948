"""Exercise 06.6: arithmetic with averaged z."""

import torch

from animegan_workshop.checks.tools import exercise, try_cases


def moved(z_with, z_without, base, length=4.0):
    """The base (z_dim,), after a step from the mean of z_without to that of z_with (k, z_dim)."""
    some, others = z_with.mean(0), z_without.mean(0)
    way = some - others
    step = length * way / way.norm()
    return base + step


FAULTS = """
the step goes the other way: from without to with, and added to base
    :: some - others => others - some
make the step length 1 first, then as long as asked for :: length * way / way.norm() => way
    :: / way.norm() => :: / way.norm() => / way.square().sum() :: / way.norm() => / way.abs().sum()
`length` is not used :: length * way => way :: length * way => 4.0 * way
multiply by the length, do not divide by it :: length * way => way / length
that is the step: add it to the base :: base + step => step
subtract z_without's average, do not add it :: some - others => some + others
average over all faces, do not take the first of each :: .mean(0) => [0]
average over all faces of both sets, also where one has more
    :: z_with.mean => z_with[: len(z_without)].mean
    && z_without.mean => z_without[: len(z_with)].mean
average over the faces, dim 0: a mean over everything is one number
    :: .mean(0) => .mean() :: .mean(0) => .mean().expand(len(base))
take averages, since the two may differ in number: .mean(0), not .sum(0) :: .mean(0) => .sum(0)
take averages, not medians :: .mean(0) => .median(0).values
the step has the length, the result has not :: return base + step
    => base = base + way; return length * base / base.norm() :: return base + step
    => base = base + step; return length * base / base.norm()
the average of z_without is never subtracted :: some - others => some
the step begins at z_without's average, not at the base: subtract that
    :: some - others => some - base
subtract the averages first, then divide by the length
    :: some - others => some / some.norm() - others / others.norm()
"""


@exercise("06.5", moved)
def face_arithmetic(answer, seed):
    """z (k, z_dim) with and without, a base (z_dim,), a length -> the base after the step."""
    cases = [
        (torch.randn(some, size) + 0.5, torch.randn(others, size), torch.randn(size), *length)
        for some, others, size, length in ((5, 8, 20, [2.5]), (6, 3, 9, []), (1, 4, 11, [7.0]))
    ]
    try_cases(answer, moved, cases, FAULTS, 1e-4)
    return "averages first, then one step of the given length"
