"""The attribute network, on squares whose colour and place are known."""

import numpy as np
import pytest
import torch

from animegan_helpers.attributes import (
    UNKNOWN,
    AttributeNetwork,
    accuracy_of,
    load_attributes,
    name_faces,
    save_attributes,
    targets_of,
    train_attributes,
)
from animegan_helpers.checkpoint import CheckpointError, write_tensors
from animegan_helpers.faces import FaceSet

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220)}


def squares(count, seed=0):
    """Noise with a square of a known colour at the left or the right; every tenth place has no label."""
    random = np.random.default_rng(seed)
    images = random.integers(90, 160, (count, 3, 64, 64), dtype=np.uint8)
    colour, place = random.choice(list(COLOURS), count), random.choice(["left", "right"], count)
    for image, name, side in zip(images, colour, place):
        image[:, 16:48, slice(0, 32) if side == "left" else slice(32, 64)] = np.array(COLOURS[name])[:, None, None]
    place = np.where(np.arange(count) % 10 == 0, "", place)
    return FaceSet(images, {"colour": colour, "place": place}, np.arange(count).astype(str), [], "squares")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Layers this thin are slower on two threads, much slower where other tests run beside these."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def trained():
    return train_attributes(squares(200), epochs=6, width=4, batch=20)


def test_it_learns_squares(trained):
    network, accuracy = trained
    assert set(accuracy) == {"colour", "place"} and min(accuracy.values()) > 0.9
    assert network.factors == {"colour": ["blue", "green", "red"], "place": ["left", "right"]}
    assert not network.training
    new = accuracy_of(network, squares(100, seed=1))
    assert min(new.values()) > 0.9


def test_names_do_not_depend_on_the_chunk(trained):
    images = squares(30, seed=2).images
    whole, parts = name_faces(trained[0], images), name_faces(trained[0], images, chunk=7)
    for factor in whole.values:
        assert (whole.values[factor] == parts.values[factor]).all()
        assert ((whole.confidence[factor] > 0) & (whole.confidence[factor] <= 1)).all()
    assert whole.features.shape == (30, 32) and np.allclose(whole.features, parts.features, atol=1e-4)


def test_saved_and_loaded(trained, tmp_path):
    save_attributes(tmp_path / "a.safetensors", trained[0], {"seed": 0})
    loaded = load_attributes(tmp_path / "a.safetensors")
    images = squares(50, seed=3).images
    assert (name_faces(loaded, images).values["colour"] == name_faces(trained[0], images).values["colour"]).all()
    with pytest.raises(CheckpointError, match="not there"):
        load_attributes(tmp_path / "none.safetensors")
    write_tensors(tmp_path / "b.safetensors", {"x": torch.zeros(1)}, {})
    with pytest.raises(CheckpointError, match="no attribute network"):
        load_attributes(tmp_path / "b.safetensors")


def test_unknown_labels_are_left_out():
    faces = squares(20)
    targets = targets_of(faces, {"place": ["left", "right"], "shape": ["square"]})
    assert targets.shape == (20, 2) and (targets[::10, 0] == UNKNOWN).all() and (targets[:, 1] == UNKNOWN).all()
    network = AttributeNetwork({"place": ["left", "right"], "shape": ["square"]}, width=2).eval()
    assert set(accuracy_of(network, faces)) == {"place"}


def test_same_seed_same_network():
    networks = [train_attributes(squares(60), ["colour"], epochs=1, width=2, batch=20, seed=5)[0] for _ in range(2)]
    first, second = (list(network.state_dict().values()) for network in networks)
    assert all(torch.equal(a, b) for a, b in zip(first, second))


def test_bad_input_is_one_line():
    faces = squares(20)
    bare = FaceSet(faces.images, {}, faces.files, [], "bare")
    calls = [
        lambda: train_attributes(bare),
        lambda: train_attributes(faces, ["skin"]),
        lambda: train_attributes(faces.subset(slice(0, 3))),
        lambda: name_faces(AttributeNetwork({"a": ["b"]}, 2), faces.images[:, :, :32]),
        lambda: name_faces(AttributeNetwork({"a": ["b"]}, 2), faces.images[:0]),
    ]
    for call in calls:
        with pytest.raises(ValueError) as error:
            call()
        assert "\n" not in str(error.value)
