"""The commands. To add one, write a function with @command in one of these files."""

import argparse

from animegan_workshop.commands import engine, measuring, page, teaching
from animegan_workshop.commands.base import Command


def all_commands() -> list[Command]:
    """Every command, in the order of the files and of what stands in them."""
    return [
        value
        for module in (engine, measuring, page, teaching)
        for value in vars(module).values()
        if isinstance(value, Command)
    ]


def make_parser() -> argparse.ArgumentParser:
    """The parser of `python -m animegan_helpers`; `.action` of what it reads is what to do."""
    parser = argparse.ArgumentParser(
        prog="python -m animegan_helpers", description="The workbook from a terminal."
    )
    added = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in all_commands():
        subparser = added.add_parser(command.name, help=command.help, description=command.help)
        subparser.set_defaults(action=command.action)
        for add_option in command.options:
            add_option(subparser)
    return parser
