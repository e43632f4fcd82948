"""What an experiment gave: read from its JSON file, tabled, drawn, and compared over seeds."""

import json
from math import comb
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from animegan_helpers.budget import DATA

RESULTS = DATA / "experiments"

MEASURES = {
    "loss_g": "G's loss (nats)",
    "loss_d": "D's loss (nats)",
    "jitter": "jitter of G's loss (nats a step)",
    "change": "change of samples (grey levels)",
    "gradient_g": "gradient of G",
    "gradient_d": "gradient of D",
    "modes": "modes covered",
    "kl": "KL to the data (nats)",
    "frechet": "FCD",
    "precision": "precision",
    "recall": "recall",
    "coverage": "coverage",
    "quality": "share of high quality",
}
"""A look's numbers, and what to write beside them."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")


def load_result(name: str, folder: Path = RESULTS) -> dict | None:
    """The result of an experiment that was run, or None."""
    path = Path(folder) / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def last_values(result: dict, measure: str) -> dict[str, np.ndarray]:
    """arm -> (runs,) the measure at the last look; runs that failed are left out."""
    return {
        arm["name"]: np.array(
            [run["looks"][-1][measure] for run in arm["runs"] if "failed" not in run]
        )
        for arm in result["arms"]
    }


def values_at(result: dict, measure: str, seconds: float) -> dict[str, np.ndarray]:
    """arm -> (runs,) the measure after so many seconds of training, on the line between the looks before and after.

    Runs that failed are left out, and so are runs whose first look came later or whose last came earlier.
    """
    found = {}
    for arm in result["arms"]:
        curves = [
            ([look["seconds"] for look in run["looks"]], [look[measure] for look in run["looks"]])
            for run in arm["runs"]
            if "failed" not in run
        ]
        found[arm["name"]] = np.array(
            [np.interp(seconds, x, y) for x, y in curves if x[0] <= seconds <= x[-1]]
        )
    return found


def apart(a: np.ndarray, b: np.ndarray) -> int:
    """-1 where every run of a lies below every run of b, 1 where all lie above, 0 where they overlap or are none."""
    if not len(a) or not len(b):
        return 0
    return -1 if a.max() < b.min() else 1 if a.min() > b.max() else 0


def luck(a: int, b: int) -> float:
    """How often a and b runs that are alike come apart by chance: 2 of the ways to deal them out."""
    return 2 / comb(a + b, a)


def say(result: dict, measure: str, first: str, second: str, seconds: float | None = None) -> str:
    """One sentence: the measure of two arms, mean and range, and whether the runs come apart.

    At the last look, or after so many seconds of training.
    """
    values = (
        last_values(result, measure) if seconds is None else values_at(result, measure, seconds)
    )
    a, b = values[first], values[second]
    words = {-1: "lower, all runs apart", 1: "higher, all runs apart", 0: "the runs overlap"}[
        apart(a, b)
    ]
    return f"{MEASURES[measure]}: {first} {_range(a)}, {second} {_range(b)}: {words}"


def about(result: dict) -> str:
    """One line on how it was run."""
    scale, runs = result["scale"], [run for arm in result["arms"] for run in arm["runs"]]
    minutes = sum(run["seconds"] for run in runs) / 60
    how = (
        f"{scale['toy_steps']:,} steps, 2,500 samples a look"
        if result["faces"] == "points"
        else f"{scale['steps']:,} steps at width {scale['width']}, batch {scale['batch']}, {scale['faces']:,} "
        f"{result['faces']}; {scale['samples']:,} samples a look"
    )
    how_long = f"{len(runs)} runs, {minutes:.0f} minutes of training in all, {result['hardware']}"
    return f"{scale['seeds']} seed{'s' * (scale['seeds'] > 1)}, {how}; {how_long}"


def table(result: dict, measures: tuple[str, ...]) -> str:
    """Markdown: a row for each arm, mean and range over the runs at the last look."""
    heads = " | ".join(MEASURES[measure] for measure in measures)
    lines = [f"| arm | {heads} |", "| --- |" + " --- |" * len(measures)]
    columns = [last_values(result, measure) for measure in measures]
    for arm in result["arms"]:
        failed = sum("failed" in run for run in arm["runs"])
        name = arm["name"] + (
            f" ({failed} runs ended in a loss that is not finite)" if failed else ""
        )
        lines.append(
            f"| {name} | " + " | ".join(_range(column[arm["name"]]) for column in columns) + " |"
        )
    return "\n".join(lines)


def _range(values: np.ndarray) -> str:
    if not len(values):
        return "none"
    return f"{values.mean():.3g}" + (
        f" ({values.min():.3g} to {values.max():.3g})" if len(values) > 1 else ""
    )


def plot_measures(result: dict, measures: tuple[str, ...], over: str = "step") -> Figure:
    """A panel for each measure: the mean of each arm's runs over steps (or "seconds"), and their range as a band."""
    figure = Figure(figsize=(1.3 + 3.1 * len(measures), 2.9), layout="constrained", dpi=80)
    panels = np.atleast_1d(figure.subplots(1, len(measures)))
    for axes, measure in zip(panels, measures):
        for arm, colour in zip(result["arms"], COLOURS * 2):
            runs = [run["looks"] for run in arm["runs"] if "failed" not in run]
            if not runs:
                continue
            x = np.mean([[look[over] for look in looks] for looks in runs], axis=0)
            y = np.array([[look[measure] for look in looks] for looks in runs])  # (runs, looks)
            axes.plot(x, y.mean(axis=0), ".-", color=colour, label=arm["name"])
            axes.fill_between(x, y.min(axis=0), y.max(axis=0), color=colour, alpha=0.15, lw=0)
        unit = "step" if over == "step" else "seconds of training"
        axes.set(title=MEASURES[measure], xlabel=unit, ylabel=MEASURES[measure])
        if measure == "frechet":
            axes.set_yscale("log")
    figure.legend(*panels[-1].get_legend_handles_labels(), loc="outside right upper", fontsize=7)
    return figure


def plot_runs(result: dict, measures: tuple[str, ...]) -> Figure:
    """A panel for each measure: a row for each arm, a dot for each run at the last look, a bar at their mean.

    A dashed line goes through the mean of the first arm, with which the others are compared.
    """
    arms = [arm["name"] for arm in result["arms"]]
    figure = Figure(
        figsize=(1.8 + 2.6 * len(measures), 0.9 + 0.24 * len(arms)), layout="constrained", dpi=80
    )
    panels = figure.subplots(1, len(measures), sharey=True, squeeze=False)[0]
    for axes, measure in zip(panels, measures):
        values = last_values(result, measure)
        for row, name in enumerate(arms):
            runs, colour = values[name], COLOURS[0] if row else COLOURS[1]
            axes.plot(runs, [row] * len(runs), "o", color=colour, ms=4, alpha=0.6)
            axes.plot(
                [runs.mean()] if len(runs) else [],
                [row] * min(1, len(runs)),
                "|",
                color=colour,
                ms=13,
                mew=2,
            )
        if len(values[arms[0]]):
            axes.axvline(values[arms[0]].mean(), color=COLOURS[1], ls="--", lw=0.8)
        axes.set(title=MEASURES[measure], xlabel=MEASURES[measure])
        if measure == "frechet":
            axes.set_xscale("log")
    panels[0].set_yticks(range(len(arms)), arms)
    panels[0].invert_yaxis()
    return figure
