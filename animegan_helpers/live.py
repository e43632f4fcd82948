"""What a run looks like while it runs: the live panel of a notebook, the progress bar of a terminal, the replay."""

import re
import time
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from tqdm.auto import tqdm

from animegan_helpers.pictures import make_grid, png_bytes
from animegan_helpers.training import Trainer

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"  # Okabe and Ito's colour-blind-safe palette


class ProgressBar:
    """Watches a run in a terminal."""

    def start(self, trainer: Trainer) -> None:
        self.bar = tqdm(total=len(trainer.history), initial=trainer.step, unit="step", dynamic_ncols=True)

    def update(self, trainer: Trainer) -> None:
        self.bar.update(trainer.step - self.bar.n)
        recent = {name: float(values[-50:].mean()) for name, values in trainer.curves().items()}
        self.bar.set_postfix(epoch=f"{trainer.epoch}/{trainer.config.epochs}",
                             **{name: f"{value:.2f}" for name, value in recent.items()})  # fmt: skip

    def finish(self, trainer: Trainer, message: str) -> None:
        self.bar.update(trainer.step - self.bar.n)
        self.bar.close()
        for epoch, note in trainer.notes:
            tqdm.write(f"note, epoch {epoch}: {note}")
        tqdm.write(message)


def smooth(values: np.ndarray, window: int) -> np.ndarray:
    """The running mean over `window` steps; shorter by window - 1."""
    sums = np.cumsum(np.concatenate([[0.0], values]))
    return (sums[window:] - sums[:-window]) / window


