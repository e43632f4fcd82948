"""The slider and the pad, without a browser: what they draw, how they look after bursts, favourites in files."""

import asyncio
import io
import json
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from animegan_workshop.slider_benchmark import (
    BURST,
    make_explorer,
    run_slider_benchmark,
    slider_times,
)
from answering import SPECIAL, answering_generator
from jupyter_client.manager import start_new_kernel
from PIL import Image

from animegan_helpers.classifiers import Classifier, coarse_pixels
from animegan_helpers.debounce import Coalesced
from animegan_helpers.directions import random_directions
from animegan_helpers.explorer import Explorer
from animegan_helpers.favourites import Favourites, FavouritesError, load_favourites
from animegan_helpers.latent import generate, sample_latent
from animegan_helpers.networks import Discriminator
from animegan_helpers.pad import Pad

OTHER = random_directions(2, seed=6)[1]
READER = Classifier(
    {"hair": ["<dark>", "light"]},
    lambda faces: {"hair": torch.tensor([[0.2, 0.8]] * len(faces))},
    coarse_pixels,
    "test",
)


@pytest.fixture
def generator():
    return answering_generator()


@pytest.fixture
def explorer(generator):
    return Explorer(generator, {"special": SPECIAL, "other": OTHER}, seed=4)


def counted(explorer: Explorer) -> list:
    """The z that are drawn from here on."""
    drawn, draw = [], explorer.portrait.draw
    explorer.portrait.draw = lambda z: drawn.append(z) or draw(z)
    return drawn


def test_needs_no_browser_and_resets_to_the_same_bytes(explorer):
    image = explorer.portrait.image
    first = image.value
    assert Image.open(io.BytesIO(first)).size == (128, 128)
    assert first == explorer.picture()
    for name, value in {
        "special": 3.0,
        "seed": 9,
        "truncation": 0.5,
        "way": 0.5,
        "shift": 4.0,
        "faces": 4,
    }.items():
        before = image.value
        explorer.controls[name].value = value
        assert image.value != before, name
    assert Image.open(io.BytesIO(image.value)).size == (260, 260)
    explorer.reset()
    assert image.value == first
    assert {name: control.value for name, control in explorer.controls.items()} == explorer.start


def test_sets_several_and_draws_once(generator):
    explorer = Explorer(generator, {"special": SPECIAL}, faces=3)
    drawn = counted(explorer)
    explorer.set(seed=5, truncation=0.7, special=-2.0)
    assert len(drawn) == 1
    expected = 0.7 * torch.cat([sample_latent(1, seed=s) for s in (5, 6, 7)]) - 2 * SPECIAL
    assert torch.allclose(drawn[0], expected, atol=1e-5)
    with pytest.raises(KeyError):
        explorer.set(nonsense=1)
    assert explorer.quiet is False


def test_walks_to_the_other_seed(explorer):
    explorer.set(towards=8, way=1.0)
    assert torch.allclose(explorer.z(), sample_latent(1, seed=8), atol=1e-4)
    explorer.set(way=0.5)
    assert 8 < explorer.z().norm() < 12


def test_surprise_keeps_the_directions(explorer):
    explorer.set(special=2.0, seed=4)
    seeds = set()
    for _ in range(5):
        explorer.surprise()
        seeds.add(explorer.controls["seed"].value)
    assert len(seeds) > 1 and explorer.controls["special"].value == 2.0


def test_a_locked_face_moves_along_one_direction_only(explorer):
    explorer.set(seed=12, special=1.0)
    explorer.lock.value = True
    assert explorer.controls["seed"].disabled and not explorer.controls["special"].disabled
    drawn = counted(explorer)
    explorer.controls["other"].value = 2.0
    assert explorer.controls["special"].value == 0.0 and len(drawn) == 1
    assert torch.allclose(drawn[0], sample_latent(1, seed=12) + 2 * OTHER, atol=1e-5)
    explorer.reset()
    assert not explorer.lock.value and not explorer.controls["seed"].disabled


def test_says_what_is_seen(generator):
    torch.manual_seed(0)
    judge = Discriminator(width=4).eval().requires_grad_(False)
    explorer = Explorer(generator, {}, classifier=READER, discriminator=judge, seed=1)
    text = explorer.portrait.text.value
    assert "light" in text and "80%" in text and "&lt;dark&gt;" in text and "length of z" in text
    logit = float(judge(generate(generator, sample_latent(1, seed=1))))
    assert f"logit {logit:+.1f}" in text
    explorer.set(faces=4)
    assert "mean of 4 faces" in explorer.portrait.text.value


