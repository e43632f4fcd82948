"""Exercise 01.3: near-duplicates by thumbnails."""

import numpy as np

from animegan_workshop.checks.core import demand, each, edited, exercise, numbers


def near_duplicates_of(images: np.ndarray, threshold: float) -> list[tuple[int, int]]:
    """(i, j), i < j, of pictures (N, 3, 64, 64) whose thumbnails are nearer than `threshold`."""
    n = len(images)
    grey = images.mean(axis=1)  # (N, 64, 64)
    blocks = grey.reshape(n, 8, 8, 8, 8)  # block row, row, block column, column
    small = blocks.mean(axis=(2, 4)).reshape(n, 64)
    pairs = []
    for i in range(n):
        difference = small - small[i]
        distance = np.sqrt((difference**2).mean(axis=1))
        pairs += [(i, j) for j in range(i + 1, n) if distance[j] < threshold]
    return pairs


WHOLE = "blocks.mean(axis=(2, 4)).reshape(n, 64)"
FAULTS = {
    "those pairs are far apart: keep distances below the threshold": "< threshold => > threshold",
    "take the root of the mean squared difference": "np.sqrt => ",
    "take the mean over the 64 values, not the sum": "**2).mean => **2).sum",
    "square the differences: yours are absolute": (
        "np.sqrt((difference**2).mean(axis=1)) => np.abs(difference).mean(axis=1)"
    ),
    "absolute values are missing: square the differences": (
        "np.sqrt((difference**2).mean(axis=1)) => difference.mean(axis=1)"
    ),
    "you compare whole pictures: shrink them to 8x8 first": (
        f"{WHOLE} => grey.reshape(n, -1)",
        f"{WHOLE} => images.reshape(n, -1).astype(float)",
    ),
    "you keep every eighth pixel: average each block": (
        f"{WHOLE} => grey[:, ::8, ::8].reshape(n, 64)"
    ),
    "your blocks hold pixels from all over the picture: average over axes 2 and 4": (
        "(2, 4) => (1, 3)",
        "(2, 4) => (3, 4)",
        "(2, 4) => (1, 2)",
    ),
    "you compare colours: average the three channels first": (
        f"{WHOLE} => images.reshape(n, 3, 8, 8, 8, 8).mean(axis=(3, 5)).reshape(n, -1)"
    ),
    "grey is the plain mean of the three channels here": (
        "images.mean(axis=1) => np.einsum('nchw,c->nhw', images, [0.299, 0.587, 0.114])"
    ),
    "you compare each picture with the next one only: compare all": (
        "range(i + 1, n) => range(i + 1, n)[:1]"
    ),
    "you keep the nearest neighbour only: a picture can have several copies": (
        "< threshold => < min(threshold, distance[i + 1 :].min() + 1e-9)",
        "< threshold => < min(threshold, np.delete(distance, i).min() + 1e-9)",
    ),
    "a picture is its own copy in your list: leave out i = j": "i + 1, n => i, n",
    "each pair once, with i < j": (
        "range(i + 1, n) if => range(n) if j != i and",
        "(i, j) => (j, i)",
    ),
}


@exercise("01.4", near_duplicates_of)
def find_near_duplicates(answer, seed):
    """images uint8 (N, 3, 64, 64), threshold -> [(i, j), ...], i < j, nearer than the threshold."""
    random = np.random.default_rng(seed)
    base = random.integers(60, 190, (1, 3, 8, 8))
    coarse = random.normal(0, 1, (24, 3, 8, 8)) * random.uniform(1, 14, (24, 1, 1, 1))
    fine = random.normal(0, 4, (24, 3, 64, 64))
    images = np.kron(base + coarse, np.ones((8, 8))) + fine
    images = images.clip(0, 255).astype(np.uint8)
    thresholds = 5.3, 0.7, 43.0  # so that a wrong scale shows
    got = [_listed(answer(images.copy(), value)) for value in thresholds]
    right = [near_duplicates_of(images, value) for value in thresholds]
    for sentence, faults in FAULTS.items() if got != right else ():
        for fault in each(faults):
            wrong = [edited(near_duplicates_of, fault)(images, value) for value in thresholds]
            demand(got != [sorted(pairs) for pairs in wrong], sentence)
    for value, mine, ours in zip(thresholds, got, right):
        for pair in sorted(set(mine) ^ set(ours)):
            word = "misses" if pair in ours else "should not hold"
            demand(False, f"with threshold {value} your list {word} {pair}")
    demand(got == right, "your list holds some pairs twice")
    return "copies are found by their thumbnails"


def _listed(value) -> list[tuple[int, int]]:
    """An answer as a sorted list of pairs."""
    array = numbers(value)
    pairs = array.ndim == 2 and array.shape[1] == 2 or array.size == 0
    demand(pairs, f"return a list of pairs (i, j), not something of shape {array.shape}")
    return sorted(map(tuple, array.reshape(-1, 2).astype(int).tolist()))
