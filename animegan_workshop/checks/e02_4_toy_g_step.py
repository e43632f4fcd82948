"""Exercise 02.4: one step of G in the plane."""

import torch.nn.functional as F

from animegan_workshop.checks.steps import Game, check_step
from animegan_workshop.checks.tools import exercise


def step_of_g(G, D, opt, z) -> float:
    """One step of G against the present D; z (N, 2) -> its loss."""
    opt.zero_grad()
    on_fake = D(G(z))
    loss = F.softplus(-on_fake).mean()
    loss.backward()
    opt.step()
    return loss.item()


FAULTS = """
that is the saturating loss, flat where D is sure, see 02.4 :: F.soft => -F.soft && -on_ => on_
G learns to be found out: it wants D to take its fakes for real :: -on_fake => on_fake
"""


@exercise("02.6", step_of_g)
def toy_g_step(answer, seed):
    """(G, D, opt_g, z) -> the loss, a float; G has made one step against D."""
    check_step(answer, step_of_g, FAULTS, Game, "G")
    return "G moved down its loss, through a D that stayed as it was"
