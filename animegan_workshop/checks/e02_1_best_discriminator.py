"""Exercise 02.1: what the best D says."""

import torch

from animegan_workshop.checks.core import exercise, try_cases


def best_d(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    """The best D where reals have density p (N,) and fakes q (N,): the share of reals."""
    return p / (p + q)


FAULTS = {
    "that is the share of fakes: D(x) is the chance that x is real": lambda p, q: q / (p + q),
    "p / q is the odds and can pass 1: divide by p + q": lambda p, q: p / q,
    "log(p / q) is the best D's logit: its sigmoid is asked for": lambda p, q: (p / q).log(),
    "the logarithm is missing: D is the sigmoid of log(p / q)": (
        lambda p, q: (p / q).sigmoid(),
        lambda p, q: (p - q).sigmoid(),
    ),
    "D answers a hard 0 or 1: the best pay lies in between": lambda p, q: (p > q).float(),
    "that is p alone: weigh reals against fakes at the same place": lambda p, q: p,
    "that is q alone: weigh reals against fakes at the same place": lambda p, q: q,
    "that is 1/2 everywhere, the best D only where p = q": lambda p, q: torch.full_like(p, 0.5),
    "you divide by a sum over all places: weigh p against q at one place": (
        lambda p, q: p / (p + q).sum(),
        lambda p, q: p / p.sum(),
    ),
    "that follows from the report's formula, see 02.3": lambda p, q: (p - q).clamp(0, 1),
    "p - q is negative where fakes prevail; a probability cannot be": lambda p, q: p - q,
}


@exercise("02.1", best_d)
def best_discriminator(answer, seed):
    """Densities p, q (N,) -> D(x) (N,) that maximises p log d + q log(1 - d)."""
    p, q = torch.rand(2, 50) + 0.05
    try_cases(answer, best_d, [(p, q)], FAULTS)
    return "the best D is the share of reals"
