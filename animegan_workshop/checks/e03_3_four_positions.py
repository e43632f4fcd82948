"""Exercise 03.3: what a constant picture becomes."""

import numpy as np

from animegan_workshop.checks.core import exercise, try_cases


def sums_of_positions(kernel: np.ndarray) -> np.ndarray:
    """kernel (k, k) -> (2, 2): the sum of the weights that land on each position at stride 2."""
    return np.array([[kernel[a::2, b::2].sum() for b in (0, 1)] for a in (0, 1)])


def _quarters(kernel: np.ndarray) -> np.ndarray:
    half = len(kernel) // 2
    parts = slice(None, half), slice(half, None)
    return np.array([[kernel[rows, columns].sum() for columns in parts] for rows in parts])


FAULTS = {
    "those are the sums of the kernel's quarters; stamps lie 2 pixels apart": _quarters,
    "only some of the weights land on each position": (
        lambda kernel: np.full((2, 2), kernel.sum())
    ),
    "add the weights up, do not average them": (
        lambda kernel: sums_of_positions(kernel) / sums_of_positions(np.ones_like(kernel)),
        lambda kernel: sums_of_positions(kernel) / 4,
    ),
    "that is how many weights land on each position: add up the weights": (
        lambda kernel: sums_of_positions(np.ones_like(kernel))
    ),
    "add the weights with their signs": lambda kernel: sums_of_positions(abs(kernel)),
    "you take one weight for each position; several stamps overlap there": (
        lambda kernel: kernel[:2, :2]
    ),
    "the positions are turned round: kernel[0, 0] belongs to position (0, 0)": (
        lambda kernel: sums_of_positions(kernel)[::-1, ::-1]
    ),
}


@exercise("03.3", sums_of_positions)
def four_positions(answer, seed):
    """kernel (k, k) -> (2, 2): what ones become at each position (row % 2, column % 2)."""
    random = np.random.default_rng(seed)
    cases = [(random.normal(size=(k, k)),) for k in (4, 3, 5)]
    try_cases(answer, sums_of_positions, cases, FAULTS)
    return "four positions, each with weights of its own"
