"""JupyterLab with the notebooks, and a browser on it: what the browser tests and the screenshots share."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RUN_ALL = """async () => {
    const app = window.jupyterapp;
    await app.restored;
    const page = app.shell.currentWidget;
    await page.revealed;
    await page.sessionContext.ready;
    window.runAllDone = false;
    app.commands.execute('notebook:run-all-cells').then(() => { window.runAllDone = true; });
}"""


def find_chromium() -> str | None:
    return next(filter(None, [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES)]), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def jupyterlab(folder: Path, budget: str, change=lambda source: source):
    """The address of a JupyterLab on a copy of the notebooks, with configuration, cache and runs of its own.

    change: is given each line of code and gives what shall stand in its place.
    """
    notebooks, config = folder / "notebooks", folder / "config"
    shutil.copytree(
        PROJECT / "notebooks", notebooks, ignore=shutil.ignore_patterns(".ipynb_checkpoints")
    )
    (config / "labconfig").mkdir(parents=True)
    for path in notebooks.glob("*.ipynb"):
        notebook = json.loads(path.read_text("utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = []  # so that nothing on the page is of an earlier run
                cell["source"] = [change(line) for line in cell["source"]]
        path.write_text(json.dumps(notebook), "utf-8")
    off = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (config / "labconfig" / "page_config.json").write_text(json.dumps(off))
    environment = os.environ | {
        "ANIMEGAN_BUDGET": budget,
        "ANIMEGAN_RUNS": str(folder / "runs"),
        "PYTHONPATH": str(PROJECT),
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    port, token = free_port(), "test"
    words = [
        sys.executable,
        "-m",
        "jupyter",
        "lab",
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={notebooks}",
        "--LabApp.expose_app_in_browser=True",
    ]
    with (folder / "jupyter.log").open("w") as log:
        server = subprocess.Popen(
            words, env=environment, cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield lambda name: f"http://127.0.0.1:{port}/lab/tree/{name}?token={token}&reset"
        finally:
            server.send_signal(signal.SIGTERM)  # JupyterLab shuts its kernels down
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


@contextlib.contextmanager
def chromium():
    """A browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield browser
        browser.close()


def open_notebook(browser, address: str, **options):
    """A page with the notebook open; waits for JupyterLab, which may take a while to start."""
    page = browser.new_page(viewport={"width": 1400, "height": 900}, **options)
    deadline = time.monotonic() + 120
    while True:
        try:
            page.goto(address, timeout=60_000)
            break
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
    page.wait_for_selector(".jp-Notebook", timeout=120_000)
    return page


def wait_until_run(page, minutes: float) -> None:
    """Waits for the end of RUN_ALL; no cell may have failed."""
    page.wait_for_function("window.runAllDone", timeout=minutes * 60_000)
    said = page.evaluate(
        "[...document.querySelectorAll('.jp-OutputArea-output')].map(o => o.innerText)"
    )
    failed = [text for text in said if "Traceback (most recent call last)" in text]
    assert not failed, failed[0]
    assert not page.get_by_text("Error displaying widget").count()


def wait_for(page, holds, seconds: float = 20) -> None:
    """Waits until `holds()`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "nothing changed in time"
        page.wait_for_timeout(100)
