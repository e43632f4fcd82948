"""How much to do and on what: the budget, the device, the arithmetic and the seed."""

import json
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

PROJECT = Path(__file__).resolve().parent.parent
DATA = PROJECT / "data"


@dataclass(frozen=True)
class Budget:
    """How much work a notebook does.

    faces: pictures to train on; width: channels of G's last hidden layer; epochs: passes over the faces;
    toy_steps: updates of a 2-D toy GAN; samples: pictures drawn from G to measure it;
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
    budget.name: budget
    for budget in (
        Budget("smoke", faces=300, width=8, epochs=2, toy_steps=150, samples=300, preset="smoke"),
        Budget(
            "laptop",
            faces=6_000,
            width=32,
            epochs=16,
            toy_steps=3_000,
            samples=2_000,
            preset="laptop",
        ),
        Budget(
            "gpu",
            faces=25_000,
            width=64,
            epochs=100,
            toy_steps=10_000,
            samples=10_000,
            preset="report",
        ),
    )
}


def runs_folder() -> Path:
    """Where the notebooks keep their runs: ANIMEGAN_RUNS, else data/runs."""
    return Path(os.environ.get("ANIMEGAN_RUNS") or DATA / "runs").expanduser()


def choose_budget(name: str | None = None) -> Budget:
    """The budget called `name`, else the one in ANIMEGAN_BUDGET, else `gpu` where there is CUDA and `laptop` elsewhere.

    Raises ValueError when there is no budget of that name.
    """
    name = (
        name
        or os.environ.get("ANIMEGAN_BUDGET")
        or ("gpu" if torch.cuda.is_available() else "laptop")
    )
    if name not in BUDGETS:
        raise ValueError(
            f"no budget is called {name!r}: set ANIMEGAN_BUDGET to one of {', '.join(BUDGETS)}"
        )
    return BUDGETS[name]


def choose_device(name: str | None = None) -> torch.device:
    """The device called `name`, else the best there is: CUDA, then Apple's MPS, then the CPU.

    Raises ValueError when the machine has no such device.
    """
    if name is None:
        name = (
            "cuda"
            if torch.cuda.is_available()
            else "mps"
            if torch.backends.mps.is_available()
            else "cpu"
        )
    try:
        device = torch.device(name)
        if (
            device.type == "cuda"
        ):  # streams, graphs and torchrun's processes go by the current device
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", device.index or 0)))
        torch.zeros(1, device=device)
    except (
        RuntimeError,
        AssertionError,
        NotImplementedError,
        AttributeError,
    ):  # a torch without CUDA lacks names
        raise ValueError(
            f"this machine has no device {name!r}: use cpu, or leave the device out"
        ) from None
    return device


def best_precision(device: torch.device, width: int = 64, batch: int = 50) -> str:
    """`bf16` where a convolution is really faster in it, forward and backward, else `fp32`.

    A processor can accept bfloat16 and emulate it slowly, so a layer of DCGAN's size at this width is timed in both.
    """
    if device.type == "mps":
        return "fp32"
    with torch.random.fork_rng(
        devices=[]
    ):  # a measurement leaves the random numbers of whoever asks alone
        layer = nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False).to(
            device, memory_format=torch.channels_last
        )
        images = (
            torch.rand(batch, width, 32, 32)
            .to(device, memory_format=torch.channels_last)
            .requires_grad_()
        )

    def there_and_back(enabled: bool) -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=enabled):
            loss = layer(images).sum()
        torch.autograd.grad(loss, (images, layer.weight))[0].sum().item()  # .item() waits for a GPU

    bf16 = clearly_faster(lambda: there_and_back(True), lambda: there_and_back(False), device)
    return "bf16" if bf16 else "fp32"


def clearly_faster(
    first: Callable[[], None], second: Callable[[], None], device: torch.device
) -> bool:
    """Whether the first takes less than nine tenths of the second's time, each at its best of five rounds.

    On a CPU one thread's own time is taken: the clock on the wall would also count what else the machine is doing.
    Windows counts that in ticks of 16 ms, too coarse for one call, so there it is the clock on the wall.
    """
    own_time = device.type == "cpu" and os.name != "nt"
    clock, threads = time.thread_time if own_time else time.perf_counter, torch.get_num_threads()

    def seconds(call: Callable[[], None]) -> float:
        start = clock()
        call()
        return clock() - start

    try:
        torch.set_num_threads(1)
        first(), second()  # the first call of each sets things up
        rounds = [(seconds(first), seconds(second)) for _ in range(5)]
    finally:
        torch.set_num_threads(threads)
    mine, other = (min(times) for times in zip(*rounds))
    return mine < 0.9 * other


def seed_everything(seed: int) -> None:
    """Seeds Python's, NumPy's and torch's global generators."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def describe_machine() -> str:
    """One line: the device and what it is made of."""
    device = choose_device()
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name()})"
    return f"{device.type} ({os.cpu_count()} CPU cores, {torch.get_num_threads()} threads)"


def start_notebook(number: str) -> Budget:
    """Seeds, chooses the budget, and says what was chosen and how long notebook `number` ("05") takes with it.

    The minutes stand in data/timings.json, written by `make notebooks` and by `workbook run --measure`.
    """
    seed_everything(0)
    budget = choose_budget()
    print(
        f"budget {budget.name!r} on {describe_machine()}; change it with ANIMEGAN_BUDGET=smoke, laptop or gpu"
    )
    timings = DATA / "timings.json"
    measured = json.loads(timings.read_text(encoding="utf-8")) if timings.exists() else {}
    for name in BUDGETS:
        if minutes := measured.get(name, {}).get("minutes", {}).get(number):
            mark = "->" if name == budget.name else "  "
            print(f"{mark} {name}: {minutes:.1f} minutes, measured on {measured[name]['hardware']}")
    return budget
