"""The figures and numbers of one's own run, as a report needs them (notebook 09)."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image
from torch import nn

from animegan_helpers.attributes import load_attributes, name_faces
from animegan_helpers.checkpoint import Weights, load_weights
from animegan_helpers.diagram import trace_layers
from animegan_helpers.faces import FaceSet
from animegan_helpers.latent import sample_faces
from animegan_helpers.live import plot_curves
from animegan_helpers.measures import interval, number
from animegan_helpers.neighbours import nearest_neighbours
from animegan_helpers.networks import count_parameters
from animegan_helpers.pictures import captioned, make_grid, stacked
from animegan_helpers.reference import choose_network
from animegan_helpers.replay import load_grids, load_history
from animegan_workshop.measuring import measure_against

SETTINGS = {
    "architecture": "networks",
    "width": "width (channels of the last hidden layer)",
    "variants": "changes to the networks",
    "z_dim": "length of z",
    "batch": "batch",
    "epochs": "epochs planned",
    "learning_rate_g": "G's learning rate",
    "learning_rate_d": "D's learning rate",
    "beta1": "Adam's beta1",
    "beta2": "Adam's beta2",
    "initialisation": "initial weights",
    "loss": "loss",
    "penalty_real": "gradient penalty on real faces",
    "penalty_fake": "gradient penalty on fakes",
    "augment": "augmentation before D",
    "flip": "mirrored faces",
    "ema": "decay of the EMA of G's weights (0: none)",
    "seed": "seed",
}
"""The settings a reader needs to repeat the run, and what each is called."""


@dataclass
class OwnRun:
    """A run read back from its folder: networks in eval mode, curves (rows,), grids by epoch."""

    folder: Path
    weights: Weights
    curves: dict[str, np.ndarray]
    rows_per_epoch: int
    grids: dict[int, Image.Image]

    @property
    def settings(self) -> dict:
        """The settings it was trained with."""
        return self.weights.about["config"]


def open_run(folder: Path | str) -> OwnRun:
    """Reads a run's folder; raises ValueError where it is none."""
    folder = Path(folder)
    curves, rows = load_history(folder)
    return OwnRun(folder, load_weights(folder), curves, rows, load_grids(folder))


def settings_table(run: OwnRun) -> str:
    """What the run was, as a Markdown table: settings, networks, faces, epochs, time."""
    about, weights = run.weights.about, run.weights
    rows = {text: run.settings[name] for name, text in SETTINGS.items() if name in run.settings}
    rows = {text: "none" if value == [] else value for text, value in rows.items()}
    rows["parameters of G"] = f"{count_parameters(weights.generator):,}"
    if weights.discriminator is not None:
        rows["parameters of D"] = f"{count_parameters(weights.discriminator):,}"
    rows["faces"] = f"{about['pictures']:,}"
    rows["epochs trained"] = about["epoch"]
    rows["steps"] = f"{about['step']:,}"
    rows["arithmetic"] = about["precision"]
    rows["device"] = about["device"]
    rows["time"] = timedelta(seconds=round(about["seconds"]))  # 0:12:30
    lines = [f"| {text} | {value} |" for text, value in rows.items()]
    return "\n".join(["| | |", "| --- | --- |", *lines])


def layer_table(network: nn.Module, example: torch.Tensor) -> str:
    """The layers of a network as they run on `example`, a batch, as a Markdown table."""
    lines = ["| layer | kernel, stride, padding | output | weights |", "| --- | --- | --- | ---: |"]
    for layer in trace_layers(network, example):
        size, module = "", layer.module
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            size = f"{module.kernel_size[0]}, {module.stride[0]}, {module.padding[0]}"
        elif isinstance(module, nn.LeakyReLU):
            size = f"slope {module.negative_slope:g}"
        shape = " × ".join(str(side) for side in layer.outputs) or "1"
        lines.append(f"| {layer.kind} | {size} | {shape} | {layer.parameters:,} |")
    return "\n".join(lines)


