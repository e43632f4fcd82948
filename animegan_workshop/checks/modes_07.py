"""Checks of notebook 07: modes covered, how evenly (KL), and density and coverage in a feature space."""

from collections.abc import Callable

import numpy as np

from animegan_helpers import modes
from animegan_workshop.checks.core import CheckFailed, close, compare, demand, exercise


@exercise("07.2", modes.modes_covered)
def modes_covered(answer: Callable[..., int], seed: int) -> str:
    """counts (M,) of samples in each mode, least=1 -> how many modes hold at least `least` samples."""
    counts = np.array([0, 3, 0, 1, 7, 2, 0, 1, 5, 3])
    for least in (1, 3):
        wanted = int((counts >= least).sum())
        compare(
            answer(counts.copy(), least),
            wanted,
            {
                "that is how many modes there are, covered or not, see 07.2": len(counts),
                "that is how many samples there are: count the modes that hold some, see 07.2": int(
                    counts.sum()
                ),
                "`least` is not used: a mode with fewer samples than that is not covered, see 07.2": int(
                    (counts > 0).sum()
                )
                if least > 1
                else -1,
                "a mode that holds exactly `least` samples is covered: >=, not >, see 07.2": int(
                    (counts > least).sum()
                ),
                "those are the modes that are missing, see 07.2": int((counts < least).sum()),
                "that is the share of the modes: their number is asked for, see 07.2": wanted
                / len(counts),
                "that is how many different counts there are: count modes, see 07.2": len(
                    np.unique(counts[counts > 0])
                ),
            },
            f"of the counts {counts.tolist()}, {wanted} are at least {least}, see 07.2",
        )
    return "covered means: holds at least so many"


@exercise("07.3", modes.kl_divergence)
def kl(answer: Callable[[np.ndarray, np.ndarray], float], seed: int) -> str:
    """Counts of samples (M,) and of data (M,) -> KL(samples || data) in nats, 0.5 added to every count first."""
    random = np.random.default_rng(seed)
    data = random.integers(5, 60, 12)
    samples = random.integers(0, 30, 12)
    samples[3] = 0
    data[7] = 0
    share = lambda c: c / c.sum()
    p, q = share(samples + 0.5), share(data + 0.5)
    plain_p, plain_q = share(samples), share(data)
    middle = (p + q) / 2
    entropy = lambda p: -(p * np.log(p)).sum()
    wanted = modes.kl_divergence(samples, data)
    with np.errstate(divide="ignore", invalid="ignore"):
        got = answer(samples.copy(), data.copy())
        demand(got is not None, "your function returns None: its last line must be a return")
        demand(np.ndim(got) == 0, "return one number: sum over the modes, see 07.3")
        if not np.isfinite(float(got)):
            raise CheckFailed(
                "an empty mode makes your sum infinite or nan: add 0.5 to every count first, see 07.3"
            )
        seen = (plain_p > 0) & (plain_q > 0)
        compare(
            float(got),
            wanted,
            {
                "that is KL(data || samples): the samples' shares stand before the logarithm and above the fraction, "
                "see 07.3": (q * np.log(q / p)).sum(),
                "that is in bits: use the natural logarithm, see 07.3": wanted / np.log(2),
                "add 0.5 to the counts, not to the shares, see 07.3": (
                    (plain_p + 0.5) * np.log((plain_p + 0.5) / (plain_q + 0.5))
                ).sum(),
                "modes that one side lacks are left out: they are the point; add 0.5 to every count, see 07.3": (
                    plain_p[seen] * np.log(plain_p[seen] / plain_q[seen])
                ).sum(),
                "add 0.5 to both counts, samples and data, see 07.3": (
                    (p[plain_q > 0] * np.log(p[plain_q > 0] / plain_q[plain_q > 0])).sum(),
                    (plain_p[plain_p > 0] * np.log(plain_p[plain_p > 0] / q[plain_p > 0])).sum(),
                ),
                "you add 1 to every count: 0.5 is asked for, see 07.3": modes.kl_divergence(
                    samples, data, 1.0
                ),
                "a small number instead of 0.5 makes an empty mode very dear: add 0.5 to every count, see 07.3": tuple(
                    modes.kl_divergence(samples, data, tiny)
                    for tiny in (1e-12, 1e-10, 1e-9, 1e-8, 1e-6, 1e-3)
                ),
                "divide each histogram by its own sum: 300 samples and 3,000 faces may have the same shares, see 07.3": (
                    ((samples + 0.5) * np.log((samples + 0.5) / (data + 0.5))).sum(),
                    ((samples + 0.5) * np.log((samples + 0.5) / (data + 0.5))).mean(),
                ),
                "the sign is turned: KL is never negative, see 07.3": -wanted,
                "take the sum over the modes, not the mean, see 07.3": wanted / len(p),
                "you take absolute values: terms below 0 belong to the sum, see 07.3": np.abs(
                    p * np.log(p / q)
                ).sum(),
                "that is the cross-entropy: subtract the samples' own entropy, see 07.3": wanted
                + entropy(p),
                "that is the Jensen-Shannon divergence: here KL is asked for, see 07.3": (
                    (p * np.log(p / middle)).sum() + (q * np.log(q / middle)).sum()
                )
                / 2,
            },
            f"the KL is {wanted:.4f} here, yours {float(got):.4f}, see 07.3",
            1e-4,
        )
    return "0 where the shares agree, finite where a mode is empty"


