"""The discriminator that looks through a frozen network (preset `projected`)."""

import sys

import numpy as np
import pytest
import torch

from animegan_helpers.checkpoint import PRETRAINED, load_weights
from animegan_helpers.runs import start_from, train
from animegan_helpers.settings import TrainingError, preset
from animegan_helpers.training import Trainer
from animegan_workshop import projected

pytest.importorskip("efficientnet_lite_pytorch", reason="needs .[projected]")
MODERN = PRETRAINED / "modern.safetensors"
FACES = np.random.default_rng(0).integers(0, 255, (64, 3, 64, 64)).astype(np.uint8)


@pytest.fixture(scope="module")
def trainer():
    trainer = Trainer(preset("projected", batch=4, precision="fp32"), FACES)
    start_from(trainer, MODERN)
    return trainer


def test_the_frozen_network_is_the_librarys_with_batch_norm_folded():
    whole = projected.load_efficientnet(0)
    images = torch.rand(2, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        right = whole._swish(whole._bn0(whole._conv_stem(projected.enlarge(images))))
        for block in whole._blocks[:11]:
            right = block(right)
        network = projected.FrozenFeatures()
        maps = network(images)
        with torch.autocast("cpu", torch.bfloat16):
            rough = network(images)[-1]
    assert (rough - right).norm() < 0.05 * right.norm()
    torch.testing.assert_close(maps[-1], right, rtol=1e-3, atol=1e-4)
    assert tuple(one.shape[1] for one in maps) == projected.CHANNELS
    assert [one.shape[2] for one in maps] == [64, 32, 16, 8]


def test_only_the_heads_are_trained_and_g_hears_through_the_frozen_network(trainer):
    D = trainer.discriminator
    assert {name.split(".")[0] for name, _ in D.named_parameters()} == {"to_logit"}
    images = torch.zeros(3, 3, 64, 64, requires_grad=True)
    assert D(images[:1].detach()).shape == (1, 64)
    D(images).sum().backward()
    assert (images.grad.abs().amax(dim=(1, 2, 3)) > 0).all()
    before = {name: t.clone() for name, t in D.blocks.state_dict().items()}
    frozen = [p.clone() for p in D.blocks._frozen[0].parameters()]
    trainer.advance()
    assert all(torch.equal(before[name], t) for name, t in D.blocks.state_dict().items())
    assert all(map(torch.equal, frozen, D.blocks._frozen[0].parameters()))


def test_a_run_begins_with_the_generator_of_other_weights_and_new_heads(trainer):
    assert trainer.started_from == "modern"
    fresh = Trainer(trainer.config, trainer.images)
    start_from(fresh, MODERN)
    shipped = load_weights(MODERN).generator.state_dict()
    assert all(torch.equal(shipped[k], t) for k, t in fresh.generator.state_dict().items())


def test_a_run_goes_on_to_the_last_bit_and_its_generator_loads_without_the_package(
    tmp_path, monkeypatch
):
    config = preset("projected", batch=8, width=8, epochs=1, precision="fp32")
    whole = train(config, FACES[:32], tmp_path / "whole", checkpoint_seconds=0)
    train(config, FACES[:32], tmp_path / "halves", checkpoint_seconds=0)
    for path in (tmp_path / "halves").glob("checkpoint-00000004*"):
        path.unlink()
    (tmp_path / "halves" / "generator.safetensors").unlink()
    halves = train(config, FACES[:32], tmp_path / "halves")
    assert halves.step == whole.step == 4
    for name in ("generator", "discriminator"):
        own, other = (getattr(run, name).state_dict() for run in (halves, whole))
        assert all(torch.equal(own[key], other[key]) for key in own)
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    weights = load_weights(tmp_path / "whole")
    assert weights.generator(torch.zeros(1, 100)).shape == (1, 3, 64, 64)
    with pytest.raises(TrainingError, match="pip install"):
        weights.discriminator(torch.zeros(1, 3, 64, 64))


def test_the_judge_sees_faces_as_its_network_was_taught_them():
    network, shown = projected.load_efficientnet(2), torch.from_numpy(FACES[:3]) / 127.5 - 1
    right = network.extract_features(projected.enlarge(shown)).mean(dim=(2, 3))
    np.testing.assert_allclose(projected.lite2_features(FACES[:3], 2), right, rtol=1e-3, atol=1e-4)


def test_the_hinge_loss():
    real, fake = torch.tensor([[3.0, 0.5]]), torch.tensor([[-3.0, 0.25]])
    assert projected.hinge_discriminator(real, fake) == 0.25 + 0.625
    assert projected.hinge_generator(None, fake) == 1.375
