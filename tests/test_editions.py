"""The editions: what students get holds no solution, and nbgrader marks it as it should."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from animegan_helpers.files import write_text
from animegan_workshop import checks
from animegan_workshop.teaching import editions, marking
from animegan_workshop.teaching.notebooks import notebook_paths


def cells_of(notebook, *roles: str) -> list:
    """The cells of a notebook, or of its file, that have one of these roles."""
    if isinstance(notebook, Path):
        notebook = nbformat.read(notebook, 4)
    return [cell for cell in notebook.cells if editions.role(cell) in roles]


GRADED = [path for path in notebook_paths() if cells_of(path, "answer", "free", "test")]


@pytest.mark.parametrize("path", GRADED, ids=lambda path: path.stem)
class TestSolvedNotebook:
    def test_cells_are_marked_for_nbgrader(self, path):
        cells = cells_of(path, "answer", "free", "test")
        ids = [cell.metadata.nbgrader.grade_id for cell in cells]
        assert len(set(ids)) == len(ids)
        for cell in cells:
            mark, role = cell.metadata.nbgrader, editions.role(cell)
            assert mark.schema_version == 3 and mark.cell_type == cell.cell_type
            assert mark.locked == (role == "test") and ("points" in mark) == (role != "answer")
            if role == "answer":
                assert "### BEGIN SOLUTION" in cell.source
                marked = re.sub("^(answer|guess)-", "test-", mark.grade_id) in ids
                assert not marked or "checks." in cell.source.splitlines()[-1]
            if role == "test":
                assert "### BEGIN HIDDEN TESTS" in cell.source

    def test_the_student_edition_holds_no_solution(self, path):
        solved = nbformat.read(path, 4)
        student = editions.student_edition(solved)
        for before, after in zip(solved.cells, student.cells, strict=True):
            if editions.role(before) in ("answer", "free"):
                assert editions.CODE_STUB in after.source or editions.TEXT_STUB in after.source
            elif not editions.role(before):
                assert after.source == before.source
            assert after.metadata == before.metadata and not after.get("outputs")
        text = nbformat.writes(student)
        assert "SOLUTION" not in text and "HIDDEN" not in text


def test_every_exercise_has_a_check_that_the_notebooks_call():
    cells = [cell for path in GRADED for cell in cells_of(path, "answer")]
    called = set(re.findall(r"checks\.(\w+)\(", "\n".join(cell.source for cell in cells)))
    exercises = {name for name, check in vars(checks).items() if hasattr(check, "judge")}
    assert exercises == called - {"prediction"} and len(exercises) >= 20


def test_regions_are_cleared_where_they_stand():
    source = "def f():\n    a\n    ### BEGIN SOLUTION\n    b\n    ### END SOLUTION\n\n\ncheck(f)"
    cleared = editions.without_region(source, "SOLUTION", "stub")
    assert cleared == "def f():\n    a\n    stub\n\n\ncheck(f)"
    with pytest.raises(ValueError, match="begins or ends alone"):
        editions.without_region("x\n### BEGIN SOLUTION\ny", "SOLUTION", "stub")


def test_student_folder_is_complete_and_nothing_is_overwritten(tmp_path, monkeypatch):
    out, gone = tmp_path / "student", "animegan_workshop/checks/e01_1_gone.py"
    assert editions.write_student_edition(out) == (out, 11)
    with (out / "STUDENT-EDITION").open("a") as mark:
        mark.write(f"{gone}\n")  # an exercise of the edition before
    own = ["my_work/00_start_here.ipynb", ".venv/ready", "data/runs/05/history.csv"]
    for name in [*own, gone, "Makefile"]:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("mine")
    assert editions.write_student_edition(out) == (out, 11)
    assert all((out / name).read_text() == "mine" for name in own)
    assert not (out / gone).exists() and (out / "Makefile").read_text() != "mine"
    assert not list(out.glob(".*.tmp"))
    names = [path.name for path in notebook_paths()]
    assert sorted(path.name for path in (out / "notebooks").iterdir()) == names
    assert (out / "animegan_workshop" / "checks").is_dir()
    assert not (out / "tests").exists()
    course = tmp_path / "course"
    for name in ("cache", "runs", "drawn", "reference"):  # the first three are the teacher's own
        write_text(course / "data" / name / "file", "")
    monkeypatch.setattr(editions, "PROJECT", course)
    editions.write_student_edition(tmp_path / "other")
    assert os.listdir(tmp_path / "other" / "data") == ["reference"]
    (tmp_path / "thesis.txt").write_text("mine")
    monkeypatch.setattr(editions, "PROJECT", out)
    for folder, said in ((tmp_path, "is no student edition"), (out, "is the course itself")):
        with pytest.raises(ValueError, match=said):
            editions.write_student_edition(folder)
    assert (tmp_path / "thesis.txt").exists()


def solve(notebook, path: Path, names: tuple[str, ...] = ("",)) -> None:
    """Puts the teacher's answers into the cells whose grade id ends in one of the names."""
    answers = {c.metadata.nbgrader.grade_id: c.source for c in cells_of(path, "answer", "free")}
    for cell in cells_of(notebook, "answer", "free"):
        if cell.metadata.nbgrader.grade_id.endswith(names):
            cell.source = answers[cell.metadata.nbgrader.grade_id]


