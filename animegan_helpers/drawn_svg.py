"""One drawn face as SVG: background, body, head, eyes, brows, nose, mouth, with the hair of `drawn_hair` around them.

Coordinates as in `drawn_hair`: x from the middle line of the upright head, y downward, eyes at 40, chin at 72.
"""

from animegan_helpers.drawn_colours import (
    WHITE, Sketch, code, gradient, hsv, lines, mix, oval, path, shape, sketch,
)  # fmt: skip
from animegan_helpers.drawn_face import FaceDescription
from animegan_helpers.drawn_hair import CROPPED, back_hair, braids, fringe, fringe_shadow, worn

DARK = (38, 26, 36)


def face_svg(face: FaceDescription) -> str:
    """The face as the text of an SVG picture of 96x96 pixels."""
    s = sketch(face)
    place = (
        f"translate({48 - 5 * s.turn + face.between('x', -3.5, 3.5):.1f} {40.2 + face.between('y', -3, 3):.1f})"
        f" rotate({face.between('tilt', -14, 14):.1f})"
        f" scale({face.between('size', 0.98, 1.16):.3f}) translate(0 -42)"
    )
    parts = (back_hair(s), _body(s), _head(s), braids(s), fringe_shadow(s), _face(s), fringe(s), _brows(s), worn(s))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">'
        f'<defs>{_gradients(s)}</defs>{_background(s)}<g transform="{place}" stroke-linejoin="round">{"".join(parts)}</g></svg>'
    )


def _gradients(s: Sketch) -> str:
    iris = gradient("iris", 33, 48, (0.0, mix(s.eye, DARK, 0.6)), (0.45, mix(s.eye, DARK, 0.08)), (1.0, mix(s.eye, WHITE, 0.3)))
    if not s.style.gradient:
        return iris
    half = mix(s.hair, s.hair_shade, 0.6)
    return (
        iris
        + gradient("back", 0, 96, (0.0, s.hair), (0.6, s.hair_shade), (1.0, s.hair_shade))
        + gradient("front", 2, 44, (0.0, half), (0.35, mix(s.hair, s.hair_light, 0.6)), (0.55, s.hair), (1.0, half))
        + gradient("lock", 20, 84, (0.0, s.hair), (1.0, s.hair_shade))
        + gradient("skin", 26, 76, (0.0, mix(s.skin, s.skin_shade, 0.4)), (0.5, s.skin), (1.0, mix(s.skin, s.skin_shade, 0.4)))
    )


def _background(s: Sketch) -> str:
    """White, one pastel, a run of two colours, dark, blurred spots or stripes."""
    kind, value = s.face.nuisance["backdrop"], s.face.nuisance["backdrop_value"]
    hue = s.face.nuisance["backdrop_hue"]
    hue = 0.36 * hue - 0.06 if hue < 0.55 else 0.9 * hue  # red to yellow, or cyan to purple; seldom green
    sheet = "M0 0H96V96H0Z"
    if kind < 0.2:
        return shape(sheet, mix(WHITE, hsv(hue, 0.1, 1.0), value))
    if kind < 0.3:
        return shape(sheet, hsv(hue, 0.12 + 0.3 * value, 0.95))
    if kind < 0.6:
        top, low = hsv(hue, 0.2 + 0.4 * value, 1.0 - 0.6 * value), hsv(hue + 0.1, 0.3, 1.0 - 0.25 * value)
        turn = 360 * s.face.nuisance["backdrop_angle"]
        ends = f'<stop stop-color="{code(top)}"/><stop offset="1" stop-color="{code(low)}"/>'
        return (
            f'<linearGradient id="sky" gradientTransform="rotate({turn:.0f} .5 .5)">{ends}</linearGradient>'
            + shape(sheet, "sky")
        )
    if kind < 0.78:
        return shape(sheet, hsv(hue, 0.45, 0.06 + 0.34 * value))
    base = shape(sheet, hsv(hue, 0.4, 0.3 + 0.6 * value))
    if kind < 0.9:
        spots = ((12, 14, 15), (84, 30, 18), (8, 66, 17), (88, 82, 14), (52, 4, 12))
        return base + "".join(
            oval(x + 6 * s.face.strands[n], y, r, r, hsv(hue + 0.08 * n, 0.3, 0.45 + 0.55 * value), 0.6)
            for n, (x, y, r) in enumerate(spots)
        )
    bars: list[str | float] = []
    for n in range(5):
        bars += ["M", 22 * n - 4, -4, "L", 22 * n - 24, 100]
    return base + lines(path(*bars), hsv(hue + 0.05, 0.25, 0.5 + 0.5 * value), 9)


