"""Makes the pictures of this folder: python figures/make_figures.py (or make figures).

The screenshots are made by make_screenshots.py, the comparison with real faces by compare_sets.py.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from animegan_helpers.faces.faceset import load_faces
from animegan_helpers.gan.checkpoint import load_weights
from animegan_helpers.latent.space import draw_latent, film_strip, sample_faces
from animegan_helpers.measures.attributes import PRETRAINED
from animegan_helpers.pictures import make_grid

HERE = Path(__file__).parent


def save(picture: Image.Image, name: str) -> None:
    picture.save(HERE / name, quality=88)
    print(name)


def main() -> None:
    drawn = load_faces("", count=300).images
    save(make_grid(np.array(drawn[:40]), columns=10, scale=2), "drawn_faces.webp")
    for name in ("drawn", "real"):
        path = PRETRAINED / f"{name}.safetensors"
        if path.exists():
            generator = load_weights(path).generator
            save(make_grid(sample_faces(generator, 40), columns=10, scale=2), f"{name}_samples.webp")
            start, end = draw_latent(2, generator.z_dim, seed=5)
            save(make_grid(film_strip(generator, start, end, 10), columns=10, scale=2), f"{name}_walk.webp")


if __name__ == "__main__":
    main()