def draw_curves(curves: dict[str, np.ndarray], steps_per_epoch: int, total_epochs: float | None = None) -> Figure:
    """Both losses above D(x) and D(G(z)), over epochs; thin: each step, thick: running mean.

    curves: as Trainer.curves() gives them. total_epochs: the right end of the axis.
    """
    figure = Figure(figsize=(5.2, 5.4), layout="constrained")
    losses, chances = figure.subplots(2, 1, sharex=True)
    window = max(1, min(steps_per_epoch // 4, len(curves["loss_d"]) // 5))
    for axes, name, label, colour in (
        (losses, "loss_d", "D's loss (sum of two terms)", BLUE),
        (losses, "loss_g", "G's loss", ORANGE),
        (chances, "d_real", "D(x), real faces", BLUE),
        (chances, "d_fake", "D(G(z)), fakes", ORANGE),
    ):
        values = curves[name]
        epochs = np.arange(1, len(values) + 1) / steps_per_epoch
        every = max(1, len(values) // 1000)  # more points than pixels would only cost time
        axes.plot(epochs[::every], values[::every], color=colour, alpha=0.25, linewidth=0.7)
        if len(values):
            axes.plot(epochs[window - 1 :][::every], smooth(values, window)[::every], color=colour, label=label)
    losses.axhline(2 * np.log(2), color="0.4", linestyle=":", label="2 ln 2: D cannot tell")
    losses.set(title="Losses", ylabel="loss (nats)", ylim=(0, None))
    chances.set(title="D's verdict", xlabel="epoch", ylabel="mean probability of real", ylim=(0, 1))
    if total_epochs:
        chances.set_xlim(0, total_epochs)
    for axes in (losses, chances):
        axes.legend(loc="upper right", fontsize=8)
        axes.grid(alpha=0.2)
    return figure


def readable_time(seconds: float) -> str:
    """75 -> "1:15", 4000 -> "1:06:40"."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def side_by_side(*pictures: Image.Image) -> Image.Image:
    """Pictures in a row on white, tops aligned."""
    row = Image.new("RGB", (sum(p.width for p in pictures) + 12 * (len(pictures) - 1), max(p.height for p in pictures)),
                    "white")  # fmt: skip
    left = 0
    for picture in pictures:
        row.paste(picture, (left, 0))
        left += picture.width + 12
    return row


def figure_image(figure: Figure, dpi: int = 90) -> Image.Image:
    """The picture of a matplotlib figure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def show(widget, picture, hint: str):
    """Displays a widget where widgets live, and `picture` (PNG bytes) with `hint` where they do not; gives the handle.

    One output holds both: JupyterLab takes the widget; GitHub, nbviewer and nbconvert take the picture.
    """
    from IPython.display import display

    bundle = widget._repr_mimebundle_()
    bundle = dict(bundle[0] if isinstance(bundle, tuple) else bundle)
    import base64

    bundle["image/png"] = base64.b64encode(picture).decode()
    bundle["text/plain"] = hint
    return display(bundle, raw=True, display_id=True)


class LivePanel:
    """Watches a run in a notebook: curves, the fixed-noise grid, progress and time left, in one place.

    faces: how many of the fixed-noise samples to show.
    """

    def __init__(self, faces: int = 36):
        self.faces = faces
        self.updates = 0
        self.draw_seconds = 0.0

    def start(self, trainer: Trainer) -> None:
        import ipywidgets as widgets

        self.first_step, self.began = trainer.step, time.monotonic()
        self.next_draw = 0.0
        self.status = widgets.HTML()
        self.bar = widgets.IntProgress(max=len(trainer.history), layout=widgets.Layout(width="100%"))
        self.curves, self.grid = widgets.Image(), widgets.Image()
        for image in (self.curves, self.grid):
            image.add_class("animegan-live")
        pictures = widgets.HBox([self.curves, self.grid], layout=widgets.Layout(align_items="center"))
        self.panel = widgets.VBox([self.status, self.bar, pictures])
        self._draw(trainer)
        self.handle = show(self.panel, self._picture(), "the live panel needs JupyterLab: make lab")

    def update(self, trainer: Trainer) -> None:
        self._say(trainer)
        if time.monotonic() >= self.next_draw:
            self._draw(trainer)

    def finish(self, trainer: Trainer, message: str) -> None:
        self._draw(trainer)
        notes = "".join(f"<br>epoch {epoch}: {note}" for epoch, note in trainer.notes[-3:])
        self.status.value = f"<b>{message}</b>{notes}"
        self.panel.close()  # what stays in the notebook is the last picture
        from IPython.display import Image as Shown

        self.handle.update(Shown(self._picture()))
        print(re.sub("<br>", "\n", message + notes))

    def _draw(self, trainer: Trainer) -> None:
        start = time.monotonic()
        curves = draw_curves(trainer.curves(), trainer.steps_per_epoch, trainer.config.epochs)
        self.curves_picture = figure_image(curves)
        side = int(self.faces**0.5)
        self.grid_picture = make_grid(trainer.samples(trainer.fixed_noise[: side * side]), columns=side)
        self.curves.value, self.grid.value = png_bytes(self.curves_picture), png_bytes(self.grid_picture)
        self._say(trainer)
        self.updates += 1
        # never more than a tenth of the time: on a slow machine the panel waits, not the training
        self.draw_seconds = time.monotonic() - start
        self.next_draw = time.monotonic() + max(1.0, 9 * self.draw_seconds)

    def _say(self, trainer: Trainer) -> None:
        done = trainer.step - self.first_step
        seconds = time.monotonic() - self.began
        speed = f"{done * trainer.config.batch / seconds:.0f} images/s" if done else "starting"
        left = readable_time((len(trainer.history) - trainer.step) * seconds / done) if done else "?"
        self.bar.value = trainer.step
        self.status.value = (
            f"epoch <b>{trainer.step / trainer.steps_per_epoch:.1f}</b> of {trainer.config.epochs}, "
            f"step {trainer.step}, {speed}, {left} left, {trainer.precision} on {trainer.device.type}"
        )

    def _picture(self) -> bytes:
        return png_bytes(side_by_side(self.curves_picture, self.grid_picture))


def load_history(run: Path) -> tuple[dict[str, np.ndarray], int]:
    """The curves of a run's history.csv, and its steps per epoch."""
    table = np.genfromtxt(run / "history.csv", delimiter=",", names=True)
    curves = {name: table[name].astype(np.float32) for name in table.dtype.names[2:]}
    return curves, int((table["epoch"] == 1).sum())


def load_grids(run: Path) -> dict[int, Image.Image]:
    """Epoch -> the grid kept of it."""
    return {int(path.stem.split("-")[1]): Image.open(path).convert("RGB")
            for path in sorted((Path(run) / "grids").glob("epoch-*.webp"))}  # fmt: skip


def replay(run: Path | str):
    """A slider over the epochs of a run: its grid, and the curves up to there; play and pause.

    Raises ValueError where the folder holds no finished epoch.
    """
    import ipywidgets as widgets

    run = Path(run)
    grids = load_grids(run)
    if not grids:
        raise ValueError(f"{run} holds no finished epoch: train for one epoch first")
    curves, steps_per_epoch = load_history(run)
    epochs = sorted(grids)

    def frame(epoch: int) -> bytes:
        so_far = {name: values[: epoch * steps_per_epoch] for name, values in curves.items()}
        return png_bytes(side_by_side(figure_image(draw_curves(so_far, steps_per_epoch, epochs[-1])), grids[epoch]))

    image = widgets.Image(value=frame(epochs[-1]))
    slider = widgets.SelectionSlider(options=epochs, value=epochs[-1], description="epoch", continuous_update=True,
                                     layout=widgets.Layout(width="480px"))  # fmt: skip
    play = widgets.Play(min=0, max=len(epochs) - 1, interval=400)
    play.observe(lambda change: setattr(slider, "index", change["new"]), "value")
    slider.observe(lambda change: setattr(image, "value", frame(change["new"])), "value")
    panel = widgets.VBox([widgets.HBox([play, slider]), image])
    show(panel, image.value, "the slider needs JupyterLab: make lab")
    return panel


def save_gif(run: Path | str, path: Path, milliseconds: int = 200) -> None:
    """The grids of a run, epoch by epoch, as an animated GIF; the last stays for two seconds."""
    frames = list(load_grids(Path(run)).values())
    times = [milliseconds] * (len(frames) - 1) + [2000]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=times, loop=0)
