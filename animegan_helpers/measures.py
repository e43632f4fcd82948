"""Measures of a set of samples, beside what real faces get (notebooks 07, 08, 09).

`MEASURES` is the registry: the table, the curves of a run, measures.csv and the experiments read
it. A new measure is one more entry there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from animegan_helpers.attributes import AttributeNetwork, Names, name_faces
from animegan_helpers.neighbours import Closeness, Overlap, closeness, overlap

if TYPE_CHECKING:
    from animegan_helpers.reference import Reference


# Modes: combinations of labels, hair colour x eye colour say.


def count_modes(values: dict[str, np.ndarray], sizes: dict[str, int]) -> np.ndarray:
    """Counts (M,) of each combination of factors, the last factor running fastest.

    values: factor -> (N,) indices from 0 to sizes[factor] - 1; M: the product of the sizes.
    Raises ValueError for an index that is not there.
    """
    shape = tuple(sizes.values())
    modes = np.ravel_multi_index([values[factor] for factor in sizes], shape)
    return np.bincount(modes, minlength=int(np.prod(shape)))


def modes_covered(counts: np.ndarray, least: int = 1) -> int:
    """How many modes hold at least `least` samples."""
    return int((counts >= least).sum())


def kl_divergence(samples: np.ndarray, data: np.ndarray, pseudo_count: float = 0.5) -> float:
    """KL(samples || data) in nats of two histograms of counts (M,): 0 where they agree.

    Each mode gets `pseudo_count` added in both (0.5: the Jeffreys prior). Without it a mode that
    the data lacks would make KL infinite. Few samples alone make it about M / (2 N): compare with
    real faces at the same N.
    """
    p, q = samples + pseudo_count, data + pseudo_count
    p, q = p / p.sum(), q / q.sum()
    return float((p * np.log(p / q)).sum())


# Frechet distance: two sets of features as two Gaussians.


@dataclass
class Moments:
    """A set of features as a Gaussian: mean (F,), covariance (F, F), float64."""

    mean: np.ndarray
    covariance: np.ndarray

    @cached_property
    def root(self) -> np.ndarray:
        """The covariance's symmetric root (F, F)."""
        values, vectors = np.linalg.eigh(self.covariance)
        return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T


def moments(features: np.ndarray) -> Moments:
    """Of features (N, F), N at least 2; the covariance is the unbiased one."""
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"features must be (N, F), N at least 2, not {features.shape}")
    x = features.astype(np.float64)
    return Moments(x.mean(0), np.atleast_2d(np.cov(x, rowvar=False)))


def frechet_distance(samples: np.ndarray | Moments, data: np.ndarray | Moments) -> float:
    """The squared Frechet distance of two sets of features, each taken as a Gaussian.

    |m - n|^2 + tr(A + B - 2 (A B)^(1/2)), Dowson and Landau 1982; Heusel et al. 2017 (arXiv
    1706.08500) on Inception features. In squared units of the features: 0 where they agree. It
    depends on the features and falls as the samples grow in number: compare like with like only.
    On the attribute network's features we call it FCD, and never FID.
    """
    a, b = (x if isinstance(x, Moments) else moments(x) for x in (samples, data))
    # tr (A B)^(1/2) is the sum of the roots of the eigenvalues of the symmetric b^(1/2) a b^(1/2)
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(b.root @ a.covariance @ b.root), 0, None)).sum()
    squares = ((a.mean - b.mean) ** 2).sum() + np.trace(a.covariance) + np.trace(b.covariance)
    return max(0.0, float(squares - 2 * cross))  # rounding can go below 0


# Intervals


def share_interval(hits: int, count: int) -> tuple[float, float]:
    """The 95% interval of a share, `hits` of `count` (Wilson 1927). It has a width at 0 and 1."""
    share, z = hits / count, 1.96
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z * (share * (1 - share) / count + z**2 / (4 * count**2)) ** 0.5 / (1 + z**2 / count)
    low, high = min(share, middle - half), max(share, middle + half)  # rounding could part them
    return max(0.0, low), min(1.0, high)


def bootstrap_interval(
    measure: Callable[[np.ndarray], float], count: int, rounds: int = 100, seed: int = 0
) -> tuple[float, float]:
    """The 95% interval of `measure(rows)`, when the `count` samples are drawn again (Efron 1979).

    Drawing with replacement biases these measures, so the interval is centred again: the rounds'
    median lies on the measure itself. Nothing here can be below 0, so the interval ends there.
    The interval says how much another draw of as many samples would differ. It does not say how
    far a small sample is off: what real faces get at the same size says that.
    """
    random = np.random.default_rng(seed)
    values = np.array([measure(random.integers(0, count, count)) for _ in range(rounds)])
    ends = np.quantile(values - np.median(values), (0.025, 0.975))
    low, high = measure(np.arange(count)) + ends
    return max(0.0, float(low)), float(high)


# The registry


@dataclass
class Sample:
    """What the measures look at: what was seen in N samples, N at least 3, and the reference.

    near: their nearest training faces, None where the faces themselves are not there.
    """

    names: Names
    reference: "Reference"
    near: Closeness | None = None

    @cached_property
    def counts(self) -> np.ndarray:
        """(M,) how many samples fell into each mode."""
        return count_modes(self.names.values, self.reference.sizes)

    @cached_property
    def few(self) -> int:
        """How many samples are compared one by one with as many faces."""
        return min(len(self.names.features), len(self.reference.features))

    @cached_property
    def overlap(self) -> Overlap:
        """Of the first `few` samples with as many faces."""
        samples, data = self.names.features[: self.few], self.reference.features[: self.few]
        return overlap(samples, data, k=min(5, self.few - 1))


