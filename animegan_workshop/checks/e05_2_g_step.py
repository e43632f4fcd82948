"""Exercise 05.2: G's half of a training step."""

import torch
from torch import nn

from animegan_helpers.losses import generator_loss
from animegan_workshop.checks.core import compare, demand, exercise, shorten
from animegan_workshop.checks.steps import as_fake, as_real, check_step


def step_of_g(D: nn.Module, opt_g: torch.optim.Optimizer, fake: torch.Tensor) -> float:
    """One step of G against the present D; fake (B, 3, 64, 64), attached to G -> the loss."""
    loss = generator_loss(D(fake))
    opt_g.zero_grad()
    loss.backward()
    opt_g.step()
    return loss.item()


FAULTS = {
    "that is the saturating loss, weakest where D is sure, see 02.4": lambda D, r, f: (
        -as_fake(D(f))
    ),
    "G learns to be found out: the label is 1 here": lambda D, r, f: as_fake(D(f)),
    "D was in eval mode: both players train in train mode": lambda D, r, f: as_real(D.eval()(f)),
    "that is the loss of a Wasserstein GAN, see 02.4": lambda D, r, f: -D(f).mean(),
}


@exercise("05.3", step_of_g)
def g_step(answer, seed):
    """(D, opt_g, fake), fake attached to G -> the loss, a float; G has made one step against D."""
    t, got = check_step(answer, "G", lambda D, real, fake: as_real(D(fake)), FAULTS, passes=1)
    demand(
        all(torch.equal(a, b) for a, b in zip(t.judge_before.parameters(), t.D.parameters())),
        "D's weights moved: this is G's turn, and opt_g holds G's weights only",
    )
    demand(isinstance(got, float), f"return a plain float, loss.item(), not {shorten(got)}")
    compare(got, as_real(t.judge_before(t.fake.detach())), {}, "the loss before the step", 1e-4)
    return "G moved down its loss, through a D that stayed as it was"
