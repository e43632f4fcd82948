"""Exercise 07.3: KL of two tables of counts."""

import numpy as np

from animegan_helpers import measures
from animegan_workshop.checks.core import compare, demand, exercise, numbers


@exercise("07.3", measures.kl_divergence)
def kl(answer, seed):
    """Counts of samples (M,), of data (M,) -> KL(samples || data), 0.5 added to every count."""
    random = np.random.default_rng(seed)
    data, samples = random.integers(5, 60, 12), random.integers(1, 30, 12)
    samples[3] = data[7] = 0
    share = lambda counts: counts / counts.sum()
    sum_of = lambda p, q: (p * np.log(p / q)).sum()
    p, q, plain_p, plain_q = map(share, (samples + 0.5, data + 0.5, samples, data))
    right, middle, entropy = sum_of(p, q), (p + q) / 2, -(p * np.log(p)).sum()
    seen, real, drawn = (plain_p > 0) & (plain_q > 0), plain_q > 0, plain_p > 0
    raw, tiny = (samples + 0.5) * np.log((samples + 0.5) / (data + 0.5)), 0.1 ** np.arange(1, 17)
    faults = {
        "that is KL(data || samples): the samples' shares stand first": sum_of(q, p),
        "that is in bits: use the natural logarithm": right / np.log(2),
        "add 0.5 to the counts, not to the shares": sum_of(plain_p + 0.5, plain_q + 0.5),
        "empty modes are left out: add 0.5 to every count": sum_of(plain_p[seen], plain_q[seen]),
        "add 0.5 to both counts, samples and data": (
            sum_of(p[real], plain_q[real]),
            sum_of(plain_p[drawn], q[drawn]),
        ),
        "you add 1 to every count: 0.5 is asked for": sum_of(share(samples + 1), share(data + 1)),
        "a tiny number makes an empty mode cost very much: add 0.5": tuple(
            sum_of(share(samples + little), share(data + little)) for little in tiny
        ),
        "divide each histogram by its own sum: compare shares": (raw.sum(), raw.mean()),
        "add 0.5 before you divide": sum_of(
            plain_p + 0.5 / samples.sum(), plain_q + 0.5 / data.sum()
        ),
        "take the sum over the modes, not the mean": right / len(p),
        "sum over the modes: return one number": p * np.log(p / q),
        "terms below 0 belong to the sum: no absolute values": np.abs(p * np.log(p / q)).sum(),
        "p is missing before the logarithm": np.log(p / q).sum(),
        "that is the cross-entropy: subtract the samples' own entropy": right + entropy,
        "that is the Jensen-Shannon divergence": (sum_of(p, middle) + sum_of(q, middle)) / 2,
    }
    got = answer(samples.copy(), data.copy())
    finite = bool(np.isfinite(numbers(got)).all())
    demand(finite, "an empty mode makes your sum infinite or nan: add 0.5 to every count first")
    compare(got, right, faults, "the KL", 1e-4)
    return "0 where the shares agree, finite where a mode is empty"
