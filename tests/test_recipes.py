"""What a recipe may change about the game: losses, penalties, augmentation, variants of the networks."""

import numpy as np
import pytest
import torch
from torch import nn

from animegan_helpers.augment import AUGMENTATIONS, augment, change_colour, cut_out, translate
from animegan_helpers.calibration import contrast_of, match_contrast, recalibrate
from animegan_helpers.checkpoint import CheckpointError, load_weights
from animegan_helpers.losses import discriminator_loss, gradient_penalty, relativistic_loss
from animegan_helpers.networks import build_networks
from animegan_helpers.runs import start_from, train
from animegan_helpers.settings import TrainingConfig, TrainingError
from animegan_helpers.training import Trainer
from animegan_helpers.variants import VARIANTS, BatchDeviation


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (100, 3, 64, 64), dtype=np.uint8)


def small(**changes) -> TrainingConfig:
    return TrainingConfig(**{"width": 4, "batch": 20, "epochs": 2, "precision": "fp32"} | changes)


def test_losses_where_d_cannot_tell():
    zeros = torch.zeros(7)
    assert discriminator_loss(zeros, zeros).item() == pytest.approx(2 * np.log(2))
    assert relativistic_loss(zeros, zeros).item() == pytest.approx(np.log(2))
    # only the difference of the pair counts
    better, worse = torch.randn(7), torch.randn(7)
    torch.testing.assert_close(
        relativistic_loss(better + 3, worse + 3), relativistic_loss(better, worse)
    )


def test_gradient_penalty_of_a_linear_discriminator():
    """D(x) = w.x has the gradient w everywhere, so the penalty is |w|^2, and its derivative 2 w."""
    weight = torch.randn(3, 64, 64, requires_grad=True)
    images = torch.randn(5, 3, 64, 64, requires_grad=True)
    penalty = gradient_penalty((images * weight).sum(dim=(1, 2, 3)), images)
    torch.testing.assert_close(penalty, weight.square().sum())
    torch.testing.assert_close(torch.autograd.grad(penalty, weight)[0], 2 * weight.detach())


def test_penalties_flatten_the_discriminator(images):
    """After the same steps D's gradient at real pictures is smaller with R1 than without."""
    images = images.copy()
    images[:, :, 16:48, 16:48] //= 4  # something to tell by
    slopes = []
    for weight in (0.0, 100.0):
        recipe = {
            "variants": ("no-norm-d",),
            "penalty_real": weight,
            "learning_rate_d": 2e-3,
            "epochs": 4,
        }
        trainer = Trainer(small(**recipe), images, device="cpu")
        for _ in range(16):
            trainer.advance()
        real = (torch.from_numpy(images[:20]).float() / 127.5 - 1).requires_grad_()
        slopes.append(gradient_penalty(trainer.discriminator(real), real).item())
    assert slopes[1] < 0.5 * slopes[0]


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_augmentation_keeps_shape_and_passes_gradients(name):
    pictures = torch.randn(6, 3, 64, 64, requires_grad=True)
    changed = augment(pictures, [name], torch.rand(6, 3))
    assert changed.shape == pictures.shape and not torch.equal(changed, pictures)
    (gradient,) = torch.autograd.grad(changed.sum(), pictures)
    assert torch.isfinite(gradient).all() and gradient.abs().sum() > 0


def test_augmentations_do_what_they_say():
    pictures = torch.rand(4, 3, 64, 64) - 0.5
    middle = torch.full((4, 3), 0.5)
    torch.testing.assert_close(change_colour(pictures, middle), pictures)
    torch.testing.assert_close(translate(pictures, middle), pictures)
    right_most = translate(
        pictures, torch.tensor([[0.5, 0.9999, 0.0]] * 4)
    )  # shifted to the right by 8 columns
    torch.testing.assert_close(right_most[..., 8:], pictures[..., :-8])
    assert (right_most[..., :8] == 0).all()
    hole = cut_out(torch.ones(4, 3, 64, 64), middle) == 0
    assert hole.sum().item() == 4 * 3 * 32 * 32 and hole[:, :, 16:48, 16:48].all()


