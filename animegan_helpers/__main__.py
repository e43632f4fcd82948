"""The workbook from a terminal: python -m animegan_helpers COMMAND, with the help of each under --help."""

import argparse
import sys
from pathlib import Path

from animegan_workshop.commands import (
    attributes,
    benchmark,
    draw,
    experiment,
    export,
    measure,
    reference,
    sample,
    train,
)


def positive(text: str) -> int:
    """An argument that must be a whole number above 0."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def seed(text: str) -> int:
    """An argument that torch and NumPy take for a seed."""
    value = int(text)
    if not 0 <= value < 2**63:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 2**63 - 1")
    return value


def seconds(text: str) -> float:
    """An argument that must be a time above 0."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no time above 0")
    return value


def make_parser() -> argparse.ArgumentParser:
    from animegan_helpers.training import load_presets
    from animegan_workshop.experiments.arms import EXPERIMENTS

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
    p.add_argument(
        "--hold-out", type=positive, help="keep so many faces, always the same, out of training"
    )
    p.add_argument(
        "--preset", default="report", help=f"one of {', '.join(load_presets())} (default: report)"
    )
    p.add_argument("--out", type=Path, required=True, help="folder of the run")
    p.add_argument("--resume", action="store_true", help="go on with the run in that folder")
    p.add_argument(
        "--start-from",
        type=Path,
        metavar="WEIGHTS",
        help="begin with the networks of these weights",
    )
    p.add_argument(
        "--measure-every",
        type=positive,
        metavar="N",
        help="measure the modes each N epochs: measures.csv",
    )
    p.add_argument("--epochs", type=int)
    p.add_argument("--seed", type=seed)
    p.add_argument("--batch", type=int, help="pictures in a batch, over all processes")
    p.add_argument("--width", type=int, help="channels of the generator's last hidden layer")
    p.add_argument("--learning-rate-g", type=float)
    p.add_argument("--learning-rate-d", type=float)
    p.add_argument(
        "--average", type=float, metavar="DECAY", help="of the averaged generator; 0: none"
    )
    p.add_argument("--flip", action="store_true", default=None, help="mirror half of the pictures")
    p.add_argument("--precision", help="auto, fp32 or bf16")
    p.add_argument(
        "--synchronise-batch-norm", action="store_true", default=None, help="over all processes"
    )
    p.add_argument("--device", help="cuda, mps or cpu (default: the best there is)")

    p = command(draw, "Draw anime faces with known labels.")
    p.add_argument("--count", type=positive, required=True)
    p.add_argument("--out", type=Path, required=True, help="a new or empty folder")
    p.add_argument("--seed", type=seed, default=0)
    p.add_argument(
        "--only",
        nargs="+",
        action="extend",
        default=[],
        metavar="FACTOR=VALUES",
        help="hold a factor to values: hair=aqua,blue or style=1 or hair=aqua:3,blue:1",
    )
    p.add_argument("--flaws", type=float, default=0.0, help="share of broken and odd files to add")

    p = command(export, "Write a run's generator and discriminator to hand on, in half precision.")
    p.add_argument(
        "--weights", type=Path, required=True, help="a weights file, a checkpoint or a run's folder"
    )
    p.add_argument(
        "--data", default="faces", help="what it was trained on, in a word or two: drawn, real, ..."
    )
    p.add_argument(
        "--contrast-of", metavar="FACES", help="give the samples the contrast of these faces"
    )
    p.add_argument("--hold-out", type=positive, help="without so many of them, always the same")
    p.add_argument(
        "--run",
        type=Path,
        help="a run's folder: its curves, measures and grids go into a folder FILE",
    )
    p.add_argument("--out", type=Path, required=True, help="FILE.safetensors")

    p = command(sample, "Draw samples from a trained generator.")
    p.add_argument(
        "--weights", type=Path, required=True, help="a weights file, a checkpoint or a run's folder"
    )
    p.add_argument("--count", type=positive, default=64)
    p.add_argument("--seed", type=seed, default=0)
    p.add_argument(
        "--out",
        type=Path,
        required=True,
        help="FILE.npy (uint8 N,64,64,3), FILE.png (a grid) or a folder",
    )

    p = command(measure, "Measure the mode spread of samples against faces.")
    against = p.add_mutually_exclusive_group()
    against.add_argument("--faces", help=faces_help)
    against.add_argument(
        "--reference",
        help="untagged, tagged, or a file: real faces as numbers, which come with "
        "the workbook, or are made by `reference`; no faces are needed",
    )
    what = p.add_mutually_exclusive_group(required=True)
    what.add_argument("--weights", type=Path, help="a weights file, a checkpoint or a run's folder")
    what.add_argument("--samples", type=Path, help="a .npy file of uint8 (N, 64, 64, 3)")
    p.add_argument("--count", type=positive, default=2_000, help="samples to draw from the weights")
    p.add_argument("--seed", type=seed, default=0)
    p.add_argument(
        "--attributes",
        type=Path,
        help="weights of an attribute network (default: the one that suits)",
    )
    p.add_argument(
        "--neighbours", type=positive, default=2_000, help="samples to look up among the faces"
    )
    p.add_argument("--json", type=Path, help="write the measures here")

    p = command(
        reference, "Keep what samples are measured against as numbers, without any picture."
    )
    p.add_argument("--faces", help=faces_help)
    p.add_argument("--about", default="", help="what the faces are, kept in the file")
    p.add_argument("--out", type=Path, required=True, help="FILE.safetensors")

    p = command(attributes, "Train the network that names what is in a face, on labelled faces.")
    p.add_argument("--faces", help=faces_help)
    p.add_argument("--count", type=positive, help="use at most so many faces")
    p.add_argument("--factors", nargs="+", help="factors to learn (default: all there are)")
    p.add_argument("--epochs", type=positive, default=8)
    p.add_argument("--seed", type=seed, default=0)
    p.add_argument(
        "--mirror",
        action="store_true",
        help="mirror half of the faces: no label tells left from right",
    )
    p.add_argument(
        "--about", default="labelled faces.", help="what the faces are: a sentence for the card"
    )
    p.add_argument(
        "--use", default="naming the modes of faces of this kind.", help="a sentence for the card"
    )
    p.add_argument(
        "--out",
        type=Path,
        required=True,
        help="FILE.safetensors; a card is written beside it, FILE.md",
    )

    p = command(
        experiment,
        "Test a claim of the report: arms that differ in one thing, several seeds, JSON.",
    )
    p.add_argument("name", help=f"one of {', '.join(EXPERIMENTS)}")
    p.add_argument("--seeds", type=positive, help="runs of each arm (default: the budget's)")
    p.add_argument(
        "--budget",
        help="smoke, laptop or gpu (default: ANIMEGAN_BUDGET, else what the machine has)",
    )
    p.add_argument(
        "--faces", help="real faces instead of drawn ones; modes-tagged needs a labels.csv"
    )
    p.add_argument("--device", help="cuda, mps or cpu (default: the best there is)")
    p.add_argument("--out", type=Path, help="folder of the result (default: data/experiments)")
    p.add_argument(
        "--workers", type=positive, help="runs at a time on a CPU (default: one for each core)"
    )

    p = command(benchmark, "Time the training step against the textbook loop on this machine.")
    p.add_argument(
        "--slider",
        action="store_true",
        help="time the explorer's slider instead: event to new picture",
    )
    p.add_argument("--faces", help=faces_help)
    p.add_argument("--width", type=positive, default=64)
    p.add_argument("--batch", type=positive, default=50)
    p.add_argument("--seconds", type=seconds, default=10.0, help="for each row and round")
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
    except (RuntimeError, MemoryError) as error:
        if "memory" not in str(error) and not isinstance(error, MemoryError):
            raise
        print(
            "error: there is not enough memory: ask for a smaller --batch, --width or --count",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
