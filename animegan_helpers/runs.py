"""A run of training over several sittings: save, resume, stop (notebook 05)."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock, Timeout

from animegan_helpers import checkpoint
from animegan_helpers.checkpoint import (
    CheckpointError,
    fill_network,
    load_weights,
    prefixed,
    read_newest,
    read_tensors,
    under,
)
from animegan_helpers.files import WriteError, write_atomically
from animegan_helpers.pictures import make_grid
from animegan_helpers.training import HISTORY_COLUMNS, Trainer, TrainingConfig, TrainingError

MAY_CHANGE = ("epochs", "precision")
"""Settings that may differ in a resumed run: it may be longer, or on another machine."""

NETWORKS = ("generator", "discriminator", "ema")
OPTIMISERS = ("optimiser_g", "optimiser_d")


class Observer:
    """Who watches a run: a progress bar, a live panel. This one does nothing."""

    def start(self, trainer: Trainer) -> None:
        """Called before the first step of this sitting."""

    def update(self, trainer: Trainer) -> None:
        """Called about once a second, between two steps."""

    def finish(self, trainer: Trainer, message: str) -> None:
        """Called at the end, with a sentence on how the run ended."""


@contextlib.contextmanager
def stop_between_steps() -> Iterator[list[int]]:
    """Turns Ctrl-C, a notebook's stop button and SIGTERM into an entry of the list it gives.

    A second one interrupts at once.
    """
    requests: list[int] = []

    def remember(number, frame) -> None:
        if requests:
            raise KeyboardInterrupt
        requests.append(number)

    if threading.current_thread() is not threading.main_thread():  # only it hears signals
        yield requests
        return
    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield requests
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keeps the folder of a run to this process.

    The system lets go of the lock when the process ends, so a killed run leaves nothing behind.
    Raises TrainingError where another process trains there, CheckpointError where nobody can write.
    """
    lock = FileLock(folder / ".lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise TrainingError(
            f"another process is training in {folder}: wait for it, or choose another folder"
        ) from None
    except OSError as error:
        raise CheckpointError(f"cannot write in {folder}: {error.strerror or error}") from None
    try:
        yield
    finally:
        lock.release()