@pytest.mark.parametrize("name", VARIANTS)
def test_variant_keeps_sizes_and_weights_travel(name, images, tmp_path):
    trainer = train(small(variants=(name,), epochs=1), images, tmp_path, device="cpu")
    assert torch.isfinite(trainer.history).all()
    weights = load_weights(tmp_path)
    z = torch.randn(3, 100)
    assert weights.generator(z).shape == (3, 3, 64, 64)
    torch.testing.assert_close(weights.generator(z), trainer.generator.eval()(z))
    assert weights.discriminator(torch.zeros(3, 3, 64, 64)).shape == (3,)


def test_variants_change_what_their_names_say():
    def kinds(*names):
        return [
            {type(layer) for layer in network.modules()}
            for network in build_networks(width=4, variants=names)
        ]

    assert all(nn.BatchNorm2d not in network for network in kinds("no-norm"))
    generator, discriminator = kinds("group-norm-d")
    assert nn.BatchNorm2d in generator and nn.GroupNorm in discriminator
    assert (
        nn.Conv2d in kinds("full-size-layer")[0] and BatchDeviation in kinds("batch-deviation")[1]
    )
    assert nn.PReLU in kinds("prelu-d")[1] and nn.LeakyReLU not in kinds("relu-d")[1]
    _, discriminator = build_networks(width=4, variants=("spectral-d",))
    layer = discriminator.to_logit
    for _ in range(30):
        layer.weight  # noqa: B018  (each look takes a step of the power iteration)
    assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.01)
    scale = layer.parametrizations.weight.original.std().item()
    assert scale == pytest.approx(0.02, rel=0.3), "initialised behind the parametrisation"


def test_batch_deviation_tells_faces_that_are_all_alike_from_faces_that_differ():
    layer = BatchDeviation()
    alike, different = torch.randn(1, 3, 4, 4).expand(20, -1, -1, -1), torch.randn(20, 3, 4, 4)
    assert layer(alike).shape == (20, 1, 4, 4)
    assert layer(alike).max() < 0.001 < 0.5 < layer(different).min()
    # 20 pictures are two groups of 10, each with its own number: every second picture is of the same group
    mixed = torch.stack([alike[:10], different[:10]], dim=1).flatten(0, 1)
    channel = layer(mixed)[:, 0, 0, 0]
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
        ({"loss": "wasserstein"}, "loss must be one of"),
        ({"augment": ("zoom",)}, "augment must be among"),
        ({"variants": ("transformer",)}, "variants must be among"),
        ({"penalty_real": -1.0}, "penalty_real"),
        ({"penalty_every": 0}, "penalty_every"),
        (
            {"architecture": "fully-connected", "variants": ("kernel-3",)},
            "variants are changes to dcgan",
        ),
    ],
)
def test_recipes_that_cannot_work(changes, word):
    with pytest.raises(TrainingError, match=word):
        small(**changes).check()


def test_augmented_flipped_averaged_run_resumes_to_the_same_bytes(images, tmp_path):
    recipe = {
        "loss": "relativistic",
        "penalty_real": 1.0,
        "penalty_fake": 1.0,
        "augment": ("colour", "cutout"),
        "flip": True,
        "average": 0.9,
    }
    whole = train(small(**recipe), images, tmp_path / "whole", device="cpu")
    train(small(**recipe | {"epochs": 1}), images, tmp_path / "parts", device="cpu")
    parts = train(small(**recipe), images, tmp_path / "parts", device="cpu")
    for name, tensor in whole.generator.state_dict().items():
        assert torch.equal(tensor, parts.generator.state_dict()[name]), name


