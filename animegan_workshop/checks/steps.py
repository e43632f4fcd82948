"""One training step of D or G, looked at: what 02.3, 02.4, 02.7, 05.1 and 05.2 share."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn.utils import parameters_to_vector

from animegan_helpers import toy
from animegan_helpers.networks import build_networks
from animegan_workshop.checks.comparing import close, try_parts
from animegan_workshop.checks.failures import demand

FAULTS = """
old gradients were still there: call zero_grad() before backward() :: opt.zero_grad() =>
you follow old gradients only: call backward() before step()
    :: opt.zero_grad() => && loss.backward() =>
nothing reached the network: the order is zero_grad, backward, step; only D's step detaches fakes
    :: loss.backward() =>
the loss goes up: its sign is turned :: loss.backward() => loss.neg().backward()
you sum over the batch: take the mean :: loss.backward() => loss.mul(6).backward()
D was in eval mode: both players train in train mode :: opt.zero_grad() => D.eval(); opt.zero_grad()
that is the mean logit, as in a Wasserstein GAN: softplus is missing, see 02.1 :: F.softplus =>
the mean comes last: take the loss at each point, then average
    :: ).mean() => .mean())
    :: F.softplus => && ).mean() => ).neg().sigmoid().mean().log().neg()
the loss takes logits: no sigmoid before it :: ).mean() => .sigmoid()).mean()
"""
"""Of a step of D or of G, as edits of ours."""


MOVED = "the change of the weights"


class Game:
    """G and D in the plane; `mover`, "G" or "D", makes a step by plain gradient descent.

    The rate is 1, so what the step changes is minus the gradient. The mover starts with old
    gradients in its parameters, as in the second step of a run. scale: of D's logits.
    """

    losses = "02.1"  # the section that explains them
    sure = 50  # times the logits: past 17 a float32 sigmoid is 1, past 88 exp is infinite

    def __init__(self, mover: str, scale: float = 1.0):
        self.scale, self.passes, self.steps = scale, 0, 0
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(5)
            self.deal()
            self.player, self.other = (self.D, self.G) if mover == "D" else (self.G, self.D)
            for parameter in self.player.parameters():
                parameter.grad = torch.randn_like(parameter)
        self.inputs = [self.real, self.source] if mover == "D" else [self.source]
        self.optimiser = torch.optim.SGD(self.player.parameters(), 1.0)
        self.optimiser.register_step_post_hook(self.see_step)
        self.D.register_forward_hook(self.see_pass)

    def deal(self) -> None:
        """Makes the players, the networks that a step is given, and 6 reals and z (6, 2)."""
        self.G, self.D = (toy.perceptron(2, outputs, 8) for outputs in (2, 1))
        self.networks = self.G, self.D
        self.real, self.source = torch.randn(6, 2), torch.randn(6, 2)

    def see_step(self, *_) -> None:
        self.steps += 1

    def see_pass(self, D, given, logits: torch.Tensor) -> torch.Tensor:
        self.passes += 1
        return self.scale * logits

    def play(self, step: Callable, **options) -> dict:
        """Lets the step be made: by how much it moved the player, and what it returned."""
        before = weights(self.player)
        self.returned = step(*self.networks, self.optimiser, *self.inputs, **options)
        return {
            MOVED: before - weights(self.player),
            "what you return, from before the step": self.returned,
        }


class FacesGame(Game):
    """The same with pictures; a step is given D alone, and fakes that are attached to G."""

    losses = "04.4"
    sure = 10

    def deal(self) -> None:
        self.G, self.D = build_networks("dcgan", z_dim=8, width=4)
        for parameter in [*self.G.parameters(), *self.D.parameters()]:
            parameter.data.mul_(3)  # so that logits differ from picture to picture
        self.networks = (self.D,)
        self.real, self.source = torch.rand(6, 3, 64, 64) * 2 - 1, self.G(torch.randn(6, 8))


def weights(network: nn.Module) -> torch.Tensor:
    """All parameters of a network, as one vector."""
    return parameters_to_vector(network.parameters()).detach()


def check_step(
    answer: Callable, ours: Callable, faults: str, game: type[Game], mover: str, **options
) -> Game:
    """Raises CheckFailed unless the answer makes the step that ours makes; gives the game after it.

    faults: a table of edits of ours, see `comparing.table_of`. options: of the step.
    """

    def look(step: Callable, scale: float = 1.0) -> dict:
        return game(mover, scale).play(step, **options)

    t, name, other = game(mover), f"opt_{mover.lower()}", "G" if mover == "D" else "D"
    before = weights(t.other)
    moved = t.play(answer, **options)[MOVED]
    turn = f"this is {mover}'s turn, and {name} holds {mover}'s weights only"
    demand(torch.equal(before, weights(t.other)), f"{other}'s weights moved: {turn}")
    demand(t.steps > 0, f"nothing moved: {name}.step() was not called")
    once = f"{name}.step() was called {t.steps} times: one step on the sum of the terms"
    demand(t.steps == 1, once)
    alike = close(moved, look(answer)[MOVED])
    demand(alike, "each call makes another step: use the z or the fakes that are given")
    frozen = "a network is left frozen, its weights without requires_grad: thaw it again"
    demand(all(p.requires_grad for n in (t.G, t.D) for p in n.parameters()), frozen)
    try_parts(answer, ours, look, faults.rstrip() + FAULTS, 1e-4)
    leaked = mover == "D" and any(p.grad is not None for p in t.G.parameters())
    demand(not leaked, "D's loss went back into G and left gradients there: detach the fakes")
    returned = t.returned if isinstance(t.returned, (tuple, list)) else [t.returned]
    plain = all(isinstance(value, float) for value in returned)
    demand(plain, "return plain floats: tensors still hold their graph and its memory; .item()")
    demand(t.D.training, "D is left in eval mode: both players train in train mode")
    passes, again = len(t.inputs), "return what the passes before the step say"
    often = f"D ran {t.passes} times, {passes} would do: {again}; each moves batch norm's averages"
    demand(t.passes == passes or not list(t.D.buffers()), often)
    lost = f"where D is sure the gradient is lost: use the logits, without sigmoid, see {t.losses}"
    sure = t.sure if mover == "D" else 2000
    for scale in (sure, -sure):
        pairs = zip(look(answer, scale).values(), look(ours, scale).values())
        demand(all(close(*pair, 1e-3) for pair in pairs), lost)
    return t
