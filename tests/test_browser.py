"""Notebooks 05 and 06 in JupyterLab in a real browser: what a student sees and touches.

Needs the system's Chromium (`apt-get install chromium`, or CHROMIUM=/path/to/it); skipped without.
Screenshots are kept under build/screenshots/.
"""

import json

import pytest
from lab_in_browser import (
    PROJECT,
    RUN_ALL,
    chromium,
    find_chromium,
    jupyterlab,
    open_notebook,
    wait_for,
    wait_until_run,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not find_chromium(), reason="no Chromium: install it, or set CHROMIUM"),
]

SCREENSHOTS = PROJECT / "build" / "screenshots"
PANEL = ".jp-OutputArea img.animegan-live"
# The fingerprint of a picture's bytes.
BYTES = """async image => {
    const data = new Uint8Array(await (await fetch(image.src)).arrayBuffer());
    return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', data))).join(' ');
}"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """One JupyterLab for all tests: notebook -> its address."""
    pytest.importorskip("playwright.sync_api")
    folder = tmp_path_factory.mktemp("lab")
    with jupyterlab(folder, "smoke") as address:
        training = folder / "notebooks" / "05_train.ipynb"
        source = training.read_text("utf-8")
        assert "epochs=budget.epochs" in source  # two epochs would be over before one can look
        training.write_text(source.replace("epochs=budget.epochs", "epochs=80"), "utf-8")
        yield address


@pytest.fixture(scope="module")
def browser(lab):
    with chromium() as browser:
        yield browser


def photograph(page, name: str, locator=None) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    if locator:
        locator.scroll_into_view_if_needed()
        page.wait_for_timeout(300)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def slider(panel, name: str):
    """The handle and the readout of a slider."""
    found = panel.locator(f".widget-slider:has(.widget-label:text-is('{name}'))")
    return found.locator(".noUi-handle"), found.locator(".widget-readout")


def test_05_is_live_can_be_stopped_and_replayed(browser, lab):
    page = open_notebook(browser, lab("05_train.ipynb"))
    page.evaluate(RUN_ALL)
    page.wait_for_selector(PANEL, timeout=180_000)
    live = page.locator(PANEL).last
    for _ in range(2):  # it is drawn again and again
        before = live.evaluate(BYTES)
        wait_for(page, lambda before=before: live.evaluate(BYTES) != before, seconds=120)
    photograph(page, "05-training", live)

    page.evaluate("window.jupyterapp.commands.execute('notebook:interrupt-kernel')")
    page.get_by_text("run again to go on from here").wait_for(timeout=60_000)
    page.wait_for_function("window.runAllDone", timeout=120_000)
    page.evaluate(RUN_ALL)
    wait_until_run(page, 20)
    assert page.get_by_text("finished after").count(), "the second run did not go on to the end"
    assert not page.locator(PANEL).count(), "the widgets did not give way to the last picture"

    image = page.locator(".jp-OutputArea img.animegan-replay")
    panel = page.locator(".jp-OutputArea .jupyter-widgets:has(img.animegan-replay)").first
    handle, readout = slider(panel, "epoch")
    photograph(page, "05-replay", image)
    last, epoch = image.evaluate(BYTES), int(readout.inner_text())
    handle.focus()
    page.keyboard.press("ArrowLeft")
    wait_for(page, lambda: image.evaluate(BYTES) != last)
    assert int(readout.inner_text()) == epoch - 1
    page.keyboard.press("ArrowRight")
    wait_for(page, lambda: image.evaluate(BYTES) == last)
    page.close()


@pytest.fixture(scope="module")
def page_06(browser, lab):
    """Notebook 06, run."""
    page = open_notebook(browser, lab("06_explore_the_latent_space.ipynb"))
    page.evaluate(RUN_ALL)
    wait_until_run(page, 20)
    yield page
    page.close()


@pytest.fixture
def explorer(page_06):
    """The explorer as it is at first."""
    panel = page_06.locator(".jp-OutputArea .jupyter-widgets:has(img.animegan-face)").first
    panel.scroll_into_view_if_needed()
    panel.get_by_role("button", name="reset").click()
    if not slider(panel, "PCA 1")[0].is_visible():
        panel.get_by_text("More", exact=True).click()
    page_06.wait_for_timeout(1_000)
    return panel


def test_06_arrow_keys_move_the_face_and_reset_brings_it_back(page_06, explorer):
    face, table = explorer.locator("img.animegan-face"), explorer.locator("table")
    handle, readout = slider(explorer, "seed")
    first, seed, seen = face.evaluate(BYTES), readout.inner_text(), table.inner_text()
    photograph(page_06, "06-explorer")
    handle.focus()
    for _ in range(3):
        page_06.keyboard.press("ArrowRight")
    wait_for(page_06, lambda: readout.inner_text() == str(int(seed) + 3))
    wait_for(page_06, lambda: face.evaluate(BYTES) != first and table.inner_text() != seen)
    explorer.get_by_role("button", name="reset").click()
    wait_for(page_06, lambda: face.evaluate(BYTES) == first and table.inner_text() == seen)
    assert readout.inner_text() == seed


def test_06_a_slider_can_be_dragged(page_06, explorer):
    face, (handle, readout) = explorer.locator("img.animegan-face"), slider(explorer, "PCA 1")
    handle.scroll_into_view_if_needed()
    before, box = face.evaluate(BYTES), handle.bounding_box()
    across, down = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page_06.mouse.move(across, down)
    page_06.mouse.down()
    page_06.mouse.move(across + 60, down, steps=30)
    page_06.mouse.up()
    wait_for(page_06, lambda: float(readout.inner_text()) > 1)
    wait_for(page_06, lambda: face.evaluate(BYTES) != before)


def test_06_a_burst_of_events_ends_at_the_last(page_06, explorer):
    face, (handle, readout) = explorer.locator("img.animegan-face"), slider(explorer, "PCA 1")
    first = face.evaluate(BYTES)

    def press(times: int, pause: float) -> str:
        """The fingerprint of the last picture."""
        explorer.get_by_role("button", name="reset").click()
        wait_for(page_06, lambda: face.evaluate(BYTES) == first)
        handle.focus()
        for _ in range(times):
            page_06.keyboard.press("ArrowRight")
            page_06.wait_for_timeout(pause)
        page_06.wait_for_timeout(1_000)
        assert float(readout.inner_text()) == pytest.approx(0.05 * times)
        return face.evaluate(BYTES)

    assert press(24, pause=0) == press(24, pause=150) != first


def test_06_undo_and_the_face_as_it_was(page_06, explorer):
    face, was = explorer.locator("img.animegan-face"), explorer.locator("img").first
    first = face.evaluate(BYTES)
    assert was.evaluate(BYTES) == first
    slider(explorer, "PCA 1")[0].focus()
    for _ in range(3):
        page_06.keyboard.press("ArrowRight")
    wait_for(page_06, lambda: face.evaluate(BYTES) != first)
    assert was.evaluate(BYTES) == first
    explorer.get_by_role("button", name="undo").click()
    wait_for(page_06, lambda: face.evaluate(BYTES) == first)


def test_06_favourites_go_into_a_file(page_06, explorer):
    steps = (("keep", "kept"), ("save JSON", "1 favourites"), ("save JSON", "is there already"))
    for button, words in steps:
        explorer.locator("button", has_text=button).click()
        explorer.get_by_text(words).wait_for(timeout=10_000)
    text = page_06.evaluate("""async () => {
        const contents = window.jupyterapp.serviceManager.contents;
        const file = await contents.get('favourites.json', {content: true, format: 'text'});
        return file.content;
    }""")
    kept = json.loads(text)["favourites"]
    assert [len(entry["z"]) for entry in kept] == [100]


def test_06_the_pad_answers_clicks_and_keys(page_06):
    panels = page_06.locator(".jp-OutputArea .jupyter-widgets:has(img.animegan-face)")
    pad = panels.locator("xpath=self::*[.//*[contains(@class, 'widget-gridbox')]]").first
    pad.scroll_into_view_if_needed()
    face, readouts = pad.locator("img.animegan-face"), pad.locator(".widget-readout")
    first = face.evaluate(BYTES)
    pad.locator("button").first.click()  # the corner at the top left
    wait_for(page_06, lambda: readouts.all_inner_texts() == ["\N{MINUS SIGN}5.00", "5.00"])
    wait_for(page_06, lambda: face.evaluate(BYTES) != first)
    photograph(page_06, "06-pad", pad)
    corner = face.evaluate(BYTES)
    pad.locator(".noUi-handle").first.focus()
    page_06.keyboard.press("ArrowRight")
    wait_for(page_06, lambda: face.evaluate(BYTES) != corner)