def test_a_lazy_penalty_comes_every_so_many_steps_and_weighs_as_many_times_more(images):
    """The first step of weight 1 every 4 steps is that of weight 4 at every step."""

    def weights(steps, **changes):
        trainer = Trainer(small(variants=("no-norm-d",), **changes), images, device="cpu")
        for _ in range(steps):
            trainer.advance()
        return torch.cat([p.detach().flatten() for p in trainer.discriminator.parameters()])

    assert torch.equal(weights(1, penalty_real=1.0, penalty_every=4), weights(1, penalty_real=4.0))
    assert not torch.equal(weights(1, penalty_real=1.0, penalty_every=4), weights(1))
    lazy = Trainer(small(penalty_fake=1.0, penalty_every=2), images, device="cpu")
    assert [lazy._penalised(step) for step in range(4)] == [True, False, True, False]


def test_a_run_begins_with_weights_that_are_there(images, tmp_path):
    first = train(small(epochs=1), images, tmp_path / "first", device="cpu")
    start = tmp_path / "first" / "generator.safetensors"
    second = Trainer(small(seed=5, average=0.9), images, device="cpu")
    start_from(second, start)
    for name in ("generator", "discriminator"):
        for a, b in zip(
            getattr(first, name).state_dict().values(), getattr(second, name).state_dict().values()
        ):
            assert torch.equal(a, b)
    torch.testing.assert_close(
        second.samples(), first.samples(first.fixed_noise * 0 + second.fixed_noise)
    )
    third = train(small(epochs=1, seed=5), images, tmp_path / "third", start=start, device="cpu")
    assert third.summary()["started_from"] == "generator"
    resumed = train(small(epochs=2, seed=5), images, tmp_path / "third", start=start, device="cpu")
    assert resumed.summary()["started_from"] == "generator" and resumed.step == 2 * third.step
    with pytest.raises(CheckpointError, match="another width"):
        train(small(width=8, epochs=1), images, tmp_path / "fourth", start=start, device="cpu")
    assert not (tmp_path / "fourth").exists()


def test_recalibrated_running_averages_are_those_of_the_samples():
    """In eval mode the activations behind the first batch norm then have mean 0 and variance 1 over fresh vectors."""
    torch.manual_seed(0)
    generator, _ = build_networks(width=4)
    first = generator.blocks[0]
    with torch.no_grad():
        first[0].weight.mul_(50)
        before = first[:2].eval()(torch.randn(2_000, 100, 1, 1))
        recalibrate(generator)
        after = first[:2](torch.randn(2_000, 100, 1, 1))
    assert (
        before.std() > 2 and after.std() == pytest.approx(1, abs=0.05) and abs(after.mean()) < 0.05
    )
    assert not generator.training and first[1].momentum == 0.1


@pytest.mark.parametrize(
    "architecture, variants",
    [
        ("dcgan", ()),
        ("dcgan", ("full-size-layer",)),
        ("dcgan", ("resize-convolve",)),
        ("fully-connected", ()),
    ],
)
def test_contrast_is_matched(architecture, variants):
    torch.manual_seed(0)
    generator = recalibrate(build_networks(architecture, width=4, variants=variants)[0])
    z = torch.randn(500, 100)

    def contrast() -> float:
        with torch.no_grad():
            return float(generator(z).flatten(1).std(dim=1).mean())

    before = contrast()
    factor = match_contrast(generator, 1.5 * before)
    assert contrast() == pytest.approx(1.5 * before, rel=0.02) and 1.4 < factor < 2.5
    with pytest.raises(ValueError, match="out of reach"):
        match_contrast(generator, 1.5)  # more than black and white have
    assert contrast() == pytest.approx(1.5 * before, rel=0.02)


def test_contrast_of_faces_is_their_mean_deviation(images):
    by_hand = (
        (torch.from_numpy(images).float() / 127.5 - 1).flatten(1).std(dim=1, correction=0).mean()
    )
    assert contrast_of(images) == pytest.approx(float(by_hand), rel=1e-4)
