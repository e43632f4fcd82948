"""One training step, looked at: what the checks of exercises 05.1 and 05.2 share."""

import copy
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from animegan_helpers.networks import build_networks
from animegan_workshop.checks.comparing import close, try_parts
from animegan_workshop.checks.failures import demand

FAULTS = """
old gradients were still there: call zero_grad() before backward() :: opt.zero_grad() =>
you follow old gradients only: call backward() before step()
    :: opt.zero_grad() => pass && loss.backward() => pass
nothing reached the network: the order is zero_grad, backward, step; only D's step detaches fakes
    :: loss.backward() => pass
the loss goes up: its sign is turned :: loss.backward() => (-loss).backward()
you sum over the batch: take the mean, see 04.4 :: loss.backward() => (6 * loss).backward()
D was in eval mode: both players train in train mode :: opt.zero_grad() => D.eval(); opt.zero_grad()
"""
"""Of a step of D or of G, as edits of ours."""


def as_real(logits: torch.Tensor) -> torch.Tensor:
    """-log D, the loss of logits (B,) that should say "real"."""
    return F.softplus(-logits).mean()


def as_fake(logits: torch.Tensor) -> torch.Tensor:
    """-log(1 - D), the loss of logits (B,) that should say "fake"."""
    return F.softplus(logits).mean()


class Table:
    """A small G and D at play; `mover`, "G" or "D", makes a step of plain gradient descent.

    The rate is 1, so what a step changes is minus the gradient. The mover starts with old gradients
    in its parameters, as it does in the second step of a run. scale: of D's logits.
    """

    def __init__(self, mover: str, seed: int, scale: float = 1.0):
        torch.default_generator.manual_seed(seed)
        self.G, self.D = build_networks("dcgan", z_dim=8, width=4)
        with torch.no_grad():
            for parameter in [*self.G.parameters(), *self.D.parameters()]:
                parameter.mul_(3)  # so that logits differ from picture to picture
            list(self.D.parameters())[-1].mul_(scale)
        real, self.fake = torch.rand(6, 3, 64, 64) * 2 - 1, self.G(torch.randn(6, 8))
        self.player, self.pictures = self.G, [self.fake]
        if mover == "D":
            self.player, self.pictures = self.D, [real, self.fake]
        self.judge_before = copy.deepcopy(self.D)
        for parameter in self.player.parameters():
            parameter.grad = torch.randn_like(parameter)
        self.optimiser = torch.optim.SGD(self.player.parameters(), 1.0)
        self.steps, self.passes = [], []
        self.optimiser.register_step_post_hook(lambda *_: self.steps.append(1))
        self.D.register_forward_hook(lambda *_: self.passes.append(1))

    def play(self, step: Callable) -> dict:
        """Lets a step be made: how the player's weights changed, and what was returned."""
        before = self.weights(self.player)
        self.returned = step(self.D, self.optimiser, *self.pictures)
        return {
            "the change of the weights": before - self.weights(self.player),
            "what you return, from before the step": self.returned,
        }

    def weights(self, network: nn.Module) -> torch.Tensor:
        """All parameters of a network, as one vector."""
        return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


def check_step(answer: Callable, ours: Callable, faults: str, mover: str, seed: int) -> Table:
    """Raises CheckFailed unless the answer makes the step that ours makes; gives its table."""
    t, name = Table(mover, seed), f"opt_{mover.lower()}"
    got, count = t.play(answer), len(t.steps)
    demand(count > 0, f"nothing moved: {name}.step() was not called")
    demand(count == 1, f"{name}.step() was called {count} times: one step on the sum of the terms")
    look = lambda step: got if step is answer else Table(mover, seed).play(step)
    try_parts(answer, ours, look, FAULTS + faults.lstrip(), 1e-4)
    values = t.returned if isinstance(t.returned, (tuple, list)) else [t.returned]
    plain = all(isinstance(value, float) for value in values)
    demand(plain, "return plain floats: tensors still hold their graph and its memory; .item()")
    demand(t.D.training, "D is left in eval mode: both players train in train mode")
    weights = [*t.D.parameters(), *t.G.parameters()]
    demand(all(p.requires_grad for p in weights), "a network is left frozen: thaw it again")
    passes, times = len(t.pictures), len(t.passes)
    again = "return what the passes before the step say; each moves batch norm's averages"
    demand(times == passes, f"D ran {times} times, {passes} would do: {again}")
    sure, right = Table(mover, seed, scale=300), Table(mover, seed, scale=300)
    pairs = zip(sure.play(answer).values(), right.play(ours).values())
    kept = all(close(*pair, 1e-3) for pair in pairs)
    demand(kept, "where D is sure the gradient is lost: give the loss logits, no sigmoid, see 04.4")
    return t
