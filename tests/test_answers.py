"""Answers a class would hand in: every wrong one is told what is wrong, every right one passes.

They were written by people who had not read the checks, one TOML file an exercise in `answers/`.
`python tests/test_answers.py NAME ...` prints what each wrong answer is told.
"""

import linecache
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
import torch._dynamo  # by itself at an optimiser's first step, where the limit could cut it off
import torch.nn.functional as F
from torch import nn

from animegan_workshop import checks
from animegan_workshop.checks import running

pytestmark = pytest.mark.slow

FILES = sorted(Path(__file__).with_name("answers").glob("*.toml"))
UNNAMED = 1  # so many wrong answers to an exercise may be told something else that is true


def answers_of(path: Path, kind: str) -> list[tuple[str, list[str], str]]:
    """What each answer of a kind is, the words its message should hold, and what it was told.

    The last is "" for an answer that passed. kind: "wrong" or "right".
    """
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return [
        (one["what"], one.get("says", []), told(path.stem, table["answer"], one["code"]))
        for one in table.get(kind, [])
    ]


def told(name: str, answer: str, code: str) -> str:
    """What the check called `name` says of an answer; "" where it is right."""
    file = f"<answer to {name}>"
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    given = {"np": np, "torch": torch, "nn": nn, "F": F, "__name__": "__main__"}
    try:
        exec(compile(code, file, "exec"), given)
        vars(checks)[name].judge(given[answer])
    except (checks.CheckFailed, checks.NotDoneYet) as problem:
        return str(problem)
    except Exception as error:  # the answer's own cell stops, as it would in the notebook
        return f"{type(error).__name__}: {error}"
    return ""


def names_it(message: str, words: list[str]) -> bool:
    return any(word.lower() in message.lower() for word in words)


@pytest.fixture(autouse=True)
def short_limit(monkeypatch):
    monkeypatch.setattr(running, "SECONDS", 15)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_right_answers_pass(path):
    refused = {what: message for what, _, message in answers_of(path, "right") if message}
    assert not refused


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_wrong_answers_are_named(path):
    wrong = answers_of(path, "wrong")
    assert len(wrong) >= 12
    assert not [what for what, _, message in wrong if not message]
    unnamed = [(what, message) for what, words, message in wrong if not names_it(message, words)]
    assert len(unnamed) <= UNNAMED, unnamed


def print_score(names: list[str]) -> None:
    """Every answer that is judged wrongly or not named, and the sums."""
    running.SECONDS = 15
    passed, refused, unnamed, count = 0, 0, 0, [0, 0]
    for path in (path for path in FILES if not names or path.stem in names):
        for what, _, message in answers_of(path, "right"):
            count[0] += 1
            if message:
                refused += 1
                print(f"{path.stem}: REFUSED {what!r}: {message}")
        for what, words, message in answers_of(path, "wrong"):
            count[1] += 1
            if not message:
                passed += 1
                print(f"{path.stem}: PASSED {what!r}")
            elif not names_it(message, words):
                unnamed += 1
                print(f"{path.stem}: not named {what!r} {words}: {message}")
    print(f"{count[0]} right answers, {refused} refused; {count[1]} wrong ones: {passed} passed, ")
    print(f"{unnamed} not named, {count[1] - passed - unnamed} named")


if __name__ == "__main__":
    print_score(sys.argv[1:])
