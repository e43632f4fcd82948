"""What a drawn face is: its factors, each with a label, and its nuisance, all without one.

Every random number of a face comes from (seed, index) alone and is used in one fixed order. So a
face does not change with the number of faces or processes. Holding a factor to some values leaves
everything else of the face as it was.
"""

from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from animegan_workshop.drawing.colours import TABLES

Only = Mapping[str, Sequence[str] | Mapping[str, float]]

FACTORS: dict[str, tuple[str, ...]] = {
    factor: tuple(TABLES[factor]) for factor in TABLES["factors"]
}
NUISANCE: list[str] = TABLES["nuisance"]
STRANDS = 32


@dataclass(frozen=True)
class FaceDescription:
    """One face before it is drawn.

    labels: the value of each of FACTORS. nuisance: one number in [0, 1) for each name of NUISANCE.
    strands: STRANDS numbers in [-1, 1) that place the single locks of hair.
    """

    labels: dict[str, str]
    nuisance: dict[str, float]
    strands: tuple[float, ...]

    def between(self, name: str, low: float, high: float) -> float:
        """The nuisance `name` stretched to the range low...high."""
        return low + (high - low) * self.nuisance[name]


def describe_face(index: int, seed: int = 0, only: Only | None = None) -> FaceDescription:
    """Describe face `index` (0, 1, ...) of `seed` (0 or more); the same on every machine.

    only: factor -> allowed values (equally likely), or factor -> {value: weight}. Without it, the
    factors are independent and every value has equal odds, except for skin and accessory.
    Raises ValueError for an unknown factor or value, a weight that makes no sense, and a negative
    index or seed.
    """
    if index < 0 or seed < 0:
        raise ValueError(f"index and seed are 0 or more, not {index} and {seed}")
    # Raw bits, not a Generator: only these are promised to stay the same in all NumPy versions.
    numbers = len(FACTORS) + len(NUISANCE) + STRANDS
    bits = np.random.PCG64(np.random.SeedSequence([seed, index])).random_raw(numbers)
    uniform = iter(((bits >> 11) * 2.0**-53).tolist())
    weights = value_weights(only)
    labels = {factor: _pick(next(uniform), weights[factor]) for factor in FACTORS}
    nuisance = {name: next(uniform) for name in NUISANCE}
    return FaceDescription(labels, nuisance, tuple(2 * u - 1 for u in uniform))


def value_weights(only: Only | None = None) -> dict[str, dict[str, float]]:
    """For each factor the values that may occur, with their weights (above 0, any sum).

    Raises ValueError as `describe_face` does.
    """
    weights = {
        factor: dict(zip(values, TABLES["odds"].get(factor, [1.0] * len(values))))
        for factor, values in FACTORS.items()
    }
    for factor, allowed in (only or {}).items():
        if factor not in FACTORS:
            raise ValueError(f"there is no factor {factor!r}; the factors are: {_listed(FACTORS)}")
        values = FACTORS[factor]
        # A text is refused, since it would be read letter by letter.
        if isinstance(allowed, str) or not isinstance(allowed, Iterable):
            raise ValueError(
                f"{factor}: give a list of values, as in [{values[0]!r}], not {allowed!r}"
            )
        given = allowed if isinstance(allowed, Mapping) else dict.fromkeys(allowed, 1.0)
        for value, weight in given.items():
            if value not in values:
                raise ValueError(
                    f"{factor} has no value {value!r}; its values are: {_listed(values)}"
                )
            if not 0 <= weight < float("inf"):
                raise ValueError(
                    f"{factor}: the weight of {value} is {weight}; a weight is a number, 0 or more"
                )
        # In the order of FACTORS, so that the order in which values are given changes no face.
        weights[factor] = {v: float(given[v]) for v in values if given.get(v, 0) > 0}
        if not weights[factor]:
            raise ValueError(f"{factor}: no value is left; its values are: {_listed(values)}")
    return weights


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _pick(u: float, weights: Mapping[str, float]) -> str:
    """The value at the share u (0...1) of the total weight."""
    values, bounds = list(weights), list(accumulate(weights.values()))
    return values[min(bisect(bounds, u * bounds[-1]), len(values) - 1)]


def parse_only(words: Sequence[str]) -> dict[str, dict[str, float]]:
    """Read the command line's form of `only`: hair=aqua,blue  hair=aqua:3,blue:1  style=1.

    A value is a name, or the index of one in FACTORS (from 0). A number after a colon is its
    weight (else 1).
    Raises ValueError, one line that lists the names that would do.
    """
    only: dict[str, dict[str, float]] = {}
    for word in words:
        factor, _, values = word.partition("=")
        if not values:
            raise ValueError(
                f"{word!r} is not like factor=value,value; the factors are: {_listed(FACTORS)}"
            )
        if factor in only:
            raise ValueError(
                f"{factor} is given twice; put its values in one list: {factor}=value,value"
            )
        names = FACTORS.get(factor, ())
        only[factor] = {}
        for value in values.split(","):
            name, colon, weight = value.partition(":")
            if name.isdecimal() and int(name) < len(names):
                name = names[int(name)]
            if name in only[factor]:
                raise ValueError(f"{word!r} names {name} twice")
            try:
                only[factor][name] = float(weight) if colon else 1.0
            except ValueError:
                raise ValueError(
                    f"{word!r}: {weight!r} after {name}: is not a weight (a number, as in 3)"
                ) from None
    value_weights(only)
    return only
