"""Exercise 07.6: six measures of a set of samples together."""

import numpy as np

from animegan_helpers import measures, neighbours
from animegan_workshop.checks.tools import close, demand, exercise, numbers, shorten, try_parts


def report_card_of(counts, features, data_counts, data) -> dict[str, float]:
    """Modes covered, KL, Frechet distance, precision, recall and coverage of samples.

    counts, data_counts (12, 10): of the samples and of the data. features (N, F), data (M, F): the
    last four measures compare the first min(N, M) rows of both.
    """
    n = min(len(features), len(data))
    x, y = features[:n], data[:n]
    found, modes = neighbours.overlap(x, y), (counts > 0).sum()
    p, r, c = found.precise.mean(), found.recalled.mean(), found.covered.mean()
    kl, frechet = measures.kl_divergence(counts, data_counts), measures.frechet_distance(x, y)
    return dict(modes=modes, kl=kl, frechet=frechet, precision=p, recall=r, coverage=c)


FAULTS = """
KL is turned round: the samples come first :: (counts, data_counts) => (data_counts, counts)
kl takes counts, not shares, for it adds 0.5 itself
:: (counts, data_counts) => (counts / counts.sum(), data_counts / data_counts.sum())
precision, recall, coverage: the data come first, then the samples :: overlap(x, y) => overlap(y, x)
the order is precision, recall, coverage :: p, r, c = => r, p, c = :: p, r, c = => c, p, r =
:: p, r, c = => p, c, r = :: p, r, c = => c, r, p = :: p, r, c = => r, c, p =
modes: how many hold at least one face of the samples? :: (counts > 0) => (data_counts > 0)
:: (counts > 0) => (counts * data_counts > 0) :: (counts > 0).sum() => counts.size
:: (counts > 0).sum() => counts.sum() :: 0).sum() => 0).mean() :: (counts > 0) => (counts > 1)
"""


WANTED = ("frechet", "precision", "recall", "coverage", "modes", "kl")


@exercise("07.5", report_card_of)
def report_card(answer, seed):
    """counts (12, 10), features (N, F), data_counts (12, 10), data (M, F) -> six measures."""
    random = np.random.default_rng(seed)
    x, y = random.normal(0.3, 0.8, (70, 4)), random.normal(size=(50, 4))
    counts, data_counts = random.poisson(1.2, (12, 10)), random.poisson(6, (12, 10))
    counts[2, 3], data_counts[2, 3], data_counts[4, 1] = 0, 5, 0
    last, beyond = (np.where(np.arange(70)[:, None] >= n, 9, x) for n in (49, 50))

    def ask(function, features, data):
        card = function(counts.copy(), features.copy(), data_counts.copy(), data.copy())
        demand(isinstance(card, dict), f"return a dictionary, not {shorten(card)}")
        missing = [name for name in WANTED if name not in card]
        demand(not missing, f"the dictionary lacks {', '.join(missing)}")
        for name in WANTED:
            demand(numbers(card[name]).ndim == 0, f"{name}: give one number, not {card[name]}")
        return np.array([float(card[name]) for name in WANTED])

    def look(function):
        frechet, p, r, c, modes, kl = np.transpose([ask(function, x, y), ask(function, y, x)])
        shares = np.array([p, r, c])  # together, so that their order is seen
        return {"frechet": frechet, "precision, recall, coverage": shares, "modes": modes, "kl": kl}

    for first, second in (((x, y), (beyond, y)), ((y, x), (y, beyond))):
        for name, *pair in zip(WANTED, ask(answer, *first), ask(answer, *second)):
            words = f"{name}: compare the first min(N, M) rows of both sides, and no others"
            demand(close(*pair), words)
    moved = not close(ask(answer, last, y)[0], ask(answer, x, y)[0])
    demand(moved, "frechet: yours leaves out some of the first min(N, M) rows")
    try_parts(answer, report_card_of, look, FAULTS)
    return "six numbers, and equally many faces on both sides"
