"""Faces on show, with what a network sees in them and what D thinks of them, live."""

import contextlib
import threading
from collections.abc import Iterator
from html import escape

import torch
from torch import nn

from animegan_helpers.latent import generate
from animegan_helpers.pictures import make_grid, png_bytes
from animegan_helpers.reader import Reader

BAR = ('<div title="{title}" style="background:#ddd;width:110px;height:9px;border-radius:4px;overflow:hidden">'
       '<div style="background:{colour};width:{percent:.0f}%;height:9px"></div></div>')  # fmt: skip
ROW = ('<tr><td style="opacity:.7;padding-right:8px">{name}</td><td style="padding-right:8px"><b>{value}</b></td>'
       '<td>{bar}</td><td style="text-align:right;padding-left:6px">{percent:.0f}%</td></tr>')  # fmt: skip
NAMED, JUDGED = "#0072B2", "#E69F00"


class Portrait:
    """A square with 1, 4, 9 ... faces in it, and below it a table of what is seen in them.

    pixels: the square's side on the screen. The picture sent is as small as G makes it, 64 pixels a face, and the
    browser enlarges it: a sixteenth of the bytes, and nothing on the page moves.
    """

    def __init__(self, generator: nn.Module, reader: Reader | None = None, discriminator: nn.Module | None = None,
                 pixels: int = 320):  # fmt: skip
        import ipywidgets as widgets

        self.generator, self.reader, self.discriminator = generator, reader, discriminator
        size = {"width": f"{pixels}px", "height": f"{pixels}px", "flex": "0 0 auto"}
        self.image = widgets.Image(format="png", layout=widgets.Layout(object_fit="contain", **size))
        self.image.add_class("animegan-face")
        self.text = widgets.HTML(layout=widgets.Layout(width=f"{pixels}px"))
        self.lock = threading.Lock()  # JupyterLab handles sliders in one thread and runs cells in another

    def draw(self, z: torch.Tensor) -> None:
        """Shows the faces of z (N, z_dim)."""
        with self.lock, one_thread():
            images = generate(self.generator, z)  # (N, 3, 64, 64)
            self.image.value = self.png(images)
            self.text.value = self.table(z, images)

    def png(self, images: torch.Tensor) -> bytes:
        """The PNG file of faces (N, 3, 64, 64), in rows of about as many as there are rows."""
        return png_bytes(make_grid(images, columns=round(len(images) ** 0.5 + 0.49)))

    @torch.no_grad()
    def table(self, z: torch.Tensor, images: torch.Tensor) -> str:
        """HTML: the likeliest value of each factor, D's verdict, the length of z; means where there are several."""
        rows = []
        if self.reader:
            shown = 2 if len(self.reader.factors) <= 3 else 1  # few factors leave room for the runner-up
            for factor, p in self.reader.probabilities(images).items():
                best = p.mean(0).topk(min(shown, p.shape[1]))
                for k, (chance, index) in enumerate(zip(*map(torch.Tensor.tolist, best))):
                    rows.append(_row("" if k else factor, self.reader.factors[factor][index], chance, NAMED))
        if self.discriminator is not None:
            logit = self.discriminator(images).mean()
            rows.append(_row("D: real?", f"logit {float(logit):+.1f}", float(logit.sigmoid()), JUDGED))
        length = f"{float(z.norm(dim=1).mean()):.1f}"
        rows.append(f'<tr><td style="opacity:.7;padding-right:8px">length of z</td><td><b>{length}</b></td></tr>')
        title = f"mean of {len(z)} faces" if len(z) > 1 else "this face"
        return (f'<div style="line-height:1.35"><span style="opacity:.7">What is seen in {title}</span>'
                f"<table>{''.join(rows)}</table></div>")  # fmt: skip


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
    bar = BAR.format(title=escape(f"{name} {value}: {share:.0%}"), colour=colour, percent=100 * share)
    return ROW.format(name=escape(name), value=escape(value), bar=bar, percent=100 * share)
