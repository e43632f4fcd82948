"""What a run looks like while it runs: the live panel of a notebook, the progress bar of a terminal."""

import base64
import io
import time

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image
from tqdm.auto import tqdm

from animegan_helpers.pictures import make_grid, png_bytes
from animegan_helpers.runs import Observer
from animegan_helpers.training import Trainer

BLUE, ORANGE, GREEN, RED = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
)  # Okabe and Ito's colour-blind-safe palette
DPI = 90  # of the curves beside a grid


class ProgressBar(Observer):
    """Watches a run in a terminal."""

    def start(self, trainer: Trainer) -> None:
        self.bar = tqdm(
            total=len(trainer.history), initial=trainer.step, unit="step", dynamic_ncols=True
        )

    def update(self, trainer: Trainer) -> None:
        self.bar.update(trainer.step - self.bar.n)
        recent = {name: float(values[-50:].mean()) for name, values in trainer.curves().items()}
        self.bar.set_postfix(
            epoch=f"{trainer.epoch}/{trainer.config.epochs}",
            **{name: f"{value:.2f}" for name, value in recent.items()},
        )

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


class Curves:
    """Both losses above D(x) and D(G(z)), over epochs; thin: each step, thick: running mean.

    The figure is made once and its lines are moved: ten times quicker than a new one, and nothing jumps.
    total_epochs: the right end of the axis; highest: the top of the losses' axis, else it follows them.
    """

    def __init__(
        self,
        steps_per_epoch: int,
        total_epochs: float,
        highest: float | None = None,
        size: tuple[float, float] = (5.0, 4.4),
    ):
        self.steps_per_epoch, self.highest = steps_per_epoch, highest
        self.figure = Figure(figsize=size)
        losses, chances = self.figure.subplots(2, 1, sharex=True)
        self.losses, self.lines = losses, {}
        for axes, name, label, colour in (
            (losses, "loss_d", "D's loss (both terms)", BLUE),
            (losses, "loss_g", "G's loss", ORANGE),
            (chances, "d_real", "D(x), real faces", BLUE),
            (chances, "d_fake", "D(G(z)), fakes", ORANGE),
        ):
            thin = axes.plot([], [], color=colour, alpha=0.25, linewidth=0.7)[0]
            self.lines[name] = thin, axes.plot([], [], color=colour, label=label)[0]
        losses.axhline(2 * np.log(2), color="0.4", linestyle=":", label="2 ln 2: D cannot tell")
        losses.set(title="Losses", ylabel="loss (nats)", ylim=(0, highest or 4))
        chances.set(title="D's verdict", xlabel="epoch", ylabel="probability of real", ylim=(0, 1))
        chances.set_xlim(0, total_epochs)
        chances.xaxis.set_major_locator(MaxNLocator(integer=True))
        losses.legend(loc="upper center", ncols=3, fontsize=7, columnspacing=1.2, handlelength=1.4)
        chances.legend(loc="center right", fontsize=7)
        for axes in (losses, chances):
            axes.grid(alpha=0.2)
        self.figure.align_ylabels()
        self.figure.subplots_adjust(left=0.12, right=0.97, bottom=0.12, top=0.93, hspace=0.28)

    def move(self, curves: dict[str, np.ndarray]) -> Figure:
        """Puts the lines where `curves` (as of Trainer.curves) has them."""
        count = len(curves["loss_d"])
        window = max(1, min(self.steps_per_epoch // 4, count // 5))
        every = max(1, count // 1000)  # more points than pixels would only cost time
        epochs = np.arange(1, count + 1) / self.steps_per_epoch
        for name, (thin, thick) in self.lines.items():
            thin.set_data(epochs[::every], curves[name][::every])
            if count:
                thick.set_data(epochs[window - 1 :][::every], smooth(curves[name], window)[::every])
        self.losses.set_ylim(0, self.highest or loss_limit(curves))
        return self.figure


def loss_limit(curves: dict[str, np.ndarray]) -> float:
    """The top of a losses' axis: spikes may leave it, so that the rest is not pressed flat; room for the legend."""
    both = np.concatenate([curves["loss_d"], curves["loss_g"]])
    both = both[np.isfinite(both)]
    return max(4.0, 1.3 * float(np.percentile(both, 99))) if len(both) else 4.0


def plot_curves(
    curves: dict[str, np.ndarray], steps_per_epoch: int, total_epochs: float | None = None
) -> Figure:
    """The figure of Curves; total_epochs: the right end of the axis, else the curves' own."""
    return Curves(steps_per_epoch, total_epochs or len(curves["loss_d"]) / steps_per_epoch).move(
        curves
    )


def readable_time(seconds: float) -> str:
    """75 -> "1:15", 4000 -> "1:06:40"."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def side_by_side(*pictures: Image.Image) -> Image.Image:
    """Pictures in a row on white, tops aligned."""
    row = Image.new(
        "RGB",
        (
            sum(p.width for p in pictures) + 12 * (len(pictures) - 1),
            max(p.height for p in pictures),
        ),
        "white",
    )
    left = 0
    for picture in pictures:
        row.paste(picture, (left, 0))
        left += picture.width + 12
    return row


def figure_image(figure: Figure, dpi: int = DPI) -> Image.Image:
    """The picture of a matplotlib figure."""
    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def small_bytes(picture: Image.Image) -> bytes:
    """The JPEG file of a picture: of faces a quarter of the PNG's size, which keeps saved notebooks small."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90, subsampling=0, optimize=True)
    return buffer.getvalue()


def show(widget, picture: bytes, hint: str):
    """Displays a widget where widgets live, and `picture` (PNG or JPEG) where they do not; gives the handle.

    One output holds both: JupyterLab takes the widget; GitHub, nbviewer and nbconvert take the picture.
    """
    from IPython.display import display

    bundle = widget._repr_mimebundle_()
    bundle = dict(bundle[0] if isinstance(bundle, tuple) else bundle)
    kind = "image/jpeg" if picture.startswith(b"\xff\xd8") else "image/png"
    bundle[kind] = base64.b64encode(picture).decode()
    bundle["text/plain"] = hint
    return display(bundle, raw=True, display_id=True)


class LivePanel(Observer):
    """Watches a run in a notebook: curves, the fixed-noise grid, progress and time left, in one place.

    faces: how many of the fixed-noise samples to show, a square number up to 64; updates: pictures drawn so far.
    When the run ends the widgets give way to a plain picture, which a saved notebook keeps.
    """

    def __init__(self, faces: int = 36):
        self.side = int(min(faces, 64) ** 0.5)
        self.updates = 0

    def start(self, trainer: Trainer) -> None:
        import ipywidgets as widgets

        self.first_step, self.began = trainer.step, time.monotonic()
        pixels = self.side * 66 - 2  # of the grid; the curves are as high
        self.curves = Curves(
            trainer.steps_per_epoch, trainer.config.epochs, size=(4.9, pixels / DPI)
        )
        full = widgets.Layout(width="auto", margin="0")
        self.status = widgets.HTML(layout=full)
        self.bar = widgets.IntProgress(max=len(trainer.history), layout=full)
        # sizes that stand still: nothing moves when a picture is replaced by the next
        self.images = [
            widgets.Image(
                width=width, height=pixels, layout=widgets.Layout(flex="0 0 auto", margin="0")
            )
            for width in (int(4.9 * DPI), pixels)
        ]
        for image in self.images:
            image.add_class("animegan-live")
        row = widgets.HBox(
            self.images, layout=widgets.Layout(grid_gap="12px", margin="6px 0 0 0", overflow="auto")
        )
        layout = widgets.Layout(width="fit-content", overflow="hidden")
        self.panel = widgets.VBox([self.status, self.bar, row], layout=layout)
        self._draw(trainer)
        self.handle = show(self.panel, self._picture(), "the live panel needs JupyterLab: make lab")

    def update(self, trainer: Trainer) -> None:
        if time.monotonic() >= self.next_draw:
            self._draw(trainer)
        else:
            self._say(trainer)

    def finish(self, trainer: Trainer, message: str) -> None:
        from IPython.display import Image as Shown

        self._draw(trainer)
        self.handle.update(Shown(self._picture(), format="jpeg"))
        self.panel.close()
        notes = [f"note, epoch {epoch}: {note}" for epoch, note in trainer.notes[-3:]]
        print(
            "\n".join(
                [
                    f"{message} ({readable_time(trainer.seconds)} of training on {trainer.device.type})",
                    *notes,
                ]
            )
        )

    def _draw(self, trainer: Trainer) -> None:
        start = time.monotonic()
        curves = figure_image(self.curves.move(trainer.curves()))
        grid = make_grid(trainer.samples(trainer.fixed_noise[: self.side**2]), columns=self.side)
        self.pictures = curves, grid
        for image, picture in zip(self.images, self.pictures):
            image.value = png_bytes(picture)
        self._say(trainer)
        self.updates += 1
        # never more than a tenth of the time: on a slow machine the panel waits, not the training
        now = time.monotonic()
        self.next_draw = now + max(0.9, 9 * (now - start))

    def _say(self, trainer: Trainer) -> None:
        done, seconds = trainer.step - self.first_step, time.monotonic() - self.began
        speed = f"{done * trainer.config.batch / seconds:.0f} images/s" if done else "starting"
        left = (
            readable_time((len(trainer.history) - trainer.step) * seconds / done) if done else "?"
        )
        self.bar.value = trainer.step
        self.status.value = (
            f"epoch <b>{trainer.step / trainer.steps_per_epoch:.1f}</b> of {trainer.config.epochs} &middot; "
            f"step {trainer.step} of {len(trainer.history)} &middot; {speed} &middot; <b>{left}</b> left &middot; "
            f"{trainer.precision} on {trainer.device.type}"
        )

    def _picture(self) -> bytes:
        return small_bytes(side_by_side(*self.pictures))
