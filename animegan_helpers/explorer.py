"""The explorer and the pad: faces, moved by hand through the latent space (notebook 06)."""

from dataclasses import dataclass, field

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from animegan_helpers import pictures
from animegan_helpers.classifiers import Classifier
from animegan_helpers.favourites import FavouritesPanel
from animegan_helpers.latent import generate, plot_strips, sample_latent, slerp, strip
from animegan_helpers.portrait import Portrait, button, slider

SEEDS = 1_000  # how many seeds the sliders offer
REACH = 5.0  # how far a slider goes along a direction, either way
STEPS = np.linspace(-REACH, REACH, 7)  # where the faces of the pad are, along each direction
CELL = 44  # screen pixels of a face of the pad


@dataclass(eq=False, repr=False)
class Explorer:
    """Faces, what is seen in them, and sliders for their place in the latent space.

    generator: any of the workbook's. directions: name -> (z_dim,) of length 1; each gets a slider.
    classifier, discriminator: whose verdicts are shown, if any. seed: of the first face; the next
    faces have the next seeds. more: further directions, folded away at first. `controls` holds the
    sliders by name.
    """

    generator: nn.Module
    directions: dict[str, torch.Tensor]
    classifier: Classifier | None = None
    discriminator: nn.Module | None = None
    seed: int = 0
    more: dict[str, torch.Tensor] = field(default_factory=dict)

    def __post_init__(self):
        self.portrait = Portrait(self.generator, self.classifier, self.discriminator)
        # name and z of the favourite on show; the first face is then not that of the seed
        self.favourite: tuple[str, torch.Tensor] | None = None
        self.favourites = FavouritesPanel(self.generator, self._on_show, self._recall)
        self.quiet = False  # True while several controls are set and nothing shall be drawn
        self.groups = {
            "Directions": {name: slider(name, -REACH, REACH) for name in self.directions},
            "Which face": {
                "seed": slider("seed", 0, SEEDS - 1, self.seed, step=1),
                "truncation": slider("truncation", 0, 1.5, 1.0),
                "towards": slider("towards seed", 0, SEEDS - 1, (self.seed + 1) % SEEDS, step=1),
                "way": slider("way there", 0, 1),
            },
            "More": {name: slider(name, -REACH, REACH) for name in self.more}
            | {
                "component": slider("component k", 0, self.generator.z_dim - 1, 7, step=1),
                "shift": slider("z[k] moved by", -REACH, REACH),
            },
        }
        counts = [("1 face", 1), ("4 faces", 4), ("9 faces", 9)]
        faces = widgets.ToggleButtons(options=counts, style={"button_width": "78px"})
        self.controls = {"faces": faces}
        for group in self.groups.values():
            self.controls |= group
        self.directions = self.directions | self.more
        self.start = self.values()
        self.past, self.moving = [], ""  # what `undo` goes back to; the control that moved last
        for name, control in self.controls.items():
            control.observe(lambda _, name=name: self._moved(name), "value")
        self.widget = self._lay_out()
        self.draw()

    def _lay_out(self) -> widgets.VBox:
        """The widget that holds all others."""
        surprise = button("surprise me", "random", "another face", self.surprise)
        undo = button("undo", "undo", "back to before the last move", self.undo)
        reset = button("reset", "refresh", "back to where the sliders were at first", self.reset)
        buttons = [surprise, undo, reset, self.controls["faces"]]
        right = [widgets.HBox(buttons)]
        for heading, group in self.groups.items():
            sliders = widgets.VBox(list(group.values()))
            if heading == "More":
                right.append(widgets.Accordion([sliders], titles=[heading]))  # folded
            elif group:
                right += [widgets.HTML(f"<b>{heading}</b>"), sliders]
        faces = widgets.HBox([self.portrait.before, self.portrait.image])
        columns = [widgets.VBox([faces, self.portrait.text]), widgets.VBox(right)]
        both = widgets.HBox(columns, layout={"grid_gap": "16px", "flex_flow": "row wrap"})
        return widgets.VBox([both, self.favourites.widget], layout={"width": "fit-content"})

    def values(self) -> dict:
        """Where each control stands."""
        return {name: control.value for name, control in self.controls.items()}

    def face(self) -> torch.Tensor:
        """The faces (faces, z_dim) before they are moved along directions or a component.

        The seed's z, or the favourite, goes on its way to the other seed, and is truncated.
        """
        at = self.values()
        z_dim, seed = self.generator.z_dim, at["seed"]
        z = torch.cat([sample_latent(1, z_dim, seed + k) for k in range(at["faces"])])
        if self.favourite:
            z[0] = self.favourite[1]
        other = sample_latent(1, z_dim, at["towards"]).expand_as(z)
        return slerp(z, other, at["way"]) * at["truncation"]

    def z(self) -> torch.Tensor:
        """The place (faces, z_dim) that the sliders stand for: `face`, moved."""
        return self._moved_to(self.face())

    def _moved_to(self, face: torch.Tensor) -> torch.Tensor:
        at, z = self.values(), face.clone()
        z[:, at["component"]] += at["shift"]
        for name, direction in self.directions.items():
            z = z + at[name] * direction
        return z

    def draw(self) -> None:
        """Draws the faces where the sliders stand."""
        self.shown, face = (self.values(), self.favourite), self.face()
        self.portrait.draw(self._moved_to(face), face)

    def undo(self) -> None:
        """Back to before the last move; a slider that was dragged goes all the way back."""
        if self.past:
            values, self.favourite = self.past.pop()
            self._set_quietly(values)
            self.moving = ""
            self.draw()

    def set(self, **values) -> None:
        """Gives several controls a value, and draws once. Raises KeyError for an unknown name."""
        self._remember()
        if "seed" in values:
            self._leave_favourite()
        self._set_quietly(values)
        self.draw()

    def reset(self) -> None:
        """Back to where the sliders were at first, without a favourite."""
        self.set(**self.start)

    def surprise(self) -> None:
        """Another face, with the directions as they are."""
        self.set(seed=int(np.random.default_rng().integers(SEEDS)), way=0.0)

    def show(self) -> "Explorer":
        """Displays the sliders; where widgets do not work, a picture of what they do."""
        still = pictures.jpeg_bytes(pictures.figure_image(self.still()))
        pictures.show(self.widget, still, "a still picture: the sliders need JupyterLab (make lab)")
        return self

    def still(self) -> Figure:
        """The first face on its way to the other seed, and moved along each direction."""
        z, towards = self.z()[0], self.controls["towards"].value
        way = slerp(z, sample_latent(1, len(z), towards), torch.linspace(0, 1, 7)[:, None])
        moved = {"to another face": generate(self.generator, way)}
        for name, direction in self.directions.items():
            moved[name] = strip(self.generator, z, direction, REACH)
        ticks = ["left end", *[""] * 5, "right end"]
        return plot_strips(moved, "What each slider does", ticks, "slider position")

    def _set_quietly(self, values: dict) -> None:
        self.quiet = True
        try:
            for name, value in values.items():
                self.controls[name].value = value
        finally:
            self.quiet = False

    def _moved(self, name: str) -> None:
        """A control was moved by hand."""
        if self.quiet:
            return
        self._remember(name)
        if name == "seed":
            self._leave_favourite()
        self.draw()

    def _remember(self, name: str = "") -> None:
        """Keeps what is on show for `undo`, unless the same control is still being moved."""
        if not name or name != self.moving:
            self.past.append(self.shown)
        self.moving = name

    def _on_show(self) -> dict[str, torch.Tensor]:
        """The faces on show by name, for the favourites."""
        z = self.z()
        names = [f"seed {self.controls['seed'].value + k}" for k in range(len(z))]
        if self.favourite:
            names[0] = self.favourite[0]
        return dict(zip(names, z))

    def _recall(self, name: str, z: torch.Tensor) -> None:
        """Shows a favourite, unmoved."""
        self.favourite = name, z
        rest = {"truncation": 1.0, "way": 0.0, "shift": 0.0}
        self.set(**rest, **dict.fromkeys(self.directions, 0.0))

    def _leave_favourite(self) -> None:
        self.favourite, self.favourites.chosen.value = None, ""


