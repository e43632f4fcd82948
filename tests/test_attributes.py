"""The attribute network and how it is trained, on squares whose colour and place are known."""

import numpy as np
import pytest
import torch

from animegan_helpers.attributes import AttributeNetwork, load_attributes, name_faces
from animegan_helpers.checkpoint import PRETRAINED, CheckpointError, read_tensors, write_tensors
from animegan_helpers.faces import FaceSet, held_out_rows, load_faces, to_tensor
from animegan_workshop.attribute_training import (
    accuracies,
    confusion_of,
    save_attributes,
    train_attributes,
)

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220)}


def squares(count, seed=0):
    """Noise with a square of a known colour at the left or right; every tenth place is unknown."""
    random = np.random.default_rng(seed)
    images = random.integers(90, 160, (count, 3, 64, 64), dtype=np.uint8)
    colour, place = random.choice(list(COLOURS), count), random.choice(["left", "right"], count)
    for image, name, side in zip(images, colour, place):
        columns = slice(0, 32) if side == "left" else slice(32, 64)
        image[:, 16:48, columns] = np.array(COLOURS[name])[:, None, None]
    place = np.where(np.arange(count) % 10 == 0, "", place)
    labels = {"colour": colour, "place": place}
    return FaceSet(images, labels, np.arange(count).astype(str), [], "squares")


def accuracy(network, faces):
    return accuracies(confusion_of(network, faces))


def relabelled(faces, **labels):
    return FaceSet(faces.images, labels, faces.files, [], "squares")


@pytest.fixture(scope="module")
def lying():
    """Squares whose held-out tenth is said to be red."""
    faces = squares(200)
    colours = faces.labels["colour"].copy()
    colours[held_out_rows(200, 20)[1]] = "red"
    return relabelled(faces, colour=colours, place=faces.labels["place"])


@pytest.fixture(scope="module")
def trained(lying):
    return train_attributes(lying, epochs=6, width=4, batch=20)


def test_it_learns_squares_and_nothing_from_the_held_out_tenth(trained):
    network, confusion = trained
    assert network.factors == {"colour": ["blue", "green", "red"], "place": ["left", "right"]}
    assert not network.training
    assert min(accuracy(network, squares(100, seed=1)).values()) > 0.9
    assert accuracy(network, squares(200).hold_out(20)[1])["colour"] > 0.8
    assert accuracies(confusion)["colour"] < 0.6  # the labels of these faces lie


def test_names_do_not_depend_on_the_chunk(trained):
    images = squares(30, seed=2).images
    whole, parts = name_faces(trained[0], images), name_faces(trained[0], images, chunk=7)
    for factor in whole.values:
        assert (whole.values[factor] == parts.values[factor]).all()
    with torch.no_grad():
        plain = trained[0].features(to_tensor(images)).numpy()
    assert plain.shape == (30, 32) and np.allclose(whole.features, plain, atol=1e-4)
    some = whole.subset(slice(3, 8))
    assert (some.values["colour"] == whole.values["colour"][3:8]).all() and len(some.features) == 5


def test_saved_and_loaded(trained, tmp_path):
    save_attributes(tmp_path / "a.safetensors", trained[0], {"seed": 0})
    loaded = load_attributes(tmp_path / "a.safetensors")
    assert loaded.source == "a.safetensors" and not loaded.training
    images = squares(50, seed=3).images
    seen = [name_faces(network, images).values["colour"] for network in (loaded, trained[0])]
    assert (seen[0] == seen[1]).all()
    with pytest.raises(CheckpointError, match="not there"):
        load_attributes(tmp_path / "none.safetensors")
    write_tensors(tmp_path / "b.safetensors", {"x": torch.zeros(1)}, {})
    with pytest.raises(CheckpointError, match="not an attribute network"):
        load_attributes(tmp_path / "b.safetensors")


def test_the_same_seed_gives_the_same_network():
    faces = squares(60)
    first, second = (
        train_attributes(faces, ["colour"], epochs=1, width=2, batch=20, seed=5)[0].state_dict()
        for _ in range(2)
    )
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_few_labels_are_enough():
    faces = squares(200)
    few = np.where(np.arange(200) < 20, faces.labels["colour"], "")
    network, confusion = train_attributes(relabelled(faces, colour=few), epochs=1, width=2, batch=5)
    assert network.factors == {"colour": ["blue", "green", "red"]}
    assert confusion["colour"].sum() == 2  # a tenth of the faces that have a label


@pytest.mark.parametrize("name", ["training", "a.b"])
def test_a_factor_may_have_any_name(name, tmp_path):
    faces = squares(20)
    faces = relabelled(faces, **{name: faces.labels["colour"]})
    network, _ = train_attributes(faces, epochs=1, width=2, batch=5)
    save_attributes(tmp_path / "a.safetensors", network, {})
    assert set(confusion_of(load_attributes(tmp_path / "a.safetensors"), faces)) == {name}


def test_what_has_no_label_does_not_count():
    network = AttributeNetwork({"place": ["left", "right"], "shape": ["square"]}, width=2).eval()
    assert set(confusion_of(network, squares(20))) == {"place"}
    assert confusion_of(network, squares(20))["place"].sum() == 18


def test_rows_of_a_confusion_are_labels(trained, lying):
    network, confusion = trained
    assert accuracies(confusion) == pytest.approx(accuracy(network, lying.hold_out(20)[1]))
    assert confusion["colour"].sum(axis=1).tolist() == [0, 0, 20]  # rows: the labels


@pytest.mark.parametrize("name", ["drawn", "tagged"])
def test_the_networks_that_ship(name):
    path = PRETRAINED / f"{name}-attributes.safetensors"
    network, (_, about) = load_attributes(path), read_tensors(path)
    assert len(network.factors["hair"]) == 12 and len(network.factors["eyes"]) == 10
    assert min(about["held_out_accuracy"].values()) >= 0.97
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    for factor, share in about["held_out_accuracy"].items():
        assert f"| {factor} | {len(network.factors[factor])} | {share:.1%} |" in card


def test_the_shipped_network_names_drawn_faces():
    network, faces = load_attributes(), load_faces("", count=60, seed=3, progress=False)
    shares = accuracy(network, faces)
    assert set(shares) == set(faces.labels) and min(shares.values()) >= 0.95


@pytest.mark.parametrize(
    "call",
    [
        lambda faces: train_attributes(relabelled(faces)),
        lambda faces: train_attributes(faces, ["skin"]),
        lambda faces: train_attributes(relabelled(faces, colour=np.full(20, ""))),
        lambda faces: train_attributes(faces.subset(slice(0, 3))),
        lambda faces: name_faces(AttributeNetwork({"a": ["b"]}, 2), faces.images[:, :, :32]),
        lambda faces: name_faces(AttributeNetwork({"a": ["b"]}, 2), faces.images[:0]),
    ],
)
def test_bad_input_is_one_line(call):
    with pytest.raises(ValueError) as error:
        call(squares(20))
    assert str(error.value) and "\n" not in str(error.value)
