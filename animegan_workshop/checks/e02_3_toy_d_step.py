"""Exercise 02.3: one step of D in the plane."""

import torch
from torch import nn

from animegan_workshop.checks.core import exercise
from animegan_workshop.checks.steps import as_fake, as_real
from animegan_workshop.checks.toy_steps import check_toy_step, wrong_step


def step_of_d(
    G: nn.Module, D: nn.Module, opt_d: torch.optim.Optimizer, real: torch.Tensor, z: torch.Tensor
) -> float:
    """One step of D; real and z (N, 2) -> its loss, the two terms summed."""
    fake = G(z).detach()
    loss = as_real(D(real)) + as_fake(D(fake))
    opt_d.zero_grad()
    loss.backward()
    opt_d.step()
    return loss.item()


def _right(D, real, fake):
    return as_real(D(real)) + as_fake(D(fake))


FAULTS = {
    "only the reals are in D's loss: add the fakes": wrong_step(lambda D, r, f: as_real(D(r))),
    "only the fakes are in D's loss: add the reals": wrong_step(lambda D, r, f: as_fake(D(f))),
    "real and fake are swapped": wrong_step(lambda D, r, f: _right(D, f, r)),
    "both are taught as real: fakes get -log(1 - D)": wrong_step(
        lambda D, r, f: as_real(D(r)) + as_real(D(f))
    ),
    "the loss goes up: its sign is turned": wrong_step(lambda D, r, f: -_right(D, r, f)),
    "you sum over the batch: take the mean": wrong_step(lambda D, r, f: len(r) * _right(D, r, f)),
    "you average the two terms: sum them, see 02.2": wrong_step(
        lambda D, r, f: _right(D, r, f) / 2
    ),
    "that is the report's slip, see 02.3": wrong_step(
        lambda D, r, f: as_real(D(r)) - as_real(D(f))
    ),
    "old gradients were still there: call opt_d.zero_grad() before backward": wrong_step(
        _right, clear=False
    ),
}


@exercise("02.6", step_of_d)
def toy_d_step(answer, seed):
    """(G, D, opt_d, real, z) -> the loss, a float; D has made one step, G stays as it was."""
    check_toy_step(answer, step_of_d, "D", FAULTS)
    return "D moved down its loss, and G was left alone"
