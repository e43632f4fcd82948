"""The editions of the course, all made from the solved notebooks in notebooks/.

The student's own copy and the student edition are made here, and need no nbgrader. The release
for marking is made by nbgrader (settings: nbgrader_config.py). All have the same cells.
"""

import copy
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from animegan_helpers.files import read_json, write_atomically, write_text
from animegan_workshop.teaching.notebooks import BUILD, PROJECT, make_paths_absolute, notebook_paths

CODE_STUB = "...  # your turn: replace this line"
TEXT_STUB = "*Your answer here: click twice, and replace this line.*"
OWN = PROJECT / "my_work"
"""Where `make lab` keeps the student's own notebooks; git ignores it."""
HANDED_OUT = (
    *("README.md", "README.zh-CN.md", "LICENSE", "Makefile", "pyproject.toml", "environment.yml"),
    *("animegan_helpers", "animegan_workshop", "docs", "figures", "data"),
)
"""What a student needs besides the notebooks, without tests and nbgrader's settings."""
SURROUNDINGS = {
    "PYTHONUTF8": "1",  # else Windows writes its own encoding
    "JUPYTER_PATH": "",  # this Python's own kernel comes before a user's of the same name
    "JUPYTER_PREFER_ENV_PATH": "1",
}
"""The environment that nbgrader runs in."""
LEFT_OUT = ("__pycache__", "cache", "runs", "drawn", "node_modules")
"""What is not copied from these: running the course makes it again."""


def role(cell: NotebookNode) -> str:
    """What a cell is to nbgrader: "answer", "free" (marked by a person), "test", or ""."""
    mark = cell.metadata.get("nbgrader", {})
    if mark.get("solution"):
        return "free" if mark.get("grade") else "answer"
    return "test" if mark.get("grade") else ""


def without_region(source: str, name: str, stub: str) -> str:
    """Source with `stub`, indented alike, for the lines from "BEGIN name" to "END name".

    Raises ValueError for a region that does not end.
    """
    region = rf"^([ \t]*)[^\n]*BEGIN {name}.*?END {name}[^\n]*"
    cleared = re.sub(region, lambda match: match[1] + stub, source, flags=re.M | re.S)
    if f"BEGIN {name}" in cleared or f"END {name}" in cleared:
        raise ValueError(f"a region {name} begins or ends alone: {source[:60]!r}")
    return cleared


def student_edition(notebook: NotebookNode) -> NotebookNode:
    """A copy without solutions, hidden tests and outputs."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if role(cell) in ("answer", "free"):
            stub = CODE_STUB if cell.cell_type == "code" else TEXT_STUB
            cleared = without_region(cell.source, "SOLUTION", stub)
            cell.source = stub if cleared == cell.source else cleared
        elif role(cell) == "test":
            cell.source = without_region(cell.source, "HIDDEN TESTS", "").rstrip()
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def own_copy(folder: Path = OWN) -> list[str]:
    """Lays the notebooks without solutions into `folder`; gives a sentence for each new version.

    A notebook that is there is never overwritten. Where the course's has changed since, the new
    version is laid beside it.
    """
    said, memory = [], folder / ".versions.json"
    known = read_json(memory, "a list of versions") if memory.exists() else {}
    for path in notebook_paths():
        text = nbformat.writes(student_edition(nbformat.read(path, 4))) + "\n"
        version = hashlib.sha256(text.encode()).hexdigest()[:6]
        target, beside = folder / path.name, folder / f"{path.stem}-{version}.ipynb"
        if not target.exists():
            write_text(target, text)
        elif known.get(path.name) != version and not beside.exists():
            write_text(beside, text)
            said.append(f"{path.name} has a new version: it lies beside yours as {beside.name}")
        known[path.name] = version
    write_text(memory, json.dumps(known, indent=1) + "\n")
    return said


def write_student_edition(folder: Path | None = None) -> tuple[Path, int]:
    """Writes all that a student needs into a new folder; gives it and the number of notebooks.

    In an earlier edition it replaces what it wrote, as the file STUDENT-EDITION lists it, and
    leaves all else: a student's my_work, runs and .venv. Raises ValueError when the folder holds
    something that is not an earlier edition, or is the course that this runs from.
    """
    folder = folder or BUILD / "student"
    mark = folder / "STUDENT-EDITION"
    if folder.resolve() == PROJECT:
        raise ValueError(f"{folder} is the course itself: choose another folder")
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        raise ValueError(f"{folder} is no student edition: choose another folder, or empty it")

    def write(temporary: Path) -> None:
        (temporary / "notebooks").mkdir(parents=True)
        for name in HANDED_OUT:
            source, target = PROJECT / name, temporary / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns(*LEFT_OUT))
            elif source.exists():
                shutil.copy2(source, target)
        for path in notebook_paths():
            notebook = student_edition(nbformat.read(path, 4))
            nbformat.write(notebook, temporary / "notebooks" / path.name)
        paths = [path for path in temporary.rglob("*") if path.is_file()]
        names = sorted(path.relative_to(temporary).as_posix() for path in paths)
        lines = ["Made by `make student`, which overwrites changes in these files:", *names]
        (temporary / mark.name).write_bytes("\n".join([*lines, ""]).encode())
        if mark.exists():  # the earlier edition stays until the new one is whole
            earlier = mark.read_text(encoding="utf-8").splitlines()[1:]
            for name in [*names, mark.name]:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                os.replace(temporary / name, folder / name)
            for name in set(earlier) - set(names):
                (folder / name).unlink(missing_ok=True)
            for path in temporary.iterdir():  # folders, empty now
                shutil.rmtree(path)

    write_atomically(folder, write)
    return folder, len(notebook_paths())


def nbgrader(*words: str) -> None:
    """Runs nbgrader with the course's settings; raises ValueError with its last words."""
    if importlib.util.find_spec("nbgrader") is None:
        raise ValueError("nbgrader is not installed: make teacher")
    make_paths_absolute()
    # nbgrader calls alembic by name. It lies beside this Python, which need not be on the path.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    result = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=PROJECT,
        env=os.environ | {"PATH": path} | SURROUNDINGS,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if result.returncode:
        raise ValueError(f"nbgrader {words[0]} failed: {' '.join(result.stderr.split()[-60:])}")
