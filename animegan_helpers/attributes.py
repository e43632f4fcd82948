"""A small network that names what is in a face: hair colour, eye colour, and whatever else has labels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from animegan_helpers.budget import DATA, best_precision
from animegan_helpers.checkpoint import fill_network, read_tensors, write_tensors
from animegan_helpers.faces import FaceSet, to_tensor

PRETRAINED = DATA / "pretrained"


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
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
                       nn.MaxPool2d(2)]  # fmt: skip
        self.convolutions = nn.Sequential(*layers)  # (B, 8w, 4, 4)
        # where a thing is matters (pose, accessory), so the 4x4 places are kept apart until this layer
        self.to_features = nn.Sequential(nn.Flatten(), nn.Linear(128 * width, 8 * width), nn.ReLU())
        self.heads = nn.ModuleDict({factor: nn.Linear(8 * width, len(names)) for factor, names in factors.items()})

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 8 * width), 0 or more: what the distances between sets of faces are measured on."""
        return self.to_features(self.convolutions(images))

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        features = self.features(images)
        return {factor: head(features) for factor, head in self.heads.items()}


@dataclass
class Names:
    """What a network sees in N faces: factor -> (N,) indices of values, and factor -> (N,) how sure it is (0..1)."""

    values: dict[str, np.ndarray]
    confidence: dict[str, np.ndarray]


@torch.no_grad()
def name_faces(network: AttributeNetwork, images: np.ndarray, chunk: int = 250) -> Names:
    """Names uint8 (N, 3, 64, 64) images, a chunk at a time."""
    values, confidence = {f: [] for f in network.factors}, {f: [] for f in network.factors}
    device = next(network.parameters()).device
    for start in range(0, len(images), chunk):
        logits = network(to_tensor(images[start : start + chunk]).to(device))
        for factor, scores in logits.items():
            best = scores.softmax(dim=1).max(dim=1)
            values[factor].append(best.indices.cpu().numpy())
            confidence[factor].append(best.values.cpu().numpy())
    return Names(*({f: np.concatenate(parts) for f, parts in table.items()} for table in (values, confidence)))


def train_attributes(faces: FaceSet, factors: list[str] | None = None, *, epochs: int = 8, width: int = 32,
                     held_out: float = 0.1, seed: int = 0) -> tuple[AttributeNetwork, dict[str, float]]:  # fmt: skip
    """A network that names the factors, in eval mode, and factor -> its accuracy on the held-out share.

    Raises ValueError for faces without labels. Adam at 2e-3 on a one-cycle schedule, cross-entropy summed over factors;
    shifts of up to 3 pixels, no mirroring (a face's direction is a label) and no change of colour (so is hair).
    """
    factors = factors or list(faces.labels)
    if not factors or any(factor not in faces.labels for factor in factors):
        raise ValueError(f"these faces have labels for {list(faces.labels) or 'nothing'}, not for {factors or 'anything'}")
    known = {factor: sorted(set(faces.labels[factor]) - {""}) for factor in factors}
    targets = torch.stack([torch.from_numpy(np.searchsorted(known[f], faces.labels[f])) for f in factors], dim=1)
    order = np.random.default_rng(seed).permutation(len(faces))
    test, train = np.split(order, [int(held_out * len(faces))])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = AttributeNetwork(known, width).to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(network.parameters(), lr=2e-3)
    batch, random = 100, np.random.default_rng(seed + 1)
    steps = epochs * (len(train) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=max(steps, 2))
    bf16 = best_precision(torch.device("cpu")) == "bf16"
    for _ in tqdm(range(steps), desc="attribute network", unit="step"):
        rows = random.choice(train, batch, replace=False)
        images = F.pad(to_tensor(faces.images[np.sort(rows)]), (3, 3, 3, 3), mode="replicate")
        top, left = random.integers(0, 7, 2)
        images = images[:, :, top : top + 64, left : left + 64].contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits = network(images)
        wanted = targets[np.sort(rows)]
        loss = sum(F.cross_entropy(logits[f].float(), wanted[:, k]) for k, f in enumerate(factors))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    network.eval().requires_grad_(False)
    seen = name_faces(network, faces.images[np.sort(test)])
    accuracy = {f: float((seen.values[f] == targets[np.sort(test), k].numpy()).mean()) for k, f in enumerate(factors)}
    return network, accuracy


def save_attributes(path: Path, network: AttributeNetwork, about: dict) -> None:
    """Writes the network in half precision, with its factors and what is known of it."""
    tensors = {name: t.half() if t.is_floating_point() else t for name, t in network.state_dict().items()}
    write_tensors(path, tensors, about | {"factors": network.factors, "width": network.width})


def load_attributes(path: Path | str = PRETRAINED / "drawn-attributes.safetensors") -> AttributeNetwork:
    """The network of a file, in eval mode; raises CheckpointError where it cannot be read."""
    tensors, about = read_tensors(Path(path))
    network = AttributeNetwork(about["factors"], about["width"])
    fill_network(network, tensors, path)
    return network.eval().requires_grad_(False)
