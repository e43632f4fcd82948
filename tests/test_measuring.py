"""References, samples measured against faces, measures during training, and the commands."""

import json

import numpy as np
import pytest
import torch

from animegan_helpers import measures, reference
from animegan_helpers.__main__ import main
from animegan_helpers.attributes import PRETRAINED, AttributeNetwork, load_attributes, name_faces
from animegan_helpers.checkpoint import CheckpointError, load_weights, write_tensors
from animegan_helpers.epoch_measures import EpochMeasures, keep_row
from animegan_helpers.faces import FaceSet, held_out_rows, load_faces
from animegan_helpers.files import WriteError
from animegan_helpers.latent import sample_faces
from animegan_helpers.replay import load_measures
from animegan_helpers.runs import train
from animegan_helpers.settings import preset
from animegan_workshop import measuring
from animegan_workshop.attribute_training import save_reference

ROW = dict.fromkeys(("epoch", "modes", "kl", "count"), 0)


@pytest.fixture(scope="module")
def drawn():
    return load_faces("", count=200, progress=False)


@pytest.fixture(scope="module")
def network():
    return load_attributes()


@pytest.fixture(scope="module")
def parts(drawn, network):
    return measuring.split(drawn, network)


@pytest.fixture(scope="module")
def real(drawn, parts):
    return drawn.images[parts.rows]


@pytest.mark.parametrize("fault", ["blurred", "noisy", "shifted"])
def test_faults_move_the_measures_the_right_way(network, parts, real, fault):
    pixels = torch.tensor(real).float()
    noise = 128 * torch.randn(pixels.shape)
    spoilt = {
        "blurred": torch.nn.functional.avg_pool2d(pixels, 7, 1, 3),
        "noisy": (0.6 * pixels + 0.4 * noise).clamp(0, 255),
        "shifted": pixels.roll(20, 3),
    }[fault]
    honest, little, much = (
        measures.quick_row(name_faces(network, images.byte().numpy()), parts.reference)
        for images in (pixels, (pixels + spoilt) / 2, spoilt)
    )
    assert honest["frechet"] < little["frechet"] < much["frechet"]
    assert much["coverage"] < honest["coverage"] and much["recall"] < honest["recall"]


def test_copied_faces_and_the_whole_table(drawn, network, parts, real):
    yard = parts.yardstick(60)
    found = measures.measure_samples(real[:60], network, parts.reference, yard, drawn.images, 40)
    assert found["modes_possible"] == 120
    assert found["samples"]["count"] == found["real"]["count"] == 60
    assert found["samples"]["copied"] == 1 and "copied" not in found["real"]
    for measure in measures.MEASURES:
        low, high = found["samples"][f"{measure.name}_interval"]
        assert low <= found["samples"][measure.name] <= high, measure.name
    text = measures.table(found)
    assert all(measure.label in text for measure in measures.MEASURES)
    assert "copies, repeats use 40 pictures" in text and "by drawn-attributes.safetensors" in text


def test_a_stored_reference_gives_the_same_numbers(parts, network, tmp_path):
    parts.reference.yardsticks = {size: {"count": size} for size in (50, 100)}
    save_reference(tmp_path / "r.safetensors", parts.reference, "drawn")
    loaded = reference.load_reference(tmp_path / "r.safetensors")
    fresh, stored = (measures.quick_row(parts.seen, r) for r in (parts.reference, loaded))
    assert stored == pytest.approx(fresh, rel=1e-4, abs=1e-4)
    assert [loaded.yardstick(size)["count"] for size in (3, 99, 100, 1_000)] == [50, 50, 100, 100]
    assert reference.network_of(loaded).source == "drawn-attributes.safetensors"
    loaded.fingerprint = "another"
    with pytest.raises(CheckpointError, match="not the network"):
        reference.network_of(loaded)
    write_tensors(tmp_path / "x.safetensors", {"a": torch.zeros(1)}, {})
    for name in (tmp_path / "x.safetensors", "nobody"):
        with pytest.raises(CheckpointError, match="reference"):
            reference.load_reference(name)


@pytest.mark.parametrize("name", ["untagged", "tagged"])
def test_the_references_that_ship(name):
    shipped = reference.load_reference(name)
    assert shipped.count == 5_000 and shipped.sizes == {"hair": 12, "eyes": 10}
    assert shipped.features.shape == (2_000, 256)
    assert set(shipped.yardsticks) == {500, 2_000, 10_000}
    row, network = shipped.yardstick(10_000), reference.network_of(shipped)
    noise = np.random.default_rng(0).integers(0, 256, (60, 3, 64, 64), dtype=np.uint8)
    found = measures.quick_row(name_faces(network, noise), shipped)
    assert found["frechet"] > 20 * row["frechet"] and found["recall"] < 0.2 < row["recall"]


def test_a_reference_is_what_training_holds_out(drawn, network, parts):
    assert set(drawn.files[parts.rows]) == set(drawn.hold_out(100)[0].files)
    assert len(held_out_rows(25_000, 5_000)[1]) == 5_000
    held_out = name_faces(network, drawn.hold_out(100)[1].images)
    counts = measures.count_modes(held_out.values, parts.reference.sizes)
    assert parts.reference.counts.tolist() == counts.tolist() and counts.sum() == 100
    assert (np.diff(parts.rows) < 0).any(), "a set may be sorted: some stand for all of it"


def test_the_network_that_suits(drawn):
    assert reference.choose_network(drawn) == PRETRAINED / "drawn-attributes.safetensors"
    other = FaceSet(drawn.images, {}, drawn.files, [], "folder")
    assert reference.choose_network(other) == PRETRAINED / "tagged-attributes.safetensors"


