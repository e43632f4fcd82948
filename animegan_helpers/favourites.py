"""Favourite faces: their z, kept, written to a file and read again; a picture of them for the wall."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from animegan_helpers.files import unused, write_atomically
from animegan_helpers.latent import generate
from animegan_helpers.pictures import make_grid, png_bytes

FORMAT = "animegan-workbook favourites 1"


class FavouritesError(ValueError):
    """Favourites that cannot be read, or are none; one line that says why."""


@dataclass
class Favourites:
    """Faces by name. A face is its z: the pixels can be made again, and z can be moved on from."""

    z_dim: int = 100
    faces: dict[str, torch.Tensor] = field(default_factory=dict)

    def add(self, name: str, z: torch.Tensor) -> str:
        """Keeps z (z_dim,) under the name, or under "name (2)" where that is taken; gives the name."""
        free, k = name, 1
        while free in self.faces:
            k += 1
            free = f"{name} ({k})"
        self.faces[free] = z.detach().clone()
        return free

    def save(self, path: Path | str) -> None:
        """Writes a JSON file; raises WriteError rather than overwrite one."""
        entries = [{"name": name, "z": z.tolist()} for name, z in self.faces.items()]
        text = json.dumps({"format": FORMAT, "z_dim": self.z_dim, "favourites": entries}, indent=1)
        write_atomically(
            unused(path), lambda temporary: temporary.write_text(text + "\n", encoding="utf-8")
        )

    def save_sheet(self, generator: nn.Module, path: Path | str, scale: int = 3) -> None:
        """Writes a PNG of all of them, in the order they were kept; raises WriteError as save does."""
        if not self.faces:
            raise FavouritesError("there is no favourite yet: keep a face first")
        images = generate(generator, torch.stack(list(self.faces.values())))
        sheet = png_bytes(make_grid(images, columns=min(8, len(images)), scale=scale))
        write_atomically(unused(path), lambda temporary: temporary.write_bytes(sheet))


def load_favourites(path: Path | str, z_dim: int = 100) -> Favourites:
    """What `Favourites.save` wrote; raises FavouritesError where it is missing, damaged, or for another z_dim."""
    try:
        table = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise FavouritesError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise FavouritesError(f"{path} is no JSON file: {error}") from None
    if not isinstance(table, dict) or table.get("format") != FORMAT:
        raise FavouritesError(f"{path} holds no favourites (its format is not {FORMAT!r})")
    favourites = Favourites(z_dim)
    try:
        for entry in table["favourites"]:
            z = torch.tensor(entry["z"], dtype=torch.float32)
            if z.shape != (z_dim,) or not z.isfinite().all():
                raise FavouritesError(
                    f"{path}: {entry['name']!r} has z of shape {tuple(z.shape)}; this generator "
                    f"takes {z_dim} finite numbers"
                )
            favourites.add(str(entry["name"]), z)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, FavouritesError):
            raise
        raise FavouritesError(f"{path} is damaged: {error!r}") from None
    return favourites


class FavouritesPanel:
    """Buttons that keep the faces on show, bring one back, and write and read files.

    current: gives the faces on show, name -> z (z_dim,); recall: is called with a chosen favourite, name and z.
    Files go where the notebook is, under the name in the text field.
    """

    def __init__(
        self,
        generator: nn.Module,
        current: Callable[[], dict[str, torch.Tensor]],
        recall: Callable[[str, torch.Tensor], None],
    ):
        import ipywidgets as widgets

        self.generator, self.current, self.recall = generator, current, recall
        self.favourites = Favourites(generator.z_dim)
        self.buttons, narrow = {}, widgets.Layout(width="auto")
        for name, icon, tooltip, action in (
            ("keep", "heart", "keep the faces on show", self.keep),
            ("save JSON", "download", "write the favourites' z to NAME.json", self.save),
            ("save PNG", "image", "write a picture of the favourites to NAME.png", self.save_sheet),
            ("load JSON", "upload", "read the favourites of NAME.json", self.load),
        ):
            self.buttons[name] = widgets.Button(
                description=name, icon=icon, tooltip=tooltip, layout=narrow
            )
            self.buttons[name].on_click(lambda _, action=action: self.attempt(action))
        self.chosen = widgets.Dropdown(
            options=[("favourites: 0", "")], layout=widgets.Layout(width="170px")
        )
        self.chosen.observe(self._recall, "value")
        self.name = widgets.Text(
            "favourites",
            description="NAME",
            layout=widgets.Layout(width="200px"),
            style={"description_width": "50px"},
        )
        self.status = widgets.Label()
        keep, *files = self.buttons.values()
        self.widget = widgets.VBox(
            [widgets.HBox([keep, self.chosen, self.name, *files]), self.status]
        )

    def attempt(self, action: Callable[[], str]) -> None:
        """Does it, and says what was done, or in one line why not."""
        try:
            self.status.value = action()
        except ValueError as error:
            self.status.value = f"error: {error}"

    def keep(self) -> str:
        """Keeps what is on show."""
        names = [self.favourites.add(name, z) for name, z in self.current().items()]
        self._list()
        return f"kept {', '.join(names)}"

    def save(self) -> str:
        """Writes NAME.json."""
        self.favourites.save(f"{self.name.value}.json")
        return f"{len(self.favourites.faces)} favourites in {self.name.value}.json"

    def save_sheet(self) -> str:
        """Writes NAME.png."""
        self.favourites.save_sheet(self.generator, f"{self.name.value}.png")
        return f"{len(self.favourites.faces)} favourites in {self.name.value}.png"

    def load(self) -> str:
        """Adds the favourites of NAME.json to those that are here."""
        loaded = load_favourites(f"{self.name.value}.json", self.favourites.z_dim).faces
        for name, z in loaded.items():
            self.favourites.add(name, z)
        self._list()
        return f"{len(loaded)} favourites from {self.name.value}.json"

    def _list(self) -> None:
        faces = self.favourites.faces
        self.chosen.options = [(f"favourites: {len(faces)}", ""), *((name, name) for name in faces)]

    def _recall(self, change) -> None:
        if change["new"]:  # else the line that counts them
            self.recall(change["new"], self.favourites.faces[change["new"]])
