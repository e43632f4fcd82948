"""What makes a check of a test: it runs the answer, and shows one line in a box."""

import contextlib
import functools
import html
import inspect
import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from animegan_workshop.checks import running
from animegan_workshop.checks.failures import CheckFailed, NotDoneYet, demand, shorten

OURS = Path(__file__).parents[1], Path(__file__).parents[2] / "animegan_helpers"

STUB = "your turn: replace this line"

BACKGROUNDS = {"info": "#b2ebf2", "success": "#c8e6c9", "warning": "#ffe0b2", "danger": "#ffcdd2"}
"""Jupyter's own, but it draws pale text on them in its dark theme: the boxes say their colours."""

EXPLAINED = {
    'missing the required "forward" function': "the class has no forward: look at its spelling and "
    "how far it is indented. A ModuleList cannot be called: loop over it",
    "Eigenvalues did not converge": "a matrix holds nan, perhaps the root of a negative number",
    "3D (unbatched)": "a convolution wants (B, C, H, W): reshape z to (B, z_dim, 1, 1) first",
    "running_mean should": "batch norm wants the number of channels that it receives",
    "Negation, the `-` operator": "- does not turn a mask round: write ~mask",
    "channels instead": "the channels do not fit",
    "could not create a primitive": "a layer has no channels, or they do not fit: look at each one",
    "with two bool tensors": "True and False must become numbers first: .float()",
    "required positional argument": "the exercise gives fewer arguments: is a default missing?",
}
"""Words in Python's or torch's message -> what they mean here."""


def exercise(where: str, ours: Any) -> Callable[[Callable], Callable[..., None]]:
    """Makes a check of a test.

    A test takes the answer and a seed, raises CheckFailed for a fault, and returns a few words on
    what is right. The check adds the pointer to the section, runs the test with random numbers and
    settings of its own, and turns whatever goes wrong inside the answer into one line. In a
    notebook it shows that line in a box and stops nothing; where answers are marked it raises.

    where: the section that explains, "03.4"; a sentence that ends in "see 02.1" points elsewhere.
    ours: the workbook's own answer, for whoever wants to go on without.
    """

    def decorate(test: Callable[[Any, int], str]) -> Callable[..., None]:
        def judge(answer: Any, seed: int = 0) -> str:
            """What is right about the answer; raises CheckFailed or NotDoneYet."""
            if is_stub(answer):
                todo = f'replace the line that says "{STUB}", then run the cell again'
                raise NotDoneYet(f"{test.__name__}: not done yet: {todo}")
            try:
                with running.own_settings(seed), running.time_limit(running.SECONDS):
                    _check_kind(answer, ours)
                    return test(answer, seed)
            except NotDoneYet:
                raise
            except (Exception, running.TookTooLong) as error:
                raise CheckFailed(_with_pointer(_in_words(error, answer), where)) from error

        @functools.wraps(test)
        def check(answer: Any, *, seed: int = 0) -> None:
            try:
                box(f"Right: {judge(answer, seed)}.", "success")
            except (CheckFailed, NotDoneYet) as problem:
                if strict():
                    raise
                done = isinstance(problem, CheckFailed)
                box(f"Not yet: {problem}" if done else str(problem), "warning" if done else "info")

        check.where, check.ours, check.judge = where, ours, judge
        return check

    return decorate


def strict() -> bool:
    """Whether a wrong answer stops the run: where nbgrader marks, and where tests ask for it."""
    return "NBGRADER_EXECUTION" in os.environ or os.environ.get("ANIMEGAN_STRICT") == "1"


def box(text: str, colour: str) -> None:
    """Shows a line in a coloured box in a notebook, and prints it elsewhere.

    colour: "success", "warning" or "info", as Jupyter's style sheet names them.
    """
    ipython = sys.modules.get("IPython")
    if not ipython or ipython.get_ipython() is None:
        print(text)
        return
    from IPython.display import display

    style = f"background: {BACKGROUNDS[colour]}; color: black"
    look = (
        f'<div class="alert alert-block alert-{colour}" style="{style}">{html.escape(text)}</div>'
    )
    display({"text/html": look, "text/plain": text}, raw=True)


def is_stub(answer: Any) -> bool:
    """Whether the answer still has the line of an exercise that nobody has begun."""
    parts = vars(answer).values() if inspect.isclass(answer) else [answer]
    for part in filter(inspect.isfunction, parts):
        with contextlib.suppress(OSError, TypeError):  # some functions have no source to read
            if STUB in inspect.getsource(part):
                return True
    return False


def _in_words(error: BaseException, answer: Any) -> str:
    """A fault that was found, a loop that was stopped, or the line that stopped and why."""
    said = " ".join(str(error).split())
    if isinstance(error, CheckFailed):
        return said
    if isinstance(error, running.TookTooLong):
        return (
            f"your answer did not end within {running.SECONDS:g} seconds: look for an endless loop"
        )
    meaning = [text for words, text in EXPLAINED.items() if words in said]
    said = f"{type(error).__name__}: {said[:160]}" if said else type(error).__name__
    said = f"{meaning[0]} ({said})" if meaning else said
    frames = [(Path(f.filename), f.line) for f in traceback.extract_tb(error.__traceback__)]
    others = (*OURS, Path(torch.__file__).parents[1])
    own = [line for file, line in frames if line and not set(others) & set(file.parents)]
    name = getattr(answer, "__name__", "your answer")
    if not own:
        return f"{name} cannot be used as the exercise asks: {said}"
    return f"{name} stops at `{own[-1].strip()[:100]}`: {said}"  # notebooks do not number cells


def _with_pointer(sentence: str, where: str) -> str:
    """The sentence with its section written out; `where` unless it names another one itself."""
    if not re.search(r"\bsee \d\d\.\d+$", sentence):
        sentence += f", see {where}"
    return re.sub(r"\bsee (\d\d)\.(\d+)$", r"see section \2 of notebook \1", sentence)


def _check_kind(answer: Any, ours: Any) -> None:
    """An answer must be something to call, and the student's own."""
    called = f"give the function or class itself, without brackets, not {shorten(answer)}"
    demand(callable(answer) or not callable(ours), called)
    network = isinstance(answer, torch.nn.Module) and inspect.isclass(ours)
    demand(not network, "give the class itself, not a network made of it: no brackets")
    while isinstance(answer, functools.partial):
        answer = answer.func
    family = answer.__mro__ if inspect.isclass(answer) else [answer]
    taken = any(str(getattr(one, "__module__", "")).startswith("animegan_") for one in family)
    demand(not taken and answer is not ours, "that is the workbook's own answer: write your own")