def _body(s: Sketch) -> str:
    """Neck, shoulders and one of four collars."""
    x, line, width = -1.5 * s.turn, mix(s.clothes, DARK, 0.45 + 0.4 * s.style.ink), s.style.line
    neck = shape(path("M", x - 8, 62, "L", x - 8, 82, "Q", x - 12, 88, x - 26, 90, "L", x - 26, 104, "L", x + 26, 104,
                      "L", x + 26, 90, "Q", x + 12, 88, x + 8, 82, "L", x + 8, 62, "Z"), s.skin, s.skin_line, width)  # fmt: skip
    shadow = shape(path("M", x - 8, 64, "L", x + 8, 64, "L", x + 7.5, 78, "Q", x + 3 * s.turn, 84, x - 7.5, 78, "Z"), s.skin_shade)
    sleeves = shape(path("M", x - 11, 84, "Q", x - 32, 87, x - 46, 95, "L", x - 50, 106, "L", x + 50, 106, "L", x + 46, 95,
                         "Q", x + 32, 87, x + 11, 84, "L", x, 100, "Z"), s.clothes, line, width)  # fmt: skip
    kind, trim = s.face.nuisance["clothes"], mix(s.clothes, WHITE, 0.65)
    if kind < 0.35:  # shirt collar
        collar = ""
        for side in (-1, 1):
            wing = path("M", x + side * 9, 80, "L", x + side * 18, 85, "L", x + side * 11, 97, "L", x + side * 1, 92, "Z")
            collar += shape(wing, trim, line, width)
    elif kind < 0.6:  # sailor collar
        collar = shape(path("M", x - 10, 82, "L", x - 30, 87, "L", x, 108, "L", x + 30, 87, "L", x + 10, 82, "L", x, 98, "Z"),
                       trim, line, width)  # fmt: skip
        collar += lines(path("M", x - 24, 88, "L", x, 104, "L", x + 24, 88), s.clothes, 1.4)
    elif kind < 0.8:  # roll neck
        collar = shape(path("M", x - 10.5, 78, "Q", x, 83, x + 10.5, 78, "L", x + 12, 90, "Q", x, 96, x - 12, 90, "Z"),
                       mix(s.clothes, WHITE, 0.15), line, width)  # fmt: skip
    else:  # bare
        collar = ""
    return neck + shadow + sleeves + collar


def _head(s: Sketch) -> str:
    """Face with chin, near ear, and the shadow along the far cheek."""
    t, chin = s.turn, s.style.chin
    at = 6 * t
    steps: list[str | float] = ["M", *_temple(s, -1)]
    for side in (-1, 1):
        far, near = s.far(side), s.far(-side)
        cheek = (side * (26.5 - 2.2 * far + 0.5 * near) + 2.8 * t, 50)
        jaw = (side * (22.5 - 3.5 * far + 1.5 * near) + 3.5 * t, 65.5 - 1.5 * near)
        if side < 0:
            steps += ["Q", cheek[0] - 0.5 + 1.5 * far, 43, *cheek, "C", cheek[0] + 0.5, 58, *jaw, at - chin, 71]
            steps += ["Q", at, 73.2, at + chin, 71]
        else:
            steps += ["C", *jaw, cheek[0] - 0.5, 58, *cheek, "Q", cheek[0] + 0.5 - 1.5 * far, 43, *_temple(s, 1)]
    head = shape(path(*steps, "Q", 24, 6, 0, 6, "Q", -24, 6, *_temple(s, -1), "Z"), s.fill("skin"), s.skin_line, s.style.line)
    return (_ears(s) if s.face.labels["hairstyle"] in CROPPED else "") + head + _cheek_shadow(s)


def _cheek_shadow(s: Sketch) -> str:
    """A hard shadow along the cheek that is turned from the light."""
    if s.style.gradient:
        return ""
    side, t = (-1 if s.face.nuisance["side"] < 0.5 else 1), s.turn
    far, near = s.far(side), s.far(-side)
    x, jaw = side * (26 - 2.2 * far + 0.5 * near) + 2.8 * t, side * (20 - 3.5 * far + 1.5 * near) + 3.5 * t
    return shape(path("M", x, 46, "C", x - side * 0.5, 58, jaw, 65 - 1.5 * near, 6 * t + side * 2, 71.5,
                      "Q", jaw - side * 3, 62.5, x - side * 4.5, 50, "Z"), s.skin_shade)  # fmt: skip


