"""Exercise 05.5: how much the samples change in an epoch."""

import numpy as np

from animegan_workshop.checks.core import exercise, try_cases


def change_of_samples(faces: np.ndarray) -> np.ndarray:
    """faces (E, F, H, W, 3) of E epochs -> (E - 1,), the change as a share of another face."""
    change = np.abs(faces[1:] - faces[:-1]).mean(axis=(1, 2, 3, 4))
    other = np.abs(faces[1:] - np.roll(faces[1:], 1, axis=1)).mean(axis=(1, 2, 3, 4))
    return change / other


FAULTS = {
    "that is the change alone: divide it by the difference from the next face": " / other => ",
    "the signs cancel: take the absolute value of each difference": "np.abs => np.asarray",
    "the signs of the change cancel: take absolute values": (
        "np.abs(faces[1:] - faces[:-1]) => np.asarray(faces[1:] - faces[:-1])"
    ),
    "you square the differences: take their absolute values": "np.abs => np.square",
    "you compare with the first epoch: compare with the one before": "faces[:-1] => faces[0]",
    "the other face must be of the later epoch, yours is of the earlier": (
        "faces[1:] - np.roll(faces[1:], => faces[:-1] - np.roll(faces[:-1],"
    ),
    "the share is upside down: divide the change by the difference from the other face": (
        "change / other => other / change"
    ),
    "that is a share of the face itself: divide by the difference from another face": (
        "faces[1:] - np.roll(faces[1:], 1, axis=1) => faces[1:]"
    ),
}


@exercise("05.7", change_of_samples)
def change_per_epoch(answer, seed):
    """faces (E, F, H, W, 3) of E epochs -> (E - 1,), the change as a share of another face."""
    random = np.random.default_rng(seed)
    start = random.uniform(0, 255, (1, 4, 6, 6, 3))
    steps = [random.uniform(-30, 40, (epochs, 4, 6, 6, 3)) for epochs in (3, 5)]
    cases = [(start + np.cumsum(step, axis=0),) for step in steps]
    try_cases(answer, change_of_samples, cases, FAULTS)
    return "the change of an epoch, measured by another face"
