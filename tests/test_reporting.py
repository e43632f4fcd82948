"""The figures and numbers of one's own run."""

import numpy as np
import pytest

from animegan_helpers.faces import load_faces
from animegan_helpers.runs import train
from animegan_helpers.settings import preset
from animegan_workshop import report


@pytest.fixture(scope="module")
def faces():
    return load_faces(count=100, progress=False)


@pytest.fixture(scope="module")
def run(faces, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "05-tiny"
    config = preset("report", width=4, batch=25, epochs=3, precision="fp32")
    train(config, faces.images, folder, device="cpu")
    return report.open_run(folder)


def test_settings_are_those_of_the_run(run):
    text = report.settings_table(run)
    for row in ("| batch | 25 |", "| faces | 100 |", "| steps | 12 |", "last hidden layer) | 4 |"):
        assert row in text


def test_figures_show_the_run(run):
    titles = [axes.get_title() for axes in report.draw_epochs(run).axes]
    assert titles == ["epoch 1 of 3", "epoch 2 of 3", "epoch 3 of 3"]
    assert len(report.draw_losses(run).axes) >= 2
    change = report.change_by_epoch(run)
    assert list(change) == [2, 3] and change[3] > 0
    a, b = (np.asarray(run.grids[epoch].convert("RGB"), dtype=float) for epoch in (1, 2))
    assert change[2] == pytest.approx(np.abs(a - b).mean(), rel=1e-4)


def test_measures_have_the_same_number_of_real_faces(run, faces):
    measures = report.measure_run(run, faces, count=40)
    assert measures["samples"]["count"] == measures["real"]["count"] == 40


def test_a_folder_without_a_run_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="holds no finished epoch"):
        report.open_run(tmp_path)
