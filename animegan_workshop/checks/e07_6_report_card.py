"""Exercise 07.6: six measures of a set of samples together."""

import numpy as np

from animegan_helpers import measures, neighbours
from animegan_workshop.checks.core import close, demand, exercise

WANTED = ("modes", "kl", "frechet", "precision", "recall", "coverage")


def report_card_of(counts, features, data_counts, data) -> dict[str, float]:
    """Modes covered, KL, Frechet distance, precision, recall and coverage of samples.

    counts, data_counts (12, 10): of the samples and of the data. features (N, F), data (M, F): the
    last four measures compare the first min(N, M) rows of both.
    """
    return _card(counts, features, data_counts, data)


def _card(counts, features, data_counts, data, cut_frechet=True, cut_balls=True, turned=False):
    n = min(len(features), len(data))
    few, several = (features[:n], data[:n]), (features, data)
    shares = _shares(*(few if cut_balls else several))
    p, q = (data_counts, counts) if turned else (counts, data_counts)
    return {
        "modes": measures.modes_covered(np.asarray(counts)),
        "kl": measures.kl_divergence(p, q),
        "frechet": measures.frechet_distance(*(few if cut_frechet else several)),
        **dict(zip(WANTED[3:], shares)),
    }


def _shares(samples, data):
    found = neighbours.overlap(samples, data)
    return [float(x.mean()) for x in (found.precise, found.recalled, found.covered)]


def _changed(**wrong):
    """A right card but for one number."""
    return lambda *a: report_card_of(*a) | {name: f(*a) for name, f in wrong.items()}


FAULTS = {
    "compare equally many: cut features and data to the first min(N, M) rows": (
        lambda *a: _card(*a, cut_frechet=False, cut_balls=False),
        lambda c, f, d, data: _card(c, f[: len(data)], d, data, cut_frechet=False, cut_balls=False),
        lambda c, f, d, data: _card(c, f, d, data[: len(f)], cut_frechet=False, cut_balls=False),
    ),
    "the Frechet distance is taken of all rows: cut both to the first min(N, M)": (
        lambda *a: _card(*a, cut_frechet=False)
    ),
    "precision, recall and coverage are taken of all rows: cut both to the first min(N, M)": (
        lambda *a: _card(*a, cut_balls=False)
    ),
    "KL is turned round: the samples come first": lambda *a: _card(*a, turned=True),
    "precision, recall, coverage: the data come first, then the samples": lambda *a: (
        report_card_of(*a) | dict(zip(WANTED[3:], _shares(a[3][: len(a[1])], a[1][: len(a[3])])))
    ),
    "modes: those are the modes of the data": _changed(modes=lambda c, f, d, x: int((d > 0).sum())),
    "modes: that is how many there could be": _changed(modes=lambda c, f, d, x: c.size),
    "modes: that is how many samples there are": _changed(modes=lambda c, f, d, x: int(c.sum())),
    "modes: that is the share of the modes, count them": _changed(
        modes=lambda c, f, d, x: float((c > 0).mean())
    ),
}


@exercise("07.5", report_card_of)
def report_card(answer, seed):
    """counts (12, 10), features (N, F), data_counts (12, 10), data (M, F) -> six measures."""
    random = np.random.default_rng(seed)
    far, near = random.normal(0.3, 0.8, (70, 4)), random.normal(size=(50, 4))
    few, many = random.poisson(1.2, (12, 10)), random.poisson(6, (12, 10))
    few[2, 3], many[2, 3], many[4, 1] = 0, 5, 0
    cases = [(few, far, many, near), (few, near, many, far)]
    got = [answer(*(array.copy() for array in case)) for case in cases]
    for card in got:
        demand(isinstance(card, dict), f"return a dictionary, not a {type(card).__name__}")
        missing = [name for name in WANTED if name not in card]
        demand(not missing, f"the dictionary lacks {', '.join(missing)}")
    row = lambda card: [card[name] for name in WANTED]
    same = lambda wrong: all(
        close(row(card), row(wrong(*case)), 1e-4) for card, case in zip(got, cases)
    )
    if not same(report_card_of):
        for sentence, wrongs in FAULTS.items():
            wrongs = wrongs if isinstance(wrongs, tuple) else (wrongs,)
            demand(not any(map(same, wrongs)), sentence)
    for card, case in zip(got, cases):
        for name, value in report_card_of(*case).items():
            mine = card[name]
            words = f"{name}: yours is {float(mine):.3g}, right is {value:.3g}"
            demand(close(mine, value, 1e-4), words)
    return "six numbers, and equally many faces on both sides"
