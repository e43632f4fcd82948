"""Modes without labels: the data is cut into cells by k-means, and samples and data are counted in each cell."""

from math import erf, log, sqrt

import numpy as np
import torch

from animegan_helpers.neighbours import nearest_neighbours


def k_means(points: np.ndarray, k: int = 100, rounds: int = 20, seed: int = 0) -> np.ndarray:
    """Centres (k, F) of k cells of points (N, F), N at least k: Lloyd 1982, started by greedy k-means++ (Arthur and
    Vassilvitskii 2007): of a few points drawn, the one that leaves the others nearest to a centre becomes one.

    A cell that loses its last point gets the point farthest from its centre. Ends early when nothing moves.
    """
    if not 1 <= k <= len(points):
        raise ValueError(
            f"{len(points)} points cannot make {k} cells: use fewer cells, or more points"
        )
    random, x = np.random.default_rng(seed), torch.from_numpy(np.asarray(points, np.float32))
    centres = x[random.integers(len(x))][None]
    nearest = (x - centres).square().sum(1)  # squared distance to the nearest centre so far
    while len(centres) < k:
        chances = nearest.double().numpy()
        # where all points lie on centres already any point will do
        chances = chances / chances.sum() if chances.sum() > 0 else None
        drawn = x[random.choice(len(x), 2 + int(log(k)), p=chances)]
        left = [torch.minimum(nearest, (x - one).square().sum(1)) for one in drawn]
        best = min(range(len(left)), key=lambda i: float(left[i].sum()))
        centres, nearest = torch.cat([centres, drawn[best, None]]), left[best]
    before = None
    for _ in range(rounds):
        found = nearest_neighbours(points, centres.numpy())
        if before is not None and (found.indices == before).all():
            break
        before, index = found.indices, torch.from_numpy(found.indices)
        sizes = torch.bincount(index, minlength=k)
        centres = torch.zeros_like(centres).index_add_(0, index, x) / sizes.clamp(min=1)[:, None]
        empty = (sizes == 0).nonzero().flatten()
        centres[empty] = x[found.distances.argsort()[::-1][: len(empty)].copy()]
    return centres.numpy()


def count_cells(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """How many of the points (N, F) lie in each cell: counts (k,) by the nearest centre."""
    return np.bincount(nearest_neighbours(points, centres).indices, minlength=len(centres))


def different_cells(samples: np.ndarray, data: np.ndarray, level: float = 0.05) -> int:
    """NDB: in how many cells the samples' share differs from the data's, by counts (k,) and (k,).

    The number of statistically different bins of Richardson and Weiss 2018 (arXiv 1805.12462): a two-sample test of
    proportions in each cell at the `level`. Chance alone makes level * k of them; more samples find more.
    """
    if not (samples.sum() > 0 and data.sum() > 0):
        raise ValueError("there are no samples to compare: all counts are 0")
    n, m = samples.sum(), data.sum()
    p, q, pooled = samples / n, data / m, (samples + data) / (n + m)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    z = np.divide(np.abs(p - q), error, out=np.zeros(len(p)), where=error > 0)
    two_sided = np.array([1 - erf(value / sqrt(2)) for value in z])
    return int((two_sided < level).sum())
