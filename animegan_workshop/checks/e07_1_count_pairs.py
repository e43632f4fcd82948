"""Exercise 07.1: a table of pairs."""

import numpy as np

from animegan_workshop.checks.tools import demand, exercise, try_cases


def count_pairs_of(a: np.ndarray, b: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Entry (i, j) of the table: for how many n is a[n] = i and b[n] = j. a, b: int (N,)."""
    table = np.zeros(shape, dtype=int)
    for i, j in zip(a, b):
        table[i, j] += 1
    return table


FAULTS = """
a pair that comes several times counts once: use a loop with += 1, or np.add.at :: += 1 => = 1
rows and columns are swapped :: [i, j] => [j, i] :: (shape => (shape[::-1] && [i, j] => [j, i]
rows and columns are numbered from 0: do not take 1 off :: [i, j] => [i - 1, j - 1]
the flat place of a pair is a * columns + b :: [i, j] => [divmod(i * shape[0] + j, shape[1])]
bins end at `shape`, not the largest value :: return table => return np.histogram2d(a, b, shape)[0]
count each a with its own b, not with every b :: zip(a, b) => ((i, j) for i in a for j in b)
both must hold, a[n] = i and b[n] = j: yours counts where one of them does
:: table[i, j] += 1 => table[i] += 1; table[:, j] += 1
:: table[i, j] += 1 => table[i] += 1; table[:, j] += 1; table[i, j] -= 1
an empty place is 0: yours repeat the first counts
:: return table => return np.resize(np.bincount(a * shape[1] + b), shape)
only the first pair is counted: return after the loop :: += 1 => += 1; break
one pair is left out, the last or the first :: (a, b): => (a[:-1], b): :: (a, b): => (a[1:], b[1:]):
return counts, not shares :: return table => return table / len(a)
8 bits hold no count above 255: use dtype int :: =int => =np.uint8 :: =int => =np.int8
"""


@exercise("07.2", count_pairs_of)
def count_pairs(answer, seed):
    """a, b int (N,), shape (rows, columns) -> a table of counts."""
    random = np.random.default_rng(seed)
    # no value is above 3, so that rows and columns may be swapped without an IndexError
    cases = [(*random.integers(0, 4, (2, n)), shape) for n, shape in ((61, (5, 7)), (40, (6, 4)))]
    cases += [
        (np.ones(300, int), np.zeros(300, int), (2, 3)),
        (np.array([1]), np.array([3]), (4, 5)),
    ]
    try_cases(answer, count_pairs_of, cases, FAULTS, hint=": `shape` says its rows and columns")
    kind = answer(*cases[0]).dtype
    demand(kind.kind in "iu", f"counts are whole numbers, dtype int: yours are {kind}")
    return "every pair is counted, and an empty place is 0"
