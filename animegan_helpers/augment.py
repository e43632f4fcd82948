"""Changes to every picture that D sees, so that it cannot learn the faces by heart (notebook 08).

Real and fake pictures are changed alike. The changes can be differentiated, so G learns through
them (DiffAugment: Zhao et al. 2020, arXiv 2006.10738).
An augmentation takes images (B, 3, H, W) in [-1, 1] and uniform random numbers (B, NUMBERS) in
[0, 1), and returns images of the same shape.
"""

from collections.abc import Iterable

import torch
from torch.nn import functional as F

from animegan_helpers.settings import find

NUMBERS = 3
"""Random numbers that each augmentation takes for a picture."""


def translate(images: torch.Tensor, random: torch.Tensor) -> torch.Tensor:
    """Shifts by up to an eighth of the side either way; what comes in at the edge is grey, 0."""
    count, _, height, width = images.shape
    device = images.device

    def sources(share: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Where each row or column comes from, (B, size), and whether that is in the picture."""
        most = size // 8
        shift = (share * (2 * most + 1)).floor().long() - most  # -most ... most
        index = torch.arange(size, device=device) - shift[:, None]
        return index.clamp(0, size - 1), (index >= 0) & (index < size)

    rows, rows_inside = sources(random[:, 0], height)
    columns, columns_inside = sources(random[:, 1], width)
    every = torch.arange(count, device=device)[:, None, None]
    moved = images[every, :, rows[:, :, None], columns[:, None, :]]  # (B, H, W, 3)
    inside = rows_inside[:, :, None] & columns_inside[:, None, :]  # (B, H, W)
    return moved.permute(0, 3, 1, 2) * inside[:, None]


def look_closer(images: torch.Tensor, random: torch.Tensor) -> torch.Tensor:
    """Shows half of the pictures from closer: a window of half the side, enlarged.

    The window is drawn from the middle, a quarter of its side either way: eyes are there.
    """
    side = torch.where(random[:, 0] < 0.5, 0.5, 1.0)  # of the window, as a share
    shift = (random[:, 1:] - 0.5) * (1 - side)[:, None]  # of its centre; the picture is -1 ... 1
    scale = torch.eye(2, device=side.device) * side[:, None, None]
    window = torch.cat([scale, shift[:, :, None]], dim=2)  # (B, 2, 3)
    grid = F.affine_grid(window, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


AUGMENTATIONS = {"translation": translate, "closer": look_closer}


def augment(images: torch.Tensor, names: Iterable[str], random: torch.Tensor) -> torch.Tensor:
    """The augmentations called `names`, one after the other.

    random: uniform in [0, 1), of shape (B, NUMBERS * how many names there are).
    """
    for name, numbers in zip(names, random.split(NUMBERS, dim=1)):
        images = find("augmentation", AUGMENTATIONS, name)(images, numbers)
    return images
