"""A run, epoch by epoch: its curves, its grids and a replay of both (notebooks 05, 08, 10)."""

import csv
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from animegan_helpers import pictures
from animegan_helpers.files import reading, unused, write_atomically
from animegan_helpers.live import plot_curves
from animegan_helpers.measures import MEASURES

CURVES = ("loss_d", "loss_g", "d_real", "d_fake")

PLOTTED = ("modes", "kl", "frechet", "coverage")  # the measures that a replay draws


def read_columns(path: Path) -> dict[str, np.ndarray]:
    """The columns of a CSV file of numbers with a header, (rows,) each.

    {} where there is no such file, or where it is no table of numbers.
    """
    try:
        # A spreadsheet puts a mark at the head of the file: utf-8-sig reads over it.
        with path.open(newline="", encoding="utf-8-sig") as file:
            names, *rows = (row for row in csv.reader(file) if row)
        return dict(zip(names, np.array(rows, dtype=float).T, strict=True))
    except (OSError, ValueError, csv.Error):
        return {}


def grid_paths(run: Path | str) -> dict[int, Path]:
    """Epoch -> the file of its grid of samples, in order. {} where no epoch is finished."""
    paths = sorted((Path(run) / "grids").glob("epoch-*.webp"))
    numbers = [path.stem.removeprefix("epoch-") for path in paths]
    return {int(n): path for n, path in zip(numbers, paths) if n.isdecimal()}


def load_grid(path: Path) -> Image.Image:
    """A grid of samples. Raises ReadError where the file is damaged."""
    with reading(path, "a grid of samples"):
        return Image.open(path, formats=["WEBP"]).convert("RGB")


def load_grids(run: Path | str) -> dict[int, Image.Image]:
    """Epoch -> its grid of samples, in order. {} where no epoch is finished."""
    return {epoch: load_grid(path) for epoch, path in grid_paths(run).items()}


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
        raise ValueError(f"{path} is missing, or is no history of a run: choose another folder")
    rows_per_epoch = int((table["epoch"] == table["epoch"][0]).sum())
    return {name: table[name].astype(np.float32) for name in CURVES}, rows_per_epoch


def load_measures(run: Path | str) -> dict[str, np.ndarray]:
    """The columns of a run's measures.csv, "epoch" among them, (rows,) each. {} where none."""
    table = read_columns(Path(run) / "measures.csv")
    return table if "epoch" in table and set(PLOTTED) & set(table) else {}


def plot_measures(measures: dict[str, np.ndarray], width: int) -> Figure:
    """A row of small panels over epochs, `width` pixels in all: the measures in PLOTTED."""
    known = [measure for measure in MEASURES if measure.name in set(PLOTTED) & set(measures)]
    figure = Figure(figsize=(width / pictures.DPI, 1.7))
    panels = figure.subplots(1, len(known), squeeze=False)[0]
    for axes, measure, colour in zip(panels, known, pictures.COLOURS):
        values = measures[measure.name]
        axes.plot(measures["epoch"], values, "o-", color=colour, markersize=3)
        axes.set_title(measure.label, fontsize=9)
        axes.set(xlabel="epoch", ylim=(0, None))
        axes.grid(alpha=0.2)
    figure.subplots_adjust(left=0.05, right=0.98, bottom=0.3, top=0.85, wspace=0.25)
    return figure


class Frames:
    """The picture of each epoch: the curves with a line at the epoch, the grid, and the measures.

    faces: how many of the grid's faces to show, a square number up to 64.
    pixels: the most that the grid may be wide.
    Raises ValueError as `load_history` does.
    """

    def __init__(self, run: Path | str, faces: int = 36, pixels: int = 394):
        history, rows_per_epoch = load_history(run)
        self.grids = grid_paths(run)
        self.epochs = list(self.grids)
        self.cut = int(min(faces, 64) ** 0.5) * 66 - 2  # pixels: faces of 64, gaps of 2
        self.pixels = min(self.cut, pixels)
        size = (4.9, self.pixels / pictures.DPI)
        self.figures = [plot_curves(history, rows_per_epoch, size=size)]
        if measures := load_measures(run):
            width = int(4.9 * pictures.DPI) + pictures.GAP + self.pixels
            self.figures.append(plot_measures(measures, width))
        panels = [axes for figure in self.figures for axes in figure.axes]
        self.lines = [axes.axvline(0, color="0.3", linewidth=0.8) for axes in panels]

    def draw(self, epoch: int) -> Image.Image:
        """The picture of an epoch."""
        for line in self.lines:
            line.set_xdata([epoch, epoch])
        curves, *measures = map(pictures.figure_image, self.figures)
        grid = load_grid(self.grids[epoch])
        side = min(self.cut, *grid.size)
        grid = grid.crop((0, 0, side, side)).resize((self.pixels, self.pixels))
        return pictures.stacked(pictures.side_by_side(curves, grid), *measures)


def replay(run: Path | str, faces: int = 36):
    """A slider over the epochs of a run, with play and pause, and a button that saves a GIF.

    faces: as in `Frames`. Returns the widget. Raises ValueError where no epoch is finished.
    """
    import ipywidgets as widgets

    frames = Frames(run, faces)
    epochs = frames.epochs
    last = frames.draw(epochs[-1])
    image = widgets.Image(value=pictures.png_bytes(last), layout={"align_self": "flex-start"})
    image.add_class("animegan-replay")
    slider = widgets.SelectionSlider(options=epochs, value=epochs[-1], description="epoch")
    slider.layout.width = "480px"
    play = widgets.Play(value=len(epochs) - 1, max=len(epochs) - 1, interval=500)
    button = widgets.Button(description="save GIF", icon="film", layout={"width": "fit-content"})

    def draw_epoch(change) -> None:
        image.value = pictures.png_bytes(frames.draw(change["new"]))

    def write_gif(_) -> None:
        try:
            save_gif(run, "replay.gif")
            button.description = "written: replay.gif"
        except (ValueError, OSError) as error:
            button.description = f"error: {error}"

    widgets.jslink((play, "value"), (slider, "index"))
    slider.observe(draw_epoch, "value")
    button.on_click(write_gif)
    rows = [widgets.HBox([play, slider]), image, button]
    panel = widgets.VBox(rows, layout={"width": "fit-content"})
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
    animated = {"save_all": True, "append_images": frames[1:], "duration": times, "loop": 0}
    write_atomically(path, lambda temporary: frames[0].save(temporary, "GIF", **animated))
