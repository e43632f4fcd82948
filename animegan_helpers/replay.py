"""A run, epoch by epoch: its curves, its grids and a replay of both (notebooks 05, 07, 08)."""

import csv
from functools import lru_cache
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from animegan_helpers import pictures
from animegan_helpers.files import unused
from animegan_helpers.live import loss_limit, plot_curves
from animegan_helpers.measures import MEASURES

CURVES = ("loss_d", "loss_g", "d_real", "d_fake")

PLOTTED = ("modes", "kl", "frechet", "coverage")
"""The measures that a replay draws."""


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file with a header, as text. [] where there is no file or no row.

    A row with too few or too many cells is left out: a run that was killed may leave half a line.
    """
    if not path.is_file():
        return []
    # A spreadsheet puts a mark at the head of the file: utf-8-sig reads over it.
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        rows = list(csv.DictReader(file))
    return [row for row in rows if None not in row and None not in row.values()]


def read_columns(path: Path) -> dict[str, np.ndarray]:
    """The columns of a CSV file as numbers, (rows,) each; nan for a cell that holds no number."""

    def number(cell: str) -> float:
        try:
            return float(cell)
        except ValueError:
            return float("nan")

    rows = read_csv(path)
    return {name: np.array([number(row[name]) for row in rows]) for name in (rows or [{}])[0]}


def grid_paths(run: Path | str) -> dict[int, Path]:
    """Epoch -> the file of its grid of samples, in order. {} where no epoch is finished."""
    paths = sorted((Path(run) / "grids").glob("epoch-*.webp"))
    return {int(path.stem.removeprefix("epoch-")): path for path in paths}


def load_grids(run: Path | str) -> dict[int, Image.Image]:
    """Epoch -> its grid of samples, in order. {} where no epoch is finished."""
    return {epoch: Image.open(path).convert("RGB") for epoch, path in grid_paths(run).items()}


def load_history(run: Path | str) -> tuple[dict[str, np.ndarray], int]:
    """The curves of a run's history.csv, (rows,) each, and how many rows an epoch has.

    A row is a training step. Exported runs keep only some steps of each epoch.
    Raises ValueError where no epoch is finished, and where the file is missing or is no history.
    """
    if not grid_paths(run):
        raise ValueError(f"{run} holds no finished epoch: train for one epoch first")
    path = Path(run) / "history.csv"
    table = read_columns(path)
    if not {"epoch", *CURVES} <= set(table):
        columns = ", ".join(("epoch", *CURVES))
        raise ValueError(f"{path} is missing, or is no history of a run (columns {columns})")
    rows_per_epoch = int((table["epoch"] == table["epoch"][0]).sum())
    return {name: table[name].astype(np.float32) for name in CURVES}, rows_per_epoch


def load_measures(run: Path | str) -> dict[str, np.ndarray]:
    """The columns of a run's measures.csv, "epoch" among them, (rows,) each. {} where none."""
    table = read_columns(Path(run) / "measures.csv")
    return table if "epoch" in table and set(PLOTTED) & set(table) else {}


def plot_measures(
    measures: dict[str, np.ndarray], epoch: int, total_epochs: int, width: int
) -> Figure:
    """A row of small panels, `width` pixels wide in all: each measure up to `epoch`."""
    labels = {measure.name: measure.label for measure in MEASURES}
    names = [name for name in PLOTTED if name in measures]
    colours = (pictures.BLUE, pictures.ORANGE, pictures.GREEN, pictures.RED)
    figure = Figure(figsize=(width / pictures.DPI, 1.7), layout="constrained")
    so_far = measures["epoch"] <= epoch
    for axes, name, colour in zip(figure.subplots(1, len(names), squeeze=False)[0], names, colours):
        values = measures[name]
        axes.plot(measures["epoch"][so_far], values[so_far], "o-", color=colour, markersize=3)
        highest = values[np.isfinite(values)].max(initial=1e-6)
        axes.set_title(labels[name], fontsize=9)
        axes.set(xlabel="epoch", xlim=(0, total_epochs + 0.5), ylim=(0, 1.1 * highest))
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.grid(alpha=0.2)
    return figure


