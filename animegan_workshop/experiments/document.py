"""docs/experiments.md: what every experiment gave, from its JSON file."""

from animegan_helpers.budget import PROJECT
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

PAGE = PROJECT / "docs" / "experiments.md"
SHOWN = ("jitter", "loss_d", "frechet", "modes", "kl", "coverage", "quality")


def experiments_page() -> str:
    """The page in Markdown: its introduction as it stands, then a section for each result."""
    introduction = PAGE.read_text(encoding="utf-8").partition("\n## ")[0]
    names = sorted(path.stem for path in RESULTS.glob("*.json"))
    return "\n".join([introduction, *(section(name) for name in names)])


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
