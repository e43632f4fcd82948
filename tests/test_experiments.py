"""Experiments: definitions that can run, arms that differ in what they say, results that can be read again."""

import json
import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from animegan_helpers.__main__ import main
from animegan_helpers.networks import count_parameters, make_networks
from animegan_workshop.drawing.drawn import write_faces
from animegan_workshop.experiments import runner
from animegan_workshop.experiments.arms import (
    EXPERIMENTS,
    MODERN,
    PIECES,
    SCALES,
    Arm,
    Experiment,
    Scale,
)
from animegan_workshop.experiments.results import (
    RESULTS,
    about,
    apart,
    last_values,
    load_result,
    luck,
    plot_measures,
    plot_runs,
    say,
    table,
    values_at,
)
from animegan_workshop.experiments.runner import (
    config_of,
    faces_of,
    nearest_width,
    run_arm,
    run_experiment,
)

TINY = Scale(width=4, batch=10, faces=60, steps=8, looks=2, samples=40, seeds=2, toy_steps=20)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_arms_have_settings_that_work_and_names_of_their_own(name):
    arms = EXPERIMENTS[name].arms
    assert len({arm.name for arm in arms}) == len(arms) >= 2
    for arm in arms:
        for scale in SCALES.values():
            if not arm.mixture:
                config_of(arm, scale, seed=0).check()


def test_arms_differ_in_one_thing():
    """Every arm but the first of an experiment differs from it in one field; those left out say how they do."""
    for name, experiment in EXPERIMENTS.items():
        if name in ("modes", "pieces", "logits", "dense", "recipe", "veegan"):
            continue
        first, *others = (vars(arm) for arm in experiment.arms)
        for other in others:
            assert len([key for key in first if key != "name" and first[key] != other[key]]) == 1, (
                name,
                other,
            )
    assert set().union(*PIECES.values()) == MODERN.keys()


def test_faces_of_an_arm():
    arms = {arm.name: arm for arm in EXPERIMENTS["modes"].arms}
    seen = {}
    for name in ("1 mode", "4 modes", "1 mode, a quarter of the faces"):
        faces = faces_of(arms[name], TINY)
        seen[name] = (len(faces), len(set(zip(faces.labels["hair"], faces.labels["eyes"]))))
    assert seen == {
        "1 mode": (60, 1),
        "4 modes": (60, 4),
        "1 mode, a quarter of the faces": (15, 1),
    }


def test_a_fully_connected_pair_of_about_as_many_parameters():
    wanted = count_parameters(make_networks(width=16)[0])
    found = count_parameters(
        make_networks("fully-connected", width=nearest_width("fully-connected", wanted))[0]
    )
    assert abs(found - wanted) < 0.1 * wanted


def test_a_lower_rate_at_half_time_shows_only_then():
    """The first half is the same run to the last bit; then the samples change less, by what batch norm's means do."""
    arms = (
        Arm("a", settings={"precision": "fp32"}, rate_factor=factor) for factor in (1.0, 0.01)
    )  # auto may vary
    plain, lower = (run_arm(arm, TINY, seed=0, device="cpu") for arm in arms)
    for key in ("loss_g", "loss_d", "change", "frechet"):
        assert plain["looks"][0][key] == lower["looks"][0][key]
    assert lower["looks"][1]["change"] < 0.8 * plain["looks"][1]["change"]


def test_results_are_written_and_say_what_was_run(tmp_path, monkeypatch):
    monkeypatch.setitem(SCALES, "smoke", TINY)
    monkeypatch.setenv("ANIMEGAN_RUNS", str(tmp_path))
    path = run_experiment("dense", "smoke", out=tmp_path)
    result = json.loads(path.read_text())
    assert [arm["name"] for arm in result["arms"]] == [
        "DCGAN",
        "fully connected",
        "fully connected, 3 times the steps",
    ]
    for arm in result["arms"][:2]:
        assert [run["seed"] for run in arm["runs"]] == [0, 1]
        for run in arm["runs"]:
            assert [look["step"] for look in run["looks"]] == [4, 8]
            assert all(np.isfinite(list(look.values())).all() for look in run["looks"])
    assert [look["step"] for look in result["arms"][2]["runs"][0]["looks"]] == [12, 24]
    assert result["scale"]["steps"] == 8 and result["hardware"]
    assert "6 runs, " in about(result)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="result with budget smoke.*--out"):
        run_experiment("dense", "laptop", out=tmp_path)
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="asks for a process as posix does")
def test_a_run_that_fails_ends_the_experiment(tmp_path, monkeypatch):
    monkeypatch.setitem(SCALES, "smoke", TINY)
    (tmp_path / "runs").write_text("a file where the folder of finished runs should be")
    monkeypatch.setenv("ANIMEGAN_RUNS", str(tmp_path / "runs"))
    started, was = [], multiprocessing.active_children
    monkeypatch.setattr(multiprocessing, "active_children", lambda: started.extend(was()) or was())
    with pytest.raises(ValueError, match="cannot write"):
        run_experiment("dense", "smoke", out=tmp_path)
    assert not (tmp_path / "dense.json").exists()
    assert started
    for worker in started:
        worker.join(20)
        with pytest.raises(ProcessLookupError):
            os.kill(worker.pid, 0)


