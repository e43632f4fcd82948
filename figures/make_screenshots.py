"""Makes the screenshots of this folder in JupyterLab: python figures/make_screenshots.py [RUN]

explorer.webp: notebook 06 at the laptop budget, about two minutes. replay.webp: the run in the
folder RUN, if one is given. Needs Chromium.
"""

import json
import sys
import tempfile
from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from lab_in_browser import RUN_ALL, chromium, jupyterlab, open_notebook, wait_until_run  # noqa: E402

SEED, MOVED = 22, ("pose", 30)  # the face on show, and by how many keys which direction is moved
REPLAY = "from animegan_helpers.replay import replay\nreplay({run!r});"


def photograph(page, selector: str, name: str) -> None:
    """Saves the widget around the picture `selector` as a WebP file."""
    panel = page.locator(f".jp-OutputArea .jupyter-widgets:has({selector})").first
    panel.scroll_into_view_if_needed()
    page.wait_for_timeout(1_000)
    with tempfile.TemporaryDirectory() as folder:
        panel.screenshot(path=f"{folder}/shot.png")
        Image.open(f"{folder}/shot.png").convert("RGB").save(HERE / name, quality=88)
    print(name)


def explorer(browser, address) -> None:
    page = open_notebook(
        browser, address("06_explore_the_latent_space.ipynb"), device_scale_factor=1.5
    )
    page.set_viewport_size({"width": 1600, "height": 1000})  # faces and sliders side by side
    page.evaluate(RUN_ALL)
    wait_until_run(page, 20)
    panel = page.locator(".jp-OutputArea .jupyter-widgets:has(img.animegan-face)").first
    panel.get_by_role("button", name="reset").click()
    for name, keys in (("seed", SEED), MOVED):
        found = panel.locator(
            f".widget-slider:has(.widget-label:text-matches('^{name}', ''))"
        ).first
        found.locator(".noUi-handle").focus()
        if name == "seed":
            page.keyboard.press("Home")
        for _ in range(keys):
            page.keyboard.press("ArrowRight")
    page.evaluate("document.activeElement.blur()")
    photograph(page, "img.animegan-face", "explorer.webp")
    page.close()


def replay(browser, address, notebooks: Path, run: Path) -> None:
    cell = {
        "cell_type": "code",
        "source": REPLAY.format(run=str(run)),
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    kernel = {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        }
    }
    notebook = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 4}
    (notebooks / "replay.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    page = open_notebook(browser, address("replay.ipynb"), device_scale_factor=1.5)
    page.evaluate(RUN_ALL)
    wait_until_run(page, 2)
    photograph(page, "img.animegan-replay", "replay.webp")
    page.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        with jupyterlab(Path(folder), "laptop") as address, chromium() as browser:
            if len(sys.argv) > 1:
                replay(browser, address, Path(folder) / "notebooks", Path(sys.argv[1]).resolve())
            explorer(browser, address)


if __name__ == "__main__":
    main()
