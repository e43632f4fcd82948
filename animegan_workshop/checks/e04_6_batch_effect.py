"""Exercise 04.6: how far the logits move when other pictures share the batch."""

import torch

from animegan_helpers.networks import Discriminator
from animegan_workshop.checks.tools import demand, exercise, try_cases


@torch.no_grad()
def effect_of_company(D, images, company) -> float:
    """Mean distance of the logits of images alone and in company, in standard deviations."""
    n, batch = len(images), torch.cat([images, company])
    alone, together = D(images), D(batch)
    apart = (together[:n] - alone).abs().mean()
    return (apart / alone.std()).item()


FAULTS = """
    those are the logits of the company: the images come first :: [:n] => [-n:]
    the differences have signs and cancel: take absolute values, then the mean
        :: .abs() => :: .abs().mean() => .mean().abs()
        :: [:n] - alone).abs().mean() => .mean() - alone).mean().abs()
    divide by the standard deviation of the logits alone, not of both together
        :: alone.std => together.std :: alone.std => together[:n].std
    divide by the standard deviation of the logits alone, not of the shifts
        :: / alone.std() => / (together[:n] - alone).std()
        :: / alone.std() => / (together[:n] - alone).abs().std()
    divide by the standard deviation of the logits, not of the pixels :: alone.std => images.std
    divide by the standard deviation, not by the variance :: .std() => .var()
    divide by the standard deviation, not by a mean :: .std() => .abs().mean() :: .std() => .mean()
    divide by the standard deviation of the logits alone :: / alone.std() =>
    take the mean of the absolute values: no square, no root
        :: .abs().mean() => .square().mean() :: .abs().mean() => .square().mean().sqrt()
    take the mean, not the largest :: .mean() => .max() :: .mean() => .median()
    that is 0: D was put into eval mode, or the company is not in the batch :: apart / => 0 /
    compare the images with themselves in company: torch.cat makes one batch
        :: D(batch) => D(company)
    the standard deviation is over n - 1, numpy's divides by n: give it ddof=1
        :: .std() => .std(correction=0)
    images alone are one batch, too: do not judge each picture by itself
        :: D(images) => torch.cat([D(image[None]) for image in images])
    all images share one batch with the whole company, not picture by picture
        :: D(batch) => torch.cat([D(torch.cat([one[None], company]))[:1] for one in images])
    join whole batches, not half of each
        :: n, batch = => images, company = images[:3], company[:3]; n, batch =
        :: len(images), torch.cat([images, company]) => 3, torch.cat([images[:3], company[:3]])
        && - alone => - alone[:3]
"""


@exercise("04.5", effect_of_company)
def batch_effect(answer, seed):
    """(D, images, company), D in train mode -> mean distance of logits over their spread."""
    D = Discriminator(4)
    for parameter in D.parameters():
        parameter.data.mul_(1 + 2 * torch.rand_like(parameter))
    images, company = torch.rand(6, 3, 64, 64) - 0.5, 2 * torch.rand(6, 3, 64, 64) - 0.2
    try_cases(answer, effect_of_company, [(D, images, company)], FAULTS, 1e-3)
    answer(D, images, company)
    demand(D.training, "D is left in eval mode: leave it as it was")
    return "how far the company moves the logits"
