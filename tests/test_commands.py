"""The commands, as a person types them."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from animegan_helpers.__main__ import main
from animegan_helpers.checkpoint import load_weights, shipped_weights
from animegan_helpers.files import out_of_memory, reading
from animegan_helpers.training import Trainer
from animegan_workshop.teaching import notebooks

PROJECT = Path(__file__).parents[1]


def run(*words) -> int:
    return main([str(word) for word in words])


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """A folder of 60 drawn faces."""
    out = tmp_path_factory.mktemp("faces") / "set one"
    assert run("draw", "--count", 60, "--out", out, "--seed", 7) == 0
    return out


@pytest.fixture(scope="module")
def finished_run(faces, tmp_path_factory):
    """The folder of a run of one epoch."""
    out = tmp_path_factory.mktemp("runs") / "a run"
    words = ["--faces", faces, "--preset", "smoke", "--epochs", 1, "--out", out]
    assert run("train", *words) == 0
    return out


def test_draw_holds_a_factor(tmp_path):
    out = tmp_path / "aqua"
    held = ["--only", "hair=aqua", "--only", "style=1"]
    assert run("draw", "--count", 5, "--out", out, *held) == 0
    rows = (out / "drawn" / "labels.csv").read_text("utf-8").splitlines()
    assert len(rows) == 6 and all(",aqua," in row for row in rows[1:])


def test_train_goes_on_with_a_run_only_when_asked(faces, finished_run, capsys):
    names = {path.name for path in finished_run.iterdir()}
    assert {"history.csv", "grids", "generator.safetensors"} <= names
    words = ["train", "--faces", faces, "--preset", "smoke", "--out", finished_run, "--epochs", 2]
    before = {path: path.stat().st_mtime_ns for path in finished_run.rglob("*")}
    assert run(*words) == 2 and "add --resume" in capsys.readouterr().err
    assert before == {path: path.stat().st_mtime_ns for path in finished_run.rglob("*")}
    assert run(*words, "--resume") == 0
    assert (finished_run / "grids" / "epoch-0002.webp").exists()


def test_a_run_that_ships_is_not_overwritten(faces, tmp_path, capsys):
    out = shutil.copytree(shipped_weights("modern").with_suffix(""), tmp_path / "modern")
    before = (out / "history.csv").read_bytes()
    words = ["train", "--faces", faces, "--preset", "smoke", "--epochs", 1, "--out", out]
    for more in ([], ["--resume"]):
        assert run(*words, *more) == 2 and "choose another --out" in capsys.readouterr().err
    assert (out / "history.csv").read_bytes() == before


def test_an_interrupted_training_says_so_and_goes_on(faces, tmp_path, monkeypatch, capsys):
    out, advance = tmp_path / "run", Trainer.advance
    words = ["train", "--faces", faces, "--preset", "smoke", "--epochs", 2, "--out", out]
    words += ["--hold-out", 5]

    def interrupted(trainer):
        advance(trainer)
        if trainer.step == 1:
            signal.raise_signal(signal.SIGINT)  # what Ctrl-C sends

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "advance", interrupted)
        assert run(*words) == 130 and "interrupted" in capsys.readouterr().err
    assert load_weights(out).about["step"] == 1 and load_weights(out).about["pictures"] == 55
    assert run(*words, "--resume") == 0 and load_weights(out).about["epoch"] == 2


def test_samples_go_where_the_name_says_in_any_case(finished_run, tmp_path, capsys):
    words = ["sample", "--weights", finished_run, "--count", 6, "--seed", 1, "--out"]
    for name in ("s.NPY", "s.Png"):
        assert run(*words, tmp_path / name) == 0
    samples, grid = np.load(tmp_path / "s.NPY"), np.asarray(Image.open(tmp_path / "s.Png"))
    assert samples.shape == (6, 64, 64, 3) and samples.dtype == np.uint8
    assert np.array_equal(grid[66:, 66:130], samples[4])  # three columns, 2 pixels between them
    assert run(*words, tmp_path / "s.NPY") == 2
    assert "is there already" in capsys.readouterr().err


def test_export_halves_the_file_matches_the_contrast_and_never_overwrites(
    faces, finished_run, tmp_path, capsys
):
    out, whole = tmp_path / "mine.safetensors", load_weights(finished_run)
    words = ["export", "--weights", finished_run, "--contrast-of", faces, "--out", out]
    assert run(*words, "--data", "drawn") == 0
    half = load_weights(out)
    assert half.about["data"] == "drawn" and half.discriminator is not None
    assert out.stat().st_size < 0.6 * (finished_run / "generator.safetensors").stat().st_size
    ratio = half.generator.to_image[0].weight / whole.generator.to_image[0].weight
    assert ratio.median().item() == pytest.approx(half.about["contrast_factor"], rel=0.01) != 1
    assert run(*words) == 2 and "is there already" in capsys.readouterr().err


def test_measure_weights_by_a_network_of_ones_own(faces, finished_run, tmp_path):
    network, out = tmp_path / "names.safetensors", tmp_path / "deep" / "m.json"
    words = ["--faces", faces, "--factors", "hair", "eyes", "--epochs", 1, "--out", network]
    assert run("attributes", *words) == 0
    words = ["--faces", faces, "--weights", finished_run, "--attributes", network]
    assert run("measure", *words, "--count", 20, "--json", out) == 0
    assert json.loads(out.read_text("utf-8"))["samples"]["count"] == 20


WRONG = {
    "train --faces nowhere --out NEW": "nowhere",
    "train --faces FACES --preset best --out NEW": "no preset is called 'best'",
    "train --faces FACES --batch 500 --out NEW": "500",
    "train --faces FACES --width 0 --out NEW": "width",
    "train --faces FACES --learning-rate-g -1 --out NEW": "above 0",
    "train --faces FACES --device tpu9 --out NEW": "no device",
    "train --faces FACES --device meta --out NEW": "no device",
    "train --faces FACES --epochs 999999999999 --out NEW": "epochs must be a whole number from 1",
    "train --faces nowhere --out FACES/drawn/labels.csv/run": "cannot write",
    "sample --weights nothing.safetensors --out NEW.npy": "not there",
    "sample --weights nothing --out FACES/drawn/labels.csv/s.png": "cannot write",
    "outside-judge --faces FACES --weights nothing.safetensors": "not there",
    "measure --faces FACES --weights nothing --json FACES/drawn/labels.csv/m.json": "cannot write",
    "export --weights nothing --out FACES/drawn/labels.csv/w.safetensors": "cannot write",
    "report --notebook nothing --out FACES/drawn/labels.csv/r.html": "cannot write",
    "experiment veegan --budget smoke --out FACES/drawn/labels.csv": "cannot write",
    "sample --weights nothing.safetensors --out NEW.jpg": "FILE.png as a grid",
    "measure --faces FACES --weights nothing.npy": "nothing.npy",
    "draw --count 3 --out NEW --only hair=mauve": "mauve",
    "draw --count 3 --out FACES": "FACES",
    "attributes --faces FACES --out NEW.md": "must end in .safetensors",
    "export --weights nothing.safetensors --out NEW": "must end in .safetensors",
    "export --weights x --hold-out 5 --out NEW.safetensors": "--contrast-of",
    "reference --faces FACES --out NEW.npz": "must end in .safetensors",
    "experiment dense-er": "no experiment is called",
    "experiment hair-colours --budget smoke": "say --faces PATH",
    "run --only 5": "--only takes 00, 01",
    "run": "no budget is called 'huge'",
    "student --out FACES": "no student edition",
}


@pytest.mark.parametrize("line", WRONG)
def test_bad_input_is_one_line_and_writes_nothing(line, faces, tmp_path, capsys, monkeypatch):
    if line == "run":
        monkeypatch.setenv("ANIMEGAN_BUDGET", "huge")
    new = str(tmp_path / "new")
    words = [word.replace("FACES", str(faces)).replace("NEW", new) for word in line.split()]
    before = sorted(faces.rglob("*"))
    assert main(words) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ") and WRONG[line].replace("FACES", str(faces)) in error
    assert not list(tmp_path.iterdir()) and sorted(faces.rglob("*")) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["\u732b", *([os.fsdecode(b"\xff")] if os.name == "posix" else [])]
)
def test_a_path_that_the_terminal_cannot_print_is_escaped(name, tmp_path):
    run, drawn = tmp_path / f"{name} run", tmp_path / f"{name} faces"
    train = "train --preset smoke --epochs 1 --faces".split()
    for words in (["draw", "--count", 30, "--out", drawn], [*train, drawn, "--out", run]):
        done = subprocess.run(
            [sys.executable, "-m", "animegan_helpers", *map(str, words)],
            env=os.environ | {"PYTHONIOENCODING": "cp1252"},
            capture_output=True,
            cwd=PROJECT,
        )
        assert done.returncode == 0, done.stderr
        assert str(words[-1]).encode("cp1252", "backslashreplace") in done.stdout
    assert (run / "generator.safetensors").is_file()


@pytest.mark.parametrize("text", ["0", "-1", "2.5", "many"])
def test_a_count_must_be_a_number_above_0(text, capsys):
    with pytest.raises(SystemExit) as end:
        main(["draw", "--count", text, "--out", "x"])
    assert end.value.code == 2 and "--count" in capsys.readouterr().err


def test_a_package_that_is_missing_is_one_line(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "animegan_workshop.check", None)
    assert run("check") == 2 and "make env installs it" in capsys.readouterr().err


def test_the_lab_can_open_what_notebooks_link_to(monkeypatch):
    monkeypatch.setattr(notebooks, "call_interactive", lambda words: "\n".join(words))
    assert f"--ServerApp.root_dir={PROJECT}" in notebooks.lab(PROJECT / "my_work" / "a.ipynb")


def test_only_a_lack_of_memory_is_called_so():
    assert not out_of_memory(RuntimeError("CUDA error: an illegal memory access was encountered"))
    assert out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    assert out_of_memory(torch.OutOfMemoryError()) and out_of_memory(MemoryError())
    with pytest.raises(torch.OutOfMemoryError), reading("a.safetensors", "weights"):
        raise torch.OutOfMemoryError  # the file is not damaged


def test_a_command_that_moved_says_where_to():
    words = [sys.executable, "-m", "animegan_helpers.workbook", "lab"]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", cwd=PROJECT)
    assert done.returncode == 2
    assert done.stderr == "this command has moved: python -m animegan_helpers lab\n"
