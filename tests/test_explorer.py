"""The explorer and the pad, without a browser: what they draw, favourites in files."""

import io
import json
from functools import partial

import numpy as np
import pytest
import torch
from answering import SPECIAL, answering_generator
from PIL import Image

from animegan_helpers.classifiers import Classifier
from animegan_helpers.directions import random_directions
from animegan_helpers.explorer import REACH, STEPS, Explorer, Pad
from animegan_helpers.favourites import load_favourites
from animegan_helpers.latent import generate, sample_latent
from animegan_helpers.networks import Discriminator
from animegan_helpers.pictures import jpeg_bytes

OTHER = random_directions(2, seed=6)[1]
CLASSIFIER = Classifier(
    {"hair": ["<dark>", "light"]},
    lambda faces: {"hair": torch.tensor([[0.2, 0.8]] * len(faces))},
    torch.flatten,
    "test",
)


@pytest.fixture(scope="module")
def generator():
    return answering_generator()


@pytest.fixture
def explorer(generator):
    return Explorer(generator, {"special": SPECIAL, "other": OTHER}, seed=4)


def drawn_by(explorer: Explorer) -> list:
    """A list that receives the z of each drawing from here on."""
    drawn, draw = [], explorer.portrait.draw
    explorer.portrait.draw = lambda z, was: drawn.append(z) or draw(z, was)
    return drawn


def picture(panel: Explorer | Pad) -> Image.Image:
    return Image.open(io.BytesIO(panel.portrait.image.value))


def press(panel, name: str) -> str:
    """Clicks a button of the favourites; returns what the status line says."""
    next(button for button in panel.buttons if button.description == name).click()
    return panel.status.value


def test_each_control_changes_the_picture_and_reset_brings_it_back(explorer):
    image, first = explorer.portrait.image, explorer.portrait.image.value
    assert picture(explorer).size == (256, 256)
    moves = {"special": 3.0, "seed": 9, "truncation": 0.5, "way": 0.5, "shift": 4.0, "faces": 4}
    for name, value in moves.items():
        before = image.value
        explorer.controls[name].value = value
        assert image.value != before, name
    assert picture(explorer).size == (256, 256)
    explorer.reset()
    assert image.value == first
    assert {name: control.value for name, control in explorer.controls.items()} == explorer.start


def test_sets_several_and_draws_once(explorer):
    drawn = drawn_by(explorer)
    explorer.set(seed=5, truncation=0.7, special=-2.0, component=3, shift=1.5, faces=4)
    assert len(drawn) == 1
    wanted = 0.7 * torch.cat([sample_latent(1, seed=s) for s in (5, 6, 7, 8)]) - 2 * SPECIAL
    wanted[:, 3] += 1.5
    assert torch.allclose(drawn[0], wanted, atol=1e-5)
    with pytest.raises(KeyError):
        explorer.set(nonsense=1)
    torch.set_num_threads(2)
    explorer.controls["special"].value = 1.0
    assert torch.get_num_threads() == 2  # one draws; what else there is goes on with all
    torch.set_num_threads(1)
    assert len(drawn) == 2  # after an error, moves by hand are drawn as before


def test_walks_to_the_other_seed(explorer):
    explorer.set(towards=8, way=1.0)
    assert torch.allclose(explorer.z(), sample_latent(1, seed=8), atol=1e-4)


def test_surprise_keeps_the_directions(explorer):
    explorer.set(special=2.0, seed=4)
    seeds = set()
    for _ in range(5):
        explorer.surprise()
        seeds.add(explorer.controls["seed"].value)
    assert len(seeds) > 1 and explorer.controls["special"].value == 2.0


def test_the_face_as_it_was_stands_beside_the_moved_one(explorer):
    before, image = explorer.portrait.before, explorer.portrait.image
    assert (first := before.value) == image.value
    explorer.controls["special"].value = 2.0
    assert before.value == first != image.value
    explorer.controls["seed"].value = 9  # another face: the one before its moves
    assert before.value not in (first, image.value)
    assert torch.allclose(explorer.face(), sample_latent(1, seed=9), atol=1e-5)


def test_undo_goes_back_a_move_at_a_time_and_a_drag_is_one_move(explorer):
    explorer.controls["special"].value = 1.0
    for value in (0.5, 1.0, 1.5, 2.0):  # a slider that is dragged
        explorer.controls["other"].value = value
    explorer.surprise()
    for wanted in ([1.0, 2.0, 4], [1.0, 0.0, 4], [0.0, 0.0, 4], [0.0, 0.0, 4]):
        explorer.undo()
        assert [explorer.values()[name] for name in ("special", "other", "seed")] == wanted
    for value in (1.0, 2.0):  # the same slider again after an undo is a move of its own
        explorer.controls["other"].value = value
        explorer.undo()
        assert explorer.controls["other"].value == 0.0


def test_further_directions_are_folded_away(generator):
    explorer = Explorer(generator, {"special": SPECIAL}, more={"other": OTHER})
    folded = next(
        w for w in explorer.widget.children[0].children[1].children if hasattr(w, "titles")
    )
    assert folded.selected_index is None
    names = [control.description for control in folded.children[0].children]
    assert names == ["other", "component k", "z[k] moved by"]
    explorer.controls["other"].value = 2.0
    assert torch.allclose(explorer.z(), sample_latent(1, seed=0) + 2 * OTHER, atol=1e-5)


