"""The command that turns a generator into one HTML file."""

import argparse
from pathlib import Path

from animegan_workshop.commands.base import WEIGHTS_HELP, command, one_of, option


@command(
    one_of(
        option("--weights", type=Path, help=WEIGHTS_HELP),
        option("--run", type=Path, help="a run's folder; its epochs go into the page"),
        required=True,
    ),
    option("--out", type=Path, required=True, help="FILE.html"),
    option("--title", default="", help="(default: that of the weights)"),
    option("--small", action="store_true", help="weights of 8 bits: half as large, less exact"),
)
def page(arguments: argparse.Namespace) -> str:
    """Write a generator as one HTML file: sliders, faces and all, for any browser."""
    from animegan_helpers.checkpoint import load_weights
    from animegan_helpers.files import WriteError, unused, write_text
    from animegan_workshop.page.write import make_page

    if arguments.out.suffix.lower() not in (".html", ".htm"):
        raise WriteError(f"{arguments.out} must end in .html")
    unused(arguments.out)
    path = arguments.weights or arguments.run
    text, levels = make_page(load_weights(path), path, arguments.small, arguments.title)
    write_text(arguments.out, text)
    size = f"{len(text.encode('utf-8')) / 1e6:.1f} MB"
    differ = f"pixels differ from torch's by at most {levels} of 255 levels"
    return f"{arguments.out}: {size}, opens in any browser; {differ}"
