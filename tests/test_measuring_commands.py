"""`measure`, `reference` and `train --measure-every`, as a person types them."""

import json

import numpy as np
import pytest

from animegan_helpers.__main__ import main
from animegan_helpers.measure_table import ROWS


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """A folder of 80 drawn faces."""
    out = tmp_path_factory.mktemp("faces") / "set"
    assert main(["draw", "--count", "80", "--out", str(out), "--seed", "7"]) == 0
    return out


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """30 pictures of noise."""
    path = tmp_path_factory.mktemp("samples") / "s.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, (30, 64, 64, 3), dtype=np.uint8))
    return path


def test_measure_picks_the_network_by_itself(faces, samples, tmp_path, capsys):
    words = ["measure", "--samples", str(samples), "--neighbours", "10"]
    assert main([*words, "--faces", str(faces), "--json", str(tmp_path / "m.json")]) == 0
    printed = capsys.readouterr().out
    assert "by drawn-attributes.safetensors" in printed and "measured 30 samples" in printed
    measures = json.loads((tmp_path / "m.json").read_text())
    assert measures["samples"]["neighbours"] == 10 and set(ROWS) <= set(measures["samples"])
    (faces / "drawn" / "labels.csv").rename(
        faces / "labels.txt"
    )  # without labels they could be anybody's
    assert main([*words, "--faces", str(faces)]) == 0
    (faces / "labels.txt").rename(faces / "drawn" / "labels.csv")
    assert "by tagged-attributes.safetensors" in capsys.readouterr().out


def test_measure_without_the_faces(faces, samples, tmp_path, capsys):
    out = tmp_path / "numbers.safetensors"
    assert main(["reference", "--faces", str(faces), "--about", "eighty", "--out", str(out)]) == 0
    assert main(["reference", "--faces", str(faces), "--out", str(out)]) == 2
    words = ["measure", "--samples", str(samples)]
    assert main([*words, "--reference", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "against 40 real faces" in printed and "nearest neighbours need the faces" in printed
    assert main([*words, "--reference", "untagged"]) == 0
    assert "against 5,000 real faces, which cover" in capsys.readouterr().out
    assert main([*words, "--reference", "nobody"]) == 2
    error = capsys.readouterr().err
    assert (
        "no reference is called 'nobody': choose one of tagged, untagged" in error
        and error.count("\n") == 1
    )


def test_train_measures_every_second_epoch(faces, tmp_path):
    words = ["train", "--faces", str(faces), "--preset", "smoke", "--out", str(tmp_path / "run")]
    words += ["--measure-every", "2"]
    assert main([*words, "--epochs", "3"]) == 0
    rows = (tmp_path / "run" / "measures.csv").read_text().splitlines()
    assert rows[0].startswith("epoch,modes,kl,frechet,") and [
        row.split(",")[0] for row in rows[1:]
    ] == ["2", "3"]
    assert main([*words, "--epochs", "5", "--resume"]) == 0
    rows = (tmp_path / "run" / "measures.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["2", "3", "4", "5"]


def test_the_card_is_made_by_the_command(faces, tmp_path, capsys):
    out = tmp_path / "names.safetensors"
    words = [
        "attributes",
        "--faces",
        str(faces),
        "--factors",
        "hair",
        "--epochs",
        "1",
        "--out",
        str(out),
    ]
    assert main([*words, "--about", "Eighty drawn faces."]) == 0
    card = out.with_suffix(".md").read_text(encoding="utf-8")
    assert "Eighty drawn faces. 80 faces" in card and str(faces.parent) not in card
    assert (
        '`python -m animegan_helpers attributes --faces "set" --factors hair --epochs 1 --seed 0'
        in card
    )
    assert main(words) == 2 and "is there already" in capsys.readouterr().err
