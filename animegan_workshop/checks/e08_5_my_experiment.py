"""Exercise 08.5: an experiment of one's own, run in pairs."""

from dataclasses import asdict
from unittest.mock import patch

import numpy as np

from animegan_workshop.checks.tools import CheckFailed, close, demand, exercise, numbers
from animegan_workshop.experiments import runner
from animegan_workshop.experiments.design import Arm, Scale
from animegan_workshop.experiments.results import LABELS

SCALE = Scale(8, 16, 600, steps=150, measurements=2, samples=100, seeds=3, toy_steps=0)
MEASURED = [name for name in LABELS if name != "quality"]  # that is of games in two dimensions


def _ours(run, scale, seeds):
    """Adam's beta1 of 0.5 against 0.9: arm -> the FCD of each run, (seeds,)."""
    arms = [Arm("beta1 0.5", settings={"beta1": 0.5}), Arm("beta1 0.9", settings={"beta1": 0.9})]
    found = {arm.name: [] for arm in arms}
    for seed in range(seeds):
        for arm in arms:
            found[arm.name].append(run(arm, scale, seed)["measurements"][-1]["frechet"])
    return {name: np.array(values) for name, values in found.items()}


def _facts(arm: Arm) -> dict:
    """All that decides what a run of this arm gives, with the settings that it does not name."""
    config = runner.config_of(arm, SCALE, seed=0)
    config.check()
    shown = ("only", "faces", "method", "label", "steps_factor", "rate_factor", "mixture")
    return asdict(config) | {key: getattr(arm, key) for key in shown}


@exercise("08.5", _ours)
def my_experiment(answer, seed):
    """run(arm, scale, seed), scale, seeds -> arm -> one value a run, (seeds,)."""
    random, calls, rows, seeds = np.random.default_rng(seed), [], {}, [0, 1, 2, 3]

    def run(arm, scale=None, seed=None):
        demand(isinstance(arm, Arm), "give run an Arm: Arm(name, settings={...})")
        demand(scale is SCALE, "give run arm, scale, seed, with the scale that you were given")
        calls.append((arm, seed))
        values = random.uniform(1, 2, (2, len(MEASURED)))
        rows[arm.name, seed] = [dict(zip(MEASURED, map(float, row))) for row in values]
        return {"seed": seed, "measurements": rows[arm.name, seed]}

    own = CheckFailed("call the run that your function is given, not one that trains")
    with patch.object(runner, "faces_of", side_effect=own):
        got = answer(run, SCALE, len(seeds))
    demand(bool(calls), "your function never calls run: nothing was trained")
    arms = {arm.name: arm for arm, _ in calls}
    demand(len(arms) == 2, f"two arms with names of their own are compared, not {len(arms)}")
    both = [[s for arm, s in calls if arm.name == name] for name in arms]
    demand(set(both[0]) == set(both[1]), "both arms need the same seeds, else there are no pairs")
    once = all(sorted(map(str, one)) == sorted(map(str, seeds)) for one in both)
    demand(once, "run each arm once from every seed of range(seeds)")
    first, second = map(_facts, arms.values())
    differ = [key for key in first if first[key] != second[key]]
    demand(bool(differ), "the arms are alike: what you set is the default, so nothing is tested")
    demand(len(differ) == 1, f"the arms differ in {' and '.join(differ)}: change one thing only")
    named = isinstance(got, dict) and set(got) == set(arms)
    demand(named, "return a dictionary with both arms: the name of each arm -> its values")
    for name, values in got.items():
        shape = numbers(values).shape
        demand(shape == (4,), f"{name!r} needs one value for each seed, not shape {shape}")
        demand(isinstance(values, np.ndarray), "make arrays of the lists: np.array")

    def agree(which: int, view=np.array) -> bool:
        wanted = lambda name, key: view([rows[name, seed][which][key] for seed in seeds])
        alike = lambda name, key: close(view(got[name]), wanted(name, key))
        return any(all(alike(name, key) for name in arms) for key in MEASURED)

    demand(not agree(0), "take the last measurement, not the first")
    demand(agree(-1) or not agree(-1, np.sort), "keep the order of the seeds: they are pairs")
    demand(agree(-1), "the values are not one measure of the last measurement of both arms")
    return f"two arms that differ in {differ[0]}, in pairs of equal seeds"
