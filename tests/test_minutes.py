"""The minutes in the exercises' boxes are what the command reckons."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from animegan_helpers.budget import PROJECT
from animegan_helpers.course import minutes
from animegan_helpers.course.editions import role
from animegan_helpers.workbook import notebook_paths


@pytest.mark.parametrize("path", notebook_paths(), ids=lambda path: path.stem)
def test_the_boxes_hold_what_the_command_gives(path):
    notebook = nbformat.read(path, 4)
    found = minutes.with_minutes(notebook)
    assert len(found) == sum(cell.source.startswith("> **Exercise ") for cell in notebook.cells)
    for number, stood, asked in found:
        assert stood == asked.minutes, f"{number}: write it anew: python -m animegan_helpers.course.minutes"
    assert notebook == nbformat.read(path, 4)  # and in the same words


def test_all_exercises_take_what_was_planned():
    found = [row for path in notebook_paths() for row in minutes.with_minutes(nbformat.read(path, 4))]
    assert len(found) >= 25
    assert sum(asked.minutes for *_, asked in found) == pytest.approx(335 * len(found) / 25, rel=0.15)


def test_the_rubric_adds_up_minutes_and_points():
    wanted = []
    for path in notebook_paths():
        notebook = nbformat.read(path, 4)
        points = {"test": 0, "free": 0}
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade"):
                points[role(cell)] += cell.metadata.nbgrader.points
        wanted.append([sum(asked.minutes for *_, asked in minutes.with_minutes(notebook)), *points.values()])
    rows = re.findall(r"^\| (\d\d|all) \|(.*)\|$", (PROJECT / "docs" / "rubric.md").read_text(), re.M)
    found = {name: [int(cell) if cell.strip() else 0 for cell in cells.split("|")] for name, cells in rows}
    assert found == {f"{k:02}": row for k, row in enumerate(wanted) if any(row)} | {
        "all": [sum(column) for column in zip(*wanted)]
    }


def test_what_is_counted():
    assert minutes.count_words("A [mean](../docs/glossary.md#mean) of `x`:\n\n<details><summary>Hint</summary>") == 5
    assert minutes.count_tokens("    y = f(x)  # a comment\n\n    return y\n") == 8
    assert minutes.count_tokens('print(f"{a + b} of {c}", end="")\n') == 8
    assert minutes.count_docstrings('def f(x):\n    """Gives two numbers."""\n    return 1\n') == 3


def test_an_exercise_with_its_cells():
    mark = {"solution": True, "grade": False}
    code = 'def f():\n    """One two."""\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n\n\ncheck(f)'
    box = "> **Exercise 01.1: a name** · difficulty ●○○ · 20 minutes planned · 2 points\n>\n> Write it."
    cells = [
        new_markdown_cell(box),
        new_code_cell(code, metadata={"nbgrader": mark}),
        new_markdown_cell("three words here", metadata={"nbgrader": mark | {"grade": True}}),
        new_code_cell("not = 'counted'", metadata={"nbgrader": {"solution": False, "grade": True}}),
    ]
    [(number, stood, asked)] = minutes.with_minutes(new_notebook(cells=cells))
    assert (number, stood, asked) == ("01.1", 20, minutes.Work(read=4, code=2, write=3))
    assert cells[0].source.startswith("> **Exercise 01.1: a name** · difficulty ●○○ · about 5 minutes · 2 points\n>")
    assert minutes.Work(read=119 * 8).minutes == minutes.Work(write=76).minutes == minutes.Work(code=36).minutes == 10
