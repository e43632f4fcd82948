"""What a command is made of, and the types that its arguments share."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

AddOption = Callable[[argparse._ActionsContainer], object]


@dataclass(frozen=True)
class Command:
    """One command: its name, a sentence of help, its options, and what it does.

    The action gives a line to print, or an exit status. It raises ValueError or OSError for wrong
    input. It imports what it needs itself: --help must not wait for torch.
    """

    name: str
    help: str
    options: tuple[AddOption, ...]
    action: Callable[[argparse.Namespace], str | int]


def command(*options: AddOption) -> Callable[[Callable], Command]:
    """Makes a command of a function; its name and its docstring become those of the command."""
    return lambda action: Command(
        action.__name__.replace("_", "-"), action.__doc__, options, action
    )


def option(*names: str, **settings) -> AddOption:
    """One argument, in the words of argparse's `add_argument`."""
    return lambda parser: parser.add_argument(*names, **settings)


def one_of(*options: AddOption, required: bool = False) -> AddOption:
    """Arguments of which at most one may be given."""

    def add(parser) -> None:
        group = parser.add_mutually_exclusive_group(required=required)
        for add_option in options:
            add_option(group)

    return add


def whole_number(lowest: int, below: float = float("inf")) -> Callable[[str], int]:
    """A type for an argument: a whole number, at least `lowest` and less than `below`."""

    def read(text: str) -> int:
        value = int(text)
        if not lowest <= value < below:
            raise argparse.ArgumentTypeError(f"{text} is not from {lowest} up to {below}")
        return value

    read.__name__ = "int"  # argparse says "invalid int value"
    return read


positive = whole_number(1)
seed = whole_number(0, 2**63)  # what torch takes for a seed
FACES = option("--faces", help="a folder or zip (default: ANIMEGAN_FACES, else drawn faces)")
DEVICE = option("--device", help="cuda, mps or cpu (default: the best there is)")
SEED = option("--seed", type=seed, default=0)
WEIGHTS_HELP = "a weights file, a checkpoint or a run's folder"
WEIGHTS = option("--weights", type=Path, required=True, help=WEIGHTS_HELP)


def samples_of(arguments: argparse.Namespace):
    """uint8 (count, 3, 64, 64): samples of --weights, by --count and --seed."""
    from animegan_helpers.checkpoint import load_weights
    from animegan_helpers.latent import sample_faces

    return sample_faces(load_weights(arguments.weights).generator, arguments.count, arguments.seed)