def test_an_experiment_may_have_a_scale_of_its_own_at_laptop(tmp_path, monkeypatch):
    """Its changes count at that budget and not at smoke; the arithmetic is the same in all arms."""
    monkeypatch.setenv("ANIMEGAN_RUNS", str(tmp_path))
    monkeypatch.setattr(
        runner, "run_kept", lambda arm, *_: {"seed": 0, "arithmetic": arm.settings["precision"]}
    )
    monkeypatch.setattr(runner, "ProcessPoolExecutor", lambda *_, **__: ThreadPoolExecutor(1))
    experiment = Experiment("R3", "?", (Arm("a"), Arm("b")), laptop={"steps": 4, "seeds": 1})
    monkeypatch.setitem(EXPERIMENTS, "crop", experiment)
    for budget in ("smoke", "laptop"):
        monkeypatch.setitem(SCALES, budget, TINY)
    results = {
        budget: load_result(
            run_experiment("crop", budget, out=tmp_path / budget).stem, tmp_path / budget
        )
        for budget in ("smoke", "laptop")
    }
    assert [results[budget]["scale"]["steps"] for budget in results] == [8, 4]
    assert [len(results[budget]["arms"][0]["runs"]) for budget in results] == [2, 1]
    assert len({run["arithmetic"] for arm in results["smoke"]["arms"] for run in arm["runs"]}) == 1


def beat(file: Path) -> None:
    for k in range(600):
        file.write_text(str(k))
        time.sleep(0.05)


PARENT = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
sys.path.insert(0, {tests!r})
from animegan_workshop.experiments.runner import begin_worker
from test_experiments import beat
if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=begin_worker) as pool:
        pool.submit(beat, Path({file!r})).result()
