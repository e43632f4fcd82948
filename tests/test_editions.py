"""The editions: what students get holds no solution, and nbgrader marks it as it should."""

import os
import subprocess
import sys

import nbformat
import pytest
from grading import autograde, cells_of, graded_notebooks, most_points, needs_nbgrader, solve

from animegan_workshop.teaching import editions
from animegan_workshop.teaching.notebooks import notebook_paths


def numbered(number: str):
    [path] = [path for path in graded_notebooks() if path.name.startswith(number)]
    return path


@pytest.mark.parametrize("path", graded_notebooks(), ids=lambda path: path.stem)
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
                assert "checks." in cell.source.splitlines()[-1]
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


def test_the_course_has_twenty_exercises_and_more():
    lessons = [path for path in graded_notebooks() if not path.name.startswith("09")]
    exercises = [cell for path in lessons for cell in cells_of(path, "answer")]
    free = [cell for path in lessons for cell in cells_of(path, "free")]
    experiments = [cell for cell in free if cell.cell_type == "code"]
    assert len(exercises) + len(experiments) >= 20 and len(experiments) >= 2


def test_regions_are_cleared_where_they_stand():
    source = "def f():\n    a\n    ### BEGIN SOLUTION\n    b\n    ### END SOLUTION\n\n\ncheck(f)"
    cleared = editions.without_region(source, "SOLUTION", "stub")
    assert cleared == "def f():\n    a\n    stub\n\n\ncheck(f)"
    with pytest.raises(ValueError, match="begins or ends alone"):
        editions.without_region("x\n### BEGIN SOLUTION\ny", "SOLUTION", "stub")


def test_student_folder_is_complete_and_nothing_is_overwritten(tmp_path):
    out = tmp_path / "student"
    for _ in range(2):  # the second time over the first
        assert editions.write_student_edition(out) == (out, 10)
    names = [path.name for path in notebook_paths()]
    assert sorted(path.name for path in (out / "notebooks").iterdir()) == names
    assert (out / "animegan_workshop" / "checks").is_dir() and (out / "Makefile").exists()
    assert not (out / "tests").exists() and not (out / "data" / "cache").exists()
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="is no student edition"):
        editions.write_student_edition(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.slow
def test_a_student_gets_a_report_once_the_guess_is_made(tmp_path):
    out, _ = editions.write_student_edition(tmp_path / "student")
    words = [sys.executable, "-m", "animegan_helpers", "report"]
    settings = os.environ | {"PYTHONPATH": str(out), "ANIMEGAN_RUNS": str(tmp_path / "runs")}
    untouched = subprocess.run(words, capture_output=True, encoding="utf-8", cwd=out, env=settings)
    assert untouched.returncode == 2 and "stops at a cell" in untouched.stderr
    [path] = (out / "notebooks").glob("09*")
    notebook = nbformat.read(path, 4)
    solve(notebook, numbered("09"), ("guess-09-modes",))
    nbformat.write(notebook, path)
    subprocess.run(words, check=True, cwd=out, env=settings)
    page = (out / "build" / "report.html").read_text(encoding="utf-8")
    assert "epochs planned" in page and "own_runs" not in page  # results, no code, no guide


def errors_in(cell) -> list[str]:
    outputs = cell.get("outputs", [])
    return [output.ename for output in outputs if output.output_type == "error"]


@pytest.mark.slow
@needs_nbgrader
class TestNbgrader:
    def test_the_untouched_edition_gets_nothing(self, tmp_path):
        """nbgrader's release has the same cells as ours, and stops only where an answer is due."""
        graded = autograde(tmp_path, lambda notebook, path: None, graded_notebooks())
        for path in graded_notebooks():
            released = nbformat.read(graded.release / path.name, 4)
            ours = editions.student_edition(nbformat.read(path, 4))
            assert [c.source for c in released.cells] == [c.source for c in ours.cells]
            assert graded.points(path) == 0
            marked = graded.autograded / path.name
            assert [c for c in cells_of(marked, "") if errors_in(c)] == []
            answers = [c for c in cells_of(marked, "answer", "free") if c.cell_type == "code"]
            due = [["NotDoneYet"], ["NotImplementedError"]]
            assert all(errors_in(cell) in due for cell in answers)

    def test_the_solved_edition_gets_full_marks(self, tmp_path):
        graded = autograde(tmp_path, solve, graded_notebooks())
        for path in graded_notebooks():
            cells = nbformat.read(graded.autograded / path.name, 4).cells
            assert [cell.source for cell in cells if errors_in(cell)] == []
            assert graded.points(path) == most_points(path)

    def test_a_half_solved_notebook_gets_what_it_should(self, tmp_path):
        path, solved = numbered("04"), ("discriminator_block", "generator_loss")
        graded = autograde(tmp_path, lambda notebook, path: solve(notebook, path, solved), [path])
        assert graded.points(path) == 3 + 2 < most_points(path)

    def test_tampering_is_undone(self, tmp_path):
        """Tests emptied, points raised, a check that always agrees: no point comes of it."""
        path = numbered("01")

        def tamper(notebook, path):
            first, second = cells_of(notebook, "answer")[:2]
            first.source = (
                "def normalise(levels):\n    return levels\n\n\n"
                "checks.normalise = lambda *a, **k: print('Right')"
            )
            second.source = "to_levels = checks.to_levels.ours\nchecks.to_levels(to_levels)"
            for cell in cells_of(notebook, "test"):
                cell.source, cell.metadata.nbgrader.points = "pass", 100

        graded = autograde(tmp_path, tamper, [path])
        assert graded.points(path) == 0
        tests = cells_of(graded.autograded / path.name, "test")
        assert all("HIDDEN TESTS" in cell.source for cell in tests)
