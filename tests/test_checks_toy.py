"""The checks of the exercises of notebook 02 on the game in the plane; see test_checks.py."""

import re

import pytest
import torch
import torch.nn.functional as F
from test_checks import told
from torch import nn

from animegan_workshop import checks


def fault(make, /, **faults):
    """The answer with these faults."""
    return lambda *arguments, **named: make(*arguments, **named, **faults)


def my_toy_d_step(G, D, opt, real, z, **f):
    """D's step in the plane, right unless told otherwise."""
    fake = G(z) if f.get("attached") else G(z).detach()
    on_real, on_fake = D(real), D(fake)
    loss = F.softplus(-on_real).mean() + F.softplus(on_fake).mean()
    if f.get("sigmoid"):
        loss = -on_real.sigmoid().log().mean() - (1 - on_fake.sigmoid()).log().mean()
    opt.zero_grad()
    loss.backward()
    for _ in range(f.get("steps", 1)):
        opt.step()
    return loss if f.get("tensor") else loss.item()


def moves_both(G, D, opt, *points):
    torch.optim.SGD([*G.parameters(), *D.parameters()], 0.1).step()
    with torch.no_grad():
        for parameter in [*G.parameters(), *D.parameters()]:
            parameter.add_(0.1)
    return 0.0


def my_train_toy(G, D, mixture, steps, d_step, g_step, rate=4e-3, batch=256, **f):
    """The loop in the plane, right unless told otherwise."""
    betas = f.get("betas", (0.5, 0.99))
    adam = f.get("adam", torch.optim.Adam)
    networks = (D, D) if f.get("one") else (D, G)
    make = lambda: [adam(network.parameters(), rate, betas=betas) for network in networks]
    optimisers, real, z = make(), mixture.sample(batch), torch.randn(batch, 2)
    losses = []
    for k in range(steps + f.get("more", 0)):
        if f.get("anew"):
            optimisers = make()
        for optimiser in optimisers:
            optimiser.param_groups[0]["lr"] = rate * f.get("fall", lambda t: 1 - t)(k / steps)
        if not f.get("stale"):
            real, z = mixture.sample(batch), f.get("draw", torch.randn)(batch, 2)
        if f.get("g_first"):
            losses.append((g_step(G, D, optimisers[1], z), d_step(G, D, optimisers[0], real, z)))
            continue
        loss_d = d_step(G, D, optimisers[0], real, z)
        losses.append((loss_d, g_step(G, D, optimisers[1], z)))
    return losses[-1] if f.get("last") else None if f.get("nothing") else losses


def noisy(D, std, keep, *, draw=torch.randn_like, **f):
    """D behind noise, right unless told otherwise."""

    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.D, self.std = [D] if f.get("hidden") else D, std

        def forward(self, x):
            if f.get("early"):
                self.std *= keep
            noise = self.std ** f.get("power", 1) * draw(x)
            x = x.add_(noise) if f.get("in_place") else x + noise
            if not f.get("early") and not f.get("steady"):
                self.std *= keep
            return (D if f.get("hidden") else self.D)(x)

    return Noisy()


RIGHT = [
    (checks.toy_d_step, my_toy_d_step),
    (checks.train_toy, my_train_toy),
    (checks.noisy_d, noisy),
]


@pytest.mark.parametrize("check, answer", RIGHT)
def test_other_right_answers_pass(check, answer):
    check(answer)
    check(answer, seed=7)


WRONG = {
    checks.toy_d_step: {
        "nothing moved": fault(my_toy_d_step, steps=0),
        "called 2 times": fault(my_toy_d_step, steps=2),
        "left gradients there": fault(my_toy_d_step, attached=True),
        "plain float": fault(my_toy_d_step, tensor=True),
        "without sigmoid": fault(my_toy_d_step, sigmoid=True),
        "G's weights moved": moves_both,
    },
    checks.toy_g_step: {"D's weights moved": moves_both},
    checks.train_toy: {
        "must call d_step and g_step": lambda *a, **k: [],
        "D first": fault(my_train_toy, g_first=True),
        "more than `steps` rounds": fault(my_train_toy, more=1),
        "opt_d must be torch.optim.Adam": fault(my_train_toy, adam=torch.optim.RAdam),
        "opt_g must hold G's weights": fault(my_train_toy, one=True),
        "made anew": fault(my_train_toy, anew=True),
        "betas": fault(my_train_toy, betas=(0.9, 0.999)),
        "does not fall": fault(my_train_toy, fall=lambda t: 1),
        "rate rises": fault(my_train_toy, fall=lambda t: t),
        "yours is .*, right is": fault(my_train_toy, fall=lambda t: (1 - t) ** 2),
        "reals: the same": fault(my_train_toy, stale=True),
        "never negative": fault(my_train_toy, draw=torch.rand),
        "z must be": fault(my_train_toy, draw=lambda batch, _: torch.randn(batch, 3)),
        "last round alone": fault(my_train_toy, last=True),
        "returns None": fault(my_train_toy, nothing=True),
    },
    checks.noisy_d: {
        "as they are": fault(noisy, draw=torch.zeros_like),
        "never negative": fault(noisy, draw=torch.rand_like),
        "all points": fault(noisy, draw=lambda x: torch.randn(2).expand_as(x)),
        "or x and y": fault(noisy, draw=lambda x: torch.randn(len(x), 1).expand_as(x)),
        "not normal": fault(noisy, draw=lambda x: 3.46 * (torch.rand_like(x) - 0.5)),
        "before the first look": fault(noisy, early=True),
        "has the variance": fault(noisy, power=0.5),
        "not multiplied": fault(noisy, power=0),
        "does not shrink": fault(noisy, steady=True),
        "are changed": fault(noisy, in_place=True),
        "are not found": fault(noisy, hidden=True),
        "must be a network": lambda D, std, keep: None,
    },
}
ROWS = [(check, answer, words) for check, row in WRONG.items() for words, answer in row.items()]


@pytest.mark.parametrize("check, answer, words", ROWS)
def test_a_wrong_answer_is_told_what_is_wrong(check, answer, words):
    assert re.search(words, told(check, answer)), told(check, answer)
