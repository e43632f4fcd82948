"""The words of SVG that the drawing uses: paths, their fill and outline, gradients.

An element of SVG costs time, its points cost little. So what comes in pairs of one colour is drawn
as one path.
"""

from collections.abc import Callable

from animegan_workshop.drawing.colours import RGB


def path(drawing: str, x: float = 0.0, y: float = 0.0, across: float = 1.0) -> str:
    """The data of an SVG path, with the point (0, 0) of the drawing moved to (x, y).

    drawing: path data in M, L, Q, C, A and Z, coordinates absolute, spaces between numbers. An
    arc's radii and flags are one word with commas: A 7,7,0,1,0 12 3.
    across: x coordinates are multiplied by this first. A negative number mirrors left to right;
    drawings with arcs are not mirrored or stretched.
    """
    words, is_x = [], True
    for word in drawing.split():
        if word.isalpha() or "," in word:  # no coordinate
            words.append(word)
            continue
        number = x + across * float(word) if is_x else y + float(word)
        words.append(f"{number:.1f}")
        is_x = not is_x
    return " ".join(words)


def pair(draw_side: Callable[[int], str]) -> str:
    """The data that `draw_side` gives for the left side (-1), then for the right side (1)."""
    return f"{draw_side(-1)} {draw_side(1)}"


def ring(x: float, y: float, rx: float, ry: float) -> str:
    """The data of an ellipse around (x, y), for paths of several."""
    radii = f"{rx:.1f},{ry:.1f},0,1,0"
    return path(f"M {-rx} 0 A {radii} {rx} 0 A {radii} {-rx} 0 Z", x, y)


def shape(
    data: str,
    fill: RGB | str | None,
    line: RGB | None = None,
    width: float = 0.0,
    opacity: float = 1.0,
) -> str:
    """A path, filled and outlined.

    fill: a colour, the name of a gradient, or None. line: a colour, or None for no outline.
    """
    edge = f' stroke="{_paint(line)}" stroke-width="{width:.1f}"' if line else ""
    thin = f' fill-opacity="{opacity:.2f}" stroke-opacity="{opacity:.2f}"' if opacity < 1 else ""
    return f'<path d="{data}" fill="{_paint(fill)}"{edge}{thin}/>'


def lines(data: str, colour: RGB, width: float, opacity: float = 1.0) -> str:
    """Lines along a path, not filled."""
    return shape(data, None, colour, width, opacity)


def oval(x: float, y: float, rx: float, ry: float, fill: RGB) -> str:
    """A filled ellipse around (x, y)."""
    place = f'cx="{x:.1f}" cy="{y:.1f}" rx="{rx:.1f}" ry="{ry:.1f}"'
    return f'<ellipse {place} fill="{_paint(fill)}"/>'


def gradient(name: str, top: float, low: float, stops: dict[float, RGB]) -> str:
    """A gradient from height `top` to height `low`, under a name that `shape` takes as fill.

    stops: share of the way down (0...1) -> the colour there.
    """
    inner = "".join(
        f'<stop offset="{at:.2f}" stop-color="{_paint(colour)}"/>' for at, colour in stops.items()
    )
    frame = f'gradientUnits="userSpaceOnUse" x1="0" x2="0" y1="{top}" y2="{low}"'
    return f'<linearGradient id="{name}" {frame}>{inner}</linearGradient>'


def _paint(paint: RGB | str | None) -> str:
    """A colour or a gradient as SVG names it."""
    if paint is None:
        return "none"
    if isinstance(paint, str):
        return f"url(#{paint})"
    return "#{:02x}{:02x}{:02x}".format(*(min(255, max(0, round(c))) for c in paint))
