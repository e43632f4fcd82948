"""Exercise 02.7: one step of D in the plane that also pays the R1 penalty."""

import torch
from torch import nn

from animegan_workshop.checks.core import exercise
from animegan_workshop.checks.steps import as_fake, as_real
from animegan_workshop.checks.toy_steps import check_toy_step, wrong_step


def step_with_r1(
    G: nn.Module,
    D: nn.Module,
    opt_d: torch.optim.Optimizer,
    real: torch.Tensor,
    z: torch.Tensor,
    gamma: float = 0.05,
) -> float:
    """One step of D; real and z (N, 2), gamma weighs the penalty -> the loss without it."""
    real = real.clone().requires_grad_()
    on_real = D(real)
    loss = as_real(on_real) + as_fake(D(G(z).detach()))
    (slope,) = torch.autograd.grad(on_real.sum(), real, create_graph=True)
    penalty = gamma / 2 * slope.square().sum(dim=1).mean()
    opt_d.zero_grad()
    (loss + penalty).backward()
    opt_d.step()
    return loss.item()


GAMMA = 0.05


def _paying(penalty, at_real=True, of=torch.clone):
    """A step whose penalty is a function of D's slopes (N, 2), of its logit unless told so."""

    def loss(D, real, fake):
        points = (real if at_real else fake).detach().requires_grad_()
        (slope,) = torch.autograd.grad(of(D(points)).sum(), points, create_graph=True)
        return as_real(D(real)) + as_fake(D(fake)) + GAMMA * penalty(slope)

    return wrong_step(loss)


def _r1(slope):
    return slope.square().sum(1).mean() / 2


FAULTS = {
    "the penalty does not reach D: add it to the loss, and give grad create_graph=True": (
        _paying(lambda slope: slope.detach().sum())
    ),
    "the penalty is taken at the fakes: R1 takes it at the reals": _paying(_r1, at_real=False),
    "the penalty is half of gamma times the mean squared slope: the half is missing": (
        _paying(lambda slope: 2 * _r1(slope))
    ),
    "you take the mean over x and y: sum the squares of the two, then take the mean": (
        _paying(lambda slope: _r1(slope) / 2)
    ),
    "the slope is not squared": _paying(lambda slope: slope.norm(dim=1).mean() / 2),
    "you sum the penalty over the batch: take the mean": (
        _paying(lambda slope: len(slope) * _r1(slope))
    ),
    "take the gradient of the sum of the logits: that of a mean is smaller": (
        _paying(lambda slope: _r1(slope / len(slope)))
    ),
    "that is the slope of D(x): take the slope of the logit": _paying(_r1, of=torch.sigmoid),
    "the penalty has the wrong sign: D pays for it": _paying(lambda slope: -_r1(slope)),
}


@exercise("02.8", step_with_r1)
def toy_r1_step(answer, seed):
    """(G, D, opt_d, real, z, gamma=0.05) -> the loss without the penalty, a float; D has moved."""
    check_toy_step(answer, step_with_r1, "D", FAULTS)
    return "D moved down its loss plus the penalty"
