"""The machine in words, for results."""

import os
import platform
import re
from pathlib import Path

from animegan_helpers.budget import choose_device


def hardware(device: str | None = None) -> str:
    """The machine in words: its GPU if it is used, else the number of cores and the processor.

    device: as for `choose_device`.
    """
    if choose_device(device).type == "cuda":
        import torch

        return torch.cuda.get_device_name()
    info = Path("/proc/cpuinfo")  # Linux; elsewhere the platform module knows the name
    text = info.read_text(encoding="utf-8") if info.exists() else ""
    model = re.search(r"model name\s*: (.*)", text)
    return f"{os.cpu_count()} cores, {model[1] if model else platform.processor()}"
