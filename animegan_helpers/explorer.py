"""The slider: a face, and controls that move it through the latent space."""

from collections.abc import Callable
from html import escape

import numpy as np
import torch
from torch import nn

from animegan_helpers.latent import draw_latent, draw_strips, generate, slerp, strip
from animegan_helpers.pictures import make_grid, png_bytes

SEEDS = 1_000


class Explorer:
    """Faces side by side, and sliders for where they are in the latent space.

    generator: any of the workbook's; directions: name -> (z_dim,) of length 1, a slider each, `reach` either way.
    faces: how many, the seed's and those of the seeds after it; scale: screen pixels for one of a face's;
    describe: from images (faces, 3, 64, 64) in [-1, 1] to a line of text that stands below them.

    `controls` holds the sliders by name; giving one a value moves the face, in a notebook and without one.
    """

    def __init__(self, generator: nn.Module, directions: dict[str, torch.Tensor], *, seed: int = 0, faces: int = 1,
                 scale: int = 4, reach: float = 5.0,
                 describe: Callable[[torch.Tensor], str] | None = None):  # fmt: skip
        import ipywidgets as widgets

        self.generator, self.directions = generator, directions
        self.faces, self.scale, self.reach, self.describe = faces, scale, reach, describe
        layout, style = widgets.Layout(width="400px"), {"description_width": "130px"}

        def whole(value: int, last: int, name: str):
            return widgets.IntSlider(value, 0, last, description=name, layout=layout, style=style)

        def real(value: float, low: float, high: float, name: str):
            return widgets.FloatSlider(value, min=low, max=high, step=0.05, description=name, layout=layout,
                                       style=style)  # fmt: skip

        self.controls = {
            "seed": whole(seed, SEEDS - 1, "seed"),
            "truncation": real(1.0, 0, 1.5, "truncation"),
            "towards": whole((seed + 1) % SEEDS, SEEDS - 1, "towards seed"),
            "way": real(0.0, 0, 1, "way there"),
            "component": whole(7, generator.z_dim - 1, "component k"),
            "shift": real(0.0, -reach, reach, "z[k] moved by"),
        }
        self.controls |= {name: real(0.0, -reach, reach, name) for name in directions}
        self.start = {name: control.value for name, control in self.controls.items()}
        for control in self.controls.values():
            control.observe(self._redraw, "value")
        reset = widgets.Button(description="reset", icon="undo", tooltip="back to where the sliders were at first")
        surprise = widgets.Button(description="surprise me", icon="random", tooltip="another seed, the rest as it is")
        reset.on_click(lambda _: self.reset())
        surprise.on_click(lambda _: self.set(seed=int(np.random.default_rng().integers(SEEDS))))

        size = {"width": f"{(66 * faces - 2) * scale}px", "height": f"{64 * scale}px"}  # fixed, so that nothing jumps
        self.image = widgets.Image(format="png", layout=widgets.Layout(**size))
        self.text = widgets.HTML(layout=widgets.Layout(max_width="300px"))
        picture = widgets.VBox([self.image, self.text, widgets.HBox([reset, surprise])])
        sliders = widgets.VBox(list(self.controls.values()))
        # one face: sliders beside it; a row of faces: below
        self.widget = (widgets.HBox if faces == 1 else widgets.VBox)([picture, sliders])
        self.quiet = False
        self._redraw()

    def z(self) -> torch.Tensor:
        """(faces, z_dim): seed, then on the way to the other seed, then truncation, then the directions."""
        at = {name: control.value for name, control in self.controls.items()}
        z_dim = self.generator.z_dim
        z = torch.cat([draw_latent(1, z_dim, seed) for seed in range(at["seed"], at["seed"] + self.faces)])
        z = slerp(z, draw_latent(1, z_dim, at["towards"]).expand_as(z), at["way"]) * at["truncation"]
        z[:, at["component"]] += at["shift"]
        for name, direction in self.directions.items():
            z = z + at[name] * direction
        return z

    def picture(self) -> bytes:
        """The present faces as the bytes of a PNG file."""
        return self._draw(self.z())[1]

    def set(self, **values) -> None:
        """Gives several controls a value, and draws once; raises KeyError for a name that no control has."""
        self.quiet = True
        try:
            for name, value in values.items():
                self.controls[name].value = value
        finally:
            self.quiet = False
        self._redraw()

    def reset(self) -> None:
        """Back to where the sliders were at first."""
        self.set(**self.start)

    def show(self) -> "Explorer":
        """Displays the sliders in a notebook; where none can live, a still picture of what they do."""
        from animegan_helpers.live import figure_image, show

        still = figure_image(self.still()).quantize(256)  # it is saved with the notebook: a third of the bytes
        show(self.widget, png_bytes(still), "a still picture: the sliders need JupyterLab (make lab)")
        return self

    def still(self, columns: int = 5):
        """A figure: the first face moved along each of the directions."""
        z = self.z()[0]
        moved = {name: strip(self.generator, z, d, self.reach, columns) for name, d in self.directions.items()}
        ticks = [f"{value:+.1f}" for value in np.linspace(-self.reach, self.reach, columns)]
        title = "Still picture: what each slider does (make lab for the live ones)"
        return draw_strips(moved, title, ticks, "slider's value (length of the step in z)")

    def _draw(self, z: torch.Tensor) -> tuple[torch.Tensor, bytes]:
        images = generate(self.generator, z)  # (faces, 3, 64, 64)
        return images, png_bytes(make_grid(images, columns=self.faces, scale=self.scale))

    def _redraw(self, _=None) -> None:
        if self.quiet:
            return
        z = self.z()
        images, self.image.value = self._draw(z)
        lines = ["length of z: " + ", ".join(f"{length:.1f}" for length in z.norm(dim=1).tolist())]
        if self.describe:
            lines.append(escape(self.describe(images)))
        self.text.value = "<br>".join(lines)
