"""The latent space of a generator: drawing from it, walking in it, and the slider."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from animegan_helpers.faces import to_uint8
from animegan_helpers.pictures import make_grid, png_bytes


def draw_latent(count: int, z_dim: int = 100, seed: int = 0) -> torch.Tensor:
    """z (count, z_dim) from a standard Gaussian; row k depends on the seed and k alone."""
    random = torch.Generator().manual_seed(seed)
    return torch.randn(count, z_dim, generator=random)


@torch.no_grad()
def generate(generator: nn.Module, z: torch.Tensor, chunk: int = 250) -> torch.Tensor:
    """Images (N, 3, 64, 64) in [-1, 1] on the CPU, in eval mode; the generator is left as it was."""
    device = next(generator.parameters()).device
    training = generator.training
    generator.eval()
    images = torch.cat([generator(part.to(device)).float().cpu() for part in z.split(chunk)])
    generator.train(training)
    return images


def sample_faces(generator: nn.Module, count: int, seed: int = 0) -> np.ndarray:
    """uint8 (count, 3, 64, 64) pictures of draw_latent(count, ..., seed)."""
    return to_uint8(generate(generator, draw_latent(count, generator.z_dim, seed)))


def slerp(start: torch.Tensor, end: torch.Tensor, share: torch.Tensor | float) -> torch.Tensor:
    """The point at `share` (0 to 1) of the arc from `start` to `end` (..., z_dim); lengths go along too.

    Spherical interpolation (Shoemake 1985; for latent spaces White 2016, arXiv 1609.04468): a Gaussian vector of 100
    components is nearly always about 10 long, and the middle of a straight line between two of them only about 7.
    """
    share = torch.as_tensor(share, dtype=start.dtype)
    lengths = start.norm(dim=-1, keepdim=True), end.norm(dim=-1, keepdim=True)
    cosine = (start / lengths[0] * end / lengths[1]).sum(-1, keepdim=True).clamp(-1, 1)
    angle = torch.acos(cosine)
    if bool((angle.sin().abs() < 1e-4).any()):  # nearly parallel: the arc is a line
        return torch.lerp(start, end, share)
    direction = (torch.sin((1 - share) * angle) * start / lengths[0] + torch.sin(share * angle) * end / lengths[1])
    return direction / torch.sin(angle) * torch.lerp(*lengths, share)


@torch.no_grad()
def principal_directions(generator: nn.Module, count: int = 10, samples: int = 4_000, seed: int = 0) -> torch.Tensor:
    """Directions (count, z_dim) of length 1 along which the first layer's response varies most, strongest first.

    GANSpace (Harkonen et al. 2020, arXiv 2004.02546), section 2: principal components of the first layer's activations,
    carried back to z by least squares. For DCGAN: the block that makes 4x4 of 1x1, after its batch norm and ReLU.
    """
    z = draw_latent(samples, generator.z_dim, seed)
    first = generator.blocks[0] if hasattr(generator, "blocks") else generator.layers[:3]
    inputs = z[:, :, None, None] if hasattr(generator, "blocks") else z
    response = first(inputs).flatten(1)  # (samples, F)
    centred = response - response.mean(0)
    _, _, components = torch.svd_lowrank(centred, q=count, niter=4)  # (F, count)
    scores = centred @ components  # (samples, count)
    directions = torch.linalg.lstsq(z, scores / scores.std(0)).solution.T  # (count, z_dim)
    return directions / directions.norm(dim=1, keepdim=True)


def mean_difference_direction(z: torch.Tensor, has_it: np.ndarray) -> torch.Tensor:
    """The direction (z_dim,), length 1, from the mean z (N, z_dim) of faces without an attribute to that of faces with.

    has_it: bool (N,). For Gaussian classes of equal spread this is the optimal linear direction (Fisher 1936).
    Raises ValueError when all or none of the faces have it.
    """
    mask = torch.from_numpy(np.asarray(has_it, dtype=bool))
    if mask.all() or not mask.any():
        raise ValueError("a direction needs faces with the attribute and faces without it: draw more samples")
    direction = z[mask].mean(0) - z[~mask].mean(0)
    return direction / direction.norm()


def film_strip(generator: nn.Module, start: torch.Tensor, end: torch.Tensor, count: int = 9) -> torch.Tensor:
    """Images (count, 3, 64, 64) along the arc from `start` to `end` (z_dim,)."""
    shares = torch.linspace(0, 1, count)[:, None]
    return generate(generator, slerp(start.expand(count, -1), end.expand(count, -1), shares))


@dataclass
class LatentState:
    """Where the explorer stands: a face's seed, and how far along which directions."""

    seed: int = 0
    truncation: float = 1.0
    strengths: dict[str, float] = field(default_factory=dict)


