"""Experiments: designs that can run, paired runs that resume, verdicts by rule."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from torch import nn

from animegan_helpers.__main__ import main
from animegan_workshop.drawing.drawn import write_faces
from animegan_workshop.experiments import design, results, runner
from animegan_workshop.experiments.design import SCALES, Arm, Scale, design_names, load_design
from animegan_workshop.experiments.verdict import (
    FAILS,
    HOLDS,
    IN_PART,
    OPEN,
    holm,
    permutation_interval,
    permutation_p,
    together,
    verdict,
)

TINY = Scale(4, 10, 60, steps=8, measurements=2, samples=40, seeds=2, toy_steps=20)


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setitem(SCALES, "smoke", TINY)


@pytest.mark.parametrize("name", design_names())
def test_a_design_can_run(name):
    """Its arms have settings that work and names of their own; its comparisons name arms."""
    experiment = load_design(name)
    names = {arm.name for arm in experiment.arms}
    assert len(names) == len(experiment.arms) >= 2 and len(experiment.comparisons) <= 6
    for arm in experiment.arms:
        if not arm.mixture:
            runner.config_of(arm, SCALES["laptop"], seed=0).check()
    for comparison in experiment.comparisons:
        assert {comparison.first, comparison.second} <= names
        assert comparison.measure in results.LABELS
        assert comparison.direction in ("higher", "lower", "alike") and comparison.smallest > 0


def test_the_hash_is_of_the_design_alone(tmp_path, monkeypatch):
    source = (design.DESIGNS / "crop-or-resize.toml").read_bytes()
    monkeypatch.setattr(design, "DESIGNS", tmp_path)
    hashes = []
    for content in (source, source.replace(b"\n", b"\r\n"), source.replace(b"crop", b"cut")):
        (tmp_path / "crop-or-resize.toml").write_bytes(content)
        hashes.append(load_design("crop-or-resize").hash)
    assert hashes[0] == hashes[1] != hashes[2]


def test_faces_of_an_arm():
    """So many of the kind that is asked for, and others of that kind held out."""
    one, four = load_design("mode-count").arms[:2]
    for arm, count, modes in ((one, 60, 1), (four, 60, 4), (replace(one, faces=0.25), 15, 1)):
        train, held_out = runner.faces_of(arm, TINY)
        kinds = set(zip(train.labels["hair"], train.labels["eyes"]))
        assert (len(train), len(kinds), len(held_out)) == (count, modes, 80)
        assert not (train.images[:15, None] == held_out.images[:15]).all((2, 3, 4)).any()


def test_a_lower_rate_from_half_time_shows_only_then():
    """The first half is the same run to the last bit; then the samples change less."""
    arms = [Arm("a", settings={"precision": "fp32"}, rate_factor=factor) for factor in (1.0, 0.01)]
    plain, lower = (runner.run_arm(arm, TINY, seed=0, device="cpu") for arm in arms)
    for key in ("loss_g", "loss_d", "change", "frechet"):
        assert plain["measurements"][0][key] == lower["measurements"][0][key]
    assert lower["measurements"][1]["change"] < 0.8 * plain["measurements"][1]["change"]


def test_memorising_is_how_often_a_face_trained_on_scores_higher():
    """In eval mode: in training mode this D would drop everything. Then training goes on."""
    D = nn.Sequential(nn.Dropout(1.0), nn.Flatten(), nn.AvgPool1d(3 * 64 * 64), nn.Flatten(0))
    faces = np.repeat(np.arange(8, dtype=np.uint8), 3 * 64 * 64).reshape(8, 3, 64, 64)
    trainer = SimpleNamespace(discriminator=D, device="cpu", images=faces[2:])
    assert runner.memorising(trainer, SimpleNamespace(images=faces[:4])) == 21 / 24 and D.training


def test_a_game_in_two_dimensions():
    run = runner.run_toy(Arm("a", settings={"noise": 0.5}, mixture="ring"), TINY, seed=0)
    assert [row["step"] for row in run["measurements"]] == [10, 20] and run["seconds"] > 0
    assert all(0 <= row["modes"] <= 8 and 0 <= row["quality"] <= 1 for row in run["measurements"])


@pytest.mark.slow
def test_an_experiment_from_command_to_file(tmp_path, tiny, capsys):
    """It says what was run, goes on where it stopped, and refuses another scale's result."""
    assert main(["experiment", "fully-connected", "--budget", "smoke", "--out", str(tmp_path)]) == 0
    path = tmp_path / "fully-connected.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    assert [len(arm["runs"]) for arm in whole["arms"]] == [2, 2, 2, 2]
    steps = [[row["step"] for row in arm["runs"][0]["measurements"]] for arm in whole["arms"]]
    assert steps == [[4, 8], [4, 8], [12, 24], [4, 8]]
    assert whole["design"] == load_design("fully-connected").hash and whole["hardware"]
    kept = whole["arms"][0]["runs"].pop()
    whole["hardware"] = "another machine"
    path.write_text(json.dumps(whole), encoding="utf-8")
    runner.run_experiment("fully-connected", "smoke", out=tmp_path)
    again = json.loads(path.read_text(encoding="utf-8"))
    assert again["arms"][1]["runs"] == whole["arms"][1]["runs"]  # not trained again
    made, was = again["arms"][0]["runs"][1]["measurements"][-1], kept["measurements"][-1]
    assert made["frechet"] == was["frechet"]
    assert again["hardware"].startswith("another machine; ")
    path.write_text(json.dumps(again | {"hardware": "another machine"}), encoding="utf-8")
    before = path.read_bytes()
    runner.run_experiment("fully-connected", "smoke", out=tmp_path)  # there is nothing left to run
    with pytest.raises(ValueError, match="result with budget smoke.*--out"):
        runner.run_experiment("fully-connected", "laptop", out=tmp_path)
    assert path.read_bytes() == before


