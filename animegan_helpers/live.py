"""What a run looks like while it runs: its curves, and the live panel (notebook 05)."""

import time
from datetime import timedelta

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from animegan_helpers import pictures
from animegan_helpers.runs import Observer
from animegan_helpers.training import Trainer


def smooth(values: np.ndarray, window: int) -> np.ndarray:
    """The running mean of the finite values over `window` steps: (N,) -> (N - window + 1,)."""
    finite = np.isfinite(values)
    sums = np.cumsum(np.append(0.0, np.where(finite, values, 0.0)))
    counts = np.cumsum(np.append(0, finite))
    with np.errstate(invalid="ignore"):  # a window without a finite value has the mean nan
        return (sums[window:] - sums[:-window]) / (counts[window:] - counts[:-window])


def plot_curves(
    curves: dict[str, np.ndarray],
    steps_per_epoch: int,
    total_epochs: float | None = None,
    size: tuple[float, float] = (5.0, 4.4),
) -> Figure:
    """Both losses above D(x) and D(G(z)), over epochs. Thin: each step. Thick: a running mean.

    curves: as `Trainer.curves` gives them; total_epochs: where the axis ends (default: with the
    curves); size: in inches.
    """
    steps = len(curves["loss_d"])
    window = max(1, min(steps_per_epoch // 4, steps // 5))
    every = max(1, steps // 1000)  # more points than pixels would only cost time
    epochs = np.arange(1, steps + 1) / steps_per_epoch
    figure = Figure(figsize=size)
    losses, verdict = figure.subplots(2, 1, sharex=True)
    for axes, name, label, colour, style in (
        (losses, "loss_d", "D's loss (both terms)", pictures.BLUE, "-"),
        (losses, "loss_g", "G's loss", pictures.ORANGE, "--"),
        (verdict, "d_real", "D(x), real faces", pictures.BLUE, "-"),
        (verdict, "d_fake", "D(G(z)), fakes", pictures.ORANGE, "--"),
    ):
        values, mean = curves[name], smooth(curves[name], window)
        axes.plot(epochs[::every], values[::every], color=colour, alpha=0.25, linewidth=0.7)
        axes.plot(epochs[window - 1 :: every], mean[::every], style, color=colour, label=label)
        axes.grid(alpha=0.2)
    losses.axhline(2 * np.log(2), color="0.4", linestyle=":", label="2 ln 2: D cannot tell")
    # Rare spikes may leave the axis, so they do not press the rest flat. 1.3: room for the legend.
    both = np.concatenate([[0.0], curves["loss_d"], curves["loss_g"]])
    highest = max(4.0, 1.3 * np.percentile(both[np.isfinite(both)], 99))
    losses.set(title="Losses", ylabel="loss (nats)", ylim=(0, highest))
    verdict.set(title="D's verdict", xlabel="epoch", ylabel="probability of real", ylim=(0, 1))
    verdict.set_xlim(0, total_epochs or steps / steps_per_epoch)
    verdict.xaxis.set_major_locator(MaxNLocator(integer=True))
    losses.legend(loc="upper center", ncols=3, fontsize=7, columnspacing=1.2, handlelength=1.4)
    verdict.legend(loc="center right", fontsize=7)
    figure.align_ylabels()
    # Fixed margins: with a layout that adapts, the axes would jump from one picture to the next.
    figure.subplots_adjust(left=0.14, right=0.97, bottom=0.12, top=0.93, hspace=0.28)
    return figure


class LivePanel(Observer):
    """Shows a run in a notebook: curves, samples of the fixed noise, progress and time left.

    faces: how many samples to show, a square number up to 64.
    picture: what the panel shows now.
    When the run ends, a plain picture takes the widgets' place. A saved notebook keeps it.
    """

    def __init__(self, faces: int = 36):
        self.side = int(min(faces, 64) ** 0.5)

    def start(self, trainer: Trainer) -> None:
        import ipywidgets as widgets

        self.first_step, self.began = trainer.step, time.monotonic()
        self.progress, self.image = widgets.HTML(), widgets.Image()
        self.image.add_class("animegan-live")
        self._draw(trainer)
        self._show_progress(trainer)
        # A fixed size: nothing moves when the next picture comes.
        self.image.width, self.image.height = map(str, self.picture.size)
        self.panel = widgets.VBox([self.progress, self.image], layout={"width": "fit-content"})
        hint = "the live panel needs JupyterLab: make lab"
        self.handle = pictures.show(self.panel, pictures.jpeg_bytes(self.picture), hint)

    def update(self, trainer: Trainer) -> None:
        if time.monotonic() >= self.next_draw:
            self._draw(trainer)
        self._show_progress(trainer)

    def finish(self, trainer: Trainer, message: str) -> None:
        from IPython.display import Image

        self._draw(trainer)
        self.handle.update(Image(pictures.jpeg_bytes(self.picture), format="jpeg"))
        self.panel.close()
        seconds = timedelta(seconds=round(trainer.seconds))
        print(f"{message} ({seconds} of training on {trainer.device.type})")
        for epoch, note in trainer.notes[-3:]:
            print(f"note, epoch {epoch}: {note}")

    def _draw(self, trainer: Trainer) -> None:
        start = time.monotonic()
        samples = trainer.samples(trainer.fixed_noise[: self.side**2])
        grid = pictures.make_grid(samples, columns=self.side)
        steps_per_epoch, epochs = trainer.steps_per_epoch, trainer.config.epochs
        size = (4.9, grid.height / pictures.DPI)  # as high as the grid
        curves = plot_curves(trainer.curves(), steps_per_epoch, epochs, size=size)
        self.picture = pictures.side_by_side(pictures.figure_image(curves), grid)
        self.image.value = pictures.png_bytes(self.picture)
        # Drawing takes at most a tenth of the time. On a slow machine the panel waits for training.
        now = time.monotonic()
        self.next_draw = now + max(0.9, 9 * (now - start))

    def _show_progress(self, trainer: Trainer) -> None:
        steps, total = trainer.step, len(trainer.history)
        done, seconds = steps - self.first_step, time.monotonic() - self.began
        speed = done * trainer.config.batch / seconds if seconds else 0
        left = timedelta(seconds=round((total - steps) * seconds / done)) if done else "?"
        self.progress.value = (
            f"<progress value={steps} max={total} style='width:100%'></progress><br>"
            f"epoch <b>{steps / trainer.steps_per_epoch:.1f}</b> of {trainer.config.epochs}"
            f" &middot; step {steps} of {total} &middot; {speed:.0f} images/s"
            f" &middot; <b>{left}</b> left"
            f" &middot; {trainer.precision} on {trainer.device.type}"
        )
