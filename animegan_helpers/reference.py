"""Real faces as numbers: what samples are measured against (notebooks 07, 08).

The numbers can be stored, so samples are measured on a machine without the faces too.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from animegan_helpers.attributes import AttributeNetwork, load_attributes
from animegan_helpers.budget import DATA
from animegan_helpers.checkpoint import PRETRAINED, CheckpointError, read_tensors
from animegan_helpers.faces import FaceSet
from animegan_helpers.files import reading
from animegan_helpers.measures import Moments

REFERENCES = DATA / "reference"
FEATURES = 2_000
"""At most so many of them are kept one by one."""


@dataclass
class Reference:
    """A set of real faces, as an attribute network sees it.

    network: the file of that network; fingerprint: of its numbers; factors: those whose products
    are the modes, with the names of their values; counts (M,): faces of each mode; moments: of the
    features of all faces; features (2,000 or fewer, F): of some faces, in random order.
    yardsticks: sample size -> what real faces that are not in the reference get.
    """

    network: str
    fingerprint: str
    factors: dict[str, list[str]]
    counts: np.ndarray
    moments: Moments
    features: np.ndarray
    yardsticks: dict[int, dict] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many faces there are."""
        return int(self.counts.sum())

    @property
    def sizes(self) -> dict[str, int]:
        """factor -> how many values it has."""
        return {factor: len(names) for factor, names in self.factors.items()}

    def yardstick(self, size: int) -> dict:
        """What real faces get at the largest stored size up to `size`, else at the smallest."""
        fitting = [stored for stored in self.yardsticks if stored <= size]
        return self.yardsticks[max(fitting, default=min(self.yardsticks))]


def choose_network(faces: FaceSet) -> Path:
    """The file of the attribute network for these faces: that for drawn or that for real ones."""
    drawn = faces.source.startswith("drawn set") or "hairstyle" in faces.labels
    return PRETRAINED / f"{'drawn' if drawn else 'tagged'}-attributes.safetensors"


def load_reference(name: str | Path) -> Reference:
    """The reference called `name` in data/reference ("untagged", "tagged"), or of a file.

    Raises CheckpointError where it cannot be read or is something else.
    """
    path = REFERENCES / f"{name}.safetensors"
    path = path if path.is_file() else Path(name)
    if not path.is_file():
        there = ", ".join(sorted(path.stem for path in REFERENCES.glob("*.safetensors")))
        raise CheckpointError(f"no reference is called {name}: choose one of {there}, or a file")
    tensors, about = read_tensors(path)
    with reading(path, "a reference", CheckpointError):
        mean, covariance = tensors["mean"].numpy(), tensors["covariance"].double().numpy()
        return Reference(
            about["network"],
            about["fingerprint"],
            about["factors"],
            tensors["counts"].numpy(),
            Moments(mean, covariance),
            tensors["features"].float().numpy(),
            {int(size): row for size, row in about["yardsticks"].items()},
        )


def network_of(reference: Reference, path: Path | None = None) -> AttributeNetwork:
    """The attribute network that the reference was seen with, from data/pretrained or from `path`.

    Raises CheckpointError where it is not there, or is another one.
    """
    network = load_attributes(path or PRETRAINED / reference.network)
    if fingerprint(network) != reference.fingerprint:
        raise CheckpointError(
            f"{network.source} is not the network that this reference was made with: "
            "make the reference again"
        )
    return network


def fingerprint(network: AttributeNetwork) -> str:
    """The same for networks whose numbers agree in half precision, else another."""
    digest = hashlib.blake2b(digest_size=8)
    for tensor in network.state_dict().values():
        rounded = tensor.half() if tensor.is_floating_point() else tensor
        digest.update(rounded.contiguous().numpy().tobytes())
    return digest.hexdigest()
