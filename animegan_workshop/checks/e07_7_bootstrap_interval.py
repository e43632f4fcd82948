"""Exercise 07.7: a bootstrap interval that is recentred."""

import numpy as np

from animegan_workshop.checks.tools import exercise, try_cases


def bootstrap_interval_of(measure, data: np.ndarray, rounds: int = 200, seed: int = 0):
    """The 95% interval (low, high) of `measure(data)`, data (N, ...), moved onto the measure.

    Efron 1979, Annals of Statistics 7.
    """
    random, data, n = np.random.default_rng(seed), data.copy(), len(data)
    values = []
    for _ in range(rounds):
        drawn = data[random.integers(0, n, n)]
        values.append(measure(drawn))
    middle = np.median(values)
    low, high = np.quantile(values, (0.025, 0.975)) - middle + measure(data)
    return low, high


FAULTS = """
every round is the same: draw *with* replacement, and make the generator once, before the loop
:: integers(0, n, n) => permutation(n)
:: drawn = => random = np.random.default_rng(seed); drawn =
`rounds` is not used: yours are always 200 :: range(rounds) => range(200)
use the `seed` that is given, with default_rng(seed) :: rng(seed) => rng(0) :: rng(seed) => rng(42)
:: np.random.default_rng(seed) => np.random.RandomState(seed) && integers => randint
each round must draw as many rows as there are, len(data) :: 0, n, n) => 0, n, n // 2)
a row is never drawn: integers(0, N, N) gives 0 to N - 1 :: 0, n, => 0, n - 1, :: 0, n, => 1, n,
draw whole rows, not single numbers
:: data[random.integers(0, n, n)] => random.choice(data.ravel(), data.size).reshape(data.shape)
your function changes data, which it was given :: drawn = => drawn = data[:] =
low comes first, then high :: return low, high => return high, low
the rounds must be moved: their median is the measure of the data :: - middle + measure(data) =>
move the median of the rounds onto the measure, not their mean :: np.median => np.mean
your interval lies around 0: move it onto the measure of the data :: + measure(data) =>
the shift goes the wrong way: the median of the rounds must end on the measure
:: - middle + measure(data) => + middle - measure(data)
your interval is mirrored: the low end is far where the high one should be
:: = np.quantile => = 2 * middle - np.quantile && (0.025, 0.975) => (0.975, 0.025)
:: np.quantile(values, (0.025, 0.975)) - middle
=> -np.quantile(values, (0.975, 0.025)) + measure(data)
take the quantiles at 0.025 and 0.975: yours are others :: (0.025, 0.975) => (0.05, 0.95)
:: (0.025, 0.975) => (0.005, 0.995) :: (0.025, 0.975) => (0.16, 0.84) :: (0.025, => (0.25,
:: (0.025, 0.975) => (0, 1) :: (0.025, 0.975) => (0.25, 0.75) :: (0.025, 0.975) => (0.01, 0.99)
np.percentile takes percent: 2.5 and 97.5 :: (0.025, 0.975) => (0.00025, 0.00975)
take quantiles, not the standard deviation
:: np.quantile(values, (0.025, 0.975)) => middle + np.array([-1.96, 1.96]) * np.std(values)
:: np.quantile(values, (0.025, 0.975)) => middle + np.array([-1, 1]) * np.std(values)
"""


@exercise("07.7", bootstrap_interval_of)
def bootstrap_interval(answer, seed):
    """measure, data (N, ...), rounds=200, seed=0 -> (low, high), 95%, around the measure itself."""
    random = np.random.default_rng(seed)
    sets = [random.lognormal(size=(n, 2)) * (1, 9) for n in (40, 31)]

    def measure(rows):  # its rounds lie lower than itself, and askew
        return float(np.sqrt(np.var(rows[:, 0]) * np.var(rows[:, 1])))

    cases = [(measure, sets[0], 60, seed + 4), (measure, sets[1], 45, seed + 5)]
    try_cases(answer, bootstrap_interval_of, cases, FAULTS, hint=": low and high")
    return "the width fits the rounds, and the centre the measure"
