"""What all checks share: running an answer safely, comparing it, and naming what is wrong."""

import contextlib
import copy
import ctypes
import functools
import html
import inspect
import os
import random
import re
import sys
import textwrap
import threading
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

OURS = Path(__file__).parents[1], Path(__file__).parents[2] / "animegan_helpers"
SECONDS = 30  # an answer takes less than one second; an endless loop is stopped
STUB = "your turn: replace this line"

EXPLAINED = {
    'missing the required "forward" function': "the class has no forward: look at its spelling and "
    "how far it is indented. A ModuleList cannot be called: loop over it",
    "Eigenvalues did not converge": "a matrix holds nan, perhaps the root of a negative number",
    "3D (unbatched)": "a convolution wants (B, C, H, W): reshape z to (B, z_dim, 1, 1) first",
    "running_mean should": "batch norm wants the number of channels that it receives",
    "Negation, the `-` operator": "- does not turn a mask round: write ~mask",
    "with two bool tensors": "True and False must become numbers first: .float()",
    "required positional argument": "the exercise gives fewer arguments: is a default missing?",
}
"""Words in Python's or torch's message -> what they mean here."""

FACTORS = {
    "the angle is in degrees: sin and cos want radians": 180 / np.pi,
    "log2 stands where the natural logarithm belongs": 1 / np.log(2),
    "log10 stands where the natural logarithm belongs": 1 / np.log(10),
    "that is in percent": 100,
}

EXACT = "go through all ways and work out the exact value"

SUMS = (
    ("that is a sum over {n} values: take the mean", 1, 0),
    ("that is a mean over {n} values: take the sum", -1, 0),
    ("you divide by {n} - 1 where {n} belongs", 1, -2),
    ("you divide by {n} where {n} - 1 belongs", -1, 2),
    ("a variance or root of one divides by {n} - 1 where {n} belongs", 0.5, -1),
    ("a variance or root of one divides by {n} where {n} - 1 belongs", -0.5, 1),
)
"""What it means, n's power in the factor, and twice the power of n - 1."""


class CheckFailed(AssertionError):
    """An answer that is not right yet. The message names the fault and the section for it."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the message alone."""
        return [f"Not yet: {self}"]


class NotDoneYet(NotImplementedError):
    """An exercise that nobody has begun."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class TookTooLong(BaseException):
    """Raised inside an answer that does not end. Not an Exception: an answer may catch those."""


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
                with own_settings(seed), time_limit(SECONDS):
                    _check_kind(answer, ours)
                    return test(answer, seed)
            except NotDoneYet:
                raise
            except (Exception, TookTooLong) as error:
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

    look = f'<div class="alert alert-block alert-{colour}">{html.escape(text)}</div>'
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
    if isinstance(error, TookTooLong):
        return f"your answer did not end within {SECONDS:g} seconds: look for an endless loop"
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


@contextlib.contextmanager
def own_settings(seed: int) -> Iterator[None]:
    """Random numbers from a seed, gradients on, float32; afterwards all is as before.

    Warnings are kept quiet: nbgrader gives no points where anything is written to stderr.
    """
    kind, numpy_state = torch.get_default_dtype(), np.random.get_state()
    python_state = random.getstate()
    with (
        torch.random.fork_rng(devices=[]),
        torch.inference_mode(False),
        torch.enable_grad(),
        np.errstate(all="ignore"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        torch.set_default_dtype(torch.float32)
        for start in (torch.default_generator.manual_seed, np.random.seed, random.seed):
            start(seed)
        try:
            yield
            off = "your answer switches gradients off for what follows too: use torch.no_grad()"
            demand(torch.is_grad_enabled(), off)
            default = "your answer changes torch's default type for what follows too"
            demand(torch.get_default_dtype() == torch.float32, default)
        finally:
            torch.set_default_dtype(kind)
            np.random.set_state(numpy_state)
            random.setstate(python_state)


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises TookTooLong in this thread after so many seconds, and again where that was caught.

    It stops Python code; a call that waits inside C is stopped when it returns.
    """
    thread, over = ctypes.c_ulong(threading.get_ident()), threading.Event()

    def watch() -> None:
        while not over.wait(seconds):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(TookTooLong))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        with contextlib.suppress(TookTooLong):
            over.set()
            watcher.join()
            for _ in range(100):  # one that is still on its way arrives here
                pass
        over.set()


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


