"""A linear probe: how much of a label can a straight line read off? (notebooks 06, 07)

In notebook 06 it reads names off z. In notebook 07 it reads labels off D's features, as in section
5.1 of DCGAN (Radford, Metz and Chintala 2015, arXiv 1511.06434). DCGAN's authors took a support
vector machine. This is softmax regression.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from animegan_helpers.faces import to_tensor
from animegan_helpers.measures import share_interval

FeatureExtractor = Callable[[np.ndarray], torch.Tensor]
"""uint8 images (B, 3, 64, 64) -> features (B, F)."""


def discriminator_features(discriminator: nn.Module) -> FeatureExtractor:
    """All hidden layers of D, joined. Layers with places are max-pooled to 4 x 4 first.

    For DCGAN these are 16 * (1 + 2 + 4 + 8) * width numbers. A copy of D in eval mode is used.
    """
    network = copy.deepcopy(discriminator).eval()
    hidden = []
    for layer in network.modules():
        if isinstance(layer, (nn.LeakyReLU, nn.ReLU, nn.PReLU)):  # each hidden layer ends in one
            layer.register_forward_hook(lambda layer, inputs, output: hidden.append(output))

    @torch.no_grad()
    def extract(images: np.ndarray) -> torch.Tensor:
        hidden.clear()
        network(to_tensor(images).to(next(network.parameters()).device))
        pooled = [F.adaptive_max_pool2d(x, 4) if x.ndim == 4 else x for x in hidden]
        return torch.cat([x.flatten(1) for x in pooled], dim=1).cpu()

    return extract


def pixel_features(images: np.ndarray) -> torch.Tensor:
    """The pixels themselves, averaged to 32 x 32: 3,072 numbers."""
    return F.avg_pool2d(to_tensor(images), 2).flatten(1)


def extract_features(
    extract: FeatureExtractor, images: np.ndarray, chunk: int = 250
) -> torch.Tensor:
    """Features (N, F) of uint8 images (N, 3, 64, 64), a chunk at a time."""
    starts = range(0, len(images), chunk)
    return torch.cat([extract(images[start : start + chunk]) for start in starts])


@dataclass
class LinearProbe:
    """A linear model that names x (F,): the largest logit of `weights @ x + bias` wins.

    values: the V names; weights: (V, F); accuracy: share of the held-out rows that it names right;
    interval: the 95% interval of that share; chance: share of the held-out rows that have their
    commonest value, which is what always guessing that value gets right.
    """

    values: list[str]
    weights: torch.Tensor
    accuracy: float
    interval: tuple[float, float]
    chance: float

    def contrast(self, minus: str, plus: str) -> torch.Tensor:
        """The direction (F,), length 1, along which the logit of `plus` gains most on `minus`."""
        step = self.weights[self.values.index(plus)] - self.weights[self.values.index(minus)]
        return step / step.norm()


def linear_probe(
    x: torch.Tensor, labels: np.ndarray, held_out: float = 0.2, penalty: float = 0.01
) -> LinearProbe:
    """Softmax regression from x (N, F) to labels (N,).

    Rows without a label ("") are left out. A share `held_out` of the rows, chosen at random, tests
    the model. Each column of x is standardised. penalty: the weight of half the squared weights,
    beside the mean cross-entropy. Raises ValueError for fewer than two values or 8 labels.
    """
    labels = np.asarray(labels).astype(str)
    known = np.random.default_rng(0).permutation(np.flatnonzero(labels != ""))
    values, targets = np.unique(labels[known], return_inverse=True)
    if len(known) < 8 or len(values) < 2:
        raise ValueError(
            f"a probe needs two values or more in 8 faces or more, not {values.tolist()} in "
            f"{len(known)}: use more faces"
        )
    x, targets = x[torch.from_numpy(known)].float(), torch.from_numpy(targets)
    test = max(1, int(held_out * len(known)))
    spread = x[test:].std(0).clamp(min=1e-6)
    x = (x - x[test:].mean(0)) / spread
    weights = torch.zeros(len(values), x.shape[1], requires_grad=True)
    bias = torch.zeros(len(values), requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        logits = x[test:] @ weights.T + bias
        value = F.cross_entropy(logits, targets[test:]) + penalty / 2 * weights.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    with torch.no_grad():
        right = int(((x[:test] @ weights.T + bias).argmax(1) == targets[:test]).sum())
    return LinearProbe(
        values.tolist(),
        weights.detach() / spread,
        right / test,
        share_interval(right, test),
        int(targets[:test].bincount().max()) / test,
    )
