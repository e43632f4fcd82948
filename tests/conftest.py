"""What unit tests and notebooks share: smoke budget, drawn faces, their own folders, one thread."""

import os
import tempfile
from pathlib import Path

import pytest


def pytest_configure(config):
    """Sets the environment, which workers and kernels inherit. No folder of the user's is used."""
    if hasattr(config, "workerinput"):
        return
    folder = tempfile.TemporaryDirectory(prefix="animegan-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    os.environ.pop("ANIMEGAN_FACES", None)
    os.environ.update(
        ANIMEGAN_BUDGET="smoke",
        ANIMEGAN_STRICT="1",  # a wrong answer raises, in the solved notebooks too
        ANIMEGAN_CACHE=str(Path(folder.name) / "cache"),
        ANIMEGAN_RUNS=str(Path(folder.name) / "runs"),
        OMP_NUM_THREADS="1",  # as many processes as cores, so one thread each
        OMP_WAIT_POLICY="PASSIVE",  # idle threads sleep
    )


@pytest.fixture(autouse=True)
def fresh_seed():
    """Every test starts from the same random numbers."""
    import torch  # after the environment is set

    torch.manual_seed(0)
