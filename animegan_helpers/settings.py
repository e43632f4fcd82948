"""The settings of a training run, and the presets they come from."""

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path

from animegan_helpers.augment import AUGMENTATIONS
from animegan_helpers.losses import LOSSES
from animegan_helpers.networks import ARCHITECTURES, INITIALISATIONS
from animegan_helpers.variants import VARIANTS


class TrainingError(ValueError):
    """Settings that cannot work, or a run that cannot go on; one line that says why and what to do."""


@dataclass(frozen=True)
class TrainingConfig:
    """The settings of a run; the defaults are the report's (claim R9).

    architecture: a key of ARCHITECTURES; z_dim: length of a latent vector; width: channels of G's last hidden layer;
    variants: keys of VARIANTS, changes to both networks made in this order; batch: pictures in a batch, over all
    processes; initialisation: a key of INITIALISATIONS; loss: a key of LOSSES; penalty_real, penalty_fake: weights of
    the gradient penalties R1 and R2, 0 for none; penalty_every: steps from one penalty to the next, which weighs as
    many times more (lazy regularisation: Karras et al. 2020, arXiv 1912.04958, section 3.1); augment: keys of
    AUGMENTATIONS, done to real and fake alike; average: decay of the averaged generator, 0 for none; flip: mirror half
    of the pictures;
    precision: fp32, bf16, or auto, the faster of the two on this machine;
    synchronise_batch_norm: one batch norm over all processes; seed: of weights, noise and shuffle.
    """

    architecture: str = "dcgan"
    z_dim: int = 100
    width: int = 64
    variants: tuple[str, ...] = ()
    batch: int = 50
    epochs: int = 100
    learning_rate_g: float = 2e-4
    learning_rate_d: float = 2e-4
    beta1: float = 0.5
    beta2: float = 0.999
    initialisation: str = "normal"
    loss: str = "non-saturating"
    penalty_real: float = 0.0
    penalty_fake: float = 0.0
    penalty_every: int = 1
    augment: tuple[str, ...] = ()
    average: float = 0.0
    flip: bool = False
    precision: str = "auto"
    synchronise_batch_norm: bool = False
    seed: int = 0

    def __post_init__(self):
        for name in (
            "variants",
            "augment",
        ):  # TOML and JSON give lists; a tuple can be compared and cannot change
            object.__setattr__(self, name, tuple(getattr(self, name)))

    def check(self) -> None:
        """Raises TrainingError for the first setting that cannot work."""
        demands = {
            f"architecture must be one of {', '.join(ARCHITECTURES)}": self.architecture
            in ARCHITECTURES,
            f"variants must be among {', '.join(VARIANTS)}": set(self.variants) <= VARIANTS.keys(),
            "variants are changes to dcgan, not to other architectures": self.architecture
            == "dcgan"
            or not self.variants,
            f"initialisation must be one of {', '.join(INITIALISATIONS)}": self.initialisation
            in INITIALISATIONS,
            f"loss must be one of {', '.join(LOSSES)}": self.loss in LOSSES,
            f"augment must be among {', '.join(AUGMENTATIONS)}": set(self.augment)
            <= AUGMENTATIONS.keys(),
            "penalty_real and penalty_fake must be at least 0": min(
                self.penalty_real, self.penalty_fake
            )
            >= 0,
            "precision must be auto, fp32 or bf16": self.precision in ("auto", "fp32", "bf16"),
            "z_dim, width, epochs and penalty_every must be at least 1": min(
                self.z_dim, self.width, self.epochs, self.penalty_every
            )
            >= 1,
            "batch must be at least 2: batch norm needs something to compare with": self.batch >= 2,
            "learning_rate_g and learning_rate_d must be above 0": min(
                self.learning_rate_g, self.learning_rate_d
            )
            > 0,
            "beta1, beta2 and average must be at least 0 and below 1": all(
                0 <= value < 1 for value in (self.beta1, self.beta2, self.average)
            ),
            "seed must be between 0 and 2**63 - 1": 0 <= self.seed < 2**63,
        }
        for demand, met in demands.items():
            if not met:
                raise TrainingError(demand)


def load_presets() -> dict[str, dict]:
    """The presets of presets.toml: name -> fields of TrainingConfig that differ from its defaults."""
    return tomllib.loads(Path(__file__).with_name("presets.toml").read_text(encoding="utf-8"))


def preset(name: str, **changes) -> TrainingConfig:
    """The settings called `name`, with changes; raises TrainingError for a name or a field that does not exist."""
    presets = load_presets()
    if name not in presets:
        raise TrainingError(f"no preset is called {name!r}: use one of {', '.join(presets)}")
    unknown = changes.keys() - {field.name for field in fields(TrainingConfig)}
    if unknown:
        raise TrainingError(f"no setting is called {', '.join(sorted(unknown))}")
    config = replace(TrainingConfig(**presets[name]), **changes)
    config.check()
    return config
