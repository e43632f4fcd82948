"""How much there is to read: code lines, words of the notebooks, lines that students write."""

import ast
import io
import json
import re
import textwrap
import tokenize
from pathlib import Path

from animegan_helpers.budget import PROJECT

CAPS = {"animegan_helpers": 3_000, "animegan_workshop": 4_600, "tests": 5_000}
PAGE = {"page (Python)": 350, "page (browser)": 900}
"""What makes a generator a page, animegan_workshop/page, has caps of its own, and so its tests."""
WORDS = 20_000  # in all notebooks together, without the optional ones
OPTIONAL = {"10": 1_500}  # notebook -> words
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
LAYOUT = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
    *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
}


def code_lines(source: str) -> int:
    """The lines of Python source that are no blank line, comment or docstring."""
    documentation, code = set(), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            documentation |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in LAYOUT:
            code |= set(range(token.start[0], token.end[0] + 1))
    return len(code - documentation)


def counted_apart(path: Path) -> bool:
    """Whether a file has no part in CAPS: the page of a generator, its tests, the fuzz test."""
    names = ("page.py", "test_page.py", "test_fuzz.py")
    return "page" in path.relative_to(PROJECT).parts or path.name in names


def page_lines() -> tuple[int, int]:
    """Code lines of the page: of Python, and of HTML, CSS and JavaScript as prettier has them."""
    folder = PROJECT / "animegan_workshop"
    python = [*(folder / "page").glob("*.py"), folder / "commands" / "page.py"]
    browser = [p for p in (folder / "page").iterdir() if p.suffix in (".html", ".css", ".js")]
    lines = [line.strip() for path in browser for line in path.read_text("utf-8").splitlines()]
    written = sum(bool(line) and not line.startswith("//") for line in lines)
    return sum(code_lines(path.read_text("utf-8")) for path in python), written


def python_of(cell: dict) -> str:
    """The source of a code cell; lines that are commands to IPython become `pass`."""
    return re.sub(r"^(\s*)[%!].*", r"\1pass", "".join(cell["source"]), flags=re.M)


def words(cell: dict) -> int:
    """Words of a text cell; of a code cell those that it prints.

    A cell that shows Markdown puts it together from any of its strings, so all of them count but
    docstrings and those of a single word, which are names.
    """
    if cell["cell_type"] == "markdown":
        return words_of("".join(cell["source"]))
    nodes = list(ast.walk(ast.parse(python_of(cell))))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    names = [getattr(call.func, "id", "") for call in calls]
    shown = "Markdown" in names
    if not shown:
        prints = [call for call, name in zip(calls, names) if name == "print"]
        nodes = [node for call in prints for node in ast.walk(call)]
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    constants = [n for n in nodes if isinstance(n, ast.Constant) and id(n) not in docstrings]
    texts = [constant.value for constant in constants if isinstance(constant.value, str)]
    return sum(words_of(text) for text in texts if not shown or " " in text.strip())


def words_of(text: str) -> int:
    """How many words a text has, without tags and formulas."""
    return len(re.sub(r"<[^>]*>|\$[^$]*\$", " ", text).split())


def folded(cell: dict) -> bool:
    """Whether a cell only plots, prints a table or marks, and is folded away."""
    metadata = cell["metadata"]
    hidden = metadata.get("jupyter", {}).get("source_hidden")
    return bool(hidden or "plot" in metadata.get("tags", []))


def students_share(cells: list[dict]) -> tuple[int, int]:
    """Code lines in solution regions, and all of them; folded cells and tests do not count."""
    written, shown = 0, 0
    for cell in cells:
        test = cell["metadata"].get("nbgrader", {}).get("grade")
        if cell["cell_type"] == "code" and not folded(cell) and not test:
            source = python_of(cell)
            shown += code_lines(source)
            regions = re.findall(r"BEGIN SOLUTION\n(.*?)[^\n]*END SOLUTION", source, re.S)
            written += sum(code_lines(textwrap.dedent(region)) for region in regions)
    return written, shown


def count_all(files: bool = False) -> str:
    """The counts as lines of text; files: each file of the packages by itself, too."""
    lines = []
    for folder, cap in CAPS.items():
        paths = sorted(p for p in (PROJECT / folder).rglob("*.py") if not counted_apart(p))
        counts = [code_lines(path.read_text(encoding="utf-8")) for path in paths]
        if files:
            lines += [f"{n:6,}  {p.relative_to(PROJECT)}" for n, p in zip(counts, paths)]
        lines.append(f"{folder:20}{sum(counts):6,} of {cap:,} code lines")
    for (name, cap), lines_of_it in zip(PAGE.items(), page_lines()):
        lines.append(f"{name:20}{lines_of_it:6,} of {cap:,} code lines")
    read, written, shown = 0, 0, 0
    for path in sorted((PROJECT / "notebooks").glob("[0-9]*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        here = sum(words(cell) for cell in cells)
        line = f"{path.stem:30}{here:6,} words"
        if cap := OPTIONAL.get(path.name[:2]):
            line += f" of {cap:,}, optional: counted apart"
        else:
            read += here
        if "02" <= path.name[:2] <= "08":
            mine, all_of_them = students_share(cells)
            line += f", {mine:3} of {all_of_them:3} code lines are the student's"
            written, shown = written + mine, shown + all_of_them
        lines.append(line)
    lines.append(f"the notebooks: {read:,} of {WORDS:,} words")
    lines.append(
        f"02 to 08: {written} of {shown} code lines are the student's, {written / shown:.0%}"
    )
    return "\n".join(lines)
