"""Trains the attribute network, and keeps real faces as numbers.

Behind the commands `attributes` and `reference`. What uses the results is in the helpers:
attributes.py, reference.py.
"""

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F
from tqdm.auto import tqdm

from animegan_helpers.attributes import AttributeNetwork, name_faces
from animegan_helpers.budget import best_precision
from animegan_helpers.checkpoint import write_tensors
from animegan_helpers.faces import FaceSet, held_out_rows, to_tensor
from animegan_helpers.reference import Reference

UNKNOWN = -100
"""The target of a face without a label for a factor. Cross-entropy leaves it out."""


def train_attributes(
    faces: FaceSet,
    factors: list[str] | None = None,
    *,
    epochs: int = 8,
    width: int = 32,
    batch: int = 100,
    mirror: bool = False,
    seed: int = 0,
) -> tuple[AttributeNetwork, dict[str, np.ndarray]]:
    """A network that names the factors, in eval mode, and its confusion on a held-out tenth.

    AdamW at 2e-3 on a one-cycle schedule. A label "" is left out, and so is a face without any
    label. mirror: turn half of the batches left to right, for faces whose labels tell no direction.
    Raises ValueError for a factor without labels, or for too few faces.
    """
    factors = factors or list(faces.labels)
    names = {factor: sorted(set(faces.labels.get(factor, ())) - {""}) for factor in factors}
    if not factors or not all(names.values()):
        there = ", ".join(faces.labels) or "nothing"
        raise ValueError(f"these faces have labels for {there}, not for {factors or 'anything'}")
    targets = targets_of(faces, names)
    labelled = np.flatnonzero((targets != UNKNOWN).any(axis=1))
    if len(labelled) < 10:
        raise ValueError(f"{len(labelled)} labelled faces are too few to train on and to test with")
    rest, test = held_out_rows(len(labelled), len(labelled) // 10)
    train, random = labelled[rest], np.random.default_rng(seed + 1)
    batch = min(batch, len(train))
    per_epoch = len(train) // batch
    steps = epochs * per_epoch
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        network = AttributeNetwork(names, width).to(memory_format=torch.channels_last)
        optimiser = torch.optim.AdamW(network.parameters(), weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=max(steps, 2))
        # thin layers gain nothing by bf16
        bf16 = width >= 16 and best_precision(torch.device("cpu")) == "bf16"
        for step in tqdm(range(steps), desc="attribute network", unit="step"):
            if step % per_epoch == 0:
                order = random.permutation(train)
            rows = np.sort(order[step % per_epoch * batch :][:batch])
            images = shifted(to_tensor(faces.images[rows]), random, mirror)
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                logits = network(images)
            optimiser.zero_grad()
            label_loss(logits, torch.from_numpy(targets[rows])).backward()
            optimiser.step()
            schedule.step()
    network.eval().requires_grad_(False)
    return network, confusion_of(network, faces.subset(labelled[test]))


def targets_of(faces: FaceSet, factors: dict[str, list[str]]) -> np.ndarray:
    """int64 (N, factors): the index of each face's label among the factor's names, or UNKNOWN."""
    targets = np.full((len(faces), len(factors)), UNKNOWN)
    for column, (factor, names) in zip(targets.T, factors.items()):
        if factor in faces.labels:
            for index, name in enumerate(names):
                column[faces.labels[factor] == name] = index
    return targets


def shifted(images: torch.Tensor, random: np.random.Generator, mirror: bool) -> torch.Tensor:
    """The batch moved by up to 3 pixels. Its colours stay, for colour is a label."""
    padded = F.pad(images, (3, 3, 3, 3), mode="replicate")  # (B, 3, 70, 70)
    top, left = random.integers(0, 7, 2)
    images = padded[:, :, top : top + 64, left : left + 64]
    if mirror and random.random() < 0.5:
        images = images.flip(3)
    return images.contiguous(memory_format=torch.channels_last)


def label_loss(logits: dict[str, torch.Tensor], targets: torch.Tensor) -> torch.Tensor:
    """The cross-entropies of all factors that have a label in this batch, summed.

    Labels are smoothed by 0.05.
    """
    loss = torch.zeros(())
    for column, scores in zip(targets.T, logits.values()):
        if (column != UNKNOWN).any():  # the mean over no face at all would be nan
            loss = loss + F.cross_entropy(
                scores.float(), column, ignore_index=UNKNOWN, label_smoothing=0.05
            )
    return loss


def confusion_of(network: AttributeNetwork, faces: FaceSet) -> dict[str, np.ndarray]:
    """factor -> (V, V): how many faces with the row's label get the column's name.

    Faces without a label are left out, and so are factors that nobody labelled.
    """
    seen, targets = name_faces(network, faces.images), targets_of(faces, network.factors)
    tables = {}
    for column, (factor, names) in zip(targets.T, network.factors.items()):
        known = column != UNKNOWN
        if known.any():
            tables[factor] = np.zeros((len(names), len(names)), dtype=int)
            np.add.at(tables[factor], (column[known], seen.values[factor][known]), 1)
    return tables


def accuracies(confusion: dict[str, np.ndarray]) -> dict[str, float]:
    """factor -> share of the faces that are named right: the diagonal of its table."""
    return {factor: float(table.trace() / table.sum()) for factor, table in confusion.items()}


def save_attributes(path: Path, network: AttributeNetwork, about: dict) -> None:
    """Writes the network in half precision, with its factors and what is known of it."""
    tensors = {
        name: t.half() if t.is_floating_point() else t for name, t in network.state_dict().items()
    }
    write_tensors(path, tensors, about | {"factors": network.factors, "width": network.width})


def save_reference(path: Path, reference: Reference, faces: str) -> None:
    """Writes the numbers of a reference; the features in half precision. faces: what they are."""
    tensors = {
        "features": torch.from_numpy(reference.features).half(),
        "mean": torch.from_numpy(reference.moments.mean),
        "covariance": torch.from_numpy(reference.moments.covariance).float(),
        "counts": torch.from_numpy(reference.counts),
    }
    plain = ("network", "fingerprint", "factors", "yardsticks")
    about = {"faces": faces} | {name: getattr(reference, name) for name in plain}
    write_tensors(path, tensors, about)
