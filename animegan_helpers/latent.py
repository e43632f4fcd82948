"""The latent space of a generator: drawing from it, walking in it, and pictures of walks."""

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from animegan_helpers.faces import to_uint8
from animegan_helpers.pictures import make_grid


def sample_latent(count: int, z_dim: int = 100, seed: int = 0) -> torch.Tensor:
    """z (count, z_dim) from a standard Gaussian; row k depends on the seed and k alone, not on the count."""
    random = torch.Generator().manual_seed(seed)
    # torch makes Gaussian numbers 16 at a time and the last few otherwise; whole sixteens keep each row what it is
    sixteens = -(-z_dim // 16)
    return torch.randn(count, 16 * sixteens, generator=random)[:, :z_dim].contiguous()


@torch.no_grad()
def generate(generator: nn.Module, z: torch.Tensor, chunk: int = 250) -> torch.Tensor:
    """Images (N, 3, 64, 64) in [-1, 1] on the CPU, in eval mode; the generator is left as it was."""
    device = next(generator.parameters()).device
    training = generator.training
    generator.eval()
    try:
        return torch.cat([generator(part.to(device)).float().cpu() for part in z.split(chunk)])
    finally:
        generator.train(training)


def sample_faces(generator: nn.Module, count: int, seed: int = 0) -> np.ndarray:
    """uint8 (count, 3, 64, 64) pictures of sample_latent(count, ..., seed)."""
    return to_uint8(generate(generator, sample_latent(count, generator.z_dim, seed)))


def slerp(start: torch.Tensor, end: torch.Tensor, share: torch.Tensor | float) -> torch.Tensor:
    """The point at `share` (0 to 1) of the arc from `start` to `end` (..., z_dim); lengths go along too.

    share: a number, or a tensor that broadcasts, (..., 1) say. Where the two point the same way the arc is a line;
    where they point in opposite ways no arc is the shortest, and the line is taken too.
    Spherical interpolation: Shoemake 1985; for latent spaces White 2016, arXiv 1609.04468.
    """
    share = torch.as_tensor(share, dtype=start.dtype)
    long = start.norm(dim=-1, keepdim=True), end.norm(dim=-1, keepdim=True)
    cosine = (start / long[0] * end / long[1]).sum(-1, keepdim=True).clamp(-1, 1)
    angle = torch.acos(cosine)
    arc = (
        torch.sin((1 - share) * angle) * start / long[0] + torch.sin(share * angle) * end / long[1]
    ) / angle.sin()
    return torch.where(
        angle.sin() > 1e-3, arc * torch.lerp(*long, share), torch.lerp(start, end, share)
    )


def mean_difference_direction(z: torch.Tensor, has_it: np.ndarray) -> torch.Tensor:
    """The direction (z_dim,), length 1, from the mean z (N, z_dim) of faces without an attribute to that of faces with.

    has_it: bool (N,). For Gaussian classes of equal, round spread no linear direction does better (Fisher 1936).
    Raises ValueError when all or none of the faces have it.
    """
    mask = torch.from_numpy(np.asarray(has_it, dtype=bool))
    if mask.all() or not mask.any():
        raise ValueError(
            "a direction needs faces with the attribute and faces without it: draw more samples"
        )
    direction = z[mask].mean(0) - z[~mask].mean(0)
    return direction / direction.norm()


def strip(
    generator: nn.Module,
    z: torch.Tensor,
    direction: torch.Tensor,
    reach: float = 4.0,
    count: int = 7,
) -> torch.Tensor:
    """Images (count, 3, 64, 64) of z (z_dim,) moved along a direction (z_dim,) by -reach to +reach."""
    return generate(generator, z + torch.linspace(-reach, reach, count)[:, None] * direction)


def film_strip(
    generator: nn.Module, start: torch.Tensor, end: torch.Tensor, count: int = 9
) -> torch.Tensor:
    """Images (count, 3, 64, 64) along the arc from `start` to `end` (z_dim,)."""
    return generate(generator, slerp(start, end, torch.linspace(0, 1, count)[:, None]))


def plot_strips(
    strips: dict[str, torch.Tensor], title: str, ticks: list | np.ndarray, xlabel: str
) -> Figure:
    """A figure with one labelled row of faces (N, 3, 64, 64) for each entry; ticks: what stands under the N columns."""
    count, letters = len(ticks), max(map(len, strips))
    figure = Figure(
        figsize=(0.8 * count + 0.4 + 0.1 * letters, 0.8 * len(strips) + 0.9),
        layout="constrained",
        dpi=90,
    )
    axes = figure.subplots()
    axes.imshow(make_grid(torch.cat(list(strips.values())), columns=count, gap=2))
    axes.set(title=title, xlabel=xlabel)
    axes.set_xticks([32 + 66 * k for k in range(count)], [str(tick) for tick in ticks])
    axes.set_yticks([32 + 66 * k for k in range(len(strips))], strips)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    return figure