def test_says_when_z_leaves_the_shell(explorer):
    assert "G was trained" not in explorer.portrait.text.value
    explorer.set(special=5.0, other=5.0, shift=5.0)
    assert "G was trained near 10" in explorer.portrait.text.value


def test_says_what_is_seen(generator):
    discriminator = Discriminator(width=4).eval().requires_grad_(False)
    explorer = Explorer(generator, {}, CLASSIFIER, discriminator, seed=1)
    text = explorer.portrait.text.value
    assert "light" in text and "80%" in text and "&lt;dark&gt;" in text and "length of z" in text
    logit = float(discriminator(generate(generator, sample_latent(1, seed=1))))
    assert f"logit {logit:+.1f}" in text
    explorer.set(faces=4)
    assert "mean of 4 faces" in explorer.portrait.text.value


def test_favourites_come_back_to_the_bit(generator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    explorer = Explorer(generator, {"special": SPECIAL}, seed=7)
    explorer.set(special=1.35, truncation=0.8)
    assert press(explorer.favourites, "keep") == "kept seed 7"
    for name in ("save JSON", "save PNG"):
        assert press(explorer.favourites, name).startswith("1 favourites in favourites.")
    assert Image.open("favourites.png").size == (192, 192)
    assert torch.equal(load_favourites("favourites.json")["seed 7"], explorer.z()[0])
    path = tmp_path / "favourites.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())  # as some editors save it

    other = Explorer(generator, {"special": SPECIAL}, seed=1)
    other.set(special=-3.0, shift=2.0, truncation=0.5, way=0.5)
    assert press(other.favourites, "load JSON") == "1 favourites from favourites.json"
    other.favourites.chosen.value = "seed 7"
    assert other.portrait.image.value == explorer.portrait.image.value
    other.controls["special"].value = 1.0  # and it can be moved on from
    assert torch.allclose(other.z()[0], explorer.z()[0] + SPECIAL, atol=1e-5)
    assert press(other.favourites, "keep") == "kept seed 7 (2)"


def test_another_seed_leaves_the_favourite(explorer):
    press(explorer.favourites, "keep")
    by_hand = partial(explorer.controls["seed"].set_trait, "value", 6)
    for another_seed in (explorer.surprise, by_hand, explorer.reset):
        explorer.favourites.chosen.value = "seed 4"
        assert explorer.favourite
        another_seed()
        assert explorer.favourites.chosen.value == "" and explorer.favourite is None
    assert explorer.favourites.chosen.label == "favourites: 1"
    assert torch.allclose(explorer.z()[0], sample_latent(1, seed=4)[0], atol=1e-6)


def test_favourites_overwrite_nothing(explorer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert press(explorer.favourites, "save PNG").startswith("error: there is no favourite")
    press(explorer.favourites, "keep")
    for name in ("favourites.json", "favourites.png"):
        (tmp_path / name).write_text("mine")
    for name in ("save JSON", "save PNG"):
        assert "is there already" in press(explorer.favourites, name)
    assert {path.read_text() for path in tmp_path.iterdir()} == {"mine"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not a file of favourites"),
        ("[1]", "not a file of favourites"),
        ("{}", "not a file of favourites"),
        ('{"favourites": [{"name": "a", "z": ["x"]}]}', "damaged"),
        ('{"favourites": [{"name": "a", "z": [1, 2]}]}', "100 finite numbers"),
        (json.dumps({"favourites": [{"name": "a", "z": [float("nan")] * 100}]}), "100 finite"),
        (None, "No such file"),
    ],
)
def test_bad_files_of_favourites_get_one_line(tmp_path, content, words):
    path = tmp_path / "f.json"
    if content:
        path.write_text(content)
    with pytest.raises(ValueError, match=words) as error:
        load_favourites(path)
    assert "\n" not in str(error.value)


def test_the_pad_goes_where_its_cells_and_sliders_say(generator):
    z = sample_latent(1, seed=2)[0]
    pad = Pad(generator, z, {"special": SPECIAL, "other": OTHER}, CLASSIFIER)
    first = pad.portrait.image.value
    right, below = STEPS[5], STEPS[1]
    pad.cells[right, below].click()
    assert [slider.value for slider in pad.sliders] == pytest.approx([right, below], abs=0.03)
    framed = [place for place, cell in pad.cells.items() if cell.layout is pad.framed]
    assert framed == [(right, below)]
    pad.cells[REACH, -REACH].click()  # the corner at the bottom right of the map
    corner = pad.map.crop((6 * 64, 6 * 64, 7 * 64, 7 * 64)).resize((256, 256), Image.LANCZOS)
    wanted = np.asarray(Image.open(io.BytesIO(jpeg_bytes(corner)))).astype(int)
    difference = np.asarray(picture(pad)) - wanted
    assert np.abs(difference).max() <= 2
    pad.go(0.0, 0.0)
    assert pad.portrait.image.value == first
    with pytest.raises(ValueError, match="two directions"):
        Pad(generator, z, {"special": SPECIAL})


def test_still_pictures_stand_in_where_no_widget_lives(generator, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, **_: shown.append(bundle))
    explorer = Explorer(generator, {"special": SPECIAL}).show()
    Pad(generator, sample_latent(1)[0], {"special": SPECIAL, "other": OTHER}).show()
    assert len(shown) == 2
    for bundle in shown:
        assert "application/vnd.jupyter.widget-view+json" in bundle
        assert bundle["image/jpeg"] and "make lab" in bundle["text/plain"]
    rows = explorer.still().axes[0].get_yticklabels()
    assert [label.get_text() for label in rows] == ["to another face", "special"]
