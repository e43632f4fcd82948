"""Exercise 02.2: modes captured, and the share of samples of high quality."""

import torch

from animegan_helpers import toy
from animegan_workshop.checks.tools import exercise, several, try_cases


def modes_and_quality_of(samples, centres, std) -> tuple[int, float]:
    """Modes captured, share within 3 std of a centre; samples (N, 2), centres (M, 2)."""
    far = torch.cdist(samples, centres)  # (N, M)
    distance, nearest = far.min(dim=1)  # (N,)
    good = distance <= 3 * std
    modes = len(nearest[good].unique())
    share = good.sum().item() / len(good)
    return modes, share


FAULTS = """
you count every sample as good: only those within 3 std of a centre are :: <= 3 * std => < 9e9
a sample at exactly 3 standard deviations counts: <=, not < :: <= 3 * => < 3 *
VEEGAN's protocol allows 3 standard deviations :: 3 * std => std :: 3 * std => 2 * std
the limit is 3 standard deviations, not 3 times the variance :: * std => * std**2 :: * std =>
you compare the squared distance: compare the distance :: distance <= => distance**2 <=
take the distance, no square around it :: (samples, centres) => (samples, centres, torch.inf)
take the nearest centre of each sample, dim=1 :: dim=1 => dim=0
    :: dim=1 => dim=0 && len(nearest[good].unique()) => int(good.sum())
divide by the number of samples :: / len(good) => :: len(good) => 1000 :: len(good) => 2500
the share is a part of 1, yours is in percent :: modes, => modes, 100 *
that is the share of bad samples :: modes, => modes, 1 -
that is the share of modes, not of good samples :: modes, share => modes, modes / len(centres)
a mode with stray samples only is not captured: count good ones :: nearest[good] => nearest
that is how many modes there are, whether samples reach them or not :: modes, => len(centres),
one mode too many: samples that are not good belong to no mode
:: modes, => modes + (not all(good)), :: nearest[good] => (nearest * good)
count the modes that are captured: that is the largest number of one
:: modes, => max(nearest[good].tolist(), default=-1) + 1,
:: modes, => max(nearest[good].tolist(), default=0),
that counts samples: count the modes that the good ones belong to :: .unique() =>
that is a share: the number of modes is asked for :: modes, => modes / len(centres),
a single good sample captures a mode :: modes, => int((nearest[good].bincount() > 1).sum()),
a sample captures its nearest mode only :: modes, => int((far <= 3 * std).any(dim=0).sum()),
return after the loop :: distance <= 3 * std => (distance <= 3 * std) & (torch.arange(len(far)) < 1)
"""


@exercise("02.5", modes_and_quality_of)
def modes_and_quality(answer, seed):
    """samples (N, 2), centres (M, 2), std -> (modes captured, share within 3 std of a centre)."""
    centres = toy.ring().centres
    points = centres[[1, 2, 4, 5, 6]][torch.randint(5, (803,))] + 0.02 * torch.randn(803, 2)
    samples = torch.cat([points, torch.rand(211, 2) - 0.5])  # the last ones are near no centre
    cases = [(samples, centres, 0.02), (centres + 9, centres, 0.001)]  # in the second, none is good
    cases += [(centres[:3], centres[:6], 0.02), (centres[:3] * 0.9, centres, 0.3)]  # one overlaps
    edge = torch.tensor([[1.5, 0.0], [0.0, 0.0], [7.0, 0.0], [8.0, 1.5]])  # two at 3 std exactly
    cases += [(edge, torch.tensor([[0.0, 0.0], [8.0, 0.0]]), 0.5)]

    def both(*case):
        return several(answer(*case), "two numbers, (modes captured, share)")

    try_cases(both, modes_and_quality_of, cases, FAULTS)
    return "modes and quality are those of VEEGAN's protocol"
