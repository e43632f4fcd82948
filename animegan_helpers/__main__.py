"""The workbook from a terminal: python -m animegan_helpers train | draw | sample | measure | attributes | benchmark."""

import argparse
import json
import os
import sys
from pathlib import Path

import numpy as np


def positive(text: str) -> int:
    """An argument that must be a whole number above 0."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def train(arguments: argparse.Namespace) -> str:
    from animegan_helpers import checkpoint, training
    from animegan_helpers.faces import load_faces
    from animegan_helpers.live import ProgressBar
    from animegan_helpers.running import train as train_run

    settings = ("epochs", "seed", "batch", "width", "precision", "learning_rate_g", "learning_rate_d",
                "synchronise_batch_norm")  # fmt: skip
    changes = {name: getattr(arguments, name) for name in settings if getattr(arguments, name) is not None}
    config = training.preset(arguments.preset, **changes)
    training.choose_device(arguments.device)  # before minutes go into packing faces
    if checkpoint.checkpoints(arguments.out) and not arguments.resume:
        raise ValueError(f"{arguments.out} holds a run already: add --resume to go on with it, or choose another --out")
    faces = load_faces(arguments.faces, count=arguments.count, minimum=config.batch)
    if int(os.environ.get("RANK", "0")) == 0:
        print(faces.summary())
    trainer = train_run(config, faces.images, arguments.out, ProgressBar(), device=arguments.device)
    return f"{arguments.out}: history.csv, grids, checkpoints, generator.safetensors" if trainer.group.writes else ""


def draw(arguments: argparse.Namespace) -> str:
    from animegan_helpers.drawn import parse_only, write_faces

    write_faces(arguments.out, arguments.count, arguments.seed, parse_only(arguments.only), arguments.flaws)
    return f"{arguments.count} faces in {arguments.out}"


def sample(arguments: argparse.Namespace) -> str:
    from animegan_helpers.checkpoint import load_weights
    from animegan_helpers.latent import sample_faces
    from animegan_helpers.pictures import save_samples

    weights = load_weights(arguments.weights)
    images = sample_faces(weights.generator, arguments.count, arguments.seed)
    save_samples(images.transpose(0, 2, 3, 1), arguments.out)
    return f"{arguments.count} samples in {arguments.out}"


def measure(arguments: argparse.Namespace) -> str:
    from animegan_helpers.attributes import PRETRAINED, load_attributes
    from animegan_helpers.checkpoint import load_weights
    from animegan_helpers.faces import load_faces
    from animegan_helpers.latent import sample_faces
    from animegan_helpers.measuring import measure_samples, table

    if arguments.samples:
        images = read_samples(arguments.samples)
    else:
        images = sample_faces(load_weights(arguments.weights).generator, arguments.count, arguments.seed)
    network = load_attributes(arguments.attributes or PRETRAINED / "drawn-attributes.safetensors")
    faces = load_faces(arguments.faces)
    measures = measure_samples(images, faces, network)
    print(table(measures))
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(measures, indent=2) + "\n", encoding="utf-8")
    return f"measured on {len(images)} samples and {len(faces)} faces"


def read_samples(path: Path) -> np.ndarray:
    """uint8 (N, 3, 64, 64) from a .npy file of uint8 (N, 64, 64, 3); raises ValueError for anything else."""
    try:
        images = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is not a readable .npy file: {error}") from None
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (64, 64, 3) or len(images) < 2:
        raise ValueError(f"{path} holds {images.dtype} {images.shape}; samples are uint8 (N, 64, 64, 3), N at least 2")
    return images.transpose(0, 3, 1, 2)


def attributes(arguments: argparse.Namespace) -> str:
    from animegan_helpers.attributes import save_attributes, train_attributes
    from animegan_helpers.faces import load_faces

    if arguments.out.exists():
        raise ValueError(f"{arguments.out} is there already: choose another name, or remove it first")
    faces = load_faces(arguments.faces, count=arguments.count)
    network, accuracy = train_attributes(faces, arguments.factors, epochs=arguments.epochs, seed=arguments.seed)
    about = {"faces": len(faces), "epochs": arguments.epochs, "seed": arguments.seed, "held_out_accuracy": accuracy}
    save_attributes(arguments.out, network, about)
    return "\n".join(f"{factor}: {share:.1%} of the held-out tenth" for factor, share in accuracy.items())


def benchmark(arguments: argparse.Namespace) -> str:
    from animegan_helpers.benchmark import run_benchmark

    return run_benchmark(arguments.faces, arguments.width, arguments.batch, arguments.seconds, arguments.device)


def make_parser() -> argparse.ArgumentParser:
    from animegan_helpers.training import load_presets

    parser = argparse.ArgumentParser(prog="python -m animegan_helpers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(function, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(function.__name__, help=text, description=text)
        added.set_defaults(function=function)
        return added

    faces_help = "a folder or zip of pictures (default: ANIMEGAN_FACES, else faces are drawn)"
    p = command(train, "Train a GAN.")
    p.add_argument("--faces", help=faces_help)
    p.add_argument("--count", type=positive, help="use at most so many faces")
    p.add_argument("--preset", default="report", help=f"one of {', '.join(load_presets())} (default: report)")
    p.add_argument("--out", type=Path, required=True, help="folder of the run")
    p.add_argument("--resume", action="store_true", help="go on with the run in that folder")
    p.add_argument("--epochs", type=int)
    p.add_argument("--seed", type=int)
    p.add_argument("--batch", type=int, help="pictures in a batch, over all processes")
    p.add_argument("--width", type=int, help="channels of the generator's last hidden layer")
    p.add_argument("--learning-rate-g", type=float)
    p.add_argument("--learning-rate-d", type=float)
    p.add_argument("--precision", help="auto, fp32 or bf16")
    p.add_argument("--synchronise-batch-norm", action="store_true", default=None, help="over all processes")
    p.add_argument("--device", help="cuda, mps or cpu (default: the best there is)")

    p = command(draw, "Draw anime faces with known labels.")
    p.add_argument("--count", type=positive, required=True)
    p.add_argument("--out", type=Path, required=True, help="a new or empty folder")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--only", nargs="+", action="extend", default=[], metavar="FACTOR=VALUES",
                   help="hold a factor to values: hair=aqua,blue or style=1 or hair=aqua:3,blue:1")  # fmt: skip
    p.add_argument("--flaws", type=float, default=0.0, help="share of broken and odd files to add")

    p = command(sample, "Draw samples from a trained generator.")
    p.add_argument("--weights", type=Path, required=True, help="a weights file, a checkpoint or a run's folder")
    p.add_argument("--count", type=positive, default=64)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--out", type=Path, required=True, help="FILE.npy (uint8 N,64,64,3), FILE.png (a grid) or a folder")

    p = command(measure, "Measure the mode spread of samples against faces.")
    p.add_argument("--faces", help=faces_help)
    what = p.add_mutually_exclusive_group(required=True)
    what.add_argument("--weights", type=Path, help="a weights file, a checkpoint or a run's folder")
    what.add_argument("--samples", type=Path, help="a .npy file of uint8 (N, 64, 64, 3)")
    p.add_argument("--count", type=positive, default=2_000, help="samples to draw from the weights")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--attributes", type=Path, help="weights of an attribute network (default: the drawn faces')")
    p.add_argument("--json", type=Path, help="write the measures here")

    p = command(attributes, "Train the network that names what is in a face, on labelled faces.")
    p.add_argument("--faces", help=faces_help)
    p.add_argument("--count", type=positive, help="use at most so many faces")
    p.add_argument("--factors", nargs="+", help="factors to learn (default: all there are)")
    p.add_argument("--epochs", type=positive, default=8)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--out", type=Path, required=True, help="FILE.safetensors")

    p = command(benchmark, "Time the training step against the textbook loop on this machine.")
    p.add_argument("--faces", help=faces_help)
    p.add_argument("--width", type=positive, default=64)
    p.add_argument("--batch", type=positive, default=50)
    p.add_argument("--seconds", type=float, default=10.0, help="for each row and round")
    p.add_argument("--device", help="cuda, mps or cpu (default: the best there is)")
    return parser


def main(words: list[str] | None = None) -> int:
    """Runs a command; 0 when it worked, 2 with one line when the input was wrong, 130 when interrupted."""
    arguments = make_parser().parse_args(words)
    try:
        if message := arguments.function(arguments):
            print(message)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
