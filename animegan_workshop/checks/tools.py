"""What the files of the exercises import, in one place."""

from animegan_workshop.checks.comparing import (
    close,
    numbers,
    same,
    several,
    try_cases,
    try_parts,
    with_faults,
)
from animegan_workshop.checks.exercise import exercise
from animegan_workshop.checks.failures import CheckFailed, NotDoneYet, demand, shorten

__all__ = ["CheckFailed", "NotDoneYet", "close", "demand", "exercise", "numbers", "same"]
__all__ += ["several", "shorten", "try_cases", "try_parts", "with_faults"]
