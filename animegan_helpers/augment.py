"""Changes to every picture that D sees, so that it cannot learn the faces by heart (notebook 08).

Real and fake pictures are changed alike. The changes can be differentiated, so G learns through
them (DiffAugment: Zhao et al. 2020, arXiv 2006.10738).
An augmentation takes images (B, 3, H, W) in [-1, 1] and uniform random numbers (B, NUMBERS) in
[0, 1), and returns images of the same shape.
"""

from collections.abc import Iterable

import torch

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


AUGMENTATIONS = {"translation": translate}


def augment(images: torch.Tensor, names: Iterable[str], random: torch.Tensor) -> torch.Tensor:
    """The augmentations called `names`, one after the other.

    random: uniform in [0, 1), of shape (B, NUMBERS * how many names there are).
    """
    for name, numbers in zip(names, random.split(NUMBERS, dim=1)):
        images = find("augmentation", AUGMENTATIONS, name)(images, numbers)
    return images
