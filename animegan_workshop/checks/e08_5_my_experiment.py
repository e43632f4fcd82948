"""Exercise 08.5: an experiment of one's own, run in pairs."""

from dataclasses import asdict

import numpy as np

from animegan_workshop.checks.core import close, demand, exercise, numbers
from animegan_workshop.experiments.design import Arm, Scale
from animegan_workshop.experiments.results import LABELS
from animegan_workshop.experiments.runner import config_of

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


def _differ(one: Arm, other: Arm) -> list[str]:
    """What two arms of faces differ in, beside their names. A setting may have its default."""
    configs = [config_of(arm, SCALE, seed=0) for arm in (one, other)]
    for config in configs:
        config.check()
    a, b = map(asdict, configs)
    settings = [key for key in {**one.settings, **other.settings} if a[key] != b[key]]
    fields = ("only", "faces", "method", "width_factor", "steps_factor", "rate_factor")
    return settings + [key for key in fields if getattr(one, key) != getattr(other, key)]


@exercise("08.5", _ours)
def my_experiment(answer, seed):
    """run(arm, scale, seed), scale, seeds -> arm -> one value a run, (seeds,)."""
    random, calls, rows = np.random.default_rng(seed), [], {}

    def run(arm, scale=None, seed=None):
        demand(isinstance(arm, Arm), "give run an Arm: Arm(name, settings={...})")
        demand(scale is SCALE, "give run the scale that your function was given")
        calls.append((arm, seed))
        values = random.uniform(1, 2, (2, len(MEASURED)))
        rows[arm.name, seed] = [dict(zip(MEASURED, map(float, row))) for row in values]
        return {"seed": seed, "measurements": rows[arm.name, seed]}

    got = answer(run, SCALE, 3)
    demand(bool(calls), "your function never calls run: nothing was trained")
    arms = {arm.name: arm for arm, _ in calls}
    seeds = {name: sorted(str(s) for arm, s in calls if arm.name == name) for name in arms}
    demand(len(arms) == 2, f"two arms with names of their own are compared, not {len(arms)}")
    both = list(seeds.values())
    demand(both[0] == both[1], "both arms need the same seeds, else there are no pairs")
    demand(both[0] == ["0", "1", "2"], "run each arm once from every seed of range(seeds)")
    differ = _differ(*arms.values())
    demand(bool(differ), "the arms are alike: nothing is tested")
    demand(len(differ) == 1, f"the arms differ in {' and '.join(differ)}: change one thing only")
    _compare(got, rows, arms)
    return f"two arms that differ in {differ[0]}, in pairs of equal seeds"


def _compare(got: object, rows: dict, arms: dict) -> None:
    """What was returned must be one measure of the last measurement, in the order of the seeds."""
    named = isinstance(got, dict) and set(got) == set(arms)
    demand(named, "return a dictionary: the name of each arm -> its values")
    for name, values in got.items():
        shape = numbers(values).shape
        demand(shape == (3,), f"{name!r} needs one value for each seed, not shape {shape}")
    demand(
        all(isinstance(v, np.ndarray) for v in got.values()), "make arrays of the lists: np.array"
    )

    def agree(which: int, order: tuple = (0, 1, 2)) -> bool:
        wanted = lambda name, key: [rows[name, seed][which][key] for seed in order]
        return any(all(close(got[name], wanted(name, key)) for name in arms) for key in MEASURED)

    demand(not agree(0), "take the last measurement, not the first")
    demand(not agree(-1, (2, 1, 0)), "keep the order of the seeds: they are pairs")
    demand(agree(-1), "the values are not one measure of the last measurement of both arms")
