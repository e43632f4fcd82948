"""Two directions at once: a map of faces, and the place on it where you are."""

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from animegan_helpers.classifiers import Classifier
from animegan_helpers.debounce import Coalesced
from animegan_helpers.latent import generate
from animegan_helpers.pictures import make_grid, png_bytes
from animegan_helpers.portrait import Portrait

CELL = 44  # screen pixels of a face on the map


class Pad:
    """One face, moved in the plane that two directions span.

    z: (z_dim,), the face in the middle; directions: two, name -> (z_dim,) of length 1; the first goes to the right, the
    second up, each by up to `reach` either way. The map has side x side faces (an odd number); a click on one goes
    there, and the two sliders, which take the arrow keys, go anywhere between.
    """

    def __init__(
        self,
        generator: nn.Module,
        z: torch.Tensor,
        directions: dict[str, torch.Tensor],
        *,
        classifier: Classifier | None = None,
        discriminator: nn.Module | None = None,
        reach: float = 5.0,
        side: int = 7,
    ):
        if len(directions) != 2:
            raise ValueError(f"a pad takes two directions, not {len(directions)}")
        self.generator, self.face, self.directions, self.reach = generator, z, directions, reach
        self.steps = np.linspace(-reach, reach, side)
        self.portrait = Portrait(generator, classifier, discriminator, pixels=280)
        self.quiet = False
        self.redraw = Coalesced(self._draw)
        # the whole map in one batch: (side, side, z_dim), the first row is the topmost
        rows = [
            torch.stack([self.z(across, up) for across in self.steps]) for up in self.steps[::-1]
        ]
        self.map = make_grid(generate(generator, torch.cat(rows)), columns=side, gap=0)
        self._lay_out()
        self._draw()

    def z(self, across: float, up: float) -> torch.Tensor:
        """(z_dim,): the face in the middle, moved."""
        first, second = self.directions.values()
        return self.face + float(across) * first + float(up) * second

    def _lay_out(self) -> None:
        import ipywidgets as widgets

        side = len(self.steps)
        look = {"layout": widgets.Layout(width="470px"), "style": {"description_width": "190px"}}
        self.sliders = [
            widgets.FloatSlider(
                0.0, min=-self.reach, max=self.reach, step=0.05, description=name, **look
            )
            for name in self.directions
        ]
        for slider in self.sliders:
            slider.observe(lambda _: self.quiet or self.redraw(), "value")
        # buttons one can look through, one over each face of the map: a picture by itself hears no click
        square = {
            "width": f"{CELL}px",
            "height": f"{CELL}px",
            "margin": "0",
            "padding": "0",
            "min_width": "0",
        }
        self.plain, self.here = (
            widgets.Layout(**square),
            widgets.Layout(border="3px solid #E69F00", **square),
        )
        clear = widgets.ButtonStyle(button_color="transparent")
        self.cells = {}
        for up in self.steps[::-1]:
            for across in self.steps:
                where = f"{across:+.1f}, {up:+.1f}"
                # no stop of the tab key: it leads to the sliders, which are the way to move without a mouse
                cell = widgets.Button(layout=self.plain, style=clear, tooltip=where, tabbable=False)
                cell.on_click(lambda _, across=across, up=up: self.go(across, up))
                self.cells[across, up] = cell
        size, place = f"{side * CELL}px", {"grid_area": "1 / 1 / 2 / 2", "margin": "0"}
        picture = widgets.Image(
            value=png_bytes(self.map), layout=widgets.Layout(width=size, height=size, **place)
        )
        columns = widgets.Layout(
            grid_template_columns=f"repeat({side}, {CELL}px)", grid_gap="0", **place
        )
        clicks = widgets.GridBox(list(self.cells.values()), layout=columns)
        both = widgets.GridBox(
            [picture, clicks], layout=widgets.Layout(width=size, flex="0 0 auto")
        )
        row = widgets.HBox(
            [both, self.portrait.image, self.portrait.text], layout=widgets.Layout(grid_gap="16px")
        )
        self.widget = widgets.VBox([row, *self.sliders])

    def go(self, across: float, up: float) -> None:
        """Goes to a place of the map, and draws."""
        self.quiet = True
        self.sliders[0].value, self.sliders[1].value = float(across), float(up)
        self.quiet = False
        self.redraw.now()

    def _draw(self) -> None:
        at = [slider.value for slider in self.sliders]
        nearest = tuple(self.steps[np.abs(self.steps - value).argmin()] for value in at)
        for place, cell in self.cells.items():
            cell.layout = (
                self.here if place == nearest else self.plain
            )  # sends nothing where it stays the same
        self.portrait.draw(self.z(*at)[None])

    def show(self) -> "Pad":
        """Displays the pad in a notebook; where no widget can live, the map."""
        from animegan_helpers.live import figure_image, show, small_bytes

        still = small_bytes(figure_image(self.still()))
        show(self.widget, still, "a still picture: the pad needs JupyterLab (make lab)")
        return self

    def still(self) -> Figure:
        """A figure of the map, its directions on the axes."""
        figure = Figure(figsize=(4.6, 4.6), layout="constrained", dpi=90)
        axes = figure.subplots()
        edge = self.reach * (1 + 1 / (len(self.steps) - 1))
        axes.imshow(self.map, extent=(-edge, edge, -edge, edge))
        first, second = self.directions
        axes.set(
            title="Still picture of the pad (make lab for the live one)",
            xlabel=first,
            ylabel=second,
        )
        axes.plot(
            0,
            0,
            marker="s",
            markersize=30,
            markerfacecolor="none",
            markeredgecolor="#E69F00",
            markeredgewidth=2,
        )
        return figure
