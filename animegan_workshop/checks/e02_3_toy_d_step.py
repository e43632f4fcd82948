"""Exercise 02.3: one step of D in the plane."""

import torch.nn.functional as F

from animegan_workshop.checks.steps import Game, check_step
from animegan_workshop.checks.tools import exercise


def step_of_d(G, D, opt, real, z) -> float:
    """One step of D; real and z (N, 2) -> its loss, the two terms summed."""
    opt.zero_grad()
    on_real, on_fake = D(real), D(G(z).detach())
    loss = F.softplus(-on_real).mean() + F.softplus(on_fake).mean()
    loss.backward()
    opt.step()
    return loss.item()


FAULTS = """
only the reals are in D's loss: add the fakes :: + F.softplus(on_fake).mean() =>
only the fakes are in D's loss: add the reals :: F.softplus(-on_real).mean() + =>
real and fake are swapped :: -on_real => on_real && (on_fake) => (-on_fake)
both are taught as real: fakes get -log(1 - D) :: (on_fake) => (-on_fake)
both are taught as fakes: reals get -log D :: (-on_real) => (on_real)
the labels are 1 and 0, without smoothing :: loss = => loss = 0.1 * on_real.mean() +
:: loss = => loss = 0.2 * on_real.mean() +
:: loss = => loss = 0.1 * (on_real.mean() - on_fake.mean()) +
you average the two terms: sum them, see 02.2 :: .backward() => .div(2).backward()
that is the report's slip, see 02.3 :: + F.softplus(on_fake) => - F.softplus(-on_fake)
D must judge the fakes G(z), not z :: G(z).detach() => z
"""


@exercise("02.6", step_of_d)
def toy_d_step(answer, seed):
    """(G, D, opt_d, real, z) -> the loss, a float; D has made one step, G stays as it was."""
    check_step(answer, step_of_d, FAULTS, Game, "D")
    return "D moved down its loss, and G was left alone"
