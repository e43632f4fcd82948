"""Grids and rows of pictures, image files, the palette, showing a widget (all notebooks)."""

import base64
import io

import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from animegan_helpers.faces import to_tensor, to_uint8

# The palette of Okabe and Ito. Colour-blind readers can tell its colours apart.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PINK, SKY, YELLOW, BLACK = "#CC79A7", "#56B4E9", "#F0E442", "#000000"
COLOURS = (BLUE, RED, GREEN, PINK, ORANGE, SKY, BLACK, YELLOW)

DPI = 90  # dots per inch of a figure that becomes a picture
GAP = 12  # pixels between pictures that stand side by side


def make_grid(
    images: torch.Tensor | np.ndarray, columns: int = 8, scale: int = 1, gap: int = 2
) -> Image.Image:
    """Images side by side on white.

    images: (N, 3, H, W), a float tensor in [-1, 1], or uint8 in 0..255.
    scale: screen pixels for each pixel; gap: white pixels between images, before scaling.
    Raises ValueError when there are no images.
    """
    from torchvision.utils import make_grid as torchvision_grid  # takes a second to import

    if len(images) == 0:
        raise ValueError("there are no images to put into a grid: pass at least one")
    if not (torch.is_tensor(images) and images.is_floating_point()):
        images = to_tensor(images)
    # One fixed range for all images. A range of its own for each would hide saturation.
    grid = torchvision_grid(
        images.float().cpu(), columns, gap, normalize=True, value_range=(-1, 1), pad_value=1
    )
    if len(images) > 1:  # torchvision draws a border around several images, but not around one
        grid = grid[:, gap : grid.shape[1] - gap, gap : grid.shape[2] - gap]
    picture = Image.fromarray(to_uint8(2 * grid - 1).transpose(1, 2, 0))
    return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)


def png_bytes(picture: Image.Image | Figure, dpi: int = DPI) -> bytes:
    """The PNG file of an image or of a matplotlib figure."""
    buffer = io.BytesIO()
    if isinstance(picture, Figure):
        picture.savefig(buffer, format="png", dpi=dpi)
    else:
        picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def jpeg_bytes(picture: Image.Image) -> bytes:
    """The JPEG file of an image. Faces take a quarter of a PNG's bytes, so notebooks stay small."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90, subsampling=0)
    return buffer.getvalue()


def figure_image(figure: Figure, dpi: int = DPI) -> Image.Image:
    """A matplotlib figure as an image."""
    return Image.open(io.BytesIO(png_bytes(figure, dpi))).convert("RGB")


def side_by_side(*pictures: Image.Image) -> Image.Image:
    """Pictures in a row on white, tops aligned, GAP pixels apart."""
    width = sum(picture.width + GAP for picture in pictures) - GAP
    row = Image.new("RGB", (width, max(picture.height for picture in pictures)), "white")
    left = 0
    for picture in pictures:
        row.paste(picture, (left, 0))
        left += picture.width + GAP
    return row


def stacked(*pictures: Image.Image) -> Image.Image:
    """Pictures in a column on white, left edges aligned."""
    height = sum(picture.height for picture in pictures)
    column = Image.new("RGB", (max(picture.width for picture in pictures), height), "white")
    top = 0
    for picture in pictures:
        column.paste(picture, (0, top))
        top += picture.height
    return column


def captioned(picture: Image.Image, text: str) -> Image.Image:
    """The picture with a line of text below it."""
    line = Image.new("RGB", (picture.width, 20), "white")
    ImageDraw.Draw(line).text((4, 3), text, fill="black", font_size=12)
    return stacked(picture, line)


def show(widget, picture: bytes, hint: str):
    """Displays a widget, and a picture of it where no widget can live. Returns the display handle.

    picture: a PNG or JPEG file; hint: the text for where there are no pictures either.
    One output holds all three. JupyterLab takes the widget; GitHub and nbconvert take the picture.
    """
    from IPython.display import display

    bundle = widget._repr_mimebundle_()
    bundle = dict(bundle[0] if isinstance(bundle, tuple) else bundle)
    kind = "image/jpeg" if picture.startswith(b"\xff\xd8") else "image/png"
    bundle[kind] = base64.b64encode(picture).decode()
    bundle["text/plain"] = hint
    return display(bundle, raw=True, display_id=True)
