"""The latent space of a generator: samples, the way between two of them, strips (notebook 06)."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from animegan_helpers.faces import to_uint8
from animegan_helpers.pictures import make_grid


def sample_latent(count: int, z_dim: int = 100, seed: int = 0) -> torch.Tensor:
    """Gaussian z (count, z_dim). Row k depends on the seed and on k, not on the count."""
    random = torch.Generator().manual_seed(seed)
    # torch draws Gaussian numbers in groups of 16, and treats an incomplete group differently
    padded = -(-z_dim // 16) * 16
    return torch.randn(count, padded, generator=random)[:, :z_dim].contiguous()


@torch.no_grad()
def generate(generator: nn.Module, z: torch.Tensor, chunk: int = 250) -> torch.Tensor:
    """Images (N, 3, 64, 64) in [-1, 1] on the CPU, from z (N, z_dim), in eval mode.

    chunk: images made at a time. The generator keeps its mode and its running averages.
    """
    device = next(generator.parameters()).device
    training = generator.training
    generator.eval()
    try:
        return torch.cat([generator(part.to(device)).float().cpu() for part in z.split(chunk)])
    finally:
        generator.train(training)


def sample_faces(generator: nn.Module, count: int, seed: int = 0) -> np.ndarray:
    """uint8 images (count, 3, 64, 64) of `sample_latent(count, ..., seed)`."""
    return to_uint8(generate(generator, sample_latent(count, generator.z_dim, seed)))


def slerp(start: torch.Tensor, end: torch.Tensor, share: torch.Tensor | float) -> torch.Tensor:
    """The point at `share` of the arc from `start` to `end`, both (..., z_dim).

    The unit vectors are turned; the lengths are interpolated separately. Where the two point the
    same way, or in opposite ways, the straight line is taken.
    share: 0 to 1, a number or a tensor that broadcasts, for example (..., 1).
    Spherical interpolation: Shoemake 1985; in latent spaces: White 2016, arXiv 1609.04468.
    """
    share = torch.as_tensor(share, dtype=start.dtype)
    lengths = start.norm(dim=-1, keepdim=True), end.norm(dim=-1, keepdim=True)
    a, b = start / lengths[0], end / lengths[1]
    angle = torch.acos((a * b).sum(-1, keepdim=True).clamp(-1, 1))
    arc = (torch.sin((1 - share) * angle) * a + torch.sin(share * angle) * b) / angle.sin()
    line = torch.lerp(start, end, share)
    return torch.where(angle.sin() > 1e-3, arc * torch.lerp(*lengths, share), line)


def strip(
    generator: nn.Module, z: torch.Tensor, direction: torch.Tensor, reach: float = 4.0
) -> torch.Tensor:
    """Seven images (7, 3, 64, 64): z (z_dim,), moved along a direction by -reach to +reach."""
    return generate(generator, z + torch.linspace(-reach, reach, 7)[:, None] * direction)


def plot_strips(
    strips: dict[str, torch.Tensor], title: str, ticks: Sequence, xlabel: str
) -> Figure:
    """A figure with one labelled row of faces (N, 3, 64, 64) for each entry of `strips`.

    ticks: N labels, one below each column.
    """
    columns, rows, letters = len(ticks), len(strips), max(map(len, strips))
    size = 0.8 * columns + 0.4 + 0.1 * letters, 0.8 * rows + 0.9
    figure = Figure(figsize=size, layout="constrained", dpi=90)
    axes = figure.subplots()
    axes.imshow(make_grid(torch.cat(list(strips.values())), columns=columns, gap=2))
    axes.set(title=title, xlabel=xlabel)
    axes.set_xticks([32 + 66 * k for k in range(columns)], [str(tick) for tick in ticks])
    axes.set_yticks([32 + 66 * k for k in range(rows)], strips)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure
