"""One step of the game in the plane, looked at: the checks of exercises 02.3, 02.4 and 02.7."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parameters_to_vector

from animegan_helpers import toy
from animegan_workshop.checks.core import compare, demand, each, shorten


@dataclass
class Played:
    """What a step did: what it returned, and by how much the weights of both networks changed."""

    returned: Any
    moved: torch.Tensor  # what the player's weights lost: the gradient that was followed
    steps: int
    other_moved: bool
    into_g: bool  # whether G holds gradients afterwards


def play(step: Callable, mover: str, scale: float = 1.0) -> Played:
    """Lets "D" or "G" make one step of gradient descent at rate 1, with old gradients in place.

    Each call starts from the same networks and points. scale: of D's logits.
    """
    random = torch.Generator().manual_seed(5)
    G, D = (toy.perceptron(2, outputs, 8, random) for outputs in (2, 1))
    real, z = (torch.randn(8, 2, generator=random) for _ in range(2))
    with torch.no_grad():
        for parameter in D[-1].parameters():
            parameter.mul_(scale)
    player, other = (D, G) if mover == "D" else (G, D)
    for parameter in player.parameters():
        parameter.grad = torch.full_like(parameter, 0.1)
    optimiser, steps = torch.optim.SGD(player.parameters(), 1.0), []
    optimiser.register_step_post_hook(lambda *_: steps.append(1))
    before = [parameters_to_vector(network.parameters()).detach() for network in (player, other)]
    returned = step(G, D, optimiser, *((real, z) if mover == "D" else (z,)))
    after = [parameters_to_vector(network.parameters()).detach() for network in (player, other)]
    into_g = any(parameter.grad is not None for parameter in G.parameters())
    moved, other_moved = before[0] - after[0], not torch.equal(before[1], after[1])
    return Played(returned, moved, len(steps), other_moved, into_g)


def wrong_step(
    loss: Callable[[nn.Module, torch.Tensor, torch.Tensor], torch.Tensor], clear: bool = True
) -> Callable:
    """A step down another loss, of (D, reals, G(z)). clear=False leaves the old gradients there."""

    def step(G: nn.Module, D: nn.Module, optimiser: torch.optim.Optimizer, *points) -> float:
        value = loss(D, points[0], G(points[-1]))
        if clear:
            optimiser.zero_grad()
        value.backward(inputs=optimiser.param_groups[0]["params"])
        optimiser.step()
        return value.item()

    return step


def check_toy_step(answer: Callable, ours: Callable, mover: str, faults: dict) -> None:
    """Raises CheckFailed unless the answer makes the step that ours makes, and returns its loss.

    faults: sentence -> a step with this fault, or a tuple of them.
    """
    optimiser, other = f"opt_{mover.lower()}", "G" if mover == "D" else "D"
    got, right = play(answer, mover), play(ours, mover)
    demand(not got.other_moved, f"{other}'s weights moved: this is {mover}'s turn")
    demand(got.steps > 0, f"nothing moved: {optimiser}.step() was not called")
    demand(got.steps == 1, f"{optimiser}.step() was called {got.steps} times: once is asked for")
    order = "the order is zero_grad, backward, step; only D's step detaches the fakes"
    demand(bool(got.moved.any()), f"nothing reached {mover}: {order}")
    stale = bool((got.moved - 0.1).abs().max() < 1e-4)
    demand(not stale, f"{optimiser} followed old gradients only: call backward() first")
    values = {
        sentence: tuple(play(wrong, mover).moved for wrong in each(wrongs))
        for sentence, wrongs in faults.items()
    }
    compare(got.moved, right.moved, values, f"{mover} moved, but not down the loss", 1e-4)
    leaked = mover == "D" and got.into_g
    demand(not leaked, "D's loss went back into G and left gradients there: detach the fakes")
    plain = isinstance(got.returned, float)
    demand(plain, f"return the loss as a plain float, loss.item(), not {shorten(got.returned)}")
    compare(got.returned, right.returned, {}, "the loss that you return", 1e-4)
    sure = [play(step, mover, scale=200).moved for step in (answer, ours)]
    lost = "where D is sure the gradient is lost: compute the loss from the logit, without sigmoid"
    demand(torch.allclose(*sure, 1e-2, 1e-2), lost)