def test_equal_arms_share_their_runs():
    """A run's key depends on all that it depends on, and not on the arm's name or on how many."""
    key = runner.run_key(Arm("DCGAN"), TINY, 0, "drawn faces", "fp32")
    same = runner.run_key(Arm("resize"), replace(TINY, seeds=9), 0, "drawn faces", "fp32")
    others = {
        runner.run_key(Arm("DCGAN", settings={"batch": 9}), TINY, 0, "drawn faces", "fp32"),
        runner.run_key(Arm("DCGAN"), replace(TINY, steps=9), 0, "drawn faces", "fp32"),
        runner.run_key(Arm("DCGAN"), TINY, 1, "drawn faces", "fp32"),
        runner.run_key(Arm("DCGAN"), TINY, 0, "real faces", "fp32"),
        runner.run_key(Arm("DCGAN"), TINY, 0, "drawn faces", "bf16"),
    }
    assert same == key and len(others) == 5 and key not in others


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills a process as posix does")
def test_workers_end_with_the_program_that_started_them(tmp_path):
    words = [
        sys.executable,
        "-m",
        "animegan_helpers",
        "experiment",
        "learned-slope",
        "--budget",
        "laptop",
    ]
    words += ["--out", str(tmp_path), "--workers", "1"]
    parent = subprocess.Popen(words, env=os.environ | {"ANIMEGAN_RUNS": str(tmp_path)})
    children = []
    deadline = time.monotonic() + 120
    listing = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    if not listing.exists():
        parent.kill()
        pytest.skip("this system does not list a process's children")
    while len(children) < 2 and time.monotonic() < deadline:
        children = listing.read_text(encoding="utf-8").split()
        time.sleep(0.2)
    parent.kill()
    parent.wait()
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() < deadline, "a worker trains on"
        time.sleep(0.2)
    assert children


def test_real_faces_in_place_of_drawn_ones(tmp_path):
    """All arms get as many faces as there are, and arms that need drawn faces are refused."""
    write_faces(tmp_path / "faces", 30, seed=1)
    train, held_out = runner.faces_of(Arm("a"), TINY, str(tmp_path / "faces"))
    assert len(train) == len(held_out) == 15 and not set(train.files) & set(held_out.files)
    result = {"budget": "smoke", "design": "a", "faces": "real faces", "scale": {}}
    with pytest.raises(ValueError, match="a result with fingerprint 2: choose another folder"):
        runner.refuse_other(tmp_path, result | {"fingerprint": "2"}, result | {"fingerprint": "1"})
    with pytest.raises(ValueError, match="drawn to order: leave --faces out"):
        runner.faces_of(load_design("mode-count").arms[0], TINY, str(tmp_path / "faces"))


def result_of(**values) -> dict:
    """A result with one measure, FCD, measured twice: arm -> its last value in each run.

    None stands for a run that failed.
    """
    arms = []
    for name, last in values.items():
        runs = []
        for seed, value in enumerate(last):
            if value is None:
                runs.append({"seed": seed, "measurements": [], "failed": "not finite"})
                continue
            rows = [{"step": s, "seconds": s, "frechet": value * f} for s, f in ((1, 2), (2, 1))]
            runs.append({"seed": seed, "measurements": rows})
        arms.append({"name": name, "runs": runs, "steps_factor": 1.0})
    return {"arms": arms, "scale": {"seeds": max(map(len, values.values()))}}


def test_runs_that_failed_are_left_out_and_told():
    result = result_of(a=[1.0, 2.0, 3.0], c=[3.0, 9.0, None])
    assert results.last_values(result, "frechet")["c"].tolist() == [3.0, 9.0]
    said = results.table(result, ("frechet",))
    assert "2 (1 to 3)" in said and "1 runs ended in a loss that is not finite" in said


def test_a_row_for_each_arm_a_dot_for_each_run():
    result = result_of(a=[1.0, 2.0], b=[None, None], c=[5.0, 7.0], not_begun=[])
    axes = results.plot_runs(result, ("frechet",)).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    dots = [line.get_xdata().tolist() for line in axes.lines if line.get_marker() == "o"]
    assert dots == [[1.0, 2.0], [], [5.0, 7.0]]


