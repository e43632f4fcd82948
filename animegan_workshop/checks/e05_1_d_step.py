"""Exercise 05.1: D's half of a training step."""

import torch
import torch.nn.functional as F
from torch import nn

from animegan_workshop.checks.steps import FacesGame, check_step
from animegan_workshop.checks.tools import demand, exercise


def step_of_d(D: nn.Module, opt: torch.optim.Optimizer, real: torch.Tensor, fake: torch.Tensor):
    """One step of D; real, fake (B, 3, 64, 64), fake attached to G -> loss, mean D(x), D(G(z))."""
    opt.zero_grad()
    on_real, on_fake = D(real), D(fake.detach())
    loss = F.softplus(-on_real).mean() + F.softplus(on_fake).mean()
    loss.backward()
    opt.step()
    verdicts = [torch.sigmoid(logits).mean().item() for logits in (on_real, on_fake)]
    return loss.item(), *verdicts


FAULTS = """
nothing comes back from the fakes: add their loss, label 0, and no no_grad around their pass
    :: + F.softplus(on_fake).mean() =>
only the fakes are in D's loss: add the reals, label 1 :: F.softplus(-on_real).mean() + =>
real and fake are swapped: reals have the label 1, fakes 0
    :: -on_real => on_real && F.softplus(on_fake) => F.softplus(-on_fake)
both have the label 1: fakes have the label 0 :: F.softplus(on_fake) => F.softplus(-on_fake)
both have the label 0: reals have the label 1 :: -on_real => on_real
the labels are 1 and 0, without smoothing :: loss = => loss = 0.1 * on_real.mean() +
    :: loss = => loss = 0.1 * (on_real.mean() - on_fake.mean()) +
you average the two terms: sum them, see 02.2 :: loss.backward() => loss.div(2).backward()
real and fake went through D in one batch, where batch norm mixes them
    :: D(real), D(fake.detach()) => D(torch.cat([real, fake.detach()])).chunk(2)
    :: D(real), D(fake.detach()) => D(torch.cat([real, fake.detach()])).chunk(2)
    && loss.backward() => loss.div(2).backward()
reals are one batch and fakes another: they do not go through D one by one
    :: D(real), D(fake.detach())
    => [torch.cat([D(one[None]) for one in part]) for part in (real, fake.detach())]
those are mean logits: D(x) and D(G(z)) are sigmoids of logits :: torch.sigmoid =>
take the sigmoid of each logit first, then the mean
    :: torch.sigmoid => && .mean().item() => .mean().sigmoid().item()
return the loss, D(x), D(G(z)), in this order: D(x) and D(G(z)) are swapped
    :: *verdicts => *verdicts[::-1]
return the loss first, then D(x), D(G(z)): another order
    :: loss.item(), *verdicts => *verdicts, loss.item()
the loss is the sum of both terms: you return one of them, or their mean
    :: return loss => return (loss / 2) :: return loss => return F.softplus(-on_real).mean()
    :: return loss => return F.softplus(on_fake).mean()
"""


@exercise("05.2", step_of_d)
def d_step(answer, seed):
    """(D, opt_d, real, fake), fake attached to G -> loss, mean D(x), mean D(G(z)), floats."""
    game = check_step(answer, step_of_d, FAULTS, FacesGame, "D")
    lost = "fake is cut off from G for good, so G's step cannot learn: .detach() leaves it attached"
    demand(game.source.requires_grad, lost)
    # This stops where the backward pass has used up the graph of G.
    torch.autograd.grad(game.source.sum(), list(game.G.parameters()))
    return "D moved down its loss, and G was left alone"
