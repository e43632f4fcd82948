"""Measures during training: a row of measures.csv for every few epochs of a run; replay.py reads and draws them."""

import copy
import csv
from pathlib import Path

import numpy as np
import torch

from animegan_helpers.attributes import AttributeNetwork, load_attributes, name_faces
from animegan_helpers.calibration import contrast_of, recalibrate
from animegan_helpers.faces import FaceSet, to_uint8
from animegan_helpers.files import WriteError, write_atomically
from animegan_helpers.latent import sample_latent
from animegan_helpers.measures import quick_row
from animegan_helpers.reference import Reference, choose_network, split

COLUMNS = (
    "epoch",
    "modes",
    "kl",
    "frechet",
    "kernel",
    "precision",
    "recall",
    "density",
    "coverage",
    "js",
    "cells_off",
    "cells_js",
    "vendi",
    "count",
    "contrast",
)
"""Of measures.csv: the epoch, the names of measuring.quick_row, how many samples were measured, and their contrast,
whose straying distances of features count in full."""


class EpochMeasures:
    """Called at the end of each epoch, measures every so many: the same latent vectors each time.

    It draws from no generator of random numbers that the run uses, so a measured run has the weights of one that is
    not. The last epoch is always measured. every: epochs between two measurements; samples: how many to draw.
    """

    def __init__(
        self, reference: Reference, network: AttributeNetwork, every: int = 1, samples: int = 1_000
    ):
        if every < 1 or samples < 3:
            raise ValueError(
                f"measure every {every} epochs with {samples} samples: use at least 1 and 3"
            )
        self.reference, self.network, self.every, self.samples = reference, network, every, samples

    def __call__(self, trainer) -> None:
        """Measures the trainer's generator, the averaged one if it has one, and keeps the row in the run's folder.

        Of an averaged one it measures a copy with batch norm counted anew, as `export` does.
        """
        if trainer.epoch % self.every and not trainer.finished:
            return
        z = sample_latent(self.samples, trainer.config.z_dim, seed=1)
        generator = copy.deepcopy(trainer.averaged or trainer.generator).eval()
        if trainer.averaged is not None:
            recalibrate(generator, batches=20)
        with torch.no_grad():
            images = np.concatenate(
                [to_uint8(generator(part.to(trainer.device))) for part in z.split(250)]
            )
            row = quick_row(name_faces(self.network, images), self.reference)
        try:
            keep_row(trainer.out, {"epoch": trainer.epoch, "contrast": contrast_of(images)} | row)
        except WriteError as error:  # open in a spreadsheet, on Windows, or saved by one: no reason to stop training
            trainer.notes.append((trainer.epoch, str(error)))


def measures_for(faces: FaceSet, every: int) -> EpochMeasures:
    """What measures a run on these faces, against 5,000 of them at most, by the network that suits them."""
    path = choose_network(faces)
    network = load_attributes(path)
    some = faces.subset(slice(None, None, max(1, len(faces) // 10_000)))
    return EpochMeasures(split(some, network, path, progress=True).reference, network, every)


def keep_row(run: Path, row: dict) -> None:
    """Adds a row to a run's measures.csv; rows of that epoch and later ones, of an earlier sitting, give way to it.

    Raises WriteError where the file cannot be written, or is no table of measures.
    """
    before = [old for old in _read(run / "measures.csv") if int(old["epoch"]) < row["epoch"]]
    new = {
        name: row[name] if isinstance(row[name], int) else f"{row[name]:.6g}" for name in COLUMNS
    }

    def write(path: Path) -> None:
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            table.writeheader()
            table.writerows([*before, new])

    write_atomically(run / "measures.csv", write)


def _read(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(
        newline="", encoding="utf-8-sig"
    ) as file:  # a spreadsheet saves it with a mark at its head
        rows = list(csv.DictReader(file))
    if not all((row.get("epoch") or "").isdigit() for row in rows):
        raise WriteError(
            f"{path} is no table of measures any more: move it away, and the next epoch begins a new one"
        )
    return rows
