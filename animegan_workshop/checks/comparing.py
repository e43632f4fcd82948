"""Comparing an answer with ours: a fault of the exercise's table, one in general, or a value."""

import copy
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from animegan_workshop.checks.failures import CheckFailed, demand, shorten
from animegan_workshop.checks.faults import faults_in_general


def numbers(value: Any) -> np.ndarray:
    """A number, tensor, array or list as an array of floats; CheckFailed for anything else."""
    demand(value is not None, "your function returns None: its last line must be a return")
    try:
        if isinstance(value, torch.Tensor):
            value = value.detach().cpu().double().numpy()
        elif isinstance(value, (list, tuple)) and any(isinstance(v, torch.Tensor) for v in value):
            value = [numbers(v) for v in value]
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise CheckFailed(f"return numbers, not a {type(value).__name__}") from error
    if array.dtype.kind not in "biuf":
        raise CheckFailed(f"return numbers, not {type(value).__name__} {str(value)[:40]!r}")
    return array.astype(np.float64, copy=False)


def several(value: Any, names: str, count: int = 2) -> list:
    """The parts of an answer that gives several things; names: what they are, in words."""
    row = isinstance(value, (tuple, list)) or getattr(value, "ndim", 0) == 1
    demand(row and len(value) == count, f"return {names}, not {shorten(value)}")
    return list(value)


def close(got: Any, right: Any, tolerance: float = 1e-5) -> bool:
    """Whether two numbers, arrays or tensors agree in shape and in every value, nan in nan."""
    got, right = numbers(got), numbers(right)
    return got.shape == right.shape and np.allclose(got, right, tolerance, tolerance, True)


def try_cases(
    answer: Callable,
    ours: Callable,
    cases: list[tuple],
    faults: str,
    tolerance: float = 1e-5,
    hint: str = "",
    luck: float = 0.0,
) -> None:
    """Runs the answer and ours on all cases and raises CheckFailed unless they agree.

    faults: a table, see `table_of`. A fault is named only if it explains the answer in every case.
    hint: what a wrong shape is told.
    luck: how far off a mean over random draws may be, where an exact value is asked for.
    """
    names, given = list(inspect.signature(ours).parameters), [copy.deepcopy(c) for c in cases]
    got = [answer(*case) for case in given]
    right = [ours(*case) for case in cases]
    wrong = not _agree(got, right, tolerance)
    for case, before in zip(given, cases):
        for name, value, was in zip(names, case, before):
            said = f"your function changes {name}, which it was given: work on a copy"
            demand(same(value, was), said)
    if wrong:
        again = [numbers(answer(*case)) for case in copy.deepcopy(cases)]
        alike = all(np.array_equal(numbers(g), a, equal_nan=True) for g, a in zip(got, again))
        use = "the seed" if "seed" in names else "what is given, nothing random or kept from before"
        demand(alike, f"each call gives another result: use {use}")
    rows = list, tuple, torch.Tensor, np.ndarray
    for kind, words in ((np.ndarray, "a numpy array"), (torch.Tensor, "a torch tensor")):
        for g, r in zip(got, right):
            other = isinstance(r, kind) and r.ndim and isinstance(g, rows)
            demand(not other or isinstance(g, kind), f"return {words}, not a {type(g).__name__}")
    for sentence, fault in with_faults(ours, faults) if wrong else ():
        demand(not _agree(got, [fault(*case) for case in cases], tolerance), sentence)
    labels = [
        "for " + ", ".join(f"{name} = {shorten(value)}" for name, value in zip(names, case))
        for case in cases
    ]
    sizes = [np.shape(value) for value in cases[0]]
    lengths = {n for shape in sizes for n in shape}
    _judge(got, right, labels, tolerance, hint, lengths, luck)


