"""The rules between the two houses, and what an import may load."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
HELPERS = sorted((PROJECT / "animegan_helpers").glob("*.py"))
NOTEBOOKS = sorted((PROJECT / "notebooks").glob("[0-9]*.ipynb"))
FOR_NOTEBOOKS = ("checks", "drawing", "experiments", "report")
FOR_THE_FIRST = (*FOR_NOTEBOOKS, "teaching.environment")  # notebook 00: is this machine ready?


@pytest.mark.parametrize("path", HELPERS, ids=lambda path: path.stem)
def test_helpers_import_the_workshop_only_inside_functions(path):
    statements = ast.parse(path.read_text("utf-8")).body
    imports = [ast.unparse(s) for s in statements if isinstance(s, (ast.Import, ast.ImportFrom))]
    assert "animegan_workshop" not in " ".join(imports)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_import_what_is_made_for_them(path):
    allowed = FOR_THE_FIRST if path.name.startswith("00") else FOR_NOTEBOOKS
    text = path.read_text("utf-8")
    imports = re.findall(r'"\s*(?:from|import) animegan_workshop(?: import |\.)([\w.]+)', text)
    assert all(name.startswith(allowed) for name in imports), imports


HELP = """
import contextlib, io, sys
import animegan_helpers
from animegan_helpers.__main__ import main
from animegan_workshop.commands import all_commands
for words in [[], *([command.name] for command in all_commands())]:
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as printed:
        main([*words, "--help"])
    assert printed.getvalue().startswith("usage: "), words
    assert not {"torch", "matplotlib", "numpy"} & set(sys.modules), words
"""
WITHOUT_JUPYTER = """
import sys
for name in "ipywidgets IPython jupyterlab ipykernel nbformat nbclient".split():
    sys.modules[name] = None
import animegan_helpers.runs, animegan_helpers.live
import animegan_helpers.measures, animegan_helpers.latent
"""


@pytest.mark.parametrize("code", [HELP, WITHOUT_JUPYTER], ids=["help", "no Jupyter"])
def test_what_is_loaded(code):
    """No torch for --help; no Jupyter to train and measure."""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT)
