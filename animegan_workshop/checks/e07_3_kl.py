"""Exercise 07.3: KL of two tables of counts."""

import numpy as np

from animegan_workshop.checks.tools import demand, exercise, numbers, try_cases


def kl_of(samples: np.ndarray, data: np.ndarray) -> float:
    """KL(samples || data) in nats of counts of one shape, 0.5 added to every count."""
    p, q = samples + 0.5, data + 0.5
    n, m = p.sum(), q.sum()
    p, q = p / n, q / m
    terms = p * np.log(p / q)
    return terms.sum()


FAULTS = """
data and samples are swapped: that is KL(data || samples) :: p, q = samples => q, p = samples
add 0.5 to the counts, before you divide, not to the shares
:: samples + 0.5 => samples + samples.sum() / 2 && data + 0.5 => data + data.sum() / 2
add 0.5 so that empty modes count as well :: terms.sum() => terms[(samples > 0) & (data > 0)].sum()
    :: + 0.5 => + 0.0 && terms = => ok = (p > 0) & (q > 0); p, q = p[ok], q[ok]; terms =
add 0.5 to all counts, not only 0 :: n, m => p, q = p - 0.5 * (p > 0.5), q - 0.5 * (q > 0.5); n, m
add 0.5 to both counts, samples and data :: samples + 0.5 => samples + 1e-12
you add 1 to every count: 0.5 is asked for :: 0.5 => 1
a tiny number inflates empty modes: add 0.5 :: 0.5 => 1e-12 :: 0.5 => 1e-10 :: 0.5 => 1e-8
add 0.5 first, then sum: your shares do not add up to 1
:: p.sum(), q.sum() => samples.sum(), data.sum()
divide each by its own sum :: p.sum() => q.sum() :: q.sum() => p.sum() :: / n, q / m => , q
divide by the sum of the whole table, not of each row :: p.sum(), q.sum() => p.sum(0), q.sum(0)
:: p.sum(), q.sum() => (x.sum(-1, keepdims=True) for x in (p, q))
take the sum over the modes, not the mean :: terms.sum => terms.mean
terms below 0 belong to the sum: no absolute values :: terms.sum => abs(terms).sum
p is missing before the logarithm :: terms = p * => terms =
yours is the entropy: the data must count, p / q :: (p / q) => (p) :: (p / q) => (1 / p)
that is the cross-entropy: subtract the samples' own entropy :: (p / q) => (1 / q)
one direction is asked for: yours has both :: = p * => = (p - q) * :: = p * => = (p - q) / 2 *
"""


@exercise("07.3", kl_of)
def kl(answer, seed):
    """Counts of samples and of data, one shape -> KL(samples || data), 0.5 added to every count."""
    random = np.random.default_rng(seed)
    cases = [(random.integers(1, 30, s), random.integers(5, 60, s)) for s in ((3, 5), 7, (4, 2, 3))]
    for samples, data in cases:
        samples[1], data[2] = 0, 0
    cases.append((samples + 0.0, data + 0.0))
    finite = np.isfinite([numbers(answer(*np.copy(case))) for case in cases[:1]])
    demand(
        finite.all(), "an empty mode makes your sum infinite or nan: add 0.5 to every count first"
    )
    try_cases(answer, kl_of, cases, FAULTS)
    return "0 where the shares agree, finite where a mode is empty"
