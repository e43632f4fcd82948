"""How much to do and on what: the budget, the device, the precision, the seed (all notebooks)."""

from __future__ import annotations

import os
import random
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from animegan_helpers.files import ReadError, read_json

if TYPE_CHECKING:
    import torch  # else only inside the functions that need it: it takes seconds to load

PROJECT = Path(__file__).resolve().parent.parent
DATA = PROJECT / "data"


@dataclass(frozen=True)
class Budget:
    """How much work a notebook does.

    faces: pictures to train on; width: channels of G's last hidden layer; epochs: passes over the
    faces; toy_steps: updates of a 2-D toy GAN; samples: pictures drawn from G to measure it;
    preset: the training preset of the same size.
    """

    name: str
    faces: int
    width: int
    epochs: int
    toy_steps: int
    samples: int
    preset: str


BUDGETS = {
    # name, faces, width, epochs, toy_steps, samples, preset
    "smoke": Budget("smoke", 300, 8, 2, 150, 300, "smoke"),
    "laptop": Budget("laptop", 6_000, 24, 8, 3_000, 2_000, "laptop"),
    "gpu": Budget("gpu", 25_000, 64, 100, 10_000, 10_000, "report"),
}


def runs_folder() -> Path:
    """Where the notebooks keep their runs: ANIMEGAN_RUNS, else data/runs."""
    return Path(os.environ.get("ANIMEGAN_RUNS") or DATA / "runs").expanduser()


def choose_budget(name: str | None = None) -> Budget:
    """The budget called `name`, else ANIMEGAN_BUDGET's, else `gpu` with CUDA and `laptop` without.

    Raises ValueError when there is no budget of that name.
    """
    name = name or os.environ.get("ANIMEGAN_BUDGET")
    if not name:
        import torch

        name = "gpu" if torch.cuda.is_available() else "laptop"
    if name not in BUDGETS:
        names = ", ".join(BUDGETS)
        raise ValueError(f"no budget is called {name!r}: set ANIMEGAN_BUDGET to one of {names}")
    return BUDGETS[name]


def choose_device(name: str | None = None) -> torch.device:
    """The device called `name`, else the best there is: CUDA, then Apple's MPS, then the CPU.

    Where torchrun started this process, it takes the GPU of its LOCAL_RANK, so that the processes
    of a machine share its GPUs. Raises ValueError when the machine has no such device.
    """
    import torch

    if name is None:
        mps = torch.backends.mps.is_available()
        name = "cuda" if torch.cuda.is_available() else "mps" if mps else "cpu"
    try:
        device = torch.device(name)
        if device.type == "cuda":
            rank = os.environ.get("LOCAL_RANK")
            device = torch.device("cuda", int(rank)) if rank else device
            torch.cuda.set_device(device.index or 0)
        torch.zeros(1, device=device).item()  # a device such as `meta` holds no numbers
    except (RuntimeError, AssertionError, NotImplementedError, AttributeError):
        # a torch without CUDA lacks names, hence the last
        advice = "use cpu, or leave the device out"
        raise ValueError(f"this machine has no device {name!r}: {advice}") from None
    return device


def best_precision(device: torch.device, width: int = 64, batch: int = 50) -> str:
    """`bf16` where a convolution is really faster in it, forward and backward, else `fp32`.

    A processor can accept bfloat16 and emulate it slowly. So a layer of DCGAN's size at this width
    is timed in both, and bf16 must take less than 0.9 of the time, each at its best of five rounds.
    """
    import torch

    if device.type == "mps":
        return "fp32"
    with torch.random.fork_rng(devices=[]):  # the caller's random numbers stay as they are
        layer = torch.nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False)
        images = torch.rand(batch, width, 32, 32)
    layer = layer.to(device, memory_format=torch.channels_last)
    images = images.to(device, memory_format=torch.channels_last).requires_grad_()
    # One thread's own time, because a clock on the wall also counts what else a CPU is doing.
    # Windows counts it in ticks of 16 ms, too coarse for one call.
    own_time = device.type == "cpu" and os.name != "nt"
    clock = time.thread_time if own_time else time.perf_counter

    def seconds(bf16: bool) -> float:
        start = clock()
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):  # fp32 means fp32
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                loss = layer(images).sum()
            gradient = torch.autograd.grad(loss, (images, layer.weight))[0]
        gradient.sum().item()  # waits for a GPU
        return clock() - start

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rounds = [(seconds(True), seconds(False)) for _ in range(6)]  # the first sets things up
    finally:
        torch.set_num_threads(threads)
    bf16, fp32 = (min(times) for times in zip(*rounds[1:]))
    return "bf16" if bf16 < 0.9 * fp32 else "fp32"


def training_speed(preset_name: str, seconds: float = 1.0) -> float:
    """Pictures a second that this machine trains on with a preset, from steps on random ones."""
    import numpy as np

    from animegan_helpers.settings import preset
    from animegan_helpers.training import Trainer

    config = preset(preset_name, epochs=10**4)
    shape = config.batch, 3, 64, 64
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    trainer = Trainer(config, images)
    trainer.advance()  # the first step sets things up
    trainer.curves()
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        trainer.advance()
    trainer.curves()  # waits for a GPU
    return (trainer.step - 1) * config.batch / (time.perf_counter() - start)


def start_notebook(number: str) -> Budget:
    """Seeds, chooses the budget, and says how long notebook `number` ("05") takes here.

    A second of training tells how fast this machine is. The minutes that `make notebooks` measured,
    in data/timings.json, are scaled by that. With a GPU, as many epochs are chosen as fit into
    eight minutes.
    """
    import numpy as np
    import torch
    from IPython import get_ipython

    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(0)
    if shell := get_ipython():  # an exported MPLBACKEND would show no picture, and say nothing
        shell.run_line_magic("matplotlib", "inline")
    budget = choose_budget()
    print(f"budget {budget.name!r} on {choose_device().type}; ANIMEGAN_BUDGET chooses another")
    if budget.name == "smoke":
        return budget
    speed = training_speed(budget.preset)
    if budget.name == "gpu":
        epochs = min(budget.epochs, 1 + int(speed * 8 * 60 / budget.faces))
        print(f"Notebook 05 trains {epochs} epochs: about 8 min, or less.")
        return replace(budget, epochs=epochs)
    with suppress(ReadError, KeyError, TypeError):  # no minutes were measured for this
        timings = read_json(DATA / "timings.json", "measured minutes")[budget.name]
        minutes = timings["minutes"][number] * timings["speed"] / speed
        print(f"This notebook takes about {max(1, round(minutes))} min on this machine.")
    return budget
