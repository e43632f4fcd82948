"""Exercise 05.3: what detach does."""

from typing import Any

import numpy as np

from animegan_workshop.checks.tools import NotDoneYet, demand, exercise, shorten

DETACH = {
    "a": (True, "without detach, backward goes on through the fakes into G, see 05.2"),
    "b": (False, "no optimiser moves what it does not hold, and opt_d holds D only, see 05.2"),
    "c": (False, "the detached tensor shares its memory with fake"),
    "d": (False, "opt_g.zero_grad() throws away what D's loss left in G, see 05.3"),
    "e": (True, "the old logits came from a detached copy, and D has moved since, see 05.3"),
    "f": (True, "the way from the loss to G leads through D, see 05.3"),
}
"""Letter -> whether the statement holds, and why."""


def spoken(answer: Any, letters: dict, todo: str) -> dict:
    """An answer that is a dictionary with all letters; todo: what to do with each."""
    form = (
        f'answer with a dictionary, its keys are the letters "{min(letters)}" to "{max(letters)}"'
    )
    demand(isinstance(answer, dict), f"{form}, not {shorten(answer)}")
    if not answer:
        raise NotDoneYet(f"not done yet. {todo}")
    missing = ", ".join(letter for letter in letters if letter not in answer)
    demand(not missing, f"missing: {missing}. {form}")
    return answer


@exercise("05.3", {letter: truth for letter, (truth, _) in DETACH.items()})
def detach_question(answer, seed):
    """{"a": True, ...}: whether each of the six statements about detach holds."""
    said = spoken(answer, DETACH, "Say True or False to each of a to f.")
    for letter, (truth, reason) in DETACH.items():
        value = np.asarray(said[letter])
        plain = value.dtype == bool and value.size == 1
        demand(plain, f"({letter}): say True or False, without quotes, not {shorten(said[letter])}")
        demand(value == truth, f"({letter}) is {str(truth).lower()}: {reason}")
    return "all six"
