"""Exercise 02.1: what the best D says."""

import torch

from animegan_workshop.checks.tools import exercise, try_cases


def best_d(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    """The best D where reals have density p (N,) and fakes q (N,): the share of reals."""
    return p / (p + q)


def searched(p: torch.Tensor, q: torch.Tensor, steps: int) -> torch.Tensor:
    """The d that pays most among 1 / steps, 2 / steps ... below 1."""
    d = torch.arange(1, steps) / steps
    return d[(p[:, None] * d.log() + q[:, None] * (1 - d).log()).argmax(dim=1)]


FAULTS = """
that is the share of fakes: D(x) is the chance that x is real :: p / (p => q / (p
p / q is the odds and can pass 1: divide by p + q :: (p + q) => q
log(p / q) is the best D's logit: its sigmoid is asked for :: p / (p + q) => (p / q).log()
D is the sigmoid of log(p / q): no other :: p / (p + q) => (p - q).sigmoid()
:: p / (p + q) => (p / q).sigmoid() :: p / (p + q) => (p / (p + q)).sigmoid()
D answers a hard 0 or 1: the best pay lies in between :: p / (p + q) => (p > q) * 1.0
that is p alone: weigh reals against fakes at the same place :: / (p + q) =>
you divide by a sum over all places: take one :: (p + q) => (p + q).sum() :: (p + q) => p.sum()
:: p / (p + q) => (p / p.sum()) / (p / p.sum() + q / q.sum())
that follows from the report's formula, see 02.3 :: p / (p + q) => (p - q).clamp(0, 1)
p - q is negative where fakes prevail :: p / (p + q) => (p - q) :: p / (p => (p - q) / (p
the derivative leads to p / (p + q), no squares :: p / (p + q) => p**2 / (p**2 + q**2)
add nothing to p + q to guard against 0 :: + q) => + q + 0.1) :: + q) => + q + 1)
:: + q) => + q + 0.01) :: + q) => + q + 0.001) :: + q) => + q + 1e-4) :: + q) => + q + 1e-5)
with a minus there D turns negative or passes 1 :: (p + q) => (p - q) :: (p + q) => (q - p)
p - q alone does not say it: D is the same where p and q are both ten times as large
:: p / (p + q) => (1 + p - q) / 2 :: p / (p + q) => 0.5 + p - q
a search in steps is not exact: find the best d by hand
:: p / (p + q) => searched(p, q, 10) :: p / (p + q) => searched(p, q, 20)
:: p / (p + q) => searched(p, q, 100) :: p / (p + q) => searched(p, q, 1000)
the brackets are missing: divide by the whole sum :: (p + q) => p + q
small densities count as they are: add nothing, no lower limit
:: (p + q) => (p + q + 1e-6) :: (p + q) => (p + q + 1e-8) :: (p + q) => (p + q).clamp(1e-3)
"""


@exercise("02.1", best_d)
def best_discriminator(answer, seed):
    """Densities p, q (N,) -> D(x) (N,) that maximises p log d + q log(1 - d)."""
    p, q = (torch.rand(2, 50) * torch.rand(2, 50) + 0.01) * 10.0 ** -torch.randint(5, (50,))
    try_cases(answer, best_d, [(p, q)], FAULTS)
    return "the best D is the share of reals"
