"""The attribute network, on squares whose colour and place are known."""

import numpy as np
import pytest
import torch

from animegan_helpers.attributes import (
    UNKNOWN,
    AttributeNetwork,
    accuracies,
    accuracy_of,
    confusion_of,
    hold_out,
    load_attributes,
    name_faces,
    save_attributes,
    targets_of,
    train_attributes,
)
from animegan_helpers.checkpoint import PRETRAINED, CheckpointError, read_tensors, write_tensors
from animegan_helpers.faces import FaceSet, load_faces, to_tensor
from animegan_workshop.attribute_card import Making, make_card

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220)}


def squares(count, seed=0):
    """Noise with a square of a known colour at the left or the right; every tenth place has no label."""
    random = np.random.default_rng(seed)
    images = random.integers(90, 160, (count, 3, 64, 64), dtype=np.uint8)
    colour, place = random.choice(list(COLOURS), count), random.choice(["left", "right"], count)
    for image, name, side in zip(images, colour, place):
        image[:, 16:48, slice(0, 32) if side == "left" else slice(32, 64)] = np.array(
            COLOURS[name]
        )[:, None, None]
    place = np.where(np.arange(count) % 10 == 0, "", place)
    return FaceSet(
        images, {"colour": colour, "place": place}, np.arange(count).astype(str), [], "squares"
    )


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
    with torch.no_grad():
        plain = trained[0].features(to_tensor(images)).numpy()
    assert np.allclose(whole.features, plain, atol=1e-4)
    assert whole.features.shape == (30, 32) and np.allclose(
        whole.features, parts.features, atol=1e-4
    )


def test_saved_and_loaded(trained, tmp_path):
    save_attributes(tmp_path / "a.safetensors", trained[0], {"seed": 0})
    loaded = load_attributes(tmp_path / "a.safetensors")
    images = squares(50, seed=3).images
    assert (
        name_faces(loaded, images).values["colour"]
        == name_faces(trained[0], images).values["colour"]
    ).all()
    with pytest.raises(CheckpointError, match="not there"):
        load_attributes(tmp_path / "none.safetensors")
    write_tensors(tmp_path / "b.safetensors", {"x": torch.zeros(1)}, {})
    with pytest.raises(CheckpointError, match="no attribute network"):
        load_attributes(tmp_path / "b.safetensors")


def test_unknown_labels_are_left_out():
    faces = squares(20)
    targets = targets_of(faces, {"place": ["left", "right"], "shape": ["square"]})
    assert (
        targets.shape == (20, 2)
        and (targets[::10, 0] == UNKNOWN).all()
        and (targets[:, 1] == UNKNOWN).all()
    )
    network = AttributeNetwork({"place": ["left", "right"], "shape": ["square"]}, width=2).eval()
    assert set(accuracy_of(network, faces)) == {"place"}


def test_same_seed_same_network():
    networks = [
        train_attributes(squares(60), ["colour"], epochs=1, width=2, batch=20, seed=5)[0]
        for _ in range(2)
    ]
    first, second = (list(network.state_dict().values()) for network in networks)
    assert all(torch.equal(a, b) for a, b in zip(first, second))


def test_the_held_out_share_is_never_learnt_from():
    test, train = hold_out(200)
    assert len(test) == 20 and not set(test) & set(train) and len(set(test) | set(train)) == 200
    faces = squares(200)
    spoilt = faces.labels["colour"].copy()
    spoilt[test] = "red"  # labels that lie: whoever learns from them names these faces red
    spoilt_faces = FaceSet(faces.images, {"colour": spoilt}, faces.files, [], "squares")
    network, _ = train_attributes(spoilt_faces, epochs=6, width=4, batch=20)
    assert accuracy_of(network, faces.subset(test))["colour"] > 0.8


def test_confusion_and_card(trained):
    network, accuracy = trained
    faces = squares(200)
    held_out = faces.subset(hold_out(len(faces))[0])
    confusion = confusion_of(network, held_out)
    assert accuracies(confusion) == pytest.approx(accuracy)
    known = held_out.labels["place"] != ""
    assert confusion["place"].sum() == known.sum() and confusion["colour"].sum() == 20
    rows = confusion["colour"].sum(axis=1)
    assert rows.tolist() == [
        (held_out.labels["colour"] == name).sum() for name in ("blue", "green", "red")
    ]
    making = Making("squares.", "python -m make squares", 200, 3.2, "2 cores", "nothing.")
    card = make_card("squares", network, confusion, making)
    for text in (
        "# squares\n",
        "colour and place",
        "| colour | 3 |",
        "python -m make squares",
        "3 s on 2 cores",
    ):
        assert text in card
    assert f"| red | {' | '.join(str(n) for n in confusion['colour'][2])} |" in card


@pytest.mark.parametrize("name", ["drawn", "tagged"])
def test_the_networks_that_ship(name):
    network = load_attributes(PRETRAINED / f"{name}-attributes.safetensors")
    _, about = read_tensors(PRETRAINED / f"{name}-attributes.safetensors")
    assert sum(p.numel() for p in network.parameters()) < 2_000_000
    assert len(network.factors["hair"]) == 12 and len(network.factors["eyes"]) == 10
    assert min(about["held_out_accuracy"].values()) >= 0.97
    card = (PRETRAINED / f"{name}-attributes.md").read_text(encoding="utf-8")
    for factor, share in about["held_out_accuracy"].items():
        assert f"| {factor} | {len(network.factors[factor])} | {share:.1%} |" in card


def test_the_shipped_network_names_drawn_faces():
    network, faces = load_attributes(), load_faces("", count=120, seed=3)
    accuracy = accuracy_of(network, faces)
    assert set(accuracy) == set(faces.labels) and min(accuracy.values()) >= 0.95


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


def test_names_that_torch_does_not_take_get_one_line():
    faces = squares(20)
    faces.labels["type"] = faces.labels["colour"]
    with pytest.raises(ValueError, match="no layer called type"):
        train_attributes(faces, ["type"], epochs=1)
