"""Frechet and kernel distance, neighbours, precision, recall, density, coverage: on clouds whose answer is known."""

import numpy as np
import pytest
import torch

from animegan_helpers import distances, neighbours


def gaussians(count, size, shift=0.0, seed=0):
    return (np.random.default_rng(seed).normal(size=(count, size)) + shift).astype(np.float32)


def test_frechet_against_the_closed_form():
    random = np.random.default_rng(0)
    x = random.normal(size=(200_000, 3)) * [1, 2, 3]
    y = random.normal(size=(200_000, 3)) * [2, 2, 1] + [1, 0, -2]
    # diagonal covariances: |m - n|^2 + sum (s - t)^2
    assert distances.frechet_distance(x, y) == pytest.approx(5 + 1 + 0 + 4, rel=0.02)
    # not diagonal: turning both sets alike changes nothing
    turn = np.linalg.qr(random.normal(size=(3, 3)))[0]
    assert distances.frechet_distance(x @ turn, y @ turn) == pytest.approx(
        distances.frechet_distance(x, y)
    )
    assert distances.frechet_distance(x, x) == pytest.approx(0, abs=1e-8)
    assert distances.frechet_distance(distances.moments(x), y) == distances.frechet_distance(x, y)


def test_frechet_and_kernel_against_torchmetrics():
    from torchmetrics.image.fid import _compute_fid
    from torchmetrics.image.kid import poly_mmd

    x, y = gaussians(300, 12), gaussians(200, 12, 0.3, seed=1) * 1.5
    a, b = torch.from_numpy(x).double(), torch.from_numpy(y).double()
    theirs = _compute_fid(a.mean(0), a.T.cov(), b.mean(0), b.T.cov())
    assert distances.frechet_distance(x, y) == pytest.approx(float(theirs), abs=1e-4)
    theirs = poly_mmd(a[:200], b, degree=3, gamma=1 / 12, coef=1.0)
    assert distances.kernel_distance(x[:200], y) == pytest.approx(float(theirs), abs=1e-4)


def test_kernel_distance_is_unbiased_and_written_out():
    random = np.random.default_rng(0)
    small = [distances.kernel_distance(*random.normal(size=(2, 20, 8))) for _ in range(400)]
    assert abs(np.mean(small)) < 4 * np.std(small) / 20
    x, y = random.normal(size=(4, 2)), random.normal(size=(3, 2)) + 1
    k = lambda a, b: (a @ b / 2 + 1) ** 3
    same = lambda s: np.mean(
        [k(s[i], s[j]) for i in range(len(s)) for j in range(len(s)) if i != j]
    )
    expected = same(x) + same(y) - 2 * np.mean([k(a, b) for a in x for b in y])
    assert distances.kernel_distance(x, y) == pytest.approx(expected)


@pytest.mark.parametrize("measure", ["frechet", "kernel"])
def test_intervals_hold_what_other_samples_give(measure):
    data = gaussians(2_000, 6, seed=99)
    value = getattr(distances, f"{measure}_distance")
    samples = [gaussians(400, 6, 0.3, seed) for seed in range(40)]
    truth = np.mean([value(x, data) for x in samples])
    reference = distances.moments(data) if measure == "frechet" else data
    inside = [
        low <= truth <= high
        for low, high in (
            getattr(distances, f"{measure}_interval")(x, reference, rounds=60) for x in samples
        )
    ]
    assert np.mean(inside) > 0.8


def test_an_interval_of_a_mean_is_the_textbooks():
    values = np.random.default_rng(0).random(400)
    low, high = distances.mean_interval(values, rounds=2_000)
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)
    assert low < values.mean() < high


def test_an_interval_of_a_share_has_a_width_at_its_ends():
    assert distances.share_interval(10, 20) == pytest.approx(
        (0.299, 0.701), abs=0.001
    )  # Newcombe 1998, method 3
    assert distances.share_interval(0, 500) == pytest.approx((0, 0.0076), abs=0.0001)
    assert distances.share_interval(500, 500) == pytest.approx((0.9924, 1), abs=0.0001)


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (30, 3, 8, 8), dtype=np.uint8)


def written_out(a, b):
    return np.sqrt(
        ((a[:, None].astype(float) - b[None].astype(float)) ** 2)
        .reshape(len(a), len(b), -1)
        .mean(2)
    )


