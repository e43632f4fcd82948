"""The experiments of notebook 08 as data: one TOML file each in `designs/`.

A design says which claim is tested, what is compared with what, which measure decides, and the
smallest difference that would matter. It is written before its runs, and results carry its hash.
The runs of the unchanged setting are shared, so they may be older than a design that uses them.
"""

import hashlib
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path

DESIGNS = Path(__file__).with_name("designs")


@dataclass(frozen=True)
class Scale:
    """How large a run is.

    width: of G; batch: pictures in a batch; faces: to train on; steps: of D and G each;
    measurements: how often a run is measured; samples: drawn for each measurement; seeds: runs of
    an arm; toy_steps: of a game in two dimensions.
    """

    width: int
    batch: int
    faces: int
    steps: int
    measurements: int
    samples: int
    seeds: int
    toy_steps: int


SCALES = {
    # width, batch, faces, steps, measurements, samples, seeds, toy_steps
    "smoke": Scale(8, 25, 200, 16, 2, 100, 2, 60),
    "laptop": Scale(16, 32, 4_000, 1_000, 4, 1_000, 8, 6_000),
    "gpu": Scale(64, 50, 25_000, 25_000, 25, 5_000, 8, 20_000),
}


@dataclass(frozen=True)
class Arm:
    """One of the things compared.

    settings: fields of TrainingConfig, or of ToyGAN where there is a mixture; only: factors of the
    drawn faces held to values; faces: share of the scale's faces; method: how a picture becomes
    64x64; label: (factor, value) that labelled faces must have; width_factor, steps_factor: of the
    scale's; rate_factor: of both learning rates from half time on; mixture: "ring" or "grid" for a
    game in two dimensions; seeds: runs of this arm where no comparison rests on it.
    """

    name: str
    settings: dict = field(default_factory=dict)
    only: dict = field(default_factory=dict)
    faces: float = 1.0
    method: str = "resize"
    label: tuple[str, str] | None = None
    width_factor: float = 1.0
    steps_factor: float = 1.0
    rate_factor: float = 1.0
    mixture: str | None = None
    seeds: int | None = None


@dataclass(frozen=True)
class Comparison:
    """Two arms, and what decides between them.

    measure: of the last measurement; direction: "higher", "lower" or "alike", what the claim says
    of `second` beside `first`; smallest: the smallest difference that matters, as a share of the
    mean of `first`.
    """

    first: str
    second: str
    measure: str
    direction: str
    smallest: float


@dataclass(frozen=True)
class Design:
    """An experiment. tagged: it needs real faces with labels; hash: of the file it came from.

    claim: the report's words; comparisons: at most six; none: the experiment is exploratory.
    """

    name: str
    claims: str
    question: str
    arms: tuple[Arm, ...]
    comparisons: tuple[Comparison, ...] = ()
    claim: str = ""
    tagged: bool = False
    scale: dict = field(default_factory=dict)
    hash: str = ""

    def at(self, budget: str) -> Scale:
        """The scale of a budget, with the changes that the design asks for there."""
        return replace(SCALES[budget], **self.scale.get(budget, {}))


def design_names() -> list[str]:
    """The experiments there are."""
    return sorted(path.stem for path in DESIGNS.glob("*.toml"))


def load_design(name: str) -> Design:
    """The design called `name`; raises ValueError where there is none."""
    names = design_names()
    if name not in names:
        raise ValueError(f"no experiment is called {name!r}: choose one of {', '.join(names)}")
    content = (DESIGNS / f"{name}.toml").read_bytes()
    table = tomllib.loads(content.decode("utf-8"))
    arms = tuple(Arm(**arm) for arm in table.pop("arms"))
    comparisons = tuple(Comparison(**entry) for entry in table.pop("comparisons", []))
    digest = hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()[:12]
    return Design(name, arms=arms, comparisons=comparisons, hash=digest, **table)
