"""A small network that names what is in a face: hair, eyes, and what else has labels (notebook 07).

`python -m animegan_helpers attributes` trains one. Two come with the workbook.
"""

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval
from tqdm.auto import tqdm

from animegan_helpers.checkpoint import PRETRAINED, CheckpointError, fill_network, read_tensors
from animegan_helpers.faces import to_tensor
from animegan_helpers.files import reading


class AttributeNetwork(nn.Module):
    """Images (B, 3, 64, 64) in [-1, 1] -> logits of every factor, from shared features.

    factors: factor -> the names of its values, in the order of the logits.
    source: the name of the file it comes from, "" for a new one.
    """

    def __init__(self, factors: dict[str, list[str]], width: int = 32, source: str = ""):
        super().__init__()
        self.factors, self.width, self.source = factors, width, source
        channels = [3, width, 2 * width, 4 * width, 8 * width]
        self.blocks = nn.Sequential()  # (B, 8w, 4, 4)
        for inputs, outputs in zip(channels, channels[1:]):
            convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
            self.blocks.append(
                nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2))
            )
        # where a thing is matters (pose, accessory): the 4x4 places stay apart until this layer
        self.to_features = nn.Sequential(nn.Flatten(), nn.Linear(128 * width, 8 * width), nn.ReLU())
        self.heads = nn.ModuleList(nn.Linear(8 * width, len(names)) for names in factors.values())

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 8 * width), 0 or more: the distances between sets of faces are measured on these."""
        return self.to_features(F.dropout(self.blocks(images), 0.3, self.training))

    def name(self, features: torch.Tensor) -> dict[str, torch.Tensor]:
        """factor -> logits (B, values), from features (B, 8 * width)."""
        return {factor: head(features) for factor, head in zip(self.factors, self.heads)}

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        return self.name(self.features(images))


@dataclass
class Names:
    """What a network sees in N faces.

    values: factor -> (N,) indices of values; features: (N, F), what it judged by.
    """

    values: dict[str, np.ndarray]
    features: np.ndarray

    def subset(self, rows) -> "Names":
        """What it sees in the faces at `rows` only."""
        values = {factor: values[rows] for factor, values in self.values.items()}
        return Names(values, self.features[rows])


@torch.no_grad()
def name_faces(
    network: AttributeNetwork, images: np.ndarray, chunk: int = 250, progress: str | None = None
) -> Names:
    """Names uint8 images (N, 3, 64, 64), a chunk at a time.

    progress: what a progress bar says, None for no bar.
    Raises ValueError for another shape, or for no image.
    """
    if images.shape[1:] != (3, 64, 64) or not len(images):
        raise ValueError(f"pictures to name are (N, 3, 64, 64), N at least 1, not {images.shape}")
    quick, device = _quick_features(network), next(network.parameters()).device
    starts = tqdm(
        range(0, len(images), chunk), progress, disable=progress is None, leave=False, unit="chunk"
    )
    parts = [quick(to_tensor(images[start : start + chunk]).to(device)) for start in starts]
    features = torch.cat(parts)
    likeliest = {factor: logits.argmax(1) for factor, logits in network.name(features).items()}
    values = {factor: indices.cpu().numpy() for factor, indices in likeliest.items()}
    return Names(values, features.cpu().numpy())


def _quick_features(network: AttributeNetwork) -> nn.Module:
    """images -> features as in eval mode, in less than half of the time on a CPU.

    Batch norm is folded into the convolution before it. ReLU comes after the pooling, which
    changes nothing.
    """
    layers = []
    for convolution, norm, relu, pool in copy.deepcopy(network.blocks).eval():
        layers += [fuse_conv_bn_eval(convolution, norm), pool, relu]
    return nn.Sequential(*layers, network.to_features).to(memory_format=torch.channels_last)


def load_attributes(
    path: Path | str = PRETRAINED / "drawn-attributes.safetensors",
) -> AttributeNetwork:
    """The network of a file, in eval mode; raises CheckpointError where it cannot be read."""
    path = Path(path)
    tensors, about = read_tensors(path)
    with reading(path, "an attribute network", CheckpointError):
        network = AttributeNetwork(about["factors"], about["width"], path.name)
        fill_network(network, tensors, path)
    return network.eval().requires_grad_(False)
