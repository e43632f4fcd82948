"""Commands for whoever teaches or works on the course: notebooks, editions, tests, counts."""

import argparse
import os
from pathlib import Path

from animegan_workshop.commands.base import command, option, positive


@command(
    option("notebook", type=Path, nargs="?", help="default: your own copy of 00_start_here.ipynb"),
    option("--solved", action="store_true", help="the notebooks with the solutions instead"),
)
def lab(arguments: argparse.Namespace) -> int:
    """Open JupyterLab on your own copy of the notebooks, in my_work."""
    from animegan_workshop.teaching import editions, notebooks

    first = notebooks.notebook_paths()[0]
    if arguments.notebook or arguments.solved:
        return notebooks.lab(arguments.notebook or first)
    for sentence in editions.own_copy():
        print(sentence)
    return notebooks.lab(editions.OWN / first.name)


@command(
    option("--in-place", action="store_true", help="save the outputs in the notebooks instead"),
    option("--measure", action="store_true", help="record the minutes, as --in-place does"),
    option("--only", nargs="+", default=[], metavar="NN", help="only these notebooks: 05 06"),
)
def run(arguments: argparse.Namespace) -> int:
    """Run every notebook at the chosen budget, as HTML under build/."""
    from animegan_workshop.teaching.notebooks import run_all

    return run_all(arguments.in_place, arguments.only, arguments.measure)


@command(option("--slow", action="store_true", help="the slow unit tests instead, and only these"))
def test(arguments: argparse.Namespace) -> int:
    """Check the code, run the unit tests and every notebook in smoke mode."""
    from animegan_workshop.teaching.testing import run_tests

    return run_tests(arguments.slow)


@command(option("--out", type=Path, help="folder of the edition (default: build/student)"))
def student(arguments: argparse.Namespace) -> str:
    """Write the notebooks without solutions, with all that a student needs."""
    from animegan_workshop.teaching.editions import write_student_edition

    folder, count = write_student_edition(arguments.out)
    return f"{count} notebooks without solutions in {folder}"


@command()
def release(arguments: argparse.Namespace) -> str:
    """Write what nbgrader gives out, in grading/release; needs `make teacher`."""
    from animegan_workshop.teaching import marking

    others = [f"; left out: {name}, no notebook of the course" for name in marking.release()]
    where = "what students hand in goes to grading/submitted/NAME/notebooks"
    return f"written: grading/release/notebooks; {where}{''.join(others)}"


@command(option("--seconds", type=positive, help="a cell that runs longer is left out: 45"))
def mark(arguments: argparse.Namespace) -> int:
    """Mark what students handed in, grading/submitted, a line for each; needs `make teacher`."""
    from animegan_workshop.teaching import marking

    os.environ.setdefault("ANIMEGAN_BUDGET", "smoke")
    for line in marking.mark_class(seconds=arguments.seconds or marking.SECONDS):
        print(line, flush=True)
    return 0


@command(option("--out", type=Path, help="folder of the decks (default: build/slides)"))
def slides(arguments: argparse.Namespace) -> str:
    """Write a deck of slides of each notebook; needs `make teacher`."""
    from animegan_workshop.teaching.decks import write_decks
    from animegan_workshop.teaching.notebooks import BUILD, notebook_paths

    folder = arguments.out or BUILD / "slides"
    decks = write_decks(notebook_paths(), folder)
    return f"{len(decks)} decks in {folder}: each is one file for a browser, without a network"


@command(
    option("--notebook", type=Path, help="default: my_work/09_your_report.ipynb"),
    option("--out", type=Path, help="the page (default: build/report.html)"),
)
def report(arguments: argparse.Namespace) -> str:
    """Run notebook 09, your own copy if there is one, and write it as one page without code."""
    from animegan_helpers.files import unused
    from animegan_workshop.teaching import notebooks
    from animegan_workshop.teaching.editions import OWN

    ours = notebooks.NOTEBOOKS / "09_your_report.ipynb"
    own = OWN / ours.name
    notebook = arguments.notebook or (own if own.exists() else ours)
    page = unused(arguments.out) if arguments.out else notebooks.BUILD / "report.html"
    notebooks.write_report(notebook, page)
    return f"written: {page}"


@command(option("--files", action="store_true", help="each file by itself, too"))
def count(arguments: argparse.Namespace) -> str:
    """Count code lines, words in the notebooks, and the lines that students write."""
    from animegan_workshop.teaching.count import count_all

    return count_all(arguments.files)
