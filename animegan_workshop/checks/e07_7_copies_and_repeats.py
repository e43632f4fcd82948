"""Exercise 07.7: copies and repeats by the nearest neighbour."""

import numpy as np
import torch

from animegan_workshop.checks.core import compare, exercise, several


def _nearest(points: np.ndarray, others: np.ndarray, own: bool = False) -> np.ndarray:
    """(N,) the distance of each point to the nearest of the others; own: not to itself."""
    a, b = torch.from_numpy(np.array(points)), torch.from_numpy(np.array(others))
    distances = torch.cdist(a, b)
    if own:
        distances.fill_diagonal_(torch.inf)
    return distances.min(dim=1).values.numpy()


def _below(distances: np.ndarray, normal: np.ndarray, share: float = 0.01) -> np.ndarray:
    return distances < np.quantile(normal, share)


def copies_and_repeats_of(
    samples: np.ndarray, training: np.ndarray, fresh: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each sample is a copy, and a repeat: bool (N,) and (N,). All are (N, F) arrays.

    A copy is nearer to a training face than 99% of fresh faces are. A repeat is nearer to another
    sample than 99% of fresh faces are to another fresh face.
    """
    copied = _below(_nearest(samples, training), _nearest(fresh, training))
    repeated = _below(_nearest(samples, samples, own=True), _nearest(fresh, fresh, own=True))
    return copied, repeated


@exercise("07.6", copies_and_repeats_of)
def copies_and_repeats(answer, seed):
    """samples (N, F), training (M, F), fresh (N, F) -> copied, repeated, both bool (N,)."""
    random = np.random.default_rng(seed)
    training, fresh, samples = (random.normal(size=(n, 6)).astype("f4") for n in (300, 120, 110))
    apart_by = np.linspace(0.02, 0.6, 25)[:, None]
    samples[:25] = training[40:65] + apart_by * random.normal(size=(25, 6))
    samples[30:55] = samples[60:85] + apart_by * random.normal(size=(25, 6))
    to_training, normal = _nearest(samples, training), _nearest(fresh, training)
    to_others, apart = _nearest(samples, samples, True), _nearest(fresh, fresh, True)
    own = _nearest(training, training, True)
    copied, repeated = copies_and_repeats_of(samples, training, fresh)
    both = "two arrays of yes and no, (copied, repeated)"
    got = several(answer(samples.copy(), training.copy(), fresh.copy()), both)
    faults = {
        "copied: that is the other way round, a copy is nearer than the line": ~copied,
        "copied: the two results are swapped": repeated,
        "copied: return yes or no for each sample, not the share": (copied.mean(), copied.sum()),
        "copied: return yes or no, not distances": to_training,
        "copied: 1% of the fresh faces lie below the line, you take another share": tuple(
            _below(to_training, normal, share) for share in (0.05, 0.1, 0.5, 0.99)
        ),
        "copied: the line comes from the fresh faces, not from the samples": _below(
            to_training, to_training
        ),
        "copied: measure fresh faces to the training faces, not to each other": _below(
            to_training, apart
        ),
        "copied: the line comes from fresh faces, which G never saw, not from training faces": (
            _below(to_training, own)
        ),
        "copied: for each *sample* look for the nearest training face: min over dim 1": (
            _nearest(training, samples) < np.quantile(normal, 0.01)
        ),
        "copied: nearer than the nearest of all fresh faces is too strict: take the 1% quantile": (
            to_training < normal.min()
        ),
        "copied: your line is the mean: take the 1% quantile": to_training < normal.mean(),
    }
    compare(got[0], copied, faults, "copied")
    faults = {
        "repeated: a sample is its own nearest neighbour in your answer: leave it out": (
            _below(np.zeros(110), apart),
            _below(_nearest(samples, samples), _nearest(fresh, fresh)),
        ),
        "repeated: in the line a fresh face is its own nearest neighbour: leave it out": (
            _below(to_others, np.zeros(120))
        ),
        "repeated: that is the other way round, a repeat is nearer than the line": ~repeated,
        "repeated: the line is that of fresh faces among each other, not to training faces": (
            _below(to_others, normal)
        ),
        "repeated: the line comes from fresh faces, not from the samples": _below(
            to_others, to_others
        ),
        "repeated: the line comes from fresh faces, not from training faces": _below(
            to_others, own
        ),
        "repeated: return yes or no for each sample, not the share": (
            repeated.mean(),
            repeated.sum(),
        ),
        "repeated: 1% of the fresh faces lie below the line, you take another share": tuple(
            _below(to_others, apart, share) for share in (0.05, 0.1, 0.5, 0.99)
        ),
        "repeated: those are the copies": copied,
    }
    compare(got[1], repeated, faults, "repeated")
    return "copies and repeats are told by what fresh faces do"
