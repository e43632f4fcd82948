"""What an experiment gave: read from its JSON file, tabled, drawn, and judged (notebook 08)."""

import textwrap
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from animegan_helpers import measures
from animegan_helpers.budget import DATA
from animegan_helpers.files import read_json, reading
from animegan_helpers.pictures import COLOURS
from animegan_workshop.experiments.design import Design
from animegan_workshop.experiments.verdict import (
    FAILS,
    HOLDS,
    OPEN,
    holm,
    permutation_interval,
    permutation_p,
    verdict,
)

RESULTS = DATA / "experiments"

LABELS = {
    "loss_g": "G's loss (nats)",
    "loss_d": "D's loss (nats)",
    "jitter": "jitter of G's loss (nats a step)",
    "change": "change of samples (grey levels)",
    "memorising": "D scores its own faces higher (share)",
    "quality": "share of high quality",
} | {measure.name: measure.label for measure in measures.MEASURES}
"""The numbers of a measurement, and what to write beside them."""


def load_result(name: str, folder: Path = RESULTS) -> dict | None:
    """The result of an experiment that was run, or None. Raises ReadError for anything else."""
    path = Path(folder) / f"{name}.json"
    if not path.is_file():
        return None
    with reading(path, "a result of an experiment"):
        result = read_json(path, "a result of an experiment")
        about(result)
        for arm in result["arms"]:  # what a table and a verdict read
            for run in whole_runs(arm):
                arm["name"], run["seed"], run["measurements"][-1]["step"]
        return result


def whole_runs(arm: dict) -> list[dict]:
    """The runs of an arm that did not fail."""
    return [run for run in arm["runs"] if "failed" not in run]


def last_values(result: dict, measure: str) -> dict[str, np.ndarray]:
    """arm -> (runs,) the last measurement; runs that failed are left out."""
    return {
        arm["name"]: np.array([run["measurements"][-1][measure] for run in whole_runs(arm)])
        for arm in result["arms"]
    }


def paired_differences(result: dict, first: str, second: str, measure: str) -> np.ndarray:
    """(pairs,) `second` minus `first` at the last measurement, seed by seed."""
    arms = {arm["name"]: {run["seed"]: run for run in whole_runs(arm)} for arm in result["arms"]}
    seeds = sorted(arms[first].keys() & arms[second].keys())
    last = lambda arm, seed: arms[arm][seed]["measurements"][-1][measure]
    return np.array([last(second, seed) - last(first, seed) for seed in seeds])


def judge(design: Design, result: dict) -> list[dict]:
    """A row for each comparison that has pairs: effect, 95% interval, p after Holm, verdict.

    As long as pairs of runs are missing, the verdict is open: nobody stops at a lucky one. So it is
    with fewer than six pairs, where p cannot reach 0.05 and the interval has no ends.
    """
    rows, needed = [], max(6, result["scale"]["seeds"])
    for comparison in design.comparisons:
        differences = paired_differences(
            result, comparison.first, comparison.second, comparison.measure
        )
        if len(differences) < 2:  # of an experiment that has just begun: there is no interval yet
            continue
        base = last_values(result, comparison.measure)[comparison.first].mean()
        rows.append(
            {
                "comparison": comparison,
                "base": float(base),
                "effect": float(differences.mean()),
                "interval": permutation_interval(differences),
                "differences": differences,
                "p": permutation_p(differences),
            }
        )
    waiting = [1.0] * (len(design.comparisons) - len(rows))
    for row, p in zip(rows, holm([row["p"] for row in rows] + waiting)):
        whole = len(row["differences"]) >= needed
        row |= {"p": p, "verdict": judge_row(row, p) if whole else OPEN}
    return rows


def judge_row(row: dict, p: float) -> str:
    """The verdict on one comparison; p: adjusted for how many comparisons there are."""
    direction, smallest = row["comparison"].direction, row["comparison"].smallest * abs(row["base"])
    if direction == "alike":  # a difference, whichever way, is what would contradict it
        found = verdict(np.sign(row["effect"]) * row["differences"], smallest, p)
        return {HOLDS: FAILS, FAILS: HOLDS, OPEN: OPEN}[found]
    sign = 1 if direction == "higher" else -1
    return verdict(sign * row["differences"], smallest, p)


