"""The figures and numbers of one's own run."""

from dataclasses import replace
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import torch

from animegan_helpers.__main__ import main
from animegan_helpers.faces import load_faces
from animegan_helpers.latent import sample_faces
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
    early, late = report.in_halves(run)
    a, b = (np.asarray(run.grids[epoch].convert("RGB"), dtype=float) for epoch in (1, 2))
    assert early == pytest.approx([np.abs(a - b).mean()], rel=1e-4) and len(late) == 1


def test_measures_have_the_same_number_of_real_faces(run, faces):
    measures = report.measure_run(run, faces, count=40)
    assert measures["samples"]["count"] == measures["real"]["count"] == 40
    text = report.beside_real(measures, "modes")
    assert f"real faces {measures['real']['modes']}" in text and "95% interval" in text


def test_layers_are_listed_with_their_sizes(run):
    lines = report.layer_table(run.weights.generator, torch.zeros(2, 100)).splitlines()
    assert lines[2] == "| ConvTranspose2d | 4, 1, 0 | 32 × 4 × 4 | 51,200 |"
    assert lines[-1] == "| Tanh |  | 3 × 64 × 64 | 0 |"


def test_failures_lie_above_real_faces_the_farthest_first(run, faces, monkeypatch):
    far = lambda seen, among: SimpleNamespace(distances=np.arange(len(seen)))
    monkeypatch.setattr(report, "nearest_neighbours", far)
    picture = report.draw_failures(run, faces, count=20)
    assert picture.size == (8 * 66 - 2, 2 * (64 + 20))
    last = sample_faces(run.weights.generator, 20)[-1].transpose(1, 2, 0)
    assert np.array_equal(np.asarray(picture)[:64, :64], last)


def test_a_single_change_stands_for_both_halves(run):
    grids = {epoch: run.grids[epoch] for epoch in (1, 2)}
    early, late = report.in_halves(replace(run, grids=grids))
    assert len(early) == 1 and early == late
    with pytest.raises(ValueError, match="one saved epoch"):
        report.in_halves(replace(run, grids={1: run.grids[1]}))


def test_a_folder_without_a_run_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="holds no finished epoch"):
        report.open_run(tmp_path)


def test_short_paths_hold_in_a_report_and_no_page_is_overwritten(tmp_path, monkeypatch, capsys):
    cell = nbformat.v4.new_code_cell("import os\nprint(os.environ['ANIMEGAN_FACES'])")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "09.ipynb")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANIMEGAN_FACES", "my_faces.zip")
    words = ["report", "--notebook", "09.ipynb", "--out", "page.html"]
    assert main(words) == 0
    assert str(tmp_path / "my_faces.zip") in (tmp_path / "page.html").read_text("utf-8")
    for line in (words, ["experiments-page", "--out", "page.html"]):
        assert main(line) == 2 and "page.html is there already" in capsys.readouterr().err
