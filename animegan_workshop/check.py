"""Checks this machine and its GPU: `python -m animegan_helpers check`, under a minute.

GPUs, drivers and libraries differ, so the course looks whether this one computes what it should.
One training step is done on the device, and again on the CPU in float64, which is exact enough to
be the truth. Many steps would not do: a GAN is chaotic, and the last bit grows.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from animegan_helpers import runs
from animegan_helpers.budget import BUDGETS, Budget, best_precision, choose_budget, choose_device
from animegan_helpers.settings import TrainingConfig, preset
from animegan_helpers.training import Trainer, train_step
from animegan_workshop.benchmark import steps_a_second
from animegan_workshop.experiments.variants import replace_layers
from animegan_workshop.teaching.environment import Check, check_environment

MULTIPLE = {"fp32": 16, "bf16": 4}
"""A device may be wrong by so many times what the CPU is wrong by, in the same precision."""

FLOAT32 = 2e-5
"""What float32 is wrong by on a CPU, at most, relative to float64 (measured: 1e-7 to 6e-6)."""

OURS = "please report this, it is a fault of ours"

SMALL = TrainingConfig(width=16, batch=16, epochs=1, precision="fp32")


def faces(count: int) -> np.ndarray:
    """uint8 (count, 3, 64, 64): smooth random pictures; no face is needed to check arithmetic."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (count, 3, 8, 8), dtype=np.uint8)
    return coarse.repeat(8, axis=2).repeat(8, axis=3)


def one_step(precision: str, device: torch.device, double: bool = False) -> dict[str, torch.Tensor]:
    """The losses and all gradients of one training step: name -> float64 tensor on the CPU.

    double: in float64. Two things would make much of a rounding error that nobody is to blame for.
    Adam's first step divides by the gradient's size, so the learning rates are next to nothing. An
    activation that rounds to the other side of ReLU's kink changes a gradient by a thousandth, so
    the networks have a smooth nonlinearity here.
    """
    config = replace(SMALL, precision=precision, learning_rate_d=1e-9, learning_rate_g=1e-9)
    trainer = Trainer(config, faces(config.batch), device=device)
    random = torch.Generator().manual_seed(1)
    real = torch.from_numpy(trainer.images).double() / 127.5 - 1
    z = torch.randn(config.batch, config.z_dim, generator=random, dtype=torch.float64)
    dtype = torch.float64 if double else torch.float32
    for network in (trainer.generator, trainer.discriminator):
        for kinked in (nn.ReLU, nn.LeakyReLU):
            replace_layers(network, kinked, lambda _: nn.SiLU())
        network.to(dtype)
    with trainer.arithmetic():
        row = train_step(trainer, real.to(device, dtype), z.to(device, dtype))
    found = {"D's loss": row[0], "G's loss": row[1]}
    for player, network in (("G", trainer.generator), ("D", trainer.discriminator)):
        found |= {f"gradient of {player}.{n}": p.grad for n, p in network.named_parameters()}
    return {name: tensor.detach().cpu().double() for name, tensor in found.items()}


def errors(values: dict[str, torch.Tensor], truth: dict[str, torch.Tensor]) -> dict[str, float]:
    """Name -> the norm of the difference, relative to the norm of the truth."""
    return {name: float((values[name] - t).norm() / t.norm()) for name, t in truth.items()}


def arithmetic(precision: str, device: torch.device) -> Check:
    """One step on the device beside the truth; its error beside the CPU's in the same precision."""
    truth = one_step("fp32", torch.device("cpu"), double=True)
    found = errors(one_step(precision, device), truth)
    if device.type == "cpu" and precision == "fp32":  # there is nothing else to compare with
        allowed = dict.fromkeys(found, FLOAT32)
        beside = "float32 beside float64, both on this CPU"
    else:
        own = errors(one_step(precision, torch.device("cpu")), truth)
        floor = FLOAT32 / MULTIPLE["fp32"]  # a CPU's own error can be 0 by luck
        allowed = {name: MULTIPLE[precision] * max(error, floor) for name, error in own.items()}
        beside = f"beside the CPU's own {max(own.values()):.0e}"
    worst = max(found, key=lambda name: found[name] / allowed[name])
    mend = ""
    if found[worst] > allowed[worst]:
        mend = f"{worst} is wrong by {found[worst]:.0e}, at most {allowed[worst]:.0e} is rounding: "
        mend += "update the GPU's driver and torch, or train with --device cpu"
    return Check(f"{precision} step", f"error {max(found.values()):.0e}, {beside}", mend)


