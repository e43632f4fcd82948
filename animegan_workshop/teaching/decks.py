"""Decks of slides: each notebook as one HTML file that needs no network.

A cell's slide type, set in JupyterLab's Property Inspector, says where a slide begins and what is
left out. reveal.js turns the slides. Formulas are MathML, which browsers draw. The looks and the
keys are in deck/.
"""

import importlib.util
import mimetypes
from pathlib import Path

from jinja2 import pass_context
from nbconvert import SlidesExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from traitlets.config import Config

from animegan_helpers.files import write_text

HERE = Path(__file__).parent


def reveal_folder() -> Path:
    """Where reveal.js lies; raises ValueError when what decks need is not installed."""
    found = importlib.util.find_spec("sphinx_revealjs")
    if found is None or importlib.util.find_spec("math_core") is None:
        raise ValueError("decks need packages that are not installed: make teacher")
    return Path(found.origin).parent / "_static" / "revealjs"


def mathml(formula: str, display: bool) -> str:
    """LaTeX as MathML; raises ValueError for a formula that cannot be read."""
    from math_core import LatexError, LatexToMathML

    try:
        return LatexToMathML().convert_with_local_state(formula, displaystyle=display)
    except LatexError as error:
        raise ValueError(
            f"a deck cannot show the formula {formula!r}: is it LaTeX? write it another way"
        ) from error


class SlideText(IPythonRenderer):
    """Markdown for a slide: formulas as MathML, links to other files as plain words."""

    def block_math(self, body: str) -> str:
        return mathml(body, display=True)

    def inline_math(self, body: str) -> str:
        return mathml(body, display=False)

    def block_html(self, html: str) -> str:
        return html  # a folded answer opens in one block and closes in another

    def inline_html(self, html: str) -> str:
        return "" if 'href="../' in html else html  # a deck has no other files beside it

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return super().image(text, url.removeprefix("../"), title)  # see `markdown2html`

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return f'<a href="{url}" target="_blank">{text}</a>' if url.startswith("http") else text


class Decks(SlidesExporter):
    """Makes a deck of a notebook that says where slides begin."""

    def __init__(self):
        super().__init__(
            template_name="deck",
            extra_template_basedirs=[str(HERE)],
            extra_template_paths=[str(reveal_folder())],
            exclude_input_prompt=True,
            exclude_output_prompt=True,
            config=Config({"CSSHTMLHeaderPreprocessor": {"style": "default"}}),
        )

    @pass_context
    def markdown2html(self, context, source: str) -> str:
        # nbconvert embeds only what lies under this folder, and pictures lie beside notebooks/
        where = {
            "path": str(Path(context["resources"]["metadata"]["path"]).resolve().parent),
            "attachments": context["cell"].get("attachments"),
        }
        renderer = SlideText(escape=False, embed_images=True, exclude_anchor_links=True, **where)
        return MarkdownWithMath(renderer).render(source)


def write_decks(notebooks: list[Path], folder: Path) -> list[Path]:
    """A deck for each notebook; gives their paths."""
    mimetypes.add_type("image/webp", ".webp")  # Python before 3.13 does not know it
    decks = Decks()
    written = []
    for path in notebooks:
        target = folder / f"{path.stem}.slides.html"
        write_text(target, decks.from_filename(str(path))[0])
        written.append(target)
    return written
