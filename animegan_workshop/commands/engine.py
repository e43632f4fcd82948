"""Commands around the networks: draw faces, train on them, take samples, hand weights on."""

import argparse
import os
from dataclasses import fields
from pathlib import Path

from animegan_helpers.settings import TrainingConfig, load_presets, preset
from animegan_workshop.commands import base
from animegan_workshop.commands.base import command, option, positive

PRESETS = ", ".join(load_presets())
ONLY = "hold a factor to values: hair=aqua,blue or style=1 or hair=aqua:3,blue:1"


@command(
    option("--count", type=positive, required=True),
    option("--out", type=Path, required=True, help="a new or empty folder"),
    base.SEED,
    option("--only", nargs="+", action="extend", default=[], metavar="FACTOR=VALUES", help=ONLY),
    option("--flaws", type=float, default=0.0, help="share of broken and odd files to add"),
)
def draw(arguments: argparse.Namespace) -> str:
    """Draw anime faces with known labels."""
    from animegan_workshop.drawing.drawn import parse_only, write_faces

    only = parse_only(arguments.only)
    write_faces(arguments.out, arguments.count, arguments.seed, only, arguments.flaws)
    return f"{arguments.count} faces in {arguments.out}"


@command(
    base.FACES,
    option("--count", type=positive, help="use at most so many faces"),
    option("--hold-out", type=positive, help="train without so many faces, always the same"),
    option("--preset", default="report", help=f"one of {PRESETS} (default: report)"),
    option("--out", type=Path, required=True, help="folder of the run"),
    option("--resume", action="store_true", help="go on with the run in that folder"),
    option("--start-from", type=Path, metavar="WEIGHTS", help="begin with these networks"),
    option("--measure-every", type=positive, metavar="N", help="measure each N epochs"),
    option("--epochs", type=int),
    option("--seed", type=base.seed),
    option("--batch", type=int, help="pictures in a batch, over all processes"),
    option("--width", type=int, help="channels of the generator's last hidden layer"),
    option("--learning-rate-g", type=float),
    option("--learning-rate-d", type=float),
    option("--ema", type=float, metavar="DECAY", help="of G's averaged weights; 0: none"),
    option("--flip", action="store_true", default=None, help="mirror half of the pictures"),
    option("--precision", help="auto, fp32 or bf16"),
    option("--synchronise-batch-norm", action="store_true", default=None),
    base.DEVICE,
)
def train(arguments: argparse.Namespace) -> str:
    """Train a GAN."""
    from animegan_helpers.budget import choose_device
    from animegan_helpers.checkpoint import checkpoints
    from animegan_helpers.faces import load_faces
    from animegan_helpers.files import writable
    from animegan_helpers.runs import train as train_run
    from animegan_workshop.measuring import measures_for
    from animegan_workshop.progress import ProgressBar

    given = {name: value for name, value in vars(arguments).items() if value is not None}
    names = [field.name for field in fields(TrainingConfig) if field.name in given]
    config = preset(arguments.preset, **{name: given[name] for name in names})
    choose_device(arguments.device)  # before minutes go into packing faces
    begun = bool(checkpoints(arguments.out))
    if begun and not arguments.resume:
        advice = "add --resume to go on with it, or choose another --out"
        raise ValueError(f"{arguments.out} holds a run already: {advice}")
    for name in ("history.csv", "generator.safetensors"):  # such as a run that ships
        if not begun and (arguments.out / name).exists():
            raise ValueError(f"{arguments.out} holds {name} of another run: choose another --out")
    writable(arguments.out / "history.csv")
    faces = load_faces(arguments.faces, count=arguments.count, minimum=config.batch)
    if int(os.environ.get("RANK", "0")) == 0:
        print(faces.summary())
        if arguments.resume and not begun:
            print(f"{arguments.out} holds no checkpoint yet: a new run begins")
    if arguments.hold_out:
        faces = faces.hold_out(arguments.hold_out)[0]
    every = arguments.measure_every
    trainer = train_run(
        config,
        faces.images,
        arguments.out,
        ProgressBar(),
        device=arguments.device,
        start=arguments.start_from,
        measure=measures_for(faces, every) if every else None,
    )
    if trainer.group.writes:
        print(f"{arguments.out}: history.csv, grids, checkpoints, generator.safetensors")
    if not trainer.finished:  # so that a script does not go on with half a run
        raise KeyboardInterrupt
    return ""


@command(
    base.WEIGHTS,
    option("--count", type=positive, default=64),
    base.SEED,
    option("--out", type=Path, required=True, help="FILE.png, a grid, or FILE.npy"),
)
def sample(arguments: argparse.Namespace) -> str:
    """Draw samples from a trained generator."""
    from animegan_helpers.files import unused, write_bytes
    from animegan_workshop.export import samples_file

    kind = arguments.out.suffix.lower()
    if kind not in (".png", ".npy"):
        raise ValueError(f"{arguments.out}: samples go into FILE.png as a grid, or into FILE.npy")
    unused(arguments.out)
    write_bytes(arguments.out, samples_file(base.samples_of(arguments), kind))
    return f"{arguments.count} samples in {arguments.out}"


@command(
    base.WEIGHTS,
    option("--data", default="faces", help="what it was trained on: drawn, real, ..."),
    option("--contrast-of", metavar="FACES", help="give the samples the contrast of these faces"),
    option("--hold-out", type=positive, help="without so many of them, always the same"),
    option("--generator-only", action="store_true", help="leave the discriminator out"),
    option("--run", type=Path, help="a run's folder: its curves and grids go into a folder FILE"),
    option("--out", type=Path, required=True, help="FILE.safetensors"),
)
def export(arguments: argparse.Namespace) -> str:
    """Write a run's generator and discriminator to hand on, in half precision."""
    import torch

    from animegan_helpers.calibration import contrast_of
    from animegan_helpers.checkpoint import load_weights, save_weights
    from animegan_helpers.faces import load_faces
    from animegan_helpers.files import unused
    from animegan_workshop.export import export_run, match_contrast

    unused_weights(arguments.out)
    beside = arguments.out.with_suffix("")
    if arguments.run:
        unused(beside)
    if arguments.hold_out and not arguments.contrast_of:
        raise ValueError("--hold-out leaves faces out of --contrast-of: give both, or neither")
    weights = load_weights(arguments.weights)
    weights.about["data"] = arguments.data
    if arguments.generator_only:
        weights.discriminator = None
    if arguments.contrast_of:
        faces = load_faces(arguments.contrast_of)
        if arguments.hold_out:
            faces = faces.hold_out(arguments.hold_out)[0]
        factor = match_contrast(weights.generator, contrast_of(faces.images))
        weights.about["contrast_factor"] = factor
    if arguments.run:
        export_run(arguments.run, beside)
    save_weights(arguments.out, weights, torch.float16)
    return f"{arguments.out}: {arguments.out.stat().st_size / 2**20:.1f} MiB"


def unused_weights(path: Path) -> None:
    """Raises ValueError unless the path ends in .safetensors and nothing is there."""
    from animegan_helpers.files import unused

    if path.suffix != ".safetensors":
        raise ValueError(f"{path} must end in .safetensors")
    unused(path)
