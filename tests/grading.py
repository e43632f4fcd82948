"""nbgrader at work in a temporary folder: release, hand in, autograde, read the marks."""

import importlib.util
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from animegan_workshop.teaching import editions
from animegan_workshop.teaching.notebooks import notebook_paths

needs_nbgrader = pytest.mark.skipif(
    importlib.util.find_spec("nbgrader") is None, reason="nbgrader is not installed: make teacher"
)


def graded_notebooks() -> list[Path]:
    """The notebooks that have anything to mark."""
    return [
        path for path in notebook_paths() if any(map(editions.role, nbformat.read(path, 4).cells))
    ]


@dataclass
class Graded:
    """Where nbgrader put what it made."""

    release: Path
    autograded: Path
    database: str


def autograde(
    folder: Path, changes: dict[str, Callable] | None = None, only: tuple[Path, ...] = ()
) -> Graded:
    """Releases the notebooks, hands them in as the student "anna" with `changes` (name -> function), and marks them.

    only: those to hand in; none: all that have marks.
    """
    source = folder / "source" / "notebooks"
    source.mkdir(parents=True)
    for path in only or graded_notebooks():
        shutil.copy2(path, source)
    where = [
        f"--CourseDirectory.{name}_directory={folder / name}"
        for name in ("release", "submitted", "autograded")
    ]
    database = f"sqlite:///{folder / 'gradebook.db'}"
    where.append(f"--CourseDirectory.source_directory={folder / 'source'}")
    common = ["notebooks", "--force", "--db", database, *where]
    editions.nbgrader("generate_assignment", *common)
    release, handed_in = (
        folder / "release" / "notebooks",
        folder / "submitted" / "anna" / "notebooks",
    )
    handed_in.mkdir(parents=True)
    for path in sorted(release.glob("*.ipynb")):
        notebook = nbformat.read(path, 4)
        change = (changes or {}).get(path.name)
        nbformat.write(change(notebook) if change else notebook, handed_in / path.name)
    settings = {
        "ANIMEGAN_RUNS": str(folder / "runs"),
        "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, os.environ.get(name, value) if name != "ANIMEGAN_RUNS" else value)
        editions.nbgrader("autograde", *common)
    return Graded(release, folder / "autograded" / "anna" / "notebooks", database)


def autograded_points(graded: Graded, path: Path) -> float:
    """What the cells that nbgrader marks by itself got in a notebook."""
    from nbgrader.api import Gradebook

    free = {
        cell.metadata.nbgrader.grade_id
        for cell in nbformat.read(path, 4).cells
        if editions.role(cell) == "free"
    }
    with Gradebook(graded.database) as book:
        grades = book.find_submission_notebook(path.stem, "notebooks", "anna").grades
        return sum(grade.auto_score or 0 for grade in grades if grade.name not in free)


def most_points(path: Path) -> float:
    """The points of the cells that nbgrader marks by itself."""
    cells = nbformat.read(path, 4).cells
    return sum(cell.metadata.nbgrader.points for cell in cells if editions.role(cell) == "test")


def solved(path: Path) -> Callable:
    """Puts the teacher's answers into a student's notebook."""
    return half_solved(path, ("",))


def half_solved(path: Path, names: tuple[str, ...]) -> Callable:
    """Puts the teacher's answers into the cells whose grade id ends in one of the names."""
    cells = nbformat.read(path, 4).cells
    mine = [cell for cell in cells if editions.role(cell) in ("answer", "free")]
    answers = {cell.metadata.nbgrader.grade_id: cell.source for cell in mine}

    def solve(notebook):
        for cell in notebook.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            if grade_id in answers and grade_id.endswith(names):
                cell.source = answers[grade_id]
        return notebook

    return solve