def save(trainer: Trainer) -> None:
    """Writes a checkpoint with all that the rest of the run depends on, and history.csv.

    Raises TrainingError where a loss is not finite. Nothing is written then, and the last good
    checkpoint stays.
    """
    trainer.check_finite()
    history = trainer.history[: trainer.step].cpu()
    tensors = {
        "history": history,
        "fixed_noise": trainer.fixed_noise,
        "random": trainer.random.get_state(),
    }
    for name in NETWORKS:
        if network := getattr(trainer, name):
            tensors |= prefixed(name, network.state_dict())
    for name in OPTIMISERS:
        for k, entry in getattr(trainer, name).state_dict()["state"].items():
            tensors |= prefixed(f"{name}.{k}", entry)
    path = trainer.out / f"checkpoint-{trainer.step:08d}.safetensors"
    checkpoint.write_tensors(path, tensors, trainer.summary())
    checkpoint.keep_newest(trainer.out)
    steps = np.arange(1, trainer.step + 1)
    rows = np.column_stack([steps, (steps - 1) // trainer.steps_per_epoch + 1, history])
    header, formats = ",".join(["step", "epoch", *HISTORY_COLUMNS]), ["%d", "%d"] + ["%.6g"] * 4

    def write(path: Path) -> None:
        np.savetxt(path, rows, formats, delimiter=",", header=header, comments="")

    with contextlib.suppress(
        WriteError
    ):  # open in a spreadsheet, on Windows: the checkpoint has it
        write_atomically(trainer.out / "history.csv", write)


def check_same_run(trainer: Trainer, path: Path, about: dict) -> None:
    """Raises CheckpointError, which names all that differs, unless both are of the same run."""
    now, wanted = trainer.summary(), asdict(trainer.config)
    try:
        saved = asdict(TrainingConfig(**about["config"]))
        differ = [
            f"{name} was {saved[name]!r}, is {wanted[name]!r}"
            for name in wanted
            if name not in MAY_CHANGE and saved[name] != wanted[name]
        ]
        if about["device"] != now["device"]:
            differ.append(
                f"device was {about['device']}, is {now['device']} "
                "(a new run can begin with its weights: --start-from)"
            )
        if about["pictures"] != now["pictures"]:
            differ.append(f"pictures were {about['pictures']}, are {now['pictures']}")
        elif about["fingerprint"] != now["fingerprint"]:
            differ.append("the faces are others, though as many")
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{path} lacks or garbles its settings: {error}") from None
    if differ:
        raise CheckpointError(f"{path} cannot be resumed with other settings: {'; '.join(differ)}")
    if about["step"] > len(trainer.history):
        raise CheckpointError(
            f"{path} is at epoch {about['epoch']}, beyond the {wanted['epochs']} asked for"
        )


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    """Gives Adam the state that `save` took from it: tensors "0.step", "0.exp_avg", ..."""
    state = {}
    for k, parameter in enumerate(optimiser.param_groups[0]["params"]):
        if entry := under(str(k), tensors):
            # fused Adam needs its averages in memory as the parameter lies
            averages = {
                name: torch.empty_like(parameter).copy_(entry[name])
                for name in ("exp_avg", "exp_avg_sq")
            }
            state[k] = {"step": entry["step"], **averages}
    optimiser.load_state_dict(optimiser.state_dict() | {"state": state})


@torch.no_grad()
def restore(trainer: Trainer, path: Path, tensors: dict[str, torch.Tensor], about: dict) -> None:
    """Puts a trainer where the checkpoint was written. Raises CheckpointError if that cannot be."""
    check_same_run(trainer, path, about)
    try:
        for name in NETWORKS:
            if network := getattr(trainer, name):
                fill_network(network, under(name, tensors), path)
        for name in OPTIMISERS:
            restore_optimiser(getattr(trainer, name), under(name, tensors))
        trainer.history[: about["step"]] = tensors["history"].to(trainer.device)
        trainer.fixed_noise.copy_(tensors["fixed_noise"])
        trainer.random.set_state(tensors["random"])
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(f"{path} lacks or garbles the field {error}") from None
    trainer.step, trainer.seconds = about["step"], about["seconds"]
    trainer.notes = [tuple(note) for note in about["notes"]]
    trainer.started_from = about["started_from"]


def resume(trainer: Trainer) -> str | None:
    """Restores the newest checkpoint of the run's folder that can be read, if there is one.

    Gives a sentence on where the run goes on, or None.
    """
    found = read_newest(trainer.out)
    if not found:
        return None
    restore(trainer, *found)
    return f"resumed at step {trainer.step} (epoch {trainer.epoch} of {trainer.config.epochs})"


def precision_begun_with(out: Path, precision: str) -> str:
    """fp32 for a run that began so and may choose now; else the precision asked for.

    Such a run stays equal to the last bit. A Trainer is built for one precision, so this is settled
    before it is made.
    """
    with contextlib.suppress(CheckpointError):  # resume reports it
        found = read_newest(out) if precision == "auto" else None
        if found and found[2].get("precision") == "fp32":
            return "fp32"
    return precision


def start_from(trainer: Trainer, path: Path | str) -> None:
    """Gives a trainer that has not begun the networks of finished weights.

    Where the file holds no discriminator, D begins with random weights as ever.
    Raises CheckpointError where the networks do not fit.
    """
    weights = load_weights(path)
    for network, source in (
        (trainer.generator, weights.generator),
        (trainer.ema, weights.generator),
        (trainer.discriminator, weights.discriminator),
    ):
        if network and source:
            fill_network(network, source.state_dict(), path)
    trainer.started_from = Path(path).stem


def asked_to_stop(trainer: Trainer, requests: list[int]) -> bool:
    """Whether this process, or another of its group, was asked to stop.

    Processes must stop at the same step. Asking at each step would cost as much as a small batch.
    """
    return (trainer.group.size == 1 or trainer.step % 10 == 0) and trainer.group.any(bool(requests))


def end_epoch(trainer: Trainer, writes: bool, measure: Callable[[Trainer], None] | None) -> None:
    """Looks whether the run still makes sense, keeps a grid of samples, and measures."""
    trainer.check_finite()
    if trouble := trainer.look_for_trouble():
        trainer.notes.append((trainer.epoch, trouble))
    if writes:
        grid, path = make_grid(trainer.samples()), trainer.out / "grids"
        write_atomically(
            path / f"epoch-{trainer.epoch:04d}.webp",
            lambda temporary: grid.save(temporary, "WEBP", quality=85),
        )
        if measure:
            measure(trainer)


def save_result(trainer: Trainer) -> None:
    """Writes generator.safetensors, the networks as others use them, unless it is up to date."""
    path = trainer.out / "generator.safetensors"
    with contextlib.suppress(CheckpointError):
        if read_tensors(path, with_tensors=False)[1].get("step") == trainer.step:
            return
    generator, about = trainer.final_generator(), trainer.summary()
    checkpoint.save_weights(path, generator, trainer.discriminator, trainer.config, about)


def run(
    trainer: Trainer,
    observer: Observer | None = None,
    *,
    checkpoint_seconds: float = 30.0,
    update_seconds: float = 1.0,
    measure: Callable[[Trainer], None] | None = None,
) -> str:
    """Trains until the last epoch, an interrupt or an error; gives a sentence on how it ended.

    Writes to the run's folder: checkpoints (the last two, one every `checkpoint_seconds` and one at
    the end), a grid per epoch, history.csv, and at the end generator.safetensors.
    measure: called at each epoch's end where the run has a folder (EpochMeasures).
    Raises TrainingError when a loss is not finite.
    """
    writes = trainer.out is not None and trainer.group.writes
    observer = observer if observer and trainer.group.writes else Observer()
    observer.start(trainer)
    before, start = trainer.seconds, time.monotonic()
    updated = saved = start
    try:
        with stop_between_steps() as requests:
            while not trainer.finished and not asked_to_stop(trainer, requests):
                trainer.advance()
                trainer.seconds = before + time.monotonic() - start
                if trainer.step % trainer.steps_per_epoch == 0:
                    end_epoch(trainer, writes, measure)
                if time.monotonic() - updated >= update_seconds:
                    observer.update(trainer)
                    updated = time.monotonic()
                if writes and time.monotonic() - saved >= checkpoint_seconds:
                    save(trainer)
                    saved = time.monotonic()
            if writes:
                save(trainer)
                save_result(trainer)
            else:
                trainer.check_finite()
    except ValueError:  # a loss that is not finite, a full disk
        observer.finish(trainer, f"stopped by an error after {trainer.step} steps")
        raise
    trainer.group.wait()
    where = f"after {trainer.epoch} of {trainer.config.epochs} epochs ({trainer.step} steps)"
    message = f"stopped {where}; run again to go on from here"
    if trainer.finished:
        message = f"finished {where}"
    observer.finish(trainer, message)
    return message


def train(
    config: TrainingConfig,
    images: np.ndarray,
    out: Path | str,
    observer: Observer | None = None,
    *,
    device: str | None = None,
    start: Path | str | None = None,
    checkpoint_seconds: float = 30.0,
    measure: Callable[[Trainer], None] | None = None,
) -> Trainer:
    """Trains in the folder `out`, going on where an earlier call stopped; gives the trainer.

    images: uint8 (N, 3, 64, 64); start: weights for a new run to begin with; measure: as in `run`.
    Raises TrainingError or CheckpointError for what cannot work, before a folder is made.
    """
    config = replace(config, precision=precision_begun_with(Path(out), config.precision))
    trainer = Trainer(config, images, out, device)
    if start and not checkpoint.checkpoints(trainer.out):
        start_from(trainer, start)
    with alone_in(trainer.out) if trainer.group.writes else contextlib.nullcontext():
        resume(trainer)
        if len(steps := set(trainer.group.gather(trainer.step))) > 1:
            raise TrainingError(
                f"the processes stand at steps {sorted(steps)}: all must see the same folder {out}"
            )
        if not trainer.finished:
            run(trainer, observer, checkpoint_seconds=checkpoint_seconds, measure=measure)
        elif trainer.group.writes:
            save_result(trainer)  # a kill can come between the last checkpoint and this file
            observer = observer or Observer()
            observer.start(trainer)
            ended = f"finished already: {trainer.epoch} epochs"
            observer.finish(trainer, f"{ended}; choose another folder to train again")
    return trainer