def test_a_burst_is_drawn_once_and_the_last_wins(explorer):
    drawn = counted(explorer)

    async def burst() -> None:
        for k in range(60):
            explorer.controls["special"].set_state({"value": 0.05 * k})
            await asyncio.sleep(0)
        assert not drawn  # nothing is drawn while messages keep coming
        await asyncio.sleep(0.2)

    asyncio.run(burst())
    assert len(drawn) <= 2
    assert torch.allclose(drawn[-1], sample_latent(1, seed=4) + 2.95 * SPECIAL, atol=1e-4)
    assert explorer.portrait.image.value == explorer.picture()


def test_a_long_burst_shows_pictures_on_its_way():
    calls = []

    async def burst() -> None:
        act = Coalesced(
            lambda: calls.append(asyncio.get_running_loop().time()), pause=0.02, patience=0.1
        )
        start = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < start + 0.6:
            act()
            await asyncio.sleep(0.002)
        during = len(calls)
        await asyncio.sleep(0.1)
        assert 2 <= during <= 7 and len(calls) == during + 1

    asyncio.run(burst())


def test_favourites_come_back_to_the_bit(generator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    explorer = Explorer(generator, {"special": SPECIAL}, seed=7)
    panel = explorer.favourites
    explorer.set(special=1.35, truncation=0.8)
    kept, picture = explorer.z()[0], explorer.portrait.image.value
    for name in ("keep", "save JSON", "save PNG"):
        panel.buttons[name].click()
        assert not panel.status.value.startswith("error"), panel.status.value
    assert Image.open("favourites.png").size == (192, 192)
    loaded = load_favourites("favourites.json")
    assert torch.equal(loaded.faces["seed 7"], kept)
    other = Explorer(generator, {"special": SPECIAL}, seed=1)
    other.set(special=-3.0)
    other.favourites.buttons["load JSON"].click()
    other.favourites.chosen.value = "seed 7"
    assert other.portrait.image.value == picture
    other.controls["special"].value = 1.0  # and it can be moved on from
    assert torch.allclose(other.z()[0], kept + SPECIAL, atol=1e-5)
    assert other.favourites.chosen.label == "seed 7"
    other.favourites.buttons["keep"].click()
    other.favourites.chosen.value = "seed 7"
    assert (
        other.favourites.status.value == "kept seed 7 (2)"
    )  # not the seed of the slider, which stands elsewhere
    for another_seed in (
        lambda: other.set(seed=5),
        lambda: setattr(other.controls["seed"], "value", 6),
    ):
        other.favourites.chosen.value = "seed 7"
        assert other.favourite
        another_seed()
        assert other.favourites.chosen.value == "" and other.favourite is None
    other.reset()
    assert other.favourites.chosen.label == "favourites: 2"
    assert torch.allclose(other.z()[0], sample_latent(1, seed=1)[0], atol=1e-6)


def test_favourites_overwrite_nothing(generator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    panel = Explorer(generator, {}).favourites
    panel.buttons["save PNG"].click()
    assert panel.status.value.startswith("error: there is no favourite")
    panel.buttons["keep"].click()
    for name in ("favourites.json", "favourites.png"):
        (tmp_path / name).write_text("mine")
    for button in ("save JSON", "save PNG"):
        panel.buttons[button].click()
        assert "is there already" in panel.status.value
    assert {path.read_text() for path in tmp_path.iterdir()} == {"mine"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"),
        ("[1]", "no favourites"),
        ('{"format": "other"}', "no favourites"),
        ('{"format": "animegan-workbook favourites 1"}', "damaged"),
        (
            '{"format": "animegan-workbook favourites 1", "favourites": [{"name": "a", "z": [1, 2]}]}',
            "takes 100",
        ),
        (
            '{"format": "animegan-workbook favourites 1", "favourites": [{"name": "a", "z": ["x"]}]}',
            "damaged",
        ),
        (
            json.dumps(
                {
                    "format": "animegan-workbook favourites 1",
                    "favourites": [{"name": "a", "z": [float("nan")] * 100}],
                }
            ),
            "finite",
        ),
    ],
)
def test_bad_files_of_favourites_get_one_line(tmp_path, text, words):
    path = tmp_path / "f.json"
    path.write_text(text)
    with pytest.raises(FavouritesError, match=words) as error:
        load_favourites(path)
    assert "\n" not in str(error.value)
    with pytest.raises(FavouritesError, match="cannot be read"):
        load_favourites(tmp_path / "none.json")


def test_one_name_twice_is_kept_apart():
    favourites = Favourites(3)
    assert [favourites.add("a", torch.zeros(3)) for _ in range(3)] == ["a", "a (2)", "a (3)"]


def test_the_pad_goes_where_its_cells_and_sliders_say(generator):
    z = sample_latent(1, seed=2)[0]
    pad = Pad(
        generator, z, {"special": SPECIAL, "other": OTHER}, classifier=READER, reach=4.0, side=5
    )
    assert pad.map.size == (5 * 64, 5 * 64)
    first = pad.portrait.image.value
    pad.cells[4.0, -2.0].click()
    assert [slider.value for slider in pad.sliders] == [4.0, -2.0]
    moved = pad.portrait.image.value
    assert moved != first
    assert [place for place, cell in pad.cells.items() if cell.layout is pad.here] == [(4.0, -2.0)]
    # the face on show is that of the map: right of the middle by two, below it by one
    on_map = pad.map.crop((4 * 64, 3 * 64, 5 * 64, 4 * 64)).resize(
        (128, 128), Image.Resampling.BICUBIC
    )
    shown = np.asarray(Image.open(io.BytesIO(moved)).convert("RGB")).astype(int)
    assert np.abs(shown - np.asarray(on_map)).max() <= 2
    for slider in pad.sliders:
        slider.value = 0.0
    assert pad.portrait.image.value == first
    with pytest.raises(ValueError, match="two directions"):
        Pad(generator, z, {"special": SPECIAL})


def test_still_pictures_stand_in_where_no_widget_lives(generator, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, **_: shown.append(bundle))
    Explorer(generator, {}).show()
    Pad(generator, sample_latent(1)[0], {"special": SPECIAL, "other": OTHER}, side=3).show()
    for bundle in shown:
        assert "application/vnd.jupyter.widget-view+json" in bundle
        assert bundle["image/jpeg"] and "make lab" in bundle["text/plain"]
    rows = Explorer(generator, {"special": SPECIAL}).still().axes[0].get_yticklabels()
    assert [label.get_text() for label in rows] == ["way there", "special"] and len(shown) == 2


def test_the_benchmark_times_events_and_a_burst(generator):
    times, pictures = asyncio.run(slider_times(make_explorer(generator, None, 1), events=10))
    assert times.shape == (10,) and (times > 0).all()
    assert 1 <= pictures < BURST / 5
    assert np.median(times) < 60  # a small generator, without verdicts; the target for any is 30


def test_the_benchmark_prints_a_table(tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMEGAN_RUNS", str(tmp_path))
    table = run_slider_benchmark(events=3)
    assert table.count(f"burst of {BURST}") == 1 and "width 64" in table and "wanted" in table


KERNEL_SET_UP = """
import torch
from answering import SPECIAL, answering_generator
from animegan_helpers.explorer import Explorer
explorer, drawn = Explorer(answering_generator(), {"special": SPECIAL}), []
draw = explorer.redraw.action
explorer.redraw.action = lambda: drawn.append(explorer.controls["special"].value) or draw()
print(explorer.controls["special"].model_id)
"""


def test_a_kernel_draws_a_burst_of_messages_a_few_times_and_the_last_wins(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        said = []
        listen = lambda message: said.append(message["content"].get("text", ""))  # noqa: E731
        client.execute_interactive(KERNEL_SET_UP, output_hook=listen, timeout=60)
        model = "".join(said).strip()
        for k in range(1, 101):
            data = {"method": "update", "state": {"value": 0.04 * k}, "buffer_paths": []}
            client.shell_channel.send(
                client.session.msg("comm_msg", {"comm_id": model, "data": data})
            )
        time.sleep(3)
        said.clear()
        client.execute_interactive("print(len(drawn), drawn[-1])", output_hook=listen, timeout=60)
        count, last = "".join(said).split()
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    print(count, "pictures for 100 messages")
    assert 1 <= int(count) <= 25 and float(last) == pytest.approx(4.0)
