"""Exercise 10.1: a GAN whose two networks are told the colour of the hair."""

import copy

import numpy as np
import torch
from torch import nn
from torch.nn.functional import one_hot, softplus

from animegan_helpers.networks import Discriminator, Generator
from animegan_workshop.checks.steps import weights
from animegan_workshop.checks.tools import demand, exercise, numbers, try_parts

STEPS, BATCH = 2, 5


def conditional_loop(game, faces, hair, steps, batch=16, seed=0) -> np.ndarray:
    """Trains a game (G, D, opt_g, opt_d) in place -> D's and G's loss in each step, (steps, 2)."""
    G, D, opt_g, opt_d = game
    noise = torch.Generator().manual_seed(seed)
    history = []
    for _ in range(steps):
        rows = torch.randint(len(faces), (batch,), generator=noise)
        z = torch.randn(batch, 100, generator=noise)
        order = one_hot(hair[rows], 12).float()
        planes = order[:, :, None, None].expand(-1, -1, 64, 64)
        real = torch.cat([faces[rows], planes], dim=1)
        fake = torch.cat([G(torch.cat([z, order], dim=1)), planes], dim=1)
        loss_d = softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()
        opt_d.zero_grad()
        loss_d.backward()
        opt_d.step()
        loss_g = softplus(-D(fake)).mean()
        opt_g.zero_grad()
        loss_g.backward()
        opt_g.step()
        history.append([loss_d.item(), loss_g.item()])
    return np.array(history)


FAULTS = """
draw the rows first and then z, both with your own generator
    :: z = torch.randn(batch, 100, generator=noise) => pass
    && rows = torch => z = torch.randn(batch, 100, generator=noise); rows = torch
    :: (batch,), generator=noise => (batch,) :: 100, generator=noise => 100
    :: , generator=noise =>
`seed` is not used: your generator gets it :: manual_seed(seed) => manual_seed(0)
each step draws the same: make the generator before the loop
    :: rows = torch => noise.manual_seed(seed); rows = torch
D's old gradients pile up: opt_d.zero_grad() in each step :: opt_d.zero_grad() => pass
G's old gradients pile up: opt_g.zero_grad() in each step :: opt_g.zero_grad() => pass
D's labels are swapped: faces have the label 1, fakes 0
    :: -D(real) => D(real) && D(fake.d => -D(fake.d
D learns that fakes are real: their label is 0 :: D(fake.d => -D(fake.d
G's loss is turned: G wants the label 1 for its fakes :: -D(fake) => D(fake)
G's loss is the saturating one: take the non-saturating one
    :: softplus(-D(fake)) => -softplus(D(fake))
D's loss is the sum of its two terms, not half of it
    :: loss_d.backward() => loss_d.div(2).backward() :: opt_d.z => loss_d = loss_d / 2; opt_d.z
the columns are D's loss, then G's, in this order
    :: [loss_d.item(), loss_g.item()] => [loss_g.item(), loss_d.item()]
those are hinge losses: take the cross-entropy of logits, as in notebook 05
    :: softplus(-D(real)) => (1 - D(real)).relu() && softplus(D(fake.d => (1 + D(fake.d
    && detach())) => detach())).relu() && softplus(-D(fake)) => (-D(fake))
a face stands beside a colour that is not its own: hair[rows] :: hair[rows] => hair[:batch]
the faces are taken in order: draw the rows with torch.randint
    :: torch.randint(len(faces), (batch,), generator=noise) => torch.arange(batch)
    :: torch.randint(len(faces), (batch,), generator=noise)
    => (len(history) * batch + torch.arange(batch)) % len(faces)
z is never negative: torch.randn draws from a normal :: torch.randn => torch.rand
G is in eval mode: both players train in train mode :: = game => = game; G.eval()
D is in eval mode: both players train in train mode :: = game => = game; D.eval()
in each step D moves once: opt_d.step() :: opt_d.step() => pass
    :: opt_d.step() => opt_d.step(); opt_d.step()
in each step G moves once: opt_g.step() :: opt_g.step() => pass
    :: opt_g.step() => opt_g.step(); opt_g.step()
"""


