"""Checks of notebook 05: D's half of a training step, G's half, and what detach does."""

import copy
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from animegan_helpers.losses import discriminator_loss, generator_loss
from animegan_helpers.networks import build_networks
from animegan_workshop.checks.core import CheckFailed, NotDoneYet, close, compare, demand, exercise

down, up = lambda s: F.softplus(-s), F.softplus  # -log D and -log(1 - D), from logits


def step_of_d(D: nn.Module, opt_d: torch.optim.Optimizer, real: torch.Tensor, fake: torch.Tensor):
    """One step of D; real, fake (B, 3, 64, 64), fake attached to G -> loss, mean D(x), mean D(G(z)), as floats."""
    real_logits, fake_logits = D(real), D(fake.detach())
    loss = discriminator_loss(real_logits, fake_logits)
    opt_d.zero_grad()
    loss.backward()
    opt_d.step()
    return loss.item(), real_logits.sigmoid().mean().item(), fake_logits.sigmoid().mean().item()


def step_of_g(D: nn.Module, opt_g: torch.optim.Optimizer, fake: torch.Tensor) -> float:
    """One step of G against the present D; fake (B, 3, 64, 64), attached to G -> the loss, as a float."""
    loss = generator_loss(D(fake))
    opt_g.zero_grad()
    loss.backward()
    opt_g.step()
    return loss.item()


class Table:
    """A small G and D at play, with plain gradient descent of rate 1: what a step changes is minus its gradient.

    The player on the move starts with old gradients in its parameters, as it does in the second step of a run.
    """

    def __init__(self, mover: str):
        self.G, self.D = build_networks("dcgan", z_dim=8, width=4)
        for network in (self.G, self.D):
            for parameter in network.parameters():
                with torch.no_grad():
                    parameter.mul_(3)  # so that logits differ from picture to picture
        self.real = torch.rand(6, 3, 64, 64) * 2 - 1
        self.fake = self.G(torch.randn(6, 8))
        self.player = getattr(self, mover)
        self.before = copy.deepcopy(self.player)
        self.old = [torch.randn_like(p) for p in self.player.parameters()]
        for parameter, gradient in zip(self.player.parameters(), self.old):
            parameter.grad = gradient.clone()
        self.optimiser = torch.optim.SGD(self.player.parameters(), 1.0)
        self.steps = 0
        self.optimiser.register_step_post_hook(self._count)

    def _count(self, *_) -> None:
        self.steps += 1

    def moved(self) -> torch.Tensor:
        """What the player's parameters have lost, as one vector: the gradient that was followed."""
        pairs = zip(self.before.parameters(), self.player.parameters())
        return torch.cat([(a.detach() - b.detach()).flatten() for a, b in pairs])

    def slope(self, loss: Callable[[nn.Module], torch.Tensor], network: nn.Module) -> torch.Tensor:
        """The gradient of loss(D) for a network's parameters, as one vector; nothing is changed."""
        judge = copy.deepcopy(self.D) if network is not self.D else self.D
        buffers = copy.deepcopy(list(self.D.buffers()))
        value = loss(judge)
        gradients = torch.autograd.grad(value, list(network.parameters()), retain_graph=True)
        for buffer, saved in zip(self.D.buffers(), buffers):
            buffer.data.copy_(saved)
        return torch.cat([gradient.flatten() for gradient in gradients])

    def stale(self) -> torch.Tensor:
        return torch.cat([gradient.flatten() for gradient in self.old])


