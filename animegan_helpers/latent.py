"""The latent space of a generator: drawing from it, walking in it, and directions that mean something."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from animegan_helpers.attributes import PRETRAINED, load_attributes, name_faces
from animegan_helpers.faces import to_uint8
from animegan_helpers.pictures import make_grid

HAIR = (slice(6, 18), slice(18, 46))
"""Rows and columns of a 64x64 face that nearly always show hair."""


def draw_latent(count: int, z_dim: int = 100, seed: int = 0) -> torch.Tensor:
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
    """uint8 (count, 3, 64, 64) pictures of draw_latent(count, ..., seed)."""
    return to_uint8(generate(generator, draw_latent(count, generator.z_dim, seed)))


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
    arc = (torch.sin((1 - share) * angle) * start / long[0] + torch.sin(share * angle) * end / long[1]) / angle.sin()
    return torch.where(angle.sin() > 1e-3, arc * torch.lerp(*long, share), torch.lerp(start, end, share))


@torch.no_grad()
def principal_directions(generator: nn.Module, count: int = 10, samples: int = 4_000, seed: int = 0) -> torch.Tensor:
    """Directions (count, z_dim) of length 1 along which the first layer's response varies most, strongest first.

    GANSpace (Harkonen et al. 2020, arXiv 2004.02546), section 2: principal components of an early layer's activations,
    carried back to z by least squares. Here the layer is the first block, batch norm and ReLU included, in eval mode.
    """
    device = next(generator.parameters()).device
    z = draw_latent(samples, generator.z_dim, seed).to(device)
    training = generator.training
    generator.eval()
    if hasattr(generator, "blocks"):  # DCGAN: the block that makes 4x4 of 1x1
        response = generator.blocks[0](z[:, :, None, None]).flatten(1)  # (samples, 16 * 8 * width)
    else:
        response = generator.layers[:3](z)
    generator.train(training)
    centred = response - response.mean(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # the decomposition starts from random vectors
        _, _, components = torch.svd_lowrank(centred, q=count + 10, niter=6)
    scores = centred @ components[:, :count]  # (samples, count)
    directions = torch.linalg.lstsq(scores, z).solution.cpu()  # (count, z_dim)
    return directions / directions.norm(dim=1, keepdim=True)


def random_directions(count: int, z_dim: int = 100, seed: int = 0) -> torch.Tensor:
    """Directions (count, z_dim) of length 1, every one as likely as any other: what the others are compared with."""
    directions = draw_latent(count, z_dim, seed)
    return directions / directions.norm(dim=1, keepdim=True)


def mean_difference_direction(z: torch.Tensor, has_it: np.ndarray) -> torch.Tensor:
    """The direction (z_dim,), length 1, from the mean z (N, z_dim) of faces without an attribute to that of faces with.

    has_it: bool (N,). For Gaussian classes of equal, round spread no linear direction does better (Fisher 1936).
    Raises ValueError when all or none of the faces have it.
    """
    mask = torch.from_numpy(np.asarray(has_it, dtype=bool))
    if mask.all() or not mask.any():
        raise ValueError("a direction needs faces with the attribute and faces without it: draw more samples")
    direction = z[mask].mean(0) - z[~mask].mean(0)
    return direction / direction.norm()


def picture_changes(generator: nn.Module, z: torch.Tensor, steps: torch.Tensor) -> np.ndarray:
    """(D,) how much the pictures of z (N, z_dim) change by each of the `steps` (D, z_dim), in grey levels 0 to 255.

    The root of the mean squared difference over all N faces, channels and pixels.
    """
    start = generate(generator, z)
    changes = []
    for group in steps.split(max(1, 250 // len(z))):  # several steps in one batch
        moved = generate(generator, (group[:, None] + z).flatten(0, 1)).unflatten(0, (len(group), len(z)))
        changes.append((moved - start).square().mean(dim=(1, 2, 3, 4)).sqrt())
    return 127.5 * torch.cat(changes).numpy()


def hair_brightness(images: np.ndarray) -> np.ndarray:
    """(N,) mean grey level, 0 to 255, of the patch of uint8 (N, 3, 64, 64) faces that nearly always shows hair."""
    return images[:, :, HAIR[0], HAIR[1]].mean(axis=(1, 2, 3))


def face_reader(samples: np.ndarray, path: Path = PRETRAINED / "drawn-attributes.safetensors",
                least: float = 0.1) -> Callable[[np.ndarray], dict[str, np.ndarray]]:  # fmt: skip
    """What names faces: uint8 (N, 3, 64, 64) -> factor ("hair") -> (N,) array of str.

    The attribute network in `path`, where there is one and it sees two hair colours or more, each in at least the share
    `least` of the `samples`; else the brightness of the hair, "dark" or "light" by their median.
    """
    if path.exists():
        network = load_attributes(path)

        def by_network(images: np.ndarray) -> dict[str, np.ndarray]:
            values = name_faces(network, images).values
            return {factor: np.array(names)[values[factor]] for factor, names in network.factors.items()}

        counts = np.unique(by_network(samples).get("hair", np.array([""])), return_counts=True)[1]
        if (counts >= least * len(samples)).sum() >= 2:
            return by_network
    middle = np.median(hair_brightness(samples))
    return lambda images: {"hair": np.where(hair_brightness(images) > middle, "light", "dark")}


def strip(generator: nn.Module, z: torch.Tensor, direction: torch.Tensor, reach: float = 4.0,
          count: int = 7) -> torch.Tensor:  # fmt: skip
    """Images (count, 3, 64, 64) of z (z_dim,) moved along a direction (z_dim,) by -reach to +reach."""
    return generate(generator, z + torch.linspace(-reach, reach, count)[:, None] * direction)


def film_strip(generator: nn.Module, start: torch.Tensor, end: torch.Tensor, count: int = 9) -> torch.Tensor:
    """Images (count, 3, 64, 64) along the arc from `start` to `end` (z_dim,)."""
    return generate(generator, slerp(start, end, torch.linspace(0, 1, count)[:, None]))


def draw_strips(strips: dict[str, torch.Tensor], title: str, ticks: list | np.ndarray, xlabel: str) -> Figure:
    """A figure with one labelled row of faces (N, 3, 64, 64) for each entry; ticks: what stands under the N columns."""
    count = len(ticks)
    figure = Figure(figsize=(0.8 * count + 1.4, 0.8 * len(strips) + 0.9), layout="constrained", dpi=90)
    axes = figure.subplots()
    axes.imshow(make_grid(torch.cat(list(strips.values())), columns=count, gap=2))
    axes.set(title=title, xlabel=xlabel)
    axes.set_xticks([32 + 66 * k for k in range(count)], [str(tick) for tick in ticks])
    axes.set_yticks([32 + 66 * k for k in range(len(strips))], strips)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    return figure