def test_too_few_of_anything_is_one_line(drawn, network, parts):
    small = AttributeNetwork({"hair": ["a", "b"]}, 2).eval()
    calls = [
        lambda: measuring.split(drawn.subset(slice(0, 20)), small),
        lambda: measuring.split(drawn.subset(slice(0, 3)), network),
        lambda: measures.measure_samples(drawn.images[:2], network, parts.reference, {}),
        lambda: EpochMeasures(parts.reference, network, every=0),
        lambda: EpochMeasures(parts.reference, network, samples=2),
    ]
    for call in calls:
        with pytest.raises(ValueError) as error:
            call()
        assert str(error.value) and "\n" not in str(error.value)


@pytest.fixture(scope="module")
def measured(drawn, network, parts, tmp_path_factory):
    """A run of three epochs with an EMA, measured every second epoch; its settings and measures."""
    measure = EpochMeasures(parts.reference, network, every=2, samples=40)
    config = preset("smoke", epochs=3, width=4, batch=25, precision="fp32", ema=0.9)
    out = tmp_path_factory.mktemp("runs") / "once"
    trainer = train(config, drawn.images[:50], out, measure=measure)
    return out, trainer, config, measure


def test_measuring_leaves_no_trace_in_the_run(drawn, measured, tmp_path):
    plain = train(measured[2], drawn.images[:50], tmp_path)
    pairs = zip(plain.generator.state_dict().values(), measured[1].generator.state_dict().values())
    assert all(torch.equal(a, b) for a, b in pairs) and load_measures(tmp_path) == {}


def test_every_second_epoch_and_the_last_are_measured(measured, drawn):
    measure = measuring.measures_for(drawn.subset(slice(0, 20)), 2)
    assert measure.every == 2 and measure.reference.count == 10
    kept = load_measures(measured[0])
    assert kept["epoch"].tolist() == [2, 3] and kept["count"].tolist() == [40, 40]
    assert (kept["contrast"] > 0).all()


def test_rows_of_a_sitting_that_was_lost_give_way(tmp_path):
    for epoch in (1, 2, 3, 2):
        keep_row(tmp_path, ROW | {"epoch": epoch})
    assert load_measures(tmp_path)["epoch"].tolist() == [1, 2]


def test_the_weights_that_are_handed_on_measure_the_same(measured, network, parts):
    out, _, _, measure = measured
    generator = load_weights(out / "generator.safetensors").generator
    images = sample_faces(generator, measure.samples, seed=1)
    row = measures.quick_row(name_faces(network, images), parts.reference)
    kept = {name: values[-1] for name, values in load_measures(out).items()}
    assert {name: kept[name] for name in row} == pytest.approx(row, rel=1e-5)


def test_a_column_of_ones_own_is_kept(tmp_path):
    path = tmp_path / "measures.csv"
    path.write_text("epoch,kl,seen by\n1,0.5,Rosalind\n2,0.4,Emmy\n3,0.3,Ada\n")
    keep_row(tmp_path, ROW | {"epoch": 3, "kl": 0.25})
    assert path.read_text().splitlines() == [
        "epoch,kl,seen by,modes,count",
        "1,0.5,Rosalind,,",
        "2,0.4,Emmy,,",
        "3,0.25,,0,0",
    ]


def test_a_table_that_a_spreadsheet_spoilt_is_left_alone(tmp_path):
    keep_row(tmp_path, ROW | {"epoch": 1})
    path = tmp_path / "measures.csv"
    path.write_text(path.read_text(), encoding="utf-8-sig")
    keep_row(tmp_path, ROW | {"epoch": 2})
    assert len(path.read_text().splitlines()) == 3
    spoilt = path.read_text().replace(",", ";")
    path.write_text(spoilt)
    with pytest.raises(WriteError, match="no table of measures any more: move it away"):
        keep_row(tmp_path, ROW | {"epoch": 3})
    assert path.read_text() == spoilt


def test_a_table_that_cannot_be_kept_is_a_note_and_no_end(measured, tmp_path, monkeypatch):
    _, trainer, _, measure = measured
    (tmp_path / "measures.csv").write_text("my notes\nnone\n")
    monkeypatch.setattr(trainer, "out", tmp_path)
    measure(trainer)
    assert "no table of measures" in trainer.notes[-1][1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of 30 drawn faces, as a command takes it."""
    out = tmp_path_factory.mktemp("faces") / "set"
    assert main(["draw", "--count", "30", "--out", str(out), "--seed", "7"]) == 0
    return str(out)


def test_measure_picks_the_network_by_itself(measured, folder, tmp_path, capsys):
    words = ["measure", "--weights", str(measured[0]), "--faces", folder]
    assert main([*words, "--neighbours", "10", "--json", str(tmp_path / "m.json")]) == 0
    printed = capsys.readouterr().out
    assert "by drawn-attributes.safetensors" in printed and "measured 15 samples" in printed
    found = json.loads((tmp_path / "m.json").read_text())["samples"]
    assert found["neighbours"] == 10
    assert {measure.name for measure in measures.MEASURES} <= set(found)


def test_measure_without_the_faces(measured, folder, tmp_path, capsys):
    out = tmp_path / "numbers.safetensors"
    assert main(["reference", "--faces", folder, "--out", str(out)]) == 0
    words = ["measure", "--weights", str(measured[0]), "--count", "30", "--reference"]
    assert main([*words, str(out)]) == 0
    printed = capsys.readouterr().out
    assert "against 15 real faces" in printed and "repeats need the faces" in printed
    assert main([*words, "nobody"]) == 2
    assert "nobody: choose one of tagged, untagged" in capsys.readouterr().err
