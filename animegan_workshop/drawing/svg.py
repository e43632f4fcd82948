"""One drawn face as SVG: background and body here, head and features of `features.py`, hair of `hair.py`.

Coordinates as in `hair.py`: x from the middle line of the upright head, y downward, eyes at 40, chin at 72.
"""

from animegan_workshop.drawing.colours import (
    DARK,
    WHITE,
    Sketch,
    gradient,
    hsv,
    lines,
    mix,
    path,
    ring,
    shape,
    sketch,
)
from animegan_workshop.drawing.face import FaceDescription
from animegan_workshop.drawing.features import brows, features, head
from animegan_workshop.drawing.hair import back_hair, braids, fringe, fringe_shadow
from animegan_workshop.drawing.worn import worn


def face_svg(face: FaceDescription) -> str:
    """The face as the text of an SVG picture of 96x96 units."""
    s = sketch(face)
    place = (
        f"translate({48 - 5 * s.turn + face.between('x', -3.5, 3.5):.1f} {41 + face.between('y', -3, 3):.1f})"
        f" rotate({face.between('tilt', -14, 14):.1f})"
        f" scale({face.between('size', 0.98, 1.16):.3f}) translate(0 -42)"
    )
    parts = (
        back_hair(s),
        _body(s),
        head(s),
        braids(s),
        fringe_shadow(s),
        features(s),
        fringe(s),
        brows(s),
        worn(s),
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">'
        f"<defs>{_gradients(s)}</defs>{_background(s)}"
        f'<g transform="{place}" stroke-miterlimit="2">{"".join(parts)}</g></svg>'
    )


def _gradients(s: Sketch) -> str:
    iris = gradient(
        "iris",
        33,
        48,
        (0.0, mix(s.eye, DARK, 0.6)),
        (0.45, mix(s.eye, DARK, 0.08)),
        (1.0, mix(s.eye, WHITE, 0.3)),
    )
    if not s.style.gradient:
        return iris
    half, dim = mix(s.hair, s.hair_shade, 0.6), mix(s.skin, s.skin_shade, 0.4)
    return (
        iris
        + gradient("back", 0, 96, (0.0, half), (0.5, s.hair_shade), (1.0, s.hair_shade))
        + gradient(
            "front",
            2,
            44,
            (0.0, half),
            (0.35, mix(s.hair, s.hair_light, 0.6)),
            (0.55, s.hair),
            (1.0, half),
        )
        + gradient("lock", 20, 84, (0.0, s.hair), (1.0, s.hair_shade))
        + gradient("skin", 26, 76, (0.0, dim), (0.5, s.skin), (1.0, dim))
    )


def _background(s: Sketch) -> str:
    """White, one pastel, a run of two colours, dark, spots or stripes."""
    kind, hue, value = (
        s.face.nuisance[name] for name in ("backdrop", "backdrop_hue", "backdrop_value")
    )
    hue = (
        0.3 * hue - 0.07 if hue < 0.65 else 1.4 * hue - 0.42
    )  # red to yellow, or cyan to purple; seldom green
    sheet = "M0 0H96V96H0Z"
    if kind < 0.2:
        return shape(sheet, mix(WHITE, hsv(hue, 0.1, 1.0), value))
    if kind < 0.3:
        return shape(sheet, hsv(hue, 0.12 + 0.3 * value, 0.95))
    if kind < 0.6:
        top, low = (
            hsv(hue, 0.2 + 0.4 * value, 1.0 - 0.6 * value),
            hsv(hue + 0.1, 0.3, 1.0 - 0.25 * value),
        )
        return gradient("sky", 0, 96, (0.0, low), (1.0, top)) + shape(sheet, "sky")
    if kind < 0.78:
        return shape(sheet, hsv(hue, 0.45, 0.06 + 0.4 * value))
    base = shape(sheet, hsv(hue, 0.4, 0.3 + 0.6 * value))
    if kind < 0.9:
        spots = ((12, 14, 15), (84, 30, 18), (8, 66, 17), (88, 82, 14), (52, 4, 12))
        disks = "".join(
            ring(x + 6 * s.face.strands[n], y, r, r) for n, (x, y, r) in enumerate(spots)
        )
        return base + shape(disks, hsv(hue + 0.08, 0.3, 0.5 + 0.5 * value), opacity=0.6)
    slant, steps = s.face.between("backdrop_angle", -30, 30), []
    for n in range(6):
        steps += ["M", 22 * n - 4, -4, "L", 22 * n - 4 - slant, 100]
    return base + lines(path(*steps), hsv(hue + 0.05, 0.25, 0.5 + 0.5 * value), 9)


def _body(s: Sketch) -> str:
    """Neck, shoulders and one of four collars."""
    x, line, width = -1.5 * s.turn, mix(s.clothes, DARK, 0.45 + 0.4 * s.style.ink), s.style.line
    neck = path(
        "M",
        x - 8,
        62,
        "L",
        x - 8,
        82,
        "Q",
        x - 12,
        88,
        x - 26,
        90,
        "L",
        x - 26,
        104,
        "L",
        x + 26,
        104,
        "L",
        x + 26,
        90,
        "Q",
        x + 12,
        88,
        x + 8,
        82,
        "L",
        x + 8,
        62,
        "Z",
    )
    shadow = path(
        "M",
        x - 8,
        64,
        "L",
        x + 8,
        64,
        "L",
        x + 7.5,
        76,
        "Q",
        x + 3 * s.turn,
        83,
        x - 7.5,
        76,
        "Z",
    )
    sleeves = path(
        "M",
        x - 11,
        84,
        "Q",
        x - 32,
        87,
        x - 46,
        95,
        "L",
        x - 50,
        106,
        "L",
        x + 50,
        106,
        "L",
        x + 46,
        95,
        "Q",
        x + 32,
        87,
        x + 11,
        84,
        "L",
        x,
        100,
        "Z",
    )
    body = shape(neck, s.skin) + shape(shadow, s.skin_shade)
    body += shape(sleeves, s.clothes, line, width)
    kind, trim = s.face.nuisance["clothes"], mix(s.clothes, WHITE, 0.65)
    if kind < 0.35:  # of a shirt
        wings: list[str | float] = []
        for side in (-1, 1):
            wings += [
                "M",
                x + side * 9,
                80,
                "L",
                x + side * 18,
                85,
                "L",
                x + side * 11,
                97,
                "L",
                x + side,
                92,
                "Z",
            ]
        body += shape(path(*wings), trim, line, width)
    elif kind < 0.6:  # of a sailor's blouse
        collar = path(
            "M",
            x - 10,
            82,
            "L",
            x - 30,
            87,
            "L",
            x,
            108,
            "L",
            x + 30,
            87,
            "L",
            x + 10,
            82,
            "L",
            x,
            98,
            "Z",
        )
        stripe = path("M", x - 24, 88, "L", x, 104, "L", x + 24, 88)
        body += shape(collar, trim, line, width) + lines(stripe, s.clothes, 1.4)
    elif kind < 0.8:  # rolled; all others have none
        collar = path(
            "M",
            x - 10.5,
            78,
            "Q",
            x,
            83,
            x + 10.5,
            78,
            "L",
            x + 12,
            90,
            "Q",
            x,
            96,
            x - 12,
            90,
            "Z",
        )
        body += shape(collar, mix(s.clothes, WHITE, 0.15), line, width)
    return body
