"""The workbook from a terminal: python -m animegan_helpers COMMAND, with the help of each under --help."""

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np


def positive(text: str) -> int:
    """An argument that must be a whole number above 0."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def train(arguments: argparse.Namespace) -> str:
    from animegan_helpers.faces.faceset import load_faces
    from animegan_helpers.gan import checkpoint, training
    from animegan_helpers.gan.running import train as train_run
    from animegan_helpers.live import ProgressBar

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
    if arguments.hold_out:
        faces = faces.hold_out(arguments.hold_out)[0]
    measures = None
    if arguments.measure_every:
        from animegan_helpers.measures.epochs import measures_for

        measures = measures_for(faces, arguments.measure_every)
    trainer = train_run(config, faces.images, arguments.out, ProgressBar(), device=arguments.device,
                        start=arguments.start_from, measure=measures)  # fmt: skip
    return f"{arguments.out}: history.csv, grids, checkpoints, generator.safetensors" if trainer.group.writes else ""


def draw(arguments: argparse.Namespace) -> str:
    from animegan_helpers.drawing.drawn import parse_only, write_faces

    write_faces(arguments.out, arguments.count, arguments.seed, parse_only(arguments.only), arguments.flaws)
    return f"{arguments.count} faces in {arguments.out}"


def export(arguments: argparse.Namespace) -> str:
    import torch

    from animegan_helpers.gan.checkpoint import load_weights, save_weights
    from animegan_helpers.gan.recalibration import recalibrate
    from animegan_helpers.gan.settings import TrainingConfig
    from animegan_helpers.replay import export_run

    if arguments.out.exists():
        raise ValueError(f"{arguments.out} is there already: choose another name, or remove it first")
    if arguments.run:
        export_run(arguments.run, arguments.out.with_suffix(""))
    weights = load_weights(arguments.weights)
    about = {key: value for key, value in weights.about.items() if key != "config"} | {"data": arguments.data}
    config = TrainingConfig(**weights.about["config"])
    if config.average:
        recalibrate(weights.generator)
    save_weights(arguments.out, weights.generator, weights.discriminator, config, about, torch.float16)
    return f"{arguments.out}: {arguments.out.stat().st_size / 2**20:.1f} MiB"


def sample(arguments: argparse.Namespace) -> str:
    from animegan_helpers.gan.checkpoint import load_weights
    from animegan_helpers.latent.space import sample_faces
    from animegan_helpers.pictures import save_samples

    weights = load_weights(arguments.weights)
    images = sample_faces(weights.generator, arguments.count, arguments.seed)
    save_samples(images.transpose(0, 2, 3, 1), arguments.out)
    return f"{arguments.count} samples in {arguments.out}"


def measure(arguments: argparse.Namespace) -> str:
    from animegan_helpers.faces.faceset import load_faces
    from animegan_helpers.gan.checkpoint import load_weights
    from animegan_helpers.latent.space import sample_faces
    from animegan_helpers.measures.attributes import load_attributes
    from animegan_helpers.measures.measuring import against_reference, measure_samples
    from animegan_helpers.measures.reference import choose_network, load_reference, network_of, split
    from animegan_helpers.measures.table import table, write_json

    if arguments.samples:
        images = read_samples(arguments.samples)
    else:
        images = sample_faces(load_weights(arguments.weights).generator, arguments.count, arguments.seed)
    start = time.monotonic()
    if arguments.reference:
        reference = load_reference(arguments.reference)
        measures = against_reference(images, reference, network_of(reference, arguments.attributes), progress=True)
    else:
        faces = load_faces(arguments.faces)
        path = arguments.attributes or choose_network(faces)
        network = load_attributes(path)
        parts = split(faces, network, path, progress=True)
        measures = measure_samples(images, faces, network, parts, arguments.neighbours, progress=True)
    print(table(measures))
    if arguments.json:
        write_json(arguments.json, measures)
    return f"measured {measures['samples']['count']:,} samples in {time.monotonic() - start:.0f} s"


def reference(arguments: argparse.Namespace) -> str:
    from animegan_helpers.faces.faceset import load_faces
    from animegan_helpers.measures.attributes import load_attributes
    from animegan_helpers.measures.measuring import yardstick
    from animegan_helpers.measures.reference import choose_network, save_reference, split

    if arguments.out.exists():
        raise ValueError(f"{arguments.out} is there already: choose another name, or remove it first")
    faces = load_faces(arguments.faces)
    path = choose_network(faces)
    parts = split(faces, load_attributes(path), path, progress=True)
    sizes = [size for size in (500, 2_000, 10_000) if size <= len(parts.rows)] or [len(parts.rows)]
    parts.reference.yardsticks = {size: yardstick(faces, parts, size) for size in sizes}
    save_reference(arguments.out, parts.reference, {"faces": arguments.about})
    return f"{parts.reference.count:,} of {len(faces):,} faces as numbers in {arguments.out}"


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
    from animegan_helpers.faces.faceset import load_faces
    from animegan_helpers.measures.attribute_card import Making, accuracies, confusion_of, make_card
    from animegan_helpers.measures.attributes import hold_out, save_attributes, train_attributes
    from animegan_helpers.workbook import hardware

    out, card = arguments.out, arguments.out.with_suffix(".md")
    for path in (out, card):
        if path.exists():
            raise ValueError(f"{path} is there already: choose another name, or remove it first")
    faces = load_faces(arguments.faces, count=arguments.count)
    start = time.monotonic()
    network, _ = train_attributes(faces, arguments.factors, epochs=arguments.epochs, mirror=arguments.mirror,
                                  seed=arguments.seed)  # fmt: skip
    making = Making(arguments.about, attributes_command(arguments), len(faces), time.monotonic() - start, hardware(),
                    arguments.use)  # fmt: skip
    confusion = confusion_of(network, faces.subset(hold_out(len(faces), seed=arguments.seed)[0]))
    right = accuracies(confusion)
    about = {"faces": len(faces), "epochs": arguments.epochs, "seed": arguments.seed, "held_out_accuracy": right}
    save_attributes(out, network, about)
    card.write_text(make_card(out.stem, network, confusion, making), encoding="utf-8")
    return "\n".join(f"{factor}: {share:.1%} of the held-out tenth" for factor, share in right.items())


def attributes_command(arguments: argparse.Namespace) -> str:
    """The command that makes a network again, with the names of its files and not where they lie."""
    faces = os.environ.get("ANIMEGAN_FACES", "") if arguments.faces is None else arguments.faces
    words = ["python -m animegan_helpers attributes", f'--faces "{Path(faces).name if faces else ""}"']
    words += [f"--count {arguments.count}"] if arguments.count else []
    words += [f"--factors {' '.join(arguments.factors)}"] if arguments.factors else []
    words += ["--mirror"] if arguments.mirror else []
    return " ".join([*words, f"--epochs {arguments.epochs} --seed {arguments.seed} --out {arguments.out.name}"])


def experiment(arguments: argparse.Namespace) -> str:
    from animegan_helpers.budget import choose_budget
    from animegan_helpers.experiments.runner import run_experiment

    budget = choose_budget(arguments.budget).name
    path = run_experiment(arguments.name, budget, arguments.seeds, arguments.faces, arguments.device, arguments.out,
                          arguments.workers)  # fmt: skip
    return f"results in {path}"


def benchmark(arguments: argparse.Namespace) -> str:
    if arguments.slider:
        from animegan_helpers.latent.slider_benchmark import run_slider_benchmark

        return run_slider_benchmark()
    from animegan_helpers.gan.benchmark import run_benchmark

    return run_benchmark(arguments.faces, arguments.width, arguments.batch, arguments.seconds, arguments.device)


def make_parser() -> argparse.ArgumentParser:
    from animegan_helpers.experiments.arms import EXPERIMENTS
    from animegan_helpers.gan.training import load_presets

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
    p.add_argument("--hold-out", type=positive, help="keep so many faces, always the same, out of training")
    p.add_argument("--preset", default="report", help=f"one of {', '.join(load_presets())} (default: report)")
    p.add_argument("--out", type=Path, required=True, help="folder of the run")
    p.add_argument("--resume", action="store_true", help="go on with the run in that folder")
    p.add_argument("--start-from", type=Path, metavar="WEIGHTS", help="begin with the networks of these weights")
    p.add_argument("--measure-every", type=positive, metavar="N", help="measure the modes each N epochs: measures.csv")
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

    p = command(export, "Write a run's generator and discriminator to hand on, in half precision.")
    p.add_argument("--weights", type=Path, required=True, help="a weights file, a checkpoint or a run's folder")
    p.add_argument("--data", default="faces", help="what it was trained on, in a word or two: drawn, real, ...")
    p.add_argument("--run", type=Path, help="a run's folder: its curves, measures and grids go into a folder FILE")
    p.add_argument("--out", type=Path, required=True, help="FILE.safetensors")

    p = command(sample, "Draw samples from a trained generator.")
    p.add_argument("--weights", type=Path, required=True, help="a weights file, a checkpoint or a run's folder")
    p.add_argument("--count", type=positive, default=64)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--out", type=Path, required=True, help="FILE.npy (uint8 N,64,64,3), FILE.png (a grid) or a folder")

    p = command(measure, "Measure the mode spread of samples against faces.")
    against = p.add_mutually_exclusive_group()
    against.add_argument("--faces", help=faces_help)
    against.add_argument("--reference", help="untagged, tagged, or a file: real faces as numbers, which come with "
                         "the workbook, or are made by `reference`; no faces are needed")  # fmt: skip
    what = p.add_mutually_exclusive_group(required=True)
    what.add_argument("--weights", type=Path, help="a weights file, a checkpoint or a run's folder")
    what.add_argument("--samples", type=Path, help="a .npy file of uint8 (N, 64, 64, 3)")
    p.add_argument("--count", type=positive, default=2_000, help="samples to draw from the weights")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--attributes", type=Path, help="weights of an attribute network (default: the one that suits)")
    p.add_argument("--neighbours", type=positive, default=2_000, help="samples to look up among the faces")
    p.add_argument("--json", type=Path, help="write the measures here")

    p = command(reference, "Keep what samples are measured against as numbers, without any picture.")
    p.add_argument("--faces", help=faces_help)
    p.add_argument("--about", default="", help="what the faces are, kept in the file")
    p.add_argument("--out", type=Path, required=True, help="FILE.safetensors")

    p = command(attributes, "Train the network that names what is in a face, on labelled faces.")
    p.add_argument("--faces", help=faces_help)
    p.add_argument("--count", type=positive, help="use at most so many faces")
    p.add_argument("--factors", nargs="+", help="factors to learn (default: all there are)")
    p.add_argument("--epochs", type=positive, default=8)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--mirror", action="store_true", help="mirror half of the faces: no label tells left from right")
    p.add_argument("--about", default="labelled faces.", help="what the faces are: a sentence for the card")
    p.add_argument("--use", default="naming the modes of faces of this kind.", help="a sentence for the card")
    p.add_argument("--out", type=Path, required=True, help="FILE.safetensors; a card is written beside it, FILE.md")

    p = command(experiment, "Test a claim of the report: arms that differ in one thing, several seeds, JSON.")
    p.add_argument("name", help=f"one of {', '.join(EXPERIMENTS)}")
    p.add_argument("--seeds", type=positive, help="runs of each arm (default: the budget's)")
    p.add_argument("--budget", help="smoke, laptop or gpu (default: ANIMEGAN_BUDGET, else what the machine has)")
    p.add_argument("--faces", help="a set with a labels.csv, for the experiments on tagged faces")
    p.add_argument("--device", help="cuda, mps or cpu (default: the best there is)")
    p.add_argument("--out", type=Path, help="folder of the result (default: data/experiments)")
    p.add_argument("--workers", type=positive, help="runs at a time on a CPU (default: one for each core)")

    p = command(benchmark, "Time the training step against the textbook loop on this machine.")
    p.add_argument("--slider", action="store_true", help="time the explorer's slider instead: event to new picture")
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
