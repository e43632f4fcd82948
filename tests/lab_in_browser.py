"""JupyterLab with the notebooks and a browser on it, for the browser tests and the screenshots."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from animegan_workshop.benchmark import find_chromium

PROJECT = Path(__file__).resolve().parent.parent
RUN_ALL = """async () => {
    const app = window.jupyterapp;
    await app.restored;
    const page = app.shell.currentWidget;
    await page.revealed;
    await page.sessionContext.ready;
    window.runAllDone = false;
    app.commands.execute('notebook:run-all-cells').then(() => { window.runAllDone = true; });
}"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def copy_notebooks(target: Path) -> None:
    """Copies the notebooks without their outputs, which are of earlier runs."""
    ignored = shutil.ignore_patterns(".ipynb_checkpoints")
    shutil.copytree(PROJECT / "notebooks", target, ignore=ignored)
    for path in target.glob("*.ipynb"):
        notebook = json.loads(path.read_text("utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = []
        path.write_text(json.dumps(notebook), "utf-8")


@contextlib.contextmanager
def jupyterlab(folder: Path, budget: str) -> Iterator[Callable[[str], str]]:
    """A JupyterLab on a copy of the notebooks in `folder`: notebook -> its address.

    Its configuration and its runs are in `folder`, too.
    """
    copy_notebooks(folder / "notebooks")
    news = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (folder / "labconfig").mkdir()
    (folder / "labconfig" / "page_config.json").write_text(json.dumps(news), "utf-8")
    environment = os.environ | {
        "ANIMEGAN_BUDGET": budget,
        "ANIMEGAN_RUNS": str(folder / "runs"),
        "PYTHONPATH": str(PROJECT),
        "JUPYTER_CONFIG_DIR": str(folder),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    port, token = free_port(), "test"
    options = (
        f"--no-browser --allow-root --ServerApp.ip=127.0.0.1 --ServerApp.port={port} "
        f"--IdentityProvider.token={token} --LabApp.expose_app_in_browser=True"
    )
    words = [sys.executable, "-m", "jupyter", "lab", *options.split()]
    with (folder / "jupyter.log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(
            words, env=environment, cwd=folder / "notebooks", stdout=log, stderr=log
        )
        try:
            yield lambda name: f"http://127.0.0.1:{port}/lab/tree/{name}?token={token}&reset"
        finally:
            server.terminate()  # JupyterLab shuts its kernels down
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


@contextlib.contextmanager
def chromium():
    """A browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium())
        yield browser
        browser.close()


def open_notebook(browser, address: str, **options):
    """A page with the notebook open. Waits for JupyterLab, which may take a while to start."""
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
    """Waits for the end of RUN_ALL. No cell may have failed."""
    page.wait_for_function("window.runAllDone", timeout=minutes * 60_000)
    said = page.locator(".jp-OutputArea-output").all_text_contents()
    failed = [text for text in said if "Traceback (most recent call last)" in text]
    assert not failed, failed[0]
    assert not page.get_by_text("Error displaying widget").count()


def wait_for(page, holds: Callable[[], bool], seconds: float = 20) -> None:
    """Waits until `holds()`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "nothing changed in time"
        page.wait_for_timeout(100)
