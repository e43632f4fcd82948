"""The measures as a table to read, and as JSON to keep."""

import json
from math import isfinite
from pathlib import Path

from animegan_helpers.files import write_atomically

ROWS = {
    "count": "pictures measured",
    "modes": "modes covered",
    "kl": "KL to the data's modes (nats)",
    "js": "Jensen-Shannon (nats, at most 0.693)",
    "cells_off": "NDB: cells with another share",
    "cells_js": "Jensen-Shannon over the cells (nats)",
    "frechet": "FCD: Frechet distance, attribute features",
    "kernel": "KCD: kernel distance, attribute features *",
    "precision": "precision: samples inside the data *",
    "recall": "recall: data inside the samples *",
    "density": "density: samples where the data is dense *",
    "coverage": "coverage: faces with a sample nearby *",
    "vendi": "Vendi score: effective number *",
    "ms_ssim": "MS-SSIM of two pictures (1: all the same)",
    "support": "birthday estimate of different pictures *",
    "nearest_real": "nearest training face, median (grey levels)",
    "nearest_other": "nearest other picture, median (grey levels)",
    "copied": "share nearer to training than 99% of real",
    "repeated": "share nearer to another than 99% of real",
}
"""What each measure is called; * marks those that look at `few` pictures only."""


def number(value: float) -> str:
    """A measure as text: whole numbers with commas, others with four digits."""
    if isinstance(value, int):
        return f"{value:,}"
    if not isfinite(value):
        return "no limit"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def interval(row: dict, name: str) -> str:
    """The 95% interval of a measure as text, "" where it has none."""
    bounds = row.get(f"{name}_interval")
    return f"{number(bounds[0])} to {number(bounds[1])}" if bounds is not None else ""


def table(measures: dict) -> str:
    """The measures as text, samples with their 95% intervals beside real faces that were held out."""
    samples, real = measures["samples"], measures["real"]
    lines = [f"{'':46}{'samples':>10}  {'95% interval':20}{'real faces':>12}"]
    for name, text in ROWS.items():
        if name in samples:
            of_real = number(real[name]) if name in real else ""
            lines.append(
                f"{text:46}{number(samples[name]):>10}  {interval(samples, name):20}{of_real:>12}"
            )
    reference = measures["reference"]
    lines.append(
        f"against {reference['count']:,} real faces, which cover {reference['modes']} of "
        f"{measures['modes_possible']} modes, by {reference['network'] or 'the network given'}"
    )
    lines.append(
        f"* {samples['few']:,} pictures"
        + (
            f"; neighbours of {samples['neighbours']:,}"
            if "neighbours" in samples
            else "; nearest neighbours need the faces"
        )
    )
    return "\n".join(lines)


def write_json(path: Path, measures: dict) -> None:
    """Writes the measures as JSON, atomically; a number without limit becomes null, for JSON has no infinity."""

    def plain(value):
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(inner) for inner in value]
        return value if not isinstance(value, float) or isfinite(value) else None

    text = json.dumps(plain(measures), indent=2, allow_nan=False) + "\n"
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
