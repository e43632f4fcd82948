"""Exercise 06.4: a direction that has a name."""

import torch

from animegan_workshop.checks.tools import exercise, try_cases


def direction_to(z, has_it):
    """z (N, z_dim), has_it (N,) of bool -> direction (z_dim,), length 1, from without to with."""
    mask = torch.from_numpy(has_it)
    have, lack = z[mask].mean(0), z[~mask].mean(0)
    way = have - lack
    return way / way.norm()


FAULTS = """
it points the other way, from the faces with it to those without :: have - lack => lack - have
the direction is right but not of length 1: divide by its norm :: / way.norm() =>
    :: have - lack => have - z.mean(0) && / way.norm() =>
that is the mean of the faces with it: subtract that of the others :: have - lack => have
    :: have - lack => have && / way.norm() =>
that is the mean of the faces without it: subtract it from the other :: have - lack => lack
subtract the two means, do not add them :: have - lack => have + lack
take means, not sums, since more faces are without: .mean(0) :: .mean(0) => .sum(0)
    :: .mean(0) => .sum(0) && / way.norm() =>
take means, not medians :: .mean(0) => .median(0).values
average over all faces, not the first of each kind :: .mean(0) => [0]
divide by the length, .norm(), not by the sum :: way.norm() => way.sum()
    :: way.norm() => way.abs().sum()
divide by the length, the root of the sum of squares :: way.norm() => way.square().sum()
    :: way.norm() => way.abs().max() :: way.norm() => way.square().mean().sqrt()
you average over the first faces: pick them by the mask has_it
    :: z[mask] => z[: mask.sum()] && z[~mask] => z[mask.sum() :]
    :: z[mask] => z[: len(z) // 2] && z[~mask] => z[len(z) // 2 :]
whole numbers pick rows 0 and 1 again and again: a mask must be of bool, ~mask is its opposite
    :: ~mask => 1 - mask.long() :: z[mask] => z[mask.long()] && ~mask => 1 - mask.long()
subtract the averages first, then divide by the length
    :: have - lack => have / have.norm() - lack / lack.norm()
    :: have - lack => have / have.norm() - lack / lack.norm() && / way.norm() =>
average z as it is: each z is made length 1 first
    :: mask = => z = z / z.norm(dim=1, keepdim=True); mask =
average z as it is: each component is divided by its spread :: mask = => z = z / z.std(0); mask =
"""


@exercise("06.4", direction_to)
def named_direction(answer, seed):
    """z (N, z_dim), has_it (N,) of bool -> direction (z_dim,), length 1, from without to with."""
    cases = []
    for count, size in ((200, 20), (31, 9)):
        z = torch.randn(count, size) + 0.3
        has_it = z @ torch.linspace(-1, 1, size) + torch.randn(count) > 1.5
        cases.append((z, has_it.numpy()))
    cases.append((z, z[:, 0].numpy() == z[:, 0].max().item()))  # one face alone has it
    hint = ": average over the faces, dim 0"
    try_cases(answer, direction_to, cases, FAULTS, 1e-4, hint)
    return "of length 1, from without to with"
