"""Minutes for each exercise, reckoned from what there is to read and to write, and put into the exercises' boxes.

python -m animegan_helpers.course.minutes

No student was timed: the numbers are no measurements of people. Counted are the words of the box, the hint, the
question to think about and the stub's docstring; the Python tokens of the solution's code; and the words of an answer
in prose. Each is divided by a pace below. The time that a machine takes for an experiment is not in it.
"""

import argparse
import ast
import io
import re
import textwrap
import tokenize
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode

from animegan_helpers.course.editions import CODE_STUB, role, without_region
from animegan_helpers.workbook import notebook_paths

READING = 238 / 2
"""Words a minute: half of what Brysbaert found for silent reading of English (2019, "How many words do we read per
minute?", Journal of Memory and Language 109), since the text is technical, and English foreign to many."""
WRITING = 19 / 2
"""Words a minute: half of what Karat et al. found for composing at a keyboard (1999, "Patterns of entry and correction
in large vocabulary continuous speech recognition systems", CHI), for the same reasons."""
CODING = 4.5
"""Tokens a minute, thinking and mending included: an assumption, not a measurement. It was chosen so that the 25
exercises that there were took 335 minutes in all, as had been planned by hand, exercise by exercise."""
LAYOUT = ("COMMENT", "NL", "NEWLINE", "INDENT", "DEDENT", "ENDMARKER")
BOX = re.compile(r"(?P<title>> \*\*Exercise (?P<number>[\d.]+): .*) · (?:about )?(?P<minutes>\d+) minutes(?: planned)?")


@dataclass
class Work:
    """What an exercise asks for."""

    read: int = 0
    code: int = 0
    write: int = 0

    @property
    def minutes(self) -> int:
        """Rounded to 5, and 5 at least."""
        return max(5, 5 * round((self.read / READING + self.code / CODING + self.write / WRITING) / 5))


def count_words(text: str) -> int:
    """Words without what a reader does not see: the targets of links, and HTML's tags."""
    return len(re.findall(r"\w[\w'’.-]*", re.sub(r"<[^>]+>|\]\([^)]*\)", " ", text)))


def count_tokens(code: str) -> int:
    """Python's tokens, less comments and layout. An f-string is one token, as in Pythons before 3.12."""
    count = inside = 0
    for token in tokenize.generate_tokens(io.StringIO(textwrap.dedent(code)).readline):
        name = tokenize.tok_name[token.type]
        count += not inside and name not in LAYOUT
        inside += (name == "FSTRING_START") - (name == "FSTRING_END")
    return count


def count_docstrings(code: str) -> int:
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return sum(count_words(ast.get_docstring(node) or "") for node in nodes)


def work(cells: list[NotebookNode]) -> Work:
    """What the exercise asks for whose box is the first of the cells; the cells of its answer follow at once."""
    total = Work(read=count_words(cells[0].source.split("\n", 1)[1]))
    for cell in cells[1:]:
        if role(cell) not in ("answer", "free"):
            break
        if cell.cell_type == "code":
            total.read += count_docstrings(without_region(cell.source, "SOLUTION", CODE_STUB)[0])
            regions = re.findall(r"### BEGIN SOLUTION\n(.*?)[ \t]*### END SOLUTION", cell.source, re.S)
            total.code += sum(map(count_tokens, regions))
        else:
            total.write += count_words(cell.source)
    return total


def with_minutes(notebook: NotebookNode) -> list[tuple[str, int, Work]]:
    """Puts the minutes into the boxes; gives of each its number, the minutes that stood in it, and its work."""
    found = []
    for k, cell in enumerate(notebook.cells):
        if match := BOX.match(cell.source):
            asked = work(notebook.cells[k:])
            found.append((match["number"], int(match["minutes"]), asked))
            cell.source = f"{match['title']} · about {asked.minutes} minutes{cell.source[match.end() :]}"
    return found


def main() -> None:
    argparse.ArgumentParser(prog="python -m animegan_helpers.course.minutes", description=__doc__,
                            formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()  # fmt: skip
    row = "{:10}{:>7}{:>7}{:>7}{:>8}{:>10}".format
    print(row("exercise", "read", "code", "write", "before", "minutes"))
    before = after = 0
    for path in notebook_paths():
        notebook = nbformat.read(path, 4)
        old = nbformat.writes(notebook)
        for number, stood, asked in with_minutes(notebook):
            print(row(number, asked.read, asked.code, asked.write, stood, asked.minutes))
            before, after = before + stood, after + asked.minutes
        if nbformat.writes(notebook) != old:
            nbformat.write(notebook, path)
    print(row("all", "", "", "", before, after))


if __name__ == "__main__":
    main()
