"""Exercise 04.6: how far the logits move when other pictures share the batch."""

from functools import partial

import torch

from animegan_helpers.networks import Discriminator
from animegan_workshop.checks.core import demand, exercise, try_cases


def effect_of_company(D, images, company) -> float:
    """Mean distance of the logits of images alone and in company, in standard deviations."""
    return _effect(D, images, company)


@torch.no_grad()
def _effect(D, images, company, rows=slice(None), size=torch.abs, spread=True, train=True) -> float:
    """The effect with a fault. rows: of the batch; size: of a difference; train: D's mode."""
    D.train(train)
    alone, together = D(images), D(torch.cat([images, company]))
    D.train()
    apart = size(together[rows][: len(images)] - alone).mean()
    return (apart / alone.std() if spread else apart).item()


FAULTS = {
    "those are the logits of the company: the images come first": partial(
        _effect, rows=slice(-6, None)
    ),
    "the differences have signs and cancel: take their sizes": (
        partial(_effect, size=lambda apart: apart),
        lambda *three: abs(_effect(*three, size=lambda apart: apart)),
    ),
    "divide by the standard deviation of the logits alone": partial(_effect, spread=False),
    "take the mean of the sizes, not of the squares": (
        partial(_effect, size=torch.square),
        lambda *three: _effect(*three, size=torch.square, spread=False) ** 0.5,
    ),
    "that is 0: D was put into eval mode, or the company is not in the batch": partial(
        _effect, train=False
    ),
    "compare the images with themselves in company: torch.cat makes one batch": (
        lambda D, images, company: ((D(company) - D(images)).abs().mean() / D(images).std()).item()
    ),
}


@exercise("04.5", effect_of_company)
def batch_effect(answer, seed):
    """(D, images, company), D in train mode -> mean distance of logits over their spread."""
    D = Discriminator(4)
    for parameter in D.parameters():
        parameter.data.mul_(1 + 2 * torch.rand_like(parameter))
    images, company = torch.rand(6, 3, 64, 64) - 0.5, 2 * torch.rand(6, 3, 64, 64) - 0.3
    try_cases(answer, effect_of_company, [(D, images, company)], FAULTS, 1e-3)
    answer(D, images, company)
    demand(D.training, "D is left in eval mode: leave it as it was")
    return "how far the company moves the logits"
