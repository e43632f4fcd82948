"""The notebooks as a whole: open them, run them all, test them, and measure the time and the memory each takes.

python -m animegan_workshop.teaching.notebooks lab | run | test
"""

import argparse
import base64
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import webbrowser
from pathlib import Path

from PIL import Image

from animegan_helpers.budget import DATA, PROJECT, choose_budget, choose_device
from animegan_workshop.teaching.memory import Peak, descendants, resident_mib

NOTEBOOKS = PROJECT / "notebooks"
BUILD = PROJECT / "build"
MEASURED_PAGES = {
    "README.md": 2,
    "README.zh-CN.md": 2,
    "docs/teaching.md": 4,
}  # how many cells of a row are measured


def notebook_paths() -> list[Path]:
    """The notebooks, in reading order."""
    return sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))


def hardware() -> str:
    """The machine in words: its GPU if it is used, else the number of cores and the processor."""
    if choose_device().type == "cuda":
        import torch

        return torch.cuda.get_device_name()
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
        name = models[0] if models else name
    return f"{os.cpu_count()} cores, {name}"


def lab(notebook: Path) -> int:
    """Opens JupyterLab on a notebook; prints the address where there is no browser."""
    words = [sys.executable, "-m", "jupyter", "lab", str(notebook.resolve())]
    if (
        hasattr(os, "geteuid") and os.geteuid() == 0
    ):  # in a container, where JupyterLab refuses root unless told
        words += ["--allow-root"]
    try:
        webbrowser.get()
    except webbrowser.Error:
        words += ["--no-browser"]
        print("no browser here: open the address that JupyterLab prints below", flush=True)
    return subprocess.call(words, cwd=PROJECT)


def strip_runtime_noise(notebook) -> None:
    """Drops what differs from run to run without meaning: times of cells, widget state, progress bars."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [
                output
                for output in cell.outputs
                if output.get("name") != "stderr"
                and "%|" not in output.get("data", {}).get("text/plain", "")
            ]
            for output in (
                cell.outputs
            ):  # the model behind a widget is gone with the kernel; its picture stays
                output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)


def shrink_pictures(notebook) -> None:
    """Saves every PNG among the outputs with 256 colours where that makes it smaller: notebooks should open quickly."""
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        data = output.get("data", {})
        if "image/png" in data:
            original = base64.b64decode(data["image/png"])
            buffer = io.BytesIO()
            Image.open(io.BytesIO(original)).convert("RGB").quantize(256).save(
                buffer, "PNG", optimize=True
            )
            if len(buffer.getvalue()) < len(original):
                data["image/png"] = base64.b64encode(buffer.getvalue()).decode()


def run(in_place: bool, only: list[str], measure: bool = False) -> int:
    """Runs the notebooks top to bottom at the chosen budget; as HTML under build/, or into the notebooks themselves.

    In place, the minutes of each and the memory of its kernel go into data/timings.json and the pages that show them.
    Returns how many failed.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError
    from nbconvert import HTMLExporter

    budget = choose_budget()
    os.environ["ANIMEGAN_BUDGET"] = budget.name
    if in_place and os.environ.get("ANIMEGAN_FACES"):
        raise ValueError(
            "saved notebooks show drawn faces only: unset ANIMEGAN_FACES before `make notebooks`"
        )
    paths = [path for path in notebook_paths() if not only or path.name[:2] in only]
    if len(paths) < len(set(only)) or not paths:
        raise ValueError(
            f"--only takes {', '.join(path.name[:2] for path in notebook_paths())}, not {' '.join(only)}"
        )
    BUILD.mkdir(exist_ok=True)
    failed, minutes, memory = 0, {}, {}
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        start = time.monotonic()
        client = NotebookClient(
            notebook,
            timeout=None,
            store_widget_state=False,
            kernel_name="python3",
            resources={"metadata": {"path": str(NOTEBOOKS)}},
        )
        try:
            with Peak(
                lambda: resident_mib(descendants())
            ) as peak:  # the kernel, and what it starts
                client.execute()
            word = "ok"
        except CellExecutionError as error:
            failed += 1
            word = f"FAILED: {error.ename}: {error.evalue}"
        except DeadKernelError:
            failed += 1
            word = "FAILED: the kernel died, for want of memory perhaps"
        minutes[path.name[:2]], memory[path.name[:2]] = (time.monotonic() - start) / 60, peak.value
        print(
            f"{path.name:40} {minutes[path.name[:2]]:6.1f} min {peak.value:6.0f} MiB  {word}",
            flush=True,
        )
        strip_runtime_noise(notebook)
        if not in_place:
            html, _ = HTMLExporter().from_notebook_node(notebook)
            (BUILD / path.with_suffix(".html").name).write_text(html, encoding="utf-8")
        elif word == "ok":
            shrink_pictures(notebook)
            nbformat.write(notebook, path)
    if (in_place or measure) and not failed:
        record(budget.name, minutes, memory)
    return failed