def verdict_table(rows: list[dict]) -> str:
    """Markdown: a line for each row of `judge`, what was compared, found and asked."""
    heads = ("measure", "compared", "change (95% interval)", "p (Holm)", "asked for", "verdict")
    lines = [f"| {' | '.join(heads)} |", "| --- |" + " --- |" * (len(heads) - 1)]
    for row in rows:
        comparison = row["comparison"]
        by = "within" if comparison.direction == "alike" else "by at least"
        cells = (
            LABELS[comparison.measure],
            f"{comparison.second} **minus** {comparison.first}",
            change(row),
            f"{row['p']:.2g}",
            f"{comparison.direction} {by} {comparison.smallest:.0%}",
            f"**{row['verdict']}**",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def change(row: dict) -> str:
    """The effect of a row of `judge` and its interval, in percent of the first arm's mean."""
    values = row["effect"], *row["interval"]
    if row["base"]:
        effect, low, high = (percent(value / abs(row["base"])) for value in values)
    else:
        effect, low, high = (short(value, "+") for value in values)
    return f"{effect} ({low} to {high})"


def percent(share: float) -> str:
    """A signed share in whole percent, 0% without a sign."""
    return "0%" if abs(share) < 0.005 else f"{share:+.0%}"


def short(value: float, sign: str = "") -> str:
    """A number in three figures, without an exponent where it is large."""
    return f"{value:{sign},.0f}" if abs(value) >= 1_000 else f"{value:{sign}.3g}"


def about(result: dict) -> str:
    """One line on how it was run."""
    scale, runs = result["scale"], [run for arm in result["arms"] for run in arm["runs"]]
    minutes = sum(run["seconds"] for run in runs) / 60
    seeds = max(len(arm["runs"]) for arm in result["arms"])
    shares = [round(arm["faces"] * scale["faces"]) for arm in result["arms"]]
    faces = " to ".join(f"{count:,}" for count in sorted({min(shares), max(shares)}))
    if result["faces"] == "points":
        how = f"{scale['toy_steps']:,} steps, 2,500 samples a measurement"
    else:
        how = (
            f"{scale['steps']:,} steps at width {scale['width']}, batch {scale['batch']}, "
            f"{faces} {result['faces']}; {scale['samples']:,} samples a measurement"
        )
    work = f"{len(runs)} runs, {minutes:.0f} minutes of training in all, {result['hardware']}"
    return f"{seeds} seed{'s' * (seeds > 1)}, {how}; {work}"


def table(result: dict, names: tuple[str, ...]) -> str:
    """Markdown: a row for each arm, mean and range over the runs at the last measurement."""
    heads = " | ".join(LABELS[name] for name in names)
    lines = [f"| arm | runs | {heads} |", "| --- | --- |" + " --- |" * len(names)]
    columns = [last_values(result, name) for name in names]
    for arm in result["arms"]:
        whole = whole_runs(arm)
        failed = len(arm["runs"]) - len(whole)
        note = f" ({failed} runs ended in a loss that is not finite)" if failed else ""
        if arm["steps_factor"] != 1 and whole:
            note = f" ({whole[0]['measurements'][-1]['step']:,} steps){note}"
        cells = " | ".join(_range(column[arm["name"]]) for column in columns)
        lines.append(f"| {arm['name']}{note} | {len(arm['runs'])} | {cells} |")
    return "\n".join(lines)


def _range(values: np.ndarray) -> str:
    if not len(values):
        return "not run"
    ends = f" ({short(values.min())} to {short(values.max())})" if len(values) > 1 else ""
    return f"{short(values.mean())}{ends}"


def plot_runs(result: dict, names: tuple[str, ...], title: str = "") -> Figure:
    """A panel for each measure: a row for each arm, a dot for each run, a bar at their mean.

    A dashed line goes through the mean of the first arm, with which the others are compared.
    """
    arms = [arm["name"] for arm in result["arms"] if arm["runs"]]
    size = (1.8 + 2.8 * len(names), 1.1 + 0.26 * len(arms))
    figure = Figure(figsize=size, layout="constrained", dpi=80)
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, names):
        values = last_values(result, name)
        for row, arm in enumerate(arms):
            colour = COLOURS[0] if row else COLOURS[1]
            axes.plot(values[arm], [row] * len(values[arm]), "o", color=colour, ms=4, alpha=0.6)
            if len(values[arm]):
                axes.plot([values[arm].mean()], [row], "|", color=colour, ms=13, mew=2)
        if len(values[arms[0]]):
            axes.axvline(values[arms[0]].mean(), color=COLOURS[1], ls="--", lw=0.8)
        axes.set(xlabel=LABELS[name])
    panels[0].set_yticks(range(len(arms)), [textwrap.fill(arm, 24) for arm in arms])
    panels[0].set_ylim(len(arms) - 0.4, -0.6)  # the first arm on top
    figure.suptitle(title, fontsize=10)
    return figure
