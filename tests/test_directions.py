"""Directions through the latent space: principal ones, those with a name, and what they do."""

import numpy as np
import pytest
import torch
from answering import SPECIAL, answering_generator

from animegan_helpers.attributes import PRETRAINED
from animegan_helpers.checkpoint import load_weights
from animegan_helpers.classifiers import network_classifier
from animegan_helpers.directions import (
    linear_probe,
    named_directions,
    orthogonalise,
    picture_changes,
    principal_directions,
    random_directions,
)
from animegan_helpers.latent import generate, sample_latent
from animegan_workshop.experiments.variants import FullyConnectedGenerator


@pytest.fixture
def generator():
    return answering_generator()


def test_principal_directions_find_what_moves_the_picture(generator):
    directions = principal_directions(generator, 5, samples=2_000)
    assert directions.shape == (5, 100)
    assert torch.allclose(directions.norm(dim=1), torch.ones(5), atol=1e-5)
    assert abs(directions[0] @ SPECIAL) > 0.95
    z = sample_latent(40, seed=7)
    changes = picture_changes(
        generator, z, 3 * torch.cat([directions[:1], random_directions(10, seed=8)])
    )
    assert changes[0] > 1.5 * changes[1:].max()
    assert torch.equal(directions, principal_directions(generator, 5, samples=2_000))


def test_principal_directions_of_the_fully_connected_generator():
    directions = principal_directions(FullyConnectedGenerator(width=8), 4, samples=300)
    assert directions.shape == (4, 100) and torch.isfinite(directions).all()


def planted(count: int = 1_500) -> tuple[torch.Tensor, np.ndarray, torch.Tensor]:
    """z, a name for each that depends on z along one direction only, and that direction."""
    z, direction = sample_latent(count, seed=4), random_directions(1, seed=3)[0]
    along = (z @ direction).numpy()
    return z, np.select([along < -0.5, along > 0.5], ["left", "right"], "front"), direction


def test_probe_finds_a_planted_direction_and_knows_how_well():
    z, names, direction = planted()
    probe = linear_probe(z, names)
    assert probe.values == ["front", "left", "right"]
    assert probe.contrast("left", "right") @ direction > 0.95
    assert probe.accuracy > probe.chance + 0.3
    shuffled = linear_probe(z, np.random.default_rng(0).permutation(names))
    assert shuffled.accuracy < shuffled.chance + 0.1  # nothing to be found, and nothing claimed
    with pytest.raises(ValueError, match="two values"):
        linear_probe(z, np.full(len(z), "left"))


def test_named_directions_take_the_pair_furthest_apart():
    z, names, direction = planted()
    found = named_directions(z, {"eyes": names, "hair": np.full(len(z), "aqua")})
    assert list(found) == [
        "eyes: left \N{EN DASH} right"
    ]  # one hair colour alone gives no direction
    assert found["eyes: left \N{EN DASH} right"] @ direction > 0.95
    assert named_directions(z, {}) == {}


def test_a_pose_turns_from_left_to_right_where_both_were_seen():
    z, names, direction = planted()
    swapped = np.where(
        names == "right", "front", np.where(names == "front", "right", names)
    )  # "right" in the middle
    (pose,) = named_directions(z, {"direction": swapped})
    assert pose == "pose: left \N{EN DASH} right"
    (pose,) = named_directions(z, {"direction": np.where(names == "left", "half-left", names)})
    assert pose == "pose: half-left \N{EN DASH} right"


def test_orthogonalised_directions_stay_near():
    mixed = random_directions(5, seed=1) + 0.4 * random_directions(1, seed=2)
    result = orthogonalise(mixed)
    assert torch.allclose(result @ result.T, torch.eye(5), atol=1e-5)
    given = mixed / mixed.norm(dim=1, keepdim=True)
    assert ((result * given).sum(1) > 0.9).all()
    swapped = orthogonalise(mixed.flip(0)).flip(0)
    assert torch.allclose(result, swapped, atol=1e-5)  # no direction comes first
    with pytest.raises(ValueError, match="depend on each other"):
        orthogonalise(torch.stack([SPECIAL, SPECIAL]))


def test_directions_change_what_they_are_named_for_in_the_generator_that_ships():
    generator = load_weights(PRETRAINED / "drawn.safetensors").generator
    reader = network_classifier(PRETRAINED / "drawn-attributes.safetensors")
    z, fresh = sample_latent(400, seed=0), sample_latent(60, seed=100)
    found = named_directions(z, reader.name(generate(generator, z)))
    assert [name.split(":")[0] for name in found] == ["hair", "eyes", "pose", "expression"]
    together = torch.stack(list(found.values()))
    assert torch.allclose(together @ together.T, torch.eye(4), atol=1e-5)
    for name, direction in found.items():
        factor = name.split(":")[0].replace("pose", "direction")
        minus, plus = name.split(": ")[1].split(" \N{EN DASH} ")
        down, up = (
            reader.name(generate(generator, fresh + step * direction))[factor] for step in (-4, 4)
        )
        assert (up == plus).mean() > (down == plus).mean() + 0.1, name
        assert (down == minus).mean() > (up == minus).mean() + 0.1, name
