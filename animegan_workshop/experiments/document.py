"""docs/experiments.md: what every experiment gave, from its JSON file."""

from animegan_helpers.budget import PROJECT
from animegan_workshop.experiments import results
from animegan_workshop.experiments.design import load_design

PAGE = PROJECT / "docs" / "experiments.md"
SHOWN = ("jitter", "loss_d", "frechet", "modes", "kl", "coverage", "quality")


def experiments_page() -> str:
    """The page in Markdown: its words as they stand, then a section for each result there is."""
    words = PAGE.read_text(encoding="utf-8").split("\n## ")[0]
    names = sorted(path.stem for path in results.RESULTS.glob("*.json"))
    return "\n".join([words, *(section(name) for name in names)])


def section(name: str) -> str:
    """One experiment: claim, question, how it was run, a table of its arms, the verdicts."""
    result, design = results.load_result(name), load_design(name.removesuffix("-real"))
    whole = [run for arm in result["arms"] for run in results.whole_runs(arm)]
    known = whole[0]["measurements"][-1]
    claims = f"({design.claims}) " if design.claims else ""
    parts = [f"## {name}", f"**{result['question']}** {claims}{results.about(result)}."]
    if design.claim:
        parts.append(f"The claim: *{design.claim}*")
    parts.append(results.table(result, tuple(measure for measure in SHOWN if measure in known)))
    rows = results.judge(design, result)
    parts.append("\n".join(map(results.describe_verdict, rows)))
    if not design.comparisons:
        parts[-1] = "No comparison was named beforehand, so there is no verdict."
    elif len(rows) < len(design.comparisons):
        parts.append("Its runs are not complete, so there is no verdict yet.")
    return "\n\n".join(part for part in parts if part) + "\n"
