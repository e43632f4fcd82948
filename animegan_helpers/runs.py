"""A run from its first step to its last, over as many sittings as it takes: saving, resuming, stopping."""

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
    DamagedError,
    fill_network,
    load_weights,
    prefixed,
    under,
)
from animegan_helpers.files import WriteError, write_atomically
from animegan_helpers.pictures import make_grid
from animegan_helpers.training import HISTORY_COLUMNS, Trainer, TrainingConfig, TrainingError

MAY_CHANGE = ("epochs", "precision")
"""Settings that a resumed run may have otherwise: longer, or on a machine with other arithmetic."""


class Observer:
    """Who watches a run: a progress bar, a live panel. This one looks away."""

    def start(self, trainer: Trainer) -> None:
        """Called before the first step of this sitting."""

    def update(self, trainer: Trainer) -> None:
        """Called about once a second, between two steps."""

    def finish(self, trainer: Trainer, message: str) -> None:
        """Called at the end, with a sentence on how it came."""


class Every:
    """Does something again when `seconds` have gone by since it was last done."""

    def __init__(self, seconds: float):
        self.seconds, self.last = seconds, time.monotonic()

    def perhaps(self, action: Callable[[], None]) -> None:
        if time.monotonic() - self.last >= self.seconds:
            action()
            self.last = time.monotonic()


