"""Exercise 07.7: a bootstrap interval that is recentred."""

import numpy as np

from animegan_workshop.checks.core import demand, exercise, numbers, several


def bootstrap_interval_of(measure, data: np.ndarray, rounds: int = 200, seed: int = 0):
    """The 95% interval (low, high) of `measure(data)`, data (N, ...), moved onto the measure.

    Efron 1979, Annals of Statistics 7.
    """
    random = np.random.default_rng(seed)
    draws = (random.integers(0, len(data), len(data)) for _ in range(rounds))
    values = np.array([measure(data[rows]) for rows in draws])
    low, high = measure(data) + np.quantile(values - np.median(values), (0.025, 0.975))
    return float(low), float(high)


WIDTHS = {
    "that is a 90% interval: cut 2.5% off each side": 0.839,
    "that is a 99% interval: cut 2.5% off each side": 1.314,
    "that is one standard deviation each side: cut 2.5% off each side": 0.51,
    "that reaches from the smallest to the largest round: cut 2.5% off each side": 1.74,
}
"""Sentence -> how many times too wide such an interval is."""


@exercise("07.7", bootstrap_interval_of)
def bootstrap_interval(answer, seed):
    """measure, data (N, ...), rounds=200, seed=0 -> (low, high), 95%, around the measure itself."""
    data = np.random.default_rng(seed).normal(3, 2, 400)
    ask = lambda measure, rounds, data=data, **more: numbers(
        several(answer(measure, data.copy(), rounds=rounds, **more), "two numbers, (low, high)")
    ).astype(float)
    seen = []

    def mean(values):
        seen.append(np.sort(np.array(values, dtype=float)))
        return float(np.mean(values))

    low, high = ask(mean, 1_000)
    demand(low <= high, "low and high are swapped")
    demand(len(seen) >= 900, "`rounds` is not used: draw again so many times")
    sizes = {len(one) for one in seen}
    demand(sizes == {len(data)}, "each round must draw as many samples as there are")
    all_same = all(np.allclose(one, np.sort(data)) for one in seen)
    demand(not all_same, "every round has the same samples: draw *with* replacement")
    once = len(np.unique([one.sum() for one in seen]))
    demand(once > 500, "every round draws the same rows: seed once, before the loop")
    wide = (high - low) / (2 * 1.96 * data.std() / len(data) ** 0.5)
    about_zero = abs(low + high) < 0.2 < abs(data.mean())
    demand(not about_zero, "your interval lies around 0: add the measure of the data")
    root_n = "that is the spread of the data: the rounds' measures are asked for"
    demand(wide < 5 or abs(wide / 20 - 1) > 0.2, root_n)
    for sentence, factor in WIDTHS.items():
        demand(abs(wide / factor - 1) > 0.08, sentence)
    demand(0.85 < wide < 1.15, f"your interval of a mean is {wide:.2g} times the right width")
    kinds = np.random.default_rng(seed).integers(0, 60, 90)  # draws again lose some kinds
    count = lambda values: float(len(np.unique(values)))
    low, high = ask(count, 400, kinds)
    right = bootstrap_interval_of(count, kinds, 400)
    shift = (low + high - sum(right)) / 2
    late = "every round loses some kinds, so your interval lies too low: move its median onto "
    demand(shift > -4, late + "the measure of the data")
    demand(abs(shift) < 2.5, f"your interval is {shift:+.2g} off: its median is the measure itself")
    again = [ask(mean, 30, seed=4).tolist() for _ in range(2)]
    demand(again[0] == again[1], "the same seed must give the same interval: use `seed`")
    other = ask(mean, 30, seed=5).tolist()
    demand(other != again[0], "another seed must give other draws: use `seed`")
    return "it is as wide as the rounds say, and lies on the measure"
