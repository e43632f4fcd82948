"""Classifiers that name what is in a face (notebook 06)."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from animegan_helpers.attributes import PRETRAINED, load_attributes

CHUNK = 250  # images judged at a time


@dataclass
class Classifier:
    """A classifier of faces.

    factors: factor ("hair") -> its values ("black", "blue", ...).
    judge: images (N, 3, 64, 64) in [-1, 1] -> factor -> probabilities (N, values).
    describe: images -> features (N, F), on which distances can be measured.
    source: what the verdicts come from, in words.
    """

    factors: dict[str, list[str]]
    judge: Callable[[torch.Tensor], dict[str, torch.Tensor]]
    describe: Callable[[torch.Tensor], torch.Tensor]
    source: str

    @torch.no_grad()
    def probabilities(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """factor -> (N, values); each row adds up to 1."""
        parts = [self.judge(part) for part in images.split(CHUNK)]
        return {factor: torch.cat([part[factor] for part in parts]) for factor in self.factors}

    @torch.no_grad()
    def features(self, images: torch.Tensor) -> torch.Tensor:
        """The features (N, F) of images (N, 3, 64, 64)."""
        return torch.cat([self.describe(part) for part in images.split(CHUNK)])

    def name(self, images: torch.Tensor) -> dict[str, np.ndarray]:
        """factor -> (N,) str: the likeliest value of each face."""
        best = {factor: p.argmax(1).numpy() for factor, p in self.probabilities(images).items()}
        return {factor: np.array(values)[best[factor]] for factor, values in self.factors.items()}


def network_classifier(path: Path) -> Classifier:
    """The attribute network in the file `path`."""
    network = load_attributes(path)

    def judge(images: torch.Tensor) -> dict[str, torch.Tensor]:
        return {factor: logits.softmax(1) for factor, logits in network(images).items()}

    return Classifier(
        network.factors, judge, network.features, f"the attribute network {path.stem}"
    )


def mirrored(pose: str) -> str:
    """Where the mirror image of a face looks: "left" for "right"."""
    return pose.replace("left", "right") if "left" in pose else pose.replace("right", "left")


def pose_classifier(path: Path) -> Classifier:
    """Where faces look, named by the attribute network in `path`, which must know "direction".

    It also serves for faces of a kind that the network has not seen. There a network may lean to
    one side. So the probabilities of a face and of its mirror image are averaged.
    """
    network = network_classifier(path)
    values = network.factors["direction"]
    swapped = [values.index(mirrored(value)) for value in values]

    def judge(images: torch.Tensor) -> dict[str, torch.Tensor]:
        plain = network.judge(images)["direction"]
        mirror = network.judge(images.flip(3))["direction"]
        return {"direction": (plain + mirror[:, swapped]) / 2}

    source = f"{network.source}, on each face and its mirror image"
    return Classifier({"direction": values}, judge, network.describe, source)


def hair_brightness(images: torch.Tensor) -> torch.Tensor:
    """The mean grey level (N,), 0 to 255, of a patch that nearly always shows hair."""
    return 127.5 * (images[:, :, 6:18, 18:46].mean(dim=(1, 2, 3)) + 1)


def brightness_classifier(samples: torch.Tensor) -> Classifier:
    """Hair "dark" or "light", without a network.

    Hair is dark where it is darker than the median of the samples (N, 3, 64, 64). The features are
    the mean colours (N, 192) of patches of 8 x 8 pixels.
    """
    levels = hair_brightness(samples)
    middle, spread = levels.median(), levels.std().clamp_min(1)

    def judge(images: torch.Tensor) -> dict[str, torch.Tensor]:
        light = torch.sigmoid(4 * (hair_brightness(images) - middle) / spread)
        return {"hair": torch.stack([1 - light, light], 1)}

    def describe(images: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(images, 8).flatten(1)

    return Classifier({"hair": ["dark", "light"]}, judge, describe, "the brightness of the hair")


def choose_classifier(about: dict, samples: torch.Tensor, folder: Path = PRETRAINED) -> Classifier:
    """The classifier that suits a generator.

    about: what is known of its weights. Where about["data"] says what G was trained on, it decides
    between the network for drawn faces and the one for real faces. Else the network that is more
    certain of the samples (N, 3, 64, 64) is taken.
    A network that is missing, or sees only one hair colour, does not suit. Where none suits, the
    brightness of the hair decides.
    """
    names = ["drawn-attributes", "tagged-attributes"]
    if "data" in about:
        names = names[:1] if "drawn" in about["data"] else names[1:]
    best, highest = brightness_classifier(samples), 0.0
    for path in (folder / f"{name}.safetensors" for name in names):
        if path.exists():
            classifier = network_classifier(path)
            certainty = _certainty(classifier.probabilities(samples))
            if certainty > highest:
                best, highest = classifier, certainty
    return best


def _certainty(seen: dict[str, torch.Tensor]) -> float:
    """How certain a network is of hair and eyes; 0 where it sees fewer than two hair colours.

    A colour counts where at least one face in twenty has it.
    """
    counts = seen["hair"].argmax(1).bincount()
    if (counts >= 0.05 * counts.sum()).sum() < 2:
        return 0.0
    return float(seen["hair"].amax(1).mean() + seen["eyes"].amax(1).mean())
