"""Modes counted: on samplers whose modes are known."""

import numpy as np
import pytest

from animegan_helpers import modes

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


def test_the_last_factor_runs_fastest():
    counts = modes.count_modes(
        {"hair": np.array([1]), "eyes": np.array([2])}, {"hair": 2, "eyes": 3}
    )
    assert counts.tolist() == [0, 0, 0, 0, 0, 1]


def test_kl_and_js_against_sums_written_out():
    samples, data = np.array([3, 0, 7]), np.array([2, 4, 4])
    p, q = np.array([3.5, 0.5, 7.5]) / 11.5, np.array([2.5, 4.5, 4.5]) / 11.5
    assert modes.kl_divergence(samples, data) == pytest.approx(
        sum(a * np.log(a / b) for a, b in zip(p, q))
    )
    p, q, m = samples / 10, data / 10, (samples + data) / 20
    js = (
        0.3 * np.log(0.3 / m[0])
        + 0.7 * np.log(0.7 / m[2])
        + sum(b * np.log(b / c) for b, c in zip(q, m))
    ) / 2
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
    assert modes.expected_modes(counts, 76) == 4 and modes.expected_modes(
        counts, 1
    ) == pytest.approx(1)


def test_bootstrap_holds_the_measure_and_narrows():
    def width(count):
        counts = modes.count_modes(emit(np.arange(120), count), SIZES)
        data = np.full(120, 100)
        low, high = modes.bootstrap(lambda c: modes.kl_divergence(c, data), counts)
        assert low < modes.kl_divergence(counts, data) < high
        return high - low

    assert width(10_000) < width(500) / 2


def test_pseudo_counts_smooth_both_divergences():
    samples, data = np.array([4, 0]), np.array([0, 4])
    p, q, m = np.array([5, 1]) / 6, np.array([1, 5]) / 6, np.array([1, 1]) / 2
    assert modes.js_divergence(samples, data, pseudo_count=1) == pytest.approx(
        ((p * np.log(p / m)).sum() + (q * np.log(q / m)).sum()) / 2
    )
    values = [modes.kl_divergence(samples, data, pseudo_count=c) for c in (0.01, 0.5, 5)]
    assert values == sorted(values, reverse=True) and values[-1] > 0


def test_histograms_of_each_factor():
    values = {"hair": np.array([0, 0, 1, 2]), "eyes": np.array([1, 1, 1, 1])}
    shares = modes.factor_shares(values, {"hair": 3, "eyes": 2})
    assert shares["hair"].tolist() == [0.5, 0.25, 0.25] and shares["eyes"].tolist() == [0, 1]


@pytest.mark.parametrize(
    "call",
    [
        lambda: modes.count_modes({"hair": np.array([12]), "eyes": np.array([0])}, SIZES),
        lambda: modes.count_modes({"hair": np.array([1])}, SIZES),
        lambda: modes.js_divergence(np.zeros(3), np.ones(3)),
        lambda: modes.expected_modes(np.array([3, 4]), 8),
    ],
)
def test_bad_input_is_one_line(call):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) and "\n" not in str(error.value)
