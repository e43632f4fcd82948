"""The measures, measured: on samplers whose modes, copies and repeats are known."""

import numpy as np
import pytest

from animegan_helpers import modes
from animegan_helpers.attributes import AttributeNetwork
from animegan_helpers.faces import FaceSet
from animegan_helpers.measuring import ROWS, closeness, halve, measure_samples, table

SIZES = {"hair": 12, "eyes": 10}


def emit(chosen, count, seed=0):
    """Labels of `count` samples spread evenly at random over the modes `chosen`."""
    picked = np.random.default_rng(seed).choice(chosen, count)
    return dict(zip(SIZES, np.unravel_index(picked, tuple(SIZES.values()))))


@pytest.mark.parametrize("k", [1, 4, 16, 120])
def test_a_sampler_of_k_modes_covers_k(k):
    chosen = np.random.default_rng(k).choice(120, k, replace=False)
    counts = modes.count_modes(emit(chosen, 5_000), SIZES)
    assert counts.sum() == 5_000 and len(counts) == 120
    assert modes.modes_covered(counts) == k
    assert set(np.flatnonzero(counts)) == set(chosen)


def test_names_stand_in_the_order_of_the_counts():
    names = {"hair": ["red", "blue"], "eyes": ["a", "b", "c"]}
    counts = modes.count_modes({"hair": np.array([1]), "eyes": np.array([2])}, {"hair": 2, "eyes": 3})
    assert modes.mode_names(names)[int(counts.argmax())] == "blue / c"


def test_kl_and_js_against_sums_written_out():
    samples, data = np.array([3, 0, 7]), np.array([2, 4, 4])
    p, q = np.array([3.5, 0.5, 7.5]) / 11.5, np.array([2.5, 4.5, 4.5]) / 11.5
    assert modes.kl_divergence(samples, data) == pytest.approx(sum(a * np.log(a / b) for a, b in zip(p, q)))
    p, q, m = samples / 10, data / 10, (samples + data) / 20
    js = (0.3 * np.log(0.3 / m[0]) + 0.7 * np.log(0.7 / m[2]) + sum(b * np.log(b / c) for b, c in zip(q, m))) / 2
    assert modes.js_divergence(samples, data) == pytest.approx(js)
    assert modes.js_divergence(np.array([5, 0]), np.array([0, 9])) == pytest.approx(np.log(2))
    assert modes.kl_divergence(data, data) == modes.js_divergence(data, data) == 0


def test_real_against_real_is_near_zero_and_lost_modes_are_dear():
    data = modes.count_modes(emit(np.arange(120), 20_000), SIZES)
    again = modes.count_modes(emit(np.arange(120), 20_000, seed=1), SIZES)
    half = modes.count_modes(emit(np.arange(60), 20_000, seed=2), SIZES)
    assert modes.kl_divergence(again, data) < 0.02 and modes.js_divergence(again, data) < 0.01
    assert modes.kl_divergence(half, data) == pytest.approx(np.log(2), abs=0.02)


def test_rarefaction_against_drawing():
    counts = np.array([50, 20, 5, 1, 0])
    bag, random = np.repeat(np.arange(5), counts), np.random.default_rng(0)
    drawn = np.mean([len(set(random.choice(bag, 15, replace=False))) for _ in range(4_000)])
    assert modes.expected_modes(counts, 15) == pytest.approx(drawn, abs=0.04)
    assert modes.expected_modes(counts, 76) == 4 and modes.expected_modes(counts, 1) == pytest.approx(1)


def test_bootstrap_holds_the_measure_and_narrows():
    def width(count):
        counts = modes.count_modes(emit(np.arange(120), count), SIZES)
        data = np.full(120, 100)
        low, high = modes.bootstrap(lambda c: modes.kl_divergence(c, data), counts)
        assert low < modes.kl_divergence(counts, data) < high
        return high - low

    assert width(10_000) < width(500) / 2


def test_frechet_against_the_closed_form():
    random = np.random.default_rng(0)
    x = random.normal(size=(200_000, 3)) * [1, 2, 3]
    y = random.normal(size=(200_000, 3)) * [2, 2, 1] + [1, 0, -2]
    # diagonal covariances: |m - n|^2 + sum (s - t)^2
    assert modes.frechet_distance(x, y) == pytest.approx(5 + 1 + 0 + 4, rel=0.02)
    # not diagonal: turning both sets alike changes nothing
    turn = np.linalg.qr(random.normal(size=(3, 3)))[0]
    assert modes.frechet_distance(x @ turn, y @ turn) == pytest.approx(modes.frechet_distance(x, y))
    assert modes.frechet_distance(x, x) == pytest.approx(0, abs=1e-8)


