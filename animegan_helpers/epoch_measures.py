"""Measures during training: a row of measures.csv for every few epochs of a run (notebook 07)."""

import csv
from io import StringIO
from pathlib import Path

from animegan_helpers.attributes import AttributeNetwork, name_faces
from animegan_helpers.calibration import contrast_of
from animegan_helpers.files import WriteError, write_text
from animegan_helpers.latent import sample_faces
from animegan_helpers.measures import quick_row
from animegan_helpers.reference import Reference


class EpochMeasures:
    """Measures a run at the end of an epoch, with the same latent vectors each time.

    The run's own random numbers are not touched: a measured run has the weights of one that is not.
    every: epochs between two measurements, the last is always measured; samples: how many to draw.
    """

    def __init__(
        self, reference: Reference, network: AttributeNetwork, every: int = 1, samples: int = 1_000
    ):
        if every < 1 or samples < 3:
            raise ValueError(f"every {every} epochs, {samples} samples: use at least 1 and 3")
        self.reference, self.network, self.every, self.samples = reference, network, every, samples

    def __call__(self, trainer) -> None:
        """Measures the generator that would be handed on now, and keeps the row.

        A measures.csv that cannot be written, or is no table any more, becomes a note of the run:
        it is no reason to stop training.
        """
        if trainer.epoch % self.every and not trainer.finished:
            return
        images = sample_faces(trainer.final_generator(), self.samples, seed=1)
        row = {"epoch": trainer.epoch} | quick_row(name_faces(self.network, images), self.reference)
        try:
            keep_row(trainer.out, row | {"contrast": contrast_of(images)})
        except (WriteError, OSError) as error:
            trainer.notes.append((trainer.epoch, str(error)))


def keep_row(run: Path, row: dict) -> None:
    """Adds a row to a run's measures.csv.

    Rows of that epoch and of later ones come from an earlier sitting, and give way to it. Columns
    that somebody added are kept. Raises WriteError where the file is no table of measures.
    """
    path = run / "measures.csv"
    # a spreadsheet begins the file with a mark, and may use another encoding
    text = path.read_text(encoding="utf-8-sig", errors="replace") if path.is_file() else ""
    table = csv.DictReader(StringIO(text))
    before = list(table) if "\0" not in text else [{}]
    if not all((old.get("epoch") or "").isdecimal() for old in before):
        raise WriteError(f"{path} is no table of measures any more: move it away to begin anew")
    new = {name: value if isinstance(value, int) else f"{value:.6g}" for name, value in row.items()}
    columns = dict.fromkeys([*(table.fieldnames or ()), *new])
    out = StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows([old for old in before if int(old["epoch"]) < row["epoch"]] + [new])
    write_text(path, out.getvalue())
