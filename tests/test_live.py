"""The live panel, the curves and the replay, without a browser."""

import io

import numpy as np
import pytest
from PIL import Image

from animegan_helpers import live, replay
from animegan_helpers.runs import train
from animegan_helpers.training import Trainer, TrainingConfig


def faces(count: int = 16) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 3, 64, 64), dtype=np.uint8)


def config(**changes) -> TrainingConfig:
    return TrainingConfig(width=4, batch=4, **{"epochs": 3, "precision": "fp32"} | changes)


def history(steps: int = 40) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {
        name: random.random(steps).astype(np.float32)
        for name in ("loss_d", "loss_g", "d_real", "d_fake")
    }


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    train(config(), faces(), out, device="cpu")
    return out


@pytest.fixture
def shown(monkeypatch):
    """Collects what a notebook would display: (bundle, handle) pairs; a handle lists its updates."""
    import IPython.display

    class Handle(list):
        def update(self, thing):
            self.append(thing)

    calls = []

    def display(bundle, raw, display_id):
        calls.append((bundle, Handle()))
        return calls[-1][1]

    monkeypatch.setattr(IPython.display, "display", display)
    return calls


def test_smooth_is_the_running_mean():
    values = np.array([1.0, 3.0, 5.0, 9.0])
    assert np.allclose(live.smooth(values, 2), [2, 4, 7])
    assert np.allclose(live.smooth(values, 1), values)


def test_readable_time():
    assert [live.readable_time(seconds) for seconds in (5, 75, 4_000)] == [
        "0:05",
        "1:15",
        "1:06:40",
    ]


@pytest.mark.parametrize("steps", [0, 1, 40, 5_000])
def test_curves_of_any_length(steps):
    figure = live.plot_curves(history(steps), steps_per_epoch=10, total_epochs=6)
    losses, chances = figure.axes
    assert losses.get_ylabel() and chances.get_xlabel() == "epoch" and chances.get_xlim() == (0, 6)
    points = [len(line.get_xdata()) for line in losses.lines]
    assert max(points) <= 2_000 and (steps == 0 or min(points) > 0)
    assert np.ptp(np.asarray(live.figure_image(figure))) > 0


def test_a_spike_does_not_press_the_losses_flat():
    curves = history(1_000)
    curves["loss_g"][3] = 400.0
    assert live.loss_limit(curves) < 10


def test_the_panel_draws_and_leaves_a_picture(shown, tmp_path, capsys):
    panel = live.LivePanel(faces=16)
    trainer = train(config(), faces(), tmp_path, panel, device="cpu")
    ((bundle, handle),) = shown
    assert {"application/vnd.jupyter.widget-view+json", "image/jpeg", "text/plain"} <= bundle.keys()
    assert panel.updates >= 2 and len(handle) == 1  # at the start and at the end
    picture = opened(handle[0].data)
    assert picture.height == 4 * 66 - 2 and picture.width == int(4.9 * 90) + 12 + picture.height
    assert [image.height for image in panel.pictures] == [
        picture.height
    ] * 2  # curves and grid are as high
    assert panel.bar.value == len(trainer.history) == panel.bar.max
    assert "finished after 3 of 3 epochs" in capsys.readouterr().out


def test_a_finished_run_shows_its_result_at_once(shown, finished_run, capsys):
    before = (finished_run / "history.csv").read_bytes()
    train(config(), faces(), finished_run, live.LivePanel(), device="cpu")
    assert "finished already" in capsys.readouterr().out
    assert len(shown[0][1]) == 1 and (finished_run / "history.csv").read_bytes() == before


def test_the_panel_takes_a_tenth_of_the_time_at_most(shown, tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(live.time, "monotonic", lambda: clock[0])
    panel = live.LivePanel(faces=4)
    trainer = Trainer(config(), faces(), device="cpu")
    samples = trainer.samples

    def slow_samples(z=None):
        clock[0] += 5.0
        return samples(z)

    monkeypatch.setattr(trainer, "samples", slow_samples)
    panel.start(trainer)
    clock[0] += 40.0
    panel.update(trainer)
    assert panel.updates == 1  # 5 seconds of drawing are paid for with 45 of training
    clock[0] += 6.0
    panel.update(trainer)
    assert panel.updates == 2


def test_history_and_grids_of_a_run(finished_run):
    curves, steps_per_epoch = replay.load_history(finished_run)
    assert steps_per_epoch == 4 and set(curves) == {"loss_d", "loss_g", "d_real", "d_fake"}
    assert all(len(values) == 12 for values in curves.values())
    grids = replay.load_grids(finished_run)
    assert list(grids) == [1, 2, 3] and grids[1].size == (8 * 66 - 2, 8 * 66 - 2)


def test_replay_shows_each_epoch(shown, finished_run):
    panel = replay.replay(finished_run)
    (play, slider), image = panel.children[0].children, panel.children[1]
    assert "image/jpeg" in shown[0][0] and play.max == 2
    pictures = {}
    for epoch in (1, 2, 3, 1):
        slider.value = epoch
        assert pictures.setdefault(epoch, image.value) == image.value
    assert len(set(pictures.values())) == 3


def test_replay_of_nothing_says_so(tmp_path):
    with pytest.raises(ValueError, match="no finished epoch"):
        replay.replay(tmp_path)


def test_gif_has_a_frame_for_each_epoch(finished_run, tmp_path):
    replay.save_gif(finished_run, tmp_path / "run.gif")
    assert Image.open(tmp_path / "run.gif").n_frames == 3


def test_progress_bar(tmp_path, capsys):
    train(config(epochs=1), faces(), tmp_path, live.ProgressBar(), device="cpu")
    assert "finished after 1 of 1 epochs" in "".join(capsys.readouterr())


def test_infinite_losses_do_not_stop_the_panel():
    curves = {name: np.ones(60, np.float32) for name in ("loss_d", "loss_g", "d_real", "d_fake")}
    curves["loss_g"][30:] = np.inf
    live.plot_curves(curves, 30).savefig(io.BytesIO())
