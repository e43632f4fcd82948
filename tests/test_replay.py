"""A run looked at again: what its folder may lack or hold, and the GIF."""

import numpy as np
import pytest
from PIL import Image

from animegan_helpers import replay

HEADER = "step,epoch,loss_d,loss_g,d_real,d_fake"


@pytest.fixture
def run(tmp_path):
    """Three epochs of two rows each, with grids larger than they need be."""
    folder = tmp_path / "run"
    (folder / "grids").mkdir(parents=True)
    for epoch in (1, 2, 3):
        Image.new("RGB", (8 * 66 - 2, 8 * 66 - 2), (60 * epoch, 0, 0)).save(
            folder / f"grids/epoch-{epoch:04}.webp"
        )
    rows = [f"{step},{(step + 1) // 2},1.{step},2.{step},0.6,0.3" for step in range(1, 7)]
    (folder / "history.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    return folder


def measured(run, text: str) -> None:
    (run / "measures.csv").write_text(text)


def test_measures_stand_below_up_to_the_epoch(run):
    plain = replay.Frames(run).draw(3)
    measured(run, "epoch,modes,kl,frechet,ndb\n1,20,1.5,30,9\n3,90,0.5,nan,8\n")
    frames = replay.Frames(run)
    assert list(frames.measures.lines) == ["modes", "kl", "frechet"]
    first, last = frames.draw(1), frames.draw(3)
    assert last.width == plain.width and last.height > plain.height
    assert [len(line.get_xdata()) for line in frames.measures.lines.values()] == [2, 2, 2]
    assert np.asarray(first)[plain.height :].tobytes() != np.asarray(last)[plain.height :].tobytes()
    frames.draw(2)
    assert [list(line.get_ydata()) for line in frames.measures.lines.values()] == [
        [20],
        [1.5],
        [30],
    ]


@pytest.mark.parametrize("text", ["", "epoch,modes\n", "epoch\n1\n", "nonsense\nx\n", "modes\n3\n"])
def test_no_measures_are_no_trouble(run, text):
    measured(run, text)
    assert replay.Frames(run).measures is None
    assert replay.Frames(run).draw(2).width > 394


def test_a_line_cut_short_is_left_out(run):
    with (run / "history.csv").open("a") as file:
        file.write("7,4,1.0")
    curves, rows = replay.load_history(run)
    assert rows == 2 and len(curves["loss_g"]) == 6 and np.isfinite(curves["d_fake"]).all()
    (run / "history.csv").write_text(HEADER + "\n1,1,1,2,0.5,0.5\n")
    assert replay.load_history(run)[1] == 1


@pytest.mark.parametrize("text", [None, "", HEADER + "\n", "a,b\n1,2\n", "\0\n\n\n"])
def test_a_history_that_is_none_is_named(run, text):
    (run / "history.csv").unlink()
    if text is not None:
        (run / "history.csv").write_text(text)
    with pytest.raises(ValueError, match="history"):
        replay.replay(run)


def test_the_picture_is_no_larger_than_it_need_be(run):
    for epoch in (1, 2, 3):
        Image.new("RGB", (2_000, 2_000)).save(run / f"grids/epoch-{epoch:04}.webp")
    picture = replay.Frames(run, faces=64).draw(2)
    assert picture.width <= 441 + 12 + 394 and picture.height == 394


def test_the_button_writes_a_gif_once(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("IPython.display.display", lambda *_, **__: None)
    button, status = replay.replay(run).children[2].children
    button.click()
    assert Image.open("replay.gif").n_frames == 3 and "replay.gif" in status.value
    before = (tmp_path / "replay.gif").read_bytes()
    button.click()
    assert status.value.startswith("error:") and (tmp_path / "replay.gif").read_bytes() == before
    with pytest.raises(ValueError, match="no finished epoch"):
        replay.save_gif(tmp_path, tmp_path / "none.gif")


def test_a_run_made_small_plays_as_the_run_did(run, tmp_path):
    measured(run, "epoch,modes\n1,20\n3,90\n")
    small = tmp_path / "small"
    replay.export_run(run, small, rows=1)
    curves, rows = replay.load_history(small)
    assert rows == 1 and curves["loss_d"].tolist() == pytest.approx(
        [1.2, 1.4, 1.6]
    )  # the last step of each epoch
    assert replay.load_measures(small)["modes"].tolist() == [20, 90]
    assert list(replay.grid_paths(small)) == [1, 2, 3]
    assert replay.Frames(small).draw(2).size == replay.Frames(run).draw(2).size
    with pytest.raises(ValueError, match="is there already"):
        replay.export_run(run, small)
    with pytest.raises(ValueError, match="no finished epoch"):
        replay.export_run(tmp_path / "nothing", tmp_path / "other")


def test_a_long_run_is_made_small_by_quality(run, tmp_path):
    for path in replay.grid_paths(run).values():
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
        Image.fromarray(noise).save(path, "WEBP", quality=90)

    def size(limit: int) -> int:
        replay.export_run(run, tmp_path / str(limit), limit=limit)
        return sum(
            path.stat().st_size for path in replay.grid_paths(tmp_path / str(limit)).values()
        )

    full = size(10**7)
    assert size(full - 1) < full and size(1) < 0.8 * full
