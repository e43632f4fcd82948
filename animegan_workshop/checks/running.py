"""Running an answer safely: settings and random numbers of its own, and a limit of time."""

import contextlib
import ctypes
import random
import threading
import warnings
from collections.abc import Iterator

import numpy as np
import torch

from animegan_workshop.checks.failures import demand

SECONDS = 30  # an answer takes less than one second; an endless loop is stopped


class TookTooLong(BaseException):
    """Raised inside an answer that does not end. Not an Exception: an answer may catch those."""


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
    thread = ctypes.c_ulong(threading.get_ident())
    strike = ctypes.pythonapi.PyThreadState_SetAsyncExc
    # Locks are one call into C; an Event is Python code, which could be struck half way.
    running, striking = threading.Lock(), threading.Lock()
    running.acquire()

    def watch() -> None:
        pause = seconds
        while not running.acquire(timeout=pause):
            with striking:
                if running.locked():
                    strike(thread, ctypes.py_object(TookTooLong))
            pause = max(seconds, 1.0)  # the next must not strike while this one is handled

    try:
        threading.Thread(target=watch, daemon=True).start()
        yield
    finally:
        ended = False
        while not ended:
            try:
                with striking:
                    running.release()
                for _ in range(100):  # one that is on its way arrives here
                    pass
                ended = True
            except TookTooLong:
                running.acquire(blocking=False)
