"""A run of training over several sittings: save, resume, stop (notebook 05)."""

import contextlib
import io
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock, Timeout

from animegan_helpers import checkpoint
from animegan_helpers.checkpoint import CheckpointError, Weights, fill_network, prefixed, under
from animegan_helpers.files import WriteError, reading, writable, write_atomically, write_text
from animegan_helpers.pictures import make_grid
from animegan_helpers.training import HISTORY_COLUMNS, Trainer, TrainingConfig, TrainingError

MAY_CHANGE = ("epochs", "precision")
"""Settings that may differ in a resumed run: it may be longer, or on another machine."""

MUST_STAY = ("device", "pictures", "fingerprint of the faces")
"""What must be the same in a resumed run, besides the other settings."""

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


def alone_in(folder: Path) -> contextlib.AbstractContextManager:
    """Keeps the folder of a run to this process, until the context it gives is left.

    The system lets go of the lock when the process ends, so a killed run leaves nothing behind.
    Raises TrainingError where another process trains there, WriteError where nobody can write.
    """
    writable(folder / ".lock").parent.mkdir(parents=True, exist_ok=True)
    try:
        return FileLock(folder / ".lock").acquire(timeout=0)
    except Timeout:
        advice = "wait for it, or choose another folder"
        raise TrainingError(f"another process is training in {folder}: {advice}") from None


def save(trainer: Trainer) -> None:
    """Writes a checkpoint with all that the rest of the run depends on, and history.csv.

    Raises TrainingError where a loss is not finite. Nothing is written then, and the last good
    checkpoint stays.
    """
    trainer.check_finite()
    history = trainer.history[: trainer.step].cpu()
    tensors = {"history": history, "random": trainer.random.get_state()}
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
    table = io.StringIO()
    np.savetxt(table, rows, formats, delimiter=",", header=header, comments="")
    with contextlib.suppress(WriteError):  # open in a spreadsheet on Windows; the checkpoint has it
        write_text(trainer.out / "history.csv", table.getvalue())


def check_same_run(trainer: Trainer, path: Path, about: dict) -> None:
    """Raises CheckpointError, which names all that differs, unless both are of the same run."""
    summary = json.loads(json.dumps(trainer.summary()))  # with lists for tuples, as in a file
    was, now = (s["config"] | {key: s.get(key) for key in MUST_STAY} for s in (about, summary))
    names = [key for key in now | was if key not in MAY_CHANGE and was.get(key) != now.get(key)]
    differ = [f"{name} was {was.get(name)!r}, is {now.get(name)!r}" for name in names]
    if differ:
        advice = "a new run can begin with its weights: --start-from"
        raise CheckpointError(f"{path} is of another run: {'; '.join(differ)} ({advice})")
    if about["step"] > len(trainer.history):
        asked = f"beyond the {trainer.config.epochs} asked for: ask for more, or remove its folder"
        raise CheckpointError(f"{path} is at epoch {about['epoch']}, {asked}")


def restore_optimiser(optimiser: torch.optim.Adam, tensors: dict[str, torch.Tensor]) -> None:
    """Gives Adam the state that `save` took from it: tensors "0.step", "0.exp_avg", ..."""
    parameters = optimiser.param_groups[0]["params"]
    state = {k: {} for k in range(len(parameters))}
    for name, tensor in tensors.items():
        k, part = name.split(".")
        if part != "step":  # an average must lie in memory as its parameter does
            tensor = torch.empty_like(parameters[int(k)]).copy_(tensor)
        state[int(k)][part] = tensor
    optimiser.load_state_dict(optimiser.state_dict() | {"state": state})


@torch.no_grad()
def restore(trainer: Trainer, path: Path) -> None:
    """Puts a trainer where the checkpoint was written. Raises CheckpointError if that cannot be."""
    tensors, about = checkpoint.read_tensors(path)
    with reading(path, "a checkpoint", CheckpointError):
        check_same_run(trainer, path, about)
        for name in NETWORKS:
            if network := getattr(trainer, name):
                fill_network(network, under(name, tensors), path)
        for name in OPTIMISERS:
            restore_optimiser(getattr(trainer, name), under(name, tensors))
        trainer.history[: about["step"]] = tensors["history"].to(trainer.device)
        trainer.random.set_state(tensors["random"])
        trainer.step, trainer.seconds = about["step"], about["seconds"]
        trainer.notes = [tuple(note) for note in about["notes"]]
        trainer.started_from = about["started_from"]