@contextlib.contextmanager
def stop_between_steps() -> Iterator[list[int]]:
    """Turns Ctrl-C, a notebook's stop button and SIGTERM into an entry of its list; a second one interrupts at once."""
    requests: list[int] = []

    def remember(number, frame) -> None:
        if requests:
            raise KeyboardInterrupt
        requests.append(number)

    if (
        threading.current_thread() is not threading.main_thread()
    ):  # only the main thread hears signals
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
    """Keeps the folder of a run to this process, and raises TrainingError where another is training in it.

    The system lets go of the lock when the process ends, however it ends: a killed run leaves nothing to clean up.
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
    """Writes a checkpoint that holds everything the rest of the run depends on, and the history as CSV.

    Raises TrainingError, and writes nothing, where a loss is not finite: the last good checkpoint stays.
    """
    trainer.check_finite()
    tensors = {
        "history": trainer.history[: trainer.step],
        "fixed_noise": trainer.fixed_noise,
        "random": trainer.random.get_state(),
    }
    for name in ("generator", "discriminator", "averaged"):
        if getattr(trainer, name) is not None:
            tensors |= prefixed(name, getattr(trainer, name).state_dict())
    for name in ("optimiser_g", "optimiser_d"):
        for k, entry in enumerate(getattr(trainer, name).state.values()):
            tensors |= prefixed(f"{name}.{k}", entry)
    checkpoint.write_tensors(
        trainer.out / f"checkpoint-{trainer.step:08d}.safetensors", tensors, trainer.summary()
    )
    checkpoint.keep_newest(trainer.out, 2)
    history = trainer.history[: trainer.step].cpu().numpy()
    steps = np.arange(1, trainer.step + 1)
    rows = np.column_stack([steps, (steps - 1) // trainer.steps_per_epoch + 1, history])
    header = ",".join(["step", "epoch", *HISTORY_COLUMNS])
    with contextlib.suppress(
        WriteError
    ):  # open in a spreadsheet, on Windows: the checkpoint has it all the same
        write_atomically(
            trainer.out / "history.csv",
            lambda path: np.savetxt(
                path, rows, ["%d", "%d"] + ["%.6g"] * 4, delimiter=",", header=header, comments=""
            ),
        )


@torch.no_grad()
def restore(trainer: Trainer, path: Path) -> None:
    """Puts a trainer where a checkpoint was written. Raises CheckpointError that names the field that does not fit."""
    tensors, about = checkpoint.read_tensors(path)
    wanted = asdict(trainer.config)
    try:
        saved = asdict(
            TrainingConfig(**about["config"])
        )  # settings that are newer than the file have their defaults
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{path} lacks or garbles its settings: {error}") from None
    differ = [
        f"{name} was {saved[name]!r}, is {wanted[name]!r}"
        for name in wanted
        if name not in MAY_CHANGE and saved[name] != wanted[name]
    ]
    if about.get("device", trainer.device.type) != trainer.device.type:
        here = f"{trainer.device.type} (a new run can begin with its weights: --start-from)"
        differ.append(f"device was {about['device']}, is {here}")
    if about.get("pictures") != len(trainer.images):
        differ.append(f"pictures were {about.get('pictures')}, are {len(trainer.images)}")
    if differ:
        raise CheckpointError(f"{path} cannot be resumed with other settings: {'; '.join(differ)}")
    try:
        steps = about["step"]
        if steps > len(trainer.history):
            raise CheckpointError(
                f"{path} is at epoch {about['epoch']}, beyond the {wanted['epochs']} asked for"
            )
        for name in ("generator", "discriminator", "averaged"):
            if getattr(trainer, name) is not None:
                fill_network(getattr(trainer, name), under(name, tensors), path)
        for name in ("optimiser_g", "optimiser_d"):
            for k, entry in enumerate(getattr(trainer, name).state.values()):
                for part, tensor in entry.items():
                    tensor.copy_(tensors[f"{name}.{k}.{part}"])
        trainer.history[:steps] = tensors["history"].to(trainer.device)
        trainer.fixed_noise.copy_(tensors["fixed_noise"])
        trainer.random.set_state(tensors["random"])
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(f"{path} lacks or garbles the field {error}") from None
    trainer.step, trainer.seconds = steps, about["seconds"]
    trainer.notes, trainer.started_from = (
        [tuple(note) for note in about["notes"]],
        about.get("started_from", ""),
    )


def precision_begun_with(out: Path, precision: str) -> str:
    """fp32 for a run in the folder that began so and may choose; else the precision asked for.

    Such a run stays equal to the last bit. A Trainer is built for one precision, so this is settled before.
    """
    if precision == "auto" and (path := checkpoint.newest_checkpoint(out)):
        with contextlib.suppress(CheckpointError):  # a damaged one is resume's to report
            if checkpoint.read_tensors(path, with_tensors=False)[1].get("precision") == "fp32":
                return "fp32"
    return precision


def resume(trainer: Trainer) -> str | None:
    """Restores the newest checkpoint of the run's folder that can be read; a word on where it goes on, or None.

    A damaged newest one is passed over for the one before it; if none can be read, its error is raised.
    """
    paths = checkpoint.checkpoints(trainer.out)[::-1]
    for path in paths:
        try:
            restore(trainer, path)
        except DamagedError:
            if path == paths[-1]:
                raise
            continue
        return f"resumed at step {trainer.step} (epoch {trainer.epoch} of {trainer.config.epochs})"
    return None


def start_from(trainer: Trainer, path: Path | str) -> None:
    """Gives a trainer that has not begun the networks of weights that are there, in place of chance.

    Where the file holds no discriminator, D begins as ever. Raises CheckpointError where the networks do not fit.
    """
    weights = load_weights(path)
    for network, source in (
        (trainer.generator, weights.generator),
        (trainer.averaged, weights.generator),
        (trainer.discriminator, weights.discriminator),
    ):
        if network is not None and source is not None:
            fill_network(network, source.state_dict(), path)
    trainer.started_from = Path(path).stem


def save_grid(trainer: Trainer) -> None:
    """Keeps the fixed-noise samples of this epoch as a picture."""
    grid = make_grid(trainer.samples())
    path = trainer.out / "grids" / f"epoch-{trainer.epoch:04d}.webp"
    write_atomically(path, lambda temporary: grid.save(temporary, "WEBP", quality=85))


def asked_to_stop(trainer: Trainer, requests: list[int]) -> bool:
    """Whether this process, or another of its group, was asked to stop.

    Processes must stop at the same step, and asking at every one would cost as much as a small batch.
    """
    return (trainer.group.size == 1 or trainer.step % 10 == 0) and trainer.group.any(bool(requests))


def end_epoch(trainer: Trainer, writes: bool, measure: Callable[[Trainer], None] | None) -> None:
    """Looks whether the run still makes sense, and keeps what it looks like by now."""
    trainer.check_finite()
    if trouble := trainer.look_for_trouble():
        trainer.notes.append((trainer.epoch, trouble))
    if writes:
        save_grid(trainer)
        if measure:
            measure(trainer)


def save_result(trainer: Trainer) -> None:
    """Writes generator.safetensors: the networks as others use them, averaged where the run averages."""
    final = trainer.averaged or trainer.generator
    path = trainer.out / "generator.safetensors"
    checkpoint.save_weights(path, final, trainer.discriminator, trainer.config, trainer.summary())


def run(
    trainer: Trainer,
    observer: Observer | None = None,
    *,
    checkpoint_seconds: float = 30.0,
    update_seconds: float = 1.0,
    measure: Callable[[Trainer], None] | None = None,
) -> str:
    """Trains until the last epoch, an interrupt, or an error; returns a sentence on how it ended.

    Writes to the run's folder: checkpoints (the last two, one every `checkpoint_seconds` and at each end), a grid per
    epoch, history.csv, and at the end generator.safetensors. Raises TrainingError when the loss is not finite.
    measure: called at each epoch's end where the run has a folder (EpochMeasures in measures/epochs.py).
    """
    writes = trainer.out is not None and trainer.group.writes
    observer = observer if observer and trainer.group.writes else Observer()
    observer.start(trainer)
    before, start = trainer.seconds, time.monotonic()
    show, keep = Every(update_seconds), Every(checkpoint_seconds)
    try:
        with stop_between_steps() as requests:
            while not trainer.finished and not asked_to_stop(trainer, requests):
                trainer.advance()
                trainer.seconds = before + time.monotonic() - start
                if trainer.step % trainer.steps_per_epoch == 0:
                    end_epoch(trainer, writes, measure)
                show.perhaps(lambda: observer.update(trainer))
                if writes:
                    keep.perhaps(lambda: save(trainer))
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
    message = (
        f"finished {where}"
        if trainer.finished
        else f"stopped {where}; run again to go on from here"
    )
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
    """Trains in the folder `out`, going on where an earlier call stopped, and returns the trainer.

    start: weights that a new run begins with, rather than with chance. measure: as in `run`.
    """
    config = replace(config, precision=precision_begun_with(Path(out), config.precision))
    trainer = Trainer(config, images, out, device)
    if start and not checkpoint.checkpoints(
        trainer.out
    ):  # weights that do not fit are refused before a folder is made
        start_from(trainer, start)
    with alone_in(trainer.out) if trainer.group.writes else contextlib.nullcontext():
        resume(trainer)
        if len(steps := set(trainer.group.gather(trainer.step))) > 1:
            raise TrainingError(
                f"the processes stand at steps {sorted(steps)}: all must see the same folder {out}"
            )
        if not trainer.finished:
            run(trainer, observer, checkpoint_seconds=checkpoint_seconds, measure=measure)
            return trainer
    if observer and trainer.group.writes:
        observer.start(trainer)
        observer.finish(
            trainer,
            f"finished already: {trainer.epoch} epochs; choose another folder to train again",
        )
    return trainer