def _temple(s: Sketch, side: int) -> tuple[float, float]:
    return side * (26.5 - 1.5 * s.far(side)) + 2 * s.turn, 34


def _ears(s: Sketch) -> str:
    ears = ""
    for side in (-1, 1):
        x, size = side * 27.5 + 3.0 * s.turn, 1 - 0.9 * s.far(side)
        if size > 0.3:
            ears += shape(path("M", x - side, 40, "C", x + side * 8 * size, 36, x + side * 7 * size, 54, x - side, 56, "Z"),
                          s.skin, s.skin_line, max(0.5, s.style.line))  # fmt: skip
            ears += lines(path("M", x + side * 3 * size, 43, "Q", x + side * size, 46, x + side * 2 * size, 50), s.skin_line, 0.8)
    return ears


def _face(s: Sketch) -> str:
    return _blush(s) + _nose(s) + _mouth(s) + _eye(s, -1) + _eye(s, 1) + _tears(s)


def _eye_place(s: Sketch, side: int) -> tuple[float, float]:
    """The middle of an eye (x), and its width as a share of one seen from the front."""
    far = s.far(side)
    return 8 * s.turn + side * (16.3 * (1 - 0.12 * abs(s.turn)) - 1.5 * far), 1 - 0.3 * far


def _eye(s: Sketch, side: int) -> str:
    """One eye: white, iris from dark to light, pupil, upper lid with lash, lower lid, crease, highlights."""
    style, look = s.style, s.expression
    x, share = _eye_place(s, side)
    w = style.eye_width / 2 * share * s.face.between("eye_size", 0.95, 1.05)
    h = style.eye_height * look.open * s.face.between("eye_size", 0.95, 1.05)
    low = 48.5 if style.eye_height > 14 else 46.5
    top = low - h
    inner, outer = x - side * w, x + side * w
    # Heights of the lid line at the inner corner, the apex and the outer corner.
    y_in, y_out = top + 0.42 * h + look.lid, top + 0.36 * h - style.eye_tilt - look.lid
    lid = ["M", inner, y_in, "C", inner + side * w * 0.35, top - 1 + look.lid, outer - side * w * 0.5, top - 1 - look.lid, outer, y_out]
    white = shape(path(*lid, "Q", outer - side * w * 0.2, low, x, low, "Q", inner + side * w * 0.3, low, inner, y_in, "Z"),
                  mix(WHITE, s.skin_shade, 0.12))  # fmt: skip
    gaze = x + s.face.between("gaze", -0.7, 0.7) + 0.5 * s.turn
    rx, ry = 0.76 * w * look.iris * (1.1 if style.eye_height > 20 else 1.0), 0.57 * h * look.iris
    y = low - ry - (h - 2 * ry) * (0.15 if look.iris == 1 else 0.45)
    cut = max(y - ry * 0.86, top + 0.06 * h + abs(look.lid) * 0.5)
    half = rx * (1 - min(1, ((cut - y) / ry) ** 2)) ** 0.5
    iris = shape(path("M", gaze - half, cut, "A", rx, ry, 0, 1, 0, gaze + half, cut, "Z"), "iris", mix(s.eye, DARK, 0.6), 0.7)
    pupil = oval(gaze, y - 0.1 * ry, rx * 0.4, ry * 0.42, mix(s.eye, DARK, 0.85))
    lash = shape(path(*lid, "L", outer + side * 1.8, y_out - 1.2, "C", outer - side * w * 0.45, top - 1 - look.lid - style.lash * 1.25,
                      inner + side * w * 0.35, top - 1 + look.lid - style.lash * 1.2, inner, y_in, "Z"),
                 mix(mix(s.hair_line, s.skin_line, 0.3), DARK, 0.35 + 0.6 * style.ink))  # fmt: skip
    lower = lines(path("M", outer - side * w * 0.25, low - 1.4, "Q", x, low + 0.7, x - side * w * 0.45, low - 0.6), s.skin_line, 0.9)
    big = (0.42 if style.eye_height > 14 else 0.3) * rx
    lights = oval(gaze - rx * 0.38, y - ry * 0.48, big, big * 1.15, WHITE)
    if style.eye_height > 14:
        lights += oval(gaze + rx * 0.42, y + ry * 0.45, big * 0.5, big * 0.5, WHITE, 0.9)
    return white + iris + pupil + lash + lower + lights


