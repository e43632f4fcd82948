"""One training step, looked at: what the checks of exercises 05.1 and 05.2 share."""

import copy
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from animegan_helpers.networks import build_networks
from animegan_workshop.checks.core import close, compare, demand, each

Loss = Callable[[nn.Module, torch.Tensor, torch.Tensor], torch.Tensor]
"""D, real and fake pictures -> a loss."""


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

    def __init__(self, mover: str, scale: float = 1.0):
        self.G, self.D = build_networks("dcgan", z_dim=8, width=4)
        with torch.no_grad():
            for parameter in [*self.G.parameters(), *self.D.parameters()]:
                parameter.mul_(3)  # so that logits differ from picture to picture
            list(self.D.parameters())[-1].mul_(scale)
        self.real = torch.rand(6, 3, 64, 64) * 2 - 1
        self.fake = self.G(torch.randn(6, 8))
        self.player = self.D if mover == "D" else self.G
        self.before, self.judge_before = copy.deepcopy(self.player), copy.deepcopy(self.D)
        for parameter in self.player.parameters():
            parameter.grad = torch.randn_like(parameter)
        self.old = _flat([parameter.grad for parameter in self.player.parameters()])
        self.optimiser = torch.optim.SGD(self.player.parameters(), 1.0)
        self.steps, self.passes = [], []
        self.optimiser.register_step_post_hook(lambda *_: self.steps.append(1))
        self.D.register_forward_hook(lambda *_: self.passes.append(1))

    def play(self, answer: Callable) -> Any:
        """Lets the answer make its step; gives what it returned."""
        pictures = (self.real, self.fake) if self.player is self.D else (self.fake,)
        return answer(self.D, self.optimiser, *pictures)

    def moved(self) -> torch.Tensor:
        """What the player's parameters have lost, as one vector: the gradient that was followed."""
        pairs = zip(self.before.parameters(), self.player.parameters())
        return _flat([(before - now).detach() for before, now in pairs])

    def slope(self, loss: Loss) -> torch.Tensor:
        """The gradient of a loss for the player's parameters, as one vector; D is left alone."""
        judge = copy.deepcopy(self.judge_before)
        of = list((judge if self.player is self.D else self.G).parameters())
        value = loss(judge, self.real, self.fake)
        return _flat(torch.autograd.grad(value, of, retain_graph=True))


def _flat(tensors: list[torch.Tensor]) -> torch.Tensor:
    return torch.cat([tensor.flatten() for tensor in tensors])


def check_step(
    answer: Callable, mover: str, right: Loss, faults: dict[str, Loss], passes: int
) -> tuple[Table, Any]:
    """Raises CheckFailed unless the answer makes one step down `right`; gives what it returned."""
    name, t, sure = f"opt_{mover.lower()}", Table(mover), Table(mover, scale=300)
    wanted, wanted_when_sure = t.slope(right), sure.slope(right)
    values = {sentence: tuple(map(t.slope, each(losses))) for sentence, losses in faults.items()}
    values |= {
        f"old gradients were still there: call {name}.zero_grad() before backward": wanted + t.old,
        "the loss goes up: its sign is turned": -wanted,
        "you sum over the batch: take the mean, see 04.4": len(t.real) * wanted,
        "you average the two terms: sum them, see 02.2": wanted / 2,
    }
    got = t.play(answer)
    count, followed = len(t.steps), t.moved()
    demand(count > 0, f"nothing moved: {name}.step() was not called")
    demand(count == 1, f"{name}.step() was called {count} times: one step on the sum of the terms")
    stale = close(followed, t.old, 1e-4)
    demand(not stale, f"{name} followed old gradients only: call backward() before {name}.step()")
    order = "the order is zero_grad, backward, step; only D's step detaches the fakes"
    demand(bool(followed.any()), f"nothing reached {mover}: {order}")
    compare(followed, wanted, values, f"{mover} moved, but not down the loss", 1e-4)
    demand(t.D.training, "D is left in eval mode: both players train in train mode")
    weights = [*t.D.parameters(), *t.G.parameters()]
    demand(all(p.requires_grad for p in weights), "a network is left frozen: thaw it again")
    ran = f"D ran {len(t.passes)} times, {passes} would do: each run moves batch norm's averages"
    demand(len(t.passes) == passes, ran)
    sure.play(answer)
    kept = torch.allclose(sure.moved(), wanted_when_sure, 1e-3, 1e-3)
    demand(kept, "where D is sure the gradient is lost: give the loss logits, no sigmoid, see 04.4")
    return t, got
