"""Birthday estimate, MS-SSIM, Vendi score, k-means cells: on samplers whose variety is known."""

import numpy as np
import pytest
import torch

from animegan_helpers import cells, diversity


def faces(count, seed=0):
    """uint8 (count, 3, 64, 64): smooth random pictures, all different."""
    random = np.random.default_rng(seed)
    coarse = torch.from_numpy(random.random((count, 3, 8, 8)))
    return (255 * torch.nn.functional.interpolate(coarse, size=64, mode="bilinear")).byte().numpy()


@pytest.mark.parametrize("support", [20, 100])
def test_birthday_finds_a_sampler_of_few_faces(support):
    bag, random = faces(support), np.random.default_rng(1)
    drawn = bag[random.integers(0, support, 500)]
    noisy = np.clip(drawn + random.integers(-3, 4, drawn.shape), 0, 255).astype(np.uint8)
    found = diversity.birthday(noisy, limit=8.0)
    assert found.support == pytest.approx(support, rel=0.2) and found.low <= support <= found.high
    assert found.pairs == 500 * 499 // 2
    # the paradox itself: of `batch` samples every other batch holds two alike
    batches = [random.integers(0, support, round(found.batch)) for _ in range(2_000)]
    assert np.mean([len(set(batch)) < len(batch) for batch in batches]) == pytest.approx(
        0.5, abs=0.1
    )


def test_birthday_without_a_pair_gives_a_lower_bound():
    found = diversity.birthday(faces(60), limit=0.5)
    assert (
        found.alike == 0
        and found.support == found.high == np.inf
        and found.low == pytest.approx(60 * 59 / 2 / 3)
    )


def test_birthday_interval_holds_the_truth():
    random = np.random.default_rng(0)
    inside = []
    for _ in range(200):
        drawn = random.integers(0, 50, 60).astype(np.float32)[:, None]  # equal numbers are alike
        found = diversity.birthday(drawn, limit=0.5)
        inside.append(found.low <= 50 <= found.high)
    assert np.mean(inside) > 0.9


def test_ms_ssim_against_torchmetrics():
    from torchmetrics.functional.image import (
        multiscale_structural_similarity_index_measure as theirs,
    )

    a = torch.from_numpy(faces(6)).double() / 255
    b = (a + 0.2 * torch.from_numpy(faces(6, seed=1)).double() / 255).clamp(0, 1)
    betas = tuple(w / sum(diversity.SSIM_WEIGHTS) for w in diversity.SSIM_WEIGHTS)
    expected = theirs(a, b, betas=betas, data_range=1.0, normalize="relu", reduction="none")
    assert torch.allclose(diversity.ms_ssim(a, b), expected, atol=1e-4)
    assert torch.allclose(diversity.ms_ssim(a, a), torch.ones(6).double())


def test_pairs_are_of_different_pictures_and_repeats_look_alike():
    two = np.stack([np.zeros((3, 64, 64), np.uint8), np.full((3, 64, 64), 255, np.uint8)])
    assert diversity.pair_similarity(two, 50).max() < 0.5  # never a picture with itself
    varied, repeated = (
        diversity.pair_similarity(faces(40), 200),
        diversity.pair_similarity(faces(2)[[0] * 20], 200),
    )
    assert repeated.min() > 0.99 > 0.9 > varied.mean()


def test_vendi_counts_equal_groups_and_is_written_out():
    corners = np.eye(7)[np.arange(70) % 7]
    assert diversity.vendi_score(corners) == pytest.approx(7)
    assert diversity.vendi_score(np.ones((5, 3))) == pytest.approx(1)
    x = np.random.default_rng(0).random((12, 5))
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    values = np.linalg.eigvalsh(unit @ unit.T / 12)  # the N x N matrix of the paper
    values = values[values > 1e-12]
    assert diversity.vendi_score(x) == pytest.approx(
        np.exp(-(values * np.log(values)).sum()), abs=1e-6
    )
    assert diversity.vendi_score(x, np.array([2] + [1] * 11)) == pytest.approx(
        diversity.vendi_score(np.concatenate([x[:1], x]))
    )


def test_k_means_finds_separate_clouds():
    random = np.random.default_rng(0)
    centres = 20 * random.normal(size=(8, 5))
    points = (centres[np.arange(800) % 8] + random.normal(size=(800, 5))).astype(np.float32)
    found = cells.k_means(points, 8)
    distance = np.linalg.norm(found[:, None] - centres, axis=2)
    assert sorted(distance.argmin(0)) == list(range(8)) and distance.min(0).max() < 0.5
    assert cells.count_cells(points, found).tolist() == [100] * 8
    assert np.array_equal(found, cells.k_means(points, 8))
    assert np.isfinite(cells.k_means(np.zeros((5, 2)), 3)).all()  # points that all agree


def test_cells_that_differ():
    random, shares = np.random.default_rng(0), np.full(100, 0.01)
    data = random.multinomial(20_000, shares)
    by_chance = [cells.different_cells(random.multinomial(20_000, shares), data) for _ in range(20)]
    assert 1 < np.mean(by_chance) < 12  # level 0.05 of 100 cells
    lost = shares * (np.arange(100) >= 30)
    assert cells.different_cells(random.multinomial(20_000, lost / lost.sum()), data) >= 95
    # by hand: 5 of 10 against 10 of 100
    z = (0.5 - 0.1) / np.sqrt(15 / 110 * 95 / 110 * (1 / 10 + 1 / 100))
    assert z > 1.96 and cells.different_cells(np.array([5, 5]), np.array([10, 90])) == 2
    assert cells.different_cells(np.array([1, 9]), np.array([10, 90])) == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda: cells.k_means(np.zeros((2, 3)), 3),
        lambda: cells.different_cells(np.zeros(3), np.ones(3)),
        lambda: diversity.pair_similarity(np.zeros((1, 3, 64, 64), np.uint8)),
        lambda: diversity.ms_ssim(torch.zeros(1, 3, 32, 32), torch.zeros(1, 3, 32, 32)),
    ],
)
def test_bad_input_is_one_line(call):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) and "\n" not in str(error.value)