def _tears(s: Sketch) -> str:
    """A tear under each eye of a sad face."""
    tears = ""
    if s.face.labels["expression"] == "sad":
        for side in (-1, 1):
            x, share = _eye_place(s, side)
            x += side * 3.5 * share
            drop = path("M", x, 47, "Q", x + 2.8, 52, x + 1.8, 54, "Q", x, 56.5, x - 1.8, 54, "Q", x - 2.8, 52, x, 47, "Z")
            tears += shape(drop, (206, 236, 255), mix(s.skin_shade, (60, 130, 200), 0.6), 0.6)
    return tears


def _brows(s: Sketch) -> str:
    """Both brows; over the fringe, as anime draws them."""
    look, steps = s.expression, []
    for side in (-1, 1):
        x, share = _eye_place(s, side)
        y = 27.5 + look.brow + s.face.between("brow", -0.8, 0.8) - (s.style.eye_height - 17) * 0.5
        slope = look.brow_slope / 2
        steps += ["M", x - side * 6.5 * share, y + slope + 0.5, "Q", x, y - 1, x + side * 6.5 * share, y - slope + 0.8]
    return lines(path(*steps), mix(s.hair_line, s.hair, 0.15), 1.1 + 0.4 * s.style.line)


def _nose(s: Sketch) -> str:
    x = 9.5 * s.turn
    side = 1 if s.turn >= 0 else -1
    return lines(path("M", x - side * 0.3, 53.5, "L", x + side * 1.2, 55.8, "L", x - side * 0.6, 56.4), s.skin_line, max(0.7, s.style.line * 0.8))


def _mouth(s: Sketch) -> str:
    x, y = 8 * s.turn, 62
    wide = s.face.between("mouth", 0.9, 1.1) * (1 - 0.15 * abs(s.turn))
    line, width = mix(s.skin_line, (90, 20, 30), 0.5), max(1.0, s.style.line)
    red = mix((205, 70, 80), s.skin_shade, 0.1)
    kind = s.expression.mouth
    if kind == "line":
        return lines(path("M", x - 3 * wide, y, "L", x + 3 * wide, y), line, width)
    if kind == "smile":
        return lines(path("M", x - 7.5 * wide, y - 2.4, "Q", x, y + 5, x + 7.5 * wide, y - 2.4), line, width)
    if kind == "frown":
        return lines(path("M", x - 6 * wide, y + 3, "Q", x, y - 4.4, x + 6 * wide, y + 3), line, width)
    if kind == "round":
        return shape(path("M", x, y - 3.5, "C", x + 4.5 * wide, y - 3.5, x + 4 * wide, y + 5, x, y + 5,
                          "C", x - 4 * wide, y + 5, x - 4.5 * wide, y - 3.5, x, y - 3.5, "Z"), mix(red, DARK, 0.35), line, width)  # fmt: skip
    if kind == "teeth":
        return shape(path("M", x - 4.5 * wide, y - 1.5, "Q", x, y - 3.2, x + 4.5 * wide, y - 1.5, "L", x + 6 * wide, y + 2.6,
                          "Q", x, y + 0.8, x - 6 * wide, y + 2.6, "Z"), WHITE, line, width * 1.1)  # fmt: skip
    mouth = path("M", x - 7.5 * wide, y - 3, "Q", x, y - 1.2, x + 7.5 * wide, y - 3, "C", x + 6 * wide, y + 7, x - 6 * wide, y + 7, x - 7.5 * wide, y - 3, "Z")
    return shape(mouth, red, line, width) + oval(x, y + 3, 3.2 * wide, 1.6, mix(red, WHITE, 0.35))


def _blush(s: Sketch) -> str:
    """A touch of red under the eyes."""
    strength = s.face.between("blush", 0.05, 0.35) + (0.15 if s.expression.mouth in ("laugh", "smile") else 0)
    blush = ""
    for side in (-1, 1):
        x, share = _eye_place(s, side)
        blush += oval(x + side * 2 * share, 54.5, 6.5 * share, 2.8, mix(s.skin_shade, (250, 90, 100), 0.55), strength)
    return blush
