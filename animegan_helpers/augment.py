"""Changes made to every picture that D sees, real or fake, so that it cannot learn the training set by heart.

They can be differentiated, so G learns through them: DiffAugment, Zhao et al. 2020 (arXiv 2006.10738). Each takes
images (B, 3, H, W) in [-1, 1] and uniform random numbers (B, 3) in [0, 1), three a picture, and returns images of the
same shape.
"""

from collections.abc import Callable, Iterable

import torch

NUMBERS = 3
"""Random numbers each augmentation takes for a picture."""


def change_colour(images: torch.Tensor, random: torch.Tensor) -> torch.Tensor:
    """Brightness by -0.5 to 0.5, saturation by a factor of 0 to 2, contrast by 0.5 to 1.5."""
    brightness, saturation, contrast = (column.view(-1, 1, 1, 1) for column in random.unbind(1))
    images = images + (brightness - 0.5)
    grey = images.mean(dim=1, keepdim=True)
    images = grey + 2 * saturation * (images - grey)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (contrast + 0.5) * (images - mean)


def translate(images: torch.Tensor, random: torch.Tensor) -> torch.Tensor:
    """Shifted by up to an eighth of the side either way; what comes in at the edge is grey, 0."""
    count, _, height, width = images.shape
    device = images.device

    def sources(share: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        most = size // 8
        shift = (share * (2 * most + 1)).floor().long() - most  # -most ... most
        index = (
            torch.arange(size, device=device) - shift[:, None]
        )  # (B, size): where each row or column comes from
        return index.clamp(0, size - 1), (index >= 0) & (index < size)

    rows, rows_inside = sources(random[:, 0], height)
    columns, columns_inside = sources(random[:, 1], width)
    moved = images[
        torch.arange(count, device=device)[:, None, None], :, rows[:, :, None], columns[:, None, :]
    ]
    inside = rows_inside[:, :, None] & columns_inside[:, None, :]  # (B, H, W)
    return moved.permute(0, 3, 1, 2) * inside[:, None]


def cut_out(images: torch.Tensor, random: torch.Tensor) -> torch.Tensor:
    """A square of half the side turned grey; its middle may lie anywhere in the picture."""
    _, _, height, width = images.shape

    def inside(share: torch.Tensor, size: int) -> torch.Tensor:
        away = (
            torch.arange(size, device=images.device) - (share * size).floor()[:, None]
        )  # (B, size)
        return (-(size // 4) <= away) & (away < size // 4)

    square = inside(random[:, 0], height)[:, :, None] & inside(random[:, 1], width)[:, None, :]
    return images * ~square[:, None]


AUGMENTATIONS: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "colour": change_colour,
    "translation": translate,
    "cutout": cut_out,
}


def augment(images: torch.Tensor, names: Iterable[str], random: torch.Tensor) -> torch.Tensor:
    """The augmentations called `names` one after the other; random (B, NUMBERS * names), uniform in [0, 1)."""
    for name, numbers in zip(names, random.split(NUMBERS, dim=1)):
        images = AUGMENTATIONS[name](images, numbers)
    return images
