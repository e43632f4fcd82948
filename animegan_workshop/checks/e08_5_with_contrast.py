"""Exercise 08.5: the same pictures, with another contrast."""

import numpy as np

from animegan_workshop.checks.core import exercise, try_cases

EACH = (1, 2, 3)


def _ours(images: np.ndarray, wanted: float) -> np.ndarray:
    """Images (N, 3, H, W) -> the same, every deviation from a picture's mean times one factor."""
    mean = images.mean(EACH, keepdims=True)
    return mean + (images - mean) * wanted / images.std(EACH).mean()


def _around(images: np.ndarray, mean: np.ndarray | float, factor: np.ndarray | float) -> np.ndarray:
    return mean + (images - mean) * factor


FAULTS = {
    "each picture's own mean stays: do not multiply that as well": lambda x, c: _around(
        x, 0, c / x.std(EACH).mean()
    ),
    "take each picture's own mean, not that of the whole batch": lambda x, c: _around(
        x, x.mean(), c / x.std(EACH).mean()
    ),
    "one mean for a picture, not one for each colour": lambda x, c: _around(
        x, x.mean((2, 3), keepdims=True), c / x.std(EACH).mean()
    ),
    "one factor for all: the pictures keep their differences in contrast": lambda x, c: _around(
        x, x.mean(EACH, keepdims=True), c / x.std(EACH, keepdims=True)
    ),
    "the contrast is the mean of each picture's deviation, not that of all values": (
        lambda x, c: _around(x, x.mean(EACH, keepdims=True), c / x.std())
    ),
    "the factor is the wanted contrast divided by the one they have": (
        lambda x, c: _around(x, x.mean(EACH, keepdims=True), c),
        lambda x, c: _around(x, x.mean(EACH, keepdims=True), x.std(EACH).mean() / c),
        lambda x, c: _around(x, x.mean(EACH, keepdims=True), c * x.std(EACH).mean()),
    ),
    "add the mean again": lambda x, c: _ours(x, c) - x.mean(EACH, keepdims=True),
}


@exercise("08.4", _ours)
def with_contrast(answer, seed):
    """Images (N, 3, H, W), a contrast -> images of that mean contrast, with the same means."""
    random = np.random.default_rng(seed)
    spread = random.uniform(0.1, 0.5, (6, 1, 1, 1))
    colours = random.uniform(-0.3, 0.3, (6, 3, 1, 1))
    images = colours + spread * random.normal(size=(6, 3, 8, 8))
    try_cases(answer, _ours, [(images, 0.3), (images[:4], 0.5)], FAULTS)
    return "paler or stronger, and nothing else"