def resuming(device: torch.device) -> Check:
    """Whether a saved and resumed run goes on as if it had never stopped."""
    config = replace(SMALL, epochs=3)
    images = faces(2 * config.batch)
    with tempfile.TemporaryDirectory() as folder:
        straight = Trainer(config, images, Path(folder), device)
        for _ in range(3):
            straight.advance()
        runs.save(straight)
        resumed = Trainer(config, images, Path(folder), device)
        runs.resume(resumed)
        mend, states = "", map(optimiser_states, (straight, resumed))
        try:
            torch.testing.assert_close(*states, rtol=0, atol=0, check_device=False)
        except AssertionError:
            mend = f"the optimiser's state was not restored: {OURS}"
        for trainer in (straight, resumed):
            trainer.advance()
    ours, theirs = (trainer.history[3].cpu().double() for trainer in (straight, resumed))
    gap = float((ours - theirs).norm() / ours.norm())
    if not mend and gap > MULTIPLE["fp32"] * FLOAT32:
        mend = f"a resumed run goes another way: {OURS}"
    return Check("resume", f"goes on {'exactly' if gap == 0 else f'within {gap:.0e}'}", mend)


def optimiser_states(trainer: Trainer) -> list[dict]:
    """What the two optimisers remember."""
    return [player.state_dict()["state"] for player in (trainer.optimiser_g, trainer.optimiser_d)]


def speed(config: TrainingConfig, device: torch.device, seconds: float = 4.0) -> tuple[float, str]:
    """Images a second of these settings on the device, and the memory that they take."""
    config = replace(config, epochs=10**4, precision=best_precision(device, config.width))
    trainer = Trainer(config, faces(2 * config.batch), device=device)
    cuda = device.type == "cuda"
    for _ in range(2):  # the first steps set things up
        trainer.advance()
    if cuda:
        torch.cuda.reset_peak_memory_stats()  # the networks measured before this one are gone
    rate = steps_a_second(trainer.advance, seconds) * config.batch
    peak = f", {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB" if cuda else ""
    return rate, f"{rate:,.0f} images a second in {config.precision}{peak}"


def how_long(budget: Budget, device: torch.device) -> list[Check]:
    """How fast this machine trains, and how long notebook 05 and the report's recipe take."""
    checks = []
    for name, config, images in (
        ("notebook 05", preset(budget.preset), budget.faces // 2 * budget.epochs),
        ("the report", preset("report"), BUDGETS["gpu"].faces * BUDGETS["gpu"].epochs),
    ):
        try:
            rate, text = speed(config, device)
        except (torch.OutOfMemoryError, MemoryError):
            advice = f"width {config.width} does not fit: close other programs, or use --device cpu"
            checks.append(Check(name, "too little memory on this device", advice))
            continue
        minutes = images / rate / 60
        long = f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"
        checks.append(Check(name, f"about {long}: {text}"))
    return checks


def check_machine(device: str | None = None, budget: str | None = None) -> Iterator[Check]:
    """Every check, one after the other: the environment, the arithmetic, resuming, the speed."""
    yield from check_environment()
    where = choose_device(device)
    yield arithmetic("fp32", where)
    chosen = best_precision(where)
    if chosen != "fp32":
        yield arithmetic(chosen, where)
    yield resuming(where)
    yield from how_long(choose_budget(budget), where)


def run_check(device: str | None = None, budget: str | None = None) -> int:
    """Prints a line a check and a last line: "ready", or what to do first. 0 where all is well."""
    to_mend = []
    for check in check_machine(device, budget):
        print(check, flush=True)
        if check.mend:
            to_mend.append(check.mend)
    print(f"not ready: {to_mend[0]}" if to_mend else "ready")
    return 1 if to_mend else 0
