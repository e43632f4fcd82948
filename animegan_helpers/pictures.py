"""Pictures of pictures: grids, and PNG bytes of images and figures."""

import io
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image

from animegan_helpers.faces import to_uint8
from animegan_helpers.files import WriteError, unused


def make_grid(
    images: torch.Tensor | np.ndarray, columns: int = 8, scale: int = 1, gap: int = 2
) -> Image.Image:
    """(N, 3, H, W) images, a float tensor in [-1, 1] or uint8, side by side on white, each pixel `scale` wide."""
    if isinstance(images, torch.Tensor):
        # one fixed range for every picture: stretching each by itself would hide saturation
        images = to_uint8(images) if images.is_floating_point() else images.cpu().numpy()
    count, _, height, width = images.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    grid = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
    for k, image in enumerate(images):
        top, left = k // columns * (height + gap), k % columns * (width + gap)
        grid[top : top + height, left : left + width] = image.transpose(1, 2, 0)
    picture = Image.fromarray(grid)
    return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)


def png_bytes(picture: Image.Image | Figure, dpi: int = 90) -> bytes:
    """The PNG file of an image or of a matplotlib figure."""
    buffer = io.BytesIO()
    if isinstance(picture, Figure):
        picture.savefig(buffer, format="png", dpi=dpi)
    else:
        picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def check_samples_target(out: Path) -> None:
    """Raises WriteError where samples would overwrite something, or would go into a folder that looks like a file."""
    if out.suffix.lower() in (".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".npz") or out.suffix in (
        ".NPY",
        ".PNG",
    ):
        raise WriteError(
            f"{out}: samples go into FILE.npy, into FILE.png as a grid, or as one PNG each into a folder"
        )
    if not (out.is_dir() and not any(out.iterdir())):  # a new folder of the user's will do
        unused(out)


def save_samples(images: np.ndarray, out: Path) -> None:
    """uint8 (N, 64, 64, 3) to a .npy file, a grid in a .png file, or one PNG each in a folder.

    Raises WriteError as check_samples_target does.
    """
    check_samples_target(out)
    channels_first = images.transpose(0, 3, 1, 2)
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix == ".npy":
        np.save(out, images)
    elif out.suffix == ".png":
        make_grid(channels_first, columns=int(np.ceil(np.sqrt(len(images))))).save(out)
    else:
        out.mkdir(exist_ok=True)
        for k, image in enumerate(images):
            Image.fromarray(image).save(out / f"{k:05d}.png")
