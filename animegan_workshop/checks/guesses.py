"""Guesses made before a run, and going on with the workbook's own answer."""

from collections.abc import Callable
from numbers import Real
from typing import Any

import torch

from animegan_workshop.checks.exercise import box, strict
from animegan_workshop.checks.failures import CheckFailed, NotDoneYet, shorten


def carry_on(namespace: dict[str, Any], name: str, check: Callable) -> Any:
    """namespace[name] if it passes the check, else the workbook's own, with a line that says so.

    A notebook goes on with what this returns, so an exercise that is not solved yet stops nobody.
    """
    try:
        check.judge(namespace.get(name))
        return namespace[name]
    except (CheckFailed, NotDoneYet):
        print(f"{name}: from here on the workbook's own is used")
        return check.ours


def prediction(
    guess: Any,
    *,
    options: tuple = (),
    between: tuple[float, float] | None = None,
    quiet: bool = False,
) -> None:
    """Notes a guess. Any will do that is one of the options, or lies between the two numbers.

    No guess, or one that cannot be, shows a box; where answers are marked it raises.
    """
    problem = ""
    if guess is None:
        problem = "No guess yet: write yours down, then run the cell again."
    elif options and guess not in options:
        problem = f"choose one of {', '.join(map(repr, options))}, not {shorten(guess)}"
    elif between:
        low, high = between
        number = guess.item() if isinstance(guess, torch.Tensor) and guess.ndim == 0 else guess
        fits = isinstance(number, Real) and not isinstance(number, bool) and low <= number <= high
        wanted = f"guess a number between {low:g} and {high:g}"
        problem = "" if fits else f"{shorten(guess)} cannot be: {wanted}"
    if problem and strict():
        raise NotDoneYet(problem) if guess is None else CheckFailed(problem)
    if problem:
        box(problem, "info")
    elif not quiet:
        print(f"Noted: {guess}. Now run on, and compare.")


def reveal(namespace: dict[str, Any], name: str, result: Any) -> None:
    """Sets the guess beside the result."""
    shown = f"{result:.3g}" if isinstance(result, float) else str(result)
    if namespace.get(name) is not None:
        print(f"You said: {namespace[name]}. The answer is: {shown}.")
    else:
        print(f"It is {shown}. You made no guess: the surprise is half of the lesson.")
