"""A small network that names what is in a face: hair colour, eye colour, and whatever else has labels."""

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval
from tqdm.auto import tqdm

from animegan_helpers.budget import best_precision
from animegan_helpers.checkpoint import (
    PRETRAINED,
    CheckpointError,
    fill_network,
    read_tensors,
    write_tensors,
)
from animegan_helpers.faces import FaceSet, to_tensor

UNKNOWN = -100
"""The target of a face without a label for a factor; cross-entropy leaves it out."""


class AttributeNetwork(nn.Module):
    """Images (B, 3, 64, 64) in [-1, 1] -> logits of every factor, from shared features (B, 8 * width).

    factors: factor -> the names of its values, in the order of the logits.
    """

    def __init__(self, factors: dict[str, list[str]], width: int = 32):
        super().__init__()
        self.factors, self.width = factors, width
        channels = [3, width, 2 * width, 4 * width, 8 * width]
        layers = []
        for inputs, outputs in zip(channels, channels[1:]):
            layers += [
                nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
                nn.MaxPool2d(2),
            ]
        self.convolutions = nn.Sequential(*layers)  # (B, 8w, 4, 4)
        # where a thing is matters (pose, accessory), so the 4x4 places are kept apart until this layer
        self.to_features = nn.Sequential(nn.Flatten(), nn.Linear(128 * width, 8 * width), nn.ReLU())
        self.heads = nn.ModuleDict(
            {factor: nn.Linear(8 * width, len(names)) for factor, names in factors.items()}
        )

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 8 * width), 0 or more: what the distances between sets of faces are measured on."""
        return self.to_features(F.dropout(self.convolutions(images), 0.3, self.training))

    def name(self, features: torch.Tensor) -> dict[str, torch.Tensor]:
        """factor -> logits (B, values), from features (B, 8 * width)."""
        return {factor: head(features) for factor, head in self.heads.items()}

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        return self.name(self.features(images))


@dataclass
class Names:
    """What a network sees in N faces: factor -> (N,) indices of values, factor -> (N,) how sure it is (0..1), and
    the features (N, F) it judged by."""

    values: dict[str, np.ndarray]
    confidence: dict[str, np.ndarray]
    features: np.ndarray


@torch.no_grad()
def name_faces(
    network: AttributeNetwork, images: np.ndarray, chunk: int = 250, progress: str | None = None
) -> Names:
    """Names uint8 (N, 3, 64, 64) images, a chunk at a time; raises ValueError for other shapes or no image.

    progress: what a progress bar says, None for no bar.
    """
    if images.shape[1:] != (3, 64, 64) or not len(images):
        raise ValueError(
            f"pictures to name must be (N, 3, 64, 64), N at least 1, not {images.shape}"
        )
    read = _quick_features(network)
    values, confidence, features = (
        {f: [] for f in network.factors},
        {f: [] for f in network.factors},
        [],
    )
    device = next(network.parameters()).device
    starts = range(0, len(images), chunk)
    for start in tqdm(starts, progress, disable=progress is None, leave=False, unit="chunk"):
        seen = read(to_tensor(images[start : start + chunk]).to(device))
        features.append(seen.cpu().numpy())
        for factor, scores in network.name(seen).items():
            best = scores.softmax(dim=1).max(dim=1)
            values[factor].append(best.indices.cpu().numpy())
            confidence[factor].append(best.values.cpu().numpy())
    values, confidence = (
        {f: np.concatenate(parts) for f, parts in table.items()} for table in (values, confidence)
    )
    return Names(values, confidence, np.concatenate(features))


def _quick_features(network: AttributeNetwork) -> nn.Module:
    """images -> features as in eval mode, in less than half of the time on a CPU.

    Batch norm is folded into the convolution before it; ReLU comes after the pooling, which changes nothing.
    """
    layers = list(copy.deepcopy(network.convolutions).eval())
    quick = []
    for convolution, norm, relu, pool in zip(*(layers[k::4] for k in range(4))):
        quick += [fuse_conv_bn_eval(convolution, norm), pool, relu]
    return nn.Sequential(*quick, network.to_features).to(memory_format=torch.channels_last)


def targets_of(faces: FaceSet, factors: dict[str, list[str]]) -> np.ndarray:
    """int64 (N, factors): the index of each face's label among the factor's names, UNKNOWN where there is none."""
    columns = []
    for factor, names in factors.items():
        index = {name: k for k, name in enumerate(names)}
        columns.append(
            [index.get(label, UNKNOWN) for label in faces.labels.get(factor, [""] * len(faces))]
        )
    return np.array(columns, dtype=np.int64).T.reshape(len(faces), len(factors))


def confusion_of(network: AttributeNetwork, faces: FaceSet) -> dict[str, np.ndarray]:
    """factor -> (V, V) how many faces with the label of the row the network gives the name of the column.

    Faces without a label for the factor are left out, and so are factors that nobody labelled.
    """
    seen, targets = name_faces(network, faces.images), targets_of(faces, network.factors)
    tables = {}
    for k, (factor, names) in enumerate(network.factors.items()):
        known = targets[:, k] != UNKNOWN
        if known.any():
            pairs = targets[known, k] * len(names) + seen.values[factor][known]
            tables[factor] = np.bincount(pairs, minlength=len(names) ** 2).reshape(
                len(names), len(names)
            )
    return tables


def accuracies(confusion: dict[str, np.ndarray]) -> dict[str, float]:
    """factor -> share of the faces that are named right: the diagonal of its table."""
    return {factor: float(table.trace() / table.sum()) for factor, table in confusion.items()}


def accuracy_of(network: AttributeNetwork, faces: FaceSet) -> dict[str, float]:
    """factor -> share of the labelled faces that the network names right; factors that nobody labelled are left out."""
    return accuracies(confusion_of(network, faces))


def hold_out(count: int, share: float = 0.1, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the held-out share of `count` faces, and of the rest, both in rising order; the seed chooses."""
    order = np.random.default_rng(seed).permutation(count)
    test, train = (np.sort(part) for part in np.split(order, [int(share * count)]))
    if len(test) < 1 or len(train) < 2:
        raise ValueError(
            f"{count} faces with {share:.0%} held out are too few to train on and to test with"
        )
    return test, train


