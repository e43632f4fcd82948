"""Exercise 02.4: one step of G in the plane."""

import torch
from torch import nn

from animegan_workshop.checks.core import exercise
from animegan_workshop.checks.steps import as_fake, as_real
from animegan_workshop.checks.toy_steps import check_toy_step, wrong_step


def step_of_g(G: nn.Module, D: nn.Module, opt_g: torch.optim.Optimizer, z: torch.Tensor) -> float:
    """One step of G against the present D; z (N, 2) -> its loss."""
    loss = as_real(D(G(z)))
    opt_g.zero_grad()
    loss.backward()
    opt_g.step()
    return loss.item()


FAULTS = {
    "that is the saturating loss: it pushes least where D is sure, see 02.4": wrong_step(
        lambda D, z, fake: -as_fake(D(fake))
    ),
    "G learns to be found out: it wants D to take its fakes for real": wrong_step(
        lambda D, z, fake: as_fake(D(fake))
    ),
    "the loss goes up: its sign is turned": wrong_step(lambda D, z, fake: -as_real(D(fake))),
    "you sum over the batch: take the mean": wrong_step(
        lambda D, z, fake: len(z) * as_real(D(fake))
    ),
    "that is minus the mean logit, the loss of a Wasserstein GAN": wrong_step(
        lambda D, z, fake: -D(fake).mean()
    ),
    "old gradients were still there: call opt_g.zero_grad() before backward": wrong_step(
        lambda D, z, fake: as_real(D(fake)), clear=False
    ),
}


@exercise("02.6", step_of_g)
def toy_g_step(answer, seed):
    """(G, D, opt_g, z) -> the loss, a float; G has made one step against D."""
    check_toy_step(answer, step_of_g, "G", FAULTS)
    return "G moved down its loss, through a D that stayed as it was"
