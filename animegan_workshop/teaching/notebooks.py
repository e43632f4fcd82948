"""The notebooks as a whole: open them, run them all, write them as pages."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from animegan_helpers.budget import BUDGETS, DATA, PROJECT, choose_budget, training_speed
from animegan_helpers.files import read_json, writable, write_text
from animegan_workshop.hardware import hardware

NOTEBOOKS = PROJECT / "notebooks"
BUILD = PROJECT / "build"
TIMINGS = DATA / "timings.json"


def notebook_paths() -> list[Path]:
    """The notebooks, in reading order, without copies such as 05_train-Copy1.ipynb."""
    return sorted(p for p in NOTEBOOKS.glob("*.ipynb") if re.fullmatch(r"\d\d_\w+", p.stem))


def make_paths_absolute() -> None:
    """Kernels work in a notebook's folder, where a relative path would mean another place."""
    for name in ("ANIMEGAN_FACES", "ANIMEGAN_CACHE", "ANIMEGAN_RUNS"):
        if os.environ.get(name):
            os.environ[name] = str(Path(os.environ[name]).expanduser().resolve())


def lab(notebook: Path) -> int:
    """Opens JupyterLab on a notebook; without a browser, it prints its address."""
    make_paths_absolute()
    words = [sys.executable, "-m", "jupyter", "lab", str(notebook.resolve())]
    if notebook.resolve().is_relative_to(PROJECT):  # notebooks link to docs/ and figures/
        words.append(f"--ServerApp.root_dir={PROJECT}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # a container; JupyterLab refuses root there
        words.append("--allow-root")
    return call_interactive(words)


def call_interactive(words: list[str]) -> int:
    """Runs a program that answers Ctrl-C itself, and waits until it ends; gives its exit status.

    In its terminals `python` is the one that runs this.
    """
    paths = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    child = subprocess.Popen(words, cwd=PROJECT, env=os.environ | {"PATH": os.pathsep.join(paths)})
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to both
    try:
        return child.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def run_cells(notebook: NotebookNode, folder: Path, stderr: int | None = None, **options) -> None:
    """Runs a notebook's cells in `folder`, in place, with options of nbclient's NotebookClient.

    stderr: where the kernel's own messages go, as subprocess takes it.
    """
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpecManager
    from nbclient import NotebookClient

    make_paths_absolute()
    # This Python's own kernel: a user may have another one under the name python3. The manager
    # must be asynchronous: with the other kind nbclient waits for ever once a kernel has died.
    own = KernelSpecManager(kernel_dirs=[])
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=own)
    client = NotebookClient(notebook, manager, **options)
    try:
        client.execute(cwd=folder, stderr=stderr, cleanup_kc=True)
    except Exception:  # of several kinds, as the kernel is gone
        if hasattr(client, "_async_cleanup_kernel_future"):  # Ctrl-C or SIGTERM came: nbclient ends
            raise KeyboardInterrupt from None  # the kernel alone, and the next notebook would begin
        raise


def execute(path: Path) -> NotebookNode:
    """A notebook, run top to bottom; raises ValueError with the error of the cell that stops it."""
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.read(path, as_version=4)
    try:
        run_cells(notebook, path.parent, timeout=None)
    except CellExecutionError as error:
        raise ValueError(f"{path.name} stops at a cell: {error.ename}: {error.evalue}") from None
    except (RuntimeError, AssertionError):  # DeadKernelError is the first, a false start either
        raise ValueError(
            f"the kernel of {path.name} died: there may be too little memory"
        ) from None
    drop_noise(notebook)
    return notebook


def drop_noise(notebook: NotebookNode) -> None:
    """Drops what differs from run to run without meaning: times, progress bars, widgets' state."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not is_progress(output)]
        for output in cell.get("outputs", []):  # a widget ends with its kernel; its picture stays
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)


def is_progress(output: NotebookNode) -> bool:
    """Whether an output is a progress bar or a message on stderr."""
    return output.get("name") == "stderr" or "%|" in output.get("data", {}).get("text/plain", "")


def write_page(notebook: NotebookNode, target: Path, **settings) -> None:
    """Writes a notebook as one HTML page, with settings of nbconvert's HTMLExporter.

    A picture has the text of its output's or its cell's metadata, "alt".
    """
    from nbconvert import HTMLExporter

    settings |= {"extra_template_basedirs": [str(Path(__file__).parent)], "template_name": "pages"}
    html, _ = HTMLExporter(**settings).from_notebook_node(notebook)
    write_text(target, html)


def write_report(notebook: Path, target: Path) -> None:
    """Runs the report's notebook and writes it as a page without code and guiding text."""
    from traitlets.config import Config

    writable(target)  # minutes pass before it is written
    tags = {"enabled": True, "remove_cell_tags": {"guide"}}
    config = Config({"TagRemovePreprocessor": tags})
    write_page(execute(notebook), target, config=config, exclude_input=True)


def run_all(in_place: bool, only: list[str], measure: bool = False) -> int:
    """Runs the notebooks at the chosen budget; as pages under build/, or into the notebooks.

    Each is written whole or not at all. In place, or to measure, the minutes go into
    data/timings.json. Returns how many failed.
    """
    budget = choose_budget().name
    os.environ.update(ANIMEGAN_BUDGET=budget, ANIMEGAN_STRICT="1")  # a solution must be right
    if in_place and os.environ.get("ANIMEGAN_FACES"):
        raise ValueError("saved notebooks show drawn faces only: unset ANIMEGAN_FACES first")
    paths = {path.name[:2]: path for path in notebook_paths()}
    if unknown := [number for number in only if number not in paths]:
        raise ValueError(f"--only takes {', '.join(paths)}, not {' '.join(unknown)}")
    minutes, failed = {}, 0
    for number in only or paths:
        path, start, word = paths[number], time.monotonic(), "ok"
        try:
            notebook = execute(path)
            if in_place:
                write_text(path, nbformat.writes(notebook) + "\n")
            else:
                write_page(notebook, BUILD / f"{path.stem}.html")
        except ValueError as error:
            failed, word = failed + 1, f"FAILED: {error}"
        minutes[number] = (time.monotonic() - start) / 60
        print(f"{path.name:40}{minutes[number]:6.1f} min  {word}", flush=True)
    if (in_place or measure) and not failed:
        record_minutes(budget, minutes)
    return failed


def record_minutes(budget: str, minutes: dict[str, float]) -> None:
    """Puts measured minutes into data/timings.json; those of another machine are dropped.

    The file is budget -> {"hardware", "speed", "minutes" of each notebook}. speed: the pictures a
    second that the machine trains on with the budget's preset.
    """
    timings = read_json(TIMINGS, "measured minutes") if TIMINGS.exists() else {}
    machine = hardware()
    known = timings.get(budget, {})
    before = known["minutes"] if known.get("hardware") == machine else {}
    rounded = {number: round(value, 2) for number, value in minutes.items()}
    speed = round(training_speed(BUDGETS[budget].preset, seconds=3), 1)
    timings[budget] = {"hardware": machine, "speed": speed, "minutes": before | rounded}
    write_text(TIMINGS, json.dumps(timings, indent=2, sort_keys=True) + "\n")
