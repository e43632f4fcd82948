"""Who names the faces of a generator, and how."""

import pytest
import torch

from animegan_helpers import classifiers
from animegan_helpers.attributes import PRETRAINED
from animegan_helpers.checkpoint import load_weights
from animegan_helpers.classifiers import Classifier, choose_classifier, mirrored, pose_classifier
from animegan_helpers.faces import load_faces
from animegan_helpers.latent import generate, sample_latent

DARK, LIGHT = torch.full((30, 3, 64, 64), -0.8), torch.full((30, 3, 64, 64), 0.8)
FACES = torch.cat([DARK, LIGHT])


def telling(dark: str, light: str, certainty: float) -> Classifier:
    """Stands in for a network: it tells dark from light hair, with this probability."""

    def judge(images: torch.Tensor) -> dict[str, torch.Tensor]:
        is_light = images.mean(dim=(1, 2, 3)) > 0
        p = torch.where(is_light, certainty, 1 - certainty)
        return {"hair": torch.stack([1 - p, p], 1), "eyes": torch.ones(len(images), 1)}

    return Classifier({"hair": [dark, light], "eyes": ["blue"]}, judge, torch.flatten, dark)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with two networks; the one for real faces is the more certain one."""
    networks = {
        "drawn-attributes": telling("black", "white", 0.7),
        "tagged-attributes": telling("dim", "bright", 0.9),
    }
    for name in networks:
        (tmp_path / f"{name}.safetensors").touch()
    monkeypatch.setattr(classifiers, "network_classifier", lambda path: networks[path.stem])
    return tmp_path


def test_the_data_of_the_weights_decides_else_the_certainty(folder):
    drawn, real = {"data": "6,000 faces drawn by this workbook"}, {"data": "25,000 anime faces"}
    for about, hair in ((drawn, "black white"), (real, "dim bright"), ({}, "dim bright")):
        named = choose_classifier(about, FACES, folder).name(FACES)["hair"]
        assert " ".join(named[[0, -1]]) == hair


def test_brightness_decides_where_no_network_suits(folder, tmp_path):
    dark = DARK + torch.linspace(-0.1, 0.1, 30)[:, None, None, None]  # of one colour to a network
    for place, samples in ((folder, dark), (tmp_path / "empty", FACES)):
        classifier = choose_classifier({}, samples, place)
        assert "brightness" in classifier.source
        assert classifier.name(samples[[0, -1]])["hair"].tolist() == ["dark", "light"]
        probabilities = classifier.probabilities(samples)["hair"]
        assert torch.allclose(probabilities.sum(1), torch.ones(len(samples)))
        between = classifier.probabilities(samples[[0, -1]].mean(0, keepdim=True))["hair"][0, 1]
        assert probabilities[0, 1] < between < probabilities[-1, 1]
        assert classifier.features(samples).shape == (len(samples), 192)


def test_the_drawn_network_is_chosen_for_the_drawn_generator_even_unasked():
    samples = generate(load_weights(PRETRAINED / "drawn.safetensors").generator, sample_latent(50))
    classifier = choose_classifier({}, samples)
    assert "drawn-attributes" in classifier.source
    named = classifier.name(samples)
    assert set(named["direction"]) <= set(classifier.factors["direction"])
    assert len(set(named["hair"])) > 3


def test_a_pose_turns_round_in_the_mirror():
    faces = load_faces("", count=60)
    images, true = faces.tensor(), faces.labels["direction"]
    classifier = pose_classifier(PRETRAINED / "drawn-attributes.safetensors")
    values = classifier.factors["direction"]
    assert mirrored("half-left") == "half-right" and mirrored("front") == "front"
    plain = classifier.probabilities(images)["direction"]
    mirror = classifier.probabilities(images.flip(3))["direction"]
    assert torch.equal(plain, mirror[:, [values.index(mirrored(value)) for value in values]])
    assert torch.allclose(plain.sum(1), torch.ones(60))
    assert (classifier.name(images)["direction"] == true).mean() > 0.9
