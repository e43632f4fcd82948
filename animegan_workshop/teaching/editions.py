"""The editions of the workbook, all made from the solved notebooks in notebooks/.

python -m animegan_workshop.teaching.editions student | release | slides | report

`student` is what a student works in: solutions and hidden tests taken out, outputs cleared, all that is needed beside.
`release` is what nbgrader gives out, made by nbgrader (settings: nbgrader_config.py); its cells are the same, which is
tested. `slides` makes decks that need no network (decks.py). `report` makes one page, without code, of notebook 09.
"""

import argparse
import copy
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from animegan_helpers.budget import PROJECT
from animegan_workshop.teaching.notebooks import BUILD, notebook_paths

CODE_STUB = 'raise NotImplementedError("your turn: replace this line")'
TEXT_STUB = "*Your answer here: click twice, and replace this line.*"
HANDED_OUT = (
    "README.md",
    "README.zh-CN.md",
    "LICENSE",
    "Makefile",
    "pyproject.toml",
    "environment.yml",
    "animegan_helpers",
    "docs",
    "figures",
    "data",
)
"""What a student needs besides the notebooks; tests and the graders' settings stay with the teacher."""
LEFT_OUT = ("__pycache__", "cache", "runs", "drawn")
"""What is not copied from these: what running the workbook makes again."""


def role(cell: NotebookNode) -> str:
    """What a cell is to nbgrader: "answer", "free" (an answer that a person marks), "test", or "" for all others."""
    mark = cell.metadata.get("nbgrader", {})
    if mark.get("solution"):
        return "free" if mark.get("grade") else "answer"
    return "test" if mark.get("grade") else ""


def without_region(source: str, name: str, stub: str | None) -> tuple[str, bool]:
    """Source without the lines from "BEGIN name" to "END name", `stub` in their place, indented as they were.

    Also whether there was such a region. Raises ValueError for one that does not end.
    """
    pattern = re.compile(
        rf"^([ \t]*)[^\n]*BEGIN {name}.*?^[^\n]*END {name}[^\n]*(\n|\Z)", re.M | re.S
    )

    def replace(match: re.Match) -> str:
        return "" if stub is None else f"{match[1]}{stub}{match[2]}"

    cleared, count = pattern.subn(replace, source)
    if f"BEGIN {name}" in cleared or f"END {name}" in cleared:
        raise ValueError(
            f"a region {name} begins without an end, or ends without a beginning: {source[:60]!r}"
        )
    return cleared, bool(count)


def student_edition(notebook: NotebookNode) -> NotebookNode:
    """A copy without solutions, hidden tests and outputs."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if role(cell) in ("answer", "free"):
            stub = CODE_STUB if cell.cell_type == "code" else TEXT_STUB
            cell.source, found = without_region(cell.source, "SOLUTION", stub)
            if not found:
                cell.source = stub
        elif role(cell) == "test":
            cell.source = without_region(cell.source, "HIDDEN TESTS", None)[0].rstrip("\n")
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def write_student_edition(folder: Path) -> list[Path]:
    """Everything a student needs, in a new folder: the edited notebooks, the module, weights; gives the notebooks.

    Raises ValueError when the folder holds something that is not an earlier edition.
    """
    mark = folder / "STUDENT-EDITION"
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        raise ValueError(
            f"{folder} holds something else than a student edition: choose another folder, or empty it"
        )
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "notebooks").mkdir(parents=True)
    mark.write_text(
        "Made by `make student` from the teacher's notebooks: changes here are lost with the next one.\n",
        encoding="utf-8",
    )
    for name in HANDED_OUT:
        source, target = PROJECT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(*LEFT_OUT))
        elif source.exists():
            shutil.copy2(source, target)
    written = []
    for path in notebook_paths():
        target = folder / "notebooks" / path.name
        nbformat.write(student_edition(nbformat.read(path, 4)), target)
        written.append(target)
    return written


def nbgrader(*words: str) -> subprocess.CompletedProcess:
    """Runs nbgrader with the course's settings; raises ValueError with its last words when it fails or is not there."""
    if importlib.util.find_spec("nbgrader") is None:
        raise ValueError("nbgrader is not installed: make teacher")
    # nbgrader calls alembic by name, which lies beside this Python and need not be on the path
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    words = [sys.executable, "-m", "nbgrader", *words]
    result = subprocess.run(
        words, cwd=PROJECT, env=os.environ | {"PATH": path}, capture_output=True, text=True
    )
    if result.returncode:
        raise ValueError(f"nbgrader {words[3]} failed: {' '.join(result.stderr.split()[-60:])}")
    return result


def write_report(target: Path, notebook: Path) -> Path:
    """Runs the report's notebook and writes it as one HTML page, text and results without code.

    Raises ValueError where a cell of it fails.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError
    from nbconvert import HTMLExporter

    page = nbformat.read(notebook, 4)
    where = {"metadata": {"path": str(notebook.parent)}}
    try:
        NotebookClient(page, timeout=None, kernel_name="python3", resources=where).execute()
    except CellExecutionError as error:
        raise ValueError(
            f"{notebook.name} stops at a cell: {error.ename}: {error.evalue}"
        ) from None
    except DeadKernelError:
        raise ValueError(
            f"the kernel of {notebook.name} died, for want of memory perhaps"
        ) from None
    page.cells = [cell for cell in page.cells if "guide" not in cell.metadata.get("tags", [])]
    html, _ = HTMLExporter(exclude_input=True, exclude_output_prompt=True).from_notebook_node(page)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(html, encoding="utf-8")
    return target


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m animegan_workshop.teaching.editions",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    p = commands.add_parser(
        "student", help="the notebooks without solutions, with all that a student needs"
    )
    p.add_argument("--out", type=Path, default=BUILD / "student")
    commands.add_parser(
        "release",
        help="what nbgrader gives out, in grading/release (make teacher installs nbgrader)",
    )
    p = commands.add_parser(
        "slides", help="a deck of each notebook (make teacher installs what it needs)"
    )
    p.add_argument("--out", type=Path, default=BUILD / "slides")
    p = commands.add_parser("report", help="notebook 09 run and written as one page without code")
    p.add_argument("--notebook", type=Path, default=PROJECT / "notebooks" / "09_your_report.ipynb")
    p.add_argument("--out", type=Path, default=BUILD / "report.html")
    arguments = parser.parse_args()
    try:
        if arguments.command == "report":
            print(f"written: {write_report(arguments.out, arguments.notebook)}")
        elif arguments.command == "release":
            (PROJECT / "grading").mkdir(exist_ok=True)
            nbgrader("generate_assignment", "notebooks", "--force")
            print(
                "written: grading/release/notebooks; what students hand in goes to grading/submitted/NAME/notebooks"
            )
        elif arguments.command == "student":
            print(
                f"{len(write_student_edition(arguments.out))} notebooks without solutions in {arguments.out}"
            )
        else:
            from animegan_workshop.teaching.decks import write_decks

            decks = write_decks(notebook_paths(), arguments.out)
            print(
                f"{len(decks)} decks in {arguments.out}: each is one file, for a browser, and needs no network"
            )
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
