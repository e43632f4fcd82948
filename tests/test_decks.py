"""Decks of slides: no solution is shown, no network is needed, and nothing is cut off."""

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


@pytest.mark.parametrize("path", notebook_paths(), ids=lambda path: path.stem)
def test_every_cell_says_what_it_is_on_a_slide(path):
    for k, cell in enumerate(nbformat.read(path, 4).cells):
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "none: set it in JupyterLab")
        assert kind in ("slide", "subslide", "fragment", "-", "", "skip", "notes"), cell.source[:60]
        if k == 0 or cell.cell_type == "markdown" and cell.source.startswith("## "):
            assert kind == "slide", cell.source[:60]
        if editions.role(cell):
            assert kind == "skip", cell.source[:60]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A deck of each notebook."""
    return decks.write_decks(notebook_paths(), tmp_path_factory.mktemp("decks"))


def words_of(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.slow
@needs_reveal
def test_a_deck_is_one_file_without_solutions(made):
    secret = re.compile(r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n(.*?)### END", re.S)
    for path, deck in zip(notebook_paths(), made, strict=True):
        page = BeautifulSoup(deck.read_text("utf-8"), "html.parser")
        shown, cells = words_of(page.body.get_text()), nbformat.read(path, 4).cells
        title = next(line for line in cells[0].source.splitlines() if line.startswith("# "))
        assert title.removeprefix("# ") in shown
        hidden = [words_of(part) for cell in cells for part in secret.findall(cell.source)]
        assert not [part for part in hidden if part in shown]
        assert not page.find_all("link") and not page.find_all("script", src=True)
        assert all(image["src"].startswith("data:") for image in page.find_all("img"))
        assert all(link["href"].startswith("http") for link in page.find_all("a", href=True))


@needs_reveal
def test_a_formula_that_cannot_be_read_is_one_line():
    with pytest.raises(ValueError, match="cannot show the formula") as error:
        decks.mathml(r"\frac{1", display=True)
    assert "\n" not in str(error.value)


def test_without_the_packages_one_line_says_what_to_do(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="make teacher"):
        decks.reveal_folder()


# What can be wrong with the slide on show, in words.
FAULTS = """() => {
    const slide = Reveal.getCurrentSlide(), scale = Reveal.getScale(), faults = [];
    const box = slide.getBoundingClientRect();
    for (const part of slide.querySelectorAll('pre, table, img, math'))
        if (part.getBoundingClientRect().right > box.right + 2) faults.push(part.tagName);
    const last = slide.lastElementChild.getBoundingClientRect().bottom;
    if (last > box.top + 700 * scale) faults.push('cut off at the bottom');
    if (slide.style.zoom < 0.7 || slide.classList.contains('scrolls')) faults.push('too full');
    return faults;
}"""


@pytest.mark.slow
@needs_reveal
@pytest.mark.skipif(not find_chromium(), reason="no Chromium: install it, or set CHROMIUM")
def test_in_a_browser_without_a_network(made):
    troubles, formulas = [], 0
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
        for deck in (made[2], made[3], made[7]):
            page = context.new_page()
            page.on("requestfailed", lambda request: troubles.append(request.url))
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.goto(deck.as_uri())
            page.wait_for_function("window.Reveal && Reveal.isReady()")
            for k in range(page.evaluate("Reveal.getTotalSlides()")):
                if k:
                    page.keyboard.press("ArrowRight")
                assert page.evaluate("Reveal.getSlidePastCount()") == k, "the arrow leads nowhere"
                assert page.evaluate(FAULTS) == [], f"{deck.name}, slide {k + 1}"
            formulas += page.locator("math").count()
            page.close()
    assert formulas and troubles == []
