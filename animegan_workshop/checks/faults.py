"""Faults that can occur in any exercise, and the values that they lead to."""

from collections.abc import Iterable

import numpy as np

FACTORS = {
    "the angle is in degrees: sin and cos want radians": 180 / np.pi,
    "log2 stands where the natural logarithm belongs": 1 / np.log(2),
    "log10 stands where the natural logarithm belongs": 1 / np.log(10),
    "that is in percent": 100,
}

SUMS = (
    ("that is a sum over {n} values: take the mean", 1, 0),
    ("that is a mean over {n} values: take the sum", -1, 0),
    ("you divide by {n} - 1 where {n} belongs", 1, -2),
    ("you divide by {n} where {n} - 1 belongs", -1, 2),
    ("a variance or root of one divides by {n} - 1 where {n} belongs", 0.5, -1),
    ("a variance or root of one divides by {n} where {n} - 1 belongs", -0.5, 1),
)
"""What it means, n's power in the factor, and twice the power of n - 1."""


def faults_in_general(got: list, right: list, sizes: Iterable[int]) -> dict[str, list]:
    """Faults that need no table, whatever the exercise: sentence -> the values they lead to."""
    found = {"the sign is turned": [-r for r in right]}
    g, r = (np.concatenate([value.ravel() for value in values]) for values in (got, right))
    if np.ptp(r) > 0:
        factor, shift = g @ r / (r @ r), (g - r).mean()
        known = FACTORS | {
            words.format(n=n): n**power * (n - 1) ** (taken / 2)
            for n in sorted(set(sizes) - {0, 1})
            for words, power, taken in SUMS
        }
        found |= {words: [value * factor for value in right] for words, factor in known.items()}
        if f"{factor:.3g}" not in ("0", "1"):
            found[f"every value is {factor:.3g} times the right one"] = [factor * v for v in right]
        found |= {
            f"every value is too large by {shift:.3g}": [value + shift for value in right],
            "every value is the square of the right one": [value**2 for value in right],
            "every value is the root of the right one": [np.sqrt(abs(value)) for value in right],
            "the logarithm of the right value is asked for": [np.exp(v) for v in right],
            "that is the logarithm of the right value": [np.log(abs(v) + 1e-300) for v in right],
            "you lose the sign: no absolute values": [abs(value) for value in right],
        }
        found |= {
            f"you round to {places} decimals: keep all": [
                np.round(value, places) for value in right
            ]
            for places in range(1, 5)
        }
        low, high = g.min(), g.max()
        ends = f"your values end at {low:.3g} and {high:.3g}: do not limit them"
        if low == high:
            ends = f"every value is {low:.3g}, whatever your function is given"
        if ((r < low) | (r > high)).sum() > 1:  # one such value may be wrong for any reason
            found[ends] = [np.clip(value, low, high) for value in right]
        cut = np.array_equal(g, np.round(g)) and not np.array_equal(r, np.round(r))
        if cut and np.ptp(g) > 0 and abs(g - r).max() <= 1:
            found["those are whole numbers: the fraction is lost, keep floats"] = got
    if all(value.ndim and value.any() for value in right):
        units = [value / np.linalg.norm(value) for value in right]
        found["you divide by the length, which is asked for as well"] = units
    if all(value.ndim == 2 for value in right):
        found["rows and columns are swapped"] = [value.T for value in right]
    if all(value.ndim for value in right):
        found |= {
            "the order is turned round: the last value comes first": [v[::-1] for v in right],
            "every value stands one place too late": [np.roll(v, 1, 0) for v in right],
            "every value stands one place too early": [np.roll(v, -1, 0) for v in right],
        }
    if all(np.allclose(np.sort(a, None), np.sort(b, None)) for a, b in zip(got, right) if b.ndim):
        found["the values are right, but they stand in another order"] = [
            a if b.ndim else b for a, b in zip(got, right)
        ]
    return found