def record(budget: str, minutes: dict[str, float], memory: dict[str, float]) -> None:
    """Puts measured minutes and MiB into data/timings.json, beside those of other budgets, and into MEASURED_PAGES.

    The numbers of one budget are of one machine: those of another are dropped.
    """
    path = DATA / "timings.json"
    timings = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    machine = hardware()
    if timings.get(budget, {}).get("hardware") != machine:
        timings[budget] = {"hardware": machine}
    entry = timings[budget]
    entry["minutes"] = entry.get("minutes", {}) | {
        number: round(value, 2) for number, value in minutes.items()
    }
    entry["memory_mib"] = entry.get("memory_mib", {}) | {
        number: round(value) for number, value in memory.items()
    }
    path.write_text(
        json.dumps(timings, indent=2, sort_keys=True) + "\n", encoding="utf-8", newline="\n"
    )
    for name, count in MEASURED_PAGES.items():
        page = PROJECT / name
        page.write_text(
            with_measured(page.read_text(encoding="utf-8"), timings, count),
            encoding="utf-8",
            newline="\n",
        )


def with_measured(page: str, timings: dict, count: int) -> str:
    """The page with the last `count` cells of each notebook's row filled: minutes at smoke and laptop, GiB at both."""
    lines = page.splitlines()
    for k, line in enumerate(lines):
        if found := re.match(r"\| \[(\d\d) .*\]\((?:\.\./)?notebooks/", line):
            entries = [timings.get(name, {}) for name in ("smoke", "laptop")]
            measured = [entry.get("minutes", {}).get(found[1]) for entry in entries]
            measured += [
                mib and mib / 1024
                for mib in (entry.get("memory_mib", {}).get(found[1]) for entry in entries)
            ]
            cells = [f"{value:.1f}" if value is not None else "" for value in measured[:count]]
            lines[k] = "|".join(
                [*line.split("|")[: -count - 1], *(f" {cell} " for cell in cells), ""]
            )
    return "\n".join(lines) + "\n"


def test() -> int:
    """Every notebook under nbval in smoke mode, in a copy, so that no run or cache of the user's is touched."""
    copy = BUILD / "smoke"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    cores = str(min(2, os.cpu_count() or 1))
    environment = (
        os.environ
        | {
            "ANIMEGAN_BUDGET": "smoke",
            "ANIMEGAN_CACHE": str(copy / "cache"),
            "ANIMEGAN_RUNS": str(copy / "runs"),
            "OMP_WAIT_POLICY": "PASSIVE",  # idle threads sleep: several programs at once would else wait for each other
            "OMP_NUM_THREADS": "1",  # one core for each notebook, as many notebooks as cores
        }
    )
    environment.setdefault("ANIMEGAN_FACES", "")
    words = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval-lax",
        "--nbval-current-env",
        "--nbval-cell-timeout",
        "300",
        "-n",
        cores,
        "--dist",
        "loadfile",
        "-p",
        "no:cacheprovider",
        str(NOTEBOOKS),
    ]
    return subprocess.call(words, cwd=PROJECT, env=environment)


def make_paths_whole() -> None:
    """Kernels work in notebooks/, so a path given in another folder would mean another place there."""
    for name in ("ANIMEGAN_FACES", "ANIMEGAN_CACHE", "ANIMEGAN_RUNS"):
        if os.environ.get(name):
            os.environ[name] = str(Path(os.environ[name]).expanduser().resolve())


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m animegan_workshop.teaching.notebooks", description=__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True)
    p = commands.add_parser("lab", help="open JupyterLab")
    p.add_argument("notebook", type=Path, nargs="?", default=NOTEBOOKS / "00_start_here.ipynb")
    p = commands.add_parser(
        "run", help="run every notebook at the chosen budget, as HTML under build/"
    )
    p.add_argument(
        "--in-place", action="store_true", help="save the outputs in the notebooks instead"
    )
    p.add_argument(
        "--measure", action="store_true", help="record minutes and memory, as --in-place does"
    )
    p.add_argument(
        "--only", nargs="+", default=[], metavar="NN", help="only these notebooks: 05 06"
    )
    commands.add_parser("test", help="run every notebook under nbval in smoke mode")
    arguments = parser.parse_args()
    make_paths_whole()
    try:
        if arguments.command == "lab":
            return lab(arguments.notebook)
        return (
            run(arguments.in_place, arguments.only, arguments.measure)
            if arguments.command == "run"
            else test()
        )
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
