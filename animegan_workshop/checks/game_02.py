"""Checks of notebook 02: what the best D says; modes captured and samples of high quality."""

from collections.abc import Callable

import torch

from animegan_helpers import toy
from animegan_workshop.checks.core import CheckFailed, compare, demand, exercise


def best_d(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    """The best discriminator where reals have density p (N,) and fakes q (N,): the share of reals, p / (p + q)."""
    return p / (p + q)


@exercise("02.1", best_d)
def best_discriminator(
    answer: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], seed: int
) -> str:
    """Densities p, q (N,) -> D(x) (N,) that maximises p log d + q log(1 - d)."""
    p, q = torch.rand(2, 50) + 0.05
    compare(
        answer(p, q),
        p / (p + q),
        {
            "that is the share of fakes: D(x) is the chance that x is real, so p stands above, see 02.1": q
            / (p + q),
            "p / q is the odds and can pass 1: D(x) is a share of all that lands on x, p + q, see 02.1": p
            / q,
            "log(p / q) is the best D's logit: its sigmoid is asked for, see 02.1": (p / q).log(),
            "D answers a hard 0 or 1: the pay p log d + q log(1 - d) is best in between, see 02.1": (
                p > q
            ).float(),
            "that is p alone: D must weigh reals against fakes at the same place, see 02.1": p,
            "the report's formula has no best answer between 0 and 1: set the derivative of p log d + q log(1 - d) to 0, "
            "see 02.3": (p - q).clamp(0, 1),
            "p - q is negative where fakes prevail; a probability cannot be, see 02.1": p - q,
        },
        "set the derivative p/d - q/(1 - d) to 0 and solve for d, see 02.1",
    )
    return "the best D is the share of reals"


@exercise("02.6", toy.modes_captured)
def modes_and_quality(
    answer: Callable[[torch.Tensor, torch.Tensor, float], tuple[int, float]], seed: int
) -> str:
    """samples (N, 2), centres (M, 2), std -> (modes captured, share of samples within 3 std of the nearest centre)."""
    mixture = toy.ring(std=0.02)
    kept, std = mixture.centres[:5], mixture.std
    points = kept[torch.randint(5, (2000,))] + std * torch.randn(2000, 2)
    stray = torch.rand(500, 2) - 0.5  # inside the ring, near none of its centres
    samples = torch.cat([points, stray])
    distance, nearest = torch.cdist(samples, mixture.centres).min(dim=1)
    offset = (samples - mixture.centres[nearest]).abs()
    modes, share = toy.modes_captured(samples, mixture.centres, std)
    got = answer(samples, mixture.centres, std)
    demand(
        isinstance(got, (tuple, list)) and len(got) == 2,
        "return two things: (modes captured, share), see 02.6",
    )
    if float(got[0]) < 1 < float(got[1]) == modes:
        raise CheckFailed(
            "the two are swapped: first the number of modes, then the share, see 02.6"
        )
    shares = {
        "you count every sample as good: only those within 3 standard deviations of a centre are, see 02.6": 1.0,
        "you allow 1 standard deviation: VEEGAN's protocol allows 3, see 02.6": (distance <= std)
        .float()
        .mean(),
        "you compare the squared distance with 3 std: compare the distance itself, see 02.6": (
            distance**2 <= 3 * std
        )
        .float()
        .mean(),
        "you compare with 3 times the variance: the limit is 3 standard deviations, see 02.6": (
            distance <= 3 * std**2
        )
        .float()
        .mean(),
        "you test x and y apart, which is a square: the distance to the centre decides, a circle, see 02.6": (
            offset.amax(1) <= 3 * std
        )
        .float()
        .mean(),
        "the share is a part of 1: divide by the number of samples, see 02.6": (
            distance <= 3 * std
        ).sum(),
        "the share is a part of 1, yours is in percent, see 02.6": 100 * share,
        "that is the share of bad samples, see 02.6": 1 - share,
    }
    compare(
        float(got[1]),
        share,
        shares,
        f"{share:.1%} of these samples lie within 3 std of the nearest centre, you find {float(got[1]):.1%}, "
        f"see 02.6",
    )
    every = len(nearest.unique())
    compare(
        float(got[0]),
        modes,
        {
            "a mode that only stray samples are nearest to is not captured: count good samples only, see 02.6": every,
            "that is how many modes there are, whether the samples reach them or not, see 02.6": len(
                mixture.centres
            ),
            "that counts samples: how many different modes do the good ones belong to? see 02.6": (
                distance <= 3 * std
            ).sum(),
        },
        f"these samples capture {modes} of 8 modes, you find {got[0]}, see 02.6",
    )
    far = answer(mixture.centres + 9.0, mixture.centres, 0.001)
    demand(
        int(far[0]) == 0 and float(far[1]) == 0,
        "where no sample is good, 0 modes are captured, see 02.6",
    )
    return f"{modes} of 8 modes, {share:.0%} of high quality"
