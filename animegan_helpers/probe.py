"""The linear probe: how much of what is in a face can a straight line read off a network's features?

Radford, Metz and Chintala 2015 (DCGAN, arXiv 1511.06434), section 5.1, judge a discriminator so: max-pool each layer's
features to 4 x 4, join them, and train a linear model on labels. Theirs is a support vector machine with an L2
penalty; here it is least squares with one (Suykens and Vandewalle 1999), which has a solution in closed form.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from animegan_helpers.attributes import AttributeNetwork, name_faces
from animegan_helpers.faces import to_tensor
from animegan_helpers.networks import FullyConnectedDiscriminator

PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)

FeatureExtractor = Callable[[np.ndarray], torch.Tensor]
"""uint8 images (B, 3, 64, 64) -> features (B, F)."""


def discriminator_features(discriminator: nn.Module) -> FeatureExtractor:
    """All of D's hidden layers, each max-pooled to 4 x 4, joined: for DCGAN 16 * (1 + 2 + 4 + 8) * width numbers.

    A fully connected D has no places to pool over: its hidden layers as they are. In eval mode; D is left as it was.
    """
    flat = isinstance(discriminator, FullyConnectedDiscriminator)
    blocks = list(discriminator.layers[:-1] if flat else discriminator.blocks)

    @torch.no_grad()
    def read(images: np.ndarray) -> torch.Tensor:
        training = discriminator.training
        discriminator.eval()
        try:
            x, layers = to_tensor(images).to(next(discriminator.parameters()).device), []
            for block in blocks:
                x = block(x)
                if not flat:
                    layers.append(F.adaptive_max_pool2d(x, 4).flatten(1))
                elif isinstance(block, nn.LeakyReLU):
                    layers.append(x)
        finally:
            discriminator.train(training)
        return torch.cat(layers, dim=1).cpu()

    return read


def pixel_features(images: np.ndarray) -> torch.Tensor:
    """The pixels themselves, averaged to 32 x 32: 3,072 numbers."""
    return F.avg_pool2d(to_tensor(images), 2).flatten(1)


def attribute_features(network: AttributeNetwork) -> FeatureExtractor:
    """The attribute network's features, which were trained with labels: what there is to reach."""
    return lambda images: torch.from_numpy(name_faces(network, images).features)


def extract_features(
    extract: FeatureExtractor, images: np.ndarray, chunk: int = 250
) -> torch.Tensor:
    """Features (N, F) of uint8 images (N, 3, 64, 64), a chunk at a time."""
    return torch.cat(
        [extract(images[start : start + chunk]) for start in range(0, len(images), chunk)]
    )


@dataclass
class Probed:
    """accuracy: share of the test faces named right; majority: share that the commonest label alone gets right;
    interval: the central 95% of the accuracy; features: how many; penalty: the one chosen."""

    accuracy: float
    majority: float
    interval: tuple[float, float]
    features: int
    penalty: float


def linear_probe(
    train: torch.Tensor, train_labels: np.ndarray, test: torch.Tensor, test_labels: np.ndarray
) -> Probed:
    """How well a linear model learnt on features (N, F) with labels (N,) names the labels (M,) of features (M, F).

    One output a label, 1 where it is right and 0 elsewhere; the largest wins. Features are standardised by the
    training set. The penalty, a share of the features' mean square, is chosen on the last quarter of the training
    set, then all of it is used. Memory grows with N * (N + F). Raises ValueError for fewer than 8 faces to learn from.
    """
    if len(train) < 8 or not len(test):
        raise ValueError(
            f"{len(train)} faces to learn from and {len(test)} to test with are too few for a probe"
        )
    names, targets = np.unique(train_labels, return_inverse=True)
    mean, spread = train.mean(0), train.std(0).clamp(min=1e-6)
    train, test = (((x - mean) / spread).double() for x in (train, test))
    wanted = F.one_hot(torch.from_numpy(targets), len(names)).double()
    inner = (
        train @ train.T / train.shape[1]
    )  # (N, N): so the work grows with the faces, not with the features
    fit, check = slice(0, len(train) * 3 // 4), slice(len(train) * 3 // 4, None)

    def outputs(rows: slice, across: torch.Tensor, penalty: float) -> torch.Tensor:
        known = inner[rows, rows]
        middle = wanted[rows].mean(0)
        return (
            across
            @ torch.linalg.solve(
                known + penalty * len(known) * torch.eye(len(known)).double(), wanted[rows] - middle
            )
            + middle
        )

    right = [
        float((outputs(fit, inner[check, fit], penalty).argmax(1).numpy() == targets[check]).mean())
        for penalty in PENALTIES
    ]
    penalty = PENALTIES[int(np.argmax(right))]
    named = names[outputs(slice(None), test @ train.T / train.shape[1], penalty).argmax(1).numpy()]
    accuracy = float((named == test_labels).mean())
    commonest = names[np.bincount(targets).argmax()]
    margin = 1.96 * (accuracy * (1 - accuracy) / len(test)) ** 0.5
    return Probed(
        accuracy,
        float((test_labels == commonest).mean()),
        (accuracy - margin, accuracy + margin),
        train.shape[1],
        penalty,
    )
