"""Checks for the exercises, called on the last line of the reader's own cell.

A check tests what an answer does, not how it is written, so several right answers pass. What is
wrong is said in one sentence that names the fault and the section of the notebook that explains it.

Each exercise is one file, e01_1_normalise.py: the workbook's own answer, the table of faults, and a
test with `@exercise`. It is found by its file's name; nothing else needs to know of it.
"""

import importlib
import pkgutil
import re

from animegan_workshop.checks.failures import CheckFailed, NotDoneYet
from animegan_workshop.checks.guesses import carry_on, prediction, reveal

__all__ = ["CheckFailed", "NotDoneYet", "carry_on", "prediction", "reveal"]


def _find() -> dict:
    """The checks of all exercises, by name."""
    names = [file.name for file in pkgutil.iter_modules(__path__) if re.match(r"e\d", file.name)]
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if hasattr(value, "ours")
    }


globals().update(_find())
