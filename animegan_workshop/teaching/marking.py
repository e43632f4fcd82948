"""`make mark`: what a class handed in, marked student by student. nbgrader does the marking.

One student's accident never stops another's marks. What was handed in stays as it is: copies are
mended, and marked.
"""

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from animegan_workshop.teaching.editions import nbgrader, role
from animegan_workshop.teaching.notebooks import NOTEBOOKS, PROJECT, notebook_paths, run_cells

GRADING = PROJECT / "grading"
FIELDS = {"grade", "grade_id", "locked", "solution"}
"""What nbgrader needs of a cell that it marks."""
LEFT_OUT = 'raise RuntimeError("this cell ended the kernel or did not end: it was left out")'
SECONDS = 45
"""The longest cell takes a few at the smoke budget; checks stop an answer after 30 themselves."""
MOST = 5
"""So many cells are left out of a notebook; one that has more is a person's work."""


def release(grading: Path = GRADING) -> list[str]:
    """Writes what students get, grading/release; gives the names of what lies in notebooks/ too.

    A copy that somebody made of a notebook is nothing to give out: nbgrader sees the course alone.
    """
    source = grading / "source" / "notebooks"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    for path in notebook_paths():
        shutil.copy2(path, source)
    nbgrader("generate_assignment", "notebooks", "--force", *places(grading, "source", "release"))
    there = {path.name for path in NOTEBOOKS.glob("*.ipynb")}
    return sorted(there - {path.name for path in notebook_paths()})


def places(grading: Path, *steps: str) -> list[str]:
    """nbgrader's words for the gradebook and for the folders of these steps."""
    folders = [f"--CourseDirectory.{step}_directory={grading / step}" for step in steps]
    return [f"--db=sqlite:///{grading / 'gradebook.db'}", *folders]


def mark_class(grading: Path = GRADING, seconds: int = SECONDS) -> Iterator[str]:
    """Marks each folder of grading/submitted; yields a line for each student.

    seconds: a cell that runs longer is left out, and counts as an error. Raises ValueError where
    nothing was handed in, or handed out.
    """
    handed_in = grading / "submitted"
    students = sorted(path.name for path in handed_in.glob("*") if path.is_dir())
    if not students:
        raise ValueError(f"nobody handed in: put notebooks into {handed_in}/NAME/notebooks")
    if not (grading / "gradebook.db").exists():
        raise ValueError("there is no gradebook yet: make release")
    for student in students:
        try:
            with own_runs():
                line = mark_student(grading, student, seconds)
        except Exception as error:  # noqa: BLE001 - whatever it was, the next student's turn comes
            said = " ".join(str(error).split()) or type(error).__name__
            line = f"{student}: NOT MARKED, mark by hand; {said}"
        yield line


@contextmanager
def own_runs() -> Iterator[None]:
    """A new folder for the runs of the notebooks, removed afterwards: no student meets another's.

    All kernels that are started inside keep their runs there.
    """
    before = os.environ.get("ANIMEGAN_RUNS", "")  # empty means the same as unset
    with tempfile.TemporaryDirectory(prefix="animegan-", ignore_cleanup_errors=True) as folder:
        os.environ["ANIMEGAN_RUNS"] = folder
        try:
            yield
        finally:
            os.environ["ANIMEGAN_RUNS"] = before


def mark_student(grading: Path, student: str, seconds: int) -> str:
    """Mends and marks what a student handed in; gives the points, and whatever was wrong."""
    copy = grading / "mended" / student / "notebooks"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    notes = mend_all(grading / "submitted" / student / "notebooks", copy)
    words = ["autograde", "notebooks", "--student", student, "--force"]
    words += places(grading, "autograded")
    words += [f"--CourseDirectory.submitted_directory={grading / 'mended'}"]
    words += [f"--Execute.timeout={seconds}", "--Execute.interrupt_on_timeout=False"]
    marked = sorted(copy.iterdir())
    clear_earlier(grading, student, {path.stem for path in marked})
    for path in marked:  # one at a time: what goes wrong in one costs no time in the others
        notes += mark_notebook(path, [*words, "--notebook", path.stem], seconds)
    first = points(grading, student) if marked else f"{student}: nothing to mark"
    return "; ".join([first, *notes])


