"""Files of tensors that survive a kill, and the weights that are handed on.

Everything is safetensors: tensors and a few strings, nothing that could run code when it is loaded.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from animegan_helpers.budget import DATA, runs_folder
from animegan_helpers.files import write_atomically
from animegan_helpers.networks import make_networks

PRETRAINED = DATA / "pretrained"
FORMAT = "animegan-workbook 1"


class CheckpointError(ValueError):
    """A file that cannot be read, or does not fit; one line that says why."""


class DamagedError(CheckpointError):
    """A file that was cut short, or is no safetensors file."""


def write_tensors(path: Path, tensors: dict[str, torch.Tensor], about: dict) -> None:
    """Writes named tensors and the JSON-able `about` to a safetensors file, atomically."""
    plain = {
        name: tensor.detach().to("cpu").contiguous().clone() for name, tensor in tensors.items()
    }
    metadata = {"format": FORMAT, "about": json.dumps(about)}
    write_atomically(path, lambda temporary: save_file(plain, temporary, metadata))


def read_tensors(path: Path, with_tensors: bool = True) -> tuple[dict[str, torch.Tensor], dict]:
    """The tensors (none if not wanted) and the `about` of a file.

    Raises CheckpointError where it is missing, damaged or foreign.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path} is not there, or is not a file")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()} if with_tensors else {}
    except (SafetensorError, OSError) as error:
        raise DamagedError(f"{path} is damaged or no safetensors file ({error})") from None
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} was not written by this workbook (its metadata lacks format {FORMAT!r})"
        )
    return tensors, json.loads(metadata["about"])


def prefixed(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """{"a": ...} -> {"prefix.a": ...}"""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The inverse: those below the prefix, without it."""
    return {
        name[len(prefix) + 1 :]: tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix + ".")
    }


@torch.no_grad()
def fill_network(network: nn.Module, tensors: dict[str, torch.Tensor], source: Path | str) -> None:
    """Copies tensors into the network's parameters and buffers; raises CheckpointError that names what does not fit."""
    own = network.state_dict()
    for name in sorted(own.keys() | tensors.keys()):
        if name not in tensors or name not in own:
            where = "has no" if name not in tensors else "has an unexpected"
            raise CheckpointError(
                f"{source} {where} tensor {name!r}: it belongs to another architecture"
            )
        if own[name].shape != tensors[name].shape:
            shapes = f"{tuple(tensors[name].shape)}, not {tuple(own[name].shape)}"
            raise CheckpointError(
                f"{source}: {name!r} has shape {shapes}: it was made with another width or z_dim"
            )
        own[name].copy_(tensors[name])


@dataclass
class Weights:
    """Networks in eval mode, and what is known of them: the preset, the data, epochs, measures, ..."""

    generator: nn.Module
    discriminator: nn.Module | None
    about: dict


def save_weights(
    path: Path,
    generator: nn.Module,
    discriminator: nn.Module | None,
    config,
    about: dict,
    dtype: torch.dtype = torch.float32,
) -> None:
    """Writes networks to hand on; torch.float16 halves the file. `config` is the TrainingConfig they came from."""
    tensors = prefixed("generator", generator.state_dict())
    if discriminator is not None:
        tensors |= prefixed("discriminator", discriminator.state_dict())
    tensors = {name: t.to(dtype) if t.is_floating_point() else t for name, t in tensors.items()}
    write_tensors(path, tensors, about | {"config": asdict(config)})


def load_weights(path: Path | str, device: torch.device | str = "cpu") -> Weights:
    """Networks in eval mode from a weights file, a checkpoint, or the newest checkpoint of a run's folder.

    Where the run kept an averaged generator, that is the one. Raises CheckpointError.
    """
    path = Path(path)
    if path.is_dir():
        path = newest_checkpoint(path) or path / "generator.safetensors"
    tensors, about = read_tensors(path)
    try:
        config = about["config"]
        generator, discriminator = make_networks(
            config["architecture"], config["z_dim"], config["width"], config.get("variants", ())
        )
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{path} lacks the field {error} of its configuration") from None
    fill_network(generator, under("averaged", tensors) or under("generator", tensors), path)
    discriminator_tensors = under("discriminator", tensors)
    if discriminator_tensors:
        fill_network(discriminator, discriminator_tensors, path)
    else:
        discriminator = None
    for network in (generator, discriminator):
        if network is not None:
            network.to(device).eval().requires_grad_(False)
    return Weights(generator, discriminator, about)


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints of a run, oldest first."""
    return sorted(Path(folder).glob("checkpoint-*.safetensors"))


def newest_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint of a run, or None."""
    return (checkpoints(folder) or [None])[-1]


def shipped_weights(*names: str) -> Path:
    """The first of the weights called so that came with the workbook; raises CheckpointError where none did."""
    for name in names:
        if (path := PRETRAINED / f"{name}.safetensors").is_file():
            return path
    raise CheckpointError(
        f"no weights called {' or '.join(names)} under {PRETRAINED}: run notebook 05 first"
    )


def own_runs(folder: Path | None = None) -> list[Path]:
    """The student's runs of notebook 05 under `folder` (the workbook's own unless given), the one to look at first.

    Folders `05*` with generator.safetensors and history.csv in them, the newest first; those of the smoke budget are
    not meant to be good and come last, and those that notebook 05 breaks on purpose not at all.
    """
    found = [path.parent for path in (folder or runs_folder()).glob("05*/generator.safetensors")]
    whole = [
        run
        for run in found
        if (run / "history.csv").is_file() and not run.name.startswith("05-broken")
    ]
    written = lambda run: (run / "generator.safetensors").stat().st_mtime_ns
    return sorted(whole, key=lambda run: (run.name.startswith("05-smoke"), -written(run)))


def best_weights(*shipped: str) -> Path:
    """The weights of the student's newest run that is not a smoke run, else the first of the `shipped` ones there is.

    shipped: names, "drawn" if there are none. Raises CheckpointError where there are neither.
    """
    own = [run for run in own_runs() if not run.name.startswith("05-smoke")]
    return own[0] / "generator.safetensors" if own else shipped_weights(*shipped or ("drawn",))


def keep_newest(folder: Path, count: int = 2) -> None:
    """Removes the older checkpoints of a run, and what a kill left half written."""
    stale = [
        *checkpoints(folder)[:-count],
        *Path(folder).glob(".*.tmp"),
        *Path(folder).glob("grids/.*.tmp"),
    ]
    for path in stale:
        with suppress(OSError):  # one that another program reads, on Windows: it goes the next time
            path.unlink(missing_ok=True)
