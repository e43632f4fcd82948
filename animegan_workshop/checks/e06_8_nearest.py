"""Exercise 06.8: the nearest face."""

import torch

from animegan_workshop.checks.tools import demand, exercise, several, try_cases


def closest(queries, references):
    """The nearest of (M, 3, H, W) to each of (N, 3, H, W): indices (N,), distances (N,)."""
    apart = (queries.flatten(1)[:, None] - references.flatten(1)).square()
    distances = 127.5 * apart.mean(2).sqrt()
    distance, index = distances.min(1)
    return index, distance


FAULTS = """
the two are swapped: return the indices first :: index, distance => distance, index
you look for the nearest query of each reference: it is the other way round :: .min(1) => .min(0)
that is the furthest reference: take the smallest distance :: .min(1) => .max(1)
that is the second nearest reference: take the nearest
    :: = distances.min(1) => = (found[:, 1] for found in distances.sort(1))
the rows hold pixels of several pictures: flatten(1) makes one row of each picture
    :: queries.flatten(1) => queries.reshape(-1, len(queries)).T
    && references.flatten(1) => references.reshape(-1, len(references)).T
that is the mean distance to all references: take the smallest
    :: return index, distance => return index, distances.mean(1)
those are units of our range: one unit is 127.5 grey levels :: 127.5 * =>
one unit of the range from -1 to 1 is 127.5 grey levels, not 255 :: 127.5 => 255
a root of the mean is asked for, not of the sum: divide before the root :: .mean(2) => .sum(2)
    :: 127.5 * apart.mean(2) => apart.sum(2)
take the root of the mean square :: .sqrt() => :: 127.5 * apart.mean(2).sqrt() => apart.mean(2)
    :: 127.5 * apart.mean(2).sqrt() => 127.5**2 * apart.mean(2)
divide by the root of how many numbers there are, not by the number
    :: .mean(2).sqrt() => .sum(2).sqrt() / apart.shape[2]
compare floats: bytes are rounded, and their differences wrap round below 0
    :: queries.flatten => ((queries + 1) * 127.5).round().byte().flatten
    && references.flatten(1)) => ((references + 1) * 127.5).round().byte().flatten(1)).float()
    && 127.5 * apart => apart
    :: queries.flatten => ((queries + 1) * 127.5).round().byte().flatten
    && references.flatten(1)) => ((references + 1) * 127.5).round().byte().flatten(1)).neg().float()
    && 127.5 * apart => apart
a picture has 3 channels: divide by all its numbers, not by its pixels
    :: .mean(2) => .sum(2).div(apart.shape[2] / 3)
take the mean of all three channels together, then one root
    :: .mean(2).sqrt() => .unflatten(2, (3, -1)).mean(3).sqrt().mean(2)
    :: .mean(2).sqrt() => .unflatten(2, (3, -1)).mean(3).sqrt().sum(2)
that is the mean absolute difference: take the root of the mean square :: .mean(2).sqrt()
    => .sqrt().mean(2)
"""


@exercise("06.7", closest)
def nearest(answer, seed):
    """Pictures (N, 3, H, W) and (M, 3, H, W) in [-1, 1] -> the nearest's index and distance."""
    cases = []
    for count, many in ((4, 9), (1, 5)):
        queries, references = (torch.rand(n, 3, 64, 64) * 2 - 1 for n in (count, many))
        queries[:, 0], references[:, 0] = 0.2 * queries[:, 0], 0.2 * references[:, 0]
        cases.append((0.5 * queries + 0.5 * references[torch.randperm(many)[:count]], references))
    got = several(answer(*cases[0]), "two tensors: indices (N,), distances (N,)")
    demand(all(map(torch.is_tensor, got)), "return two tensors: indices, distances")
    shapes = [tuple(part.shape) for part in got]
    demand(shapes[0] == shapes[1], f"both have the shape (N,), yours are {shapes[0]}, {shapes[1]}")
    try_cases(answer, closest, cases, FAULTS, 1e-3, ": indices (N,) and distances (N,)")
    index, distance = answer(references[1:3].clone(), references)
    kept = index.tolist() == [1, 2] and distance.max() < 1
    demand(kept, "a reference that is equal to the query is the nearest: its distance is 0")
    return "the index and the distance in grey levels"
