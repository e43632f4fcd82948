"""Exercise 07.1: a table of pairs."""

import numpy as np

from animegan_workshop.checks.core import exercise, try_cases


def count_pairs_of(a: np.ndarray, b: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Entry (i, j) of the table: for how many n is a[n] = i and b[n] = j. a, b: int (N,)."""
    table = np.zeros(shape, dtype=int)
    np.add.at(table, (a, b), 1)
    return table


def _once(a, b, shape):
    table = np.zeros(shape, dtype=int)
    table[a, b] += 1
    return table


FAULTS = {
    "a pair that comes several times counts once: table[a, b] += 1 adds a single 1 for each place, "
    "so use a loop or np.add.at": _once,
    "rows and columns are swapped: a says the row": (
        lambda a, b, shape: count_pairs_of(b, a, shape[::-1]),
        lambda a, b, shape: count_pairs_of(b, a, shape[::-1]).reshape(shape),
    ),
    "the size of the table is `shape`, also where the largest value does not occur": (
        lambda a, b, shape: count_pairs_of(a, b, (a.max() + 1, b.max() + 1))
    ),
    "return counts, not shares": lambda a, b, shape: count_pairs_of(a, b, shape) / len(a),
    "your table is flat: it must have rows and columns": (
        lambda a, b, shape: count_pairs_of(a, b, shape).ravel()
    ),
    "your table stays empty: add 1 for each pair": lambda a, b, shape: np.zeros(shape, dtype=int),
    "you only count the pairs with a[n] = b[n]": lambda a, b, shape: count_pairs_of(
        a[a == b], b[a == b], shape
    ),
}


@exercise("07.2", count_pairs_of)
def count_pairs(answer, seed):
    """a, b int (N,), shape (rows, columns) -> a table of counts."""
    random = np.random.default_rng(seed)
    cases = []
    for shape in ((4, 7), (5, 3)):
        a, b = (random.integers(0, size - 1, 60) for size in shape)
        cases.append((np.append(a, 1), np.append(b, 1), shape))
    try_cases(answer, count_pairs_of, cases, FAULTS)
    return "every pair is counted, and an empty place is 0"
