"""Exercise 02.5: the training loop of the game in the plane."""

from functools import partial

import torch

from animegan_helpers import toy
from animegan_workshop.checks.tools import demand, exercise, try_parts

STEPS, RATE, BATCH = 6, 0.01, 5


def loop(G, D, mixture, steps, d_step, g_step, rate=4e-3, batch=256) -> list[tuple[float, float]]:
    """Plays `steps` rounds of D, then G; the rate falls to 0 -> D's and G's loss in each round."""
    opt_g = torch.optim.Adam(G.parameters(), rate, betas=(0.5, 0.99))
    opt_d = torch.optim.Adam(D.parameters(), rate, betas=(0.5, 0.99))
    losses = []
    for k in range(steps):
        for optimiser in (opt_g, opt_d):
            optimiser.param_groups[0]["lr"] = rate * (1 - k / steps)
        loss_d = d_step(G, D, opt_d, mixture.sample(batch), torch.randn(batch, 2))
        loss_g = g_step(G, D, opt_g, torch.randn(batch, 2))
        losses.append((loss_d, loss_g))
    return losses


FAULTS = """
the rate does not fall: set optimiser.param_groups[0]['lr'] in each round :: (1 - k / steps) => 1
G's rate falls as well, not D's alone :: in (opt_g, opt_d) => in (opt_d,)
D's rate falls as well, not G's alone :: in (opt_g, opt_d) => in (opt_g,)
the rate rises: it goes from `rate` to 0 :: 1 - k / steps => k / steps
the rate falls too soon: the first round plays at the full rate :: 1 - k => 1 - (k + 1)
the rate falls to 0 too soon: divide by `steps` :: k / steps => k / (steps - 1)
the rate must fall from `rate`, not from a number of yours :: = rate * => = 4e-3 *
take each rate from the first rate, `rate`, not from the one before :: = rate * => *=
in each pair D's loss comes first :: (loss_d, loss_g) => (loss_g, loss_d)
return one pair for each round, not two lists :: return losses => return list(zip(*losses))
return one pair for each round, no single list :: return losses => return sum(losses, ())
that is the last round alone: note both losses in every round :: return losses => return losses[-1]
"""


class Watch:
    """Stands in for both steps: looks at what it is given, and returns 1, 2, 3... as losses."""

    def __init__(self):
        self.G, self.D = toy.perceptron(2, 2, 4), toy.perceptron(2, 1, 4)
        self.mixture, self.optimisers, self.points, self.rates = toy.ring(), {}, {}, []

    def step(self, mover: str, G, D, optimiser, *points) -> float:
        turn = mover == "DG"[len(self.rates) % 2]
        demand(turn, "D and G take turns, D first: in each round call d_step, then g_step")
        demand(len(self.rates) < 2 * STEPS, "there are more than `steps` rounds: an endless loop?")
        demand(G is self.G and D is self.D, "give both steps G first, then D")
        self.see_optimiser(f"opt_{mover.lower()}", optimiser, mover)
        names = ("D's reals", "D's z") if mover == "D" else ("G's z",)
        for name, drawn in zip(names, points, strict=True):
            self.see_points(name, drawn)
        self.rates.append(optimiser.param_groups[0]["lr"])
        return float(len(self.rates))

    def see_optimiser(self, name: str, optimiser, mover: str) -> None:
        demand(type(optimiser) is torch.optim.Adam, f"{name} must be torch.optim.Adam")
        held = {p for group in optimiser.param_groups for p in group["params"]}
        own = held == set((self.D if mover == "D" else self.G).parameters())
        demand(own, f"{name} must hold {mover}'s weights, and no others")
        once = self.optimisers.setdefault(name, optimiser) is optimiser
        demand(once, f"{name} is made anew in each round and forgets: make it before the loop")
        betas = tuple(optimiser.param_groups[0]["betas"])
        demand(betas == (0.5, 0.99), f"Adam's betas must be (0.5, 0.99), not {betas}")

    def see_points(self, name: str, points: torch.Tensor) -> None:
        shape, before = tuple(points.shape), self.points.setdefault(name, [])
        demand(
            shape == (BATCH, 2), f"{name} must be ({BATCH}, 2) for a batch of {BATCH}, not {shape}"
        )
        fresh = not any(torch.equal(points, other) for other in before)
        demand(fresh, f"{name}: the same in each round, draw fresh ones inside the loop")
        before.append(points)


def _look(answer) -> dict:
    watch = Watch()
    steps = [partial(watch.step, mover) for mover in "DG"]
    losses = answer(watch.G, watch.D, watch.mixture, STEPS, *steps, rate=RATE, batch=BATCH)
    demand(watch.rates, "the loop must call d_step and g_step, both")
    real, z = (torch.cat(watch.points[name]) for name in ("D's reals", "D's z"))
    far = torch.cdist(real, watch.mixture.centres).min(dim=1).values.max()
    demand(bool(far < 0.1), "D's reals are not from the mixture: mixture.sample(batch)")
    demand(
        bool((z < 0).any()), "z is never negative: torch.randn draws from a normal, rand does not"
    )
    return {f"the rates of D and G in {STEPS} rounds": watch.rates, "the losses": losses}


@exercise("02.6", loop)
def train_toy(answer, seed):
    """(G, D, mixture, steps, d_step, g_step, rate, batch) -> (D's, G's loss) of each round."""
    try_parts(answer, loop, _look, FAULTS)
    return f"{STEPS} rounds, D first, at a falling rate"
