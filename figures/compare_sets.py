"""Sets the drawn faces beside real ones: python figures/compare_sets.py REAL [REAL ...]

REAL is a folder or a zip of pictures. Writes drawn_and_real.webp: mean faces, colour histograms and
spectra, which show no single real face. Prints the distances of the drawn faces, and of every
further set, from the first.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from animegan_helpers.faces import load_faces
from animegan_helpers.pictures import COLOURS, figure_image

HERE = Path(__file__).parent
COUNT = 6_000


@dataclass
class Statistics:
    """Statistics of a set of faces. Each histogram has 32 bins and the sum 1.

    mean_face: (3, 64, 64), 0 to 1; rgb: a histogram for each channel, (3, 32).
    brightness: of (max + min) / 2 over the channels; saturation: of max - min; (32,) each.
    power: the mean power of grey faces at 1 to 31 waves a picture, (31,).
    """

    mean_face: np.ndarray
    rgb: np.ndarray
    brightness: np.ndarray
    saturation: np.ndarray
    power: np.ndarray


def statistics(images: np.ndarray) -> Statistics:
    """Of uint8 images (N, 3, 64, 64)."""
    x = np.asarray(images, np.float32) / 255

    def shares(values: np.ndarray) -> np.ndarray:
        return np.histogram(values, 32, (0, 1))[0] / values.size

    high, low = x.max(axis=1), x.min(axis=1)
    grey = x.mean(axis=1)
    power = (np.abs(np.fft.fft2(grey - grey.mean(axis=(1, 2), keepdims=True))) ** 2).mean(axis=0)
    waves = np.fft.fftfreq(64, 1 / 64)
    radius = np.hypot(*np.meshgrid(waves, waves)).round().astype(int)
    radial = np.array([power[radius == r].mean() for r in range(1, 32)])
    rgb = np.array([shares(x[:, c]) for c in range(3)])
    return Statistics(x.mean(axis=0), rgb, shares((high + low) / 2), shares(high - low), radial)


def distances(a: Statistics, b: Statistics) -> dict[str, float]:
    """How far two sets are apart, 0 where they agree.

    Root mean squares for the mean face and the log power, total variation (0 to 1) for histograms.
    """

    def rms(x: np.ndarray) -> float:
        return float(np.sqrt((x**2).mean()))

    return {
        "mean face, RMS (0 to 1)": rms(a.mean_face - b.mean_face),
        "R, G, B histograms": float(np.abs(a.rgb - b.rgb).sum(axis=1).mean() / 2),
        "brightness histogram": float(np.abs(a.brightness - b.brightness).sum() / 2),
        "saturation histogram": float(np.abs(a.saturation - b.saturation).sum() / 2),
        "spectrum, RMS of log10": rms(np.log10(a.power / b.power)),
    }


def draw(sets: dict[str, Statistics]) -> Figure:
    """Mean faces above, curves below."""
    figure = Figure(figsize=(11, 5.2), layout="constrained", dpi=100)
    top, bottom = figure.subfigures(2, 1, height_ratios=(1, 1.35))
    for axes, (name, of) in zip(top.subplots(1, len(sets)), sets.items()):
        axes.imshow(of.mean_face.transpose(1, 2, 0))
        axes.set_title(f"mean face: {name}", fontsize=10)
        axes.axis("off")
    middle = (np.arange(32) + 0.5) / 32
    panels = {
        "brightness": lambda of: (middle, of.brightness),
        "saturation": lambda of: (middle, of.saturation),
        "red": lambda of: (middle, of.rgb[0]),
        "spectrum": lambda of: (np.arange(1, 32), of.power),
    }
    for axes, (title, curve) in zip(bottom.subplots(1, len(panels)), panels.items()):
        for (name, of), colour in zip(sets.items(), COLOURS):
            axes.plot(*curve(of), color=colour, label=name, lw=1.6)
        if title == "spectrum":
            axes.set(
                title="power spectrum, grey",
                xlabel="waves across the picture",
                ylabel="mean power",
                xscale="log",
                yscale="log",
            )
            axes.legend(fontsize=8)
        else:
            axes.set(
                title=f"histogram of {title}",
                xlabel=f"{title} (0 to 1)",
                ylabel="share of pixels",
                ylim=(0, None),
            )
    return figure


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(
            "say which real faces: python figures/compare_sets.py FOLDER_OR_ZIP [FOLDER_OR_ZIP ...]"
        )
    sets = {"drawn": statistics(load_faces("", count=COUNT).images)}
    for path in sys.argv[1:]:
        sets[Path(path).stem] = statistics(load_faces(path, count=COUNT).images)
    figure_image(draw(sets)).save(HERE / "drawn_and_real.webp", quality=88)
    first = sys.argv[1]
    columns = {
        name: distances(of, sets[Path(first).stem])
        for name, of in sets.items()
        if name != Path(first).stem
    }
    print(
        f"| distance from {Path(first).stem}, {COUNT:,} faces each | " + " | ".join(columns) + " |"
    )
    print("| --- |" + " ---: |" * len(columns))
    for row in next(iter(columns.values())):
        print(
            f"| {row} | " + " | ".join(f"{values[row]:.3f}" for values in columns.values()) + " |"
        )


if __name__ == "__main__":
    main()