def test_exact_p_values():
    """Eight differences of one sign: 2 of 256 flips are as extreme. Checked by hand for three."""
    assert permutation_p(np.arange(1.0, 9.0)) == 2 / 256
    assert permutation_p(np.array([1.0, 2.0, -4.0])) == 1  # |mean| 1: none of the 8 is smaller
    assert permutation_p(np.array([1.0, 2.0, 4.0])) == 2 / 8
    assert permutation_p(np.zeros(4)) == 1


def test_p_values_are_even_where_nothing_differs():
    """Under the null at most 5% of p-values lie at or below 0.05."""
    drawn = np.random.default_rng(0).standard_normal((1_000, 8))
    p = np.array([permutation_p(differences) for differences in drawn])
    assert 0.03 < (p <= 0.05).mean() < 0.06
    low, high = np.transpose([permutation_interval(differences) for differences in drawn])
    np.testing.assert_array_equal(p <= 0.05, (low > 0) | (high < 0))  # the interval says the same
    assert permutation_interval(drawn[0, :5]) == (-np.inf, np.inf)


def test_holm():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("differences", "wanted"),
    [
        ([5, 6, 7, 5, 6, 7, 5, 6], HOLDS),
        ([0.5, 0.6, 0.7, 0.5, 0.6, 0.7, 0.5, 0.6], FAILS),  # told apart, and too small to matter
        ([-5, -6, -7, -5, -6, -7, -5, -6], FAILS),
        ([0.1, -0.2, 0.1, -0.1, 0.2, -0.1, 0.1, -0.1], FAILS),  # the same, as far as it matters
        ([9, -8, 7, -9, 8, -7, 9, -8], OPEN),
        ([1.2, 0.9, 1.4, 0.8, 1.1, 0.7, 0.9, 0.8], OPEN),  # too near to the smallest to say
    ],
)
def test_the_rule(differences, wanted):
    differences = np.array(differences, float)
    assert verdict(differences, smallest=1.0, p=permutation_p(differences)) == wanted


def test_a_large_effect_that_luck_explains_is_open():
    differences = np.array([5.0, 6.0, 7.0])
    assert permutation_p(differences) == 0.25
    assert verdict(differences, 1.0, 0.25) == OPEN


def test_claims_of_two_parts():
    assert together([HOLDS, HOLDS]) == HOLDS and together([HOLDS, FAILS]) == IN_PART
    assert together([OPEN, FAILS]) == OPEN and together([HOLDS, OPEN]) == IN_PART


def test_judging_a_result():
    comparison = design.Comparison("a", "b", "frechet", "lower", 0.1)
    experiment = design.Design("x", "C1", "?", (Arm("a"), Arm("b")), (comparison,))
    base = np.arange(100.0, 108.0)
    [row] = results.judge(experiment, result_of(a=base, b=base - 30))
    assert row["verdict"] == HOLDS and row["effect"] == -30 and row["p"] == 2 / 256
    assert not results.judge(experiment, result_of(a=base, b=base[:0]))  # no pair yet
    result = result_of(a=base, b=base - 30)
    result["arms"][1]["runs"].pop()  # seven of eight pairs: not decided yet
    assert results.judge(experiment, result)[0]["verdict"] == OPEN
    [row] = results.judge(experiment, result_of(a=base, b=base + 30))
    assert row["verdict"] == FAILS
    assert results.change(row) == "+29% (+29% to +29%)"
    assert "| b **minus** a | +29% (+29% to +29%) | 0.0078 |" in results.verdict_table([row])


@pytest.mark.parametrize(("far", "wanted"), [(30, FAILS), (-30, FAILS), (2, HOLDS), (-2, HOLDS)])
def test_arms_said_to_be_alike(far, wanted):
    """A difference that matters contradicts it, whichever way; a small one does not."""
    comparison = design.Comparison("a", "b", "frechet", "alike", 0.1)
    experiment = design.Design("x", "C1", "?", (Arm("a"), Arm("b")), (comparison,))
    base = np.arange(100.0, 108.0)
    [row] = results.judge(experiment, result_of(a=base, b=base + far))
    assert row["verdict"] == wanted
    base = np.arange(100.0, 103.0)  # three runs: a large difference is open
    [row] = results.judge(experiment, result_of(a=base, b=base + 30))
    assert row["verdict"] == OPEN


def test_the_page_of_all_experiments_is_as_it_would_be_made_now(tmp_path):
    page = tmp_path / "page.md"
    assert main(["experiments-page", "--out", str(page)]) == 0
    said = page.read_text(encoding="utf-8")
    assert all(f"## {path.stem}\n" in said for path in results.RESULTS.glob("*.json"))
    shipped = Path(__file__).parents[1] / "docs" / "experiments.md"
    assert said == shipped.read_text(encoding="utf-8")


def test_shipped_results_are_of_the_designs_as_they_stand():
    """A result that ships was run under the design that is there now."""
    for path in results.RESULTS.glob("*.json"):
        result, design = results.load_result(path.stem), load_design(path.stem)
        if not design.comparisons and "design" not in result:  # older; it decides nothing
            continue
        assert result["design"] == design.hash
        for arm, defined in zip(result["arms"], design.arms, strict=True):
            seeds = defined.seeds or result["scale"]["seeds"]
            assert {run["seed"] for run in arm["runs"]} <= set(range(seeds))
