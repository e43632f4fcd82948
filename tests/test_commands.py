"""The commands, as a person types them."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from animegan_helpers.__main__ import main, make_parser
from animegan_helpers.checkpoint import load_weights
from animegan_helpers.training import Trainer

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def faces(tmp_path_factory, smoke_budget):
    """A folder of 60 drawn faces."""
    out = tmp_path_factory.mktemp("faces") / "set one"
    assert main(["draw", "--count", "60", "--out", str(out), "--seed", "7"]) == 0
    return out


@pytest.fixture(scope="module")
def finished_run(faces, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "a run"
    assert (
        main(
            [
                "train",
                "--faces",
                str(faces),
                "--preset",
                "smoke",
                "--epochs",
                "1",
                "--out",
                str(out),
            ]
        )
        == 0
    )
    return out


def test_draw_holds_a_factor(tmp_path, capsys):
    out = tmp_path / "aqua"
    assert (
        main(
            ["draw", "--count", "5", "--out", str(out), "--only", "hair=aqua", "--only", "style=1"]
        )
        == 0
    )
    rows = (out / "drawn" / "labels.csv").read_text().splitlines()
    assert len(rows) == 6 and all(",aqua," in row for row in rows[1:])


def test_train_writes_a_run(finished_run):
    names = {path.name for path in finished_run.iterdir()}
    assert {"history.csv", "grids", "generator.safetensors"} <= names
    assert any(name.startswith("checkpoint-") for name in names)


def test_train_refuses_to_go_on_unasked(faces, finished_run, capsys):
    words = ["train", "--faces", str(faces), "--preset", "smoke", "--out", str(finished_run)]
    before = {path: path.stat().st_mtime_ns for path in finished_run.rglob("*")}
    assert main([*words, "--epochs", "2"]) == 2
    assert "add --resume" in capsys.readouterr().err
    assert before == {path: path.stat().st_mtime_ns for path in finished_run.rglob("*")}
    assert main([*words, "--epochs", "2", "--resume"]) == 0
    assert (finished_run / "grids" / "epoch-0002.webp").exists()


def test_an_interrupted_training_says_so_and_goes_on(faces, tmp_path, monkeypatch, capsys):
    out, advance = tmp_path / "run", Trainer.advance
    words = [
        "train",
        "--faces",
        str(faces),
        "--preset",
        "smoke",
        "--epochs",
        "2",
        "--out",
        str(out),
    ]

    def interrupted(trainer):
        advance(trainer)
        if trainer.step == 1:
            signal.raise_signal(signal.SIGINT)  # what Ctrl-C sends

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "advance", interrupted)
        assert main(words) == 130 and "interrupted" in capsys.readouterr().err
    assert load_weights(out).about["step"] == 1
    assert main([*words, "--resume"]) == 0 and load_weights(out).about["epoch"] == 2


def test_sample_in_three_forms(finished_run, tmp_path, capsys):
    words = ["sample", "--weights", str(finished_run), "--count", "6", "--seed", "1", "--out"]
    assert main([*words, str(tmp_path / "s.npy")]) == 0
    assert main([*words, str(tmp_path / "s.png")]) == 0
    assert main([*words, str(tmp_path / "folder")]) == 0
    samples = np.load(tmp_path / "s.npy")
    assert samples.shape == (6, 64, 64, 3) and samples.dtype == np.uint8
    third = np.asarray(Image.open(tmp_path / "folder" / "00003.png"))
    assert np.array_equal(third, samples[3])
    assert main([*words, str(tmp_path / "s.npy")]) == 2
    assert "is there already" in capsys.readouterr().err


def test_export_halves_the_file_and_never_overwrites(finished_run, tmp_path, capsys):
    out = tmp_path / "mine.safetensors"
    words = ["export", "--weights", str(finished_run), "--data", "drawn", "--out", str(out)]
    assert main(words) == 0
    weights = load_weights(out)
    assert weights.about["data"] == "drawn" and weights.discriminator is not None
    assert out.stat().st_size < 0.6 * (finished_run / "generator.safetensors").stat().st_size
    assert main(words) == 2 and "is there already" in capsys.readouterr().err


def test_export_matches_the_contrast_of_faces(faces, finished_run, tmp_path):
    out = tmp_path / "matched.safetensors"
    assert (
        main(
            [
                "export",
                "--weights",
                str(finished_run),
                "--contrast-of",
                str(faces),
                "--out",
                str(out),
            ]
        )
        == 0
    )
    plain, matched = load_weights(finished_run).generator, load_weights(out)
    ratio = matched.generator.to_image[0].weight / plain.to_image[0].weight
    assert ratio.median().item() == pytest.approx(matched.about["contrast_factor"], rel=0.01) != 1


def test_export_refuses_faces_to_hold_out_of_nothing(finished_run, tmp_path, capsys):
    out = tmp_path / "held.safetensors"
    assert (
        main(["export", "--weights", str(finished_run), "--hold-out", "5", "--out", str(out)]) == 2
    )
    assert "--contrast-of" in capsys.readouterr().err and not out.exists()


def test_measure_from_weights_and_from_samples(faces, finished_run, tmp_path, capsys):
    network = tmp_path / "names.safetensors"
    assert (
        main(
            [
                "attributes",
                "--faces",
                str(faces),
                "--factors",
                "hair",
                "eyes",
                "--epochs",
                "1",
                "--out",
                str(network),
            ]
        )
        == 0
    )
    samples = tmp_path / "s.npy"
    main(["sample", "--weights", str(finished_run), "--count", "20", "--out", str(samples)])
    for name, source in (
        ("a", ["--samples", str(samples)]),
        ("b", ["--weights", str(finished_run), "--count", "20"]),
    ):
        out = tmp_path / "deep" / f"{name}.json"
        words = [
            "measure",
            "--faces",
            str(faces),
            "--attributes",
            str(network),
            "--json",
            str(out),
            *source,
        ]
        assert main(words) == 0
        measures = json.loads(out.read_text())
        assert measures["samples"]["count"] == 20
        assert 1 <= measures["samples"]["modes"] <= measures["modes_possible"]
        before = out.read_bytes()
        assert (
            main(words) == 2
            and "is there already" in capsys.readouterr().err
            and out.read_bytes() == before
        )


@pytest.mark.parametrize(
    "words, message",
    [
        (["train", "--faces", "no such folder", "--out", "RUN"], "no such folder"),
        (
            ["train", "--faces", "FACES", "--preset", "best", "--out", "RUN"],
            "no preset is called 'best'",
        ),
        (["train", "--faces", "FACES", "--batch", "500", "--out", "RUN"], "500"),
        (["train", "--faces", "FACES", "--width", "0", "--out", "RUN"], "width"),
        (["train", "--faces", "FACES", "--learning-rate-g", "-1", "--out", "RUN"], "above 0"),
        (["train", "--faces", "FACES", "--device", "tpu9", "--out", "RUN"], "no device"),
        (["sample", "--weights", "nothing.safetensors", "--out", "RUN.npy"], "not there"),
        (["measure", "--faces", "FACES", "--samples", "nothing.npy"], "nothing.npy"),
        (["draw", "--count", "3", "--out", "RUN", "--only", "hair=mauve"], "mauve"),
        (["draw", "--count", "3", "--out", "FACES"], "FACES"),
        (["attributes", "--faces", "FACES", "--out", "RUN.md"], "must end in .safetensors"),
        (
            ["export", "--weights", "nothing.safetensors", "--out", "RUN"],
            "must end in .safetensors",
        ),
        (["reference", "--faces", "FACES", "--out", "RUN.npz"], "must end in .safetensors"),
        (["sample", "--weights", "nothing.safetensors", "--out", "RUN.jpg"], "FILE.png as a grid"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(words, message, faces, tmp_path, capsys):
    words = [
        word.replace("FACES", str(faces)).replace("RUN", str(tmp_path / "new")) for word in words
    ]
    assert main(words) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ") and message.replace("FACES", str(faces)) in error
    assert not list(tmp_path.iterdir())


def test_help_of_every_command():
    commands = next(action.choices for action in make_parser()._actions if action.dest == "command")
    assert len(commands) == 9
    for command in commands:
        with pytest.raises(SystemExit) as end:
            main([command, "--help"])
        assert end.value.code == 0


def test_importing_the_engine_needs_no_jupyter():
    blocked = "ipywidgets IPython jupyterlab ipykernel nbformat nbclient".split()
    code = (
        f"import sys\nfor name in {blocked}: sys.modules[name] = None\n"
        "import animegan_helpers.runs, animegan_helpers.measures\n"
        "import animegan_helpers.live, animegan_helpers.latent\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT)
