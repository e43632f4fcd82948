"""What is handed on: weights of matched contrast, a small run for `replay`, and samples."""

import io
import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from animegan_helpers.files import unused, write_atomically
from animegan_helpers.latent import generate, sample_latent
from animegan_helpers.pictures import make_grid, png_bytes
from animegan_helpers.replay import load_grids, load_history


def export_run(run: Path | str, folder: Path | str, rows: int = 50, limit: int = 4_500_000) -> None:
    """Writes a run's curves, its measures if it has any, and its grids into a new folder.

    rows: keep at most so many steps of each epoch, evenly spaced, the last step among them. They
        stay as they were: a mean would hide how unsteady the losses are.
    limit: bytes that all grids together may take; the grids of a long run are of lower quality.
    Raises ValueError where the folder is there already, or the run has no finished epoch.
    """
    run, folder = Path(run), unused(folder)
    steps_per_epoch = load_history(run)[1]
    grids = load_grids(run)
    header, *steps = (run / "history.csv").read_text(encoding="utf-8").splitlines()
    every = -(-steps_per_epoch // rows)
    kept = [
        step
        for index, step in enumerate(steps[: max(grids) * steps_per_epoch])
        if (steps_per_epoch - 1 - index) % steps_per_epoch % every == 0
    ]

    def write(folder: Path) -> None:
        (folder / "grids").mkdir(parents=True)
        (folder / "history.csv").write_bytes("\n".join([header, *kept, ""]).encode())
        if (run / "measures.csv").is_file():
            (folder / "measures.csv").write_bytes((run / "measures.csv").read_bytes())
        for epoch, grid in small_enough(grids, limit).items():
            (folder / "grids" / f"epoch-{epoch:04d}.webp").write_bytes(grid)

    write_atomically(folder, write)


def small_enough(grids: dict[int, Image.Image], limit: int) -> dict[int, bytes]:
    """The grids as WebP files of the best quality, 60 to 20, that keeps them within `limit` bytes.

    At quality 20 they may be larger than that.
    """
    for quality in range(60, 19, -5):
        files = {epoch: webp_bytes(grid, quality) for epoch, grid in grids.items()}
        if sum(map(len, files.values())) <= limit:
            break
    return files


def webp_bytes(picture: Image.Image, quality: int) -> bytes:
    """The WebP file of an image."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=6)
    return buffer.getvalue()


def samples_file(images: np.ndarray, kind: str) -> bytes:
    """The file of uint8 samples (N, 3, 64, 64): ".png", a grid, or ".npy", as (N, 64, 64, 3)."""
    if kind == ".png":
        return png_bytes(make_grid(images, columns=math.ceil(len(images) ** 0.5)))
    buffer = io.BytesIO()
    np.save(buffer, images.transpose(0, 2, 3, 1))
    return buffer.getvalue()


@torch.no_grad()
def match_contrast(generator: nn.Module, contrast: float, samples: int = 1_000) -> float:
    """Multiplies G's last layer, in place, until its samples have this contrast; gives the factor.

    Contrast strays during training, and Frechet distances count that in full.
    generator: in eval mode, and ending in tanh.
    Raises ValueError where no factor from 0.001 to 1000 reaches that contrast. The generator is
    then left as it was.
    """
    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
    last = [layer for layer in generator.modules() if isinstance(layer, kinds)][-1]
    outputs = []
    hook = last.register_forward_hook(lambda layer, inputs, output: outputs.append(output))
    generate(generator, sample_latent(samples, generator.z_dim))
    hook.remove()
    before_tanh = torch.cat(outputs)  # (samples, 3, 64, 64), or flat
    low, high = 1e-3, 1e3
    for _ in range(20):  # halve the range: a larger factor gives more contrast
        factor = (low * high) ** 0.5
        images = (factor * before_tanh).tanh()
        reached = float(images.flatten(1).std(dim=1, correction=0).mean())
        low, high = (factor, high) if reached < contrast else (low, factor)
    if abs(reached - contrast) > 0.02 * contrast:
        raise ValueError(
            f"a contrast of {contrast:.2f} is out of reach: the samples come to {reached:.2f}"
        )
    for parameter in last.parameters():
        parameter.mul_(factor)
    return factor
