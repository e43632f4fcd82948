"""What all checks share: one line for each fault, nothing of the notebook's disturbed, and a way on for everybody."""

import contextlib
import functools
import io
import re
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

PROJECT = Path(__file__).parents[2]
OURS = PROJECT / "animegan_helpers", PROJECT / "animegan_workshop"


class CheckFailed(AssertionError):
    """An answer that is not right yet. The message names the fault and the section that explains it, "see 05.2"."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the message alone, with the section written out, since exercises have such numbers."""
        return [
            re.sub(r"\bsee (\d\d)\.(\d+)", r"see section \2 of notebook \1", f"Not yet: {self}")
        ]


class NotDoneYet(NotImplementedError):
    """An exercise that nobody has begun."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def exercise(where: str, ours: Any) -> Callable[[Callable[..., str]], Callable[..., None]]:
    """Makes a check of a test.

    A test takes the answer and a seed, raises CheckFailed for a fault, and returns a few words on what is right. The
    check leaves torch's random numbers as they were and turns whatever goes wrong inside the answer into one line.
    where: the section that explains, "03.4"; ours: the workbook's own answer, for whoever wants to go on without.
    """

    def decorate(test: Callable[..., str]) -> Callable[..., None]:
        @functools.wraps(test)
        def check(answer: Any, *, seed: int = 0) -> None:
            if callable(ours) and not callable(answer):
                raise CheckFailed(
                    f"the check wants the function or class itself, not {_short(answer)}: no brackets"
                )
            try:
                with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
                    warnings.simplefilter(
                        "ignore"
                    )  # nbgrader gives no points where anything is written to stderr
                    torch.default_generator.manual_seed(seed)
                    remark = test(answer, seed)
            except (CheckFailed, NotDoneYet):
                raise
            except NotImplementedError:
                raise NotDoneYet(
                    f"{test.__name__}: not done yet. Replace the line that raises "
                    "NotImplementedError, then run the cell again."
                ) from None
            except Exception as error:
                raise CheckFailed(f"{_where_it_stopped(error, answer)} (see {where})") from error
            print(f"Right: {remark}.")

        check.where, check.ours = where, ours
        return check

    return decorate


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"


def _where_it_stopped(error: Exception, answer: Any) -> str:
    """Which line of the reader's own stopped, and with what; the line itself, since notebooks do not number cells."""
    name = getattr(answer, "__name__", "your answer")
    frames = [
        f
        for f in traceback.extract_tb(error.__traceback__)
        if f.line and "site-packages" not in f.filename
    ]
    own = [f for f in frames if not set(OURS) & set(Path(f.filename).parents)]
    said = " ".join(str(error).split())
    said = f"{type(error).__name__}: {said[:160]}" if said else type(error).__name__
    if not own:
        return f"{name} could not be used as the exercise asks: {said}"
    return f"{name} stops at `{own[-1].line.strip()}` with {said}"


def carry_on(namespace: dict[str, Any], name: str, check: Callable) -> Any:
    """namespace[name] if it passes the check, else the workbook's own, with a line that says so.

    A notebook goes on with what this returns, so an exercise that is not solved yet stops nobody.
    """
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            check(namespace[name])
        return namespace[name]
    except (KeyError, CheckFailed, NotImplementedError):
        print(f"{name}: not right yet; from here on the workbook's own is used")
        return check.ours


def prediction(
    guess: Any,
    *,
    options: tuple = (),
    between: tuple[float, float] | None = None,
    quiet: bool = False,
) -> None:
    """Notes a guess made before a run; any guess will do that is one of the options or lies between two numbers."""
    if options and guess not in options:
        raise CheckFailed(f"choose one of {', '.join(map(repr, options))}, not {_short(guess)}")
    if between:
        if isinstance(guess, bool) or not isinstance(guess, (int, float)):
            raise CheckFailed(
                f"guess a number between {between[0]:g} and {between[1]:g}, not {_short(guess)}"
            )
        if not between[0] <= guess <= between[1]:
            raise CheckFailed(
                f"{guess:g} cannot be: guess a number between {between[0]:g} and {between[1]:g}"
            )
    if not quiet:
        print(f"Noted: {guess}. Now run on, and compare.")


def reveal(namespace: dict[str, Any], name: str, result: Any) -> None:
    """Sets the guess beside the result."""
    shown = f"{result:.3g}" if isinstance(result, float) else str(result)
    if name in namespace:
        print(f"You said {namespace[name]}; it is {shown}.")
    else:
        print(f"It is {shown}. You made no guess: the surprise is half of the lesson.")


def close(got: Any, wanted: Any, tolerance: float = 1e-5) -> bool:
    """Whether two numbers, arrays or tensors agree in shape and in every value."""
    got, wanted = _array(got), _array(wanted)
    return got.shape == wanted.shape and bool(
        np.allclose(got, wanted, rtol=tolerance, atol=tolerance)
    )


def _array(value: Any) -> np.ndarray:
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    return np.asarray(value, dtype=np.float64)


def compare(
    got: Any, wanted: Any, faults: dict[str, Any], otherwise: str, tolerance: float = 1e-5
) -> None:
    """Raises CheckFailed unless `got` is `wanted`: with the sentence of the fault whose value it is, or `otherwise`.

    faults: sentence -> the value that this fault leads to, or a tuple of such values.
    """
    if got is None:
        raise CheckFailed("your function returns None: its last line must be a return")
    if close(got, wanted, tolerance):
        return
    for sentence, values in faults.items():
        if any(
            close(got, value, tolerance)
            for value in (values if isinstance(values, tuple) else (values,))
        ):
            raise CheckFailed(sentence)
    raise CheckFailed(otherwise)


def demand(met: bool, sentence: str) -> None:
    """Raises CheckFailed with the sentence unless the demand is met."""
    if not met:
        raise CheckFailed(sentence)
