"""Directions through the latent space: principal ones, named ones, and what they do."""

import numpy as np
import pytest
import torch
from answering import SPECIAL, answering_generator

from animegan_helpers import directions
from animegan_helpers.attributes import PRETRAINED
from animegan_helpers.checkpoint import load_weights
from animegan_helpers.classifiers import network_classifier
from animegan_helpers.latent import generate, sample_latent
from animegan_helpers.networks import make_networks

PLANTED = directions.random_directions(1, seed=3)[0]


ALONG = (sample_latent(1_500, seed=4) @ PLANTED).numpy()
NAMES = np.select([ALONG < -0.5, ALONG > 0.5], ["left", "right"], "front")


def directions_of(**names) -> dict[str, torch.Tensor]:
    return directions.named_directions(sample_latent(1_500, seed=4), names)


def test_principal_directions_find_what_moves_the_picture():
    generator = answering_generator()
    found = directions.principal_directions(generator, 5, samples=2_000)
    assert found.shape == (5, 100) and torch.allclose(found.norm(dim=1), torch.ones(5), atol=1e-5)
    assert abs(found[0] @ SPECIAL) > 0.95
    steps = 3 * torch.cat([found[:1], directions.random_directions(10, seed=8)])
    z = sample_latent(40, seed=7)
    changes = [(generate(generator, z + step) - generate(generator, z)).std() for step in steps]
    assert changes[0] > 1.5 * max(changes[1:])
    assert torch.equal(found, directions.principal_directions(generator, 5, samples=2_000))


def test_principal_directions_of_the_fully_connected_generator():
    generator, _ = make_networks("fully-connected", width=8)
    found = directions.principal_directions(generator, 4, samples=300)
    assert found.shape == (4, 100) and torch.isfinite(found).all()


def test_mean_difference_finds_a_planted_direction():
    z = sample_latent(4_000)
    direction = directions.mean_difference_direction(z, (z @ PLANTED > 1).numpy())
    assert abs(direction.norm() - 1) < 1e-5 and direction @ PLANTED > 0.9
    for nothing in (np.zeros(4_000), np.ones(4_000)):
        with pytest.raises(ValueError, match="draw more samples"):
            directions.mean_difference_direction(z, nothing)


def test_named_directions_take_the_pair_furthest_apart():
    found = directions_of(eyes=NAMES, hair=np.full(1_500, "aqua"))
    assert list(found) == ["eyes: left \N{EN DASH} right"]  # one hair colour gives no direction
    assert found["eyes: left \N{EN DASH} right"] @ PLANTED > 0.95
    assert directions_of() == {}


def test_a_pose_turns_from_left_to_right_where_both_were_seen():
    swap = {"right": "front", "front": "right", "left": "left"}  # "right" is in the middle
    (pose,) = directions_of(direction=np.array([swap[name] for name in NAMES]))
    assert pose == "pose: left \N{EN DASH} right"
    (pose,) = directions_of(direction=np.where(NAMES == "left", "half-left", NAMES))
    assert pose == "pose: half-left \N{EN DASH} right"


def test_orthogonalised_directions_stay_near():
    mixed = directions.random_directions(5, seed=1) + 0.4 * directions.random_directions(1, seed=2)
    result = directions.orthogonalise(mixed)
    assert torch.allclose(result @ result.T, torch.eye(5), atol=1e-5)
    assert (torch.cosine_similarity(result, mixed) > 0.9).all()
    swapped = directions.orthogonalise(mixed.flip(0)).flip(0)
    assert torch.allclose(result, swapped, atol=1e-5)  # no direction comes first
    with pytest.raises(ValueError, match="depend on each other"):
        directions.orthogonalise(torch.stack([SPECIAL, SPECIAL]))


def test_directions_change_what_they_are_named_for_in_the_generator_that_ships():
    generator = load_weights(PRETRAINED / "drawn.safetensors").generator
    classifier = network_classifier(PRETRAINED / "drawn-attributes.safetensors")
    z, fresh = sample_latent(400, seed=0), sample_latent(60, seed=100)
    found = directions.named_directions(z, classifier.name(generate(generator, z)))
    assert [name.split(":")[0] for name in found] == ["hair", "eyes", "pose", "expression"]
    together = torch.stack(list(found.values()))
    assert torch.allclose(together @ together.T, torch.eye(4), atol=1e-5)
    for name, direction in found.items():
        factor, ends = name.replace("pose", "direction").split(": ")
        minus, plus = ends.split(" \N{EN DASH} ")
        moved = (fresh - 4 * direction, fresh + 4 * direction)
        down, up = (classifier.name(generate(generator, where))[factor] for where in moved)
        assert (up == plus).mean() > (down == plus).mean() + 0.1, name
        assert (down == minus).mean() > (up == minus).mean() + 0.1, name