@dataclass(frozen=True)
class Measure:
    """A number that says how good a set of samples is.

    name: of its column and key; label: what a table or a plot calls it; better: "higher" or
    "lower". function: a `Sample` gives a float, or (N,) yes or no, whose share is the measure.
    It gives None where it needs faces that are not there.
    most: what it cannot exceed, given the reference.
    """

    name: str
    label: str
    better: str
    function: Callable[[Sample], float | np.ndarray | None]
    most: Callable[["Reference"], float] = lambda reference: inf

    def value(self, sample: Sample) -> float | int | None:
        """The measure of the sample."""
        result = self.function(sample)
        return float(result.mean()) if isinstance(result, np.ndarray) else result

    def interval(self, sample: Sample) -> tuple[float, float]:
        """Its 95% interval: Wilson's for a share, else by the bootstrap."""
        result = self.function(sample)
        if isinstance(result, np.ndarray):
            return share_interval(int(result.sum()), len(result))

        def again(rows: np.ndarray) -> float:
            return self.function(Sample(sample.names.subset(rows), sample.reference))

        low, high = bootstrap_interval(again, len(sample.names.features))
        return low, min(high, self.most(sample.reference))


MEASURES = (
    Measure(
        "modes",
        "modes covered",
        "higher",
        lambda s: modes_covered(s.counts),
        most=lambda reference: len(reference.counts),
    ),
    Measure(
        "kl", "KL divergence (nats)", "lower", lambda s: kl_divergence(s.counts, s.reference.counts)
    ),
    Measure(
        "frechet",
        "Fréchet distance (FCD)",
        "lower",
        lambda s: frechet_distance(s.names.features, s.reference.moments),
    ),
    Measure("precision", "precision", "higher", lambda s: s.overlap.precise),
    Measure("recall", "recall", "higher", lambda s: s.overlap.recalled),
    Measure("coverage", "coverage", "higher", lambda s: s.overlap.covered),
    Measure("copied", "copies (share)", "lower", lambda s: s.near and s.near.copied),
    Measure("repeated", "repeats (share)", "lower", lambda s: s.near and s.near.repeated),
)
"""All measures, in the order of the table."""


def quick_row(names: Names, reference: "Reference", near: Closeness | None = None) -> dict:
    """Every measure that can be taken, without intervals: name -> number, and "count".

    It takes seconds for 2,000 samples.
    """
    sample = Sample(names, reference, near)
    values = {measure.name: measure.value(sample) for measure in MEASURES}
    known = {name: value for name, value in values.items() if value is not None}
    return {"count": len(names.features)} | known


def full_row(names: Names, reference: "Reference", near: Closeness | None = None) -> dict:
    """The same with a 95% interval for each, the counts of the modes, and how many were looked at.

    The intervals are over other draws of the samples. Those of recall and coverage, which are
    shares of the reference, are over other draws of that.
    """
    row, sample = quick_row(names, reference, near), Sample(names, reference, near)
    for measure in MEASURES:
        if measure.name in row:
            row[f"{measure.name}_interval"] = measure.interval(sample)
    row |= {"few": sample.few, "counts": sample.counts.tolist()}
    return row | ({"neighbours": len(near.copied)} if near else {})


def measure_samples(
    samples: np.ndarray,
    network: AttributeNetwork,
    reference: "Reference",
    real: dict,
    training: np.ndarray | None = None,
    neighbours: int = 500,
    progress: bool = False,
) -> dict:
    """Measures uint8 samples (N, 3, 64, 64) against a reference. Returns a dict ready for JSON.

    network: the one that saw the reference, so that its mistakes fall on both sides; real: what
    real faces get, a `yardstick`. training: uint8 faces among which the first `neighbours` samples
    are looked up. Without them nothing is said of copies and repeats.
    Raises ValueError for fewer than 3 samples.
    """
    if len(samples) < 3:
        raise ValueError(f"{len(samples)} samples are too few to measure: use at least 3")
    names = name_faces(network, samples, progress="naming samples" if progress else None)
    near = None if training is None else closeness(samples, training, neighbours, progress)
    return {
        "modes_possible": len(reference.counts),
        "factors": reference.factors,
        "reference": {
            "count": reference.count,
            "modes": modes_covered(reference.counts),
            "counts": reference.counts.tolist(),
            "network": reference.network,
        },
        "samples": full_row(names, reference, near),
        "real": real,
    }


# The table


def number(value: float) -> str:
    """A measure as text: whole numbers with commas, others with four digits."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def interval(row: dict, name: str) -> str:
    """The 95% interval of a measure as text."""
    low, high = row[f"{name}_interval"]
    return f"{number(low)} to {number(high)}"


def table(measures: dict) -> str:
    """The measures as text: samples with their 95% intervals, beside real faces."""
    samples, real, reference = measures["samples"], measures["real"], measures["reference"]
    lines = [
        f"{'':24}{'samples':>10}  {'95% interval':20}{'real faces':>12}",
        f"{'pictures measured':24}{samples['count']:>10,}{real['count']:>34,}",
    ]
    for measure in MEASURES:
        if (name := measure.name) in samples:
            value, luck = number(samples[name]), interval(samples, name)
            faces = number(real[name]) if name in real else "about 0.01"  # by definition
            lines.append(f"{measure.label:24}{value:>10}  {luck:20}{faces:>12}")
    many = samples.get("neighbours")
    looked_up = f"use {many:,} pictures" if many else "need the faces"
    lines += [
        f"against {reference['count']:,} real faces by {reference['network'] or 'a new network'}; "
        f"they cover {reference['modes']} of {measures['modes_possible']} modes",
        f"precision, recall, coverage use {samples['few']:,} pictures; copies, repeats {looked_up}",
    ]
    return "\n".join(lines)
