"""The parts of the explorer and the pad: faces with a table, sliders, buttons (notebook 06)."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from math import ceil

import ipywidgets as widgets
import torch
from PIL import Image, ImageOps
from torch import nn

from animegan_helpers.classifiers import Classifier
from animegan_helpers.directions import SHOWN_AS
from animegan_helpers.latent import generate
from animegan_helpers.pictures import BLUE, jpeg_bytes, make_grid

SHELL = 2.5  # a random z is about sqrt(z_dim) long, give or take 0.7: beyond this faces dissolve
BAR = f"width:110px;height:10px;accent-color:{BLUE}"  # what a bar looks like


def slider(name: str, low: float, high: float, value: float = 0.0, step: float = 0.05):
    """A slider from `low` to `high`. With a whole `step` its values are whole numbers."""
    kind = widgets.IntSlider if isinstance(step, int) else widgets.FloatSlider
    look = {"layout": {"width": "470px"}, "style": {"description_width": "190px"}}
    return kind(value, min=low, max=high, step=step, description=name, **look)


def button(name: str, icon: str, tooltip: str, action: Callable[[], None]) -> widgets.Button:
    """A button that calls `action`."""
    made = widgets.Button(description=name, icon=icon, tooltip=tooltip, layout={"width": "auto"})
    made.on_click(lambda _: action())
    return made


@dataclass(eq=False, repr=False)
class Portrait:
    """A square with 1, 4, 9 ... faces in it, and a table of what is seen in them.

    classifier, discriminator: whose verdicts are shown, if any. pixels: the side of the square on
    the screen; it does not depend on how many faces are shown. `before` is a square of the same
    size, for the faces as they were.
    """

    generator: nn.Module
    classifier: Classifier | None = None
    discriminator: nn.Module | None = None
    pixels: int = 256

    def __post_init__(self):
        size = {"width": f"{self.pixels}px", "height": f"{self.pixels}px", "flex": "0 0 auto"}
        self.image, self.before = (
            widgets.Image(format="jpeg", layout={"object_fit": "contain", **size}) for _ in range(2)
        )
        self.image.add_class("animegan-face")
        self.text = widgets.HTML(layout={"width": "330px", "flex": "0 0 auto"})
        self.was: torch.Tensor | None = None  # the z of `before`
        # JupyterLab handles sliders in one thread and runs cells in another
        self.lock = threading.Lock()

    def draw(self, z: torch.Tensor, was: torch.Tensor | None = None) -> None:
        """Shows the faces of z (N, z_dim); in `before` those of `was`, if it is given."""
        with self.lock:
            threads = torch.get_num_threads()
            # on a busy machine, threads that share a few milliseconds' work wait for each other
            torch.set_num_threads(1)
            try:
                images = generate(self.generator, z)
                self.image.value = self.picture(images)
                self.text.value = self.table(z, images)
                if was is not None and (self.was is None or not torch.equal(was, self.was)):
                    self.was = was
                    images = images if torch.equal(was, z) else generate(self.generator, was)
                    self.before.value = self.picture(images)
            finally:
                torch.set_num_threads(threads)

    def picture(self, images: torch.Tensor) -> bytes:
        """The JPEG file of faces (N, 3, 64, 64) in a square."""
        grid = make_grid(images, columns=ceil(len(images) ** 0.5))
        # enlarged here, since the browser smears
        size = self.pixels, self.pixels
        return jpeg_bytes(ImageOps.contain(grid, size, Image.Resampling.LANCZOS))

    @torch.no_grad()
    def table(self, z: torch.Tensor, images: torch.Tensor) -> str:
        """HTML: the likeliest values of each factor, D's verdict, the length of z.

        With several faces the numbers are means.
        """
        rows = []
        if self.classifier:
            # few factors leave room for the second likeliest value
            shown = 2 if len(self.classifier.factors) <= 3 else 1
            for factor, chances in self.classifier.probabilities(images).items():
                mean, name = chances.mean(0), SHOWN_AS.get(factor, factor)
                for index in mean.argsort(descending=True)[:shown].tolist():
                    value = self.classifier.factors[factor][index]
                    rows.append(_row(name, value, float(mean[index])))
                    name = ""
        if self.discriminator is not None:
            device = next(self.discriminator.parameters()).device
            logit = self.discriminator(images.to(device)).mean()
            rows.append(_row("D: real?", f"logit {logit:+.1f}", float(logit.sigmoid())))
        length, shell = float(z.norm(dim=1).mean()), z.shape[1] ** 0.5
        hint = "" if abs(length - shell) < SHELL else f"G was trained near {shell:.0f}"
        rows.append(_row("length of z", f"{length:.1f}", note=hint))
        title = f"mean of {len(z)} faces" if len(z) > 1 else "this face"
        return (
            f'<div style="line-height:1.35"><span style="opacity:.7">What is seen in {title}</span>'
            f'<table style="table-layout:fixed;white-space:nowrap">{"".join(rows)}</table></div>'
        )


def _row(name: str, value: str, share: float | None = None, note: str = "") -> str:
    """A row of the table, with a note, or with a bar where a share (0 to 1) is given."""
    bar, percent = note, ""
    if share is not None:
        bar, percent = f'<progress value="{share:.3f}" style="{BAR}"></progress>', f"{share:.0%}"
    return (
        f'<tr><td width="84">{escape(name)}</td><td width="88"><b>{escape(value)}</b></td>'
        f'<td width="110">{bar}</td><td width="36">{percent}</td></tr>'
    )
