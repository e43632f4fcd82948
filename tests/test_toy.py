"""The toy GAN: its mixtures, VEEGAN's measures, its gradients, and a short game."""

import math

import pytest
import torch

from animegan_helpers.toy import ToyGAN, generator_loss, grid, mode_counts, modes_captured, ring


@pytest.mark.parametrize("mixture, modes", [(ring(), 8), (grid(), 25)])
def test_real_points_capture_every_mode_at_the_share_a_gaussian_has_within_three_std(
    mixture, modes
):
    points = mixture.sample(20_000, torch.Generator().manual_seed(0))
    captured, quality = modes_captured(points, mixture.centres, mixture.std)
    assert points.shape == (20_000, 2)
    assert captured == modes == len(mixture.centres)
    assert quality == pytest.approx(1 - math.exp(-4.5), abs=0.003)


def test_measures_count_only_samples_near_a_centre_and_by_the_nearest():
    mixture = ring()
    collapsed = mixture.centres[:1].repeat(30, 1)
    away = torch.zeros(10, 2)
    samples = torch.cat([collapsed, away])
    assert modes_captured(samples, mixture.centres, mixture.std) == (1, 0.75)
    assert mode_counts(samples, mixture.centres, mixture.std).tolist() == [30] + [0] * 7
    assert modes_captured(away, mixture.centres, mixture.std) == (0, 0.0)


@pytest.mark.parametrize("logit", [-4.0, 0.0, 4.0])
def test_generator_losses_have_the_gradients_of_the_formulas(logit):
    for kind, formula in (("saturating", lambda d: -d), ("non-saturating", lambda d: -(1 - d))):
        s = torch.tensor([logit], requires_grad=True)
        generator_loss(s, kind).backward()
        assert s.grad.item() == pytest.approx(formula(1 / (1 + math.exp(-logit))), abs=1e-6)
    with pytest.raises(KeyError):
        generator_loss(torch.zeros(1), "none")


def test_each_step_moves_its_own_player_only_and_leaves_no_gradient_in_the_other():
    gan = ToyGAN(ring(), fourier=4, r1=0.1, noise=0.3)
    g, d = [p.clone() for p in gan.G.parameters()], [p.clone() for p in gan.D.parameters()]
    gan.d_step()
    assert all(torch.equal(a, b) for a, b in zip(g, gan.G.parameters()))
    assert all(p.grad is None for p in gan.G.parameters())
    assert not torch.equal(d[0], next(gan.D.parameters()))
    d = [p.clone() for p in gan.D.parameters()]
    gan.optimiser_d.zero_grad()
    gan.g_step()
    assert all(torch.equal(a, b) for a, b in zip(d, gan.D.parameters()))
    assert all(p.grad is None for p in gan.D.parameters())
    assert not torch.equal(g[0], next(gan.G.parameters()))


def test_a_short_game_repeats_with_its_seed_and_restores_the_threads():
    threads, seen = torch.get_num_threads(), []
    runs = []
    for _ in range(2):
        gan = ToyGAN(grid(), fourier=8, noise=0.5, r1=0.02, seed=3)
        history = gan.train(20, show=lambda gan: seen.append(gan.steps_done))
        runs.append((history, gan.sample(100)))
    assert seen == [*range(1, 21)] * 2
    assert torch.get_num_threads() == threads
    assert runs[0][0] == runs[1][0] and torch.equal(runs[0][1], runs[1][1])
    assert not runs[0][1].requires_grad  # else the average would drag the whole game's graph along
    assert runs[0][1].shape == (100, 2) and all(math.isfinite(v) for pair in history for v in pair)
