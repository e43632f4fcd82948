"""Files of tensors that survive a kill, and the weights that are handed on (notebook 05).

Everything is safetensors: tensors and a few strings, nothing that could run code when it is loaded.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from animegan_helpers.budget import DATA, runs_folder
from animegan_helpers.calibration import recalibrate
from animegan_helpers.files import ReadError, reading, write_atomically
from animegan_helpers.networks import make_networks

PRETRAINED = DATA / "pretrained"
FORMAT = "animegan-workbook 1"


class CheckpointError(ReadError):
    """A file that cannot be read, or does not fit; one line that says why."""


def write_tensors(path: Path, tensors: dict[str, torch.Tensor], about: dict) -> None:
    """Writes named tensors and `about`, which JSON must be able to hold, whole or not at all."""
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    metadata = {"format": FORMAT, "about": json.dumps(about)}
    write_atomically(path, lambda temporary: save_file(plain, temporary, metadata))


def read_tensors(path: Path, with_tensors: bool = True) -> tuple[dict[str, torch.Tensor], dict]:
    """The tensors (none if not wanted) and the `about` of a file.

    Raises CheckpointError where it is missing, damaged or foreign.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path} is not there, or is not a file")
    with reading(path, "a file of tensors", CheckpointError):
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()} if with_tensors else {}
        if metadata.get("format") != FORMAT:
            raise CheckpointError(f"{path} was not written by this workbook (format {FORMAT!r})")
        return tensors, dict(json.loads(metadata["about"]))


def prefixed(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """{"a": ...} -> {"prefix.a": ...}"""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The inverse: those below the prefix, without it."""
    start = f"{prefix}."
    return {k.removeprefix(start): tensor for k, tensor in tensors.items() if k.startswith(start)}


@torch.no_grad()
def fill_network(network: nn.Module, tensors: dict[str, torch.Tensor], source: Path | str) -> None:
    """Copies tensors into the network's parameters and buffers.

    Raises CheckpointError, which names the tensor that does not fit.
    """
    own = network.state_dict()
    for name in sorted(own.keys() | tensors.keys()):
        wanted, found = (tuple(d[name].shape) if name in d else "none" for d in (own, tensors))
        if wanted != found:
            made = "it was made with another width, z_dim or architecture"
            raise CheckpointError(f"{source}: {name!r} has shape {found}, not {wanted}: {made}")
        own[name].copy_(tensors[name])


@dataclass
class Weights:
    """Networks in eval mode, and what is known of them.

    about: "config", the fields of TrainingConfig, and what else there is: data, epochs, ...
    """

    generator: nn.Module
    discriminator: nn.Module | None
    about: dict


def save_weights(path: Path, weights: Weights, dtype: torch.dtype = torch.float32) -> None:
    """Writes networks to hand on; float16 halves the file. `about` must hold their "config"."""
    tensors = prefixed("generator", weights.generator.state_dict())
    if weights.discriminator is not None:
        tensors |= prefixed("discriminator", weights.discriminator.state_dict())
    tensors = {name: t.to(dtype) if t.is_floating_point() else t for name, t in tensors.items()}
    write_tensors(path, tensors, weights.about)


def load_weights(path: Path | str, device: torch.device | str = "cpu") -> Weights:
    """Networks in eval mode from a weights file, a checkpoint, or the folder of a run.

    Of a folder it is the newest checkpoint that can be read. Where a checkpoint has an EMA of G,
    that is the generator, with batch norm recalibrated. Raises CheckpointError.
    """
    path = Path(path)
    if path.is_dir():
        path = newest_checkpoint(path) or path / "generator.safetensors"
    tensors, about = read_tensors(path)
    with reading(path, "weights of a kind that is known here", CheckpointError):
        config = about["config"]
        shape = config["architecture"], config["z_dim"], config["width"]
        generator, discriminator = make_networks(*shape, config.get("variants", ()))
    ema = under("ema", tensors)
    fill_network(generator, ema or under("generator", tensors), path)
    if of_discriminator := under("discriminator", tensors):
        fill_network(discriminator, of_discriminator, path)
        discriminator.to(device).eval().requires_grad_(False)
    else:
        discriminator = None
    generator.to(device).eval().requires_grad_(False)
    return Weights(recalibrate(generator) if ema else generator, discriminator, about)


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints of a run, oldest first."""
    digits = "[0-9]" * 8  # a sync tool adds words to the names of its own copies
    return sorted(Path(folder).glob(f"checkpoint-{digits}.safetensors"))


def newest_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint of a run, or None if there is none.

    A damaged one is passed over for the one before it. Raises CheckpointError where all are.
    """
    paths = checkpoints(folder)[::-1]
    for path in paths:
        try:
            read_tensors(path, with_tensors=False)
            return path
        except CheckpointError:
            if path == paths[-1]:
                raise
    return None


def keep_newest(folder: Path, count: int = 2) -> None:
    """Removes the older checkpoints of a run, and what a kill left half written."""
    halves = [*Path(folder).glob(".*.tmp"), *Path(folder).glob("grids/.*.tmp")]
    for path in [*checkpoints(folder)[:-count], *halves]:
        with suppress(OSError):  # on Windows another program may read it; it goes the next time
            path.unlink(missing_ok=True)


def shipped_weights(*names: str) -> Path:
    """The first of these names whose weights came with the workbook.

    Raises CheckpointError where none did.
    """
    for name in names:
        if (path := PRETRAINED / f"{name}.safetensors").is_file():
            return path
    wanted = " or ".join(names)
    raise CheckpointError(f"no weights called {wanted} in {PRETRAINED}: run notebook 05 first")


def own_runs(folder: Path | None = None) -> list[Path]:
    """The student's runs of notebook 05, the one to look at first in front.

    They are the folders `05*` under `folder` (the workbook's own unless given) that hold
    generator.safetensors and history.csv, the newest first. Runs of the smoke budget are not meant
    to be good and come last. Those that notebook 05 breaks on purpose are left out.
    """
    written = {
        file.parent: file.stat().st_mtime_ns
        for file in (folder or runs_folder()).glob("05*/generator.safetensors")
        if file.with_name("history.csv").is_file() and not file.parent.name.startswith("05-broken")
    }
    return sorted(written, key=lambda run: (run.name.startswith("05-smoke"), -written[run]))


def best_weights(*shipped: str) -> Path:
    """The weights of the student's newest run that is no smoke run, else shipped ones.

    shipped: names, the first that is there; "drawn" if none are given.
    Raises CheckpointError where there are neither.
    """
    own = [run for run in own_runs() if not run.name.startswith("05-smoke")]
    return own[0] / "generator.safetensors" if own else shipped_weights(*shipped or ("drawn",))
