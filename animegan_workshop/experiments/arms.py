"""The report's claims as experiments: what is compared with what, as data. `runner.py` runs them.

An experiment has arms that differ in one thing; all train for as many steps from the same seeds.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Scale:
    """How large a run is: G's width, pictures in a batch and in all, steps, looks at it, samples a look, seeds.

    toy_steps: of a game in two dimensions.
    """

    width: int
    batch: int
    faces: int
    steps: int
    looks: int
    samples: int
    seeds: int
    toy_steps: int


SCALES = {
    "smoke": Scale(
        width=8, batch=25, faces=200, steps=16, looks=2, samples=100, seeds=2, toy_steps=60
    ),
    "laptop": Scale(
        width=16,
        batch=32,
        faces=3_000,
        steps=1_000,
        looks=5,
        samples=1_000,
        seeds=3,
        toy_steps=6_000,
    ),
    "gpu": Scale(
        width=64,
        batch=50,
        faces=25_000,
        steps=25_000,
        looks=25,
        samples=5_000,
        seeds=5,
        toy_steps=20_000,
    ),
}


@dataclass(frozen=True)
class Arm:
    """One of the things compared.

    settings: fields of TrainingConfig; only: factors of the drawn faces held to values; faces: share of the scale's
    faces; method: how 96x96 becomes 64x64; label: (factor, value) that faces of a tagged set must have;
    width_factor: of the scale's width; steps_factor: of its steps; rate_factor: of both learning rates from half time
    on; mixture: "ring" or "grid" for a game in two dimensions; settings are then those of ToyGAN.
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


@dataclass(frozen=True)
class Experiment:
    """A claim of the report, what is asked, and the arms.

    tagged: they need a set of real faces with labels; laptop: fields of Scale that differ at that budget.
    """

    claims: str
    question: str
    arms: tuple[Arm, ...]
    tagged: bool = False
    laptop: dict = field(default_factory=dict)


def _modes(hair: int, eyes: int) -> dict:
    """The first so many hair and eye colours."""
    hairs = [
        "blue",
        "brown",
        "pink",
        "green",
        "black",
        "orange",
        "purple",
        "aqua",
        "gray",
        "red",
        "white",
        "blonde",
    ]
    colours = [
        "red",
        "green",
        "blue",
        "yellow",
        "brown",
        "purple",
        "aqua",
        "pink",
        "orange",
        "black",
    ]
    return {"hair": hairs[:hair], "eyes": colours[:eyes]}


def _single(*names: str, **settings) -> tuple[Arm, ...]:
    return tuple(
        Arm(name, settings={key: value[k] for key, value in settings.items()})
        for k, name in enumerate(names)
    )


MODERN = {
    "average": 0.99,
    "flip": True,
    "loss": "relativistic",
    "penalty_real": 1.0,
    "penalty_fake": 1.0,
    "penalty_every": 4,
    "augment": ("colour", "translation"),
}
"""What a present-day recipe adds, piece by piece."""

PIECES = {
    "average": ("average",),
    "flip": ("flip",),
    "relativistic": ("loss",),
    "penalties": ("penalty_real", "penalty_fake", "penalty_every"),
    "augment": ("augment",),
}


def _pieces() -> tuple[Arm, ...]:
    """The base as it is, all pieces together, each added alone, each left out."""
    arms = [Arm("base"), Arm("all", settings=MODERN)]
    for name, keys in PIECES.items():
        arms.append(Arm(f"+ {name}", settings={key: MODERN[key] for key in keys}))
        arms.append(
            Arm(
                f"all - {name}",
                settings={key: value for key, value in MODERN.items() if key not in keys},
            )
        )
    return tuple(arms)


STEADY = {"average": 0.995, "flip": True, "learning_rate_g": 2e-4}
"""What every arm of the search for a recipe has: the report's rates, weights averaged over about 200 steps, mirrors."""


def _recipes() -> tuple[Arm, ...]:
    """The game changed in one or two things on STEADY, and one with smaller batches, of as many pictures in all."""
    augmented = STEADY | {"augment": ("colour", "translation")}
    changes = {
        "augmented": {},
        "resize and convolve": {"variants": ("resize-convolve",)},
        "half the batch, twice the steps": {"batch": 25},
        "twice both rates": {"learning_rate_g": 4e-4, "learning_rate_d": 4e-4},
        "group norm in D": {"variants": ("group-norm-d",)},
        "spectral norm in D": {"variants": ("spectral-d",)},
        "group norm in D, R1": {
            "variants": ("group-norm-d",),
            "penalty_real": 0.1,
            "penalty_every": 4,
        },
        "translation alone": {"augment": ("translation",)},
        "translation, cutout": {"augment": ("translation", "cutout")},
    }
    arms = (
        Arm(
            name,
            settings=augmented | change,
            steps_factor=2.0 if "twice the steps" in name else 1.0,
        )
        for name, change in changes.items()
    )
    return Arm("not augmented", settings=STEADY), *arms