@pytest.mark.parametrize("chunk", [4, 7, 100])
def test_neighbours_against_brute_force(pictures, chunk):
    queries, references = pictures[:11], pictures[11:]
    far = written_out(queries, references)
    found = neighbours.nearest_neighbours(queries, references, chunk=chunk)
    assert (found.indices == far.argmin(1)).all()
    assert found.distances == pytest.approx(far.min(1), abs=1e-4)
    far = written_out(pictures, pictures)
    np.fill_diagonal(far, np.inf)
    found = neighbours.nearest_neighbours(pictures, pictures, same=True, chunk=chunk)
    assert (found.indices == far.argmin(1)).all()
    assert neighbours.radii(pictures, 3, chunk) == pytest.approx(np.sort(far, 1)[:, 2], abs=1e-3)
    pairs = far[np.triu_indices(30, 1)]
    assert (
        neighbours.near_pairs(pictures, np.median(pairs), chunk) == (pairs < np.median(pairs)).sum()
    )
    assert neighbours.pair_quantile(pictures, 0.1, chunk) == pytest.approx(
        np.quantile(pairs, 0.1), rel=0.01
    )


@pytest.mark.parametrize("chunk", [9, 1_000])
def test_overlap_against_loops(chunk):
    x, y, k = gaussians(40, 3, 0.5, seed=1), gaussians(30, 3), 4
    of_y = np.sort(written_out(y, y), 1)[:, k]  # the first is the point itself
    of_x = np.sort(written_out(x, x), 1)[:, k]
    far = written_out(x, y)
    precise = [any(far[i, j] <= of_y[j] for j in range(30)) for i in range(40)]
    recalled = [any(far[i, j] <= of_x[i] for i in range(40)) for j in range(30)]
    dense = [sum(far[i, j] <= of_y[j] for j in range(30)) / k for i in range(40)]
    covered = [any(far[i, j] <= of_y[j] for i in range(40)) for j in range(30)]
    found = neighbours.overlap(x, y, k, chunk)
    for name, expected in zip(
        ("precise", "recalled", "dense", "covered"), (precise, recalled, dense, covered)
    ):
        assert getattr(found, name) == pytest.approx(np.array(expected, float), abs=1e-4), name


def test_overlap_tells_quality_from_variety():
    data = gaussians(500, 4)
    same = neighbours.overlap(gaussians(500, 4, seed=1), data)
    narrow = neighbours.overlap(0.2 * gaussians(500, 4, seed=2), data)
    wide = neighbours.overlap(4 * gaussians(500, 4, seed=3), data)
    assert same.dense.mean() == pytest.approx(1, abs=0.15) and same.covered.mean() > 0.9
    assert (
        narrow.precise.mean() > 0.95 and narrow.covered.mean() < 0.4 and narrow.dense.mean() > 1.2
    )
    assert wide.precise.mean() < 0.4 and wide.dense.mean() < 0.4


def test_outliers_fool_recall_and_not_coverage():
    data, narrow = gaussians(300, 4), 0.05 * gaussians(300, 4, seed=1)
    before = neighbours.overlap(narrow, data)
    narrow[:4] = 100.0 * np.eye(4)  # a few absurd samples, whose balls hold nearly everything
    after = neighbours.overlap(narrow, data)
    assert before.recalled.mean() < 0.1 and after.recalled.mean() > 0.8
    assert after.covered.mean() <= before.covered.mean() < 0.3


@pytest.mark.parametrize(
    "call",
    [
        lambda: neighbours.nearest_neighbours(np.zeros((2, 3)), np.zeros((2, 4))),
        lambda: neighbours.nearest_neighbours(np.zeros((1, 3)), np.zeros((1, 3)), same=True),
        lambda: neighbours.radii(np.zeros((5, 3)), 5),
        lambda: distances.frechet_distance(np.zeros((1, 3)), np.zeros((5, 3))),
        lambda: distances.frechet_distance(np.zeros((5, 3)), np.zeros((5, 4))),
        lambda: distances.kernel_distance(np.zeros((5, 2)), np.zeros((5, 3))),
    ],
)
def test_bad_input_is_one_line(call):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) and "\n" not in str(error.value)
