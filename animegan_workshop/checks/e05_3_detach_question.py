"""Exercise 05.3: what detach does."""

import numpy as np

from animegan_workshop.checks.core import NotDoneYet, demand, exercise, shorten

DETACH = {
    "a": (True, "without detach, backward goes on through the fakes into G, see 05.2"),
    "b": (False, "no optimiser moves what it does not hold, and opt_d holds D only, see 05.2"),
    "c": (False, "the detached tensor shares its memory with fake, see 05.2"),
    "d": (False, "opt_g.zero_grad() throws away what D's loss left in G, see 05.3"),
    "e": (True, "the old logits came from a detached copy, and D has moved since, see 05.3"),
    "f": (True, "the way from the loss to G leads through D, see 05.3"),
}
"""Letter -> whether the statement holds, and why."""


@exercise("05.3", {letter: truth for letter, (truth, _) in DETACH.items()})
def detach_question(answer, seed):
    """{"a": True, ...}: whether each of the six statements about detach holds."""
    demand(isinstance(answer, dict), f"answer with a dictionary, not {shorten(answer)}")
    said = {letter: np.asarray(answer.get(letter)) for letter in DETACH}
    left = [letter for letter in DETACH if said[letter].dtype != bool or said[letter].size != 1]
    if len(left) == len(DETACH):
        raise NotDoneYet("detach_question: not done yet. Say True or False to each of a to f.")
    demand(not left, f"say True or False to {', '.join(left)} as well")
    for letter, (truth, reason) in DETACH.items():
        demand(said[letter] == truth, f"({letter}) is {str(truth).lower()}: {reason}")
    return "all six"
