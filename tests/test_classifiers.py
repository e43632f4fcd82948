"""Who names the faces of a generator, and how."""

import numpy as np
import torch

from animegan_helpers.attributes import PRETRAINED, AttributeNetwork, save_attributes
from animegan_helpers.checkpoint import load_weights
from animegan_helpers.classifiers import (
    MIRRORED,
    brightness_classifier,
    choose_classifier,
    network_classifier,
    pose_classifier,
)
from animegan_helpers.faces import load_faces
from animegan_helpers.latent import generate, sample_latent

DARK, LIGHT = torch.full((30, 3, 64, 64), -0.8), torch.full((30, 3, 64, 64), 0.8)
FACES = torch.cat([DARK, LIGHT])


def seeing(hair: list[str], path, sharpness: float = 30.0) -> None:
    """Saves a network that tells dark from light: hair[0] from hair[1]; the higher the sharpness, the surer."""
    network = AttributeNetwork({"hair": hair, "eyes": ["blue", "red"]}, width=4)
    network(FACES)  # batch norm sees both kinds
    network.eval()
    head = network.heads["hair"]
    features = network.features(torch.cat([DARK[:1], LIGHT[:1]])).detach()  # (2, F)
    difference = features[1] - features[0]
    with torch.no_grad():
        head.weight.copy_(
            torch.stack([-difference, difference]) * sharpness / difference.square().sum()
        )
        head.bias.copy_(-head.weight @ features.mean(0))
    save_attributes(path, network.requires_grad_(False), {})


def test_brightness_names_hair_without_a_network(tmp_path):
    classifier = choose_classifier({}, FACES, tmp_path)
    assert "brightness" in classifier.source
    assert (classifier.name(FACES)["hair"] == ["dark"] * 30 + ["light"] * 30).all()
    p = classifier.probabilities(FACES, chunk=7)["hair"]
    assert torch.allclose(p.sum(1), torch.ones(60))


def test_the_data_of_the_weights_decides(tmp_path):
    seeing(["black", "white"], tmp_path / "drawn-attributes.safetensors", sharpness=4)
    seeing(["dim", "bright"], tmp_path / "tagged-attributes.safetensors", sharpness=400)
    drawn = choose_classifier({"data": "6,000 faces drawn by this workbook"}, FACES, tmp_path)
    assert (drawn.name(FACES)["hair"] == ["black"] * 30 + ["white"] * 30).all()
    real = choose_classifier({"data": "25,000 anime faces"}, FACES, tmp_path)
    assert (real.name(FACES)["hair"] == ["dim"] * 30 + ["bright"] * 30).all()
    unknown = choose_classifier({}, FACES, tmp_path)  # the one that is surer
    assert "tagged" in unknown.source


def test_a_network_that_sees_one_colour_is_passed_over(tmp_path):
    seeing(["black", "white"], tmp_path / "drawn-attributes.safetensors")
    dark = DARK + torch.linspace(-0.1, 0.1, 30)[:, None, None, None]
    classifier = choose_classifier({"data": "drawn"}, dark, tmp_path)
    assert "brightness" in classifier.source
    assert (classifier.name(dark[[0, -1]])["hair"] == ["dark", "light"]).all()


def test_the_drawn_network_is_chosen_for_the_drawn_generator_even_unasked():
    samples = generate(load_weights(PRETRAINED / "drawn.safetensors").generator, sample_latent(50))
    classifier = choose_classifier({}, samples)
    assert "drawn-attributes" in classifier.source
    named = classifier.name(samples)
    assert (
        set(named["direction"]) <= set(classifier.factors["direction"])
        and len(set(named["hair"])) > 3
    )
    again = network_classifier(PRETRAINED / "drawn-attributes.safetensors").name(samples)
    assert all((named[factor] == again[factor]).all() for factor in named)


def test_a_pose_turns_round_in_the_mirror():
    """To the last bit for any picture, and rightly for faces whose direction is known."""
    faces = load_faces("", count=200)
    images, true = faces.tensor(), faces.labels["direction"]
    classifier = pose_classifier(PRETRAINED / "drawn-attributes.safetensors")
    values = classifier.factors["direction"]
    there, back = (
        classifier.probabilities(pictures)["direction"] for pictures in (images, images.flip(3))
    )
    assert torch.equal(there, back[:, [values.index(MIRRORED[value]) for value in values]])
    assert torch.allclose(there.sum(1), torch.ones(200))
    named = classifier.name(images)["direction"]
    assert (named == true).mean() > 0.9
    assert all(MIRRORED[MIRRORED[value]] == value for value in values)


def test_brightness_is_surer_further_away():
    classifier = brightness_classifier(FACES + 0.1 * torch.randn_like(FACES))
    p = classifier.probabilities(torch.stack([FACES[0], torch.zeros(3, 64, 64), FACES[-1]]))[
        "hair"
    ][:, 1]
    assert p[0] < p[1] < p[2]
    assert np.isfinite(p.numpy()).all()
