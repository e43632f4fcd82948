"""What a check says of an answer that is not right, or not begun."""

from typing import Any

import numpy as np
import torch


class CheckFailed(AssertionError):
    """An answer that is not right yet. The message names the fault and the section for it."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the message alone."""
        return [f"Not yet: {self}"]


class NotDoneYet(NotImplementedError):
    """An exercise that nobody has begun."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def demand(met: bool, sentence: str) -> None:
    """Raises CheckFailed with the sentence unless the demand is met."""
    if not met:
        raise CheckFailed(sentence)


def shorten(value: Any) -> str:
    """A value in a few words, however long it is."""
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic, float)):
        array = np.asarray(value.detach().cpu() if isinstance(value, torch.Tensor) else value)
        if array.size > 12:
            return f"values of shape {array.shape}"
        return np.array2string(array, separator=", ", formatter={"float": "{:.3g}".format})
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"