"""


def test_a_worker_ends_with_the_program_that_started_it(tmp_path):
    file, script = tmp_path / "beats", tmp_path / "parent.py"
    script.write_text(
        PARENT.format(tests=str(Path(__file__).parent), file=str(file)), encoding="utf-8"
    )
    parent = subprocess.Popen([sys.executable, str(script)])
    deadline = time.monotonic() + 60
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert file.exists()
    parent.kill()
    parent.wait()
    time.sleep(2)
    before = file.read_text()
    time.sleep(1)
    assert file.read_text() == before


def test_a_run_is_trained_once_and_again_when_the_code_has_changed(tmp_path, monkeypatch):
    """Arms of two experiments that are alike but for the name share their runs; other code makes new ones."""
    monkeypatch.setenv("ANIMEGAN_RUNS", str(tmp_path))
    trained = []
    monkeypatch.setattr(
        runner, "run_arm", lambda arm, scale, seed, *_: trained.append(arm.name) or {"seed": seed}
    )
    plain = Arm("DCGAN"), TINY, 0, None, "cpu"
    assert runner.run_kept(*plain) == runner.run_kept(Arm("resize"), *plain[1:]) == {"seed": 0}
    assert trained == ["DCGAN"]
    others = (
        (Arm("DCGAN", settings={"flip": True}), *plain[1:]),
        (Arm("DCGAN"), TINY, 1, None, "cpu"),
    )
    for other in others:
        runner.run_kept(*other)
    assert len(trained) == 3
    monkeypatch.setattr(runner, "code_of_runs", lambda: "other code")
    runner.run_kept(*plain)
    assert len(trained) == 4


def test_a_game_in_two_dimensions():
    run = runner.run_toy(Arm("a", settings={"noise": 0.5}, mixture="ring"), TINY, seed=0)
    assert [look["step"] for look in run["looks"]] == [10, 20] and run["seconds"] > 0
    assert all(0 <= look["modes"] <= 8 and 0 <= look["quality"] <= 1 for look in run["looks"])


def test_real_faces_in_place_of_drawn_ones(tmp_path, monkeypatch):
    """The result has a name of its own, and all arms get as many faces as there are."""
    monkeypatch.setitem(SCALES, "smoke", TINY)
    monkeypatch.setenv("ANIMEGAN_RUNS", str(tmp_path))
    monkeypatch.setattr(
        runner,
        "run_kept",
        lambda arm, scale, seed, path, device: {"seed": seed, "faces": scale.faces},
    )
    monkeypatch.setattr(runner, "ProcessPoolExecutor", lambda *_, **__: ThreadPoolExecutor(1))
    write_faces(tmp_path / "faces", 30, seed=1)
    path = run_experiment("crop", "smoke", faces=str(tmp_path / "faces"), out=tmp_path)
    result = json.loads(path.read_text())
    assert path.name == "crop-real.json" and result["faces"] == "real faces"
    assert {run["faces"] for arm in result["arms"] for run in arm["runs"]} == {30}
    with pytest.raises(ValueError, match="drawn to order: leave --faces out"):
        run_experiment("modes", "smoke", faces=str(tmp_path / "faces"), out=tmp_path)


def test_bad_input_is_one_line(capsys):
    for words, message in (
        (["experiment", "nothing"], "no experiment is called 'nothing'"),
        (["experiment", "modes-tagged", "--budget", "smoke"], "say --faces PATH"),
        (["experiment", "modes", "--budget", "huge"], "no budget is called 'huge'"),
    ):
        assert main(words) == 2
        told = capsys.readouterr().err
        assert message in told and told.count("\n") == 1


def result_of(**values) -> dict:
    """A result with one measure, FCD, at two looks: arm -> the last value of each run, None for one that failed."""
    arms = []
    for name, last in values.items():
        runs = [
            {
                "seed": k,
                "looks": [
                    {"step": s, "seconds": s, "frechet": v * f} for s, f in ((1, 2.0), (2, 1.0))
                ],
            }
            if v is not None
            else {"seed": k, "looks": [], "failed": "the loss is not finite"}
            for k, v in enumerate(last)
        ]
        arms.append({"name": name, "runs": runs})
    return {"arms": arms}


def test_runs_come_apart_or_overlap():
    result = result_of(a=[1.0, 2.0, 3.0], b=[4.0, 5.0, 6.0], c=[3.0, 9.0, None])
    values = last_values(result, "frechet")
    assert values["c"].tolist() == [3.0, 9.0]
    assert apart(values["a"], values["b"]) == -1 and apart(values["b"], values["a"]) == 1
    assert apart(values["b"], values["c"]) == 0 and apart(values["a"], values["c"]) == 0
    assert luck(3, 3) == pytest.approx(0.1)
    assert (
        say(result, "frechet", "a", "b") == "FCD: a 2 (1 to 3), b 5 (4 to 6): lower, all runs apart"
    )
    assert "1 runs ended in a loss that is not finite" in table(result, ("frechet",))
    axes = plot_measures(result, ("frechet",)).axes[0]
    assert axes.lines[0].get_ydata().tolist() == [4.0, 2.0]


def test_values_at_equal_time_lie_between_looks():
    """Looks after 1 and 2 seconds: halfway between them lies the mean; outside them nothing is said."""
    result = result_of(a=[1.0, 2.0], b=[4.0, None])
    assert values_at(result, "frechet", 1.5)["a"].tolist() == [1.5, 3.0]
    assert values_at(result, "frechet", 1.5)["b"].tolist() == [6.0]
    assert (
        values_at(result, "frechet", 0.5)["a"].size
        == values_at(result, "frechet", 9)["b"].size
        == 0
    )
    assert (
        say(result, "frechet", "a", "b", seconds=1.0)
        == "FCD: a 3 (2 to 4), b 8: lower, all runs apart"
    )


def test_a_row_for_each_arm_a_dot_for_each_run():
    axes = plot_runs(result_of(a=[1.0, 2.0], b=[None, None], c=[5.0, 7.0]), ("frechet",)).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    assert [line.get_xdata().tolist() for line in axes.lines[::2][:3]] == [
        [1.0, 2.0],
        [],
        [5.0, 7.0],
    ]


def test_shipped_results_are_of_the_experiments_as_they_stand():
    """A result that ships was run with the arms that the definitions have now."""
    for path in RESULTS.glob("*.json"):
        result = load_result(path.stem)
        arms = EXPERIMENTS[path.stem.removesuffix("-real")].arms
        assert [arm["name"] for arm in result["arms"]] == [arm.name for arm in arms]
        for arm, defined in zip(result["arms"], arms):
            assert (
                arm["settings"] == json.loads(json.dumps(defined.settings))
                and arm["only"] == defined.only
            )
