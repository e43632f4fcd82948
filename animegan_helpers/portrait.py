"""Faces on show, with what a network sees in them and what D thinks of them, live."""

import contextlib
import threading
from collections.abc import Iterator
from html import escape
from math import ceil

import torch
from PIL import Image
from torch import nn

from animegan_helpers.classifiers import Classifier
from animegan_helpers.directions import SHOWN_AS
from animegan_helpers.latent import generate
from animegan_helpers.pictures import make_grid, png_bytes

ROW = (
    '<tr style="white-space:nowrap"><td style="width:84px;opacity:.7">{name}</td>'
    '<td style="width:88px"><b>{value}</b></td>'
    '<td style="width:110px">{bar}</td><td style="width:36px;text-align:right">{percent}</td></tr>'
)
BAR = (
    '<div title="{title}" style="background:#ddd;height:9px;border-radius:4px;overflow:hidden">'
    '<div style="background:{colour};width:{percent:.0f}%;height:9px"></div></div>'
)
NAMED, JUDGED = "#0072B2", "#E69F00"


class Portrait:
    """A square with 1, 4, 9 ... faces in it, and below it a table of what is seen in them.

    pixels: the square's side on the screen, which stands still whatever is in it. The picture sent is smaller, as that
    is quicker; the browser enlarges it.
    """

    def __init__(
        self,
        generator: nn.Module,
        classifier: Classifier | None = None,
        discriminator: nn.Module | None = None,
        pixels: int = 320,
    ):
        import ipywidgets as widgets

        self.generator, self.classifier, self.discriminator = generator, classifier, discriminator
        size = {"width": f"{pixels}px", "height": f"{pixels}px", "flex": "0 0 auto"}
        self.image = widgets.Image(
            format="png", layout=widgets.Layout(object_fit="contain", **size)
        )
        self.image.add_class("animegan-face")
        self.text = widgets.HTML(layout=widgets.Layout(width="330px", flex="0 0 auto"))
        self.lock = (
            threading.Lock()
        )  # JupyterLab handles sliders in one thread and runs cells in another

    def draw(self, z: torch.Tensor) -> None:
        """Shows the faces of z (N, z_dim)."""
        with self.lock, one_thread():
            images = generate(self.generator, z)  # (N, 3, 64, 64)
            self.image.value = self.png(images)
            self.text.value = self.table(z, images)

    def png(self, images: torch.Tensor) -> bytes:
        """The PNG file of faces (N, 3, 64, 64) in a square, or nearly."""
        columns = ceil(len(images) ** 0.5)
        grid = make_grid(images, columns=columns)
        smooth = (
            2 if columns < 3 else 1
        )  # a browser enlarges by straight lines between pixels, and that shows
        return png_bytes(
            grid.resize((grid.width * smooth, grid.height * smooth), Image.Resampling.BICUBIC)
        )

    @torch.no_grad()
    def table(self, z: torch.Tensor, images: torch.Tensor) -> str:
        """HTML: the likeliest value of each factor, D's verdict, the length of z; means where there are several."""
        rows = []
        if self.classifier:
            shown = (
                2 if len(self.classifier.factors) <= 3 else 1
            )  # few factors leave room for the runner-up
            for factor, p in self.classifier.probabilities(images).items():
                best, name = p.mean(0).topk(min(shown, p.shape[1])), SHOWN_AS.get(factor, factor)
                for chance, index in zip(*map(torch.Tensor.tolist, best)):
                    rows.append(_row(name, self.classifier.factors[factor][index], chance, NAMED))
                    name = ""  # of the runner-up
        if self.discriminator is not None:
            device = next(self.discriminator.parameters()).device
            logit = self.discriminator(images.to(device)).mean()
            rows.append(
                _row("D: real?", f"logit {float(logit):+.1f}", float(logit.sigmoid()), JUDGED)
            )
        length = f"{float(z.norm(dim=1).mean()):.1f}"
        rows.append(ROW.format(name="length of z", value=length, bar="", percent=""))
        title = f"mean of {len(z)} faces" if len(z) > 1 else "this face"
        return (
            f'<div style="line-height:1.35"><span style="opacity:.7">What is seen in {title}</span>'
            f'<table style="table-layout:fixed">{"".join(rows)}</table></div>'
        )


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Arithmetic on one core: threads of a few milliseconds' work mostly wait, and long on a machine that is busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _row(name: str, value: str, share: float, colour: str) -> str:
    bar = BAR.format(
        title=escape(f"{name} {value}: {share:.0%}"), colour=colour, percent=100 * share
    )
    return ROW.format(name=escape(name), value=escape(value), bar=bar, percent=f"{share:.0%}")
