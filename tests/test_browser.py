"""Notebooks 05 and 06 in JupyterLab in a real browser: what a student sees and touches.

Needs the system's Chromium (`apt-get install chromium`, or CHROMIUM=/path/to/it); skipped where there is none.
Screenshots are kept under build/screenshots/.
"""

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

import pytest

PROJECT = Path(__file__).resolve().parent.parent
SCREENSHOTS = PROJECT / "build" / "screenshots"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
PANEL = ".jp-OutputArea img.animegan-live"
RUN_ALL = """async () => {
    const app = window.jupyterapp;
    await app.restored;
    const page = app.shell.currentWidget;
    await page.revealed;
    await page.sessionContext.ready;
    window.runAllDone = false;
    app.commands.execute('notebook:run-all-cells').then(() => { window.runAllDone = true; });
}"""
# A picture's source, each time it changes; the panel may be drawn faster than a test could ask.
RECORD = """selector => {
    window.seen = [];
    const note = () => {
        const image = document.querySelector(selector);
        if (image && image.src && window.seen.at(-1) !== image.src) window.seen.push(image.src);
    };
    new MutationObserver(note).observe(document.body, {subtree: true, childList: true, attributeFilter: ['src']});
}"""
BYTES = """async selector => {
    const image = [...document.querySelectorAll(selector)].at(-1);
    const data = new Uint8Array(await (await fetch(image.src)).arrayBuffer());
    return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', data))).join(' ');
}"""


def find_chromium() -> str | None:
    return next(filter(None, [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES)]), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def jupyterlab(folder: Path, budget: str):
    """The address of a JupyterLab on a copy of the notebooks, with configuration, cache and runs of its own."""
    notebooks, config = folder / "notebooks", folder / "config"
    shutil.copytree(PROJECT / "notebooks", notebooks, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    (config / "labconfig").mkdir(parents=True)
    for path in notebooks.glob("*.ipynb"):
        notebook = json.loads(path.read_text("utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = []  # so that nothing on the page is of an earlier run
                if budget == "smoke":  # two epochs are over before one can look
                    cell["source"] = [line.replace("epochs=budget.epochs", "epochs=40") for line in cell["source"]]
        path.write_text(json.dumps(notebook), "utf-8")
    off = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (config / "labconfig" / "page_config.json").write_text(json.dumps(off))
    environment = os.environ | {
        "ANIMEGAN_BUDGET": budget, "ANIMEGAN_RUNS": str(folder / "runs"), "PYTHONPATH": str(PROJECT),
        "JUPYTER_CONFIG_DIR": str(config), "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"), "IPYTHONDIR": str(folder / "ipython"),
    }  # fmt: skip
    port, token = free_port(), "test"
    words = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
             f"--ServerApp.port={port}", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={notebooks}",
             "--LabApp.expose_app_in_browser=True"]  # fmt: skip
    with (folder / "jupyter.log").open("w") as log:
        server = subprocess.Popen(words, env=environment, cwd=folder, stdout=log, stderr=log, start_new_session=True)
        try:
            yield lambda name: f"http://127.0.0.1:{port}/lab/tree/{name}?token={token}&reset"
        finally:
            server.send_signal(signal.SIGTERM)  # JupyterLab shuts its kernels down
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    if not find_chromium():
        pytest.skip("no Chromium here: install it, or set CHROMIUM to its path")
    pytest.importorskip("playwright.sync_api")
    with jupyterlab(tmp_path_factory.mktemp("lab"), os.environ.get("ANIMEGAN_BUDGET", "smoke")) as address:
        yield address


@pytest.fixture(scope="module")
def browser(lab):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield chromium
        chromium.close()


def open_notebook(browser, address: str):
    """A page with the notebook open; waits for JupyterLab, which may take a while to start."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
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


def photograph(page, name: str, selector: str | None = None) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    if selector:
        page.locator(selector).last.scroll_into_view_if_needed()
        page.wait_for_timeout(300)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def wait_until_run(page, minutes: float) -> None:
    page.wait_for_function("window.runAllDone", timeout=minutes * 60_000)
    said = page.evaluate("[...document.querySelectorAll('.jp-OutputArea-output')].map(o => o.innerText)")
    assert not [text for text in said if "Traceback (most recent call last)" in text]
    assert not page.get_by_text("Error displaying widget").count()


def need(name: str) -> str:
    if not (PROJECT / "notebooks" / name).exists():
        pytest.skip(f"{name} is not there")
    return name


def test_05_is_live_can_be_stopped_and_replayed(browser, lab):
    page = open_notebook(browser, lab(need("05_train.ipynb")))
    page.evaluate(RECORD, PANEL)
    page.evaluate(RUN_ALL)
    page.wait_for_selector(PANEL, timeout=180_000)
    page.wait_for_function("window.seen.length >= 2", timeout=120_000)
    photograph(page, "05-training", PANEL)
    page.wait_for_function("window.seen.length >= 4", timeout=120_000)  # drawn three times after its start
    assert page.locator(PANEL).count(), "the run was over before the panel was drawn three times"

    page.evaluate("window.jupyterapp.commands.execute('notebook:interrupt-kernel')")
    page.get_by_text("run again to go on from here").wait_for(timeout=60_000)
    photograph(page, "05-stopped")
    page.wait_for_function("window.runAllDone", timeout=120_000)  # the cell after it notices that the run is not done
    page.evaluate(RUN_ALL)
    wait_until_run(page, 20)
    assert page.get_by_text("finished after").count(), "running again did not go on to the end"
    assert not page.locator(PANEL).count(), "the widgets did not give way to the last picture"

    handle, picture = ".widget-slider .noUi-handle", ".jp-OutputArea img.widget-image"
    page.locator(handle).last.scroll_into_view_if_needed()
    photograph(page, "05-replay", handle)
    last = page.evaluate(BYTES, picture)
    page.locator(handle).last.focus()
    page.keyboard.press("ArrowLeft")
    wait_for(page, lambda: page.evaluate(BYTES, picture) != last)
    photograph(page, "05-replay-earlier", handle)
    page.close()


def test_06_sliders_change_the_face(browser, lab):
    page = open_notebook(browser, lab(need("06_explore_the_latent_space.ipynb")))
    page.evaluate(RUN_ALL)
    wait_until_run(page, 20)
    panel = page.locator(".jp-OutputArea .jupyter-widgets:has(img.widget-image):has(.noUi-handle)").first
    panel.scroll_into_view_if_needed()
    handle, readout = panel.locator(".noUi-handle").first, panel.locator(".widget-readout").first
    photograph(page, "06-explorer")
    source = "node => node.querySelector('img.widget-image').src"
    picture = """async node => {
        const data = await (await fetch(node.querySelector('img.widget-image').src)).arrayBuffer();
        return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', data))).join(' ');
    }"""
    panel.get_by_role("button", name="reset").click()  # the notebook's own cells may have left the sliders elsewhere
    page.wait_for_timeout(1_000)
    first, said, address = panel.evaluate(picture), readout.inner_text(), panel.evaluate(source)
    handle.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(150)
    wait_for(page, lambda: panel.evaluate(source) != address)
    wait_for(page, lambda: readout.inner_text() != said)
    assert panel.evaluate(picture) != first, "the face did not change"
    photograph(page, "06-moved")
    panel.get_by_role("button", name="reset").click()
    wait_for(page, lambda: panel.evaluate(picture) == first)
    assert readout.inner_text() == said
    page.close()


def wait_for(page, holds, seconds: float = 20) -> None:
    """Waits until `holds()`; the assertion is the caller's own sentence."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "nothing changed in time"
        page.wait_for_timeout(100)
