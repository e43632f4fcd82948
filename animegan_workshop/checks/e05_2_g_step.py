"""Exercise 05.2: G's half of a training step."""

import torch
from torch import nn

from animegan_helpers.losses import generator_loss
from animegan_workshop.checks.comparing import close
from animegan_workshop.checks.exercise import exercise
from animegan_workshop.checks.failures import demand
from animegan_workshop.checks.steps import check_step


def step_of_g(D: nn.Module, opt: torch.optim.Optimizer, fake: torch.Tensor) -> float:
    """One step of G against the present D; fake (B, 3, 64, 64), attached to G -> the loss."""
    opt.zero_grad()
    logits = D(fake)
    loss = generator_loss(logits)
    loss.backward()
    opt.step()
    return loss.item()


FAULTS = """
that is the saturating loss, weakest where D is sure, see 02.4
    :: generator_loss(logits) => -generator_loss(-logits)
G learns to be found out: the label is 1 here :: generator_loss(logits) => generator_loss(-logits)
the fakes have one label, 1: that is D's loss, half of it with 0
    :: generator_loss(logits) => generator_loss(logits) + generator_loss(-logits)
the loss takes logits: no sigmoid before it :: loss(logits) => loss(logits.sigmoid())
the mean of -log is asked for, not -log of the mean
    :: generator_loss(logits) => -logits.sigmoid().mean().log()
that is the loss of a Wasserstein GAN, see 02.4 :: generator_loss(logits) => -logits.mean()
    :: generator_loss(logits) => logits.mean()
that is D(G(z)): return the loss :: return loss.item() => return logits.sigmoid().mean().item()
"""


@exercise("05.3", step_of_g)
def g_step(answer, seed):
    """(D, opt_g, fake), fake attached to G -> the loss, a float; G has made one step against D."""
    t = check_step(answer, step_of_g, FAULTS, "G", seed)
    kept = close(t.weights(t.D), t.weights(t.judge_before))
    demand(kept, "D's weights moved: this is G's turn, and opt_g holds G's weights only")
    return "G moved down its loss, through a D that stayed as it was"
