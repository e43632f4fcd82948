"""Exercise 04.7: D trained against a G that does not learn."""

import copy
from functools import partial

import torch
from torch import nn
from torch.nn.functional import softplus
from torch.nn.utils import parameters_to_vector

from animegan_helpers.losses import discriminator_loss, generator_loss
from animegan_helpers.networks import Discriminator
from animegan_workshop.checks.core import close, compare, demand, each, exercise, numbers

STEPS, BATCH = 3, 4


def loop(D, optimiser, faces, G, steps, batch=32) -> list[list[float]]:
    """Trains D on faces (N, 3, 64, 64) and fakes of G -> mean logit of both in each step."""
    return _train(D, optimiser, faces, G, steps, batch)


def _means(real: torch.Tensor, fake: torch.Tensor) -> list[float]:
    return [real.mean().item(), fake.mean().item()]


def _train(
    D, optimiser, faces, G, steps, batch=32, loss=discriminator_loss, noted=_means, **fault
) -> list:
    """The loop with the faults that are named."""
    history = []
    for _ in range(steps):
        real = faces[torch.randint(len(faces), (batch,))]
        with torch.no_grad():
            fake = G(torch.randn(batch, 100))
        D.train(not fault.get("evaluate"))
        if fault.get("together"):
            real_logits, fake_logits = D(torch.cat([real, fake])).chunk(2)
        else:
            real_logits, fake_logits = D(real), D(fake)
        if not fault.get("stale"):
            optimiser.zero_grad()
        loss(real_logits, fake_logits).backward()
        if not fault.get("still"):
            optimiser.step()
        if fault.get("late"):
            real_logits, fake_logits = D(real), D(fake)
        history.append(noted(real_logits, fake_logits))
    return history


FAULTS = {
    "old gradients pile up: call optimiser.zero_grad() in each step": partial(_train, stale=True),
    "D does not move: call optimiser.step() in each step": partial(_train, still=True),
    "D was in eval mode: it trains in train mode": partial(_train, evaluate=True),
    "real and fake went through D in one batch: give each its own, see 04.5": (
        partial(_train, together=True)
    ),
    "D learns to call fakes real: faces have the label 1, fakes 0": (
        partial(_train, loss=lambda r, f: discriminator_loss(f, r)),
        partial(_train, loss=lambda r, f: -discriminator_loss(r, f)),
        partial(_train, loss=lambda r, f: generator_loss(f)),
    ),
    "only the faces are in the loss: D's loss has two terms": (
        partial(_train, loss=lambda r, f: softplus(-r).mean())
    ),
    "only the fakes are in the loss: D's loss has two terms": (
        partial(_train, loss=lambda r, f: softplus(f).mean())
    ),
    "that is the sum of both players' losses: D's comes first in gan_losses": (
        partial(_train, loss=lambda r, f: discriminator_loss(r, f) + generator_loss(f))
    ),
    "note the mean logit of the faces first, then that of the fakes": (
        partial(_train, noted=lambda r, f: _means(f, r))
    ),
    "note logits, not probabilities: no sigmoid": (
        partial(_train, noted=lambda r, f: _means(r.sigmoid(), f.sigmoid()))
    ),
    "note the logits that the loss was computed from, before the step": partial(_train, late=True),
}


class Artist(nn.Module):
    """A frozen G that notes what it was given. varied: whether its pictures depend on z."""

    def __init__(self, varied: bool):
        super().__init__()
        self.to_image = nn.Linear(100, 3 * 64 * 64)
        nn.init.normal_(self.to_image.weight, 0, 0.05 * varied)
        nn.init.normal_(self.to_image.bias, 0, 0.5)
        self.given = []

    def forward(self, z):
        self.given.append(z.detach().clone())
        return self.to_image(z).view(-1, 3, 64, 64).tanh()


@exercise("04.6", loop)
def train_alone(answer, seed):
    """(D, optimiser, faces, G, steps, batch=32) -> [mean logit of faces, of fakes] of each step."""
    start = Discriminator(2)
    for parameter in start.parameters():
        parameter.data.mul_(2)
    # Where all faces are one face, and all fakes one fake, it does not matter which are drawn.
    G, faces = Artist(varied=False), (torch.rand(1, 3, 64, 64) - 0.5).expand(20, -1, -1, -1)

    def train(how):
        D = copy.deepcopy(start)
        optimiser = torch.optim.SGD(D.parameters(), 0.1)
        return how(D, optimiser, faces.clone(), G, STEPS, BATCH), parameters_to_vector(
            D.parameters()
        )

    history, weights = train(answer)
    alone = numbers(history).shape == (2,)
    demand(not alone, "that is one step alone: note both means in every step")
    wanted, right = train(loop)
    if not (close(history, wanted, 1e-3) and close(weights, right, 1e-4)):
        for sentence, faults in FAULTS.items():
            for values, other in map(train, each(faults)):
                found = close(history, values, 1e-3) and close(weights, other, 1e-4)
                demand(not found, sentence)
    compare(history, wanted, {}, "the mean logits of each step", 1e-3)
    demand(close(weights, right, 1e-4), "the logits are right, but D's weights moved otherwise")
    _check_batches(answer, copy.deepcopy(start))
    return "D learns, G does not"


def _check_batches(answer, D: nn.Module) -> None:
    """Whether each step draws new faces and new z, and leaves G out of the backward pass."""
    G, seen = Artist(varied=True), []
    D.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    faces = torch.rand(20, 3, 64, 64)
    answer(D, torch.optim.SGD(D.parameters(), 0.1), faces, G, STEPS, BATCH)
    shapes = {tuple(z.shape) for z in G.given}
    demand(shapes == {(BATCH, 100)}, f"z must be (batch, 100), not {sorted(shapes)[:1]}")
    normal = min(z.min() for z in G.given) < 0
    demand(bool(normal), "z is never negative: torch.randn draws from a normal, rand does not")
    fresh = not torch.equal(G.given[0], G.given[-1])
    demand(fresh and len(G.given) >= STEPS, "the fakes are the same in each step: draw a new z")
    free = not any(pictures.requires_grad for pictures in seen)
    demand(free, "the backward pass goes on into G: make the fakes under torch.no_grad()")
    reals = [pictures for pictures in seen if pictures.min() >= 0]
    sizes = all(len(pictures) == BATCH for pictures in reals)
    demand(sizes, f"a step sees {len(reals[0])} faces: it should see `batch` of them")
    fresh = len(reals) < 2 or not torch.equal(reals[0], reals[-1])
    demand(fresh, "the faces are the same in each step: draw a new batch")
