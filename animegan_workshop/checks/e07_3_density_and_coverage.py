"""Exercise 07.3: density and coverage in a feature space."""

import numpy as np

from animegan_workshop.checks.core import close, compare, demand, exercise, several


def density_and_coverage_of(real: np.ndarray, fake: np.ndarray, k: int = 5) -> tuple[float, float]:
    """Density and coverage of features real (N, F) and fake (M, F), by k nearest neighbours.

    Each real point has a ball that reaches to its k-th nearest other real point. Density: in how
    many balls a fake lies on average, over k. Coverage: the share of balls that hold a fake.
    Naeem et al. 2020, arXiv 2002.09797.
    """
    reach = np.sort(_distances(real, real), axis=1)[:, k]  # column 0 is the point itself
    inside = _distances(real, fake) <= reach[:, None]  # (N, M)
    return float(inside.sum() / (k * len(fake))), float(inside.any(axis=1).mean())


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1))


@exercise("07.5", density_and_coverage_of)
def density_and_coverage(answer, seed):
    """real (N, F), fake (M, F), k -> (density, coverage), balls to the k-th nearest other real."""
    random = np.random.default_rng(seed)
    real, fake, k = random.normal(size=(60, 3)), random.normal(0.3, 0.6, (45, 3)), 4
    own, across = np.sort(_distances(real, real), axis=1), _distances(real, fake)
    around_fakes = across <= np.sort(_distances(fake, fake), axis=1)[:, k]
    inside, one_less = across <= own[:, [k]], across <= own[:, [k - 1]]
    n, m, balls = *inside.shape, inside.any(1)
    precision, density, coverage = inside.any(0).mean(), inside.sum() / (k * m), balls.mean()
    both = lambda inside: [inside.sum() / (k * m), inside.any(1).mean()]
    of_both = {
        "the two are swapped: first density, then coverage": [[coverage, density]],
        "a point is its own nearest neighbour: the k-th *other* one is column k": [both(one_less)],
        "your ball reaches one point too far: take column k": [both(across <= own[:, [k + 1]])],
        "your balls are around the fakes: they belong around the reals": [
            both(around_fakes),
            density_and_coverage_of(fake, real, k),
        ],
    }
    of_density = {
        "density: divide by k, so that reals among reals get about 1": inside.sum() / m,
        "density: divide by the number of fakes, not of reals": inside.sum() / (k * n),
        "density: divide by k and by the number of fakes": (inside.sum() / (n * m), inside.sum()),
        "density: count all balls a fake lies in; any ball is precision": precision,
    }
    of_coverage = {
        "coverage: that is the share of *fakes* in a ball: take the share of balls": precision,
        "coverage: a ball counts once: any, not sum": (inside.sum(1).mean(), inside.mean()),
        "coverage: divide by the number of reals": (balls.sum(), balls.sum() / m),
        "coverage: a ball needs one fake, not k of them": (inside.sum(1) >= k).mean(),
        "coverage: that is the share of empty balls": 1 - coverage,
    }
    got = several(answer(real.copy(), fake.copy(), k), "two numbers, (density, coverage)")
    for sentence, values in of_both.items():
        demand(not any(close(got, value) for value in values), sentence)
    compare(got[0], density, of_density, "density")
    compare(got[1], coverage, of_coverage, "coverage")
    return "density may pass 1, coverage may not"
