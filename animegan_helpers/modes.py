"""Mode spread: how many modes the samples cover, how evenly, and whether they repeat or copy.

A mode is a combination of labels, hair colour x eye colour say. Samples and data are counted over the same modes.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch


def count_modes(values: dict[str, np.ndarray], sizes: dict[str, int]) -> np.ndarray:
    """Counts (M,) of each combination of factors, M the product of their sizes, the last factor running fastest.

    values: factor -> (N,) indices from 0 to sizes[factor] - 1.
    """
    indices = np.ravel_multi_index([values[factor] for factor in sizes], tuple(sizes.values()))
    return np.bincount(indices, minlength=int(np.prod(list(sizes.values()))))


def mode_names(names: dict[str, list[str]]) -> list[str]:
    """The names of the combinations, in the order of count_modes."""
    return [" / ".join(combination) for combination in product(*names.values())]


def modes_covered(counts: np.ndarray, least: int = 1) -> int:
    """How many modes hold at least `least` samples."""
    return int((counts >= least).sum())


def kl_divergence(samples: np.ndarray, data: np.ndarray, pseudo_count: float = 0.5) -> float:
    """KL(samples || data) in nats between two histograms of counts (M,); 0 where they agree.

    Every mode that either has gets `pseudo_count` added in both (0.5: Jeffreys' prior), so that a mode the data lacks
    is dear but not infinitely so. Modes that neither has are left out.
    """
    present = (samples > 0) | (data > 0)
    p, q = (counts[present] + pseudo_count for counts in (samples, data))
    p, q = p / p.sum(), q / q.sum()
    return float((p * np.log(p / q)).sum())


def js_divergence(samples: np.ndarray, data: np.ndarray) -> float:
    """The Jensen-Shannon divergence of two histograms of counts (M,), in nats: 0 (agree) to ln 2 = 0.693 (disjoint)."""
    p, q = samples / samples.sum(), data / data.sum()
    middle = (p + q) / 2

    def kl(a: np.ndarray) -> float:
        seen = a > 0
        return float((a[seen] * np.log(a[seen] / middle[seen])).sum())

    return (kl(p) + kl(q)) / 2


def bootstrap(measure, counts: np.ndarray, rounds: int = 200, seed: int = 0) -> tuple[float, float]:
    """The central 95% of `measure(counts)` when the samples are drawn again with replacement (Efron 1979)."""
    random = np.random.default_rng(seed)
    values = [measure(random.multinomial(counts.sum(), counts / counts.sum())) for _ in range(rounds)]
    return tuple(float(v) for v in np.quantile(values, (0.025, 0.975)))


@dataclass
class Neighbours:
    """For each of N queries its nearest reference: indices (N,) and distances (N,)."""

    indices: np.ndarray
    distances: np.ndarray


def nearest_neighbours(queries: np.ndarray, references: np.ndarray, *, same: bool = False,
                       chunk: int = 2_000) -> Neighbours:  # fmt: skip
    """Nearest references by the root mean square difference over all components of (N, ...) arrays.

    For uint8 images that is in grey levels, 0 to 255. same: queries are the references, and no face may be its own
    neighbour. Memory grows with the chunk alone; time with N times the number of references.
    """
    components = int(np.prod(queries.shape[1:]))

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
        best.append(nearest), where.append(index)
    return Neighbours(torch.cat(where).numpy(), (torch.cat(best) / components**0.5).numpy())


def share_of_duplicates(distances: np.ndarray, threshold: float) -> float:
    """The share of samples whose nearest other sample is closer than `threshold`, in the distances' unit."""
    return float((distances < threshold).mean())


def frechet_distance(samples: np.ndarray, data: np.ndarray) -> float:
    """The Frechet distance of two sets of features (N, F), each taken as a Gaussian: 0 where they agree.

    |m - n|^2 + tr(A + B - 2 (A B)^(1/2)), Dowson and Landau 1982; Heusel et al. 2017 (arXiv 1706.08500) on Inception
    features. It depends on the features and on how many samples there are: compare like with like only.
    """
    m, n = samples.mean(0, dtype=np.float64), data.mean(0, dtype=np.float64)
    a, b = np.cov(samples, rowvar=False), np.cov(data, rowvar=False)
    # tr (A B)^(1/2) is the sum of the roots of the eigenvalues of the symmetric a^(1/2) b a^(1/2)
    values, vectors = np.linalg.eigh(a)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ b @ root), 0, None)).sum()
    return float(((m - n) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * cross)
