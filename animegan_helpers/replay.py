"""A run looked at again: grids, losses and measures, epoch by epoch, under a slider or as an animated GIF."""

import csv
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image, ImageDraw

from animegan_helpers.files import unused, write_atomically
from animegan_helpers.live import (
    BLUE,
    DPI,
    GREEN,
    ORANGE,
    RED,
    Curves,
    figure_image,
    loss_limit,
    show,
    side_by_side,
    small_bytes,
)
from animegan_helpers.pictures import png_bytes

CURVES = ("loss_d", "loss_g", "d_real", "d_fake")
MEASURES = {
    "modes": "modes covered",
    "kl": "KL to the data (nats)",
    "frechet": "Frechet distance (FCD)",
    "coverage": "coverage",
}
"""Columns of measures.csv that get a curve, and what stands above it."""


def load_history(run: Path | str) -> tuple[dict[str, np.ndarray], int]:
    """The curves of a run's history.csv, and its rows per epoch (a row is a step, or several where it was thinned).

    Raises ValueError where the file is missing or holds no row. A line cut short is left out.
    """
    path = Path(run) / "history.csv"
    table = read_columns(path)
    if not {"epoch", *CURVES} <= set(table):
        raise ValueError(
            f"{path} is missing, or no history of a run (columns epoch, {', '.join(CURVES)})"
        )
    rows = int((table["epoch"] == table["epoch"][0]).sum())
    return {name: table[name].astype(np.float32) for name in CURVES}, rows


def load_measures(run: Path | str) -> dict[str, np.ndarray]:
    """ "epoch" and the measures of a run's measures.csv, (rows,) each; {} where nothing was measured."""
    table = read_columns(Path(run) / "measures.csv")
    return table if "epoch" in table and set(MEASURES) & set(table) else {}


def read_columns(path: Path) -> dict[str, np.ndarray]:
    """The columns of a CSV file with a header, (rows,) each, nan for what is no number; {} where there is no row."""
    if not path.is_file():
        return {}
    header, *rows = list(
        csv.reader(path.read_text(encoding="utf-8", errors="replace").splitlines())
    ) or [[]]
    rows = [[_number(cell) for cell in row] for row in rows if len(row) == len(header)]
    return dict(zip(header, np.array(rows).T)) if rows else {}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def grid_paths(run: Path | str) -> dict[int, Path]:
    """Epoch -> the file of the grid kept of it, in order."""
    return {
        int(path.stem.split("-")[1]): path
        for path in sorted((Path(run) / "grids").glob("epoch-*.webp"))
    }


def load_grids(run: Path | str) -> dict[int, Image.Image]:
    """Epoch -> the grid kept of it."""
    return {epoch: Image.open(path).convert("RGB") for epoch, path in grid_paths(run).items()}


class MeasureCurves:
    """A row of small panels, one for each measure there is, over epochs; made once, then its lines are moved."""

    def __init__(self, measures: dict[str, np.ndarray], total_epochs: int, width: int):
        self.measures = measures
        names = [name for name in MEASURES if name in measures]
        self.figure = Figure(figsize=(width / DPI, 1.7), layout="constrained")
        self.lines = {}
        for axes, name, colour in zip(
            self.figure.subplots(1, len(names), squeeze=False)[0], names, (BLUE, ORANGE, GREEN, RED)
        ):
            values = measures[name][np.isfinite(measures[name])]
            self.lines[name] = axes.plot([], [], color=colour, marker="o", markersize=3)[0]
            axes.set(
                title=MEASURES[name],
                xlabel="epoch",
                xlim=(0, total_epochs + 0.5),
                ylim=(0, 1.1 * float(values.max(initial=1e-6))),
            )
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
            axes.title.set_fontsize(9)
            axes.grid(alpha=0.2)

    def move(self, epoch: int) -> Figure:
        """Draws the measures up to an epoch."""
        until = self.measures["epoch"] <= epoch
        for name, line in self.lines.items():
            line.set_data(self.measures["epoch"][until], self.measures[name][until])
        return self.figure


class Frames:
    """The pictures of a run, one an epoch: losses and D's verdict, the grid, and below them the measures, if any.

    faces: how many of the grid's to show, a square number up to 64; pixels: the most that the grid may be wide.
    Raises ValueError where the folder holds no finished epoch.
    """

    def __init__(self, run: Path | str, faces: int = 36, pixels: int = 394):
        self.grids = grid_paths(run)
        if not self.grids:
            raise ValueError(f"{run} holds no finished epoch: train for one epoch first")
        self.history, self.rows = load_history(run)
        self.epochs = list(self.grids)
        self.side = int(min(faces, 64) ** 0.5) * 66 - 2  # of the part of the grid that is shown
        self.pixels = min(self.side, pixels)
        self.curves = Curves(
            self.rows, self.epochs[-1], loss_limit(self.history), size=(4.9, self.pixels / DPI)
        )
        measures = load_measures(run)
        width = int(4.9 * DPI) + 12 + self.pixels
        self.measures = MeasureCurves(measures, self.epochs[-1], width) if measures else None

    def draw(self, epoch: int) -> Image.Image:
        """The picture of an epoch, with curves up to it."""
        so_far = {name: values[: epoch * self.rows] for name, values in self.history.items()}
        grid = Image.open(self.grids[epoch]).convert("RGB")
        side = min(self.side, *grid.size)
        grid = grid.crop((0, 0, side, side)).resize(
            (self.pixels, self.pixels), Image.Resampling.LANCZOS
        )
        top = side_by_side(figure_image(self.curves.move(so_far)), grid)
        return stacked(top, figure_image(self.measures.move(epoch))) if self.measures else top


