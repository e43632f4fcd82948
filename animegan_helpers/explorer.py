"""The slider: a face, and controls that move it through the latent space."""

import numpy as np
import torch
from torch import nn

from animegan_helpers.classifiers import Classifier
from animegan_helpers.debounce import Coalesced
from animegan_helpers.favourites import FavouritesPanel
from animegan_helpers.latent import film_strip, generate, plot_strips, sample_latent, slerp, strip
from animegan_helpers.portrait import Portrait

SEEDS = 1_000
COUNTS = (1, 4, 9)


class Explorer:
    """Faces, what is seen in them, and sliders for where they are in the latent space.

    generator: any of the workbook's; directions: name -> (z_dim,) of length 1, a slider each, `reach` either way;
    classifier, discriminator: whose verdicts stand below the face, if any; seed: of the first face, the others have the
    seeds after it; faces: how many at first.

    `controls` holds the sliders by name. A slider moved by hand draws when the hand rests for an instant; `set`,
    `reset` and `surprise` draw at once.
    """

    def __init__(
        self,
        generator: nn.Module,
        directions: dict[str, torch.Tensor],
        *,
        classifier: Classifier | None = None,
        discriminator: nn.Module | None = None,
        seed: int = 0,
        faces: int = 1,
        reach: float = 5.0,
    ):
        self.generator, self.directions, self.reach = generator, directions, reach
        self.portrait = Portrait(generator, classifier, discriminator)
        self.favourite: tuple[str, torch.Tensor] | None = (
            None  # on show in place of the seed's: name, z (z_dim,)
        )
        self.quiet = False
        self.redraw = Coalesced(lambda: self.portrait.draw(self.z()))
        self._make_controls(seed, faces)
        self.start = {name: control.value for name, control in self.controls.items()}
        for name, control in self.controls.items():
            control.observe(lambda change, name=name: self._moved(name), "value")
        self.favourites = FavouritesPanel(generator, self._on_show, self._recall)
        self._lay_out()
        self.redraw.now()

    def _make_controls(self, seed: int, faces: int) -> None:
        import ipywidgets as widgets

        layout, style = widgets.Layout(width="470px"), {"description_width": "190px"}

        def whole(value: int, last: int, name: str):
            return widgets.IntSlider(value, 0, last, description=name, layout=layout, style=style)

        def real(value: float, low: float, high: float, name: str):
            return widgets.FloatSlider(
                value, min=low, max=high, step=0.05, description=name, layout=layout, style=style
            )

        self.face_controls = {
            "seed": whole(seed, SEEDS - 1, "seed"),
            "truncation": real(1.0, 0, 1.5, "truncation"),
            "towards": whole((seed + 1) % SEEDS, SEEDS - 1, "towards seed"),
            "way": real(0.0, 0, 1, "way there"),
        }
        self.direction_controls = {
            name: real(0.0, -self.reach, self.reach, name) for name in self.directions
        }
        self.component_controls = {
            "component": whole(7, self.generator.z_dim - 1, "component k"),
            "shift": real(0.0, -self.reach, self.reach, "z[k] moved by"),
        }
        counts = [(f"{n} face{'s' * (n > 1)}", n) for n in sorted({*COUNTS, faces})]
        self.count = widgets.ToggleButtons(
            options=counts, value=faces, style={"button_width": "78px"}
        )
        self.controls = (
            self.face_controls
            | self.direction_controls
            | self.component_controls
            | {"faces": self.count}
        )

    def _lay_out(self) -> None:
        import ipywidgets as widgets

        def button(kind, name: str, icon: str, tooltip: str):
            return kind(
                description=name, icon=icon, tooltip=tooltip, layout=widgets.Layout(width="auto")
            )

        reset = button(widgets.Button, "reset", "undo", "back to where the sliders were at first")
        surprise = button(
            widgets.Button, "surprise me", "random", "another face, the directions as they are"
        )
        self.lock = button(
            widgets.ToggleButton,
            "lock the face",
            "lock",
            "keep the face and move one direction only",
        )
        reset.on_click(lambda _: self.reset())
        surprise.on_click(lambda _: self.surprise())
        self.lock.observe(lambda change: self._set_lock(change["new"]), "value")
        self.surprise_button = surprise
        headings = [
            widgets.HTML(f"<b>{text}</b>")
            for text in ("Which face", "Directions", "One component of z")
        ]
        groups = self.face_controls, self.direction_controls, self.component_controls
        sliders = [
            part
            for heading, group in zip(headings, groups)
            if group
            for part in (heading, *group.values())
        ]
        buttons = widgets.HBox([surprise, reset, self.lock, self.count])
        left, right = (
            widgets.VBox([self.portrait.image, self.portrait.text]),
            widgets.VBox([buttons, *sliders]),
        )
        both = widgets.HBox(
            [left, right], layout=widgets.Layout(grid_gap="16px", overflow="hidden")
        )
        self.widget = widgets.VBox(
            [both, self.favourites.widget], layout=widgets.Layout(width="fit-content")
        )

    def z(self) -> torch.Tensor:
        """(faces, z_dim): seed or favourite, on the way to the other seed, truncated, moved along directions."""
        at = {name: control.value for name, control in self.controls.items()}
        z_dim = self.generator.z_dim
        z = torch.cat(
            [sample_latent(1, z_dim, seed) for seed in range(at["seed"], at["seed"] + at["faces"])]
        )
        if self.favourite:
            z[0] = self.favourite[1]
        z = (
            slerp(z, sample_latent(1, z_dim, at["towards"]).expand_as(z), at["way"])
            * at["truncation"]
        )
        z[:, at["component"]] += at["shift"]
        for name, direction in self.directions.items():
            z = z + at[name] * direction
        return z

    def picture(self) -> bytes:
        """The present faces as the bytes of a PNG file."""
        return self.portrait.png(generate(self.generator, self.z()))

    def set(self, **values) -> None:
        """Gives several controls a value, and draws once; raises KeyError for a name that no control has."""
        if "seed" in values:
            self._leave_favourite()
        self._set_quietly(values)
        self.redraw.now()

    def reset(self) -> None:
        """Back to where the sliders were at first, unlocked, no favourite on show."""
        self.lock.value = False
        self.set(**self.start)

    def surprise(self) -> None:
        """Another face, with the directions as they are."""
        self.set(seed=int(np.random.default_rng().integers(SEEDS)), way=0.0)

    def show(self) -> "Explorer":
        """Displays the sliders in a notebook; where none can live, a still picture of what they do."""
        from animegan_helpers.live import figure_image, show, small_bytes

        still = small_bytes(figure_image(self.still()))
        show(self.widget, still, "a still picture: the sliders need JupyterLab (make lab)")
        return self

    def still(self, columns: int = 5):
        """A figure: the first face on its way to the other seed, and moved along each of the directions."""
        z, other = (
            self.z()[0],
            sample_latent(1, self.generator.z_dim, self.controls["towards"].value)[0],
        )
        moved = {"way there": film_strip(self.generator, z, other, columns)}
        moved |= {
            name: strip(self.generator, z, d, self.reach, columns)
            for name, d in self.directions.items()
        }
        ticks = ["left end", *[""] * (columns - 2), "right end"]
        return plot_strips(
            moved, "What each slider does (make lab: move them)", ticks, "where the slider stands"
        )

    def _leave_favourite(self) -> None:
        self.favourite, self.favourites.chosen.value = None, ""

    def _set_quietly(self, values: dict) -> None:
        self.quiet = True
        try:
            for name, value in values.items():
                self.controls[name].value = value
        finally:
            self.quiet = False

    def _moved(self, name: str) -> None:
        """A control has a new value."""
        if self.quiet:
            return
        if self.lock.value and name in self.directions:  # one thing at a time: the others go back
            self._set_quietly({other: 0.0 for other in self.directions if other != name})
        if name == "seed":
            self._leave_favourite()
        self.redraw()

    def _set_lock(self, locked: bool) -> None:
        """Only the directions move a locked face, one at a time."""
        others = (
            *self.face_controls.values(),
            *self.component_controls.values(),
            self.surprise_button,
        )
        for control in others:
            control.disabled = locked

    def _on_show(self) -> dict[str, torch.Tensor]:
        """The faces by name, for the favourites."""
        names = [f"seed {self.controls['seed'].value + k}" for k in range(self.count.value)]
        if self.favourite:
            names[0] = self.favourite[0]
        return dict(zip(names, self.z()))

    def _recall(self, name: str, z: torch.Tensor) -> None:
        """Puts a favourite on show, with every slider at rest."""
        self.favourite = name, z
        rest = {"truncation": 1.0, "way": 0.0, "shift": 0.0} | dict.fromkeys(self.directions, 0.0)
        self.set(**rest)
