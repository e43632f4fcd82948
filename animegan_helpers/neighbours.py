"""Nearest neighbours, and what they say: copies, repeats, and how far two clouds of features overlap.

All distances are the root mean square difference over all components: for uint8 pictures grey levels, 0 to 255. Sets
are worked through in chunks, so memory grows with the chunk and with N, never with N times M.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
import torch
from tqdm.auto import tqdm


@dataclass
class Neighbours:
    """For each of N queries its nearest reference: indices (N,) and distances (N,)."""

    indices: np.ndarray
    distances: np.ndarray


def rows(array: np.ndarray) -> torch.Tensor:
    """float32 (N, components) of an array (N, ...)."""
    return torch.from_numpy(np.array(array)).flatten(1).float()


def distance_blocks(
    queries: np.ndarray,
    references: np.ndarray,
    same: bool = False,
    chunk: int = 1_000,
    progress: str | None = None,
) -> Iterator[tuple[slice, slice, torch.Tensor]]:
    """(rows, columns, distances) of all blocks of the N x M distances, row by row of blocks.

    same: queries are the references; the distance of each to itself is then infinite. progress: what a progress bar
    says, None for no bar.
    Raises ValueError where the two cannot be compared, or there is nothing to compare with.
    """
    if queries.shape[1:] != references.shape[1:]:
        raise ValueError(
            f"queries are {queries.shape[1:]}, references {references.shape[1:]}: they cannot be compared"
        )
    if same and len(queries) != len(references) or len(references) < 1 + same:
        raise ValueError(
            f"{len(queries)} queries, {len(references)} references: too few, or not the same set"
        )
    starts = range(0, len(queries), chunk)
    for start in tqdm(starts, progress, disable=progress is None, leave=False, unit="block"):
        here = slice(start, min(start + chunk, len(queries)))
        block = rows(queries[here])
        for other in range(0, len(references), chunk):
            there = slice(other, min(other + chunk, len(references)))
            distances = torch.cdist(block, rows(references[there])) / block.shape[1] ** 0.5
            if same and other == start:
                distances.fill_diagonal_(torch.inf)
            yield here, there, distances


def nearest_neighbours(
    queries: np.ndarray,
    references: np.ndarray,
    *,
    same: bool = False,
    chunk: int = 1_000,
    progress: str | None = None,
) -> Neighbours:
    """The nearest of M references (M, ...) to each of N queries (N, ...).

    same: queries are the references, and none may be its own neighbour. progress: as in distance_blocks.
    """
    nearest = torch.full((len(queries),), torch.inf)
    index = torch.zeros(len(queries), dtype=torch.long)
    for here, there, distances in distance_blocks(queries, references, same, chunk, progress):
        smallest = distances.min(dim=1)
        closer = smallest.values < nearest[here]
        nearest[here] = torch.where(closer, smallest.values, nearest[here])
        index[here] = torch.where(closer, smallest.indices + there.start, index[here])
    # cdist multiplies matrices, which blurs small distances: those of the chosen are taken again, exactly
    for start in range(0, len(queries), chunk):
        here = slice(start, start + chunk)
        difference = rows(queries[here]) - rows(references[index[here].numpy()])
        nearest[here] = difference.square().mean(dim=1).sqrt()
    return Neighbours(index.numpy(), nearest.numpy())


def share_below(distances: np.ndarray, yardstick: np.ndarray, quantile: float = 0.01) -> float:
    """The share of `distances` (N,) smaller than all but the smallest 1% of the yardstick's distances, 0 to 1.

    About 0.01 where both are alike. Distances to the nearest training face: the share that looks copied. Distances to
    the nearest other sample: the share that looks repeated.
    """
    return float((distances < np.quantile(yardstick, quantile)).mean())


def near_pairs(pictures: np.ndarray, limit: float, chunk: int = 1_000) -> int:
    """How many of the N (N - 1) / 2 pairs of pictures (N, ...) are nearer than `limit`, in their own unit."""
    found = sum(
        int((distances < limit).sum())
        for *_, distances in distance_blocks(pictures, pictures, True, chunk)
    )
    return found // 2


def pair_quantile(pictures: np.ndarray, share: float, chunk: int = 1_000) -> float:
    """The distance below which the `share` of all pairs of pictures (N, ...) lie; at least the nearest pair counts."""
    keep = ceil(share * len(pictures) * (len(pictures) - 1))  # each pair is met twice
    smallest = torch.empty(0)
    for *_, distances in distance_blocks(pictures, pictures, True, chunk):
        smallest = torch.cat([smallest, distances.flatten()])
        smallest = smallest.topk(min(keep, len(smallest)), largest=False).values
    return float(smallest.max())


def radii(points: np.ndarray, k: int, chunk: int = 1_000) -> np.ndarray:
    """(N,) the distance of each point (N, F) to its k-th nearest other one."""
    if not 1 <= k < len(points):
        raise ValueError(f"{len(points)} points have no {k} neighbours each: use more points")
    smallest = torch.full((len(points), k), torch.inf)
    for here, _, distances in distance_blocks(points, points, True, chunk):
        both = torch.cat([smallest[here], distances], dim=1)
        smallest[here] = both.topk(k, largest=False).values
    return smallest.max(dim=1).values.numpy()


@dataclass
class Overlap:
    """How two clouds of features overlap: each value is the mean of an array, one entry a point.

    precise (N,): 1 for a sample inside the data, else 0; recalled (M,): 1 for a face inside the samples, else 0;
    dense (N,): how many faces' neighbourhoods hold the sample, over k; covered (M,): 1 for a face whose neighbourhood
    holds a sample, else 0.
    """

    precise: np.ndarray
    recalled: np.ndarray
    dense: np.ndarray
    covered: np.ndarray


def overlap(samples: np.ndarray, data: np.ndarray, k: int = 5, chunk: int = 1_000) -> Overlap:
    """Precision and recall, density and coverage of features (N, F) against features (M, F); k neighbours each.

    Precision: the share of samples within the k-th nearest neighbour's distance of some face; recall: the same the
    other way round (Kynkaanniemi et al. 2019, arXiv 1904.06991, with k = 3). Density: the number of faces' balls that
    hold a sample, over k, 1 on average for real faces and above it in crowded places; coverage: the share of faces
    whose ball holds a sample (Naeem et al. 2020, arXiv 2002.09797, with k = 5). One outlier makes recall large, but
    not coverage; both depend on N and M, so take N = M.
    Raises ValueError for k neighbours that are not there.
    """
    of_data, of_samples = (torch.from_numpy(radii(points, k, chunk)) for points in (data, samples))
    inside = torch.zeros(len(samples))
    covered, recalled = (
        torch.zeros(len(data), dtype=torch.bool),
        torch.zeros(len(data), dtype=torch.bool),
    )
    for here, there, distances in distance_blocks(samples, data, chunk=chunk):
        within = distances <= of_data[there]  # the sample lies in the face's ball
        inside[here] += within.sum(dim=1)
        covered[there] |= within.any(dim=0)
        recalled[there] |= (distances <= of_samples[here, None]).any(dim=0)
    values = (inside > 0, recalled, inside / k, covered)
    return Overlap(*(value.float().numpy() for value in values))
