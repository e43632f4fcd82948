"""Neighbours, overlap, copies and repeats, against loops and on clouds whose answer is known."""

import numpy as np
import pytest

from animegan_helpers import neighbours


def gaussians(count, size, shift=0.0, seed=0):
    return (np.random.default_rng(seed).normal(size=(count, size)) + shift).astype(np.float32)


def pictures(count, seed=0, side=8):
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (count, 3, side, side), dtype=np.uint8)


def written_out(a, b):
    differences = a[:, None].astype(float) - b[None].astype(float)
    return np.sqrt((differences**2).reshape(len(a), len(b), -1).mean(2))


@pytest.mark.parametrize("chunk", [4, 100])
def test_neighbours_against_brute_force(chunk):
    all_pictures = pictures(30)
    queries, references = all_pictures[:11], all_pictures[11:]
    far = written_out(queries, references)
    found = neighbours.nearest_neighbours(queries, references, chunk=chunk)
    assert (found.indices == far.argmin(1)).all()
    assert found.distances == pytest.approx(far.min(1), abs=1e-4)
    own = np.array([3, 4, 20])
    far = written_out(all_pictures[own], all_pictures)
    far[np.arange(3), own] = np.inf
    found = neighbours.nearest_neighbours(all_pictures[own], all_pictures, own=own, chunk=chunk)
    assert (found.indices == far.argmin(1)).all()
    assert found.distances == pytest.approx(far.min(1), abs=1e-4)


def test_overlap_against_loops():
    x, y, k = gaussians(40, 3, 0.5, seed=1), gaussians(30, 3), 4
    of_y = np.sort(written_out(y, y), 1)[:, k]  # the first is the point itself
    of_x = np.sort(written_out(x, x), 1)[:, k]
    assert neighbours.radii(y, k) == pytest.approx(of_y, abs=1e-4)
    far, found = written_out(x, y), neighbours.overlap(x, y, k)
    assert (found.precise == (far <= of_y).any(1)).all()
    assert (found.recalled == (far <= of_x[:, None]).any(0)).all()
    assert (found.covered == (far <= of_y).any(0)).all()


def test_copies_and_repeats_are_caught():
    training, fresh = pictures(300, side=16), pictures(100, seed=1, side=16)
    honest = neighbours.closeness(fresh, training)
    assert honest.copied.mean() < 0.1 and honest.repeated.mean() < 0.1
    copied = neighbours.closeness(training[:100], training)
    assert copied.copied.all() and (copied.to_training.indices == np.arange(100)).all()
    assert (copied.to_training.distances == 0).all() and copied.repeated.mean() < 0.1
    repeating = neighbours.closeness(fresh[np.arange(100) % 10], training)
    assert repeating.repeated.all() and repeating.copied.mean() < 0.2
    # nearer than 99% of real faces: the limit lies at 0.99
    of_faces, of_samples = (
        np.arange(100.0),
        neighbours.Neighbours(np.arange(2), np.array([0.98, 1])),
    )
    found = neighbours.Closeness(of_samples, of_samples, of_faces, of_faces)
    assert found.copied.tolist() == found.repeated.tolist() == [True, False]
    # as many samples as faces: real faces have nobody else to be near to
    assert neighbours.closeness(fresh, fresh).copied.all()


@pytest.mark.parametrize(
    "call",
    [
        lambda: neighbours.nearest_neighbours(np.ones((1, 3)), np.ones((1, 3)), own=np.zeros(1)),
        lambda: neighbours.radii(np.zeros((5, 3)), 5),
    ],
)
def test_bad_input_is_one_line(call):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) and "\n" not in str(error.value)
