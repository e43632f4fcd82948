"""Exercise 01.4: how many values a factor really has."""

import numpy as np

from animegan_workshop.checks.core import exercise, try_cases


def _shares(values: np.ndarray) -> np.ndarray:
    return np.unique(values, return_counts=True)[1] / len(values)


def _entropy(p: np.ndarray) -> float:
    return float(-(p * np.log(p)).sum())


def effective_number_of(values: np.ndarray) -> float:
    """exp(entropy) of the shares of the values (N,): as many equal values would be as varied."""
    return float(np.exp(_entropy(_shares(values))))


FAULTS = {
    "that is how many different values there are": lambda v: len(_shares(v)),
    "that is the entropy H itself: take exp(H)": lambda v: _entropy(_shares(v)),
    "that is the entropy in bits: take exp(H)": lambda v: _entropy(_shares(v)) / np.log(2),
    "the entropy has lost its minus sign": lambda v: 1 / effective_number_of(v),
    "you use counts for shares": lambda v: np.exp(_entropy(_shares(v) * len(v))),
    "log2 needs 2**H, the natural logarithm needs exp(H): yours are mixed": (
        lambda v: effective_number_of(v) ** (1 / np.log(2)),
        lambda v: effective_number_of(v) ** np.log(2),
    ),
    "log10 needs 10**H: yours are mixed": lambda v: effective_number_of(v) ** (1 / np.log(10)),
    "sum over the values, no mean": lambda v: effective_number_of(v) ** (1 / len(_shares(v))),
    "1 / sum p^2 is Simpson's number: take exp(H)": lambda v: 1 / (_shares(v) ** 2).sum(),
    "that is the share of the most frequent value": lambda v: _shares(v).max(),
    "that is how many faces there are": len,
}


@exercise("01.5", effective_number_of)
def effective_number(answer, seed):
    """(N,) of str -> exp(H), H = -sum p ln p over the shares p of the values."""
    uneven = np.array(["red"] * (7 + seed % 5) + ["green"] * 2 + ["blue"])
    even = np.array(["red", "green", "blue", "aqua"] * 5)
    try_cases(answer, effective_number_of, [(uneven,), (even,)], FAULTS)
    return "four equal values count as 4, uneven ones as fewer"
