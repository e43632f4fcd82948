"""docs/experiments.md: what every experiment gave, from its JSON file."""

from animegan_workshop.experiments.design import load_design
from animegan_workshop.experiments.results import (
    RESULTS,
    about,
    judge,
    load_result,
    table,
    verdict_table,
    whole_runs,
)

HEAD = """# The experiments

Made by `python -m animegan_helpers experiments-page` from the results in data/experiments. Claims
C1 to C18 are those of the report, and notebook 08 reads them. A table shows the mean over the
runs at the last measurement, with the range. A verdict follows the rule in
animegan_workshop/experiments/verdict.py, and is on what was asked for, which can be another
question than the claim. Its p is exact, and adjusted for how many comparisons the experiment
has. The interval is that of the exact test, not adjusted. Percentages are of the mean of the arm
that was subtracted.

Experiments with eight seeds on drawn faces share the runs of one arm, so they are not independent.
Their recipe was chosen on seed 0 of the baseline, one of these eight. It has batch norm
and convolutions; an arm without them keeps rates and first weights not chosen for it.

`how-many-faces` tests one reading of C18, more faces, all of them mirrored and shifted. Its
comparison of how often D scores its own faces higher says little: 250 faces gave 0.51, and chance
is 0.5, so it could hardly fall. `what-helps` changes what D sees of the same faces, so notebook 08
does not count it for C18. `crop-or-resize` measures each arm against faces of its own kind: its two
FCDs cannot be compared. The arms with three runs of `more-kernels`, and 1,024 hidden units, ran on
a faster machine than the rest.
"""
SHOWN = ("jitter", "loss_d", "frechet", "modes", "kl", "coverage", "quality")


def experiments_page() -> str:
    """The page in Markdown: a section for each result that there is."""
    names = sorted(path.stem for path in RESULTS.glob("*.json"))
    return "\n".join([HEAD, *(section(name) for name in names)])


def section(name: str) -> str:
    """One experiment: claim, question, how it was run, a table of its arms, the verdicts."""
    result, design = load_result(name), load_design(name.removesuffix("-real"))
    first = next(run for arm in result["arms"] for run in whole_runs(arm))["measurements"][-1]
    claims = f"({design.claims}) " if design.claims else ""
    parts = [f"## {name}", f"**{result['question']}** {claims}{about(result)}."]
    if design.claim:
        parts.append(f"Asked because of the claim: *{design.claim}*")
    parts.append(table(result, tuple(measure for measure in SHOWN if measure in first)))
    rows = judge(design, result)
    if rows:
        parts.append(verdict_table(rows))
    if not design.comparisons:
        parts.append("No comparison was named beforehand, so there is no verdict.")
    elif len(rows) < len(design.comparisons):
        parts.append("Its runs are not complete, so there is no verdict yet.")
    return "\n\n".join(parts) + "\n"
