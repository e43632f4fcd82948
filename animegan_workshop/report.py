"""The figures and numbers of one's own run, as a report needs them: settings, curves, samples by epoch, measures."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from animegan_helpers.checkpoint import Weights, load_weights
from animegan_helpers.faces import FaceSet
from animegan_helpers.live import plot_curves, readable_time
from animegan_helpers.networks import count_parameters
from animegan_helpers.replay import load_grids, load_history

SETTINGS = {
    "architecture": "networks",
    "width": "width (channels of the last hidden layer)",
    "z_dim": "length of z",
    "batch": "batch",
    "epochs": "epochs planned",
    "learning_rate_g": "G's learning rate",
    "learning_rate_d": "D's learning rate",
    "beta1": "Adam's beta1",
    "beta2": "Adam's beta2",
    "initialisation": "initial weights",
    "average": "decay of the averaged G (0: none)",
    "seed": "seed",
}
"""The settings a reader needs to repeat the run, and what each is called."""


@dataclass
class OwnRun:
    """A run read back from its folder: networks in eval mode, curves (rows,) each, grids by epoch."""

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
    return OwnRun(
        folder, load_weights(folder / "generator.safetensors"), curves, rows, load_grids(folder)
    )


def settings_table(run: OwnRun) -> str:
    """What the run was, as a Markdown table: settings, size of the networks, faces, epochs, time."""
    about, settings = run.weights.about, run.settings
    rows = [(text, settings[name]) for name, text in SETTINGS.items() if name in settings]
    networks = {"G": run.weights.generator, "D": run.weights.discriminator}
    rows += [
        (f"parameters of {name}", f"{count_parameters(network):,}")
        for name, network in networks.items()
        if network is not None
    ]
    rows += [
        ("faces", f"{about['pictures']:,}"),
        ("epochs trained", about["epoch"]),
        ("steps", f"{about['step']:,}"),
        ("arithmetic", about["precision"]),
        ("time", readable_time(about["seconds"])),
    ]
    return "\n".join(["| | |", "| --- | --- |", *(f"| {text} | {value} |" for text, value in rows)])


def draw_losses(run: OwnRun) -> Figure:
    """Both losses, D(x) and D(G(z)), step by step: the report's Figure 3."""
    figure = plot_curves(run.curves, run.rows_per_epoch)
    figure.set_dpi(90)
    return figure


def draw_epochs(
    run: OwnRun, shares: tuple[float, ...] = (0.01, 0.1, 0.3, 0.5, 0.75, 1.0), faces: int = 4
) -> Figure:
    """The same z at six moments, as shares of the epochs kept: the report's Figure 4; faces: a side of each grid."""
    last = max(run.grids)
    epochs = [min(run.grids, key=lambda epoch: abs(epoch - share * last)) for share in shares]
    epochs = sorted(set(epochs))
    figure = Figure(
        figsize=(2.5 * min(3, len(epochs)), 2.8 * -(-len(epochs) // 3)),
        dpi=90,
        layout="constrained",
    )
    axes = np.atleast_1d(figure.subplots(-(-len(epochs) // 3), min(3, len(epochs)))).ravel()
    side = 66 * faces - 2  # faces of 64 pixels, 2 between them
    for ax in axes:
        ax.axis("off")
    for ax, epoch in zip(axes, epochs):
        ax.imshow(run.grids[epoch].crop((0, 0, side, side)))
        ax.set_title(f"epoch {epoch} of {last}", fontsize=10)
    return figure


def change_by_epoch(run: OwnRun) -> dict[int, float]:
    """How much an epoch changed the samples: mean absolute difference of successive grids, in grey levels."""
    epochs = sorted(run.grids)
    pixels = [np.asarray(run.grids[epoch].convert("RGB"), dtype=np.float32) for epoch in epochs]
    return {
        epoch: float(np.abs(b - a).mean()) for epoch, a, b in zip(epochs[1:], pixels, pixels[1:])
    }


def measure_run(run: OwnRun, faces: FaceSet, count: int, seed: int = 0) -> dict:
    """The measures of `count` samples of the run against half of the faces, beside those of the other half.

    Ready for `measures.table.table`; see `measuring.measure_samples`.
    """
    from animegan_helpers.attributes import load_attributes
    from animegan_helpers.latent import sample_faces
    from animegan_helpers.measures import measure_samples
    from animegan_helpers.reference import choose_network, split

    path = choose_network(faces)
    network = load_attributes(path)
    samples = sample_faces(run.weights.generator, count, seed)
    return measure_samples(samples, faces, network, split(faces, network, path))
