"""One server for a class: the memory of a student's kernel, and how long a slider takes when several work at once.

python -m animegan_helpers.course.class_load measures; writes data/class-load.json and its tables in docs/teaching.md

A student is a real kernel with the explorer of notebook 06 in it. Linux only: other systems do not tell how much memory
processes share.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np

from animegan_helpers.budget import DATA, PROJECT
from animegan_helpers.course.memory import Peak, descendants, proportional_mib
from animegan_helpers.course.student_kernel import WAIT, all_at_once, students
from animegan_helpers.workbook import NOTEBOOKS, hardware

RESULT = DATA / "class-load.json"
PAGE = PROJECT / "docs" / "teaching.md"
MACHINE_MIB, RESERVED_MIB = 24 * 1024, 2 * 1024  # the server's memory, and what its system keeps of it
STUDENTS = (1, 4, 8)
SECONDS = 6.0  # of sliding for each row of the table

TRAINER = """
import time
from animegan_helpers.faces.faceset import load_faces
from animegan_helpers.gan.training import Trainer, preset

trainer = Trainer(preset("laptop", precision="fp32"), load_faces("", count=200, progress=False).images)
trainer.advance()
print("ready")
"""

TRAIN = """
start, steps = time.monotonic(), 0
while time.monotonic() < start + {seconds}:
    trainer.advance()
    steps += 1
print(1000 * (time.monotonic() - start) / steps)
"""


def measure_server(folder: Path) -> float:
    """MiB of a JupyterLab server without a notebook: with JupyterHub each student has one, beside the kernel."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--ServerApp.port={port}",
             "--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=class"]  # fmt: skip
    own = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    server = subprocess.Popen(words, env=os.environ | own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + WAIT
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/lab?token=class", timeout=WAIT).read()
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("JupyterLab did not start: does `make lab` work?") from None
                time.sleep(0.2)
        time.sleep(2)  # it goes on loading extensions for a moment
        return proportional_mib([server.pid, *descendants(server.pid)])
    finally:
        server.terminate()
        server.wait()


def measure_notebook(environment: dict[str, str]) -> dict[str, float]:
    """MiB of one kernel: opened, at the peak of notebook 06 at the laptop budget, and after it."""
    [path] = NOTEBOOKS.glob("06_*.ipynb")
    cells = [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
    with students(1, environment | {"ANIMEGAN_BUDGET": "laptop"}) as [student]:
        time.sleep(1)
        memory = {"notebook opened, nothing run": student.memory_mib()}
        with Peak(student.memory_mib) as peak:
            for cell in cells:
                student.run("".join(cell["source"]))
        memory |= {"notebook 06 run to its end": student.memory_mib(), "notebook 06 at its peak": peak.value}
    return memory


def measure_sliders(threads: int, environment: dict[str, str]) -> tuple[list[dict], float]:
    """A row for each number of students who slide at once, and one of a single one among others who train; and the
    MiB of a kernel with a slider, one of the most that slide."""
    rows = []
    with students(max(STUDENTS), environment | {"OMP_NUM_THREADS": str(threads)}) as present:
        all_at_once([lambda student=student: student.show_slider() for student in present])
        for student in present:
            student.slide(0.5)  # the first events set things up
        memory = float(np.mean([student.memory_mib() for student in present]))
        for count in STUDENTS:
            delays = all_at_once([lambda student=student: student.slide(SECONDS) for student in present[:count]])
            rows.append(row(f"{count} slide", threads, delays))
        first, *others = present
        all_at_once([lambda student=student: student.run(TRAINER) for student in others])
        train = TRAIN.format(seconds=SECONDS)
        tasks = [lambda: first.slide(SECONDS), *(lambda student=student: student.run(train) for student in others)]
        delays, *steps = all_at_once(tasks)
        rows.append(row(f"1 slides, {len(others)} train", threads, [delays]))
        rows[-1]["training_step_ms"] = round(float(np.median([float(step) for step in steps])))
    return rows, memory


def row(who: str, threads: int, delays: list[list[float]]) -> dict:
    """One line of the table, of the delays that each student saw."""
    together = np.concatenate(delays)
    return {"kernels": who, "threads": threads, "events": len(together),
            "median_ms": round(float(np.median(together)), 1),
            "p95_ms": round(float(np.quantile(together, 0.95)), 1)}  # fmt: skip


def measure() -> dict:
    """Everything; some minutes."""
    import torch

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        environment = {"ANIMEGAN_RUNS": str(Path(folder, "runs")), "ANIMEGAN_FACES": "", "OMP_WAIT_POLICY": "PASSIVE"}
        memory = {"JupyterLab server, without a kernel": measure_server(Path(folder))}
        memory |= measure_notebook(environment)
        rows = []
        for threads in sorted({1, os.cpu_count() or 1}, reverse=True):
            more, with_slider = measure_sliders(threads, environment)
            rows += more
        memory[f"slider ready, one of {max(STUDENTS)} kernels"] = with_slider
    memory = {name: round(mib, 1) for name, mib in memory.items()}
    return {"hardware": hardware(), "torch": torch.__version__, "memory_pss_mib": memory, "slider": rows}


def fit(mib: float, server: float) -> int:
    """How many students fit into the machine, each with a server of their own and one kernel of so many MiB."""
    return int((MACHINE_MIB - RESERVED_MIB) // (server + mib))


def tables(result: dict) -> dict[str, str]:
    """The tables of docs/teaching.md by name, in Markdown."""
    server, *kernels = sorted(result["memory_pss_mib"].items(), key=lambda item: ("server" not in item[0], item[1]))
    memory = ["| one student's | MiB | students in 24 GiB |", "| --- | ---: | ---: |"]
    memory += [f"| {server[0]} | {server[1]:.0f} | |"]
    memory += [f"| kernel: {name} | {mib:,.0f} | {fit(mib, server[1])} |" for name, mib in kernels]
    slider = ["| kernels at work | threads each | median, ms | 95% under, ms | a training step, ms |",
              "| --- | ---: | ---: | ---: | ---: |"]  # fmt: skip
    slider += [f"| {r['kernels']} | {r['threads']} | {r['median_ms']:.0f} | {r['p95_ms']:.0f} | "
               f"{r.get('training_step_ms', '')} |" for r in result["slider"]]  # fmt: skip
    machine = f"Measured on {result['hardware']}, with torch {result['torch']}."
    return {"memory": "\n".join([*memory, "", machine]), "slider": "\n".join([*slider, "", machine])}


def with_tables(page: str, result: dict) -> str:
    """The page with each table in its place, between `<!-- class-load: NAME -->` and `<!-- end -->`."""
    for name, table in tables(result).items():
        place = rf"(<!-- class-load: {name} -->\n).*?(<!-- end -->)"
        page = re.sub(place, lambda found, table=table: f"{found[1]}{table}\n{found[2]}", page, flags=re.S)
    return page


def main() -> int:
    try:
        result = measure()
    except (ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8", newline="\n")
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), result), encoding="utf-8", newline="\n")
    print("\n\n".join(tables(result).values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