def try_parts(
    answer: Callable, ours: Callable, look: Callable[[Callable], dict], faults: str, tolerance=1e-5
) -> None:
    """Like `try_cases`, for what has several parts: names the fault of the first that is wrong.

    look: runs a function -> what a part is, in words -> its value.
    """
    got, right = look(answer), look(ours)
    for what, value in right.items():
        if close(got[what], value, tolerance):
            continue
        for sentence, fault in with_faults(ours, faults):
            demand(not close(got[what], look(fault)[what], tolerance), sentence)
        _judge([got[what]], [value], [what], tolerance)


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal; what is not made of numbers is taken as equal."""
    if isinstance(a, torch.Tensor):
        a, b = numbers(a), numbers(b)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    floats = isinstance(a, np.ndarray) and a.dtype.kind == "f"
    return not isinstance(a, np.ndarray) or np.array_equal(a, b, equal_nan=floats)


def table_of(faults: str) -> list[tuple[str, str]]:
    """The rows of a table of faults, a sentence and an edit of ours. It has one fault a line:

    take the root of the mean square :: np.sqrt =>
    the blocks hold pixels from all over the picture :: (2, 4) => (1, 3) :: (2, 4) => (3, 4)

    A line that begins with ::, => or && goes on with the fault before it; && joins edits that are
    done together.
    """
    lines = re.sub(r"\s*\n\s*(::|=>|&&) ", r" \1 ", faults.strip()).splitlines()
    rows = [line.strip().split(" :: ") for line in lines]
    return [(sentence, edit) for sentence, *edits in rows for edit in edits]


def edited(ours: Callable, edit: str) -> Callable:
    """Ours with "old => new && old => new" done to its source: a fault as a student would make it.

    Raises ValueError for an edit that changes nothing.
    """
    source = textwrap.dedent(inspect.getsource(ours))
    for part in edit.split(" && "):
        old, new = re.fullmatch("(.*) =>(?: (.*))?", part, re.S).groups("")
        if old not in source:
            raise ValueError(f"{ours.__name__} has no {old!r} to edit")
        source = source.replace(old, new)
    namespace = dict(vars(sys.modules[ours.__module__]))
    exec(source, namespace)
    return namespace[ours.__name__]


def with_faults(ours: Callable, faults: str) -> Iterator[tuple[str, Callable]]:
    """Each fault of a table: its sentence, and ours with this fault, made when its turn comes."""
    for sentence, edit in table_of(faults):
        yield sentence, edited(ours, edit)


def _agree(got: list, others: list, tolerance: float) -> bool:
    return all(close(*pair, tolerance) for pair in zip(got, others))


def _judge(
    got: list, right: list, labels: list, tolerance: float, hint="", sizes=(), luck=0.0
) -> None:
    """Compares the values of all cases: the shape, a fault in general, or the first wrong value.

    sizes: lengths of what was given, for sums and means that were taken for each other; luck: how
    far off a mean over random draws may be.
    """
    got, right = [numbers(value) for value in got], [numbers(value) for value in right]
    if _agree(got, right, tolerance):
        return
    for g, r, label in zip(got, right, labels):
        wanted = f"of shape {r.shape}" if r.ndim else "one number"
        given = f"shape {g.shape}" if g.ndim else "one number"
        demand(g.shape == r.shape, f"{label}: the result must be {wanted}, yours is {given}{hint}")
    for sentence, values in faults_in_general(got, right, sizes).items():
        demand(not _agree(got, values, tolerance), sentence)
    lucky = luck and all(np.all(abs(g - r) <= luck) for g, r in zip(got, right))
    exact = "go through all ways and work out the exact value"
    demand(not lucky, f"every value is nearly right, as with random draws: {exact}")
    for g, r, label in zip(got, right, labels):
        for at in np.argwhere(~np.isclose(g, r, tolerance, tolerance)):
            place = f" at {at.tolist()}" if at.size else ""
            yours, wanted = g[tuple(at)], r[tuple(at)]
            apart = (d for d in (3, 6, 16) if f"{yours:.{d}g}" != f"{wanted:.{d}g}")
            digits = next(apart, 3)  # as many as show the difference
            told = f"yours is {yours:.{digits}g}, right is {wanted:.{digits}g}"
            raise CheckFailed(f"{label}{place}: {told}")
