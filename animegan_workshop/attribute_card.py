"""The card of an attribute network: what it was trained on, how often it is right, and what it takes for what."""

from dataclasses import dataclass

import numpy as np

from animegan_helpers.attributes import AttributeNetwork, accuracies
from animegan_helpers.networks import count_parameters

LICENCE = "CC BY 4.0"


@dataclass(frozen=True)
class Making:
    """How a network came about. data: what the faces are, a sentence; command: what makes it again;
    use: what it is good for, and what not, a sentence."""

    data: str
    command: str
    faces: int
    seconds: float
    hardware: str
    use: str


def make_card(
    name: str, network: AttributeNetwork, confusion: dict[str, np.ndarray], making: Making
) -> str:
    """The card as Markdown: accuracy and confusion of each factor on the held-out tenth."""
    rows = [
        f"| {factor} | {len(network.factors[factor])} | {share:.1%} |"
        for factor, share in accuracies(confusion).items()
    ]
    held_out = max(int(table.sum()) for table in confusion.values())
    lines = [
        f"# {name}",
        "",
        f"A network that names {_listed(list(network.factors))} in a face: `animegan_helpers/attributes.py`, "
        f"{count_parameters(network):,} parameters, half precision.",
        "",
        f"| factor | values | right, of the {held_out:,} faces held out |",
        "| --- | ---: | ---: |",
        *rows,
        "",
        f"- **Trained on** {making.data} {making.faces:,} faces: nine tenths to learn from, one tenth, chosen by the "
        "seed, held out; every number here is of that tenth.",
        f"- **Took** {making.seconds:.0f} s on {making.hardware}, beside other work.",
        f"- **Made again by** `{making.command}`.",
        f"- **Use**: {making.use}",
        f"- **Licence**: {LICENCE}.",
        "",
        "## What it takes for what",
        "",
        "Rows: the label. Columns: the name given, in the same order. Counts of held-out faces.",
        "",
    ]
    for factor, table in confusion.items():
        names = network.factors[factor]
        lines += [f"| {factor} | {' | '.join(names)} |", "| --- |" + " ---: |" * len(names)]
        lines += [
            f"| {label} | {' | '.join(str(count) for count in row)} |"
            for label, row in zip(names, table)
        ]
        lines.append("")
    return "\n".join(lines)


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