@exercise("05.2", step_of_d)
def d_step(answer: Callable[..., tuple[float, float, float]], seed: int) -> str:
    """(D, opt_d, real, fake), fake attached to G -> loss, mean D(x), mean D(G(z)), floats; D has made one step."""
    t = Table("D")
    real, fake = t.real, t.fake.detach()
    wanted = t.slope(lambda D: down(D(real)).mean() + up(D(fake)).mean(), t.D)
    half = {
        "only the reals are in D's loss: add the fakes, label 0, see 05.2": t.slope(
            lambda D: down(D(real)).mean(), t.D
        ),
        "only the fakes are in D's loss: add the reals, label 1, see 05.2": t.slope(
            lambda D: up(D(fake)).mean(), t.D
        ),
        "real and fake are swapped: reals have the label 1, fakes 0, see 05.2": t.slope(
            lambda D: up(D(real)).mean() + down(D(fake)).mean(), t.D
        ),
        "both have the label 1: D is paid for calling fakes fake, label 0, see 05.2": t.slope(
            lambda D: down(D(real)).mean() + down(D(fake)).mean(), t.D
        ),
        "real and fake went through D in one batch: batch norm mixes the two kinds; two passes, see 05.2": (
            t.slope(lambda D: _one_pass(D, real, fake), t.D),
            t.slope(lambda D: 0.5 * _one_pass(D, real, fake), t.D),
        ),
    }
    with torch.no_grad():
        on_real, on_fake = t.D(real), t.D(fake)
    chances = [on_real.sigmoid().mean().item(), on_fake.sigmoid().mean().item()]
    loss = (down(on_real).mean() + up(on_fake).mean()).item()
    got = answer(t.D, t.optimiser, t.real, t.fake)
    followed = t.moved()
    _check_moves(t, followed, "opt_d", "05.2")
    demand(
        all(p.grad is None for p in t.G.parameters()),
        "D's loss went back into G, which cost time and left gradients there: give D fake.detach(), see 05.2",
    )
    try:
        torch.autograd.grad(t.fake.sum(), list(t.G.parameters()), retain_graph=True)
    except RuntimeError:
        raise CheckFailed(
            "D's backward pass used up the road to G, so G's step will fail: fake.detach(), see "
            "05.2"
        ) from None
    compare(
        followed,
        wanted,
        half
        | {
            "old gradients were still there and were followed too: opt_d.zero_grad() before backward, see 05.2": wanted
            + t.stale(),
            "D climbs its loss: the sign is turned, see 05.2": -wanted,
            "you average the two terms; here they are summed, 2 ln 2 where D cannot tell, see 02.2": wanted
            / 2,
            "you sum over the batch: take the mean, see 04.8": 6 * wanted,
        },
        "D moved, but not down its loss -E[log D(x)] - E[log(1 - D(G(z)))], see 05.2",
        1e-4,
    )
    _check_numbers(got, [loss, *chances])
    return "D moved down its loss, and G was left alone"