class Watch:
    """Looks at what G and D are given, and notes the orders that they hear."""

    def __init__(self, G: nn.Module, D: nn.Module):
        self.by_g, self.by_d = [], []
        G.register_forward_pre_hook(self.see_g)
        D.register_forward_pre_hook(self.see_d)

    def see_g(self, G, given) -> None:
        shape, order = tuple(given[0].shape), given[0][:, 100:]
        beside = "z and the order as a one-hot row beside it make (batch, 112)"
        demand(shape == (BATCH, 112), f"G is given {shape}: {beside}")
        demand(_one_hot(order), "give G z first, then the order: 12 numbers, one-hot")
        self.by_g.append(order.clone())

    def see_d(self, D, given) -> None:
        shape, planes = tuple(given[0].shape), given[0][:, 3:]
        inputs = "a picture and 12 planes make (batch, 15, 64, 64), faces and fakes apart"
        demand(shape == (BATCH, 15, 64, 64), f"D is given {shape}: {inputs}")
        order = planes[:, :, 0, 0].detach().clone()
        flat = bool((planes == order[:, :, None, None]).all())
        demand(flat, "give D the picture first, then planes, each the same number everywhere")
        told = "D is not told the order: one of the 12 planes is 1, for faces and for fakes"
        demand(_one_hot(order), told)
        attached = given[0].requires_grad
        if len(self.by_d) % 3 == 2:
            demand(attached, "in G's step the fakes are detached: G does not learn")
        else:
            early = "D's step comes first, and its fakes are detached"
            demand(not attached, f"{early}: D saw fakes that hang on G")
        self.by_d.append(order)

    def look_back(self) -> None:
        demand(self.by_d != [], "train the networks that are given, with their optimisers")
        runs = "in each step G runs once, D three times: on faces, on fakes, on the same fakes"
        demand((len(self.by_g), len(self.by_d)) == (STEPS, 3 * STEPS), runs)
        alike = torch.equal(torch.cat(self.by_d), torch.cat([o.repeat(3, 1) for o in self.by_g]))
        demand(alike, "G, and D beside faces and fakes, must hear the same orders: hair[rows]")


def _one_hot(rows: torch.Tensor) -> bool:
    return torch.equal(rows, one_hot(rows.argmax(dim=1), 12).to(rows))


@exercise("10.2", conditional_loop)
def train_conditional(answer, seed):
    """(game, faces, hair, steps, batch=16, seed=0) -> D's and G's loss in each step, (steps, 2)."""
    start = Generator(112, 2), Discriminator(2)
    start[1].blocks[0][0] = nn.Conv2d(15, 2, 4, 2, 1, bias=False)
    for network, factor in zip(start, (3, 1.5)):
        for parameter in network.parameters():
            parameter.data.mul_(factor)  # so that one picture differs from the next
    faces, hair = torch.rand(7, 3, 64, 64) * 2 - 1, torch.randperm(12)[:7]

    def look(trains):
        torch.default_generator.manual_seed(seed + 1)  # not the run's own
        G, D = copy.deepcopy(start)
        watch = Watch(G, D) if trains is answer else None
        game = G, D, torch.optim.SGD(G.parameters(), 3), torch.optim.SGD(D.parameters(), 0.1)
        history = trains(game, faces.clone(), hair.clone(), STEPS, BATCH, seed + 3)
        if watch:
            watch.look_back()
        demand("grad_fn" not in repr(history), "note plain floats: loss.item()")
        shape = numbers(history).shape
        demand(shape == (STEPS, 2), f"return a row of two losses for each step, not shape {shape}")
        return {"the history": history, "the trained weights": torch.cat([weights(G), weights(D)])}

    try_parts(answer, conditional_loop, look, FAULTS, 1e-3)
    return "both networks hear the same order"
