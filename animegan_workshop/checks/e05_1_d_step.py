"""Exercise 05.1: D's half of a training step."""

import torch
from torch import nn

from animegan_helpers.losses import discriminator_loss
from animegan_workshop.checks.exercise import exercise
from animegan_workshop.checks.failures import demand
from animegan_workshop.checks.steps import check_step


def step_of_d(D: nn.Module, opt: torch.optim.Optimizer, real: torch.Tensor, fake: torch.Tensor):
    """One step of D; real, fake (B, 3, 64, 64), fake attached to G -> loss, mean D(x), D(G(z))."""
    opt.zero_grad()
    on_real, on_fake = D(real), D(fake.detach())
    loss = discriminator_loss(on_real, on_fake)
    loss.backward()
    opt.step()
    return loss.item(), on_real.sigmoid().mean().item(), on_fake.sigmoid().mean().item()


FAULTS = """
nothing comes back from the fakes: add their loss, label 0, and no no_grad around their pass
    :: discriminator_loss(on_real, on_fake) => discriminator_loss(on_real, on_fake.detach())
only the fakes are in D's loss: add the reals, label 1
    :: discriminator_loss(on_real, on_fake) => discriminator_loss(on_real.detach(), on_fake)
real and fake are swapped: reals have the label 1, fakes 0
    :: discriminator_loss(on_real, on_fake) => discriminator_loss(on_fake, on_real)
both have the label 1: fakes have the label 0 :: loss(on_real, on_fake) => loss(on_real, -on_fake)
both have the label 0: reals have the label 1 :: loss(on_real, on_fake) => loss(-on_real, on_fake)
the labels are 1 and 0, without smoothing :: loss = => loss = 0.1 * on_real.mean() +
    :: loss = => loss = 0.1 * (on_real.mean() - on_fake.mean()) +
you average the two terms: sum them, see 02.2 :: loss.backward() => (loss / 2).backward()
real and fake went through D in one batch, where batch norm mixes them
    :: D(real), D(fake.detach()) => D(torch.cat([real, fake.detach()])).chunk(2)
    :: D(real), D(fake.detach()) => D(torch.cat([real, fake.detach()])).chunk(2)
    && loss.backward() => (loss / 2).backward()
the loss takes logits: no sigmoid before it
    :: loss(on_real, on_fake) => loss(on_real.sigmoid(), on_fake.sigmoid())
that is the loss of a Wasserstein GAN: the cross-entropy is asked for, see 02.4
    :: discriminator_loss(on_real, on_fake) => on_fake.mean() - on_real.mean()
those are mean logits: D(x) and D(G(z)) are sigmoids of logits :: .sigmoid().mean() => .mean()
take the sigmoid of each logit first, then the mean :: .sigmoid().mean() => .mean().sigmoid()
return the loss, D(x), D(G(z)), in this order: D(x) and D(G(z)) are swapped
    :: on_real.sig => on_q.sig && on_fake.sig => on_real.sig && on_q.sig => on_fake.sig
return the loss first, then D(x), D(G(z)): another order :: return loss.item(), => return
    && on_fake.sigmoid().mean().item() => on_fake.sigmoid().mean().item(), loss.item()
the loss is the sum of both terms: you return one of them, or their mean
    :: return loss.item() => return loss.item() / 2
    :: return loss.item() => return discriminator_loss(on_real, on_real * 0 - 99).item()
    :: return loss.item() => return discriminator_loss(on_fake * 0 + 99, on_fake).item()
"""


@exercise("05.2", step_of_d)
def d_step(answer, seed):
    """(D, opt_d, real, fake), fake attached to G -> loss, mean D(x), mean D(G(z)), floats."""
    t = check_step(answer, step_of_d, FAULTS, "D", seed)
    clean = all(p.grad is None for p in t.G.parameters())
    demand(clean, "D's loss went back into G and left gradients there: give D fake.detach()")
    torch.autograd.grad(t.fake.sum(), list(t.G.parameters()))  # stops where the road is used up
    return "D moved down its loss, and G was left alone"
