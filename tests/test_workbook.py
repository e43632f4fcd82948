"""The notebooks as a whole, the pages about them, and the tools that run them."""

import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from PIL import Image

from animegan_helpers import budget
from animegan_helpers.files import WriteError
from animegan_workshop.teaching import count, environment, notebooks, testing
from animegan_workshop.teaching.notebooks import PROJECT, notebook_paths

PAGES = [*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md"), PROJECT / "data" / "README.md"]


@pytest.mark.parametrize("path", notebook_paths(), ids=lambda path: path.stem)
class TestNotebook:
    def test_is_saved_with_the_outputs_of_one_run(self, path):
        cells = [c for c in nbformat.read(path, 4).cells if c.cell_type == "code" and c.source]
        runs = [cell.execution_count for cell in cells]
        assert runs == list(range(1, len(cells) + 1)), "not run top to bottom"
        outputs = [output for cell in cells for output in cell.outputs]
        assert not [o for o in outputs if o.output_type == "error" or notebooks.is_progress(o)]
        assert path.stat().st_size < 2 * 2**20  # faces are saved whole, not cut to 256 colours

    def test_cells_are_short_and_lead_on(self, path):
        """Cells that a reader reads are short; the first and the last line link the neighbours."""
        cells = nbformat.read(path, 4).cells
        code = [c.source for c in cells if c.cell_type == "code" and not count.folded(c)]
        lines = [len(source.splitlines()) for source in code if source.strip()]
        assert max(lines) <= 40 and statistics.median(lines) <= 8
        texts = [c.source for c in cells if c.cell_type == "markdown"]
        assert re.match(rf"<small>.*</small>\n+# {path.name[:2]} ", texts[0])
        assert texts[-1].rstrip().endswith("</small>") and ".ipynb" in texts[-1]

    def test_every_picture_has_a_text_for_those_who_cannot_see_it(self, path, tmp_path):
        notebooks.write_page(nbformat.read(path, 4), tmp_path / "page.html")
        html = (tmp_path / "page.html").read_text("utf-8")
        assert "No description has been provided" not in html  # what nbconvert writes without one
        assert 'alt="a picture"' not in html  # what our template writes

    def test_names_no_machine(self, path):
        text = path.read_text(encoding="utf-8")
        assert str(PROJECT) not in text and str(Path.home()) not in text


@pytest.mark.parametrize("path", [*PAGES, *notebook_paths()], ids=lambda path: path.stem)
def test_links_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = nbformat.reads(text, 4).cells
        text = "\n".join(c.source for c in cells if c.cell_type == "markdown")
    targets = re.findall(r"\]\((?!http|#|attachment)([^)#]+)", text)
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_weights_have_cards_and_fit():
    for path in (PROJECT / "data" / "pretrained").glob("*.safetensors"):
        assert path.with_suffix(".md").exists() and path.stat().st_size < 16 * 2**20


def test_no_picture_of_a_face_set_is_tracked():
    words = ["git", "ls-files", "data"]
    listed = subprocess.run(words, cwd=PROJECT, capture_output=True, encoding="utf-8")
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert not re.findall(r"\.(?:jpe?g|png|gif|bmp|npy|zip)$", listed.stdout, re.M)


def test_a_short_path_means_the_folder_where_the_command_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANIMEGAN_FACES", "my_faces.zip")
    monkeypatch.setenv("ANIMEGAN_RUNS", "")
    notebooks.make_paths_absolute()
    assert os.environ["ANIMEGAN_FACES"] == str(tmp_path.resolve() / "my_faces.zip")
    assert os.environ["ANIMEGAN_RUNS"] == ""


def test_a_notebook_that_cannot_be_written_stays_as_it_was(tmp_path, monkeypatch, capsys):
    path = tmp_path / "05_x.ipynb"
    path.write_text("before", encoding="utf-8")
    monkeypatch.setattr(notebooks, "notebook_paths", lambda: [path])
    monkeypatch.setattr(notebooks, "execute", lambda path: nbformat.v4.new_notebook())
    monkeypatch.setattr(os, "replace", lambda *names: (_ for _ in ()).throw(OSError("disk full")))
    assert notebooks.run_all(in_place=True, only=[]) == 1
    assert "FAILED: cannot write" in capsys.readouterr().out
    assert [p.name for p in tmp_path.iterdir()] == ["05_x.ipynb"]
    assert path.read_text(encoding="utf-8") == "before"
    with pytest.raises(WriteError):
        notebooks.write_page(nbformat.v4.new_notebook(), tmp_path / "page.html")


def code_cells(number: str) -> list:
    """Fresh copies of a notebook's code cells."""
    path = next(path for path in notebook_paths() if path.name.startswith(number))
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def executed(folder: Path, *sources: str) -> list:
    """The cells of a notebook of these sources, run."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    path = folder / "a.ipynb"
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    return notebooks.execute(path).cells


@pytest.mark.parametrize("backend", ["agg", "TkAgg"])
def test_pictures_are_shown_whatever_backend_is_exported(backend, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", backend)
    [drawing] = [cell.source for cell in code_cells("00") if "pyplot" in cell.source]
    start = 'from animegan_helpers.budget import start_notebook\nstart_notebook("01")'
    plot = "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()"
    for cells in (executed(tmp_path, drawing), executed(tmp_path, start, plot)):
        assert "image/png" in cells[-1].outputs[-1].data


def test_the_minutes_measured_elsewhere_are_scaled_to_this_machine(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(budget, "DATA", tmp_path)
    monkeypatch.setattr(notebooks, "TIMINGS", tmp_path / "timings.json")
    monkeypatch.setattr(notebooks, "training_speed", lambda *_, **__: 2_000.0)
    monkeypatch.setattr(budget, "training_speed", lambda preset: 1_000.0)
    for machine, minutes in (("a", {"05": 9.0}), ("b", {"05": 6.0}), ("b", {"06": 1.0})):
        monkeypatch.setattr(notebooks, "hardware", lambda machine=machine: machine)
        notebooks.record_minutes("laptop", minutes)
    for name, epochs, said in (("laptop", 8, "about 12 min"), ("gpu", 20, "20 epochs")):
        monkeypatch.setenv("ANIMEGAN_BUDGET", name)
        assert budget.start_notebook("05").epochs == epochs and said in capsys.readouterr().out


def test_a_kernel_of_the_users_without_ipykernel_is_not_taken(tmp_path, monkeypatch):
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    argv = [sys.executable, "-c", "raise SystemExit(1)", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Python 3", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert executed(tmp_path, "1 + 1")[0].outputs[0].data["text/plain"] == "2"


@pytest.mark.slow
@pytest.mark.parametrize("number", ["01", "05", "09"])
def test_faces_of_ones_own_may_be_too_few_or_all_the_same(number, tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMEGAN_FACES", str(tmp_path))
    sources = [cell.source for cell in code_cells(number)]
    first = next(k for k, source in enumerate(sources, start=1) if "= load_faces(" in source)
    told = "10 faces could be read .*, and (200|40) are needed"
    for k in range(250):  # half of them are no whole number of batches
        if k == 10:
            with pytest.raises(ValueError, match=told):
                executed(tmp_path, *sources[:first])
        Image.new("RGB", (64, 64)).save(tmp_path / f"{k}.png")
    executed(tmp_path, *sources)


@pytest.mark.slow
@pytest.mark.parametrize("number", ["00", "03", "04", "05"])
def test_every_cell_can_run_twice(number, tmp_path):
    executed(tmp_path, *(cell.source for cell in code_cells(number) for _ in range(2)))


ASKS_BEFORE_IT_ENDS = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs ignore it
print("ready", flush=True)
try:
    time.sleep(30)
except KeyboardInterrupt:
    time.sleep(0.6)  # "Shut down this server (y/n)?"
    sys.exit(7)
"""


@pytest.mark.skipif(os.name == "nt", reason="a process group is interrupted the way of POSIX")
def test_a_program_has_time_to_answer_an_interrupt():
    code = "import sys; from animegan_workshop.teaching.notebooks import call_interactive as call; "
    code += "sys.exit(call([sys.executable, '-c', sys.argv[1]]))"
    words = [sys.executable, "-c", code, ASKS_BEFORE_IT_ENDS]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=PROJECT, stdout=pipe, start_new_session=True) as parent:
        assert parent.stdout.readline() == b"ready\n"
        time.sleep(0.1)  # the parent waits by now
        os.killpg(parent.pid, signal.SIGINT)  # as a terminal does: to both
        assert parent.wait() == 7


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signal to another process")
def test_an_interrupt_ends_the_run_of_all_notebooks(tmp_path):
    """nbclient ends the kernel alone, and the next notebook would begin."""
    stop = nbformat.v4.new_code_cell("import os, time\nos.kill(os.getppid(), 2)\ntime.sleep(60)")
    nbformat.write(nbformat.v4.new_notebook(cells=[stop]), tmp_path / "one.ipynb")
    with pytest.raises(KeyboardInterrupt):
        notebooks.execute(tmp_path / "one.ipynb")