def stacked(*pictures: Image.Image) -> Image.Image:
    """Pictures in a column on white."""
    column = Image.new(
        "RGB", (max(p.width for p in pictures), sum(p.height for p in pictures)), "white"
    )
    top = 0
    for picture in pictures:
        column.paste(picture, (0, top))
        top += picture.height
    return column


def captioned(picture: Image.Image, text: str) -> Image.Image:
    """The picture with a line of text below."""
    line = Image.new("RGB", (picture.width, 20), "white")
    ImageDraw.Draw(line).text((4, 3), text, fill="black", font_size=12)
    return stacked(picture, line)


def replay(run: Path | str, faces: int = 36):
    """A slider over the epochs of a run, with play and pause, and a button that writes its GIF; see Frames."""
    import ipywidgets as widgets

    frames = Frames(run, faces)
    epochs, draw = frames.epochs, lru_cache(maxsize=32)(frames.draw)
    last = draw(epochs[-1])
    image = widgets.Image(
        value=png_bytes(last), layout=widgets.Layout(align_self="flex-start", margin="6px 0 0 0")
    )
    image.add_class("animegan-replay")
    slider = widgets.SelectionSlider(
        options=epochs, value=epochs[-1], description="epoch", layout=widgets.Layout(width="480px")
    )
    play = widgets.Play(value=len(epochs) - 1, max=len(epochs) - 1, interval=500, show_repeat=False)
    widgets.jslink((play, "value"), (slider, "index"))
    slider.observe(lambda change: setattr(image, "value", png_bytes(draw(change["new"]))), "value")
    button = widgets.Button(
        description="save GIF",
        icon="film",
        tooltip="writes replay.gif beside the notebook",
        layout=widgets.Layout(width="auto"),
    )
    status = widgets.Label()

    def write(_) -> None:
        try:
            save_gif(run, Path("replay.gif"))
            status.value = "written: replay.gif"
        except (ValueError, OSError) as error:
            status.value = f"error: {error}"

    button.on_click(write)
    parts = [widgets.HBox([play, slider]), image, widgets.HBox([button, status])]
    panel = widgets.VBox(parts, layout=widgets.Layout(width="fit-content"))
    hint = "the slider needs JupyterLab: make lab"
    show(panel, small_bytes(captioned(last, f"Still picture of epoch {epochs[-1]}; {hint}")), hint)
    return panel


def save_gif(run: Path | str, path: Path | str, milliseconds: int = 200, pixels: int = 526) -> None:
    """The grids of a run, epoch by epoch, as an animated GIF at most `pixels` wide; the last stays for two seconds.

    Raises ValueError where the file is there already, or the run has no finished epoch.
    """
    path = unused(path)
    frames = [captioned(grid, f"epoch {epoch}") for epoch, grid in load_grids(run).items()]
    if not frames:
        raise ValueError(f"{run} holds no finished epoch: train for one epoch first")
    for frame in frames:
        frame.thumbnail((pixels, 2 * pixels))
    times = [milliseconds] * (len(frames) - 1) + [2000]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=times, loop=0)


def export_run(run: Path | str, folder: Path | str, rows: int = 50, limit: int = 4_500_000) -> None:
    """A run made small to hand on, for `replay`: history.csv, measures.csv if there is one, and the grids.

    rows: at most so many steps of each epoch are kept, evenly spaced and as they were: a mean would hide how unsteady
    the losses are; limit: bytes that all grids may take together; a long run's are of lower quality.
    Raises ValueError where the folder is there or the run has no epoch.
    """
    run, folder = Path(run), unused(folder)
    grids = load_grids(run)
    if not grids:
        raise ValueError(f"{run} holds no finished epoch: train for one epoch first")
    per_epoch = load_history(run)[1]
    every = next(
        k for k in range(1, per_epoch + 1) if per_epoch % k == 0 and per_epoch // k <= rows
    )
    (folder / "grids").mkdir(parents=True)
    header, *steps = (run / "history.csv").read_text(encoding="utf-8").splitlines()
    kept = steps[every - 1 : max(grids) * per_epoch : every]
    files = {"history.csv": "\n".join([header, *kept]) + "\n"}
    if (run / "measures.csv").is_file():
        files["measures.csv"] = (run / "measures.csv").read_text(encoding="utf-8")
    for name, text in files.items():
        write_atomically(
            folder / name, lambda temporary, text=text: temporary.write_text(text, encoding="utf-8")
        )
    for epoch, grid in small_enough(grids, limit).items():
        (folder / "grids" / f"epoch-{epoch:04d}.webp").write_bytes(grid)


def small_enough(grids: dict[int, Image.Image], limit: int) -> dict[int, bytes]:
    """The grids as WebP files, of the best quality up to 60 that keeps them all within `limit` bytes, or of 20."""
    for quality in range(60, 19, -5):
        files = {}
        for epoch, grid in grids.items():
            grid.save(buffer := BytesIO(), "WEBP", quality=quality, method=6)
            files[epoch] = buffer.getvalue()
        if sum(map(len, files.values())) <= limit:
            break
    return files
