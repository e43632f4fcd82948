"""The workbook as a whole: what every notebook must hold, and that the README tells the truth."""

import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from animegan_workshop.teaching import notebooks as workbook
from animegan_workshop.teaching.notebooks import PROJECT, notebook_paths

TITLES = [
    "start_here",
    "look_at_the_data",
    "the_adversarial_game",
    "build_the_generator",
    "build_the_discriminator",
    "train",
    "explore_the_latent_space",
    "measure_mode_spread",
    "rerun_the_report",
    "your_report",
]


def test_all_notebooks_are_there():
    assert [path.stem for path in notebook_paths()] == [
        f"{k:02}_{title}" for k, title in enumerate(TITLES)
    ]


@pytest.mark.parametrize("path", notebook_paths(), ids=lambda path: path.stem)
class TestNotebook:
    def test_is_saved_with_the_outputs_of_one_run(self, path):
        cells = [
            c for c in nbformat.read(path, 4).cells if c.cell_type == "code" and c.source.strip()
        ]
        assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1)), (
            "not run top to bottom"
        )
        outputs = [o for c in cells for o in c.outputs]
        assert not [o for o in outputs if o.output_type == "error"]
        assert not [o for o in outputs if "%|" in o.get("data", {}).get("text/plain", "")], (
            "a progress bar is left"
        )
        assert path.stat().st_size < 1.5 * 2**20

    def test_cells_are_short_and_explained(self, path):
        notebook = nbformat.read(path, 4)
        lines = [
            len(c.source.splitlines())
            for c in notebook.cells
            if c.cell_type == "code" and c.source.strip()
        ]
        assert max(lines) <= 30
        text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
        assert text.startswith(f"# {path.name[:2]} ")
        assert text.count("Predict, then run") >= 2
        for heading in ("## Summary", "## References"):
            assert heading in text
        objectives = text.split("you can", 1)[1].lstrip(" :").strip().split("\n\n", 1)[0]
        assert 3 <= f"\n{objectives}".count("\n- ") <= 5
        assert statistics.median(lines) <= 8

    def test_links_lead_somewhere(self, path):
        text = "\n".join(
            c.source for c in nbformat.read(path, 4).cells if c.cell_type == "markdown"
        )
        for target in re.findall(r"\]\((?!http|#|attachment)([^)#]+)", text):
            assert (path.parent / target).exists(), target

    def test_names_no_machine(self, path):
        text = path.read_text(encoding="utf-8")
        assert str(PROJECT) not in text and str(Path.home()) not in text


def test_readme_gives_the_measured_minutes():
    timings = json.loads((PROJECT / "data" / "timings.json").read_text())
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    for path in notebook_paths():
        row = next(line for line in readme.splitlines() if f"notebooks/{path.name}" in line)
        for budget in ("smoke", "laptop"):
            minutes = timings[budget]["minutes"].get(path.name[:2])
            cell = row.split("|")[-3 if budget == "smoke" else -2].strip()
            assert cell == ("" if minutes is None else f"{minutes:.1f}"), (path.name, budget)


def test_readme_links_and_pictures_exist():
    for page in [
        PROJECT / "README.md",
        *(PROJECT / "docs").glob("*.md"),
        PROJECT / "data" / "README.md",
    ]:
        for target in re.findall(r"\]\((?!http|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_weights_have_cards_and_fit():
    for path in (PROJECT / "data" / "pretrained").glob("*.safetensors"):
        assert path.with_suffix(".md").exists()
        assert path.stat().st_size < 16 * 2**20


def test_no_picture_of_a_face_set_is_tracked():
    """Only the workbook's own pictures are in git: nothing under data/ but cards, weights and numbers."""
    listed = subprocess.run(
        ["git", "ls-files", "data"], cwd=PROJECT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert not re.findall(r"\.(?:jpe?g|png|gif|bmp|npy|zip)$", listed.stdout, re.M)


def test_the_runner_says_what_is_wrong():
    words = [sys.executable, "-m", "animegan_workshop.teaching.notebooks", "run"]
    environment = os.environ | {"ANIMEGAN_BUDGET": "huge"}
    result = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, env=environment)
    assert result.returncode == 2 and "no budget is called 'huge'" in result.stderr


def test_a_short_path_means_the_folder_where_the_command_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANIMEGAN_FACES", "my_faces.zip")
    monkeypatch.setenv("ANIMEGAN_RUNS", "")
    monkeypatch.delenv("ANIMEGAN_CACHE", raising=False)
    workbook.make_paths_whole()
    assert os.environ["ANIMEGAN_FACES"] == str(tmp_path.resolve() / "my_faces.zip")
    assert os.environ["ANIMEGAN_RUNS"] == "" and "ANIMEGAN_CACHE" not in os.environ


def test_a_notebook_that_is_not_there_is_not_run_in_silence():
    with pytest.raises(ValueError, match="--only takes 00, 01, .* not 5"):
        workbook.run(in_place=False, only=["5"])
