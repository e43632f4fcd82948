"""Exercise 05.2: G's half of a training step."""

import torch
import torch.nn.functional as F
from torch import nn

from animegan_workshop.checks.steps import FacesGame, check_step
from animegan_workshop.checks.tools import exercise


def step_of_g(D: nn.Module, opt: torch.optim.Optimizer, fake: torch.Tensor) -> float:
    """One step of G against the present D; fake (B, 3, 64, 64), attached to G -> the loss."""
    opt.zero_grad()
    logits = D(fake)
    loss = F.softplus(-logits).mean()
    loss.backward()
    opt.step()
    return loss.item()


FAULTS = """
that is the saturating loss, weakest where D is sure, see 02.4
    :: F.softplus(-logits) => -F.softplus(logits)
G learns to be found out: the label is 1 here :: -logits => logits
the fakes have one label, 1: that is D's loss, half of it with 0
    :: .mean() => .mean() + F.softplus(logits).mean()
the mean of -log is asked for, not -log of the mean :: F.softplus(-logits).mean()
    => -logits.sigmoid().mean().log()
that is the loss of a Wasserstein GAN, see 02.4 :: F.softplus(-logits) => logits
all fakes go through D as one batch, not one by one
    :: D(fake) => torch.cat([D(one[None]) for one in fake])
that is D(G(z)): return the loss :: return loss.item() => return logits.sigmoid().mean().item()
"""


@exercise("05.3", step_of_g)
def g_step(answer, seed):
    """(D, opt_g, fake), fake attached to G -> the loss, a float; G has made one step against D."""
    check_step(answer, step_of_g, FAULTS, FacesGame, "G")
    return "G moved down its loss, through a D that stayed as it was"
