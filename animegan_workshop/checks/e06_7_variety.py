"""Exercise 06.7: how far samples lie apart."""

import torch

from animegan_workshop.checks.core import exercise, try_cases


def mean_distance(features):
    """The mean distance between two different rows of (N, F)."""
    return torch.pdist(features).mean()


def _all(features):
    return (features[:, None] - features).norm(dim=2)


FAULTS = {
    "the distance of a row to itself, 0, counts too: leave the diagonal out": (
        lambda f: _all(f).mean()
    ),
    "that is the sum of the distances: divide by the number of pairs": (
        lambda f: torch.pdist(f).sum(),
        lambda f: _all(f).sum(),
    ),
    "you divide by the wrong number: how many pairs of different rows are there?": (
        lambda f: _all(f).sum() / (len(f) - 1),
        lambda f: _all(f).sum() / len(f),
        lambda f: torch.pdist(f).sum() / len(f),
        lambda f: torch.pdist(f).sum() / len(f) ** 2,
        lambda f: torch.pdist(f).sum() / (len(f) * (len(f) - 1)),
        lambda f: _all(f).sum() / (len(f) * (len(f) - 1) / 2),
    ),
    "those are squared distances: take the root before the mean": (
        lambda f: torch.pdist(f).square().mean()
    ),
    "take the root of each distance before the mean, not after it": (
        lambda f: torch.pdist(f).square().mean().sqrt()
    ),
    "that is the distance to the mean of all rows: take pairs": (
        lambda f: (f - f.mean(0)).norm(dim=1).mean()
    ),
    "that is the standard deviation of the features: take distances between rows": (
        lambda f: f.std(0).mean(),
        lambda f: f.std(),
    ),
    "that is the largest distance: take the mean": lambda f: torch.pdist(f).max(),
    "that is the smallest distance: take the mean": lambda f: torch.pdist(f).min(),
    "the rows are the samples: you compare columns": lambda f: torch.pdist(f.T.contiguous()).mean(),
}


@exercise("06.6", mean_distance)
def variety(answer, seed):
    """Features (N, F) of N samples -> the mean distance between two of them."""
    cases = [(torch.randn(n, 6) * torch.linspace(0.5, 2, 6),) for n in (12, 7)]
    try_cases(answer, mean_distance, cases, FAULTS, 1e-4)
    return "the mean over all pairs"
