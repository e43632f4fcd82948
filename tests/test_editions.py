"""The editions: what students get holds no solution, and nbgrader marks it as it should."""

import os
import subprocess
import sys

import nbformat
import pytest
from grading import (
    autograde,
    autograded_points,
    graded_notebooks,
    half_solved,
    most_points,
    needs_nbgrader,
)

from animegan_workshop.teaching import editions
from animegan_workshop.teaching.notebooks import notebook_paths


def graded_cells(notebook, *roles):
    return [cell for cell in notebook.cells if editions.role(cell) in roles]


@pytest.mark.parametrize("path", graded_notebooks(), ids=lambda path: path.stem)
class TestSolvedNotebook:
    def test_cells_are_marked_for_nbgrader(self, path):
        cells = graded_cells(nbformat.read(path, 4), "answer", "free", "test")
        ids = [cell.metadata.nbgrader.grade_id for cell in cells]
        assert len(set(ids)) == len(ids)
        for cell in cells:
            mark = cell.metadata.nbgrader
            assert mark.schema_version == 3 and mark.cell_type == cell.cell_type
            assert mark.locked == (editions.role(cell) == "test")
            assert ("points" in mark) == (editions.role(cell) != "answer")
            if editions.role(cell) == "answer":
                assert (
                    "### BEGIN SOLUTION" in cell.source
                    and "checks." in cell.source.splitlines()[-1]
                )
            if editions.role(cell) == "test":
                assert "### BEGIN HIDDEN TESTS" in cell.source

    def test_each_exercise_has_a_box(self, path):
        notebook = nbformat.read(path, 4)
        if path.name.startswith("09"):
            pytest.skip("the report has instructions, not exercises")
        boxes = [cell.source for cell in notebook.cells if cell.source.startswith("> **Exercise ")]
        functions = [
            c for c in graded_cells(notebook, "answer") if "checks.prediction" not in c.source
        ]
        experiments = [c for c in graded_cells(notebook, "free") if c.cell_type == "code"]
        assert len(boxes) == len(functions) + len(experiments)
        for k, box in enumerate(boxes, start=1):
            assert (
                box.startswith(f"> **Exercise {path.name[:2]}.{k}: ")
                and " · about " in box.splitlines()[0]
            )
            assert (
                "**You will have learnt**" in box
                and "<summary>Hint</summary>" in box
                and "**Think.**" in box
            )

    def test_the_student_edition_holds_no_solution(self, path):
        solved = nbformat.read(path, 4)
        student = editions.student_edition(solved)
        for before, after in zip(solved.cells, student.cells, strict=True):
            if editions.role(before) in ("answer", "free"):
                assert editions.CODE_STUB in after.source or editions.TEXT_STUB in after.source
            if not editions.role(before):
                assert after.source == before.source
            assert after.metadata == before.metadata
        text = nbformat.writes(student)
        assert "SOLUTION" not in text and "HIDDEN" not in text
        assert not any(cell.get("outputs") for cell in student.cells)


def test_the_course_has_twenty_exercises_and_more():
    exercises, experiments = 0, 0
    for path in graded_notebooks():
        notebook = nbformat.read(path, 4)
        if not path.name.startswith("09"):
            exercises += len(graded_cells(notebook, "answer"))
            experiments += sum(cell.cell_type == "code" for cell in graded_cells(notebook, "free"))
    assert exercises + experiments >= 20 and experiments >= 2


def test_a_region_that_does_not_end_is_an_error():
    with pytest.raises(ValueError, match="begins without an end"):
        editions.without_region("x\n### BEGIN SOLUTION\ny", "SOLUTION", "stub")


def test_regions_are_cleared_where_they_stand():
    source = "def f():\n    a\n    ### BEGIN SOLUTION\n    b\n    ### END SOLUTION\n\n\ncheck(f)"
    assert editions.without_region(source, "SOLUTION", "stub") == (
        "def f():\n    a\n    stub\n\n\ncheck(f)",
        True,
    )
    assert editions.without_region("x", "SOLUTION", "stub") == ("x", False)


