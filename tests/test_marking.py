"""`make mark`: what a class hands in is mended and marked, whatever accidents it brings."""

from copy import deepcopy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from animegan_workshop.teaching import marking, notebooks

NAME = "01_small.ipynb"
COPIES = [f"a copy of the cell {name} is not marked" for name in ("answer-x", "without a name")]


def small(first: str = "x = 1", then: str = "y = 1"):
    """A notebook with two exercises of a point each: x and y are to be 1."""
    notebook = new_notebook()
    sources = [first, "assert x == 1", then, "assert y == 1"]
    for name, source in zip(["answer-x", "test-x", "answer-y", "test-y"], sources):
        test = name.startswith("test")
        mark = {"grade_id": name, "schema_version": 3, "cell_type": "code", "points": 1}
        mark |= {"locked": test, "grade": test, "solution": not test}
        notebook.cells.append(new_code_cell(source, metadata={"nbgrader": mark}))
    return notebook


def clumsy():
    """Right, but a cell copied, one split, a test deleted, a log on stderr, another kernel."""
    notebook = small("import sys\nx = 1\nprint('a log', file=sys.stderr)")
    notebook.metadata["kernelspec"] = {"name": "conda-gan", "display_name": "GAN"}
    notebook.cells[1] = deepcopy(notebook.cells[0])
    notebook.cells[3] = new_code_cell("z = 1", metadata={"nbgrader": {}})
    return notebook


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one notebook, beside which a copy of it lies; gives the folder for marking."""
    for module in (notebooks, marking):
        monkeypatch.setattr(module, "NOTEBOOKS", tmp_path)
    for name in (NAME, "01_small-Copy1.ipynb"):
        nbformat.write(small("### BEGIN SOLUTION\nx = 1\n### END SOLUTION"), tmp_path / name)
    return tmp_path / "grading"


def test_copies_of_cells_lose_their_marks_and_stay():
    notebook = clumsy()
    assert marking.mend(notebook) == COPIES and marking.mend(notebook) == []
    assert ["nbgrader" in cell.metadata for cell in notebook.cells] == [True, False, True, False]


@pytest.mark.parametrize("text", ["", "no notebook", "[]", '{"nbformat": 4, "metadata": {}}'])
def test_what_cannot_be_marked_is_named(course, text):
    (course / ".ipynb_checkpoints").mkdir(parents=True)  # Jupyter's own, not worth a word
    for name in (NAME, "1 (1).ipynb"):
        (course / name).write_text(text)
    other, broken = marking.mend_all(course, course / "nothing is written here")
    assert other.startswith("1 (1).ipynb is not a course notebook: not marked")
    assert broken.startswith(f"{NAME} cannot be read, ask for it again (")


FACES = 'import os\nx = os.path.isabs(os.environ["ANIMEGAN_FACES"])'
RUNS = """from animegan_helpers.budget import runs_folder
(runs_folder() / "%s").mkdir(parents=True, exist_ok=True)
y = len(list(runs_folder().iterdir()))"""  # the only run there
FUSE = "import os\nx = type('X', (), {'__eq__': lambda *_: os._exit(1)})()"  # the test meets it
ONE, TWO = (f"{got} of 2 points by the checks, 0 answers for a person" for got in (1, 2))
OUT = f"{ONE}; {NAME}: the cell answer-x %s, so it was left out: look at it"
CLASS = {
    "broken": ("", f"nothing to mark; {NAME} cannot be read, ask for it again (NotJSONError)"),
    "clumsy": (clumsy(), "; ".join([TWO, *(f"{NAME}: {copy}" for copy in COPIES)])),
    "endless": (small("while True:\n    pass"), OUT % "ran longer than 9 seconds"),
    "exit": (small("exit()", "import time\ntime.sleep(4)\ny = 1"), OUT % "ended the kernel"),
    "fuse": (small(FUSE, RUNS % "fuse"), OUT % "ended the kernel"),
    "good": (small(FACES, RUNS % "good"), TWO),
    "killed": (small("import os\nos._exit(1)", RUNS % "killed"), OUT % "ended the kernel"),
}
"""What a student hands in -> what the line says."""


@pytest.mark.slow
def test_every_student_of_a_class_gets_a_line(course, monkeypatch):
    api = pytest.importorskip("nbgrader.api", reason="make teacher")
    monkeypatch.setenv("ANIMEGAN_FACES", "my_faces.zip")
    assert marking.release(course) == ["01_small-Copy1.ipynb"]
    assert not (course / "release" / "notebooks" / "01_small-Copy1.ipynb").exists()
    for student, (handed_in, _) in CLASS.items():
        path = course / "submitted" / student / "notebooks" / NAME
        path.parent.mkdir(parents=True)
        path.write_text(handed_in and nbformat.writes(handed_in), encoding="utf-8")
    lines = [f"{student}: {said}" for student, (_, said) in CLASS.items()]
    assert list(marking.mark_class(course, seconds=9)) == lines

    two = "clumsy", "good"
    with api.Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        gone, again = (book.find_submission("notebooks", name) for name in two)
        for submission in (gone, again):  # marked by hand, too
            submission.notebooks[0].grades[0].manual_score = 1
        book.db.commit()
        (course / "submitted" / "clumsy" / "notebooks" / NAME).unlink()  # they hand in again
        monkeypatch.setattr(marking, "nbgrader", lambda *words: int("no kernel"))
        said = [marking.mark_student(course, name, 9).split(" by")[0] for name in two]
        assert said == ["clumsy: nothing to mark; not handed in: 01", "good: 0 of 2 points"]
        assert [gone.score, again.score] == [0, 1]
    assert not set(two) & {path.name for path in (course / "autograded").iterdir()}
