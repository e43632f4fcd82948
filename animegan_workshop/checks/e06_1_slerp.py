"""Exercise 06.1: the arc between two latent vectors."""

from functools import partial

import numpy as np
import torch
from torch.nn.functional import normalize

from animegan_helpers import latent
from animegan_workshop.checks.core import close, demand, exercise, numbers, try_cases

_unit = partial(normalize, dim=0)


def _angle(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return (_unit(a) @ _unit(b)).clamp(-1, 1).acos()


def _arc(a, b, share, angle=None) -> torch.Tensor:
    """The arc of the vectors as they are; `angle`: another one than theirs."""
    angle = _angle(a, b) if angle is None else angle
    first, second = torch.sin((1 - share) * angle), torch.sin(share * angle)
    return (first * a + second * b) / torch.sin(angle)


def _unit_arc(a, b, share, angle=None) -> torch.Tensor:
    """The arc of unit vectors, with a length that runs from one to the other beside it."""
    return _arc(_unit(a), _unit(b), share, angle) * torch.lerp(a.norm(), b.norm(), share)


KINDS = {
    "that is the straight line, which leaves the shell": lambda arc, a, b, t: torch.lerp(a, b, t),
    "that is the straight line stretched to length: use the sines of the angle": (
        lambda arc, a, b, t: _unit(torch.lerp(a, b, t)) * torch.lerp(a.norm(), b.norm(), t)
    ),
    "start and end are swapped: share 0 must give the start": lambda arc, a, b, t: arc(b, a, t),
    "the angle is in degrees: torch's sine wants radians": (
        lambda arc, a, b, t: arc(a, b, t, torch.rad2deg(_angle(a, b)))
    ),
    "that point has length 1: start and end are longer": lambda arc, a, b, t: _unit(arc(a, b, t)),
    "that has the start's length": lambda arc, a, b, t: _unit(arc(a, b, t)) * a.norm(),
    "that has length 10, whatever the ends": lambda arc, a, b, t: _unit(arc(a, b, t)) * 10,
    "the angle is wrong: divide both vectors by their lengths before the dot product": (
        lambda arc, a, b, t: arc(a, b, t, (a @ b).clamp(-1, 1).acos())
    ),
    "that is the cosine where the angle belongs: take its acos": (
        lambda arc, a, b, t: arc(a, b, t, _unit(a) @ _unit(b))
    ),
    "divide by the sine of the angle": lambda arc, a, b, t: arc(a, b, t) * _angle(a, b).sin(),
}
FAULTS = {
    sentence: tuple(partial(fault, arc) for arc in (_arc, _unit_arc))
    for sentence, fault in KINDS.items()
}


@exercise("06.2", latent.slerp)
def slerp(answer, seed):
    """start, end (z_dim,), share 0 to 1 -> the point (z_dim,) at that share of the arc."""
    a, b = torch.randn(2, 100) * torch.tensor([[1.0], [1.3]])
    cases = [(a, b, share) for share in (0.2 + 0.05 * (seed % 3), 0.5, 0.0, 1.0)]
    # whether lengths go along the arc or beside it is a matter of taste
    ours = _arc if close(answer(*cases[0]), _arc(*cases[0]), 1e-4) else latent.slerp
    try_cases(answer, ours, cases, FAULTS, 1e-4)
    clamp = "clamp the cosine to [-1, 1] before acos, and take the line where the sine is 0"
    for z in torch.randn(60, 100):  # for a third of them the cosine is rounded to 1.0000001
        same, turned = (numbers(answer(z.clone(), sign * z, 0.3)) for sign in (1, -1))
        demand(np.isfinite(same).all(), f"from a point to itself you return nan: {clamp}")
        demand(close(same, z, 1e-3), "from a point to itself every point of the way is that point")
        opposite = "where the two point opposite ways"
        demand(np.isfinite(turned).all(), f"{opposite} you return nan: {clamp}")
        # half a circle, whichever, is as good as the line
        long = np.linalg.norm(turned) > 1.01 * float(z.norm())
        demand(not long, f"{opposite} you divide by a sine that is nearly 0: take the line")
    return "an arc that stays in the shell of radius 10"
