"""Grids and files of pictures, a drawn network, and what a run shows while it runs."""

import io
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from animegan_helpers import diagram, live, pictures
from animegan_helpers.faces import to_uint8
from animegan_helpers.runs import train
from animegan_helpers.training import Trainer, TrainingConfig
from animegan_workshop.progress import ProgressBar

FACES = np.random.default_rng(0).integers(0, 256, (8, 3, 64, 64), dtype=np.uint8)
CONFIG = TrainingConfig(width=4, batch=4, epochs=2, precision="fp32")


def history(steps: int) -> dict[str, np.ndarray]:
    values = np.random.default_rng(0).random((4, steps)).astype(np.float32)
    return dict(zip(("loss_d", "loss_g", "d_real", "d_fake"), values))


@pytest.fixture
def display(monkeypatch):
    """Stands for the display of a notebook."""
    monkeypatch.setattr("IPython.display.display", mock := Mock())
    return mock


@pytest.mark.parametrize("count, columns, gap", [(1, 1, 2), (7, 3, 2), (4, 2, 0), (5, 8, 3)])
def test_a_grid_holds_each_image_in_its_place(count, columns, gap):
    images = 1.5 * torch.randn(count, 3, 6, 4)
    high, wide = -(-count // columns) * (6 + gap) - gap, min(columns, count) * (4 + gap) - gap
    expected = np.full((high, wide, 3), 255, np.uint8)
    for k, image in enumerate(to_uint8(images).transpose(0, 2, 3, 1)):
        top, left = k // columns * (6 + gap), k % columns * (4 + gap)
        expected[top : top + 6, left : left + 4] = image
    assert np.array_equal(pictures.make_grid(images, columns, gap=gap), expected)
    large = pictures.make_grid(to_uint8(images), columns, scale=2, gap=gap)
    assert np.array_equal(large, expected.repeat(2, 0).repeat(2, 1))


def test_a_grid_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no images"):
        pictures.make_grid(torch.zeros(0, 3, 64, 64))


def test_a_network_is_listed_and_drawn_and_stays_as_it_is():
    network = nn.Sequential(nn.Conv2d(3, 8, 4, 2, 1), nn.BatchNorm2d(8), nn.Flatten())
    example, mean = torch.randn(2, 3, 8, 8), network[1].running_mean.clone()
    layers = diagram.trace_layers(network, example)
    assert [layer.module for layer in layers] == list(network)
    assert layers[0][:4] == ("Conv2d", (3, 8, 8), (8, 4, 4), 8 * 3 * 16 + 8)
    assert network.training and torch.equal(network[1].running_mean, mean)
    (axes,) = diagram.plot_network(network, example, "D").axes
    assert axes.get_title() == "D: 408 parameters"
    # what keeps the shape shares an arrow
    assert any({"4×4, stride 2", "BatchNorm2d"} <= {*t.get_text().split("\n")} for t in axes.texts)


def test_one_infinite_loss_leaves_the_running_mean_of_the_others():
    values = np.array([1.0, 3.0, np.inf, 9.0, np.nan, np.nan])
    assert np.array_equal(live.smooth(values, 2), [2, 3, 9, 9, np.nan], equal_nan=True)
    curves = history(1_000)
    curves["loss_g"][3:5] = np.inf, 400
    losses = live.plot_curves(curves, 100).axes[0]
    assert np.isfinite(losses.lines[3].get_ydata()).all()  # the thick line of loss_g
    assert losses.get_ylim()[1] < 10  # a spike does not press the rest flat
    assert losses.lines[4].get_ydata()[0] == pytest.approx(1.386, abs=0.001)  # 2 ln 2


@pytest.mark.parametrize("steps", [0, 1, 5_000])
def test_curves_of_any_length(steps):
    figure = live.plot_curves(history(steps), steps_per_epoch=10, total_epochs=6)
    assert figure.axes[1].get_xlabel() == "epoch" and figure.axes[1].get_xlim() == (0, 6)
    points = [len(line.get_xdata()) for line in figure.axes[0].lines]
    assert max(points) <= 2_000 and (steps == 0 or min(points) > 0)
    assert np.ptp(np.asarray(pictures.figure_image(figure))) > 0


def test_the_panel_draws_and_leaves_a_picture(display, tmp_path, capsys):
    for _ in range(2):  # a run that is finished already shows its result at once
        train(CONFIG, FACES, tmp_path, live.LivePanel(faces=16), device="cpu")
        bundle = display.call_args.args[0]
        assert {"application/vnd.jupyter.widget-view+json", "image/jpeg"} <= bundle.keys()
        (last,) = display.return_value.update.call_args.args
        side = 4 * 66 - 2
        assert Image.open(io.BytesIO(last.data)).size == (int(4.9 * 90) + 12 + side, side)
    printed = capsys.readouterr().out
    assert "finished after 2 of 2 epochs" in printed and "finished already" in printed


def test_the_panel_takes_a_tenth_of_the_time_at_most(display, monkeypatch):
    clock, drawn = [0.0], []
    monkeypatch.setattr(live.time, "monotonic", lambda: clock[0])
    panel, trainer = live.LivePanel(faces=4), Trainer(CONFIG, FACES, device="cpu")

    def slow_samples(z):
        clock[0] += 5.0
        drawn.append(len(z))
        return torch.zeros(len(z), 3, 64, 64)

    monkeypatch.setattr(trainer, "samples", slow_samples)
    panel.start(trainer)
    trainer.step = 1
    for seconds, times in ((40.0, 1), (6.0, 2)):  # 5 seconds of drawing cost 45 of training
        clock[0] += seconds
        panel.update(trainer)
        assert drawn == [4] * times
    assert "step 1 of 4" in panel.progress.value and "<b>0:02:48</b> left" in panel.progress.value


def test_progress_bar(tmp_path, capsys):
    train(CONFIG, FACES, tmp_path, ProgressBar(), device="cpu")
    assert "finished after 2 of 2 epochs" in "".join(capsys.readouterr())
