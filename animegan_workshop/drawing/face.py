"""What a drawn face is: its factors (each a label), its nuisance (all without a label), and how lots decide on both.

Every random number of a face comes from (seed, index) alone and is used in one fixed order. So a face does not change
with the number of faces or processes, and holding a factor to some values leaves everything else of the face as it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Only = Mapping[str, Sequence[str] | Mapping[str, float]]

FACTORS: dict[str, tuple[str, ...]] = {
    "hair": (
        "aqua",
        "black",
        "blonde",
        "blue",
        "brown",
        "gray",
        "green",
        "orange",
        "pink",
        "purple",
        "red",
        "white",
    ),
    "eyes": (
        "aqua",
        "black",
        "blue",
        "brown",
        "green",
        "orange",
        "pink",
        "purple",
        "red",
        "yellow",
    ),
    "hairstyle": (
        "long",
        "hime",
        "wavy",
        "bob",
        "short",
        "spiky",
        "twintails",
        "ponytail",
        "buns",
        "braids",
    ),
    "direction": ("left", "half-left", "front", "half-right", "right"),
    "expression": ("neutral", "smile", "laugh", "sad", "angry", "surprised"),
    "skin": ("pale", "fair", "tan", "brown", "dark"),
    "accessory": ("none", "glasses", "ribbon", "hairband", "flower", "cat-ears"),
    "style": ("cel", "soft", "bold", "pastel", "retro"),
}

# Where the values of a factor are not equally likely: near the real faces, which are mostly light-skinned and bare.
ODDS: dict[str, tuple[float, ...]] = {
    "skin": (0.48, 0.34, 0.09, 0.05, 0.04),
    "accessory": (0.45, 0.11, 0.11, 0.11, 0.11, 0.11),
}

# What varies without a label; each number is uniform in [0, 1).
NUISANCE = (
    "x",
    "y",
    "tilt",
    "size",
    "turn",
    "light",
    "warmth",
    "hair_hue",
    "hair_value",
    "eye_hue",
    "skin_value",
    "parting",
    "fringe",
    "fringe_length",
    "volume",
    "side",
    "eye_size",
    "gaze",
    "brow",
    "mouth",
    "blush",
    "accent",
    "clothes",
    "clothes_hue",
    "clothes_value",
    "backdrop",
    "backdrop_hue",
    "backdrop_value",
    "backdrop_angle",
)
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

    only: factor -> allowed values (equally likely), or factor -> {value: weight}. Without it, the factors are
    independent and every value has equal odds, save skin and accessory, which follow ODDS.
    Raises ValueError for a factor, value or weight that does not exist or makes no sense, and for negative numbers.
    """
    if index < 0 or seed < 0:
        raise ValueError(f"index and seed are 0 or more, not {index} and {seed}")
    # Raw bits, not a Generator: NumPy promises that only these stay the same from version to version.
    bits = np.random.PCG64(np.random.SeedSequence([seed, index])).random_raw(
        len(FACTORS) + len(NUISANCE) + STRANDS
    )
    uniform = ((bits >> 11) * 2.0**-53).tolist()
    weights = value_weights(only)
    labels = {factor: _pick(uniform[i], weights[factor]) for i, factor in enumerate(FACTORS)}
    rest = uniform[len(FACTORS) :]
    strands = tuple(2 * u - 1 for u in rest[len(NUISANCE) :])
    return FaceDescription(labels, dict(zip(NUISANCE, rest)), strands)


def value_weights(only: Only | None = None) -> dict[str, dict[str, float]]:
    """For each factor the values that may occur, with their weights (greater than 0, any sum). Raises as above."""
    weights = {
        f: dict(zip(values, ODDS.get(f, (1.0,) * len(values)))) for f, values in FACTORS.items()
    }
    for factor, allowed in (only or {}).items():
        if factor not in FACTORS:
            raise ValueError(
                f"there is no factor {factor!r}; the factors are: {', '.join(FACTORS)}"
            )
        if isinstance(allowed, str) or not isinstance(
            allowed, Iterable
        ):  # a text would be read letter by letter
            raise ValueError(
                f"{factor}: give a list of values, as in [{FACTORS[factor][0]!r}], not {allowed!r}"
            )
        given = dict(allowed) if isinstance(allowed, Mapping) else dict.fromkeys(allowed, 1.0)
        for value, weight in given.items():
            if value not in FACTORS[factor]:
                raise ValueError(
                    f"{factor} has no value {value!r}; its values are: {', '.join(FACTORS[factor])}"
                )
            if not 0 <= weight < float("inf"):
                raise ValueError(
                    f"{factor}: the weight of {value} is {weight}; a weight is a number of 0 or more"
                )
        # In the order of FACTORS, whatever order they were given in, so that the same choice gives the same faces.
        weights[factor] = {v: float(given[v]) for v in FACTORS[factor] if given.get(v, 0) > 0}
        if not weights[factor]:
            raise ValueError(
                f"{factor}: no value is left to draw from; its values are: {', '.join(FACTORS[factor])}"
            )
    return weights


def _pick(u: float, weights: Mapping[str, float]) -> str:
    """The value at the share u (0...1) of the total weight."""
    values, target, total = list(weights), u * sum(weights.values()), 0.0
    for value in values[:-1]:
        total += weights[value]
        if target < total:
            return value
    return values[-1]


def parse_only(words: Sequence[str]) -> dict[str, dict[str, float]]:
    """Read the command line's form of `only`: hair=aqua,blue  hair=aqua:3,blue:1  style=1.

    A value is a name, or the index of one in FACTORS (from 0); a number after a colon is its weight (else 1).
    Raises ValueError, one line that lists the names that would do.
    """
    only: dict[str, dict[str, float]] = {}
    for word in words:
        factor, sign, values = word.partition("=")
        if not sign or not values:
            raise ValueError(
                f"{word!r} is not of the form factor=value,value; the factors are: {', '.join(FACTORS)}"
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
