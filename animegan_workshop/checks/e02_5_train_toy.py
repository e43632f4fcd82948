"""Exercise 02.5: the training loop of the game in the plane."""

import itertools

import torch
from torch import nn

from animegan_helpers import toy
from animegan_workshop.checks.core import close, compare, demand, exercise

STEPS, RATE, BATCH = 6, 0.01, 5


def loop(G, D, mixture, steps, d_step, g_step, rate=4e-3, batch=256) -> list[tuple[float, float]]:
    """Plays `steps` rounds of D, then G; the rate falls to 0 -> D's and G's loss in each round."""
    opt_g = torch.optim.Adam(G.parameters(), rate, betas=(0.5, 0.99))
    opt_d = torch.optim.Adam(D.parameters(), rate, betas=(0.5, 0.99))
    losses = []
    for step in range(steps):
        for optimiser in (opt_g, opt_d):
            optimiser.param_groups[0]["lr"] = rate * (1 - step / steps)
        loss_d = d_step(G, D, opt_d, mixture.sample(batch), torch.randn(batch, 2))
        loss_g = g_step(G, D, opt_g, torch.randn(batch, 2))
        losses.append((loss_d, loss_g))
    return losses


class Watch:
    """Stands in for both steps: notes what it is given, and returns 1, 2, 3 and so on as losses."""

    def __init__(self):
        self.calls, self.count = [], itertools.count(1)

    def step(self, mover: str, G, D, optimiser, *points) -> float:
        group = optimiser.param_groups[0]
        self.calls.append((mover, G, D, optimiser, group["lr"], group["betas"], points))
        return float(next(self.count))

    def d_step(self, G, D, opt_d, real, z) -> float:
        return self.step("D", G, D, opt_d, real, z)

    def g_step(self, G, D, opt_g, z) -> float:
        return self.step("G", G, D, opt_g, z)


def _check_optimisers(calls: list, G: nn.Module, D: nn.Module) -> None:
    for mover, network in (("D", D), ("G", G)):
        name = f"opt_{mover.lower()}"
        own = [call[3] for call in calls if call[0] == mover]
        adam = all(isinstance(optimiser, torch.optim.Adam) for optimiser in own)
        demand(adam, f"{name} must be torch.optim.Adam")
        held = {id(p) for group in own[0].param_groups for p in group["params"]}
        wanted = {id(p) for p in network.parameters()}
        demand(held == wanted, f"{name} must hold {mover}'s weights, and no others")
        once = all(optimiser is own[0] for optimiser in own)
        demand(once, f"{name} is made anew in each round and forgets: make it before the loop")
    betas = all(call[5] == (0.5, 0.99) for call in calls)
    demand(betas, "Adam's betas must be (0.5, 0.99)")


def _check_rates(calls: list) -> None:
    for mover in "DG":
        rates = [call[4] for call in calls if call[0] == mover]
        right = [RATE * (1 - k / STEPS) for k in range(STEPS)]
        faults = {
            f"{mover}'s rate does not fall: set optimiser.param_groups[0]['lr'] in each round": (
                [RATE] * STEPS
            ),
            "the rate rises: it goes from `rate` to 0": [RATE * k / STEPS for k in range(STEPS)],
            "the rate falls too soon: the first round plays at the full rate": (
                [RATE * (1 - (k + 1) / STEPS) for k in range(STEPS)]
            ),
            "the rate must fall from `rate`, not from a number of yours": (
                [4e-3 * (1 - k / STEPS) for k in range(STEPS)]
            ),
        }
        compare(rates, right, faults, f"{mover}'s rate in the rounds")


def _check_points(calls: list) -> None:
    noise = [call[-1][-1] for call in calls]
    shapes = all(tuple(z.shape) == (BATCH, 2) for z in noise)
    demand(shapes, f"z must be ({BATCH}, 2) where batch is {BATCH}, not {tuple(noise[0].shape)}")
    real = [call[-1][0] for call in calls if call[0] == "D"]
    shapes = all(tuple(points.shape) == (BATCH, 2) for points in real)
    demand(shapes, f"give D `batch` reals, (batch, 2), not {tuple(real[0].shape)}")
    ring = toy.ring()
    far = max(torch.cdist(points, ring.centres).min(dim=1).values.max() for points in real)
    demand(bool(far < 0.1), "D's reals are not from the mixture: mixture.sample(batch)")
    fresh = not any(torch.equal(a, b) for a, b in itertools.pairwise(real))
    demand(fresh, "D sees the same reals in each round: draw them inside the loop")
    fresh = not torch.equal(noise[0], noise[2])
    demand(fresh, "z is the same in each round: draw it inside the loop")
    normal = min(z.min() for z in noise) < 0
    demand(bool(normal), "z is never negative: torch.randn draws from a normal, rand does not")


@exercise("02.6", loop)
def train_toy(answer, seed):
    """(G, D, mixture, steps, d_step, g_step, rate, batch) -> (D's, G's loss) of each round."""
    G, D, watch = toy.perceptron(2, 2, 4), toy.perceptron(2, 1, 4), Watch()
    steps = watch.d_step, watch.g_step
    losses = answer(G, D, toy.ring(), STEPS, *steps, rate=RATE, batch=BATCH)
    movers = "".join(call[0] for call in watch.calls)
    demand("D" in movers and "G" in movers, "the loop must call d_step and g_step, both")
    demand(movers != "GD" * STEPS, "G moved first: D moves first in each round")
    rounds = f"in {STEPS} rounds D and G take turns; yours played {' '.join(movers[:14])}"
    demand(movers == "DG" * STEPS, rounds)
    right_way = all(call[1] is G and call[2] is D for call in watch.calls)
    demand(right_way, "give both steps G first, then D")
    _check_optimisers(watch.calls, G, D)
    _check_rates(watch.calls)
    _check_points(watch.calls)
    wanted = [(2 * k + 1.0, 2 * k + 2.0) for k in range(STEPS)]
    demand(losses is not None, "return the losses: your loop returns None")
    last = close(losses, wanted[-1])
    demand(not last, "that is the last round alone: note both losses in every round")
    swapped = {"in each pair D's loss comes first": [pair[::-1] for pair in wanted]}
    compare(losses, wanted, swapped, "the losses that you return")
    return f"{STEPS} rounds, D first, at a falling rate"
