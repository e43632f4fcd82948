"""The figures and numbers of one's own run."""

import numpy as np
import pytest

from animegan_helpers.faces import load_faces
from animegan_helpers.measure_table import table
from animegan_helpers.runs import train
from animegan_helpers.settings import preset
from animegan_workshop import report as reporting


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    faces = load_faces(count=100, progress=False)
    folder = tmp_path_factory.mktemp("runs") / "05-tiny"
    train(
        preset("report", width=4, batch=25, epochs=3, precision="fp32"),
        faces.images,
        folder,
        device="cpu",
    )
    return reporting.open_run(folder)


def test_settings_are_those_of_the_run(run):
    text = reporting.settings_table(run)
    for row in (
        "width (channels of the last hidden layer) | 4",
        "batch | 25",
        "faces | 100",
        "steps | 12",
    ):
        assert f"| {row} |" in text


def test_epochs_shown_exist_and_are_not_repeated(run):
    figure = reporting.draw_epochs(run)
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["epoch 1 of 3", "epoch 2 of 3", "epoch 3 of 3"]


def test_change_is_that_of_successive_grids(run):
    change = reporting.change_by_epoch(run)
    assert list(change) == [2, 3] and all(value > 0 for value in change.values())
    a, b = (np.asarray(run.grids[epoch].convert("RGB"), dtype=float) for epoch in (1, 2))
    assert change[2] == pytest.approx(np.abs(a - b).mean(), rel=1e-4)


def test_losses_and_measures(run):
    assert len(reporting.draw_losses(run).axes) >= 2
    measures = reporting.measure_run(run, load_faces(count=100, progress=False), count=40)
    assert measures["samples"]["count"] == measures["real"]["count"] == 40
    assert "modes covered" in table(measures)


def test_a_folder_without_a_run_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="history.csv"):
        reporting.open_run(tmp_path)
