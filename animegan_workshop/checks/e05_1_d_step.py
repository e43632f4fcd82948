"""Exercise 05.1: D's half of a training step."""

import torch
from torch import nn

from animegan_helpers.losses import discriminator_loss
from animegan_workshop.checks.core import CheckFailed, compare, demand, exercise, several
from animegan_workshop.checks.steps import as_fake, as_real, check_step


def step_of_d(D: nn.Module, opt_d: torch.optim.Optimizer, real: torch.Tensor, fake: torch.Tensor):
    """One step of D; real, fake (B, 3, 64, 64), fake attached to G -> loss, mean D(x), D(G(z))."""
    real_logits, fake_logits = D(real), D(fake.detach())
    loss = discriminator_loss(real_logits, fake_logits)
    opt_d.zero_grad()
    loss.backward()
    opt_d.step()
    return loss.item(), real_logits.sigmoid().mean().item(), fake_logits.sigmoid().mean().item()


def _right(D, real, fake):
    return as_real(D(real)) + as_fake(D(fake))


def _one_pass(D, real, fake):
    on_real, on_fake = D(torch.cat([real, fake])).chunk(2)
    return as_real(on_real) + as_fake(on_fake)


FAULTS = {
    "only the reals are in D's loss: add the fakes, label 0": lambda D, r, f: as_real(D(r)),
    "only the fakes are in D's loss: add the reals, label 1": lambda D, r, f: as_fake(D(f)),
    "real and fake are swapped: reals have the label 1, fakes 0": lambda D, r, f: _right(D, f, r),
    "both have the label 1: fakes have the label 0": lambda D, r, f: as_real(D(r)) + as_real(D(f)),
    "real and fake went through D in one batch, where batch norm mixes them": (
        _one_pass,
        lambda D, r, f: _one_pass(D, r, f) / 2,
    ),
    "D was in eval mode: both players train in train mode": lambda D, r, f: _right(D.eval(), r, f),
}


@exercise("05.2", step_of_d)
def d_step(answer, seed):
    """(D, opt_d, real, fake), fake attached to G -> loss, mean D(x), mean D(G(z)), floats."""
    t, got = check_step(answer, "D", _right, FAULTS, passes=2)
    clean = all(p.grad is None for p in t.G.parameters())
    demand(clean, "D's loss went back into G and left gradients there: give D fake.detach()")
    try:
        torch.autograd.grad(t.fake.sum(), list(t.G.parameters()))
    except RuntimeError as error:
        raise CheckFailed("D's backward pass used up the road to G: fake.detach()") from error
    got = several(got, "three numbers, D's loss, mean D(x), mean D(G(z))", 3)
    plain = all(isinstance(value, float) for value in got)
    demand(plain, "return plain floats: tensors still hold their graph and its memory; .item()")
    real, fake = t.judge_before(t.real).detach(), t.judge_before(t.fake.detach()).detach()
    loss, real, fake = as_real(real) + as_fake(fake), real.sigmoid().mean(), fake.sigmoid().mean()
    swapped = {"D(x) and D(G(z)) are swapped in what you return": [loss, fake, real]}
    compare(got, [loss, real, fake], swapped, "(loss, D(x), D(G(z))) before the step", 1e-4)
    return "D moved down its loss, and G was left alone"
