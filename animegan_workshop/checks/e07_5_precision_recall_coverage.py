"""Exercise 07.5: precision, recall and coverage by nearest neighbours."""

import numpy as np

from animegan_workshop.checks.tools import exercise, several, try_cases


def overlap_of(data: np.ndarray, samples: np.ndarray, k: int = 5) -> tuple[float, float, float]:
    """Precision, recall and coverage of data (N, F) and samples (M, F), balls to the k-th other."""
    far = lambda a, b: np.linalg.norm(a[:, None] - b, axis=-1)
    reach = lambda points: np.sort(far(points, points))[:, [k]]  # column 0 is the point itself
    across = far(data, samples)  # (N, M)
    in_data = across <= reach(data)
    in_samples = across.T <= reach(samples)  # (M, N)
    p, r, c = in_data.any(0).mean(), in_samples.any(0).mean(), in_data.any(1).mean()
    return p, r, c


FAULTS = """
a point is its own nearest neighbour: the k-th *other* one is column k :: [k] => [k - 1]
your balls reach one too far, to neighbour k + 1: take column k :: [k] => [k + 1]
a copy of a point is another point: leave out the point itself, not all at distance 0
:: np.sort(far(points, points)) => np.sort(np.where((d := far(points, points)) > 0, d, np.inf))
&& [k]] => [k - 1]]
`k` is not used: your balls reach to a fixed neighbour, always 5 :: far = => k = 5; far =
sort the distances first, from near to far :: np.sort( => (
the k-th nearest is asked for, not the k-th farthest :: [k] => [-1 - k]
compare distances, not the indices of neighbours :: np.sort => np.argsort
each ball has its own radius :: [:, [k]] => [:, k].mean() :: [:, [k]] => [:, k].max()
the radius is the distance to the k-th, no mean of k :: [k]] => 1 : k + 1].mean(1, keepdims=True)
square radius and distance, or neither :: (points, points) => (points, points) ** 2
:: across = far(data, samples) => across = far(data, samples) ** 2
data and samples are swapped :: far = => data, samples = samples, data; far =
the order is precision, recall, coverage :: return p, r, c => return r, p, c
:: return p, r, c => return c, p, r :: return p, r, c => return r, c, p
a point counts once, if any ball holds it :: .any( => .sum( :: .any( => .all(
:: .any(0) => .all(0) :: = in_data.any(0) => = in_data.all(0)
:: in_samples.any( => in_samples.all( :: in_data.any(1) => in_data.all(1)
the edge belongs to the ball: <=, not < :: <= => <
a ball reaches to the k-th other point of its own set
:: reach(samples) => np.sort(across.T)[:, [k - 1]] :: reach(samples) => np.sort(across.T)[:, [k]]
:: reach(data) => np.sort(across)[:, [k - 1]] :: reach(data) => np.sort(across)[:, [k - 1]]
&& reach(samples) => np.sort(across.T)[:, [k - 1]]
not all pairs count, but points: any ball will do :: .any(0) => :: = in_data.any(0) => = in_data
any ball will do, a wider one too, not only that of the nearest point
:: in_data.any(0) => in_data[across.argmin(0), range(len(samples))]
&& in_samples.any(0) => in_samples[across.argmin(1), range(len(data))]
return shares, from 0 to 1, not numbers of points: take the mean :: .mean() => .sum()
precision: the share of *samples* in a ball of the data :: = in_data.any(0) => = in_data.any(1)
recall: the balls of the samples count, and those alone :: in_samples.any(0) => in_data.any(1)
:: in_samples = across.T <= reach(samples) => in_samples = across.T <= reach(samples) * in_data.T
recall: the share of *faces* in a ball, not of balls :: in_samples.any(0) => in_samples.any(1)
coverage: the share of *balls of the data* with a sample :: in_data.any(1) => in_data.any(0)
:: in_data.any(1) => in_samples.any(1) :: in_data.any(1) => in_samples.any(0)
coverage: a ball needs one sample, not k of them :: in_data.any(1) => (in_data.sum(1) >= k)
coverage: a sample must lie in the ball; which face is its nearest does not matter
:: in_data.any(1) => (np.bincount(across.argmin(0), minlength=len(data)) > 0)
coverage: that is the density, which counts samples: count the balls that hold one
:: in_data.any(1) => (in_data.sum(0) / k)
coverage: that is the share of empty balls :: in_data.any(1) => (~in_data.any(1))
"""
FLAT = "row i has radius i: keep its dimension, [:, [k]] :: [:, [k]] => [:, k]"


@exercise("07.5", overlap_of)
def precision_recall_coverage(answer, seed):
    """data (N, F), samples (M, F), k -> (precision, recall, coverage)."""
    random = np.random.default_rng(seed)
    data, samples = random.normal(size=(60, 3)), random.normal(0.5, 0.7, (45, 3))
    several(answer(data.copy(), samples.copy(), 3), "three numbers, precision, recall, coverage", 3)
    # equally many first, so that radii of a wrong shape do not stop
    try_cases(answer, overlap_of, [(data[:45], samples, k) for k in (3, 4)], FAULTS + FLAT)
    grid = np.indices((5, 5)).reshape(2, -1).T + 0.0  # with many points on an edge
    twins = np.repeat(grid[:6], 2, axis=0)
    cases = [(data, samples, 3), (samples[:20], data, 5), (grid[::2], grid[:8], 2)]
    cases.append((twins, np.concatenate([twins[:4], twins[:4] + 0.5]), 1))
    try_cases(answer, overlap_of, cases, FAULTS)
    return "the balls of the data give precision and coverage, those of the samples recall"
