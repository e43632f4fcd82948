"""The toy GAN: its mixtures, VEEGAN's measures, its gradients, and a short game."""

import math

import pytest
import torch
from torch.nn.utils import parameters_to_vector

from animegan_helpers.toy import ToyGAN, generator_loss, grid, mode_counts, modes_captured, ring


@pytest.mark.parametrize("mixture, modes", [(ring(), 8), (grid(), 25)])
def test_real_points_capture_all_modes_with_a_gaussians_share_within_3_std(mixture, modes):
    points = mixture.sample(20_000, torch.Generator().manual_seed(0))
    captured, quality = modes_captured(points, mixture.centres, mixture.std)
    assert points.shape == (20_000, 2)
    assert captured == modes == len(mixture.centres)
    assert quality == pytest.approx(1 - math.exp(-4.5), abs=0.003)


def test_measures_count_only_samples_near_a_centre_and_by_the_nearest():
    mixture = ring()
    away = torch.zeros(10, 2)
    samples = torch.cat([mixture.centres[:1].repeat(30, 1), away])
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
    for step, player, other in ((gan.d_step, gan.D, gan.G), (gan.g_step, gan.G, gan.D)):
        before = [parameters_to_vector(network.parameters()) for network in (player, other)]
        other.zero_grad()
        step()
        assert not torch.equal(parameters_to_vector(player.parameters()), before[0])
        assert torch.equal(parameters_to_vector(other.parameters()), before[1])
        assert all(parameter.grad is None for parameter in other.parameters())


def test_the_penalty_is_half_of_gamma_times_the_squared_slope_in_units_of_the_spread():
    gan = ToyGAN(grid(), r1=0.5)
    gan.judge = lambda points: 3 * points[:, 0] / gan.scale
    assert gan.penalty(torch.randn(10, 2)).item() == pytest.approx(0.25 * 9)


def test_every_4th_step_pays_the_penalty_four_times_over():
    def slope(r1: float, steps: int) -> float:
        gan = ToyGAN(ring(), r1=r1)
        gan.steps_done, gan.penalty = steps, lambda real: gan.D[-1].bias.sum()
        gan.d_step()
        return gan.D[-1].bias.grad.item()

    paid = [slope(0.1, steps) - slope(0.0, steps) for steps in range(6)]
    assert paid == pytest.approx([4, 0, 0, 0, 4, 0], abs=1e-5)


def test_a_game_depends_on_its_seed_alone():
    seen = {}

    def play_another(gan: ToyGAN) -> None:
        seen[gan.steps_done - 1] = gan.optimiser_d.param_groups[0]["lr"], gan.noise_now
        ToyGAN(ring(), seed=gan.steps_done).train(1)
        torch.manual_seed(0)
        gan.sample(10)

    alone, disturbed = (ToyGAN(grid(), fourier=8, noise=0.5, r1=0.02, seed=3) for _ in range(2))
    losses = alone.train(20)
    assert disturbed.train(20, show=play_another) == losses and disturbed.steps_done == 20
    assert all(math.isfinite(loss) for pair in losses for loss in pair)
    assert torch.equal(disturbed.sample(100), alone.sample(100))
    assert not alone.sample(100).requires_grad
    # half a cosine; by half time there is no noise any more
    assert seen[0] == (4e-3, 0.5) and seen[10] == pytest.approx((2e-3, 0))
