"""How much memory other processes use, now and at their peak."""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress

MIB = 2**20


def resident_mib(pids: Iterable[int]) -> float:
    """Resident memory (RSS) of processes in MiB, summed; a page that two of them share counts twice."""
    return _sum(pids, lambda process: process.memory_info().rss)


def proportional_mib(pids: Iterable[int]) -> float:
    """Proportional memory (PSS) in MiB, summed: a page that n processes share counts 1/n for each. Linux only.

    Raises ValueError on a system that does not tell it.
    """
    import psutil  # comes with ipykernel

    if not psutil.LINUX:
        raise ValueError("memory that processes share is known on Linux only: measure there")
    return _sum(pids, lambda process: process.memory_full_info().pss)


def descendants(pid: int | None = None) -> list[int]:
    """The processes that a process started, and those they started; of this process if `pid` is None."""
    import psutil

    with suppress(psutil.NoSuchProcess):
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return []


def _sum(pids: Iterable[int], read: Callable) -> float:
    import psutil

    total = 0
    for pid in pids:
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):  # it ended a moment ago
            total += read(psutil.Process(pid))
    return total / MIB


class Peak:
    """`with Peak(read) as peak:` calls read() ten times a second from a thread; `peak.value` is the largest answer."""

    def __init__(self, read: Callable[[], float], seconds: float = 0.1):
        self.value, self.read, self.seconds = 0.0, read, seconds
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self.over.wait(self.seconds):
            self.value = max(self.value, self.read())

    def __enter__(self) -> "Peak":
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.over.set()
        self.thread.join()
