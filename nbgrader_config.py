"""Settings of nbgrader: notebooks/ is the source; what it makes goes under grading/.

Git ignores that folder.
"""

from pathlib import Path

from animegan_workshop.teaching.editions import CODE_STUB, TEXT_STUB

c = get_config()  # noqa: F821

HERE = Path(__file__).resolve().parent
c.CourseDirectory.course_id = "animegan"
c.CourseDirectory.root = str(HERE / "grading")
c.CourseDirectory.source_directory = str(HERE)  # with `notebooks` as the assignment's name
c.ClearSolutions.code_stub = {"python": CODE_STUB}
c.ClearSolutions.text_stub = TEXT_STUB
c.Execute.timeout = 1800  # a notebook's longest cell trains a network
c.IgnorePattern.enabled = True  # a right answer may write to stderr: a log, a progress bar
c.IgnorePattern.pattern = "."
c.OverwriteCells.add_missing_cells = True  # a test that a student deleted
