"""Exercise 02.2: modes captured, and the share of samples of high quality."""

import torch

from animegan_helpers import toy
from animegan_workshop.checks.core import compare, demand, exercise, several


@exercise("02.5", toy.modes_captured)
def modes_and_quality(answer, seed):
    """samples (N, 2), centres (M, 2), std -> (modes captured, share within 3 std of a centre)."""
    mixture = toy.ring(std=0.02)
    centres, std = mixture.centres, mixture.std
    points = centres[:5][torch.randint(5, (803,))] + std * torch.randn(803, 2)
    samples = torch.cat([points, torch.rand(211, 2) - 0.5])  # the last ones are near no centre
    modes, share = toy.modes_captured(samples, centres, std)
    distance, nearest = torch.cdist(samples, centres).min(dim=1)
    offset = (samples - centres[nearest]).abs().amax(1)
    good = distance <= 3 * std

    def ask(samples, centres, std):
        got = answer(samples.clone(), centres.clone(), std)
        return several(got, "two numbers, (modes captured, share)")

    def within(limit, what=distance):
        return (what <= limit).float().mean()

    of_share = {
        "you count every sample as good: only those within 3 std of a centre are": 1.0,
        "you allow 1 standard deviation: VEEGAN's protocol allows 3": within(std),
        "you allow 2 standard deviations: VEEGAN's protocol allows 3": within(2 * std),
        "you compare the squared distance: compare the distance": within(3 * std, distance**2),
        "the limit is 3 standard deviations, not 3 times the variance": within(3 * std**2),
        "the limit is 3 standard deviations, not 3": within(3),
        "you test x and y apart: the distance to the centre decides": within(3 * std, offset),
        "divide by the number of samples": (good.sum(), good.sum() / 1000),
        "the share is a part of 1, yours is in percent": 100 * share,
        "that is the share of bad samples": 1 - share,
    }
    of_modes = {
        "a mode with stray samples only is not captured: count good ones": len(nearest.unique()),
        "that is how many modes there are, whether samples reach them or not": len(centres),
        "that counts samples: count the modes that the good ones belong to": good.sum(),
        "that is a share: the number of modes is asked for": modes / len(centres),
    }
    first, second = ask(samples, centres, std)
    demand(not first < 1 < second == modes, "the two are swapped: modes first, then the share")
    compare(second, share, of_share, "the share of good samples")
    compare(first, modes, of_modes, "the modes captured")
    demand(ask(centres + 9, centres, 0.001) == [0, 0], "where no sample is good, both are 0")
    few = ask(centres[:3], centres[:6], std)[0]
    demand(few == 3, f"3 samples on 3 of 6 centres capture 3 modes, yours says {few:g}")
    return f"{modes} of 8 modes, {share:.0%} of high quality"
