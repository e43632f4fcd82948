"""The settings of a training run, and the presets they come from (notebook 05)."""

import math
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path


class TrainingError(ValueError):
    """Settings that cannot work, or a run that cannot go on; one line with why and what to do."""


def find(kind: str, own: dict, name: str):
    """own[name]; if it is not there, what the workshop's experiments have of this kind and name.

    kind: "architecture", "variant", "initialisation", "loss" or "augmentation".
    Raises TrainingError, which lists all the names there are.
    """
    if name in own:
        return own[name]
    from animegan_workshop.experiments.variants import EXPERIMENTAL

    every = own | EXPERIMENTAL.get(kind, {})
    if name not in every:
        raise TrainingError(f"no {kind} is called {name!r}: use one of {', '.join(every)}")
    return every[name]


@dataclass(frozen=True)
class TrainingConfig:
    """The settings of a run; the defaults are the report's (claim C9).

    architecture: a key of ARCHITECTURES.
    z_dim: length of a latent vector.
    width: channels of G's last hidden layer.
    variants: keys of VARIANTS, changes to both networks made in this order.
    batch: pictures in a batch, over all processes.
    initialisation: a key of INITIALISATIONS.
    loss: a key of LOSSES.
    penalty_real, penalty_fake: weights of the gradient penalties R1 and R2; 0 for none.
    penalty_every: steps from one penalty to the next. The penalty weighs as many times more
        (lazy regularisation: Karras et al. 2020, arXiv 1912.04958, section 3.1).
    augment: keys of AUGMENTATIONS, done to real and fake pictures alike.
    ema: decay of the exponential moving average of G's weights; 0 for none.
    flip: mirror half of the real pictures.
    precision: fp32, bf16, or auto, the faster of the two on this machine.
    synchronise_batch_norm: one batch norm over all processes.
    seed: of weights, noise and shuffle.
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
    ema: float = 0.0
    flip: bool = False
    precision: str = "auto"
    synchronise_batch_norm: bool = False
    seed: int = 0

    def __post_init__(self):
        # TOML and JSON give lists; a tuple can be compared and cannot change
        object.__setattr__(self, "variants", tuple(self.variants))
        object.__setattr__(self, "augment", tuple(self.augment))

    def check(self) -> None:
        """Raises TrainingError for the first setting that cannot work."""
        # imported here, so that reading the presets does not load torch
        from animegan_helpers.augment import AUGMENTATIONS
        from animegan_helpers.losses import LOSSES
        from animegan_helpers.networks import ARCHITECTURES, INITIALISATIONS, VARIANTS

        find("architecture", ARCHITECTURES, self.architecture)
        find("initialisation", INITIALISATIONS, self.initialisation)
        find("loss", LOSSES, self.loss)
        for name in self.variants:
            find("variant", VARIANTS, name)
        for name in self.augment:
            find("augmentation", AUGMENTATIONS, name)
        if self.variants and self.architecture != "dcgan":
            raise TrainingError("variants are changes to dcgan, not to other architectures")
        if self.precision not in ("auto", "fp32", "bf16"):
            raise TrainingError(f"precision must be auto, fp32 or bf16, not {self.precision!r}")
        rule = "a whole number from 1 to 1,000,000"
        for name in ("z_dim", "width", "epochs", "penalty_every"):
            self._check_number(name, int, rule, lambda v: 1 <= v <= 10**6)
        self._check_number("batch", int, "a whole number of at least 2", lambda v: v >= 2)
        self._check_number("seed", int, "between 0 and 2**63 - 1", lambda v: 0 <= v < 2**63)
        for name in ("learning_rate_g", "learning_rate_d"):
            self._check_number(name, float, "above 0 and finite", lambda v: 0 < v < math.inf)
        for name in ("penalty_real", "penalty_fake"):
            self._check_number(name, float, "at least 0 and finite", lambda v: 0 <= v < math.inf)
        for name in ("beta1", "beta2", "ema"):
            self._check_number(name, float, "at least 0 and below 1", lambda v: 0 <= v < 1)

    def _check_number(self, name: str, kind: type, rule: str, fits) -> None:
        value = getattr(self, name)
        kinds = (int, float) if kind is float else int  # a whole number is a float's equal
        if not isinstance(value, kinds) or not fits(value):
            raise TrainingError(f"{name} must be {rule}, not {value!r}")


def load_presets() -> dict[str, dict]:
    """presets.toml: name -> the fields of TrainingConfig that differ from its defaults."""
    return tomllib.loads(Path(__file__).with_name("presets.toml").read_text(encoding="utf-8"))


def preset(name: str, **changes) -> TrainingConfig:
    """The settings called `name`, with changes.

    Raises TrainingError for a preset or a field that does not exist, or a value that cannot work.
    """
    presets = load_presets()
    if name not in presets:
        raise TrainingError(f"no preset is called {name!r}: use one of {', '.join(presets)}")
    unknown = changes.keys() - {field.name for field in fields(TrainingConfig)}
    if unknown:
        raise TrainingError(f"no setting is called {', '.join(sorted(unknown))}")
    config = replace(TrainingConfig(**presets[name]), **changes)
    config.check()
    return config
