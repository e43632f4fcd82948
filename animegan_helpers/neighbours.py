"""Nearest neighbours: how far two clouds of features overlap, copies, repeats (notebook 07).

A distance is the root mean square difference over all components. For uint8 pictures these are
grey levels, 0 to 255.
"""

from dataclasses import dataclass

import numpy as np
import torch
from tqdm.auto import tqdm


@dataclass
class Neighbours:
    """For each of N queries the nearest reference: its index (N,) and its distance (N,)."""

    indices: np.ndarray
    distances: np.ndarray


def rows(array: np.ndarray) -> torch.Tensor:
    """float32 (N, components) of an array (N, ...)."""
    return torch.from_numpy(np.array(array)).flatten(1).float()


def nearest_neighbours(
    queries: np.ndarray,
    references: np.ndarray,
    *,
    own: np.ndarray | None = None,
    chunk: int = 1_000,
    progress: str | None = None,
) -> Neighbours:
    """The nearest of M references (M, ...) to each of N queries (N, ...).

    own (N,): where the queries are among the references, the index of each. A query is not its own
    neighbour. progress: what a progress bar says, None for no bar.
    References are read a chunk at a time: memory grows with N and not with M.
    Raises ValueError for a single reference that is its own query.
    """
    if own is not None and len(references) < 2:
        raise ValueError("one picture has no neighbour: use at least 2")
    wanted = rows(queries)
    smallest, index = torch.full((len(wanted),), torch.inf), torch.zeros(len(wanted)).long()
    starts = range(0, len(references), chunk)
    for start in tqdm(starts, progress, disable=progress is None, leave=False, unit="chunk"):
        distances = torch.cdist(wanted, rows(references[start : start + chunk]))
        if own is not None:
            here = np.flatnonzero((start <= own) & (own < start + chunk))
            distances[here, own[here] - start] = torch.inf
        nearest = distances.min(dim=1)
        index = torch.where(nearest.values < smallest, nearest.indices + start, index)
        smallest = torch.minimum(nearest.values, smallest)
    # cdist multiplies matrices, which blurs small distances: the chosen ones are taken exactly
    difference = wanted - rows(references[index.numpy()])
    return Neighbours(index.numpy(), difference.square().mean(dim=1).sqrt().numpy())


def radii(points: np.ndarray, k: int) -> np.ndarray:
    """(N,) the distance of each point (N, F) to its k-th nearest other point."""
    if not 1 <= k < len(points):
        raise ValueError(f"{len(points)} points have no {k} neighbours each: use more points")
    distances = _all_distances(points, points).fill_diagonal_(torch.inf)
    return distances.kthvalue(k, dim=1).values.numpy()


def _all_distances(a: np.ndarray, b: np.ndarray) -> torch.Tensor:
    """(N, M) of points (N, F) and (M, F)."""
    return torch.cdist(rows(a), rows(b)) / a.shape[1] ** 0.5


@dataclass
class Overlap:
    """How two clouds of features overlap, as yes or no for each point.

    precise (N,): the sample lies inside the data; recalled (M,): the face lies inside the samples;
    covered (M,): the face has a sample nearby.
    """

    precise: np.ndarray
    recalled: np.ndarray
    covered: np.ndarray


def overlap(samples: np.ndarray, data: np.ndarray, k: int = 5) -> Overlap:
    """Precision, recall and coverage of features (N, F) against features (M, F).

    Each point has a ball that reaches to its k-th nearest other point. Precision: the share of
    samples in some face's ball. Recall: the share of faces in some sample's ball (Kynkaanniemi et
    al. 2019, arXiv 1904.06991, with k = 3). Coverage: the share of faces whose ball holds a sample
    (Naeem et al. 2020, arXiv 2002.09797, with k = 5). One outlier among the samples makes recall
    large, but not coverage. All depend on N and M, so take N = M.
    Raises ValueError for k neighbours that are not there.
    """
    distances = _all_distances(samples, data)
    in_balls_of_data = distances <= torch.from_numpy(radii(data, k))
    in_balls_of_samples = distances <= torch.from_numpy(radii(samples, k))[:, None]
    return Overlap(
        in_balls_of_data.any(1).numpy(),
        in_balls_of_samples.any(0).numpy(),
        in_balls_of_data.any(0).numpy(),
    )


@dataclass
class Closeness:
    """How near N samples come to training faces and to each other, in grey levels.

    to_training, to_others: each sample's nearest training face, and nearest other sample.
    real_to_training (N,), real_to_others (N,): the same distances of N training faces. They say
    what is normal.
    """

    to_training: Neighbours
    to_others: Neighbours
    real_to_training: np.ndarray
    real_to_others: np.ndarray

    @property
    def copied(self) -> np.ndarray:
        """(N,) True for a sample nearer to a training face than 99% of real faces are."""
        return self.to_training.distances < np.quantile(self.real_to_training, 0.01)

    @property
    def repeated(self) -> np.ndarray:
        """(N,) True for a sample nearer to another sample than 99% of real faces are."""
        return self.to_others.distances < np.quantile(self.real_to_others, 0.01)


def closeness(
    samples: np.ndarray, training: np.ndarray, most: int = 500, progress: bool = False
) -> Closeness:
    """Looks up the first `most` samples among the training faces; both uint8 (N, 3, 64, 64).

    The more there are to look among, the nearer the nearest: real faces get as many.
    """
    samples = samples[:most]
    chosen = np.sort(np.random.default_rng(0).permutation(len(training))[: len(samples)])
    real = training[chosen]
    bars = ("copies", "how near real faces are") if progress else (None, None)
    return Closeness(
        nearest_neighbours(samples, training, progress=bars[0]),
        nearest_neighbours(samples, samples, own=np.arange(len(samples))),
        nearest_neighbours(real, training, own=chosen, progress=bars[1]).distances,
        nearest_neighbours(real, real, own=np.arange(len(real))).distances,
    )