def train_attributes(
    faces: FaceSet,
    factors: list[str] | None = None,
    *,
    epochs: int = 8,
    width: int = 32,
    batch: int = 100,
    held_out: float = 0.1,
    mirror: bool = False,
    seed: int = 0,
) -> tuple[AttributeNetwork, dict[str, float]]:
    """A network that names the factors, in eval mode, and factor -> its accuracy on the held-out share.

    AdamW at 2e-3 on a one-cycle schedule, cross-entropy with labels smoothed by 0.05, summed over factors; shifts of up
    to 3 pixels, and no change of colour, for that is a label. mirror: turn half of the batches left to right, for faces
    whose labels tell no direction. A label "" is left out.
    Raises ValueError for faces without the labels, or too few to train and to hold out.
    """
    factors = factors or list(faces.labels)
    if not factors or any(factor not in faces.labels for factor in factors):
        there = list(faces.labels) or "nothing"
        raise ValueError(f"these faces have labels for {there}, not for {factors or 'anything'}")
    if taken := [factor for factor in factors if "." in factor or hasattr(nn.ModuleDict, factor)]:
        raise ValueError(
            f"torch takes no layer called {', '.join(taken)}: rename such columns of labels.csv"
        )
    test, train = hold_out(len(faces), held_out, seed)
    known = {factor: sorted(set(faces.labels[factor].tolist()) - {""}) for factor in factors}
    targets = torch.from_numpy(targets_of(faces, known))  # (N, factors)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        network = AttributeNetwork(known, width).to(memory_format=torch.channels_last)
        _fit(network, faces.images, targets, train, epochs, min(batch, len(train)), mirror, seed)
    network.eval().requires_grad_(False)
    return network, accuracy_of(network, faces.subset(test))


def _fit(
    network: AttributeNetwork,
    images: np.ndarray,
    targets: torch.Tensor,
    train: np.ndarray,
    epochs: int,
    batch: int,
    mirror: bool,
    seed: int,
) -> None:
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.05)
    random, per_epoch = np.random.default_rng(seed + 1), len(train) // batch
    steps = epochs * per_epoch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=max(steps, 2))
    bf16 = (
        network.width >= 16 and best_precision(torch.device("cpu")) == "bf16"
    )  # thin layers gain nothing by it
    for step in tqdm(range(steps), desc="attribute network", unit="step"):
        if step % per_epoch == 0:
            order = random.permutation(train)
        rows = np.sort(order[step % per_epoch * batch :][:batch])
        padded = F.pad(to_tensor(images[rows]), (3, 3, 3, 3), mode="replicate")  # (B, 3, 70, 70)
        top, left = random.integers(0, 7, 2)
        shifted = padded[:, :, top : top + 64, left : left + 64]
        if mirror and random.random() < 0.5:
            shifted = shifted.flip(3)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits = network(shifted.contiguous(memory_format=torch.channels_last))
        loss = padded.new_zeros(())
        for k, factor in enumerate(network.factors):
            if (targets[rows, k] != UNKNOWN).any():  # the mean over no face at all would be nan
                loss = loss + F.cross_entropy(
                    logits[factor].float(),
                    targets[rows, k],
                    ignore_index=UNKNOWN,
                    label_smoothing=0.05,
                )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()


def save_attributes(path: Path, network: AttributeNetwork, about: dict) -> None:
    """Writes the network in half precision, with its factors and what is known of it."""
    tensors = {
        name: t.half() if t.is_floating_point() else t for name, t in network.state_dict().items()
    }
    write_tensors(path, tensors, about | {"factors": network.factors, "width": network.width})


def load_attributes(
    path: Path | str = PRETRAINED / "drawn-attributes.safetensors",
) -> AttributeNetwork:
    """The network of a file, in eval mode; raises CheckpointError where it cannot be read."""
    tensors, about = read_tensors(Path(path))
    if "factors" not in about or "width" not in about:
        raise CheckpointError(f"{path} holds no attribute network")
    network = AttributeNetwork(about["factors"], about["width"])
    fill_network(network, tensors, path)
    return network.eval().requires_grad_(False)
