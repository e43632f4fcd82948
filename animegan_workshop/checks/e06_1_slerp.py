"""Exercise 06.1: the arc between two latent vectors."""

import numpy as np
import torch
from torch.nn.functional import normalize

from animegan_workshop.checks.tools import close, demand, exercise, numbers, try_cases


def on_arc(start, end, share):
    """The point (z_dim,) at the share of the arc between two vectors (z_dim,)."""
    first, last = start.norm(), end.norm()
    a, b = start / first, end / last
    cosine = (a @ b).clamp(-1, 1)
    line = torch.lerp(start, end, share)
    if cosine.abs() > 0.99999:
        return line
    side = normalize(b - cosine * a, dim=0)
    angle = cosine.acos()
    turn = share * angle
    point = turn.cos() * a + turn.sin() * side
    return torch.lerp(first, last, share) * point


FAULTS = """
that is the straight line, which leaves the shell :: torch.lerp(first, last, share) * point => line
    :: * point => * torch.lerp(a, b, share)
the straight line at the right length does not turn at constant speed: use the angle
    :: * point => * normalize(line, dim=0) :: * point => * normalize(torch.lerp(a, b, share), dim=0)
the straight line is for equal or opposite directions alone: yours comes far too early
    :: 0.99999 => 0.9 :: cosine.abs() > 0.99999 => cosine > 0.9
start and end are swapped: share 0 must give the start :: line = => share = 1 - share; line =
the lengths are swapped: begin with the start's :: lerp(first, last => lerp(last, first
the direction runs from end to start, the length does not :: turn = share => turn = (1 - share)
the angle is in degrees: torch's sine and cosine want radians :: share * angle
    => share * angle.rad2deg()
    :: cosine.acos() => cosine.acos().rad2deg() && turn.cos() * a + turn.sin() * side
    => ((angle - turn).sin() * a + turn.sin() * b) / angle.sin()
the length must change evenly: turn vectors of length 1, then multiply by it
    :: return torch.lerp(first, last, share) * point
    => return ((angle - turn).sin() * start + turn.sin() * end) / angle.sin()
that point has length 1, start and end have others
    :: torch.lerp(first, last, share) * point => point
that has the length of the start, or of the end: let it change evenly
    :: torch.lerp(first, last, share) => first :: torch.lerp(first, last, share) => last
that has length 10, whatever the ends :: torch.lerp(first, last, share) => 10
the length must change evenly, in a straight line :: torch.lerp(first, last, share)
    => first ** (1 - share) * last**share
the cosine is wrong: make both vectors length 1 before the dot product :: (a @ b) => (start @ end)
    :: (a @ b) => (start @ end) && turn.cos() * a + turn.sin() * side
    => ((angle - turn).sin() * a + turn.sin() * b) / angle.sin()
that is the cosine where the angle belongs: take its acos :: cosine.acos() => cosine
the angle is not 90 degrees for all pairs: it is the acos of the cosine
    :: cosine.acos() => torch.tensor(torch.pi / 2)
the second axis is not of length 1 :: normalize(b - cosine * a, dim=0) => (b - cosine * a)
the second axis is not at a right angle to the first: remove the part along it
    :: normalize(b - cosine * a, dim=0) => b
the arc turns away from the end: the sign of the second axis is wrong
    :: + turn.sin() => - turn.sin()
"""


@exercise("06.2", on_arc)
def slerp(answer, seed):
    """start, end (z_dim,), share 0 to 1 -> the point (z_dim,) at that share of the arc."""
    cases = [
        (first * torch.randn(size), last * torch.randn(size), share)
        for size, share in ((100, 0.2), (17, 0.5), (30, 0.85), (5, 0.0), (6, 1.0))
        for first, last in ((1.0, 1.3), (0.05, 0.02))
    ]
    z, other = torch.randn(2, 60)
    cases += [(z, times * z + 0.3 * other, 0.4) for times in (1.0, -1.2)]  # not far from a line
    try_cases(answer, on_arc, cases, FAULTS, 1e-4)
    clamp = "clamp the cosine to [-1, 1] before acos, and take the line"
    for z in torch.randn(60, 100):  # for a third of them the cosine is rounded to 1.0000001
        for times, words in ((2.0, "the same way"), (-2.0, "opposite ways")):
            got = numbers(answer(z.clone(), times * z, 0.3))
            demand(np.isfinite(got).all(), f"where both point {words} you return nan: {clamp}")
            straight = close(got, torch.lerp(z, times * z, 0.3), 1e-3)
            demand(straight, f"where both point {words} the straight line is asked for")
    return "an arc that stays in the shell of radius 10"
