"""Exercise 01.4: how many values a factor really has."""

import numpy as np

from animegan_workshop.checks.tools import exercise, try_cases


def effective_number_of(values: np.ndarray) -> float:
    """exp(entropy) of the shares of the values (N,): as many equal values would be as varied."""
    counts = np.unique(values, return_counts=True)[1]
    p = counts / len(values)
    entropy = -(p * np.log(p)).sum()
    return float(np.exp(entropy))


FAULTS = """
that is how many different names there are, whatever their shares :: np.exp(entropy) => len(counts)
that is the entropy H: take exp(H) :: np.exp(entropy) => entropy :: np.exp( => (1 / np.log(2) * 
the entropy has lost its minus sign :: -(p => (p
the shares' sum must be 1: divide by len(values) :: len(values) => len(counts) :: len(values) => 1
log2 needs 2**H, ln needs exp(H): yours are mixed :: np.log( => np.log2( :: np.exp( => np.exp2(
sum over the values, no mean :: .sum() => .mean()
the entropy is the sum of p ln p :: p * np.log(p) => np.log(p) :: np.log(p) => np.log1p(p)
:: (p * np.log(p)).sum() => np.log(p).mean()
1 / sum p^2 is Simpson's number: take exp(H) :: np.exp(entropy) => 1 / (p**2).sum()
all shares count, not the largest :: np.exp(entropy) => p.max() :: np.exp(entropy) => 1 / p.max()
count whole names, not letters
:: np.unique(values => np.unique(list(''.join(values)) && len(values) => counts.sum()
:: np.unique(values => np.unique([v[0] for v in values]
:: np.unique(values => np.unique([*map(len, values)]
equal names count together wherever they stand, not neighbours alone
:: np.unique(values, return_counts=True)[1]
=> np.diff(np.flatnonzero(np.r_[1, values[1:] != values[:-1], 1]))
you divide H by its largest value, ln n :: (entropy) => (entropy / np.log(p.size))
"""


@exercise("01.5", effective_number_of)
def effective_number(answer, seed):
    """(N,) of str -> exp(H), H = -sum p ln p over the shares p of the values."""
    uneven = np.array(["red"] * (7 + seed % 5) + ["green"] * 2 + ["grey"])
    even = np.array(["red", "green", "blue", "aqua"] * 5)
    try_cases(answer, effective_number_of, [(uneven,), (even,), (uneven[:3],)], FAULTS)
    return "four equal values count as 4, uneven ones as fewer"
