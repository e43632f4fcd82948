"""What settings may change about the game: losses, penalties, augmentations, networks, contrast."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from animegan_helpers.augment import AUGMENTATIONS, augment, look_closer, translate
from animegan_helpers.calibration import contrast_of, recalibrate
from animegan_helpers.losses import LOSSES, discriminator_loss, gradient_penalty, relativistic_loss
from animegan_helpers.networks import (
    INITIALISATIONS,
    VARIANTS,
    BatchDeviation,
    build_networks,
    initialise,
)
from animegan_helpers.settings import TrainingConfig, TrainingError, load_presets, preset
from animegan_helpers.training import Trainer
from animegan_workshop.experiments.variants import EXPERIMENTAL
from animegan_workshop.export import match_contrast


def test_losses_where_d_cannot_tell():
    zeros = torch.zeros(7, dtype=torch.bfloat16)  # too coarse for a loss, which is in fp32
    assert discriminator_loss(zeros, zeros).item() == pytest.approx(2 * np.log(2))
    assert relativistic_loss(zeros, zeros).item() == pytest.approx(np.log(2))
    better, worse = torch.randn(7), torch.randn(7)  # only the difference of the pair counts
    moved = relativistic_loss(better + 3, worse + 3)
    torch.testing.assert_close(moved, (1 + torch.exp(worse - better)).log().mean())
    even, high = torch.zeros(7), torch.ones(7) / 2
    for loss in (LOSSES | EXPERIMENTAL["loss"]).values():  # G wants its fakes high, D the reals
        assert loss.generator(even, high) < loss.generator(even, even)
        assert loss.discriminator(high, even) < loss.discriminator(even, even)


def test_gradient_penalty_of_a_linear_discriminator():
    """D(x) = w.x has the gradient w everywhere: the penalty is |w|^2, its derivative 2 w."""
    weight = torch.randn(3, 64, 64, requires_grad=True)
    images = torch.randn(5, 3, 64, 64, requires_grad=True)
    penalty = gradient_penalty((images * weight).sum(dim=(1, 2, 3)), images)
    torch.testing.assert_close(penalty, weight.square().sum())
    torch.testing.assert_close(torch.autograd.grad(penalty, weight)[0], 2 * weight.detach())


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_augmentation_keeps_shape_and_passes_gradients(name):
    pictures = torch.randn(6, 3, 64, 64, requires_grad=True)
    changed = augment(pictures, [name], torch.rand(6, 3))
    assert changed.shape == pictures.shape and not torch.equal(changed, pictures)
    (gradient,) = torch.autograd.grad(changed.sum(), pictures)
    assert torch.isfinite(gradient).all() and gradient.abs().sum() > 0


def test_translation_moves_and_fills_with_grey():
    pictures, middle = torch.rand(4, 3, 64, 64) - 0.5, torch.full((4, 3), 0.5)
    torch.testing.assert_close(translate(pictures, middle), pictures)
    right_most = translate(pictures, torch.tensor([[0.5, 0.9999, 0.0]] * 4))  # by 8 columns
    torch.testing.assert_close(right_most[..., 8:], pictures[..., :-8])
    assert (right_most[..., :8] == 0).all()


def test_half_of_the_pictures_are_seen_from_closer():
    pictures = torch.rand(2, 3, 64, 64)
    random = torch.tensor([[0.5, 0.9, 0.9], [0.4, 0.0, 0.5]])  # the second: its window far left
    whole, closer = look_closer(pictures, random)
    torch.testing.assert_close(whole, pictures[0])
    middle = pictures[1:, :, 16:48, 8:40]
    window = nn.functional.interpolate(middle, scale_factor=2, mode="bilinear")[0]
    torch.testing.assert_close(closer[:, 1:-1, 1:-1], window[:, 1:-1, 1:-1])


ONE_LOGIT = [*VARIANTS, *EXPERIMENTAL["variant"].keys() - {"borrowed-eyes"}]
SETTINGS = [{"variants": (name,)} for name in sorted(ONE_LOGIT)]
SETTINGS += [{"architecture": "fully-connected"}, {"loss": "sigmoid-first"}]
SETTINGS += [{"initialisation": name} for name in INITIALISATIONS]


@pytest.mark.parametrize("changes", SETTINGS, ids=str)
def test_a_setting_takes_a_step_and_keeps_sizes(changes):
    faces = np.random.default_rng(0).integers(0, 256, (10, 3, 64, 64), dtype=np.uint8)
    config = TrainingConfig(width=4, batch=10, epochs=1, precision="fp32", **changes)
    trainer = Trainer(config, faces, device="cpu")
    trainer.advance()
    trainer.check_finite()
    images = trainer.generator(torch.randn(3, 100))
    assert images.shape == (3, 3, 64, 64) and trainer.discriminator(images).shape == (3,)


def test_variants_change_what_their_names_say():
    def kinds(*names):
        networks = build_networks(width=4, variants=names)
        return [{type(layer) for layer in network.modules()} for network in networks]

    assert all(nn.BatchNorm2d not in network for network in kinds("no-norm"))
    generator, discriminator = kinds("no-norm-d")
    assert nn.BatchNorm2d in generator and nn.BatchNorm2d not in discriminator
    assert all(nn.GroupNorm in network for network in kinds("group-norm"))
    assert nn.Conv2d in kinds("full-size-layer")[0]
    assert BatchDeviation in kinds("batch-deviation")[1]
    assert nn.PReLU in kinds("prelu-d")[1] and nn.LeakyReLU not in kinds("relu-d")[1]


def test_a_layer_with_spectral_norm_is_initialised_behind_it():
    for scheme, std in (("normal", 0.02), ("he", (2 / 256) ** 0.5)):  # 256 inputs
        layer = initialise(spectral_norm(nn.Conv2d(16, 32, 4)), scheme)
        scale = layer.parametrizations.weight.original.std().item()
        assert scale == pytest.approx(std, rel=0.1)


def test_batch_deviation_tells_faces_that_are_all_alike_from_faces_that_differ():
    layer = BatchDeviation()
    alike, different = torch.randn(1, 3, 4, 4).expand(20, -1, -1, -1), torch.randn(20, 3, 4, 4)
    assert layer(alike).shape == (20, 1, 4, 4)
    assert layer(alike).max() < 0.001 < 0.5 < layer(different).min()
    # 20 pictures are two groups of 10; every second picture is of the same group
    channel = layer(torch.stack([alike[:10], different[:10]], dim=1).flatten(0, 1))[:, 0, 0, 0]
    assert channel[0::2].max() < 0.001 and channel[1::2].min() > 0.5
    by_hand = different[:10].std(dim=0, correction=0).mean()
    torch.testing.assert_close(channel[1], by_hand, rtol=1e-4, atol=1e-4)


def test_batch_deviation_judges_a_single_face_as_one_of_many():
    layer = BatchDeviation()
    for _ in range(100):
        many = layer(torch.randn(50, 3, 4, 4))
    single = layer.eval()(torch.randn(1, 3, 4, 4))
    assert single.mean().item() == pytest.approx(many.mean().item(), rel=0.1)


def test_batch_deviation_has_a_slope_where_all_faces_are_alike():
    alike = torch.zeros(10, 3, 4, 4, requires_grad=True)
    BatchDeviation()(alike).sum().backward()
    assert torch.isfinite(alike.grad).all()


@pytest.mark.parametrize(
    "changes, word",
    [
        ({"loss": "wasserstein"}, "no loss .* use one of non-saturating, .*sigmoid-first"),
        ({"augment": ("zoom",)}, "no augmentation is called 'zoom'"),
        ({"variants": ("transformer",)}, "no variant is called 'transformer'"),
        ({"architecture": "vae"}, "no architecture is called 'vae'"),
        ({"initialisation": "uniform"}, "no initialisation is called 'uniform'"),
        ({"architecture": "fully-connected", "variants": ("kernel-3",)}, "changes to dcgan"),
        ({"precision": "fp8"}, "precision must be"),
        ({"width": 0}, "width must be a whole number from 1 to 1,000,000, not 0"),
        ({"width": 8.5}, "width must be a whole number from 1 to 1,000,000, not 8.5"),
        ({"batch": 20.0}, "batch must be a whole number"),
        ({"batch": 1}, "batch must be a whole number of at least 2"),
        ({"epochs": 0}, "epochs must be"),
        ({"penalty_every": 0}, "penalty_every must be"),
        ({"penalty_real": -1.0}, "penalty_real must be at least 0"),
        ({"learning_rate_g": 0.0}, "learning_rate_g must be above 0 and finite"),
        ({"learning_rate_g": math.inf}, "learning_rate_g must be above 0 and finite"),
        ({"learning_rate_d": math.nan}, "learning_rate_d must be above 0 and finite"),
        ({"ema": 1.0}, "ema must be at least 0 and below 1"),
        ({"beta1": "0.5"}, "beta1 must be"),
        ({"beta2": 1.0}, "beta2 must be"),
        ({"seed": 2**63}, "seed must be"),
    ],
)
def test_settings_that_cannot_work_are_told_in_one_line(changes, word):
    with pytest.raises(TrainingError, match=word) as error:
        preset("smoke", **changes)
    assert "\n" not in str(error.value)


def test_presets_are_whole():
    for name in load_presets():
        preset(name, beta1=0).check()  # no momentum is a setting like any
    report = preset("report")
    assert (report.batch, report.epochs, report.learning_rate_g) == (50, 100, 2e-4)
    assert (report.beta1, report.width, report.ema, report.flip) == (0.5, 64, 0.0, False)
    with pytest.raises(TrainingError, match="no preset is called 'best'"):
        preset("best")
    with pytest.raises(TrainingError, match="no setting is called lr"):
        preset("report", lr=1)


def test_recalibrated_averages_are_those_of_the_samples():
    """Behind the first batch norm, fresh vectors then have mean 0 and variance 1 in eval mode."""
    generator, _ = build_networks(width=4)
    first, z = generator.blocks[0], torch.randn(2_000, 100, 1, 1)
    with torch.no_grad():
        first[0].weight.mul_(50)
        before, after = first[:2].eval()(z), (recalibrate(generator), first[:2](z))[1]
    assert before.std() > 2 and after.std() == pytest.approx(1, abs=0.05)
    assert abs(after.mean()) < 0.05 and not generator.training and first[1].momentum == 0.1


@pytest.mark.parametrize(
    "shape", [{}, {"variants": ["full-size-layer"]}, {"architecture": "fully-connected"}], ids=str
)
def test_contrast_is_matched(shape):
    generator = recalibrate(build_networks(width=4, **shape)[0]).requires_grad_(False)
    z = torch.randn(300, 100)

    def contrast() -> float:
        return float(generator(z).flatten(1).std(dim=1).mean())

    wanted = 1.5 * contrast()
    factor = match_contrast(generator, wanted, samples=300)
    assert contrast() == pytest.approx(wanted, rel=0.02) and 1.4 < factor < 2.5
    with pytest.raises(ValueError, match="out of reach"):
        match_contrast(generator, 1.5, samples=20)  # more than black and white have
    assert contrast() == pytest.approx(wanted, rel=0.02)


def test_contrast_of_faces_is_their_mean_deviation():
    images = np.random.default_rng(0).integers(0, 256, (100, 3, 64, 64), dtype=np.uint8)
    values = torch.from_numpy(images).float() / 127.5 - 1
    by_hand = values.flatten(1).std(dim=1, correction=0).mean()
    assert contrast_of(images) == pytest.approx(float(by_hand), rel=1e-4)
