"""One step of the game in the plane, looked at: the checks of exercises 02.3, 02.4 and 02.7."""

from collections.abc import Callable
from types import SimpleNamespace

import torch
from torch.nn.utils import parameters_to_vector

from animegan_helpers import toy
from animegan_workshop.checks.comparing import close, try_parts
from animegan_workshop.checks.failures import demand, shorten

FAULTS = """
you sum over the batch: take the mean :: .mean() => .sum()
old gradients were still there: call zero_grad() before backward :: optimiser.zero_grad() =>
the loss goes up: its sign is turned :: .backward() => .neg().backward()
that is the mean logit, as in a Wasserstein GAN: softplus is missing :: F.softplus =>
give softplus the logits, no sigmoid before it :: ).mean() => .sigmoid()).mean()
"""


def play(step: Callable, mover: str, scale: float = 1.0, **options) -> SimpleNamespace:
    """Lets "D" or "G" make one step of gradient descent at rate 1, with old gradients in place.

    Each call starts from the same networks and points. scale: of D's logits. Gives what the step
    returned and by how much it moved the weights: `moved` is the gradient that was followed.
    """
    random = torch.Generator().manual_seed(5)
    G, D = (toy.perceptron(2, outputs, 8, random) for outputs in (2, 1))
    points = [torch.randn(8, 2, generator=random) for _ in "xz"][mover == "G" :]
    D[-1].load_state_dict({name: scale * value for name, value in D[-1].state_dict().items()})
    player, other = (D, G) if mover == "D" else (G, D)
    for parameter in player.parameters():
        parameter.grad = torch.full_like(parameter, 0.1)
    optimiser, steps = torch.optim.SGD(player.parameters(), 1.0), []
    optimiser.register_step_post_hook(lambda *_: steps.append(1))
    before = [parameters_to_vector(network.parameters()).detach() for network in (player, other)]
    returned = step(G, D, optimiser, *points, **options)
    after = [parameters_to_vector(network.parameters()).detach() for network in (player, other)]
    return SimpleNamespace(
        returned=returned,
        moved=before[0] - after[0],
        other_moved=not torch.equal(before[1], after[1]),
        steps=len(steps),
        into_g=any(parameter.grad is not None for parameter in G.parameters()),
        frozen=not all(weight.requires_grad for net in (G, D) for weight in net.parameters()),
    )


def check_toy_step(answer: Callable, ours: Callable, mover: str, faults: str, **options) -> None:
    """Raises CheckFailed unless the answer makes the step that ours makes, and returns its loss.

    faults: a table of edits of ours, see `comparing.table_of`. options: further arguments of
    the step.
    """
    optimiser, other = f"opt_{mover.lower()}", "G" if mover == "D" else "D"
    got, again = (play(answer, mover, **options) for _ in range(2))
    demand(not got.other_moved, f"{other}'s weights moved: this is {mover}'s turn")
    demand(got.steps > 0, f"nothing moved: {optimiser}.step() was not called")
    demand(got.steps == 1, f"{optimiser}.step() was called {got.steps} times: once is asked for")
    order = "the order is zero_grad, backward, step; only D's step detaches the fakes"
    demand(bool(got.moved.any()), f"nothing reached {mover}: {order}")
    stale = bool((got.moved - 0.1).abs().max() < 1e-4)
    demand(not stale, f"{optimiser} followed old gradients only: call backward() first")
    demand(close(got.moved, again.moved), "each call makes another step: use the z that is given")
    demand(not got.frozen, "a network is left frozen: its weights have no requires_grad any more")

    def look(step: Callable) -> dict:
        played = play(step, mover, **options)
        moved = f"{mover} moved, but not down the loss"
        return {moved: played.moved, "the loss that you return": played.returned}

    try_parts(answer, ours, look, faults + FAULTS.lstrip(), 1e-4)
    leaked = mover == "D" and got.into_g
    demand(not leaked, "D's loss went back into G and left gradients there: detach the fakes")
    plain = isinstance(got.returned, float)
    demand(plain, f"return the loss as a plain float, loss.item(), not {shorten(got.returned)}")
    lost = "where D is sure the gradient is lost: compute the loss from the logit, without sigmoid"
    for scale in (2000, -2000):
        sure = [play(step, mover, scale).moved for step in (answer, ours)]
        demand(torch.allclose(*sure, 1e-2, 1e-2), lost)
