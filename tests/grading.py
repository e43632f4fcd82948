"""nbgrader at work in a temporary folder: release, hand in, autograde, read the marks."""

import importlib.util
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
    return [path for path in notebook_paths() if cells_of(path, "answer", "free", "test")]


def cells_of(notebook, *roles: str) -> list:
    """The cells of a notebook, or of its file, that have one of these roles."""
    if isinstance(notebook, Path):
        notebook = nbformat.read(notebook, 4)
    return [cell for cell in notebook.cells if editions.role(cell) in roles]


@dataclass
class Graded:
    """Where nbgrader put what it made."""

    release: Path
    autograded: Path
    database: str

    def points(self, path: Path) -> float:
        """What the cells that nbgrader marks by itself got in a notebook."""
        from nbgrader.api import Gradebook

        free = {cell.metadata.nbgrader.grade_id for cell in cells_of(path, "free")}
        with Gradebook(self.database) as book:
            grades = book.find_submission_notebook(path.stem, "notebooks", "anna").grades
            return sum(grade.auto_score or 0 for grade in grades if grade.name not in free)


def most_points(path: Path) -> float:
    """The points of the cells that nbgrader marks by itself."""
    return sum(cell.metadata.nbgrader.points for cell in cells_of(path, "test"))


def autograde(folder: Path, change: Callable, paths: list[Path]) -> Graded:
    """Releases the notebooks, hands them in as the student "anna", and marks them.

    change: called with each student's notebook and its path, before it is handed in.
    """
    source = folder / "source" / "notebooks"
    source.mkdir(parents=True)
    for path in paths:
        shutil.copy2(path, source)
    steps = ("release", "submitted", "autograded")
    where = [f"--CourseDirectory.{step}_directory={folder / step}" for step in steps]
    where.append(f"--CourseDirectory.source_directory={folder / 'source'}")
    database = f"sqlite:///{folder / 'gradebook.db'}"
    common = ["notebooks", "--force", "--db", database, *where]
    editions.nbgrader("generate_assignment", *common)
    handed_in = folder / "submitted" / "anna" / "notebooks"
    handed_in.mkdir(parents=True)
    for path in paths:
        notebook = nbformat.read(folder / "release" / "notebooks" / path.name, 4)
        change(notebook, path)
        nbformat.write(notebook, handed_in / path.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANIMEGAN_RUNS", str(folder / "runs"))
        editions.nbgrader("autograde", *common)
    marked = folder / "autograded" / "anna" / "notebooks"
    return Graded(folder / "release" / "notebooks", marked, database)


def solve(notebook, path: Path, names: tuple[str, ...] = ("",)) -> None:
    """Puts the teacher's answers into the cells whose grade id ends in one of the names."""
    answers = {c.metadata.nbgrader.grade_id: c.source for c in cells_of(path, "answer", "free")}
    for cell in cells_of(notebook, "answer", "free"):
        if cell.metadata.nbgrader.grade_id.endswith(names):
            cell.source = answers[cell.metadata.nbgrader.grade_id]
