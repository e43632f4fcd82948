"""Checks of notebook 06: the arc between two latent vectors, and a direction that has a name."""

from collections.abc import Callable

import numpy as np
import torch

from animegan_helpers import latent
from animegan_workshop.checks.core import close, compare, demand, exercise


@exercise("06.8", latent.slerp)
def slerp(answer: Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor], seed: int) -> str:
    """start, end (z_dim,), share 0 to 1 -> the point (z_dim,) at that share of the arc between them."""
    a, b = torch.randn(2, 100)
    for share in (0.2 + 0.05 * (seed % 3), 0.5, 0.0, 1.0):
        wanted = latent.slerp(a, b, share)
        got = answer(a.clone(), b.clone(), share)
        demand(got is not None, "your function returns None: its last line must be a return")
        demand(
            torch.as_tensor(got).shape == a.shape,
            f"return one point of shape {tuple(a.shape)}, see 06.8",
        )
        line = torch.lerp(a, b, share)
        angle = torch.acos(torch.dot(a, b) / a.norm() / b.norm())
        length = torch.lerp(a.norm(), b.norm(), share)

        def arc(angle, t=share):
            return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)

        if close(
            got, arc(angle), 1e-4
        ):  # whether lengths go along the arc or beside it is a matter of taste
            continue
        arc_degrees = arc(torch.rad2deg(angle))
        raw = torch.dot(a, b).clamp(-1, 1).acos()
        compare(
            got,
            wanted,
            {
                f"that is the straight line: at share {share:g} its point is {float(line.norm()):.1f} long, where G never "
                "trained; follow the arc, see 06.8": line,
                "that is the straight line stretched to length: it goes along the arc, but fast in the middle and slow "
                "at the "
                "ends; use the sines of the angle, see 06.8": line / line.norm() * length,
                "start and end are swapped: share 0 must give the start, see 06.8": (
                    latent.slerp(b, a, share),
                    arc(angle, 1 - share),
                ),
                "the angle is in degrees: torch's sine wants radians, see 06.8": arc_degrees,
                "that point has length 1: give it a length between those of start and end, see 06.8": (
                    wanted / length,
                    arc(angle) / arc(angle).norm(),
                ),
                "the angle is wrong: divide both vectors by their lengths before the dot product, see 06.8": arc(
                    raw
                ),
                "divide by the sine of the angle as well, see 06.8": arc(angle) * torch.sin(angle),
                "that point is ten times too long or short: sqrt(z_dim) comes in by the lengths of start and end, see 06.8": (
                    wanted * 10,
                    wanted / 10,
                ),
            },
            f"at share {share:g} the point is not on the arc: sin((1-t) w) start + sin(t w) end, over sin(w), see 06.8",
            tolerance=1e-4,
        )
    same = answer(a, a.clone(), 0.3)
    demand(
        bool(torch.isfinite(torch.as_tensor(same)).all()),
        "from a point to itself you return nan: the angle is 0 and so is its sine; take the straight line there, "
        "see 06.8",
    )
    demand(
        bool((same - a).abs().max() < 1e-3),
        "from a point to itself every point of the way is that point, see 06.8",
    )
    return "an arc that stays in the shell of radius 10"


@exercise("06.6", latent.mean_difference_direction)
def named_direction(answer: Callable[[torch.Tensor, np.ndarray], torch.Tensor], seed: int) -> str:
    """z (N, z_dim), has_it (N,) of bool -> direction (z_dim,) of length 1, from the faces without to those with."""
    z = torch.randn(200, 20)
    has_it = (z @ torch.linspace(-1, 1, 20) + torch.randn(200)).numpy() > 1.5
    mask = torch.from_numpy(has_it)
    have, lack = z[mask].mean(0), z[~mask].mean(0)
    unit = lambda v: v / v.norm()
    wanted = unit(have - lack)
    got = answer(z.clone(), has_it.copy())
    demand(got is not None, "your function returns None: its last line must be a return")
    demand(
        tuple(torch.as_tensor(got).shape) == (20,),
        f"a direction has one number for each of z's: (20,), yours is {tuple(np.shape(got))}: average over the "
        f"faces, "
        "dim 0, see 06.6",
    )
    compare(
        got,
        wanted,
        {
            "it points the other way, from the faces with it to those without, see 06.6": -wanted,
            "the direction is right but not of length 1: divide by its norm, see 06.6": (
                have - lack,
                z[mask].sum(0) - lack,
            ),
            "that is the mean of the faces with it: subtract that of the faces without, see 06.6": (
                unit(have),
                have,
            ),
            "you subtract the mean of *all* faces, some of which have it: nearly right; take those without, see 06.6": have
            - z.mean(0),
            "you take sums for means, and there are more faces without: use .mean(0), see 06.6": (
                unit(z[mask].sum(0) - z[~mask].sum(0)),
                z[mask].sum(0) - z[~mask].sum(0),
            ),
            "you divide by the sum of the numbers, not by the length: .norm(), see 06.6": (
                (have - lack) / (have - lack).sum(),
                (have - lack) / (have - lack).abs().sum(),
            ),
            "that is the largest component alone: a direction keeps them all, see 06.6": torch.nn.functional.one_hot(
                (have - lack).abs().argmax(), 20
            ).float(),
            "you average over the first faces, however they look: pick them by has_it, see 06.6": unit(
                z[: int(mask.sum())].mean(0) - z[int(mask.sum()) :].mean(0)
            ),
        },
        "the direction is not the normalised difference of the two means, see 06.6",
        1e-4,
    )
    return "of length 1, from without to with"