def compare(got: Any, right: Any, faults: dict, what: str, tolerance: float = 1e-5) -> None:
    """Raises CheckFailed unless `got` is `right`: names the fault, or shows the first wrong value.

    faults: sentence -> the value that this fault leads to, or a tuple of such values.
    what: what the value is, for a fault that is not in the table, "the loss".
    """
    tables = {sentence: [[value] for value in each(values)] for sentence, values in faults.items()}
    _judge([got], [right], tables, [what], tolerance)


def try_cases(
    answer: Callable,
    ours: Callable,
    cases: list[tuple],
    faults: str | dict,
    tolerance: float = 1e-5,
    hint: str = "",
    luck: float = 0.0,
) -> None:
    """Runs the answer and ours on all cases and raises CheckFailed unless they agree.

    faults: a table of edits, see `table_of`, or sentence -> a function with this fault, or an edit,
    or a tuple of such. A fault is named only if it explains the answer in every case.
    hint: what a wrong shape is told.
    luck: how far off a mean over random draws may be, where an exact value is asked for.
    """
    names, given = list(inspect.signature(ours).parameters), [copy.deepcopy(c) for c in cases]
    got = [answer(*case) for case in given]
    right = [ours(*case) for case in cases]
    if not all(close(*pair, tolerance) for pair in zip(got, right)):
        again = [numbers(answer(*case)) for case in copy.deepcopy(cases)]
        alike = all(np.array_equal(numbers(g), a, equal_nan=True) for g, a in zip(got, again))
        demand(alike, "each call gives another result: use what is given, nothing random")
    rows = list, tuple, torch.Tensor, np.ndarray
    for kind, words in ((np.ndarray, "a numpy array"), (torch.Tensor, "a torch tensor")):
        for g, r in zip(got, right):
            other = isinstance(r, kind) and r.ndim and isinstance(g, rows)
            demand(not other or isinstance(g, kind), f"return {words}, not a {type(g).__name__}")
    tables = {
        sentence: [[edited(ours, wrong)(*case) for case in cases] for wrong in each(wrongs)]
        for sentence, wrongs in table_of(faults).items()
    }
    labels = [
        "for " + ", ".join(f"{name} = {shorten(value)}" for name, value in zip(names, case))
        for case in cases
    ]
    sizes = [np.shape(value) for value in cases[0]]
    lengths = {n for shape in sizes for n in shape}
    _judge(got, right, tables, labels, tolerance, hint, lengths, luck)
    for name, *values in zip(names, *given, *cases):
        half = len(values) // 2
        kept = all(same(*pair) for pair in zip(values[:half], values[half:]))
        demand(kept, f"your function changes {name}, which it was given: work on a copy")


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
        for sentence, edits in table_of(faults).items():
            for edit in edits:  # one after the other: each may be a whole run of training
                wrong = look(edited(ours, edit))[what]
                demand(not close(got[what], wrong, tolerance), sentence)
        compare(got[what], value, {}, what, tolerance)


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal; what is not made of numbers is taken as equal."""
    if isinstance(a, torch.Tensor):
        a, b = numbers(a), numbers(b)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    floats = isinstance(a, np.ndarray) and a.dtype.kind == "f"
    return not isinstance(a, np.ndarray) or np.array_equal(a, b, equal_nan=floats)


def table_of(faults: str | dict) -> dict:
    """A table of faults as sentence -> edits of ours. As text it has one fault a line:

    take the root of the mean square :: np.sqrt =>
    the blocks hold pixels from all over the picture :: (2, 4) => (1, 3) :: (2, 4) => (3, 4)

    A line that begins with ::, => or && goes on with the fault before it; && joins edits that are
    done together.
    """
    if isinstance(faults, dict):
        return faults
    lines = re.sub(r"\s*\n\s*(::|=>|&&) ", r" \1 ", faults.strip()).splitlines()
    rows = [line.strip().split(" :: ") for line in lines]
    return {sentence: tuple(edits) for sentence, *edits in rows}


def edited(ours: Callable, edit: str | Callable) -> Callable:
    """Ours with "old => new && old => new" done to its source: a fault as a student would make it.

    What is no text is a function already. Raises ValueError for an edit that changes nothing.
    """
    if not isinstance(edit, str):
        return edit
    source = textwrap.dedent(inspect.getsource(ours))
    for part in edit.split(" && "):
        old, new = re.fullmatch("(.*) =>(?: (.*))?", part, re.S).groups("")
        if old not in source:
            raise ValueError(f"{ours.__name__} has no {old!r} to edit")
        source = source.replace(old, new)
    namespace = dict(vars(sys.modules[ours.__module__]))
    exec(source, namespace)
    return namespace[ours.__name__]


def each(values: Any) -> tuple:
    """The alternatives of a table of faults: a tuple as it is, anything else alone."""
    return values if isinstance(values, tuple) else (values,)


def _judge(
    got: list, right: list, faults: dict, labels: list, tolerance, hint="", sizes=(), luck=0.0
) -> None:
    """Compares the values of all cases: a fault of the table, the shape, or a fault in general.

    sizes: lengths of what was given, for sums and means that were taken for each other; luck: how
    far off a mean over random draws may be.
    """
    got, right = [numbers(value) for value in got], [numbers(value) for value in right]

    def agree(others: list) -> bool:
        return all(close(g, other, tolerance) for g, other in zip(got, others))

    if agree(right):
        return
    for sentence, alternatives in faults.items():
        demand(not any(agree(values) for values in alternatives), sentence)
    for g, r, label in zip(got, right, labels):
        wanted = f"of shape {r.shape}" if r.ndim else "one number"
        given = f"shape {g.shape}" if g.ndim else "one number"
        demand(g.shape == r.shape, f"{label}: the result must be {wanted}, yours is {given}{hint}")
    for sentence, values in _in_general(got, right, sizes).items():
        demand(not agree(values), sentence)
    lucky = luck and all(np.all(abs(g - r) <= luck) for g, r in zip(got, right))
    demand(not lucky, "every value is nearly right, as with random draws: " + EXACT)
    for g, r, label in zip(got, right, labels):
        for at in np.argwhere(~np.isclose(g, r, tolerance, tolerance)):
            place = f" at {at.tolist()}" if at.size else ""
            yours, wanted = g[tuple(at)], r[tuple(at)]
            raise CheckFailed(f"{label}{place}: yours is {yours:.3g}, right is {wanted:.3g}")


def _in_general(got: list, right: list, sizes: Iterable[int]) -> dict[str, list]:
    """Faults that need no table, whatever the exercise: sentence -> the values they lead to."""
    found = {"the sign is turned": [-r for r in right]}
    g, r = (np.concatenate([value.ravel() for value in values]) for values in (got, right))
    if np.ptp(r) > 0:
        factor, shift = g @ r / (r @ r), (g - r).mean()
        known = FACTORS | {
            words.format(n=n): n**power * (n - 1) ** (taken / 2)
            for n in sorted(set(sizes) - {0, 1})
            for words, power, taken in SUMS
        }
        found |= {words: [value * factor for value in right] for words, factor in known.items()}
        if f"{factor:.3g}" not in ("0", "1"):
            found[f"every value is {factor:.3g} times the right one"] = [factor * v for v in right]
        found |= {
            f"every value is too large by {shift:.3g}": [value + shift for value in right],
            "every value is the square of the right one": [value**2 for value in right],
            "every value is the root of the right one": [np.sqrt(abs(value)) for value in right],
            "the logarithm of the right value is asked for": [np.exp(v) for v in right],
            "that is the logarithm of the right value": [np.log(abs(v) + 1e-300) for v in right],
            "you lose the sign: no absolute values": [abs(value) for value in right],
        }
        low, high = g.min(), g.max()
        ends = f"your values end at {low:.3g} and {high:.3g}: do not limit them"
        if low == high:
            ends = f"every value is {low:.3g}, whatever your function is given"
        if ((r < low) | (r > high)).sum() > 1:  # one such value may be wrong for any reason
            found[ends] = [np.clip(value, low, high) for value in right]
        cut = np.array_equal(g, np.round(g)) and not np.array_equal(r, np.round(r))
        if cut and np.ptp(g) > 0 and abs(g - r).max() <= 1:
            found["those are whole numbers: the fraction is lost, keep floats"] = got
    if all(value.ndim and value.any() for value in right):
        units = [value / np.linalg.norm(value) for value in right]
        found["you divide by the length, which is asked for as well"] = units
    if all(value.ndim == 2 for value in right):
        found["rows and columns are swapped"] = [value.T for value in right]
    if all(value.ndim for value in right):
        found |= {
            "the order is turned round: the last value comes first": [v[::-1] for v in right],
            "every value stands one place too late": [np.roll(v, 1, 0) for v in right],
            "every value stands one place too early": [np.roll(v, -1, 0) for v in right],
        }
    if all(np.allclose(np.sort(a, None), np.sort(b, None)) for a, b in zip(got, right) if b.ndim):
        found["the values are right, but they stand in another order"] = [
            a if b.ndim else b for a, b in zip(got, right)
        ]
    return found