def resume(trainer: Trainer) -> None:
    """Restores the newest checkpoint of the run's folder that can be read, if there is one."""
    if path := checkpoint.newest_checkpoint(trainer.out):
        restore(trainer, path)


def begun(out: Path) -> dict:
    """What the newest checkpoint in a folder says of its run; {} where there is none to read."""
    with contextlib.suppress(CheckpointError):  # a damaged one is resume's to report
        if path := checkpoint.newest_checkpoint(out):
            return checkpoint.read_tensors(path, with_tensors=False)[1]
    return {}


def start_from(trainer: Trainer, path: Path | str) -> None:
    """Gives a trainer that has not begun the networks of finished weights.

    D begins with random weights where the file holds none, or one of other variants.
    Raises CheckpointError where the networks do not fit.
    """
    weights = checkpoint.load_weights(path)
    same = tuple(weights.about["config"].get("variants", ())) == trainer.config.variants
    sources = {"discriminator": weights.discriminator if same else None}
    for name in NETWORKS:
        network, source = getattr(trainer, name), sources.get(name, weights.generator)
        if network and source:
            fill_network(network, source.state_dict(), path)
    trainer.started_from = Path(path).stem


def asked_to_stop(trainer: Trainer, requests: list[int]) -> bool:
    """Whether this process, or another of its group, was asked to stop.

    Processes must stop at the same step. Asking at each step would cost as much as a small batch.
    """
    if trainer.group.size == 1:
        return bool(requests)
    return trainer.step % 10 == 0 and any(trainer.group.gather(bool(requests)))


def end_epoch(trainer: Trainer, writes: bool, measure: Callable[[Trainer], None] | None) -> None:
    """Looks whether the run still makes sense, keeps a grid of samples, and measures."""
    trainer.check_finite()
    if trouble := trainer.look_for_trouble():
        trainer.notes.append((trainer.epoch, trouble))
    if writes:
        grid = make_grid(trainer.samples())
        path = trainer.out / "grids" / f"epoch-{trainer.epoch:04d}.webp"
        write_atomically(path, lambda temporary: grid.save(temporary, "WEBP", quality=85))
        if measure:
            measure(trainer)


def save_result(trainer: Trainer) -> None:
    """Writes generator.safetensors, the networks as others use them, unless it is up to date."""
    path = trainer.out / "generator.safetensors"
    with contextlib.suppress(CheckpointError), reading(path, "weights", CheckpointError):
        about = checkpoint.read_tensors(path, with_tensors=False)[1]
        check_same_run(trainer, path, about)
        if about["step"] == trainer.step:
            return
    result = Weights(trainer.final_generator(), trainer.discriminator, trainer.summary())
    checkpoint.save_weights(path, result)


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
    first, before, start = trainer.step, trainer.seconds, time.monotonic()
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
            trainer.check_finite()
            if writes:
                save(trainer)
                save_result(trainer)
    except BaseException:  # a loss that is not finite, a full disk or memory, a second Ctrl-C
        observer.finish(trainer, f"stopped by an error after {trainer.step} steps")
        raise
    trainer.group.wait()
    where = f"after {trainer.epoch} of {trainer.config.epochs} epochs ({trainer.step} steps)"
    message = f"finished {where}"
    if not trainer.finished:
        message = f"stopped {where}; run again to go on from here"
    elif trainer.step == first:
        message = f"finished already {where}; choose another folder to train again"
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
    before = begun(Path(out))
    if config.precision == "auto" and before.get("precision") == "fp32":
        config = replace(config, precision="fp32")  # equal to the last bit
    if (done := before.get("epoch", 0)) > config.epochs:  # notebook 05 asks for what time allows
        config = replace(config, epochs=min(done + 1, before["config"]["epochs"]))
    trainer = Trainer(config, images, out, device)
    if start and not checkpoint.checkpoints(trainer.out):
        start_from(trainer, start)
    with alone_in(trainer.out) if trainer.group.writes else contextlib.nullcontext():
        resume(trainer)
        if len(steps := set(trainer.group.gather(trainer.step))) > 1:
            advice = f"all must see the same folder {out}"
            raise TrainingError(f"the processes stand at steps {sorted(steps)}: {advice}")
        run(trainer, observer, checkpoint_seconds=checkpoint_seconds, measure=measure)
    return trainer
