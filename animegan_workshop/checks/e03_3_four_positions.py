"""Exercise 03.3: what a constant picture becomes."""

import numpy as np

from animegan_workshop.checks.tools import exercise, try_cases


def sums_of_positions(kernel: np.ndarray) -> np.ndarray:
    """kernel (k, k) -> (2, 2): the sum of the weights that land on each position at stride 2."""
    values = np.zeros((2, 2))
    for row, column in np.ndindex(2, 2):
        values[row, column] = kernel[row::2, column::2].sum()
    return values


FAULTS = """
    only some of the weights land on each position :: kernel[row::2, column::2] => kernel
    add up both every second row and every second column :: , column::2 => :: row::2 => :
    stamps lie 2 pixels apart: every second row, not every third :: ::2 => ::3
    add the weights up, do not average them :: .sum() => .mean()
    that is how many weights land on each position: add up the weights :: .sum() => .size
    that is one of the weights that land there: take their sum :: .sum() => .max(initial=-np.inf)
    add the weights with their signs :: kernel[row => abs(kernel)[row
    add up every second one, not one alone :: ::2, column::2].sum() => , column]
    do not turn or mirror the kernel :: kernel[row => kernel[::-1, ::-1][row
        :: kernel[row => kernel[::-1][row :: kernel[row => kernel[:, ::-1][row
    k may be any number: take the whole kernel, whatever its size
        :: kernel[row => kernel[:3, :3][row :: kernel[row => kernel[:4, :4][row
    no product of row sums and column sums: add up the entries themselves
        :: [row::2, column::2].sum() => [row::2].sum() * kernel[:, column::2].sum()
        :: [row::2, column::2].sum() => [row::2].sum() * kernel[:, column::2].sum() / kernel.sum()
    odd and even are swapped: kernel[0, 0] lands on (0, 0) :: [row, c => [1 - row, 1 - c
    do not scale the sums: they do not add up to 1 :: return values => return values / values.sum()
    those are the kernel's quarters; take every second row and column
        :: kernel[row::2, column::2] => np.array_split(np.array_split(kernel, 2)[row], 2, 1)[column]
        :: values[row, column] => values[1 - row, 1 - column] && kernel[row::2, column::2]
        => np.array_split(np.array_split(kernel[::-1, ::-1], 2)[row], 2, 1)[column]
"""


@exercise("03.3", sums_of_positions)
def four_positions(answer, seed):
    """kernel (k, k) -> (2, 2): what ones become at each position (row % 2, column % 2)."""
    random = np.random.default_rng(seed)
    try_cases(answer, sums_of_positions, [(random.normal(size=(k, k)),) for k in (4, 3, 5)], FAULTS)
    return "four positions, each with weights of its own"
