"""Exercise 08.4: the slope of a line, and how sure we are of it."""

import numpy as np

from animegan_workshop.checks.core import compare, exercise, numbers, several


def _ours(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """x, y (n,) -> the slope of the least-squares line, and its standard error."""
    line, covariance = np.polyfit(x, y, 1, cov=True)
    return float(line[0]), float(covariance[0, 0] ** 0.5)


@exercise("08.4", _ours)
def slope_and_error(answer, seed):
    """x, y (n,) -> the slope of the least-squares line, and its standard error."""
    random = np.random.default_rng(seed)
    x = np.sort(random.uniform(5, 20, 12))
    y = 3 * x + 7 + random.normal(0, 4, 12)
    slope, error = _ours(x, y)
    n, spread = len(x), ((x - x.mean()) ** 2).sum()
    squares = error**2 * spread * (n - 2)  # the sum of the squared residuals
    of_y = ((y - y.mean()) ** 2).sum()
    got = several(answer(x.copy(), y.copy()), "two numbers, the slope and its error")
    slopes = {
        "the two are swapped: the slope comes first": error,
        "that is the intercept: polyfit gives the slope first": y.mean() - slope * x.mean(),
        "subtract the mean of x first: the line need not go through 0": (x * y).sum()
        / (x**2).sum(),
        "that is the slope of x over y": slope * spread / of_y,
        "divide by the squared spread of x, not by its root": slope * spread**0.5,
        "that is the correlation: divide by the spread of x alone": slope * (spread / of_y) ** 0.5,
        "that is from the first point to the last: all points count": (y[-1] - y[0])
        / (x[-1] - x[0]),
    }
    compare(got[0], slope, slopes, "the slope")
    errors = {
        "the noise has n - 2 degrees of freedom: the line took two": (
            *((squares / (n - k) / spread) ** 0.5 for k in (0, 1)),
        ),
        "that is the variance: take the root": error**2,
        "that is the scatter around the line: divide it by the spread of x": (
            *((squares / (n - k)) ** 0.5 for k in (0, 1, 2)),
        ),
        "divide by the sum of squares of x, not by n": (
            *((squares / (n - k) / n) ** 0.5 for k in (0, 1, 2)),
        ),
        "take the scatter around the line, not around the mean of y": (
            *((of_y / (n - k) / spread) ** 0.5 for k in (0, 1, 2)),
        ),
        "that is the whole table of covariances: take its first entry": (
            np.polyfit(x, y, 1, cov=True)[1]
        ),
    }
    numbers(got[1])
    compare(got[1], error, errors, "the error")
    return "a slope without its error says little"
