"""A run looked at again: what its folder may lack or hold, the GIF, and the export."""

import numpy as np
import pytest
from PIL import Image

from animegan_helpers import replay
from animegan_workshop.export import export_run, small_enough

HEADER = "step,epoch,loss_d,loss_g,d_real,d_fake\n"


def write_history(run, epochs: int, steps_per_epoch: int) -> None:
    steps = range(epochs * steps_per_epoch)
    rows = [f"{step + 1},{step // steps_per_epoch + 1},1.{step},2,0.6,0.3\n" for step in steps]
    (run / "history.csv").write_text(HEADER + "".join(rows))


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Three epochs of two rows each, with grids."""
    folder = tmp_path / "run"
    (folder / "grids").mkdir(parents=True)
    for epoch in (3, 1, 2):
        grid = Image.new("RGB", (8 * 66 - 2, 8 * 66 - 2), (60 * epoch, 0, 0))
        grid.save(folder / f"grids/epoch-{epoch:04}.webp")
    write_history(folder, epochs=3, steps_per_epoch=2)
    monkeypatch.setattr("IPython.display.display", lambda *_, **__: None)
    return folder


def test_the_slider_shows_each_epoch(run):
    panel = replay.replay(run)
    (play, slider), image = panel.children[0].children, panel.children[1]
    pictures = []
    for epoch in (1, 2, 3, 1):
        slider.value = epoch
        pictures.append(image.value)
    assert pictures[3] == pictures[0] and len(set(pictures)) == 3 and play.max == 2
    assert list(slider.options) == [1, 2, 3]


def test_measures_stand_below_and_a_line_marks_the_epoch(run):
    plain = replay.Frames(run).draw(2)
    (run / "measures.csv").write_text("epoch,modes,kl,frechet,ndb\n1,20,1.5,30,9\n3,90,.5,nan,8\n")
    frames = replay.Frames(run)
    picture = frames.draw(2)
    assert picture.width == plain.width and picture.height > plain.height
    panels = frames.figures[1].axes
    assert [axes.lines[0].get_ydata()[0] for axes in panels] == [20, 1.5, 30]
    assert panels[0].get_title() == "modes covered"
    assert all(line.get_xdata() == [2, 2] for line in frames.lines) and len(frames.lines) == 5


@pytest.mark.parametrize("text", ["", "epoch,modes\n", "epoch\n1\n", "no\nx\n", "modes\n3\n"])
def test_no_measures_are_no_trouble(run, text):
    (run / "measures.csv").write_text(text)
    assert replay.load_measures(run) == {} and len(replay.Frames(run).figures) == 1


def test_a_table_that_a_spreadsheet_saved_is_read(run):
    (run / "measures.csv").write_bytes(b"\xef\xbb\xbfepoch,modes\r\n1,20\r\n2,nan\r\n\r\n")
    assert np.array_equal(replay.load_measures(run)["modes"], [20, np.nan], equal_nan=True)


@pytest.mark.parametrize("text", [None, "", HEADER, "a,b\n1,2\n", HEADER + "7,4,1.0", "\0\n\n\n"])
def test_a_history_that_is_none_is_named(run, text):
    (run / "history.csv").unlink()
    if text is not None:
        (run / "history.csv").write_text(text)
    with pytest.raises(ValueError, match="history"):
        replay.replay(run)


def test_a_run_stopped_in_its_first_epoch_has_no_finished_epoch(tmp_path):
    write_history(tmp_path, epochs=1, steps_per_epoch=5)
    gif, folder = tmp_path / "run.gif", tmp_path / "folder"
    readers = (replay.load_history,), (replay.replay,), (replay.save_gif, gif), (export_run, folder)
    for reader, *target in readers:
        with pytest.raises(ValueError, match="no finished epoch"):
            reader(tmp_path, *target)


def test_the_picture_is_no_larger_than_it_need_be(run):
    Image.new("RGB", (2_000, 2_000)).save(run / "grids/epoch-0002.webp")
    assert replay.Frames(run, faces=64).draw(2).size == (441 + 12 + 394, 394)


def test_the_button_writes_a_gif_once(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    button = replay.replay(run).children[2]
    button.click()
    gif = Image.open("replay.gif")
    gif.seek(2)
    assert (gif.n_frames, gif.info["duration"]) == (3, 2_000) and "replay.gif" in button.description
    button.click()
    assert "is there already" in button.description


def test_an_exported_run_plays_as_the_run_did(run, tmp_path):
    (run / "measures.csv").write_text("epoch,modes\n1,20\n3,90\n")
    small = tmp_path / "small"
    export_run(run, small, rows=1)
    curves, rows = replay.load_history(small)
    assert rows == 1 and np.allclose(curves["loss_d"], [1.1, 1.3, 1.5])  # each epoch's last step
    assert replay.load_measures(small)["modes"].tolist() == [20, 90]
    assert replay.Frames(small).draw(2).size == replay.Frames(run).draw(2).size
    with pytest.raises(ValueError, match="is there already"):
        export_run(run, small)


@pytest.mark.parametrize("steps, kept", [(127, 43), (100, 50), (40, 40), (1_000, 50)])
def test_an_export_keeps_evenly_spaced_steps_of_each_epoch(run, tmp_path, steps, kept):
    write_history(run, epochs=3, steps_per_epoch=steps)
    export_run(run, tmp_path / "small")
    assert replay.load_history(tmp_path / "small")[1] == kept
    table = replay.read_columns(tmp_path / "small" / "history.csv")
    in_epoch = table["step"].reshape(3, kept) - steps * np.arange(3)[:, None]
    assert in_epoch[:, -1].tolist() == [steps] * 3
    assert len(set(np.diff(in_epoch).ravel())) == 1


def test_grids_of_a_long_run_are_made_small_by_quality():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    grids = {epoch: Image.fromarray(noise) for epoch in (1, 2)}
    sizes = [sum(map(len, small_enough(grids, limit).values())) for limit in (10**7, 4_500, 1)]
    assert sizes[0] > 4_500 >= sizes[1] > sizes[2]