@pytest.mark.slow
def test_a_student_gets_a_report_once_the_guess_is_made(tmp_path):
    out, _ = editions.write_student_edition(tmp_path / "student")
    words = [sys.executable, "-m", "animegan_helpers", "report"]
    settings = os.environ | {"PYTHONPATH": str(out), "ANIMEGAN_RUNS": str(tmp_path / "runs")}
    untouched = subprocess.run(words, capture_output=True, encoding="utf-8", cwd=out, env=settings)
    assert untouched.returncode == 2 and "stops at a cell" in untouched.stderr
    [path] = (out / "notebooks").glob("09*")
    notebook = nbformat.read(path, 4)
    solve(notebook, BY_NUMBER["09"], ("answer-09-modes",))
    nbformat.write(notebook, path)
    subprocess.run(words, check=True, cwd=out, env=settings)
    page = (out / "build" / "report.html").read_text(encoding="utf-8")
    assert "epochs planned" in page and "own_runs" not in page  # results, no code, no guide


def half_solve(notebook, path: Path) -> None:
    solve(notebook, path, ("discriminator_block", "receptive_field"))


def tamper(notebook, path: Path) -> None:
    """Empties the tests, raises the points, and makes a check agree always."""
    first, second = cells_of(notebook, "answer")[:2]
    first.source = (
        "def normalise(levels):\n    return levels\n\n\n"
        "checks.normalise = lambda *a, **k: print('Right')"
    )
    second.source = "to_levels = checks.to_levels.ours\nchecks.to_levels(to_levels)"
    for cell in cells_of(notebook, "test"):
        cell.source, cell.metadata.nbgrader.points = "pass", 100


BY_NUMBER = {path.name[:2]: path for path in GRADED}
STUDENTS = {
    "untouched": (GRADED, lambda notebook, path: None),
    "solved": (GRADED, solve),
    "half": ([BY_NUMBER["04"]], half_solve),
    "tampering": ([BY_NUMBER["01"]], tamper),
}
"""Who hands in which notebooks, and what was done to them."""