def test_every_step_of_the_tests_runs_and_a_failure_is_the_status(monkeypatch, capsys):
    steps, statuses = [], [3, 0, 1]
    monkeypatch.setattr(
        subprocess, "call", lambda step, cwd: steps.append(step) or statuses[len(steps) - 1]
    )
    assert testing.run_tests() == 3 and len(steps) == 3
    assert {str(path) for path in notebook_paths()} < set(steps[2])
    assert "the tests took" in capsys.readouterr().out


def test_code_lines_are_counted_by_the_rule():
    function = 'def f():\n    """Doc.\n\n    More."""\n    y = """a\n\nb"""\n'
    assert count.code_lines(f'"""Doc."""\n\n# comment\nx = 1\n\n{function}') == 5


def test_words_and_lines_of_a_notebook():
    text = {"cell_type": "markdown", "metadata": {}, "source": ["<b>two</b> words $x + y$"]}
    code = {"cell_type": "code", "metadata": {}, "source": ['%env A=1\nprint(f"three {x} words")']}
    region = ["x = 1\n", "### BEGIN SOLUTION\n", "y = 2\n", "z = 3\n", "### END SOLUTION\n"]
    mine = code | {"source": region}
    folded = code | {"metadata": {"jupyter": {"source_hidden": True}}}
    made = code | {"source": ['rows = ["| a | five words in a row |"]\nMarkdown(rows[0] + "key")']}
    assert [count.words(cell) for cell in (text, code, made)] == [2, 2, 9]
    assert count.students_share([text, code, mine, folded]) == (2, 5)


def test_the_environment_is_looked_at(monkeypatch):
    assert [check.name for check in environment.check_environment() if check.mend] == []
    monkeypatch.setitem(sys.modules, "torchvision", None)  # an import of it fails
    [broken] = [check for check in environment.check_environment() if check.mend]
    assert broken.name == "torchvision" and "make env" in str(broken)