def clear_earlier(grading: Path, student: str, handed_in: set[str]) -> None:
    """Clears what a student's earlier hand-in left: the marked notebooks and their points.

    A person's points stay where the notebook was handed in again; nbgrader asks to review them.
    """
    from nbgrader.api import Gradebook, MissingEntry
    from nbgrader.utils import rmtree  # also of what Windows takes for read-only

    if (earlier := grading / "autograded" / student).exists():
        rmtree(earlier)
    with Gradebook(f"sqlite:///{grading / 'gradebook.db'}") as book, suppress(MissingEntry):
        for notebook in book.find_submission("notebooks", student).notebooks:
            again = notebook.name in handed_in
            for grade in notebook.grades:
                grade.auto_score, grade.needs_manual_grade = None, again
                if not again:
                    grade.manual_score = grade.extra_credit = None
        book.db.commit()


def mark_notebook(path: Path, words: list[str], seconds: int) -> list[str]:
    """Marks a mended notebook; where nbgrader stops at a cell, again without that cell."""
    try:
        nbgrader(*words)
        return []
    except ValueError:
        notes = disarm(path, seconds)
    try:
        nbgrader(*words)
    except ValueError as error:
        notes.append(f"{path.name} is NOT MARKED, mark it by hand ({error})")
    return notes


def mend_all(folder: Path, copy: Path) -> list[str]:
    """Copies the notebooks of the course, mended; gives a note for whatever was wrong."""
    course = {path.name for path in notebook_paths()}
    there = {path.name for path in folder.glob("[!.]*")}
    notes = [
        f"{name} is not a course notebook: not marked, unless you rename it"
        for name in sorted(there - course)
    ]
    for name in sorted(there & course):
        try:
            with warnings.catch_warnings(action="ignore"):  # of copied ids, which are renewed
                notebook = nbformat.read(folder / name, 4)
            notes += [f"{name}: {note}" for note in mend(notebook)]
        except Exception as error:  # noqa: BLE001 - nbformat raises many kinds for a broken file
            notes.append(f"{name} cannot be read, ask for it again ({type(error).__name__})")
            continue
        nbformat.write(notebook, copy / name)
    if missing := sorted(name[:2] for name in course - there):
        notes.append(f"not handed in: {', '.join(missing)}")
    return notes


def mend(notebook: NotebookNode) -> list[str]:
    """Takes nbgrader's marks from copies of cells, in place; says of which.

    Copying or splitting a cell leaves a second cell with the same id, or with none, and nbgrader
    stops at it. Both parts still run, so an answer in two cells counts as a whole.
    The kernel is this course's: a student's may have another name.
    """
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    seen, notes = set(), []
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader")
        if mark is None:
            continue
        if not FIELDS <= set(mark) or mark["grade_id"] in seen:
            del cell.metadata["nbgrader"]
            notes.append(
                f"a copy of the cell {mark.get('grade_id', 'without a name')} is not marked"
            )
        else:
            seen.add(mark["grade_id"])
    return notes


def disarm(path: Path, seconds: int) -> list[str]:
    """Finds the cells that end the kernel, or never end; puts an error in their place; says which.

    A test is locked, so the answer before it is taken instead.
    """
    from nbclient.exceptions import CellTimeoutError

    def done(execute_reply: dict, **place) -> None:
        # After exit() a kernel runs on for a moment, and would die in another cell.
        if "ask_exit" in str(execute_reply["content"].get("payload")):
            raise RuntimeError("exit() was called")

    notebook, notes, begun = nbformat.read(path, 4), [], []
    options = {"timeout": seconds, "allow_errors": True, "on_cell_executed": done}
    options["on_cell_execute"] = lambda cell, **place: begun.append(cell)
    for _ in range(MOST):
        begun.clear()
        try:
            run_cells(notebook, NOTEBOOKS, subprocess.DEVNULL, **options)
            break
        except CellTimeoutError:
            what = f"ran longer than {seconds} seconds"
        except (RuntimeError, AssertionError):  # a dead kernel is the first, now and then either
            what = "ended the kernel"
        if not begun:  # the kernel died at its start
            continue
        test = role(begun[-1]) == "test"
        cell = next(cell for cell in reversed(begun) if not test or role(cell) == "answer")
        name = cell.metadata.get("nbgrader", {}).get("grade_id") or repr(cell.source[:40])
        notes.append(f"{path.name}: the cell {name} {what}, so it was left out: look at it")
        cell.source = LEFT_OUT
    nbformat.write(notebook, path)
    return notes


def points(grading: Path, student: str) -> str:
    """What the checks gave, and how many answers a person must mark."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{grading / 'gradebook.db'}") as book:
        submission = book.find_submission("notebooks", student)
        grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
        by_check = [grade for grade in grades if grade.cell.cell_type == "code"]
        waiting = sum(grade.needs_manual_grade for grade in grades)
        most = sum(grade.max_score for grade in by_check)
        got = sum(grade.auto_score or 0 for grade in by_check)
    return f"{student}: {got:g} of {most:g} points by the checks, {waiting} answers for a person"