@pytest.mark.slow
@pytest.mark.skipif(not importlib.util.find_spec("nbgrader"), reason="make teacher")
class TestNbgrader:
    @pytest.fixture(scope="class")
    def folder(self, tmp_path_factory):
        """Where nbgrader has released the notebooks, and marked what the students handed in."""
        folder = tmp_path_factory.mktemp("grading")
        marking.release(folder)
        for student, (paths, change) in STUDENTS.items():
            handed_in = folder / "submitted" / student / "notebooks"
            handed_in.mkdir(parents=True)
            for path in paths:
                notebook = nbformat.read(folder / "release" / "notebooks" / path.name, 4)
                change(notebook, path)
                nbformat.write(notebook, handed_in / path.name)
        where = marking.places(folder, "submitted", "autograded")
        editions.nbgrader("autograde", "notebooks", "--force", *where)
        return folder

    def points(self, folder, student: str, path: Path) -> float:
        """What the cells that nbgrader marks by itself got."""
        from nbgrader.api import Gradebook

        free = {cell.metadata.nbgrader.grade_id for cell in cells_of(path, "free")}
        with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
            grades = book.find_submission_notebook(path.stem, "notebooks", student).grades
            return sum(grade.auto_score or 0 for grade in grades if grade.name not in free)

    def errors(self, folder, student: str, path: Path, *roles: str) -> list[str]:
        """The errors in the code cells of these roles, as marked; "" for a cell without."""
        cells = cells_of(folder / "autograded" / student / "notebooks" / path.name, *roles)
        outputs = [cell.outputs for cell in cells if cell.cell_type == "code"]
        return ["".join(o.ename for o in out if o.output_type == "error") for out in outputs]

    @pytest.mark.parametrize("path", GRADED, ids=lambda path: path.stem)
    def test_untouched_it_gets_nothing_and_stops_only_where_an_answer_is_due(self, folder, path):
        released = nbformat.read(folder / "release" / "notebooks" / path.name, 4)
        ours = editions.student_edition(nbformat.read(path, 4))
        assert [cell.source for cell in released.cells] == [cell.source for cell in ours.cells]
        assert self.points(folder, "untouched", path) == 0
        assert not any(self.errors(folder, "untouched", path, ""))
        due, cells = {"NotDoneYet", "NotImplementedError"}, cells_of(path, "answer")
        errors = zip(cells, self.errors(folder, "untouched", path, "answer"))
        assert {error for cell, error in errors if "checks." in cell.source} <= due

    @pytest.mark.parametrize("path", GRADED, ids=lambda path: path.stem)
    def test_solved_it_gets_full_marks(self, folder, path):
        assert self.points(folder, "solved", path) == most_points(path)
        assert not any(self.errors(folder, "solved", path, "", "answer", "free", "test"))

    def test_half_solved_it_gets_what_it_should(self, folder):
        path = BY_NUMBER["04"]
        assert self.points(folder, "half", path) == 2 + 2 < most_points(path)

    def test_tampering_is_undone(self, folder):
        path = BY_NUMBER["01"]
        assert self.points(folder, "tampering", path) == 0
        tests = cells_of(folder / "autograded" / "tampering" / "notebooks" / path.name, "test")
        assert all("HIDDEN TESTS" in cell.source for cell in tests)


def most_points(path: Path) -> float:
    """The points of the cells that nbgrader marks by itself."""
    return sum(cell.metadata.nbgrader.points for cell in cells_of(path, "test"))


def test_your_own_copy_is_never_overwritten(tmp_path, monkeypatch):
    """It is laid once; a new version of the course's notebook is laid beside it, and said."""
    [path, *_] = notebook_paths()
    monkeypatch.setattr(editions, "notebook_paths", lambda: [path])
    own = tmp_path / "my_work"
    assert editions.own_copy(own) == []
    mine = own / path.name
    assert "END SOLUTION" not in mine.read_text(encoding="utf-8")
    mine.write_text("my answers", encoding="utf-8")
    assert editions.own_copy(own) == [] and mine.read_text(encoding="utf-8") == "my answers"
    changed = tmp_path / path.name
    changed.write_bytes(path.read_bytes().replace(b"# 00 Start here", b"# 00 Start anew"))
    monkeypatch.setattr(editions, "notebook_paths", lambda: [changed])
    [sentence] = editions.own_copy(own)
    assert mine.read_text(encoding="utf-8") == "my answers" and "lies beside yours" in sentence
    [beside] = set(own.glob("00*.ipynb")) - {mine}
    assert beside.name in sentence and "Start anew" in beside.read_text(encoding="utf-8")