def _diverse() -> tuple[Arm, ...]:
    """The two variants of the networks that the preset `modern` has, each alone and both."""
    steady = STEADY | {"augment": ("translation",)}
    deviation, layer = "batch-deviation", "full-size-layer"
    return (
        Arm("translation alone", settings=steady),
        Arm("D sees the batch", settings=steady | {"variants": (deviation,)}),
        Arm("G has a full-size layer", settings=steady | {"variants": (layer,)}),
        Arm("both", settings=steady | {"variants": (deviation, layer)}),
    )


EXPERIMENTS = {
    "modes": Experiment(
        "R13, R18",
        "Do more modes keep G from settling?",
        (
            Arm("1 mode", only=_modes(1, 1)),
            Arm("4 modes", only=_modes(2, 2)),
            Arm("16 modes", only=_modes(4, 4)),
            Arm("120 modes", only=_modes(12, 10)),
            # the two other things that come with more modes, each alone
            Arm(
                "1 mode, less variety",
                only=_modes(1, 1) | {"style": ["cel"], "hairstyle": ["bob"], "accessory": ["none"]},
            ),
            Arm("1 mode, a quarter of the faces", only=_modes(1, 1), faces=0.25),
        ),
    ),
    "modes-tagged": Experiment(
        "R13, R18",
        "The same on real faces: one hair colour against all?",
        (
            Arm("blue hair", label=("hair", "blue")),
            Arm("all hair colours"),
        ),
        tagged=True,
    ),
    "initialisation": Experiment(
        "R10",
        "How should weights start?",
        _single(
            "N(0, 0.02)",
            "zero",
            "Xavier",
            "orthogonal",
            initialisation=("normal", "zero", "xavier", "orthogonal"),
        ),
    ),
    "rate": Experiment(
        "R15",
        "At half time: a lower learning rate, or averaged weights?",
        (
            Arm("unchanged"),
            Arm("halved", rate_factor=0.5),
            Arm("a fifth", rate_factor=0.2),
            Arm("a tenth", rate_factor=0.1),
            Arm("averaged", settings={"average": 0.99}),
        ),
    ),
    "layers": Experiment(
        "R16",
        "Other widths, kernels, or no transposed convolution?",
        (
            Arm("as it is"),
            Arm("half the width", width_factor=0.5),
            Arm("twice the width", width_factor=2.0),
            *_single(
                "kernel 3",
                "kernel 5",
                "resize and convolve",
                variants=(("kernel-3",), ("kernel-5",), ("resize-convolve",)),
            ),
        ),
    ),
    "dense": Experiment(
        "R14",
        "Does a fully connected pair do as well, with three times the steps?",
        (
            Arm("DCGAN"),
            Arm("fully connected", settings={"architecture": "fully-connected"}),
            Arm(
                "fully connected, 3 times the steps",
                settings={"architecture": "fully-connected"},
                steps_factor=3.0,
            ),
        ),
    ),
    "slope": Experiment(
        "R8",
        "A fixed slope, a learnt one, none?",
        _single(
            "LeakyReLU 0.2",
            "PReLU",
            "ReLU",
            variants=((), ("prelu-d",), ("relu-d",)),
        ),
    ),
    "norm": Experiment(
        "R7",
        "Batch norm, group norm, none?",
        _single(
            "batch norm",
            "group norm",
            "none",
            "group norm in D only",
            "none in D only",
            variants=((), ("group-norm",), ("no-norm",), ("group-norm-d",), ("no-norm-d",)),
        ),
    ),
    "logits": Experiment(
        "R5",
        "A sigmoid before the loss, in bf16 and in fp32?",
        (
            Arm("logits, bf16", settings={"precision": "bf16"}),
            Arm("sigmoid, bf16", settings={"precision": "bf16", "loss": "sigmoid-first"}),
            Arm("sigmoid, fp32", settings={"precision": "fp32", "loss": "sigmoid-first"}),
        ),
    ),
    "crop": Experiment("R3", "Crop or resize?", (Arm("resize"), Arm("crop", method="crop"))),
    "pieces": Experiment("R18", "What would have helped?", _pieces()),
    "recipe": Experiment(
        "R18",
        "Which recipe goes furthest with the same pictures?",
        _recipes(),
        laptop={
            "width": 24,
            "batch": 50,
            "faces": 20_000,
            "steps": 2_000,
            "samples": 2_000,
            "seeds": 1,
        },
    ),
    "diversity": Experiment(
        "R18",
        "Should D see the whole batch, and G have one more layer?",
        _diverse(),
        laptop={
            "width": 24,
            "batch": 50,
            "faces": 20_000,
            "steps": 1_000,
            "samples": 2_000,
            "seeds": 1,
        },
    ),
    "veegan": Experiment(
        "R1, R13",
        "VEEGAN's table: how many modes does a game in two dimensions find?",
        tuple(
            Arm(f"{mixture}, {name}", settings=settings, mixture=mixture)
            for mixture in ("ring", "grid")
            for name, settings in (
                ("plain", {}),
                ("noise", {"noise": 0.5}),
                ("R1", {"r1": 0.05}),
                ("noise and R1", {"noise": 0.5, "r1": 0.05}),
            )
        ),
    ),
}
