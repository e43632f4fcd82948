"""What is in a face, as a network sees it: the network that suits a generator, and its verdicts."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from animegan_helpers.attributes import PRETRAINED, load_attributes

HAIR = (slice(6, 18), slice(18, 46))
"""Rows and columns of a 64x64 face that nearly always show hair."""


@dataclass
class Classifier:
    """Names faces.

    factors: factor ("hair") -> its values; judge: images (N, 3, 64, 64) in [-1, 1] -> factor -> probabilities
    (N, values); describe: images -> features (N, F) to measure distances on; source: whose judgement it is, in words.
    """

    factors: dict[str, list[str]]
    judge: Callable[[torch.Tensor], dict[str, torch.Tensor]]
    describe: Callable[[torch.Tensor], torch.Tensor]
    source: str

    @torch.no_grad()
    def probabilities(self, images: torch.Tensor, chunk: int = 250) -> dict[str, torch.Tensor]:
        """factor -> (N, values), each row adding up to 1."""
        parts = [self.judge(part) for part in images.split(chunk)]
        return {factor: torch.cat([part[factor] for part in parts]) for factor in self.factors}

    @torch.no_grad()
    def features(self, images: torch.Tensor, chunk: int = 250) -> torch.Tensor:
        """(N, F)."""
        return torch.cat([self.describe(part) for part in images.split(chunk)])

    def name(self, images: torch.Tensor) -> dict[str, np.ndarray]:
        """factor -> (N,) array of str: the likeliest value of each face."""
        best = {factor: p.argmax(1).numpy() for factor, p in self.probabilities(images).items()}
        return {factor: np.array(values)[best[factor]] for factor, values in self.factors.items()}


def network_classifier(path: Path) -> Classifier:
    """The attribute network in a file."""
    network = load_attributes(path)
    return Classifier(
        network.factors,
        lambda images: {f: logits.softmax(1) for f, logits in network(images).items()},
        network.features,
        f"the attribute network {path.stem}",
    )


MIRRORED = {
    "left": "right",
    "half-left": "half-right",
    "front": "front",
    "half-right": "half-left",
    "right": "left",
}
"""Where a face looks, and where its mirror image does."""


def pose_classifier(path: Path) -> Classifier:
    """Where faces look, by a network that knows their `direction`: for faces of a kind it did not learn from, too.

    Its verdicts on a face and on the mirror image, which looks the other way, are averaged: out of its domain a network
    may lean to one side, and that cancels.
    """
    network = load_attributes(path)
    values = network.factors["direction"]
    swap = [values.index(MIRRORED[value]) for value in values]

    def judge(images: torch.Tensor) -> dict[str, torch.Tensor]:
        plain, mirror = (
            network(faces)["direction"].softmax(1) for faces in (images, images.flip(3))
        )
        return {"direction": (plain + mirror[:, swap]) / 2}

    return Classifier(
        {"direction": values},
        judge,
        network.features,
        f"the attribute network {path.stem}, both ways round",
    )


def coarse_pixels(images: torch.Tensor) -> torch.Tensor:
    """(N, 192): the mean colours of 8x8 patches of faces (N, 3, 64, 64)."""
    return F.avg_pool2d(images, 8).flatten(1)


def hair_brightness(images: torch.Tensor) -> torch.Tensor:
    """(N,) mean grey level, 0 to 255, of the patch of faces (N, 3, 64, 64) in [-1, 1] that nearly always shows hair."""
    return 127.5 * (images[:, :, HAIR[0], HAIR[1]].mean(dim=(1, 2, 3)) + 1)


def brightness_classifier(samples: torch.Tensor) -> Classifier:
    """Hair "dark" or "light", by the median brightness of the `samples` (N, 3, 64, 64); needs no network."""
    levels = hair_brightness(samples)
    middle, spread = levels.median(), levels.std().clamp_min(1)

    def judge(images: torch.Tensor) -> dict[str, torch.Tensor]:
        light = torch.sigmoid(4 * (hair_brightness(images) - middle) / spread)
        return {"hair": torch.stack([1 - light, light], 1)}

    return Classifier(
        {"hair": ["dark", "light"]}, judge, coarse_pixels, "the brightness of the hair"
    )


def choose_classifier(
    about: dict, samples: torch.Tensor, folder: Path = PRETRAINED, least: float = 0.05
) -> Classifier:
    """The classifier for a generator, from what is known of its weights and from `samples` (N, 3, 64, 64) that it drew.

    Where `about["data"]` says what the generator was trained on: the network for drawn faces or the one for real ones.
    Else the one that is surer of the samples' hair and eyes. A network that is not there, or sees fewer than two hair
    colours (in at least the share `least` each), is passed over; where none is left, the hair's brightness decides.
    """
    names = ["drawn-attributes", "tagged-attributes"]
    if "data" in about:
        names = names[:1] if "drawn" in about["data"] else names[1:]
    sure = {}
    for path in (folder / f"{name}.safetensors" for name in names):
        if path.exists():
            classifier = network_classifier(path)
            seen = classifier.probabilities(samples)
            shares = (
                seen["hair"].argmax(1).bincount() / len(samples)
                if "hair" in seen
                else torch.zeros(1)
            )
            if (shares >= least).sum() >= 2:
                sure[path] = (
                    sum(float(seen[f].amax(1).mean()) for f in ("hair", "eyes") if f in seen),
                    classifier,
                )
    return (
        max(sure.values(), key=lambda entry: entry[0])[1]
        if sure
        else brightness_classifier(samples)
    )
