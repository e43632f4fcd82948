"""A run looked at again: its grids and curves, epoch by epoch, under a slider or as an animated GIF."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from animegan_helpers.live import DPI, Curves, figure_image, loss_limit, show, side_by_side, small_bytes
from animegan_helpers.pictures import png_bytes


def load_history(run: Path) -> tuple[dict[str, np.ndarray], int]:
    """The curves of a run's history.csv, and its steps per epoch."""
    table = np.genfromtxt(run / "history.csv", delimiter=",", names=True)
    curves = {name: table[name].astype(np.float32) for name in table.dtype.names[2:]}
    return curves, int((table["epoch"] == 1).sum())


def load_grids(run: Path) -> dict[int, Image.Image]:
    """Epoch -> the grid kept of it."""
    return {int(path.stem.split("-")[1]): Image.open(path).convert("RGB")
            for path in sorted((Path(run) / "grids").glob("epoch-*.webp"))}  # fmt: skip


def replay(run: Path | str, faces: int = 36):
    """A slider over the epochs of a run: its grid, and the curves up to there; play and pause.

    faces: how many of the grid's to show, a square number up to 64.
    Raises ValueError where the folder holds no finished epoch.
    """
    import ipywidgets as widgets

    grids = load_grids(Path(run))
    if not grids:
        raise ValueError(f"{run} holds no finished epoch: train for one epoch first")
    history, steps_per_epoch = load_history(Path(run))
    epochs = sorted(grids)
    pixels = int(min(faces, 64) ** 0.5) * 66 - 2  # of the part of the grid that is shown
    curves = Curves(steps_per_epoch, epochs[-1], loss_limit(history), size=(4.9, pixels / DPI))

    @lru_cache(maxsize=32)
    def frame(epoch: int) -> Image.Image:
        so_far = {name: values[: epoch * steps_per_epoch] for name, values in history.items()}
        return side_by_side(figure_image(curves.move(so_far)), grids[epoch].crop((0, 0, pixels, pixels)))

    last = frame(epochs[-1])
    image = widgets.Image(value=png_bytes(last), layout=widgets.Layout(align_self="flex-start", margin="6px 0 0 0"))
    slider = widgets.SelectionSlider(options=epochs, value=epochs[-1], description="epoch",
                                     layout=widgets.Layout(width="480px"))  # fmt: skip
    play = widgets.Play(value=len(epochs) - 1, max=len(epochs) - 1, interval=500, show_repeat=False)
    widgets.jslink((play, "value"), (slider, "index"))
    slider.observe(lambda change: setattr(image, "value", png_bytes(frame(change["new"]))), "value")
    panel = widgets.VBox([widgets.HBox([play, slider]), image])
    show(panel, small_bytes(last), "the slider needs JupyterLab: make lab")
    return panel


def save_gif(run: Path | str, path: Path, milliseconds: int = 200) -> None:
    """The grids of a run, epoch by epoch, as an animated GIF; the last stays for two seconds."""
    frames = list(load_grids(Path(run)).values())
    times = [milliseconds] * (len(frames) - 1) + [2000]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=times, loop=0)
