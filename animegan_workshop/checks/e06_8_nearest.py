"""Exercise 06.8: the nearest face."""

import numpy as np
import torch

from animegan_workshop.checks.core import compare, demand, exercise, numbers, several


def closest(queries, references):
    """The nearest of (M, 3, H, W) to each of (N, 3, H, W): indices (N,), distances (N,)."""
    distances = _apart(queries, references).square().mean(dim=2).sqrt()
    return distances.argmin(1), 127.5 * distances.amin(1)


def _apart(queries, references):
    return queries.flatten(1)[:, None] - references.flatten(1)


@exercise("06.7", closest)
def nearest(answer, seed):
    """Pictures (N, 3, H, W) and (M, 3, H, W) in [-1, 1] -> the nearest's index and distance."""
    queries, references = torch.rand(4, 3, 8, 8) * 2 - 1, torch.rand(9, 3, 8, 8) * 2 - 1
    queries = 0.5 * queries + 0.5 * references[torch.randperm(9)[:4]]
    got = several(answer(queries.clone(), references.clone()), "two tensors: indices, distances")
    index, distance = (numbers(part) for part in got)
    right_index, right = (part.numpy() for part in closest(queries, references))
    demand(
        not np.array_equal(distance, right_index), "the two are swapped: return the indices first"
    )
    other_way = "you look for the nearest query of each reference: it is the other way round"
    demand(index.shape != (9,), other_way)
    demand(index.shape == (4,), f"give one index for each query, (N,), not shape {index.shape}")
    apart = _apart(queries, references)
    mean = apart.square().mean(dim=2).sqrt()
    farthest = np.array_equal(index, mean.argmax(1).numpy())
    demand(not farthest, "that is the furthest reference: take the smallest distance")
    demand(np.array_equal(index, right_index), "the indices are not those of the nearest faces")
    smallest = mean.amin(1)
    faults = {
        "those are units of our range: one unit is 127.5 grey levels": smallest,
        "one unit of the range from -1 to 1 is 127.5 grey levels, not 255": 255 * smallest,
        "cdist sums over all numbers of a picture: divide to get the mean": (
            127.5 * apart.norm(dim=2).amin(1),
            apart.norm(dim=2).amin(1),
        ),
        "take the root of the mean square": (
            127.5 * smallest.square(),
            127.5**2 * smallest.square(),
            smallest.square(),
        ),
        "divide by the root of how many numbers there are, not by the number": (
            127.5 * apart.norm(dim=2).amin(1) / apart.shape[2]
        ),
        "a picture has 3 channels: divide by all its numbers, not by its pixels": (
            127.5 * apart.norm(dim=2).amin(1) / 8
        ),
        "that is the mean absolute difference: take the root of the mean square": (
            127.5 * apart.abs().mean(dim=2).amin(1)
        ),
    }
    compare(distance, right, faults, "the distance", 1e-3)
    return "the index and the distance in grey levels"
