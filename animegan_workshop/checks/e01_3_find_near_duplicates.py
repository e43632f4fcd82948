"""Exercise 01.3: near-duplicates by thumbnails."""

import numpy as np

from animegan_workshop.checks.tools import demand, exercise, shorten, with_faults


def near_duplicates_of(images: np.ndarray, threshold: float) -> list[tuple[int, int]]:
    """(i, j), i < j, of pictures (N, 3, 64, 64) whose thumbnails are nearer than `threshold`."""
    n, pairs = len(images), []
    grey = images.mean(axis=1)  # (N, 64, 64)
    blocks = grey.reshape(n, 8, 8, 8, 8)  # block row, row, block column, column
    small = blocks.mean(axis=(2, 4)).reshape(n, -1)
    for i in range(n):
        difference = small - small[i]
        distance = np.sqrt((difference**2).mean(axis=1))
        pairs += [(i, j) for j in range(i + 1, n) if distance[j] < threshold]
    return pairs


FAULTS = """
keep distances below the threshold :: < threshold => > threshold :: < threshold => <= threshold
the threshold is an argument, not always 10 :: < threshold => < 10
take the root of the mean squared difference :: np.sqrt =>
take the mean over the 64 values, not the sum :: **2).mean => **2).sum
square the differences, no absolute values :: np.sqrt((difference**2) => (abs(difference)
shrink the pictures to 8x8 first :: blocks.mean(axis=(2, 4)) => grey
:: blocks.mean(axis=(2, 4)) => images.astype(float)
you keep every eighth pixel: average each block :: blocks.mean(axis=(2, 4)) => grey[:, ::8, ::8]
average over axes 2 and 4: your blocks hold pixels from all over the picture
:: (2, 4) => (1, 3) :: (2, 4) => (3, 4) :: (2, 4) => (1, 2) :: (2, 4) => (1, 4) :: (2, 4) => (2, 3)
average the three channels first :: grey.reshape(n, => images.reshape(n * 3,
grey is the plain mean of the three channels :: .mean(axis=1)  # => [:, 0] #
:: images.mean(axis=1) => np.einsum('nchw,c->nhw', images, [0.299, 0.587, 0.114])
the channels are added as uint8, which ends at 255 :: .mean(axis=1)  # => .sum(1, np.uint8) / 3 #
you compare each picture with the next one only: compare all pairs :: + 1, n) => + 1, n)[:1]
the first or last picture is left out: compare all pairs
:: i + 1, n) => i + 1, n - 1) :: in range(n) => in range(1, n)
a copy may have more copies: compare all pairs, skip none
:: < threshold => < threshold and i not in sum(pairs, ())
:: < threshold => < threshold and j not in sum(pairs, ())
:: < threshold => < threshold and {i, j}.isdisjoint(sum(pairs, ()))
keep each thumbnail's brightness: subtract no mean
:: reshape(n, -1) => reshape(n, -1); small -= small.mean(axis=1, keepdims=True)
keep thumbnails as floats: whole numbers lose decimals, and uint8 wraps round
:: reshape(n, -1) => reshape(n, -1).astype(np.uint8) :: reshape(n, -1) => reshape(n, -1).round()
:: reshape(n, -1) => reshape(n, -1).astype(int)
:: reshape(n, -1) => reshape(n, -1).astype(np.uint8) && difference**2 => difference.astype(int) ** 2
do not stop at the first copy or keep the nearest alone :: threshold] => threshold][:1]
:: < threshold => < min(threshold, distance[i + 1 :].min() + 1e-9)
the second place is counted from i + 1: add i + 1 to it :: (i, j) => (i, j - i - 1)
a picture is no copy of itself: leave out i = j :: i + 1, n => i, n
each pair once, with i < j :: i + 1, n => n :: n) if => n) if j != i and && i + 1, n => n
:: (i, j) => (j, i)
"""


def _listed(value) -> list[tuple[int, int]]:
    """An answer as a sorted list of pairs."""
    pairs = isinstance(value, list) and all(isinstance(p, tuple) and len(p) == 2 for p in value)
    demand(pairs, f"return a list of tuples (i, j), not {shorten(value)}")
    return sorted(value)


@exercise("01.4", near_duplicates_of)
def find_near_duplicates(answer, seed):
    """images uint8 (N, 3, 64, 64), threshold -> [(i, j), ...], i < j, nearer than the threshold."""
    random = np.random.default_rng(seed)
    base = random.integers(60, 190, (1, 3, 8, 8))
    coarse = random.normal(0, [[[0.5]], [[1]], [[2]]], (24, 3, 8, 8)) * random.uniform(
        1, 9, (24, 1, 1, 1)
    )
    fine = random.normal(0, 4, (24, 3, 64, 64))
    images = (np.kron(base + coarse, np.ones((8, 8))) + fine).clip(0, 255).astype(np.uint8)
    flat = np.full((3, 3, 64, 64), np.array([100, 103, 109]).reshape(3, 1, 1, 1), np.uint8)
    images.flags.writeable = flat.flags.writeable = False  # as the faces of the notebook are
    cases = (images, 5.3), (images, 0.7), (images, 43.0), (flat, 6)  # so that a wrong scale shows
    got, right = ([_listed(find(*case)) for case in cases] for find in (answer, near_duplicates_of))
    for sentence, find in with_faults(near_duplicates_of, FAULTS) if got != right else ():
        demand(got != [_listed(find(*case)) for case in cases], sentence)
    for (_, threshold), mine, ours in zip(cases, got, right):
        for pair in sorted(set(mine) ^ set(ours)):
            word = "misses" if pair in ours else "should not hold"
            demand(False, f"with threshold {threshold} your list {word} {pair}")
    demand(got == right, "your list holds some pairs twice")
    return "copies are found by their thumbnails"
