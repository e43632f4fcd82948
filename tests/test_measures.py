"""Each measure, on samplers and clouds of features whose answer is known."""

import numpy as np
import pytest
import torch

from animegan_helpers import measures
from animegan_helpers.attributes import Names
from animegan_helpers.reference import Reference

SIZES = {"hair": 12, "eyes": 10}


def emit(chosen, count, seed=0):
    """Labels of `count` samples spread evenly at random over the modes `chosen`."""
    picked = np.random.default_rng(seed).choice(chosen, count)
    return dict(zip(SIZES, np.unravel_index(picked, tuple(SIZES.values()))))


def gaussians(count, size, shift=0.0, seed=0):
    return (np.random.default_rng(seed).normal(size=(count, size)) + shift).astype(np.float32)


def names(chosen, count, seed=0, shift=0.0):
    return Names(emit(chosen, count, seed), gaussians(count, 6, shift, seed))


@pytest.fixture(scope="module")
def data():
    """A reference whose modes are equally likely and whose features are Gaussian."""
    seen = names(np.arange(120), 4_000, seed=99)
    factors = {factor: [str(k) for k in range(size)] for factor, size in SIZES.items()}
    counts, moments = measures.count_modes(seen.values, SIZES), measures.moments(seen.features)
    return Reference("", "", factors, counts, moments, seen.features[:500])


@pytest.mark.parametrize("k", [1, 4, 120])
def test_a_sampler_of_k_modes_covers_k(k):
    chosen = np.random.default_rng(k).choice(120, k, replace=False)
    counts = measures.count_modes(emit(chosen, 5_000), SIZES)
    assert counts.sum() == 5_000 and len(counts) == 120
    assert measures.modes_covered(counts) == k and set(np.flatnonzero(counts)) == set(chosen)
    assert measures.modes_covered(counts, least=5_001) == 0


def test_the_last_factor_runs_fastest():
    values, sizes = {"hair": np.array([1]), "eyes": np.array([2])}, {"hair": 2, "eyes": 3}
    assert measures.count_modes(values, sizes).tolist() == [0, 0, 0, 0, 0, 1]


def test_kl_against_a_sum_written_out():
    samples, data = np.array([3, 0, 7]), np.array([2, 4, 4])
    p, q = np.array([3.5, 0.5, 7.5]) / 11.5, np.array([2.5, 4.5, 4.5]) / 11.5
    expected = sum(a * np.log(a / b) for a, b in zip(p, q))
    assert measures.kl_divergence(samples, data) == pytest.approx(expected)
    assert measures.kl_divergence(data, data) == 0
    lost = [measures.kl_divergence(np.array([4, 0]), np.array([0, 4]), c) for c in (0.01, 0.5, 5)]
    assert lost == sorted(lost, reverse=True) and lost[-1] > 0


def test_frechet_against_the_closed_form_and_torchmetrics():
    from torchmetrics.image.fid import _compute_fid

    random = np.random.default_rng(0)
    x = random.normal(size=(200_000, 3)) * [1, 2, 3]
    y = random.normal(size=(200_000, 3)) * [2, 2, 1] + [1, 0, -2]
    # diagonal covariances: |m - n|^2 + sum (s - t)^2
    assert measures.frechet_distance(x, y) == pytest.approx(5 + 1 + 0 + 4, rel=0.02)
    assert measures.frechet_distance(x, x) == pytest.approx(0, abs=1e-8)
    x, y = gaussians(300, 12), gaussians(200, 12, 0.3, seed=1) * 1.5
    a, b = torch.from_numpy(x).double(), torch.from_numpy(y).double()
    theirs = float(_compute_fid(a.mean(0), a.T.cov(), b.mean(0), b.T.cov()))
    assert measures.frechet_distance(x, y) == pytest.approx(theirs, abs=1e-4)
    assert measures.frechet_distance(measures.moments(x), y) == measures.frechet_distance(x, y)
    # a covariance whose last digits are gone can have an eigenvalue below 0: it counts as 0
    a, b = (measures.Moments(np.zeros(2), np.diag([1.0, last])) for last in (-0.01, 1.0))
    found = measures.frechet_distance(a, b), measures.frechet_distance(b, a)
    assert found == pytest.approx((0.99, 0.99))


def test_the_bootstrap_of_a_mean_is_the_textbooks():
    values = np.random.default_rng(0).random(400)
    low, high = measures.bootstrap_interval(lambda rows: values[rows].mean(), 400, rounds=2_000)
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)
    assert low < values.mean() < high


def test_the_interval_of_a_share_has_a_width_at_its_ends():
    # Newcombe 1998, method 3
    assert measures.share_interval(10, 20) == pytest.approx((0.299, 0.701), abs=0.001)
    assert measures.share_interval(0, 500) == pytest.approx((0, 0.0076), abs=0.0001)
    assert measures.share_interval(500, 500) == pytest.approx((0.9924, 1), abs=0.0001)


def test_intervals_hold_what_other_samples_give(data):
    measure = {measure.name: measure for measure in measures.MEASURES}
    draws = [measures.Sample(names(np.arange(60), 300, seed, 0.3), data) for seed in range(30)]
    for name in ("kl", "frechet", "precision"):
        truth = np.mean([measure[name].value(draw) for draw in draws])
        bounds = [measure[name].interval(draw) for draw in draws]
        assert np.mean([low <= truth <= high for low, high in bounds]) > 0.75, name


def test_the_interval_of_modes_ends_at_all_there_are(data):
    row = measures.full_row(names(np.arange(120), 700), data)
    assert row["modes"] <= row["modes_interval"][1] <= 120


def test_real_against_real_and_lost_modes(data):
    real = measures.quick_row(seen := names(np.arange(120), 4_000, seed=1), data)
    half = measures.quick_row(names(np.arange(60), 4_000, seed=2, shift=1), data)
    assert real["modes"] == 120 and half["modes"] == 60
    assert real["kl"] < 0.05 and half["kl"] == pytest.approx(np.log(2), abs=0.03)
    assert real["frechet"] < 0.1 and half["frechet"] == pytest.approx(6, rel=0.1)
    assert half["coverage"] < real["coverage"] and half["precision"] < real["precision"]
    assert real["coverage"] == measures.overlap(seen.features[:500], data.features).covered.mean()


def test_a_new_measure_is_one_entry(data, monkeypatch):
    mean = measures.Measure(
        "mean", "mean feature", "lower", lambda s: float(s.names.features.mean())
    )
    monkeypatch.setattr(measures, "MEASURES", (*measures.MEASURES, mean))
    row = measures.full_row(names(np.arange(120), 50, shift=3), data)
    assert row["mean"] == pytest.approx(3, abs=0.3) and len(row["mean_interval"]) == 2
    shown = {"samples": row, "real": row, "modes_possible": 120}
    text = measures.table(shown | {"reference": {"count": 1, "modes": 1, "network": ""}})
    assert "mean feature" in text


def test_numbers_as_text():
    assert [measures.number(value) for value in (12_000, 0.123456)] == ["12,000", "0.1235"]
    assert measures.number(float("nan")) == "nan"  # and not "no limit"


@pytest.mark.parametrize(
    "call",
    [
        lambda: measures.count_modes({"hair": np.array([12]), "eyes": np.array([0])}, SIZES),
        lambda: measures.frechet_distance(np.zeros((1, 3)), np.zeros((5, 3))),
    ],
)
def test_bad_input_is_one_line(call):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) and "\n" not in str(error.value)
