"""Exercise 10.1: a GAN whose two networks are told the colour of the hair."""

import copy

import numpy as np
import torch
from torch import nn
from torch.nn.functional import one_hot, softplus

from animegan_helpers.networks import Discriminator, Generator
from animegan_workshop.checks.comparing import numbers, try_parts
from animegan_workshop.checks.exercise import exercise
from animegan_workshop.checks.failures import demand

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
"""


class Watch:
    """A small game; it looks at what G and D are given, and who moves when."""

    def __init__(self):
        self.G, self.D = Generator(112, 2), Discriminator(2)
        self.D.blocks[0][0] = nn.Conv2d(15, 2, 4, 2, 1, bias=False)
        with torch.no_grad():
            for network, factor in ((self.G, 3), (self.D, 1.5)):
                for parameter in network.parameters():
                    parameter.mul_(factor)  # so that one picture differs from the next
        self.faces, self.hair = torch.rand(7, 3, 64, 64) * 2 - 1, torch.randperm(12)[:7]

    def play(self, trains, seed: int, look: bool):
        """Lets a copy of the game be trained: the losses, and all weights after it."""
        torch.default_generator.manual_seed(seed + 1)  # not the run's own
        G, D = copy.deepcopy(self.G), copy.deepcopy(self.D)
        optimisers = [torch.optim.SGD(G.parameters(), 3), torch.optim.SGD(D.parameters(), 0.1)]
        self.moves, self.fakes, self.orders, self.passes = "", [], [], ""
        if look:
            G.register_forward_hook(self.see_g)
            D.register_forward_pre_hook(self.see_d)
            for optimiser, mover in zip(optimisers, "GD"):
                optimiser.register_step_post_hook(lambda *_, m=mover: self.move(m))
        history = trains(
            (G, D, *optimisers), self.faces.clone(), self.hair.clone(), STEPS, BATCH, seed + 3
        )
        if look:
            self.look_back()
        weights = torch.cat([p.detach().flatten() for p in [*G.parameters(), *D.parameters()]])
        return {"the history": history, "the trained weights": weights}

    def move(self, mover: str) -> None:
        self.moves += mover
        turns = ("DG" * STEPS).startswith(self.moves)
        demand(turns, "in each step D moves once, then G once: opt_d.step(), then opt_g.step()")
        self.passes = "moved" if mover == "D" else ""

    def see_g(self, G, given, pictures) -> None:
        missing = "opt_g.step() is missing: G's loss was computed, and G did not move"
        demand(not self.passes.endswith("moved, attached"), missing)
        shape, beside = tuple(given[0].shape), "z and the order as a one-hot row beside it"
        demand(shape == (BATCH, 112), f"G is given {shape}: {beside} make (batch, 112)")
        one_hot = lambda part: bool(((part == 1).sum(1) == 1).all() and (part.sum(1) == 1).all())
        z, order = given[0][:, :100], given[0][:, 100:]
        demand(
            not one_hot(given[0][:, :12]),
            "G is given the order first: z comes first, then the order",
        )
        demand(one_hot(order), f"the last 12 numbers of a row for G are not one-hot: {beside}")
        demand(bool((z < 0).any()), "z is never negative: torch.randn draws from a normal")
        demand(G.training, "G is in eval mode: both players train in train mode")
        self.fakes.append((pictures.detach(), order.detach().clone()))

    def see_d(self, D, given) -> None:
        pictures, planes = given[0][:, :3], given[0][:, 3:]
        shape, beside = tuple(given[0].shape), "a picture and 12 planes"
        demand(
            shape != (2 * BATCH, 15, 64, 64),
            "faces and fakes are in one batch: D sees them apart, see 05.2",
        )
        demand(
            shape == (BATCH, 15, 64, 64), f"D is given {shape}: {beside} make (batch, 15, 64, 64)"
        )
        flat = lambda part: bool((part == part[:, :, :1, :1]).all())
        demand(not flat(given[0][:, :12]), "D is given the planes first: the picture comes first")
        everywhere = "a plane is the same number everywhere: 1 for the colour ordered, else 0"
        demand(flat(planes), everywhere)
        demand(D.training, "D is in eval mode: both players train in train mode")
        order = planes[:, :, 0, 0]
        told = bool((order.sum(1) == 1).all() and (order.max(1).values == 1).all())
        demand(told, "D is not told the order: one of the 12 planes is 1, for faces and for fakes")
        same = (pictures.detach()[:, None] == self.faces).flatten(2).all(2)  # (BATCH, faces)
        if same.any(1).all():
            own = one_hot(self.hair, 12)[same.int().argmax(1)]
            right = torch.equal(order.long(), own)
            demand(right, "a face stands beside a colour that is not its own: hair[rows]")
            first = same.int().argmax(1).tolist() == list(range(BATCH))
            demand(not first, "the faces are taken in order: draw the rows with torch.randint")
            self.orders.append(own)
            return
        self.see_fakes(pictures, order.detach())

    def see_fakes(self, pictures: torch.Tensor, order: torch.Tensor) -> None:
        mine = self.fakes and torch.equal(self.fakes[-1][0], pictures.detach())
        demand(mine, "D is given pictures that are neither faces nor the fakes of this step")
        judged = torch.equal(order, self.fakes[-1][1])
        other = "D judges fakes beside another order than G was given: give both the same order"
        demand(judged, other)
        if pictures.requires_grad:
            first = "D's step comes first, and its fakes are detached: D saw fakes that hang on G"
            demand(self.passes != "", first)
            demand(self.passes != ", detached", "opt_d.step() is missing: D moves before G's loss")
        else:
            demand(self.passes == "", "in G's step the fakes are detached: G does not learn")
        self.passes += ", attached" if pictures.requires_grad else ", detached"

    def look_back(self) -> None:
        for mover in "DG":
            count, name = self.moves.count(mover), f"opt_{mover.lower()}"
            own = "train the networks that are given, with their optimisers"
            demand(count == STEPS, f"{name}.step() ran {count} times in {STEPS} steps: {own}")
        ran, once = len(self.fakes), "once a step is enough, both players get the same fakes"
        demand(ran == STEPS, f"G ran {ran} times in {STEPS} steps: {once}")
        demand(len(self.orders) == STEPS, "D sees the faces once in each step")
        pairs = zip(self.fakes, self.orders)
        alike = all(torch.equal(order.long(), real) for (_, order), real in pairs)
        demand(alike, "the fakes get the same orders as the faces of the batch: hair[rows]")


@exercise("10.2", conditional_loop)
def train_conditional(answer, seed):
    """(game, faces, hair, steps, batch=16, seed=0) -> D's and G's loss in each step, (steps, 2)."""
    watch = Watch()

    def look(trains):
        parts = watch.play(trains, seed, look=trains is answer)
        demand("grad_fn" not in repr(parts["the history"]), "note plain floats: loss.item()")
        shape = numbers(parts["the history"]).shape
        demand(shape == (STEPS, 2), f"return a row of two losses for each step, not shape {shape}")
        return parts

    try_parts(answer, conditional_loop, look, FAULTS, 1e-3)
    return "both networks hear the order, the same one"
