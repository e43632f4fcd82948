"""Makes the pictures of this folder: python figures/make_figures.py (or make figures).

The screenshots are made by make_screenshots.py, the comparison with real faces by compare_sets.py.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from animegan_helpers.attributes import PRETRAINED
from animegan_helpers.checkpoint import load_weights
from animegan_helpers.faces import load_faces
from animegan_helpers.latent import sample_faces
from animegan_helpers.pictures import captioned, make_grid, side_by_side
from animegan_helpers.replay import load_grids

HERE = Path(__file__).parent


def save(picture: Image.Image, name: str) -> None:
    picture.save(HERE / name, quality=88)
    print(name)


def report_epochs() -> Image.Image:
    """Faces of the same nine latent vectors after the epochs of the report's Figure 4."""
    grids = load_grids(PRETRAINED / "report")
    side = 3 * 66 - 2  # a grid of 3 x 3 faces
    epochs = (1, 10, 30, 50, 75, 100)
    corners = [grids[epoch].crop((0, 0, side, side)) for epoch in epochs]
    return side_by_side(*map(captioned, corners, [f"epoch {epoch}" for epoch in epochs]))


def main() -> None:
    drawn = load_faces("", count=300).images
    save(make_grid(np.array(drawn[:40]), columns=10, scale=2), "drawn_faces.webp")
    generator = load_weights(PRETRAINED / "projected.safetensors").generator
    save(make_grid(sample_faces(generator, 40), columns=10, scale=2), "real_samples.webp")
    save(report_epochs(), "report_epochs.webp")


if __name__ == "__main__":
    main()