def _one_pass(D: nn.Module, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    on_real, on_fake = D(torch.cat([real, fake])).chunk(2)
    return down(on_real).mean() + up(on_fake).mean()


def _check_moves(t: Table, followed: torch.Tensor, optimiser: str, where: str) -> None:
    demand(t.steps > 0, f"nothing moved: {optimiser}.step() was not called, see {where}")
    demand(
        t.steps == 1,
        f"{optimiser}.step() was called {t.steps} times: one step on the sum of the terms, see "
        f"{where}",
    )
    demand(
        not close(followed, t.stale(), 1e-4),
        f"{optimiser} followed old gradients only: call loss.backward() before {optimiser}.step(), see {where}",
    )
    if float(followed.abs().max()) == 0 and optimiser == "opt_d":
        raise CheckFailed(
            f"{optimiser}.step() found no gradients: the order is zero_grad, backward, step, see {where}"
        )


def _check_numbers(got, wanted: list[float]) -> None:
    demand(
        isinstance(got, (tuple, list)) and len(got) == 3,
        "return three numbers: D's loss, mean D(x), mean D(G(z)), see 05.2",
    )
    demand(
        not any(isinstance(value, torch.Tensor) and value.requires_grad for value in got),
        "the numbers you return still hold their graph, and its memory: use .item(), see 05.2",
    )
    demand(
        all(isinstance(value, float) for value in got), "return plain floats: use .item(), see 05.2"
    )
    loss, on_real, on_fake = wanted
    compare(
        list(got),
        wanted,
        {
            "D(x) and D(G(z)) are swapped in what you return, see 05.2": [loss, on_fake, on_real],
        },
        f"D moved rightly, but you return {[round(v, 3) for v in got]} and not {[round(v, 3) for v in wanted]}: "
        "loss, mean of sigmoid(real_logits), mean of sigmoid(fake_logits), all before the step, see 05.2",
        1e-4,
    )


@exercise("05.3", step_of_g)
def g_step(answer: Callable[..., float], seed: int) -> str:
    """(D, opt_g, fake), fake attached to G -> the loss, a float; G has made one step against the present D."""
    t = Table("G")
    wanted = t.slope(lambda D: down(D(t.fake)).mean(), t.G)
    loss = down(copy.deepcopy(t.D)(t.fake)).mean().item()
    judge_before = [p.detach().clone() for p in t.D.parameters()]
    others = {
        "that is the saturating loss log(1 - D(G(z))): it pushes least where D is sure, see 02.4": t.slope(
            lambda D: -up(D(t.fake)).mean(), t.G
        ),
        "G learns to be found out: its fakes need the label 1 here, not 0, see 05.3": t.slope(
            lambda D: up(D(t.fake)).mean(), t.G
        ),
        "D was in eval mode: both players train in train mode, see 05.3": t.slope(
            lambda D: down(D.eval()(t.fake)).mean(), t.G
        ),
        "that is minus the mean logit, the loss of a Wasserstein GAN: -log D(G(z)) is asked for, see 02.4": t.slope(
            lambda D: -D(t.fake).mean(), t.G
        ),
    }
    got = answer(t.D, t.optimiser, t.fake)
    followed = t.moved()
    _check_moves(t, followed, "opt_g", "05.3")
    demand(
        float(followed.abs().max()) > 0,
        "nothing reached G: hand D the fakes themselves, not fake.detach(), and call backward after zero_grad, "
        "see 05.3",
    )
    demand(
        all(torch.equal(a, b) for a, b in zip(judge_before, t.D.parameters())),
        "D's weights moved: this is G's turn, and opt_g holds G's weights only, see 05.3",
    )
    compare(
        followed,
        wanted,
        others
        | {
            "old gradients were still there and were followed too: opt_g.zero_grad() before backward, see 05.3": wanted
            + t.stale(),
            "G climbs its loss: the sign is turned, see 05.3": -wanted,
            "you sum over the batch: take the mean, see 04.8": 6 * wanted,
        },
        "G moved, but not down -E[log D(G(z))], see 05.3",
        1e-4,
    )
    demand(isinstance(got, float), "return the loss as a plain float: loss.item(), see 05.3")
    compare(
        got,
        loss,
        {},
        f"G moved rightly, but its loss was {loss:.3f} and you return {got:.3f}, see 05.3",
        1e-4,
    )
    return "G moved down its loss, through a D that stayed as it was"


DETACH = {
    "a": (
        True,
        "without detach, backward goes on through the fakes into G and computes its gradients too",
    ),
    "b": (False, "opt_d holds D's weights only, and no optimiser moves what it does not hold"),
    "c": (
        False,
        "the detached tensor shares its memory with fake: only the record of how it was made is left out",
    ),
    "d": (
        False,
        "opt_g.zero_grad() throws away what D's loss left in G, so every weight comes out the same, only "
        "later",
    ),
    "e": (True, "the old logits came from a detached copy and from a D that has moved since"),
    "f": (
        True,
        "the way from the loss to G leads through D, and backward leaves gradients on all it passes",
    ),
}


@exercise("05.3", {letter: truth for letter, (truth, _) in DETACH.items()})
def detach_question(answer: dict[str, bool], seed: int) -> str:
    """{"a": True, ...}: whether each of the six statements about detach holds."""
    demand(isinstance(answer, dict), 'answer with a dictionary: {"a": True, "b": False, ...}')
    open_ones = [letter for letter in DETACH if not isinstance(answer.get(letter), bool)]
    if len(open_ones) == len(DETACH):
        raise NotDoneYet("detach_question: not done yet. Say True or False to each of a to f.")
    demand(not open_ones, f"say True or False to {', '.join(open_ones)} as well")
    for letter, (truth, reason) in DETACH.items():
        section = "05.7" if letter == "d" else "05.2" if letter in "abc" else "05.3"
        demand(
            answer[letter] == truth,
            f"({letter}) is {'true' if truth else 'false'}: {reason}, see {section}",
        )
    return "all six"