@dataclass(eq=False, repr=False)
class Pad:
    """One face, moved in the plane of two directions.

    z: (z_dim,), the face in the middle. directions: two, name -> (z_dim,) of length 1; the first
    goes right, the second up. classifier, discriminator: whose verdicts are shown, if any.
    A click on a face of the map goes there; the two sliders also go between.
    """

    generator: nn.Module
    z: torch.Tensor
    directions: dict[str, torch.Tensor]
    classifier: Classifier | None = None
    discriminator: nn.Module | None = None

    def __post_init__(self):
        if len(self.directions) != 2:
            raise ValueError(f"a pad takes two directions, not {len(self.directions)}")
        self.portrait = Portrait(self.generator, self.classifier, self.discriminator)
        self.places = [(across, up) for up in STEPS[::-1] for across in STEPS]
        faces = generate(self.generator, torch.stack([self.moved(*at) for at in self.places]))
        self.map = pictures.make_grid(faces, columns=len(STEPS), gap=0)
        self.quiet = False  # True while both sliders are set and nothing shall be drawn
        self.sliders = [slider(name, -REACH, REACH) for name in self.directions]
        for one in self.sliders:
            one.observe(lambda _: self.quiet or self.draw(), "value")
        self.widget = self._lay_out()
        self.draw()

    def _lay_out(self) -> widgets.VBox:
        """The widget that holds all others."""
        # a picture reports no clicks, so a transparent button lies over each face of the map
        look = {"width": "auto", "height": "auto", "margin": "0"}
        self.plain = widgets.Layout(**look)
        self.framed = widgets.Layout(border=f"3px solid {pictures.ORANGE}", **look)
        clear = widgets.ButtonStyle(button_color="transparent")
        self.cells = {}
        for place in self.places:
            # the tab key passes over the cells, and leads to the sliders
            cell = widgets.Button(layout=self.plain, style=clear, tabbable=False)
            cell.on_click(lambda _, place=place: self.go(*place))
            self.cells[place] = cell
        tracks, size = f"repeat({len(STEPS)}, {CELL}px)", f"{len(STEPS) * CELL}px"
        grid = {"grid_template_columns": tracks, "grid_template_rows": tracks, "grid_gap": "0"}
        same_place = {"grid_area": "1 / 1 / 2 / 2", "margin": "0", "width": size, "height": size}
        cells = widgets.GridBox(list(self.cells.values()), layout=grid | same_place)
        picture = widgets.Image(value=pictures.png_bytes(self.map), layout=same_place)
        both = widgets.GridBox([picture, cells], layout={"flex": "0 0 auto"})
        row = [both, self.portrait.image, self.portrait.text]
        return widgets.VBox([widgets.HBox(row, layout={"grid_gap": "16px"}), *self.sliders])

    def moved(self, across: float, up: float) -> torch.Tensor:
        """The face in the middle, moved: (z_dim,)."""
        first, second = self.directions.values()
        return self.z + float(across) * first + float(up) * second

    def go(self, across: float, up: float) -> None:
        """Goes to a place, and draws."""
        self.quiet = True
        self.sliders[0].value, self.sliders[1].value = across, up
        self.quiet = False
        self.draw()

    def draw(self) -> None:
        """Draws the face where the sliders stand, and frames the nearest face of the map."""
        at = [one.value for one in self.sliders]
        nearest = tuple(STEPS[np.abs(STEPS - value).argmin()] for value in at)
        for place, cell in self.cells.items():
            cell.layout = self.framed if place == nearest else self.plain
        self.portrait.draw(self.moved(*at)[None])

    def show(self) -> "Pad":
        """Displays the pad; where widgets do not work, a picture of the map."""
        right, up = self.directions
        still = pictures.captioned(self.map, f"middle: start; right: {right}; up: {up}")
        pictures.show(self.widget, pictures.jpeg_bytes(still), "the pad needs JupyterLab: make lab")
        return self
