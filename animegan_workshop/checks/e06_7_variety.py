"""Exercise 06.7: how far samples lie apart."""

import torch

from animegan_workshop.checks.tools import exercise, try_cases


def mean_distance(features):
    """The mean distance between two different rows of (N, F)."""
    apart = (features[:, None] - features).norm(dim=2)
    pairs = len(features) * (len(features) - 1)
    return apart.sum() / pairs


FAULTS = """
the distance of a row to itself, 0, counts too: leave the diagonal out :: / pairs => / apart.numel()
that is the sum of the distances: divide by the number of pairs :: / pairs => :: / pairs => / 2
count the pairs: each distance counts twice, or half, or is divided by another number
    :: / pairs => * 2 / pairs :: / pairs => / 2 / pairs :: / pairs => / len(apart)
    :: / pairs => / (len(apart) - 1) :: / pairs => / 2 / len(apart)
    :: / pairs => / 2 / len(apart) ** 2
those are squared distances: take the root before the mean :: .norm(dim=2) => .square().sum(2)
take the root of each distance before the mean, not after it
    :: apart.sum() / pairs => (apart.square().sum() / pairs).sqrt()
the sum of squares is asked for under the root, not their mean over the features
    :: .norm(dim=2) => .square().mean(2).sqrt()
take squares and their root, not absolute values :: .norm(dim=2) => .abs().sum(2)
    :: .norm(dim=2) => .abs().mean(2)
that is the distance to the mean of all rows: take pairs
    :: apart.sum() / pairs => (features - features.mean(0)).norm(dim=1).mean()
that is the standard deviation of the features: take distances between pairs of rows
    :: return apart.sum() / pairs => return features.std(0).mean()
    :: return apart.sum() / pairs => return features.std(0).norm()
    :: return apart.sum() / pairs => return features.std()
that is the largest distance: take the mean :: apart.sum() / pairs => apart.max()
that is the distance to the nearest other row: take the mean over all pairs
    :: apart.sum() / pairs => apart.fill_diagonal_(torch.inf).amin(1).mean()
    :: apart.sum() / pairs => apart.fill_diagonal_(torch.inf).min()
that is the median: take the mean
    :: apart.sum() / pairs => apart[~torch.eye(len(apart), dtype=bool)].median()
two equal samples are a pair as well, at distance 0
    :: apart.sum() / pairs => apart[apart > 0].mean()
one sample is in no pair, the last or the first: take all pairs
    :: apart = => features = features[:-1]; apart = :: apart = => features = features[1:]; apart =
take all pairs, not each row and the next :: apart.sum() / pairs => apart.diagonal(1).mean()
the rows are the samples: you compare columns :: apart = => features = features.T; apart =
that is about the cosine: take the distance, the root of the sum of squares :: return apart
    => features = torch.nn.functional.normalize(features); return (1 - features @ features.T)
"""


@exercise("06.6", mean_distance)
def variety(answer, seed):
    """Features (N, F) of N samples -> the mean distance between two of them."""
    sizes = (12, 6), (7, 5)
    cases = [(torch.randn(n, size) * torch.linspace(0.5, 2, size),) for n, size in sizes]
    cases.append((torch.tensor([[0.0, 2, 3], [4, 1, 0], [4, 1, 0]]),))
    try_cases(answer, mean_distance, cases, FAULTS, 1e-4)
    return "the mean over all pairs"
