"""What `make test` runs: ruff, the unit tests, and every notebook in smoke mode."""

import os
import subprocess
import sys
import time

from animegan_workshop.teaching.notebooks import PROJECT, notebook_paths


def run_tests(slow: bool = False) -> int:
    """Runs every step even where one fails; gives the first exit status that is not 0.

    The notebooks run in smoke mode beside the unit tests, two files at a time. tests/conftest.py
    sets the environment of both. slow: the slow unit tests instead.
    """
    if not (PROJECT / "tests").is_dir():
        raise ValueError("there are no tests here: the student edition comes without them")
    start = time.monotonic()
    python = [sys.executable, "-m"]
    workers = str(min(2, os.cpu_count() or 1))
    pytest = [*python, "pytest", "-n", workers, "--dist", "loadfile"]
    if slow:
        steps = [[*pytest, "-m", "slow", "tests"]]
    else:
        notebooks = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout", "300"]
        notebooks += map(str, notebook_paths())
        steps = [
            [*python, "ruff", "check", "."],
            [*python, "ruff", "format", "--check", "."],
            [*pytest, "-m", "not slow", *notebooks, "tests"],
        ]
    statuses = [subprocess.call(step, cwd=PROJECT) for step in steps]
    print(f"the tests took {(time.monotonic() - start) / 60:.1f} minutes")
    return next(filter(None, statuses), 0)