class Frames:
    """The picture of each epoch of a run: its grid, the curves up to it, and the measures if any.

    faces: how many of the grid's faces to show, a square number up to 64.
    pixels: the most that the grid may be wide.
    Raises ValueError as `load_history` does.
    """

    def __init__(self, run: Path | str, faces: int = 36, pixels: int = 394):
        self.history, self.rows_per_epoch = load_history(run)
        self.measures, self.grids = load_measures(run), grid_paths(run)
        self.epochs = list(self.grids)
        self.cut = int(min(faces, 64) ** 0.5) * 66 - 2  # pixels: faces of 64, gaps of 2
        self.pixels = min(self.cut, pixels)

    def draw(self, epoch: int) -> Image.Image:
        """The picture of an epoch."""
        last = self.epochs[-1]
        so_far = {k: curve[: epoch * self.rows_per_epoch] for k, curve in self.history.items()}
        # The axes are those of the whole run, so only the curves move.
        highest, size = loss_limit(self.history), (4.9, self.pixels / pictures.DPI)
        curves = plot_curves(so_far, self.rows_per_epoch, last, highest, size)
        grid = Image.open(self.grids[epoch]).convert("RGB")
        side = min(self.cut, *grid.size)
        grid = grid.crop((0, 0, side, side)).resize((self.pixels, self.pixels))
        picture = pictures.side_by_side(pictures.figure_image(curves), grid)
        if not self.measures:
            return picture
        measures = plot_measures(self.measures, epoch, last, picture.width)
        return pictures.stacked(picture, pictures.figure_image(measures))


def replay(run: Path | str, faces: int = 36):
    """A slider over the epochs of a run, with play and pause, and a button that saves a GIF.

    faces: as in `Frames`. Returns the widget. Raises ValueError where no epoch is finished.
    """
    import ipywidgets as widgets

    frames = Frames(run, faces)
    epochs, draw = frames.epochs, lru_cache(maxsize=32)(frames.draw)
    last = draw(epochs[-1])
    image = widgets.Image(value=pictures.png_bytes(last), layout={"align_self": "flex-start"})
    image.add_class("animegan-replay")
    slider = widgets.SelectionSlider(
        options=epochs, value=epochs[-1], description="epoch", layout={"width": "480px"}
    )
    play = widgets.Play(value=len(epochs) - 1, max=len(epochs) - 1, interval=500)
    button = widgets.Button(description="save GIF", icon="film")
    status = widgets.Label()

    def draw_epoch(change) -> None:
        image.value = pictures.png_bytes(draw(change["new"]))

    def write_gif(_) -> None:
        try:
            save_gif(run, "replay.gif")
            status.value = "written: replay.gif"
        except (ValueError, OSError) as error:
            status.value = f"error: {error}"

    widgets.jslink((play, "value"), (slider, "index"))
    slider.observe(draw_epoch, "value")
    button.on_click(write_gif)
    panel = widgets.VBox(
        [widgets.HBox([play, slider]), image, widgets.HBox([button, status])],
        layout={"width": "fit-content"},
    )
    hint = "the slider needs JupyterLab: make lab"
    still = pictures.captioned(last, f"Still picture of epoch {epochs[-1]}; {hint}")
    pictures.show(panel, pictures.jpeg_bytes(still), hint)
    return panel


def save_gif(run: Path | str, path: Path | str, milliseconds: int = 200, pixels: int = 526) -> None:
    """The grids of a run as an animated GIF, at most `pixels` wide. The last stays two seconds.

    Raises ValueError where the file is there already, or the run has no finished epoch.
    """
    path = unused(path)
    grids = load_grids(run)
    if not grids:
        raise ValueError(f"{run} holds no finished epoch: train for one epoch first")
    frames = [pictures.captioned(grid, f"epoch {epoch}") for epoch, grid in grids.items()]
    for frame in frames:
        frame.thumbnail((pixels, 2 * pixels))
    times = [milliseconds] * (len(frames) - 1) + [2000]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=times, loop=0)