def test_student_folder_is_complete_and_nothing_is_overwritten(tmp_path):
    out = tmp_path / "student"
    words = [
        sys.executable,
        "-m",
        "animegan_workshop.teaching.editions",
        "student",
        "--out",
        str(out),
    ]
    for _ in range(2):  # the second time over the first
        assert subprocess.run(words, capture_output=True, text=True).returncode == 0
    assert sorted(p.name for p in (out / "notebooks").iterdir()) == [
        path.name for path in notebook_paths()
    ]
    for name in (
        "README.md",
        "pyproject.toml",
        "Makefile",
        "animegan_workshop/checks/core.py",
        "data/pretrained",
    ):
        assert (out / name).exists()
    assert not (out / "tests").exists() and not (out / "data" / "cache").exists()
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.txt").write_text("mine")
    refused = subprocess.run([*words[:-1], str(taken)], capture_output=True, text=True)
    assert (
        refused.returncode == 2
        and "something else" in refused.stderr
        and (taken / "thesis.txt").exists()
    )


def test_a_student_gets_a_report_once_the_guess_is_made(tmp_path):
    out = tmp_path / "student"
    editions.write_student_edition(out)
    words = [sys.executable, "-m", "animegan_workshop.teaching.editions", "report"]
    settings = os.environ | {"PYTHONPATH": str(out), "ANIMEGAN_RUNS": str(tmp_path / "runs")}
    untouched = subprocess.run(words, capture_output=True, text=True, cwd=out, env=settings)
    assert untouched.returncode == 2 and "your turn" in untouched.stderr.splitlines()[-1]
    path = out / "notebooks" / "09_your_report.ipynb"
    notebook = nbformat.read(path, 4)
    cell = next(cell for cell in notebook.cells if cell.id == "guess-09-modes")
    cell.source = cell.source.replace(editions.CODE_STUB, "modes_guess = 0.5")
    nbformat.write(notebook, path)
    done = subprocess.run(words, capture_output=True, text=True, cwd=out, env=settings)
    assert done.returncode == 0, done.stderr
    page = (out / "build" / "report.html").read_text(encoding="utf-8")
    assert "epochs planned" in page and "own_runs" not in page  # results, and no code


@needs_nbgrader
class TestNbgraderOnTheUntouchedEdition:
    @pytest.fixture(scope="class")
    def graded(self, tmp_path_factory):
        return autograde(tmp_path_factory.mktemp("untouched"))

    def test_nbgraders_release_has_the_same_cells_as_ours(self, graded):
        for path in graded_notebooks():
            released = nbformat.read(graded.release / path.name, 4)
            ours = editions.student_edition(nbformat.read(path, 4))
            assert [cell.source for cell in released.cells] == [
                cell.source for cell in ours.cells
            ], path.name

    def test_it_gets_nothing(self, graded):
        for path in graded_notebooks():
            assert autograded_points(graded, path) == 0, path.name

    def test_it_runs_to_the_end_and_stops_only_where_an_answer_is_due(self, graded):
        for path in graded_notebooks():
            for cell in nbformat.read(graded.autograded / path.name, 4).cells:
                errors = [
                    output.ename
                    for output in cell.get("outputs", [])
                    if output.output_type == "error"
                ]
                if editions.role(cell) in ("answer", "free"):
                    assert cell.cell_type == "markdown" or errors in (
                        ["NotDoneYet"],
                        ["NotImplementedError"],
                    )
                elif not editions.role(
                    cell
                ):  # tests are run with their hidden part here, and must fail
                    assert errors == [], f"{path.name}: {cell.source[:80]}"


@needs_nbgrader
def test_a_half_solved_notebook_gets_what_it_should(tmp_path):
    path = next(path for path in graded_notebooks() if path.name.startswith("04"))
    answers = half_solved(path, ("discriminator_block", "generator_loss"))
    graded = autograde(tmp_path, {path.name: answers}, (path,))
    assert autograded_points(graded, path) == 3 + 2
    assert most_points(path) > 5


@needs_nbgrader
def test_tampering_is_undone(tmp_path):
    """Tests emptied, points raised, a check replaced by one that always agrees: no point comes of it."""
    path = next(path for path in graded_notebooks() if path.name.startswith("01"))

    def tamper(notebook):
        answers = graded_cells(notebook, "answer")
        answers[0].source = (
            "def normalise(levels):\n    return levels\n\n\n"
            "checks.normalise = lambda *a, **k: print('Right')"
        )
        answers[1].source = "to_levels = checks.to_levels.ours\nchecks.to_levels(to_levels)"
        for cell in graded_cells(notebook, "test"):
            cell.source = "pass"
            cell.metadata.nbgrader.points = 100
        return notebook

    graded = autograde(tmp_path, {path.name: tamper}, (path,))
    assert autograded_points(graded, path) == 0
    tests = graded_cells(nbformat.read(graded.autograded / path.name, 4), "test")
    assert all("HIDDEN TESTS" in cell.source for cell in tests)
