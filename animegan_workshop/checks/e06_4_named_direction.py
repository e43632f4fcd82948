"""Exercise 06.4: a direction that has a name."""

import torch
from torch.nn.functional import normalize, one_hot

from animegan_helpers import directions
from animegan_workshop.checks.core import compare, exercise


@exercise("06.4", directions.mean_difference_direction)
def named_direction(answer, seed):
    """z (N, z_dim), has_it (N,) of bool -> direction (z_dim,), length 1, from without to with."""
    z = torch.randn(200, 20)
    has_it = (z @ torch.linspace(-1, 1, 20) + torch.randn(200)).numpy() > 1.5
    mask = torch.from_numpy(has_it)
    some, others, count = z[mask], z[~mask], int(mask.sum())
    have, lack, sums = some.mean(0), others.mean(0), some.sum(0) - others.sum(0)
    way, first = have - lack, z[:count].mean(0) - z[count:].mean(0)
    unit = lambda v: normalize(v, dim=0)
    faults = {
        "it points the other way, from the faces with it to those without": -unit(way),
        "the direction is right but not of length 1: divide by its norm": (way, some.sum(0) - lack),
        "that is the mean of the faces with it: subtract that of the others": (unit(have), have),
        "that is the mean of the faces without it": (unit(lack), -unit(lack)),
        "you subtract the mean of *all* faces: take those without": have - z.mean(0),
        "subtract the two means, do not add them": unit(have + lack),
        "take means, not sums, since more faces are without: .mean(0)": (unit(sums), sums),
        "divide by the length, .norm(), not by the sum": (way / way.sum(), way / way.abs().sum()),
        "divide by the length, not by its square": way / way.square().sum(),
        "a direction keeps all components": one_hot(way.abs().argmax(), 20).float(),
        "you average over the first faces: pick them by has_it": unit(first),
        "subtract first, then divide by the length": unit(unit(have) - unit(lack)),
        "average over the faces, dim 0: one number for each of z's": (z.mean(1), z.mean()),
    }
    right = directions.mean_difference_direction(z, has_it)
    compare(answer(z.clone(), has_it.copy()), right, faults, "the direction", 1e-4)
    return "of length 1, from without to with"