def draw_losses(run: OwnRun) -> Figure:
    """Both losses, D(x) and D(G(z)), step by step: the report's Figure 3."""
    figure = plot_curves(run.curves, run.rows_per_epoch)
    figure.set_dpi(90)
    return figure


def draw_epochs(run: OwnRun, faces: int = 4) -> Figure:
    """The same z at up to six moments of the run: the report's Figure 4.

    faces: a side of each grid.
    """
    last = max(run.grids)
    shares = [0.01, 0.1, 0.3, 0.5, 0.75, 1.0] if last >= 20 else np.linspace(1 / last, 1, 6)
    nearest = [min(run.grids, key=lambda epoch: abs(epoch - share * last)) for share in shares]
    epochs = sorted(set(nearest))
    columns, rows = min(3, len(epochs)), -(-len(epochs) // 3)
    figure = Figure(figsize=(2.5 * columns, 2.8 * rows), dpi=90, layout="constrained")
    side = 66 * faces - 2  # faces of 64 pixels, 2 between them
    for k, epoch in enumerate(epochs, start=1):
        ax = figure.add_subplot(rows, columns, k)
        ax.axis("off")
        ax.imshow(run.grids[epoch].crop((0, 0, side, side)))
        ax.set_title(f"epoch {epoch} of {last}", fontsize=10)
    return figure


def in_halves(run: OwnRun) -> tuple[np.ndarray, np.ndarray]:
    """How much each epoch changed the samples, in the first and in the second half of the run.

    That is the mean absolute change of a grid from the saved epoch before, in grey levels. An odd
    number leaves out the middle one. A single change stands for both halves.
    Raises ValueError for a run with a single saved epoch.
    """
    grids = [np.array(run.grids[epoch].convert("RGB"), np.float32) for epoch in sorted(run.grids)]
    changes = np.array([np.abs(after - before).mean() for before, after in zip(grids, grids[1:])])
    if not len(changes):
        raise ValueError(f"{run.folder} has one saved epoch: train on for another")
    half = max(1, len(changes) // 2)
    return changes[:half], changes[-half:]


def draw_failures(run: OwnRun, faces: FaceSet, count: int = 300, seed: int = 0) -> Image.Image:
    """The 8 of `count` samples that lie farthest from `count` real faces, above 8 other real faces.

    The other real faces are chosen by the same rule. A small set has fewer than `count` of each.
    Distances are those of the attribute network's features.
    """
    network = load_attributes(choose_network(faces))
    random = np.random.default_rng(seed)
    real = faces.images[random.permutation(len(faces))[: 2 * count]]
    half = len(real) // 2  # as many faces are judged as are looked among
    among = name_faces(network, real[half:]).features
    rows = []
    for pictures in (sample_faces(run.weights.generator, half, seed), real[:half]):
        seen = name_faces(network, pictures).features
        farthest = np.argsort(-nearest_neighbours(seen, among).distances)[:8]
        rows.append(make_grid(pictures[farthest], columns=8))
    texts = f"farthest of {half} samples", f"farthest of {half} real faces"
    return stacked(*(captioned(row, text) for row, text in zip(rows, texts)))


def beside_real(measures: dict, name: str) -> str:
    """One measure of `measure_run` with its 95% interval, beside that of real faces, as text."""
    samples, real = measures["samples"], measures["real"]
    value, of_real = number(samples[name]), number(real[name])
    return f"{value} (95% interval {interval(samples, name)}); real faces {of_real}"


def measure_run(run: OwnRun, faces: FaceSet, count: int, seed: int = 0) -> dict:
    """The measures of `count` samples against half of the faces, beside those of the other half.

    `measures.table` prints them.
    """
    samples = sample_faces(run.weights.generator, count, seed)
    return measure_against(faces, samples, load_attributes(choose_network(faces)))
