"""Exercise 04.7: D trained against a G that does not learn."""

import copy

import torch
from torch import nn
from torch.nn.functional import softplus
from torch.nn.utils import parameters_to_vector

from animegan_helpers.networks import Discriminator
from animegan_workshop.checks.tools import demand, exercise, numbers, try_parts

STEPS, BATCH = 3, 4


def loop(D, optimiser, faces, G, steps, batch=32) -> list[list[float]]:
    """Trains D on faces (N, 3, 64, 64) and fakes of G -> mean logit of both in each step."""
    history = []
    for _ in range(steps):
        real, fake = faces[torch.randint(len(faces), (batch,))], G(torch.randn(batch, 100))
        r, f = D(real), D(fake.detach())
        loss = softplus(-r).mean() + softplus(f).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        history.append([r.mean().item(), f.mean().item()])
    return history


FAULTS = """
    old gradients pile up: call optimiser.zero_grad() in each step :: optimiser.zero_grad() => pass
    nothing was learnt: call zero_grad, backward and step, in this order :: loss.backward() => pass
    that is G's loss: D's loss comes first in gan_losses
        :: softplus(-r).mean() + softplus(f) => softplus(-f)
    the labels are swapped: faces have the label 1, fakes 0, see 04.4
        :: softplus(-r).mean() + softplus(f) => softplus(r).mean() + softplus(-f)
    the sign is turned: D goes down its loss :: loss.backward() => (-loss).backward()
    only the faces are in the loss: D's loss has two terms :: + softplus(f).mean() =>
    only the fakes are in the loss: D's loss has two terms :: softplus(-r).mean() + =>
    that is the sum of both players' losses: D's comes first in gan_losses
        :: + softplus(f).mean() => + softplus(f).mean() + softplus(-f).mean()
    note the mean logit of the faces first, then that of the fakes
        :: [r.mean().item(), f.mean().item()] => [f.mean().item(), r.mean().item()]
    note logits, not probabilities: no sigmoid
        :: r.mean().item(), f.mean() => r.sigmoid().mean().item(), f.sigmoid().mean()
    note the mean logits, not the losses
        :: [r.mean().item(), f.mean().item()] => [loss.item(), softplus(-f).mean().item()]
    note the logits that the loss was computed from, before the step
        :: history.append => r, f = D(real), D(fake.detach()); history.append
"""


class Artist(nn.Module):
    """A frozen G that notes what it was given; spread: how much its pictures depend on z."""

    def __init__(self, spread: float):
        super().__init__()
        self.to_image, self.given = nn.Linear(100, 3 * 64 * 64), []
        nn.init.normal_(self.to_image.weight, 0, spread)

    def forward(self, z):
        self.given.append(z.detach().clone())
        return -self.to_image(z).view(-1, 3, 64, 64).sigmoid()  # no pixel as bright as a face's


@exercise("04.6", loop)
def train_alone(answer, seed):
    """(D, optimiser, faces, G, steps, batch=32) -> [mean logit of faces, of fakes] of each step."""
    start = Discriminator(2)
    for parameter in start.parameters():
        parameter.data.mul_(2)
    # Where all faces are one face, and all fakes one fake, it does not matter which are drawn.
    G, faces = Artist(0).eval(), torch.rand(1, 3, 64, 64).expand(20, -1, -1, -1)

    def look(function):
        D = copy.deepcopy(start)
        optimiser = torch.optim.SGD(D.parameters(), 0.1)
        history = function(D, optimiser, faces.clone(), G, STEPS, BATCH)
        return {"the history": history, "D's weights": parameters_to_vector(D.parameters())}

    _watch(answer, copy.deepcopy(start))
    try_parts(answer, loop, look, FAULTS, 1e-3)
    return "D learns, G does not"


def _watch(answer, D: nn.Module) -> None:
    """Whether each step draws anew, lets G alone, and gives D two batches and one step."""
    G, seen, steps = Artist(0.05).eval(), [], []
    optimiser = torch.optim.SGD(D.parameters(), 0.1)
    optimiser.register_step_post_hook(lambda *_: steps.append(1))
    D.register_forward_pre_hook(
        lambda D, given: seen.append((given[0], D.training, torch.is_grad_enabled()))
    )
    faces = torch.rand(20, 3, 64, 64)
    history = answer(D, optimiser, faces.clone(), G, STEPS, BATCH)
    pictures = [one for one, _, _ in seen]
    both = any(one.min() < 0 < one.max() for one in pictures)
    demand(not both, "faces and fakes went through D together: two passes, each alone, see 04.5")
    ran = f"the given optimiser's step() ran {len(steps)} times in {STEPS} steps"
    demand(len(steps) == STEPS, f"{ran}: call it once a step, and make no optimiser of your own")
    shapes = {tuple(z.shape) for z in G.given}
    demand(bool(shapes), "the fakes are not made by G: call G(z)")
    demand(shapes == {(BATCH, 100)}, f"z must be (batch, 100), not {sorted(shapes)[:1]}")
    normal = min(z.min() for z in G.given) < -2
    demand(bool(normal), "z is not standard normal: torch.randn draws from a normal, rand does not")
    fresh = not torch.equal(G.given[0], G.given[-1])
    demand(fresh, "the fakes are the same in each step: draw a new random z")
    learns = any(one.requires_grad for one in pictures)
    demand(not learns, "the backward pass goes on into G: make the fakes under torch.no_grad()")
    demand(not G.training, "G is put into train mode, its running averages move: leave it in eval")
    demand(all(mode for _, mode, _ in seen), "D was in eval mode: it trains in train mode")
    graph = sum(enabled for _, _, enabled in seen) >= 2 * STEPS
    demand(graph, "D ran under no_grad: D(fakes) needs a gradient, only G(z) does without")
    reals = [one for one in pictures if one.min() >= 0]
    sizes = {len(one) for one in reals}
    demand(sizes == {BATCH}, f"a step sees {sorted(sizes)} faces: it should see `batch` of them")
    drawn = len(reals) < 2 or not torch.equal(reals[0], reals[-1])
    demand(drawn, "the faces are the same in each step: draw random rows")
    first = torch.isin(torch.cat(reals)[:, 0, 0, 0], faces[:BATCH, 0, 0, 0]).all()
    demand(not first, "only the first `batch` faces are ever drawn: draw from all len(faces) rows")
    demand("tensor" not in repr(history), "note plain floats, not tensors: .item()")
    shape = numbers(history).shape
    demand(shape == (STEPS, 2), f"return a pair for each step, {(STEPS, 2)}, not {shape}")
