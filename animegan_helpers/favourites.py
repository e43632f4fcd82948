"""Favourite faces: keep their z, save them in a file, load them again (notebook 06)."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ipywidgets as widgets
import torch
from torch import nn

from animegan_helpers.files import ReadError, read_json, reading, unused, write_bytes, write_text
from animegan_helpers.latent import generate
from animegan_helpers.pictures import make_grid, png_bytes
from animegan_helpers.portrait import button

FORMAT = "animegan-workbook favourites 1"


def save_favourites(faces: dict[str, torch.Tensor], path: Path | str) -> None:
    """Writes faces, name -> z (z_dim,), as JSON. Raises WriteError where the file exists."""
    entries = [{"name": name, "z": z.tolist()} for name, z in faces.items()]
    write_text(unused(path), json.dumps({"format": FORMAT, "favourites": entries}, indent=1) + "\n")


def load_favourites(path: Path | str, z_dim: int = 100) -> dict[str, torch.Tensor]:
    """The faces of a file that `save_favourites` wrote: name -> z (z_dim,).

    Raises ValueError where the file is missing, damaged, or made for another z_dim.
    """
    with reading(path, "a file of favourites"):
        entries = read_json(path, "a file of favourites")["favourites"]
        faces = {str(one["name"]): torch.tensor(one["z"], dtype=torch.float) for one in entries}
    for name, z in faces.items():
        if z.shape != (z_dim,) or not z.isfinite().all():
            raise ReadError(f"{path}: the z of {name!r} is not {z_dim} finite numbers, as G takes")
    return faces


@dataclass(eq=False, repr=False)
class FavouritesPanel:
    """Buttons that keep the faces on show, bring one back, and write and read files.

    on_show: gives the faces on show, name -> z (z_dim,).
    recall: is called with the name and the z of the favourite that was chosen.
    The files are beside the notebook, under the name in the text field.
    """

    generator: nn.Module
    on_show: Callable[[], dict[str, torch.Tensor]]
    recall: Callable[[str, torch.Tensor], None]

    def __post_init__(self):
        self.faces: dict[str, torch.Tensor] = {}
        self.buttons = [
            self._button("keep", "heart", "keep the faces on show", self.keep),
            self._button("save JSON", "download", "write the z of all to NAME.json", self.save),
            self._button("save PNG", "image", "write a picture of all to NAME.png", self.save_png),
            self._button("load JSON", "upload", "read the favourites of NAME.json", self.load),
        ]
        self.chosen = widgets.Dropdown(layout={"width": "170px"})
        self.name = widgets.Text("favourites", description="NAME", layout={"width": "230px"})
        self.status = widgets.Label()
        self._add({})
        self.chosen.observe(self._choose, "value")
        row = [self.buttons[0], self.chosen, self.name, *self.buttons[1:]]
        self.widget = widgets.VBox([widgets.HBox(row, layout={"flex_flow": "wrap"}), self.status])

    def _button(self, name: str, icon: str, tooltip: str, action: Callable[[], str]):
        """A button; the status line then says what `action` did, or why it did not."""

        def act() -> None:
            try:
                self.status.value = action()
            except ValueError as error:
                self.status.value = f"error: {error}"

        return button(name, icon, tooltip, act)

    def keep(self) -> str:
        """Keeps the faces on show."""
        return f"kept {', '.join(self._add(self.on_show()))}"

    def save(self) -> str:
        """Writes NAME.json."""
        save_favourites(self.faces, f"{self.name.value}.json")
        return f"{len(self.faces)} favourites in {self.name.value}.json"

    def save_png(self) -> str:
        """Writes NAME.png, a picture of all favourites."""
        if not self.faces:
            raise ValueError("there is no favourite yet: keep a face first")
        images = generate(self.generator, torch.stack(list(self.faces.values())))
        sheet = make_grid(images, columns=min(8, len(images)), scale=3)
        write_bytes(unused(f"{self.name.value}.png"), png_bytes(sheet))
        return f"{len(self.faces)} favourites in {self.name.value}.png"

    def load(self) -> str:
        """Adds the favourites of NAME.json."""
        added = self._add(load_favourites(f"{self.name.value}.json", self.generator.z_dim))
        return f"{len(added)} favourites from {self.name.value}.json"

    def _add(self, faces: dict[str, torch.Tensor]) -> list[str]:
        """Keeps faces; one whose name is taken becomes "name (2)". Returns the names."""
        added = []
        for name, z in faces.items():
            free, k = name, 2
            while free in self.faces:
                free, k = f"{name} ({k})", k + 1
            self.faces[free] = z.clone()
            added.append(free)
        names = [(name, name) for name in self.faces]
        self.chosen.options = [(f"favourites: {len(names)}", ""), *names]
        return added

    def _choose(self, change: dict) -> None:
        if change["new"]:  # else the first line, which says how many there are
            self.recall(change["new"], self.faces[change["new"]])
