"""The table of measures, on samplers whose fault is known; references; measures during training; the linear probe."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from animegan_helpers import measures as measuring
from animegan_helpers import reference
from animegan_helpers.attributes import PRETRAINED, AttributeNetwork, load_attributes, name_faces
from animegan_helpers.checkpoint import CheckpointError, write_tensors
from animegan_helpers.epoch_measures import COLUMNS, EpochMeasures, keep_row
from animegan_helpers.faces import FaceSet, load_faces
from animegan_helpers.files import WriteError
from animegan_helpers.measure_table import ROWS, table, write_json
from animegan_helpers.networks import Discriminator, initialise
from animegan_helpers.probe import (
    attribute_features,
    discriminator_features,
    extract_features,
    linear_probe,
    pixel_features,
)
from animegan_helpers.replay import load_measures
from animegan_helpers.runs import train
from animegan_helpers.settings import preset
from animegan_workshop.experiments.variants import FullyConnectedDiscriminator


@pytest.fixture(scope="module")
def drawn():
    return load_faces("", count=600)


@pytest.fixture(scope="module")
def network():
    return load_attributes()


@pytest.fixture(scope="module")
def parts(drawn, network):
    return reference.split(drawn, network, "drawn-attributes.safetensors")


@pytest.fixture(scope="module")
def real(drawn, parts):
    return drawn.images[parts.rows[:250]]


def row_of(images, network, parts):
    return measuring.full_row(images, name_faces(network, images), parts.reference, rounds=21)


def test_a_sampler_of_k_modes_gets_k(drawn, network, parts, real):
    seen = name_faces(network, drawn.images)
    mode = seen.values["hair"] * 10 + seen.values["eyes"]
    for k in (1, 5, 16):
        rows = np.flatnonzero(np.isin(mode, np.unique(mode)[:k]))
        again = np.random.default_rng(k).choice(rows, 2_000)  # so many that smoothing hardly counts
        row = measuring.quick_row(reference.pick(seen, again), parts.reference)
        assert row["modes"] == k and row["kl"] > np.log(120 / k) / 2


@pytest.mark.parametrize("fault", ["blurred", "noisy", "shifted"])
def test_faults_move_the_distances_the_right_way(network, parts, real, fault):
    random, pixels = np.random.default_rng(0), torch.tensor(real).float()
    blur = lambda size: torch.nn.functional.avg_pool2d(
        pixels, size, 1, size // 2, count_include_pad=False
    )
    spoilt = {
        "blurred": lambda k: blur((3, 7)[k]).byte().numpy(),
        "noisy": lambda k: np.clip(real + random.normal(0, (15, 50)[k], real.shape), 0, 255).astype(
            np.uint8
        ),
        "shifted": lambda k: np.roll(real, (6, 20)[k], axis=3),
    }[fault]
    honest, little, much = (
        measuring.quick_row(name_faces(network, images), parts.reference)
        for images in (real, spoilt(0), spoilt(1))
    )
    for name in ("frechet", "kernel"):
        assert honest[name] < little[name] < much[name], name
    for name in ("coverage", "recall"):
        assert much[name] < honest[name], name
    assert much["cells_js"] > honest["cells_js"]


def test_repeats_are_seen_by_variety_and_not_by_precision(network, parts, real):
    honest = row_of(real, network, parts)
    repeats = row_of(real[np.random.default_rng(0).integers(0, 10, 250)], network, parts)
    assert repeats["support"] == pytest.approx(10, rel=0.1) and repeats["support_interval"][0] <= 10
    assert repeats["ms_ssim"] > honest["ms_ssim"] and repeats["vendi"] < honest["vendi"]
    assert repeats["modes"] <= 10 and repeats["coverage"] < honest["coverage"] / 3
    assert repeats["precision"] > 0.5


def test_a_hundred_faces_over_and_over_are_caught(drawn, parts):
    from animegan_helpers.diversity import birthday

    bag = drawn.images[parts.rows[:100]]
    drawn_again = bag[np.random.default_rng(0).integers(0, 100, 1_000)]
    found = birthday(drawn_again, parts.reference.alike)
    assert found.low <= 100 <= found.high and found.support == pytest.approx(100, rel=0.1)


def test_copies_and_repeats_are_caught():
    random = np.random.default_rng(0)
    training = random.integers(0, 256, (300, 3, 16, 16), dtype=np.uint8)
    fresh = random.integers(0, 256, (100, 3, 16, 16), dtype=np.uint8)
    honest = measuring.closeness(fresh, training)
    assert honest.copied < 0.1 and honest.repeated < 0.1
    copied = measuring.closeness(training[:100], training)
    assert copied.copied == 1 and (copied.to_training.indices == np.arange(100)).all()
    assert (copied.to_training.distances == 0).all() and copied.repeated < 0.1
    repeating = measuring.closeness(fresh[np.arange(100) % 10], training)
    assert repeating.repeated == 1 and repeating.copied < 0.1
    assert (
        measuring.closeness(fresh, fresh).copied == 1
    )  # as many samples as faces: nothing else is left to look in


def test_copied_training_faces_are_caught(drawn, network, parts):
    copies = drawn.images[parts.rows[:60]]
    measures = measuring.measure_samples(copies, drawn, network, parts, neighbours=60)
    assert measures["samples"]["copied"] == 1 and measures["samples"]["nearest_real"] == 0
    assert measures["real"]["copied"] == 0.01 and measures["real"]["nearest_real"] > 5


def test_the_whole_table(drawn, network, parts, real, tmp_path):
    measures = measuring.measure_samples(real[:80], drawn, network, parts, neighbours=40)
    assert (
        measures["modes_possible"] == 120
        and measures["samples"]["count"] == measures["real"]["count"] == 80
    )
    assert all(name in measures[who] for who in ("samples", "real") for name in ROWS)
    text = table(measures)
    assert all(line in text for line in ROWS.values()) and "neighbours of 40" in text
    for name in ROWS:
        if bounds := measures["samples"].get(f"{name}_interval"):
            assert bounds[0] <= measures["samples"][name] <= bounds[1], name
    write_json(tmp_path / "deep" / "m.json", measures)
    assert (
        json.loads((tmp_path / "deep" / "m.json").read_text())["samples"]["modes"]
        == measures["samples"]["modes"]
    )


def test_a_stored_reference_gives_the_same_numbers(drawn, network, parts, real, tmp_path):
    parts.reference.yardsticks = {
        n: measuring.quick_row(reference.pick(parts.seen, slice(0, n)), parts.reference)
        for n in (50, 200)
    }
    reference.save_reference(tmp_path / "r.safetensors", parts.reference, {"faces": "drawn"})
    loaded = reference.load_reference(tmp_path / "r.safetensors")
    fresh = row_of(real, network, parts)
    stored = measuring.against_reference(real, loaded, reference.network_of(loaded))
    for name in fresh:
        if isinstance(fresh[name], float):
            assert stored["samples"][name] == pytest.approx(fresh[name], rel=1e-4, abs=1e-4), name
    assert stored["samples"]["counts"] == fresh["counts"]
    assert (
        stored["real"]["count"] == 200
        and loaded.yardstick(199)["count"] == 50 == loaded.yardstick(3)["count"]
    )
    assert "need the faces" in table(stored)
    loaded.fingerprint = "another"
    with pytest.raises(CheckpointError, match="not the network"):
        reference.network_of(loaded)
    write_tensors(tmp_path / "x.safetensors", {"a": torch.zeros(1)}, {})
    for name in ("x.safetensors", "nothing"):
        with pytest.raises(CheckpointError):
            reference.load_reference(tmp_path / name)


@pytest.mark.parametrize("name", ["untagged", "tagged"])
def test_the_references_that_ship(name):
    shipped = reference.load_reference(name)
    network = reference.network_of(shipped)
    assert (
        shipped.count
        == shipped.counts.sum()
        == shipped.cells.sum()
        == shipped.moments.count
        == 5_000
    )
    assert shipped.features.shape == (2_000, 256) and shipped.sizes == {"hair": 12, "eyes": 10}
    assert set(shipped.yardsticks) == {500, 2_000, 10_000}
    assert (reference.REFERENCES / f"{name}.safetensors").stat().st_size < 3 * 2**20
    row = shipped.yardstick(10_000)
    noise = np.random.default_rng(0).integers(0, 256, (60, 3, 64, 64), dtype=np.uint8)
    measured = measuring.against_reference(noise, shipped, network)["samples"]
    assert measured["frechet"] > 20 * row["frechet"] and measured["recall"] < 0.2 < row["recall"]


def test_the_reference_is_what_training_holds_out(drawn):
    parts = reference.cut(101)
    assert (
        not set(parts.reference) & set(parts.others)
        and len(parts.reference) == 50
        and len(parts.others) == 51
    )
    assert len(reference.cut(25_000).reference) == 5_000
    assert (drawn.files[reference.cut(len(drawn)).reference] == drawn.hold_out(300)[1].files).all()


def test_the_network_that_suits(drawn, tmp_path):
    assert reference.choose_network(drawn) == PRETRAINED / "drawn-attributes.safetensors"
    other = FaceSet(drawn.images, {}, drawn.files, [], "folder")
    assert reference.choose_network(other) == PRETRAINED / "tagged-attributes.safetensors"


def test_measures_during_training_survive_a_stop(drawn, network, parts, tmp_path):
    measure = EpochMeasures(parts.reference, network, every=2, samples=40)
    config = preset(
        "smoke", epochs=3, precision="fp32"
    )  # auto may not choose twice alike on a busy machine
    plain = train(config, drawn.images[:100], tmp_path / "plain")
    once = train(config, drawn.images[:100], tmp_path / "once", measure=measure)
    for a, b in zip(plain.generator.state_dict().values(), once.generator.state_dict().values()):
        assert torch.equal(a, b)  # measuring leaves no trace in the run
    kept = load_measures(tmp_path / "once")
    assert kept["epoch"].tolist() == [2, 3] and (kept["contrast"] > 0).all()
    train(replace(config, epochs=2), drawn.images[:100], tmp_path / "twice", measure=measure)
    keep_row(
        tmp_path / "twice", dict.fromkeys(COLUMNS, 0) | {"epoch": 3}
    )  # of a sitting that was lost
    train(config, drawn.images[:100], tmp_path / "twice", measure=measure)
    assert (tmp_path / "twice" / "measures.csv").read_text() == (
        tmp_path / "once" / "measures.csv"
    ).read_text()
    assert load_measures(tmp_path / "plain") == {}
    with pytest.raises(ValueError):
        EpochMeasures(parts.reference, network, every=0)


def test_the_probe_reads_what_is_linear_and_nothing_else():
    random = np.random.default_rng(0)
    x = torch.from_numpy(random.normal(size=(600, 20)).astype(np.float32))
    labels = np.array(["a", "b", "c"])[x[:, :3].argmax(1).numpy()]
    found = linear_probe(x[:400], labels[:400], x[400:], labels[400:])
    assert (
        found.accuracy > 0.85
        and found.features == 20
        and found.interval[0] < found.accuracy < found.interval[1]
    )
    exclusive = (x[:, 0] > 0) ^ (x[:, 1] > 0)  # no line tells these apart
    blind = linear_probe(x[:400], exclusive[:400].numpy(), x[400:], exclusive[400:].numpy())
    assert blind.accuracy < 0.62
    # the same model solved the other way round, for its weights: (X'X + c I) W = X'Y
    mean, spread = x[:400].mean(0), x[:400].std(0)
    known, unknown = ((part - mean) / spread for part in (x[:400].double(), x[400:].double()))
    wanted = torch.from_numpy(labels[:400, None] == np.array(["a", "b", "c"])).double()
    strength = found.penalty * 400 * 20 * torch.eye(20).double()
    lines = torch.linalg.solve(known.T @ known + strength, known.T @ (wanted - wanted.mean(0)))
    named = np.array(["a", "b", "c"])[(unknown @ lines + wanted.mean(0)).argmax(1).numpy()]
    assert found.accuracy == pytest.approx((named == labels[400:]).mean())
    shuffled = linear_probe(x[:400], random.permutation(labels[:400]), x[400:], labels[400:])
    assert shuffled.accuracy < 0.5
    with pytest.raises(ValueError):
        linear_probe(x[:4], labels[:4], x[400:], labels[400:])


def test_readers_of_features(drawn, network):
    images = drawn.images[:6]
    dcgan = initialise(Discriminator(width=4)).train()
    buffers = [b.clone() for b in dcgan.buffers()]
    read = extract_features(discriminator_features(dcgan), images, chunk=4)
    assert read.shape == (6, 16 * 15 * 4) and dcgan.training
    assert all(torch.equal(a, b) for a, b in zip(buffers, dcgan.buffers()))
    with torch.no_grad():  # the last layer is 4 x 4 already
        last = dcgan.eval().blocks(drawn.tensor(slice(0, 6)))
    assert torch.allclose(read[:, -16 * 8 * 4 :], last.flatten(1), atol=1e-5)
    assert extract_features(
        discriminator_features(FullyConnectedDiscriminator(4)), images
    ).shape == (6, 32)
    assert extract_features(pixel_features, images).shape == (6, 3_072)
    assert extract_features(attribute_features(network), images).shape == (6, 256)


def test_bad_input_is_one_line(drawn, network, parts):
    small = AttributeNetwork({"hair": ["a", "b"]}, 2).eval()
    calls = [
        lambda: reference.split(drawn.subset(slice(0, 20)), small),
        lambda: reference.split(drawn.subset(slice(0, 3)), network),
        lambda: measuring.measure_samples(drawn.images[:2], drawn, network, parts),
        lambda: measuring.against_reference(drawn.images[:2], parts.reference, network),
    ]
    for call in calls:
        with pytest.raises(ValueError) as error:
            call()
        assert str(error.value) and "\n" not in str(error.value)


def test_a_table_that_a_spreadsheet_spoilt_is_left_alone(tmp_path):
    row = dict.fromkeys(COLUMNS, 0)
    keep_row(tmp_path, row | {"epoch": 1})
    path = tmp_path / "measures.csv"
    path.write_text(path.read_text(), encoding="utf-8-sig")
    keep_row(tmp_path, row | {"epoch": 2})
    assert len(path.read_text().splitlines()) == 3
    spoilt = path.read_text().replace(",", ";")
    path.write_text(spoilt)
    with pytest.raises(WriteError, match="no table of measures any more: move it away"):
        keep_row(tmp_path, row | {"epoch": 3})
    assert path.read_text() == spoilt
