"""What all tests share: the smoke budget, drawn faces, a cache of their own."""

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def smoke_budget(tmp_path_factory):
    """Tests are small, draw their own faces and leave the user's cache alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANIMEGAN_BUDGET", "smoke")
        patch.delenv("ANIMEGAN_FACES", raising=False)
        patch.setenv("ANIMEGAN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def fresh_seed():
    torch.manual_seed(0)
