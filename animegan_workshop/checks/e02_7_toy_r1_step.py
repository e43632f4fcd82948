"""Exercise 02.7: one step of D in the plane that also pays the R1 penalty."""

import torch
import torch.nn.functional as F

from animegan_workshop.checks.steps import Game, check_step
from animegan_workshop.checks.tools import exercise


def step_with_r1(G, D, opt, real, z, gamma=0.05) -> float:
    """One step of D; real and z (N, 2), gamma weighs the penalty -> the loss without it."""
    opt.zero_grad()
    real, fake = real.clone().requires_grad_(), G(z).detach().requires_grad_()
    on_real, on_fake = D(real), D(fake)
    plain = F.softplus(-on_real).mean() + F.softplus(on_fake).mean()
    (slope,) = torch.autograd.grad(on_real.sum(), real, create_graph=True)
    length = slope.square().sum(dim=1)
    loss = plain + gamma / 2 * length.mean()
    loss.backward()
    opt.step()
    return plain.item()


FAULTS = """
the penalty does not reach D: add it, give grad create_graph=True :: slope.s => 0 * slope.s
R1 takes the penalty at the reals, not at the fakes :: on_real.sum(), real => on_fake.sum(), fake
the penalty is half of gamma times the mean: the half is missing :: gamma / 2 => gamma
you take the mean over x and y: sum the two squares, then take the mean :: .sum(dim => .mean(dim
take the slope of the logit, not of the loss
:: on_real.sum() => F.softplus(-on_real).sum() :: on_real.sum() => F.softplus(-on_real).mean()
each real has its own slope: sum its squares over x and y, dim=1, then average
:: sum(dim=1) => sum(dim=0)
the slope is not squared :: slope.square().sum(dim=1) => slope.norm(dim=1)
you sum the penalty over the batch: take the mean :: length.mean() => length.sum()
take the gradient of the sum of the logits, not of the mean :: on_real.sum() => on_real.mean()
that is the slope of D(x): take the slope of the logit :: on_real.sum() => on_real.sigmoid().sum()
the penalty has the wrong sign: D pays for it :: plain + => plain -
R1 pulls the slope to 0, not its length towards 1 :: dim=1) => dim=1).sqrt().sub(1).square()
that is the penalty alone: add the loss :: plain + =>
gamma is an argument, not always 0.05 :: gamma / 2 => 0.05 / 2
return the loss without the penalty :: return plain => return loss
"""


@exercise("02.8", step_with_r1)
def toy_r1_step(answer, seed):
    """(G, D, opt_d, real, z, gamma=0.05) -> the loss without the penalty, a float; D has moved."""
    check_step(answer, step_with_r1, FAULTS, Game, "D", gamma=0.3)
    return "D moved down its loss plus the penalty"
