"""Exercise 05.5: how much the samples change in an epoch."""

import numpy as np

from animegan_workshop.checks.tools import exercise, try_cases


def change_of_samples(faces: np.ndarray) -> np.ndarray:
    """faces (E, F, H, W, 3) of E epochs -> (E - 1,), the change as a share of another face."""
    before, after = faces[:-1], faces[1:]
    following = np.roll(after, 1, axis=1)
    change = np.abs(after - before).mean((1, 2, 3, 4))
    other = np.abs(after - following).mean((1, 2, 3, 4))
    return change / other


FAULTS = """
that is the change alone: divide it by the difference from the next face :: / other =>
the share is upside down: divide the change by the other difference
    :: change / other => other / change
the signs cancel: take the absolute value of each difference :: np.abs => np.asarray
    :: np.abs(after - before) => (after - before)
    :: np.abs(after - following) => (after - following)
you square the differences: take absolute values :: np.abs => np.square
    :: np.abs => np.square && change / other => np.sqrt(change / other)
    :: np.abs => np.square && (1, 2, 3, 4)) => (2, 3, 4)) ** 0.5
    && change / other => change.mean(1) / other.mean(1)
you compare with the first epoch: compare with the epoch before :: faces[:-1] => faces[0]
the next face must be of the same epoch, yours is of the epoch before :: roll(after => roll(before
both faces must be of the later epoch, yours are of the epoch before
    :: roll(after => roll(before && np.abs(after - following) => np.abs(before - following)
the share may be larger than 1: do not limit it :: change / other => np.minimum(change / other, 1)
np.roll moves the epochs: give the axis of the faces, 1 :: axis=1 => axis=0
np.roll without axis=1 moves single numbers: the next face is asked for :: 1, axis=1 => 1
the last face has a next one too, the first :: after - following => np.diff(after, axis=1)
compare with the next face, not with all others :: np.abs(after - following)
    => np.mean([np.abs(after - np.roll(after, k, 1)) for k in range(1, after.shape[1])], 0)
    :: np.abs(after - following)
    => np.mean([np.abs(after - np.roll(after, k, 1)) for k in range(after.shape[1])], 0)
that is a share of the face itself: take the next face :: after - following => after
each epoch has a difference of its own to divide by :: (after - following).mean((1, 2, 3, 4))
    => (after - following).mean()
average over all faces first, then divide :: 1, 2, 3, 4 => 2, 3, 4 && / other => / other).mean(1)
    && return change => return (change
    :: 1, 2, 3, 4 => 2, 3, 4 && / other => / other).mean(1) && return change => return (change
    && (after, 1 => (after, -1
"""


@exercise("05.7", change_of_samples)
def change_per_epoch(answer, seed):
    """faces (E, F, H, W, 3) of E epochs -> (E - 1,), the change as a share of another face."""
    random = np.random.default_rng(seed)
    cases = [
        (128 + random.uniform(low, low + 70, (epochs, count, 6, 7, 3)).cumsum(0),)
        for epochs, count, low in ((5, 4, -30), (2, 5, 60), (9, 2, -30))
    ]
    try_cases(answer, change_of_samples, cases, FAULTS)
    return "the change of an epoch, measured by another face"
