"""nbgrader gives the solved edition full marks."""

import nbformat
import pytest
from grading import (
    autograde,
    autograded_points,
    graded_notebooks,
    most_points,
    needs_nbgrader,
    solved,
)


@needs_nbgrader
class TestSolvedEdition:
    @pytest.fixture(scope="class")
    def graded(self, tmp_path_factory):
        return autograde(
            tmp_path_factory.mktemp("solved"),
            {path.name: solved(path) for path in graded_notebooks()},
        )

    @pytest.mark.parametrize("path", graded_notebooks(), ids=lambda path: path.stem)
    def test_it_gets_full_marks(self, graded, path):
        assert autograded_points(graded, path) == most_points(path)

    @pytest.mark.parametrize("path", graded_notebooks(), ids=lambda path: path.stem)
    def test_no_cell_stops(self, graded, path):
        cells = nbformat.read(graded.autograded / path.name, 4).cells
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        assert not [output for output in outputs if output.output_type == "error"]
