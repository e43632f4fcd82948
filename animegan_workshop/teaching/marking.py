"""`make mark`: what a class handed in, marked student by student. nbgrader does the marking.

One student's accident never stops another's marks. What was handed in stays as it is: copies are
mended, and marked.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from animegan_workshop.teaching.editions import nbgrader
from animegan_workshop.teaching.notebooks import PROJECT, notebook_paths

GRADING = PROJECT / "grading"
FIELDS = {"grade", "grade_id", "locked", "solution"}
"""What nbgrader needs of a cell that it marks."""
ENDED = 'raise RuntimeError("this cell ended the kernel, so it was not run")'


def mark_class(grading: Path = GRADING, seconds: int = 120) -> Iterator[str]:
    """Marks each folder of grading/submitted; yields a line for each student.

    seconds: a cell that runs longer is stopped, and counts as an error. Raises ValueError where
    nothing was handed in.
    """
    handed_in = grading / "submitted"
    students = sorted(path.name for path in handed_in.glob("*") if path.is_dir())
    if not students:
        raise ValueError(f"nobody handed in: put notebooks into {handed_in}/NAME/notebooks")
    for student in students:
        copy = grading / "mended" / student / "notebooks"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir(parents=True)
        notes = mend_all(handed_in / student / "notebooks", copy)
        if not any(copy.iterdir()):
            yield "; ".join([f"{student}: nothing to mark", *notes])
            continue
        words = ["autograde", "notebooks", "--student", student, "--force"]
        words += [f"--Execute.timeout={seconds}", f"--db=sqlite:///{grading / 'gradebook.db'}"]
        words += [f"--CourseDirectory.submitted_directory={grading / 'mended'}"]
        words += [f"--CourseDirectory.autograded_directory={grading / 'autograded'}"]
        try:
            try:
                nbgrader(*words)
            except ValueError:
                notes += [note for path in sorted(copy.glob("*")) for note in disarm(path, seconds)]
                nbgrader(*words)
            yield "; ".join([points(grading, student), *notes])
        except ValueError as error:
            yield "; ".join([f"{student}: NOT MARKED, mark by hand", *notes, str(error)])


def mend_all(folder: Path, copy: Path) -> list[str]:
    """Copies the notebooks of the course, mended; gives a note for whatever was wrong."""
    course = {path.name for path in notebook_paths()}
    there = {path.name for path in folder.glob("*")}
    notes = [f"{name} is no notebook of the course: not marked" for name in sorted(there - course)]
    if missing := sorted(name[:2] for name in course - there):
        notes.append(f"not handed in: {', '.join(missing)}")
    for name in sorted(there & course):
        try:
            notebook = nbformat.read(folder / name, 4)
        except Exception as error:  # noqa: BLE001 - nbformat raises many kinds for a broken file
            notes.append(f"{name} cannot be read, ask for it again ({type(error).__name__})")
            continue
        notes += [f"{name}: {note}" for note in mend(notebook)]
        nbformat.write(notebook, copy / name)
    return notes


def mend(notebook: NotebookNode) -> list[str]:
    """Takes nbgrader's marks from copies of cells, in place; says of which.

    Copying or splitting a cell leaves a second cell with the same id, or with none, and nbgrader
    stops at it. Both parts still run, so an answer in two cells counts as a whole.
    """
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
    """Finds the cells that end the kernel, and puts an error in their place; says which."""
    from nbclient import NotebookClient
    from nbclient.exceptions import DeadKernelError

    notebook, notes, begun = nbformat.read(path, 4), [], []
    options = {"timeout": seconds, "interrupt_on_timeout": True, "allow_errors": True}
    for _ in notebook.cells:  # each round finds one
        client = NotebookClient(notebook, on_cell_start=lambda **now: begun.append(now), **options)
        try:
            client.execute(cwd=PROJECT / "notebooks")
            break
        except DeadKernelError:
            cell = begun[-1]["cell"]
            notes.append(f"{path.name}: {cell.source.strip().splitlines()[0]!r} ended the kernel")
            cell.source = ENDED
    if notes:
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