def density_and_coverage_of(real: np.ndarray, fake: np.ndarray, k: int = 5) -> tuple[float, float]:
    """Density and coverage of features real (N, F) and fake (M, F), by the k nearest neighbours among the reals.

    Each real point has a ball that reaches to its k-th nearest other real point. Density: in how many balls a fake lies
    on average, over k; coverage: the share of balls that hold a fake. Naeem et al. 2020, arXiv 2002.09797.
    """
    reach = np.sort(_distances(real, real), axis=1)[:, k]  # column 0 is the point itself
    inside = _distances(real, fake) <= reach[:, None]  # (N, M)
    return float(inside.sum() / (k * len(fake))), float(inside.any(axis=1).mean())


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1))


@exercise("07.5", density_and_coverage_of)
def density_and_coverage(answer: Callable[..., tuple[float, float]], seed: int) -> str:
    """real (N, F), fake (M, F), k -> (density, coverage) with balls that reach to the k-th nearest other real point."""
    random = np.random.default_rng(seed)
    real = random.standard_normal((60, 3))
    fake = 0.6 * random.standard_normal((45, 3)) + 0.3
    k = 4
    density, coverage = density_and_coverage_of(real, fake, k)
    own = np.sort(_distances(real, real), axis=1)
    across = _distances(real, fake)
    inside = across <= own[:, [k]]
    short = across <= own[:, [k - 1]]
    around_fakes = across <= np.sort(_distances(fake, fake), axis=1)[:, k][None]
    got = answer(real.copy(), fake.copy(), k)
    demand(
        isinstance(got, (tuple, list)) and len(got) == 2,
        "return two numbers: (density, coverage), see 07.5",
    )
    got = [float(value) for value in got]
    demand(
        not close(got, [coverage, density]),
        "the two are swapped: first density, then coverage, see 07.5",
    )
    compare(
        got,
        [density, coverage],
        {
            "a point is its own nearest neighbour at distance 0: the k-th *other* one is column k, not k - 1, see 07.5": [
                short.sum() / (k * 45),
                short.any(1).mean(),
            ],
            "your balls are around the fakes: they belong around the reals, which do not change with G, see 07.5": [
                around_fakes.sum() / (k * 45),
                around_fakes.any(1).mean(),
            ],
        },
        f"density is {density:.3f} and coverage {coverage:.3f} here, yours {got[0]:.3f} and {got[1]:.3f}, see 07.5"
        if not (close(got[0], density) or close(got[1], coverage))
        else _which(got, density, coverage, inside, k),
    )
    return "density may pass 1, coverage may not"


def _which(got: list[float], density: float, coverage: float, inside: np.ndarray, k: int) -> str:
    """One of the two is right: what is wrong with the other."""
    n, m = inside.shape
    faults = (
        {
            "density: divide by k, so that reals among reals get about 1, see 07.5": inside.sum()
            / m,
            "density: divide by the number of fakes, not of reals, see 07.5": inside.sum()
            / (k * n),
            "density: divide by k and by the number of fakes, see 07.5": inside.sum() / (n * m),
            "density: that is the share of fakes in any ball (precision); count all balls a fake lies in, see 07.5": inside.any(
                0
            ).mean(),
        }
        if close(got[1], coverage)
        else {
            "coverage: that is the share of *fakes* that lie in a ball; the share of balls that hold a fake is asked for, "
            "see 07.5": inside.any(0).mean(),
            "coverage: a ball counts once, however many fakes it holds: any, not sum, see 07.5": inside.sum(
                1
            ).mean(),
            "coverage: that is how many balls hold a fake: divide by the number of reals, see 07.5": inside.any(
                1
            ).sum(),
            "coverage: a ball needs one fake, not k of them, see 07.5": (inside.sum(1) >= k).mean(),
        }
    )
    wrong = got[0] if close(got[1], coverage) else got[1]
    for sentence, value in faults.items():
        if close(wrong, value):
            return sentence
    return f"density is {density:.3f} and coverage {coverage:.3f} here, yours {got[0]:.3f} and {got[1]:.3f}, see 07.5"
