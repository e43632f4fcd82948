"""Mode spread: how many modes the samples cover, how evenly, how near they are, and whether they repeat or copy.

A mode is a combination of labels, hair colour x eye colour say. Samples and data are counted over the same modes.
Everything here works on plain arrays: counts, features, pixels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from math import lgamma

import numpy as np
import torch


def count_modes(values: dict[str, np.ndarray], sizes: dict[str, int]) -> np.ndarray:
    """Counts (M,) of each combination of factors, M the product of their sizes, the last factor running fastest.

    values: factor -> (N,) indices from 0 to sizes[factor] - 1. Raises ValueError for a factor or an index that is not
    there.
    """
    for factor, size in sizes.items():
        if factor not in values:
            raise ValueError(f"no factor is called {factor!r}: there are {', '.join(values) or 'none'}")
        if len(values[factor]) and not 0 <= values[factor].min() <= values[factor].max() < size:
            raise ValueError(f"{factor}: indices must lie between 0 and {size - 1}")
    indices = np.ravel_multi_index([values[factor] for factor in sizes], tuple(sizes.values()))
    return np.bincount(indices, minlength=int(np.prod(list(sizes.values()))))


def mode_names(names: dict[str, list[str]]) -> list[str]:
    """The names of the combinations, in the order of count_modes."""
    return [" / ".join(combination) for combination in product(*names.values())]


def modes_covered(counts: np.ndarray, least: int = 1) -> int:
    """How many modes hold at least `least` samples."""
    return int((counts >= least).sum())


def expected_modes(counts: np.ndarray, draws: int) -> float:
    """How many modes `draws` of the counted samples cover on average, chosen without putting back: rarefaction.

    The sum over modes of 1 - C(N - c, draws) / C(N, draws), N the sum of the counts c (M,) (Hurlbert 1971).
    """
    total = int(counts.sum())
    if not 0 <= draws <= total:
        raise ValueError(f"{draws} draws from {total} samples: choose a number between 0 and {total}")

    def missed(count: int) -> float:
        rest = total - count
        if rest < draws:
            return 0.0
        above, below = lgamma(rest + 1) + lgamma(total - draws + 1), lgamma(rest - draws + 1) + lgamma(total + 1)
        return float(np.exp(above - below))

    return sum(1 - missed(int(count)) for count in counts if count > 0)


def kl_divergence(samples: np.ndarray, data: np.ndarray, pseudo_count: float = 0.5) -> float:
    """KL(samples || data) in nats of two histograms of counts (M,): 0 where they agree, no upper limit.

    Each of the M modes gets `pseudo_count` added in both (0.5: the Jeffreys prior), so that a mode the data lacks is
    dear, not infinitely so. Few samples alone make it about M / (2 N): compare with real faces at the same N.
    """
    p, q = _shares(samples + pseudo_count), _shares(data + pseudo_count)
    return float((p * np.log(p / q)).sum())


def js_divergence(samples: np.ndarray, data: np.ndarray) -> float:
    """The Jensen-Shannon divergence (Lin 1991) of two histograms of counts (M,), in nats, not smoothed.

    0 where they agree to ln 2 = 0.693 where no mode is in both. It too is above 0 for small samples.
    """
    p, q = _shares(samples), _shares(data)
    middle = (p + q) / 2

    def kl(a: np.ndarray) -> float:
        seen = a > 0
        return float((a[seen] * np.log(a[seen] / middle[seen])).sum())

    return (kl(p) + kl(q)) / 2


def _shares(counts: np.ndarray) -> np.ndarray:
    if not counts.sum() > 0:
        raise ValueError("there are no samples to compare: all counts are 0")
    return counts / counts.sum()


def bootstrap(measure: Callable[[np.ndarray], float], counts: np.ndarray, rounds: int = 200,
              seed: int = 0) -> tuple[float, float]:  # fmt: skip
    """The central 95% of `measure(counts)` when the samples are drawn again with replacement (Efron 1979).

    Drawing again loses rare modes once more, which shifts every round the same way; the interval is therefore moved
    back so that the rounds' median lies on the measure itself. It says how much another draw of as many samples would
    differ, not how far a small sample is off: the yardstick of real faces at the same size says that.
    """
    random, shares = np.random.default_rng(seed), _shares(counts)
    values = np.array([measure(random.multinomial(int(counts.sum()), shares)) for _ in range(rounds)])
    low, high = measure(counts) + np.quantile(values - np.median(values), (0.025, 0.975))
    return float(low), float(high)


@dataclass
class Neighbours:
    """For each of N queries its nearest reference: indices (N,) and distances (N,)."""

    indices: np.ndarray
    distances: np.ndarray


def nearest_neighbours(queries: np.ndarray, references: np.ndarray, *, same: bool = False,
                       chunk: int = 1_000) -> Neighbours:  # fmt: skip
    """Nearest references by the root mean square difference over all components of (N, ...) arrays.

    For uint8 images that is in grey levels, 0 to 255. same: queries are the references, and no face may be its own
    neighbour. Memory grows with the chunk alone; time with N times the number of references.
    """
    if queries.shape[1:] != references.shape[1:]:
        raise ValueError(f"queries are {queries.shape[1:]}, references {references.shape[1:]}: they cannot be compared")
    if same and len(queries) != len(references) or len(references) < 1 + same:
        raise ValueError(f"{len(queries)} queries, {len(references)} references: too few, or not the same set")

    def rows(array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.array(array)).flatten(1).float()

    best, where = [], []
    for start in range(0, len(queries), chunk):
        block = rows(queries[start : start + chunk])
        nearest = torch.full((len(block),), torch.inf)
        index = torch.zeros(len(block), dtype=torch.long)
        for other in range(0, len(references), chunk):
            distances = torch.cdist(block, rows(references[other : other + chunk]))
            if same and other == start:
                distances.fill_diagonal_(torch.inf)
            smallest = distances.min(dim=1)
            closer = smallest.values < nearest
            nearest = torch.where(closer, smallest.values, nearest)
            index = torch.where(closer, smallest.indices + other, index)
        # cdist multiplies matrices, which blurs small distances: those of the chosen are taken again, exactly
        chosen = rows(references[index.numpy()])
        best.append((block - chosen).square().mean(dim=1).sqrt()), where.append(index)
    return Neighbours(torch.cat(where).numpy(), torch.cat(best).numpy())


def share_below(distances: np.ndarray, yardstick: np.ndarray, quantile: float = 0.01) -> float:
    """The share of `distances` (N,) smaller than all but the smallest 1% of the yardstick's distances, 0 to 1.

    About 0.01 where both are alike. Distances to the nearest training face: the share that looks copied. Distances to
    the nearest other sample: the share that looks repeated.
    """
    return float((distances < np.quantile(yardstick, quantile)).mean())


def frechet_distance(samples: np.ndarray, data: np.ndarray) -> float:
    """The Frechet distance of two sets of features (N, F), each taken as a Gaussian: 0 where they agree.

    |m - n|^2 + tr(A + B - 2 (A B)^(1/2)), Dowson and Landau 1982; Heusel et al. 2017 (arXiv 1706.08500) on Inception
    features. It depends on the features and on how many samples there are, and falls as these grow: compare like with
    like only.
    """
    _check_features(samples, data)
    m, n = samples.mean(0, dtype=np.float64), data.mean(0, dtype=np.float64)
    a, b = (np.atleast_2d(np.cov(x.astype(np.float64), rowvar=False)) for x in (samples, data))
    # tr (A B)^(1/2) is the sum of the roots of the eigenvalues of the symmetric a^(1/2) b a^(1/2)
    values, vectors = np.linalg.eigh(a)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ b @ root), 0, None)).sum()
    return max(0.0, float(((m - n) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * cross))  # rounding can go below 0


def kernel_distance(samples: np.ndarray, data: np.ndarray) -> float:
    """The squared maximum mean discrepancy of two sets of features (N, F), with the kernel (x.y / F + 1)^3.

    Unbiased (Gretton et al. 2012; Binkowski et al. 2018, arXiv 1801.01401, on Inception features): its mean does not
    depend on how many samples there are, so 64 do; it can fall a little below 0. Memory grows with N times N.
    """
    _check_features(samples, data)
    x, y = samples.astype(np.float64), data.astype(np.float64)

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a @ b.T / a.shape[1] + 1) ** 3

    def mean_off_diagonal(matrix: np.ndarray) -> float:
        return (matrix.sum() - np.trace(matrix)) / (len(matrix) * (len(matrix) - 1))

    return float(mean_off_diagonal(kernel(x, x)) + mean_off_diagonal(kernel(y, y)) - 2 * kernel(x, y).mean())


def _check_features(samples: np.ndarray, data: np.ndarray) -> None:
    if samples.ndim != 2 or data.ndim != 2 or samples.shape[1] != data.shape[1] or min(len(samples), len(data)) < 2:
        raise ValueError(f"features must be (N, F) and (M, F), N and M at least 2, not {samples.shape}, {data.shape}")
