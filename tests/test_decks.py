"""Decks of slides: the notebooks say where slides begin, no solution is shown, and no network is needed.

The tests in a browser need the system's Chromium, as those of test_browser.py do.
"""

import importlib.util
import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from lab_in_browser import chromium, find_chromium

from animegan_workshop.teaching import decks, editions
from animegan_workshop.teaching.notebooks import notebook_paths

needs_reveal = pytest.mark.skipif(
    importlib.util.find_spec("sphinx_revealjs") is None,
    reason="what decks need is not installed: make teacher",
)


def kind(cell) -> str:
    """A cell's tag. "-" goes on with the slide before; where it is chosen in JupyterLab, that writes ""."""
    return (
        cell.metadata.get("slideshow", {}).get("slide_type", "no tag: set one in JupyterLab") or "-"
    )


@pytest.mark.parametrize("path", notebook_paths(), ids=lambda path: path.stem)
class TestTags:
    def test_every_cell_says_what_it_is_on_a_slide(self, path):
        for k, cell in enumerate(nbformat.read(path, 4).cells):
            assert kind(cell) in ("slide", "subslide", "fragment", "-", "skip", "notes"), (
                cell.source[:60]
            )
            if k == 0 or cell.cell_type == "markdown" and cell.source.startswith("## "):
                assert kind(cell) == "slide", cell.source[:60]
            if editions.role(cell):
                assert kind(cell) == "skip", cell.source[:60]

    def test_headings_begin_cells(self, path):
        for cell in nbformat.read(path, 4).cells:
            if cell.cell_type == "markdown" and not editions.role(cell):
                assert not re.search(r"\n#{2,3} ", cell.source), cell.source[:60]

    def test_what_is_to_be_predicted_is_not_on_the_slide_that_asks(self, path):
        asked = False
        for cell in nbformat.read(path, 4).cells:
            if kind(cell) in ("slide", "subslide"):
                asked = False
            if asked and kind(cell) == "-":
                assert not cell.get("outputs"), cell.source[:60]
            asked |= cell.cell_type == "markdown" and "**Predict, then run" in cell.source


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return decks.write_decks(notebook_paths(), tmp_path_factory.mktemp("decks"))


@needs_reveal
class TestDecks:
    def test_no_solution_is_in_a_deck(self, made):
        for path, deck in zip(notebook_paths(), made, strict=True):
            shown = re.sub(
                r"\s+",
                " ",
                BeautifulSoup(deck.read_text("utf-8"), "html.parser").find("body").get_text(),
            )
            assert (
                nbformat.read(path, 4).cells[0].source.splitlines()[0].removeprefix("# ") in shown
            )
            for cell in nbformat.read(path, 4).cells:
                if editions.role(cell):
                    for name in ("SOLUTION", "HIDDEN TESTS"):
                        for secret in re.findall(
                            rf"### BEGIN {name}\n(.*?)### END {name}", cell.source, re.S
                        ):
                            assert re.sub(r"\s+", " ", secret).strip() not in shown, cell.source[
                                :60
                            ]

    def test_a_deck_is_one_file(self, made):
        for deck in made:
            page = BeautifulSoup(deck.read_text("utf-8"), "html.parser")
            assert not page.find_all("link") and not page.find_all("script", src=True)
            assert all(image["src"].startswith("data:") for image in page.find_all("img"))
            assert not [
                a for a in page.find_all("a", href=True) if not a["href"].startswith("http")
            ]

    def test_a_formula_that_cannot_be_read_is_one_line(self):
        with pytest.raises(ValueError, match="cannot show the formula") as error:
            decks.mathml(r"\frac{1", display=True)
        assert "\n" not in str(error.value)

    def test_pictures_of_the_teacher_are_put_into_the_deck(self, tmp_path):
        (tmp_path / "dot.gif").write_bytes(b"GIF89a")
        page = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_markdown_cell("# A\n\n![a dot](dot.gif)")]
        )
        nbformat.write(page, tmp_path / "a.ipynb")
        [deck] = decks.write_decks([tmp_path / "a.ipynb"], tmp_path)
        assert 'src="data:image/gif;base64,' in deck.read_text("utf-8")


def test_without_the_packages_one_line_says_what_to_do(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="make teacher"):
        decks.reveal_folder()


@pytest.fixture(scope="module")
def offline():
    """A browser without a network."""
    if not find_chromium():
        pytest.skip("no Chromium here: install it, or set CHROMIUM to its path")
    pytest.importorskip("playwright.sync_api")
    with chromium() as browser:
        yield browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)


# What can be wrong with the slide on show, in words.
FAULTS = """() => {
    const slide = Reveal.getCurrentSlide(), scale = Reveal.getScale(), box = slide.getBoundingClientRect();
    const faults = [...slide.querySelectorAll('pre, table, img, math')]
        .filter(part => part.getBoundingClientRect().right > box.right + 2).map(part => part.tagName + ' is too wide');
    const last = slide.lastElementChild.getBoundingClientRect().bottom;
    if (last > box.top + 700 * scale) faults.push('cut off at the bottom');
    if (slide.style.zoom < 0.7 || slide.classList.contains('scrolls')) faults.push('too full');
    return faults;
}"""


@needs_reveal
@pytest.mark.parametrize("number", ["02", "03", "07"])
def test_in_a_browser_without_a_network(offline, made, number):
    [deck] = [deck for deck in made if deck.name.startswith(number)]
    page, troubles = offline.new_page(), []
    page.on(
        "request", lambda request: request.url.startswith("http") and troubles.append(request.url)
    )
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(deck.as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    assert page.locator("h1").is_visible()
    fractions = 0
    for k in range(page.evaluate("Reveal.getTotalSlides()")):
        if k:
            page.keyboard.press("ArrowRight")
        assert page.evaluate("Reveal.getSlidePastCount()") == k, "the arrow key does not lead on"
        assert page.evaluate(FAULTS) == [], f"slide {k + 1}"
        for fraction in page.locator("section.present section.present mfrac:visible").all():
            above, below = (fraction.locator(f"xpath=*[{part}]").bounding_box() for part in (1, 2))
            assert 0 < above["y"] + above["height"] <= below["y"] + 2, (
                "the fraction is not drawn as one"
            )
            fractions += 1
    assert page.locator("math").count() and (fractions or number == "03")
    assert not page.locator("h1").is_visible() and not troubles
    page.close()