class Explorer:
    """The latent space with sliders: seed, truncation, and one slider for each named direction.

    generator: any of the workbook's; directions: name -> (z_dim,) of length 1; faces: how many side by side, the seed's
    and the ones after it; describe: optional, from an image (1, 3, 64, 64) in [-1, 1] to a line of text.
    `picture()` works without any widget; `show()` displays the widget, and a still picture where there is none.
    """

    def __init__(self, generator: nn.Module, directions: dict[str, torch.Tensor], *, seed: int = 0, faces: int = 1,
                 scale: int = 4, reach: float = 4.0, describe=None):  # fmt: skip
        self.generator, self.directions = generator.eval(), directions
        self.faces, self.scale, self.reach, self.describe = faces, scale, reach, describe
        self.first_seed = seed
        self.state = LatentState(seed, 1.0, dict.fromkeys(directions, 0.0))
        self.widget = None

    def z(self) -> torch.Tensor:
        """(faces, z_dim) of the present state."""
        z_dim = self.generator.z_dim
        seeds = range(self.state.seed, self.state.seed + self.faces)
        z = torch.cat([draw_latent(1, z_dim, seed) for seed in seeds]) * self.state.truncation
        for name, strength in self.state.strengths.items():
            z = z + strength * self.directions[name]
        return z

    def picture(self) -> bytes:
        """The present faces as the bytes of a PNG file."""
        self.images = generate(self.generator, self.z())
        return png_bytes(make_grid(self.images, columns=self.faces, scale=self.scale))

    def show(self):
        """Displays the explorer in a notebook and returns it."""
        from animegan_helpers.live import show

        if self.widget is None:
            self._build()
        show(self.widget, self.image.value, "the sliders need JupyterLab: make lab")
        return self

    def _build(self) -> None:
        import ipywidgets as widgets

        wide = widgets.Layout(width="440px")
        style = {"description_width": "110px"}
        self.image = widgets.Image(format="png", layout=widgets.Layout(align_self="flex-start"))
        self.seed = widgets.IntSlider(self.first_seed, 0, 999, description="seed", layout=wide, style=style)
        self.truncation = widgets.FloatSlider(1.0, min=0, max=1.5, step=0.05, description="truncation", layout=wide,
                                              style=style)  # fmt: skip
        self.sliders = {
            name: widgets.FloatSlider(0.0, min=-self.reach, max=self.reach, step=0.1, description=name, layout=wide,
                                      style=style)
            for name in self.directions
        }  # fmt: skip
        reset = widgets.Button(description="reset", icon="undo")
        surprise = widgets.Button(description="surprise me", icon="random")
        self.text = widgets.HTML()
        controls = [self.seed, self.truncation, *self.sliders.values()]
        for control in controls:
            control.observe(self._changed, "value")
        reset.on_click(lambda _: self.reset())
        surprise.on_click(lambda _: setattr(self.seed, "value", int(np.random.default_rng().integers(1_000))))
        buttons = widgets.HBox([reset, surprise])
        self.widget = widgets.HBox([widgets.VBox([self.image, self.text]), widgets.VBox([*controls, buttons])])
        self.quiet = False
        self._redraw()

    def _changed(self, change) -> None:
        self.state = LatentState(self.seed.value, self.truncation.value,
                                 {name: slider.value for name, slider in self.sliders.items()})  # fmt: skip
        if not self.quiet:
            self._redraw()

    def _redraw(self) -> None:
        self.image.value = self.picture()
        if self.describe:
            self.text.value = self.describe(self.images)

    def reset(self) -> None:
        """Back to the first seed, no truncation, all directions at 0."""
        self.quiet = True  # one new picture, not one for each slider
        self.seed.value, self.truncation.value = self.first_seed, 1.0
        for slider in self.sliders.values():
            slider.value = 0.0
        self.quiet = False
        self._redraw()


def picture_of(images: torch.Tensor, columns: int = 8, scale: int = 1):
    """A grid as something a notebook shows."""
    from IPython.display import Image

    return Image(png_bytes(make_grid(images, columns, scale)))