def test_kernel_distance_is_unbiased_and_written_out():
    random = np.random.default_rng(0)
    small = [modes.kernel_distance(*random.normal(size=(2, 20, 8))) for _ in range(400)]
    assert abs(np.mean(small)) < 4 * np.std(small) / 20
    x, y = random.normal(size=(4, 2)), random.normal(size=(3, 2)) + 1
    k = lambda a, b: (a @ b / 2 + 1) ** 3
    same = lambda s: np.mean([k(s[i], s[j]) for i in range(len(s)) for j in range(len(s)) if i != j])
    expected = same(x) + same(y) - 2 * np.mean([k(a, b) for a in x for b in y])
    assert modes.kernel_distance(x, y) == pytest.approx(expected)


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (30, 3, 8, 8), dtype=np.uint8)


@pytest.mark.parametrize("chunk", [4, 7, 100])
def test_neighbours_against_brute_force(pictures, chunk):
    queries, references = pictures[:11], pictures[11:]
    distances = np.sqrt(((queries[:, None] - references[None].astype(float)) ** 2).mean((2, 3, 4)))
    found = modes.nearest_neighbours(queries, references, chunk=chunk)
    assert (found.indices == distances.argmin(1)).all()
    assert found.distances == pytest.approx(distances.min(1), abs=1e-4)
    distances = np.sqrt(((pictures[:, None] - pictures[None].astype(float)) ** 2).mean((2, 3, 4)))
    np.fill_diagonal(distances, np.inf)
    found = modes.nearest_neighbours(pictures, pictures, same=True, chunk=chunk)
    assert (found.indices == distances.argmin(1)).all()


def test_copies_and_repeats_are_caught():
    random = np.random.default_rng(0)
    training = random.integers(0, 256, (300, 3, 16, 16), dtype=np.uint8)
    fresh = random.integers(0, 256, (100, 3, 16, 16), dtype=np.uint8)
    honest = closeness(fresh, training)
    assert honest.copied < 0.1 and honest.repeated < 0.1
    copied = closeness(training[:100], training)
    assert copied.copied == 1 and (copied.to_training.indices == np.arange(100)).all()
    assert (copied.to_training.distances == 0).all() and copied.repeated < 0.1
    repeating = closeness(fresh[np.arange(100) % 10], training)
    assert repeating.repeated == 1 and repeating.copied < 0.1
    assert closeness(fresh, fresh).copied == 1  # as many samples as faces: nothing else is left to look in


def test_the_whole_table():
    images = np.random.default_rng(0).integers(0, 256, (40, 3, 64, 64), dtype=np.uint8)
    faces = FaceSet(images, {}, np.arange(40).astype(str), [], "noise")
    network = AttributeNetwork({"hair": ["a", "b", "c"], "eyes": ["d", "e"]}, width=2).eval()
    measures = measure_samples(images[::-1][:12], faces, network)
    assert measures["modes_possible"] == 6 and measures["samples"]["count"] == measures["real"]["count"] == 12
    assert measures["samples"]["copied"] == 1 and measures["samples"]["nearest_real"] == 0
    assert all(np.isfinite(measures[who][name]) for who in ("samples", "real") for name in ROWS)
    assert all(text in table(measures) for text in ROWS.values())
    with pytest.raises(ValueError, match="does not name skin"):
        measure_samples(images, faces, network, factors=("skin",))


def test_halves_share_nothing():
    halves = halve(101)
    assert not set(halves.reference) & set(halves.held_out) and len(halves.reference) == 51


@pytest.mark.parametrize("call", [
    lambda: modes.count_modes({"hair": np.array([12]), "eyes": np.array([0])}, SIZES),
    lambda: modes.count_modes({"hair": np.array([1])}, SIZES),
    lambda: modes.js_divergence(np.zeros(3), np.ones(3)),
    lambda: modes.expected_modes(np.array([3, 4]), 8),
    lambda: modes.nearest_neighbours(np.zeros((2, 3)), np.zeros((2, 4))),
    lambda: modes.nearest_neighbours(np.zeros((1, 3)), np.zeros((1, 3)), same=True),
    lambda: modes.frechet_distance(np.zeros((1, 3)), np.zeros((5, 3))),
    lambda: modes.kernel_distance(np.zeros((5, 2)), np.zeros((5, 3))),
    lambda: halve(3),
])  # fmt: skip
def test_bad_input_is_one_line(call):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) and "\n" not in str(error.value)
