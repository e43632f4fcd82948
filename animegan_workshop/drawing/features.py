"""The head of a drawn face: ears, eyes, brows, nose, mouth, blush, tears. Coordinates: as in `hair.py`."""

from animegan_workshop.drawing.colours import (
    CROPPED,
    DARK,
    WHITE,
    Sketch,
    lines,
    mix,
    oval,
    path,
    ring,
    shape,
)


def head(s: Sketch) -> str:
    """The face with its chin, the ears where the hair leaves them free, and a hard shadow along one cheek."""
    turn, chin, chin_x = s.turn, s.style.chin, 6 * s.turn
    steps: list[str | float] = ["M", *_temple(s, -1)]
    for side in (-1, 1):
        far, near = s.far(side), s.far(-side)
        cheek = (side * (26.5 - 2.2 * far + 0.5 * near) + 2.8 * turn, 50)
        jaw = (side * (22.5 - 3.5 * far + 1.5 * near) + 3.5 * turn, 65.5 - 1.5 * near)
        if side < 0:
            steps += [
                "Q",
                cheek[0] - 0.5 + 1.5 * far,
                43,
                *cheek,
                "C",
                cheek[0] + 0.5,
                58,
                *jaw,
                chin_x - chin,
                71,
            ]
            steps += ["Q", chin_x, 73.2, chin_x + chin, 71]
        else:
            steps += [
                "C",
                *jaw,
                cheek[0] - 0.5,
                58,
                *cheek,
                "Q",
                cheek[0] + 0.5 - 1.5 * far,
                43,
                *_temple(s, 1),
            ]
    jaw_line = path(*steps)
    face = shape(
        f"{jaw_line} {path('Q', 24, 8, 0, 8, 'Q', -24, 8, *_temple(s, -1), 'Z')}", s.fill("skin")
    )
    face += lines(jaw_line, s.skin_line, s.style.line) if s.style.line else ""
    ears = _ears(s) if s.face.labels["hairstyle"] in CROPPED else ""
    return ears + face + _cheek_shadow(s)


def _temple(s: Sketch, side: int) -> tuple[float, float]:
    return side * (26.5 - 1.5 * s.far(side)) + 2 * s.turn, 34


def _cheek_shadow(s: Sketch) -> str:
    """A hard shadow along the cheek that is turned from the light."""
    if s.style.gradient:
        return ""
    side, turn = -s.light_side, s.turn
    far, near = s.far(side), s.far(-side)
    cheek = side * (26 - 2.2 * far + 0.5 * near) + 2.8 * turn
    jaw = side * (20 - 3.5 * far + 1.5 * near) + 3.5 * turn
    return shape(
        path(
            "M",
            cheek,
            46,
            "C",
            cheek - side * 0.5,
            58,
            jaw,
            65 - 1.5 * near,
            6 * turn + side * 2,
            71.5,
            "Q",
            jaw - side * 3,
            62.5,
            cheek - side * 4.5,
            50,
            "Z",
        ),
        s.skin_shade,
    )


def _ears(s: Sketch) -> str:
    ears = ""
    for side in (-1, 1):
        x, size = side * 27.5 + 3.0 * s.turn, 1 - 0.9 * s.far(side)
        if size > 0.3:
            rim = path(
                "M",
                x - side,
                40,
                "C",
                x + side * 8 * size,
                36,
                x + side * 7 * size,
                54,
                x - side,
                56,
                "Z",
            )
            fold = path(
                "M", x + side * 3 * size, 43, "Q", x + side * size, 46, x + side * 2 * size, 50
            )
            ears += shape(rim, s.skin, s.skin_line, max(0.5, s.style.line)) + lines(
                fold, s.skin_line, 0.8
            )
    return ears


def features(s: Sketch) -> str:
    """All that goes on the skin, under the fringe."""
    return _blush(s) + _nose(s) + _mouth(s) + _eyes(s) + _tears(s)


def _eyes(s: Sketch) -> str:
    """Both eyes: white, iris from dark to light, pupil, upper lid with lash, lower lid, highlights."""
    white, rim, iris, pupil, lash, lower, glints = (
        " ".join(pair) for pair in zip(_eye(s, -1), _eye(s, 1))
    )
    lash_colour = mix(mix(s.hair_line, s.skin_line, 0.3), DARK, 0.35 + 0.6 * s.style.ink)
    return (
        shape(white, mix(WHITE, s.skin_shade, 0.12))
        + shape(rim, mix(s.eye, DARK, 0.6))
        + shape(iris, "iris")
        + shape(pupil, mix(s.eye, DARK, 0.85))
        + shape(lash, lash_colour)
        + lines(lower, s.skin_line, 0.9)
        + shape(glints, WHITE)
    )


def _eye(s: Sketch, side: int) -> tuple[str, ...]:
    """The paths of one eye, in the order of `_eyes`."""
    style, look = s.style, s.expression
    x, share = s.eye_place(side)
    size = s.face.between("eye_size", 0.95, 1.05)
    w, h = style.eye_width / 2 * share * size, style.eye_height * look.open * size
    wide_open = style.eye_height > 14
    low = 48.5 if wide_open else 46.5
    top = low - h
    inner, outer = x - side * w, x + side * w
    y_in, y_out = (
        top + 0.42 * h + look.lid,
        top + 0.36 * h - style.eye_tilt - look.lid,
    )  # of the lid at the corners
    bend_in, bend_out = top - 1 + look.lid, top - 1 - look.lid
    lid = path(
        "M",
        inner,
        y_in,
        "C",
        inner + side * w * 0.35,
        bend_in,
        outer - side * w * 0.5,
        bend_out,
        outer,
        y_out,
    )
    under = path(
        "Q", outer - side * w * 0.2, low, x, low, "Q", inner + side * w * 0.3, low, inner, y_in, "Z"
    )
    lash = path(
        "L",
        outer + side * 1.8,
        y_out - 1.2,
        "C",
        outer - side * w * 0.45,
        bend_out - style.lash * 1.25,
        inner + side * w * 0.35,
        bend_in - style.lash * 1.2,
        inner,
        y_in,
        "Z",
    )
    lower = path(
        "M", outer - side * w * 0.25, low - 1.4, "Q", x, low + 0.7, x - side * w * 0.45, low - 0.6
    )
    # The iris is an ellipse, cut off at the top where the lid covers it.
    gaze = x + s.face.between("gaze", -0.7, 0.7) + 0.5 * s.turn
    rx, ry = 0.76 * w * look.iris * (1.1 if style.eye_height > 20 else 1.0), 0.57 * h * look.iris
    y = low - ry - (h - 2 * ry) * (0.15 if look.iris == 1 else 0.45)
    cut = max(y - ry * 0.86, top + 0.06 * h + abs(look.lid) * 0.5)
    half = rx * (1 - min(1, ((cut - y) / ry) ** 2)) ** 0.5
    rim = path(
        "M",
        gaze - half - 0.35,
        cut,
        "A",
        rx + 0.35,
        ry + 0.35,
        0,
        1,
        0,
        gaze + half + 0.35,
        cut,
        "Z",
    )
    iris = path("M", gaze - half, cut, "A", rx - 0.35, ry - 0.35, 0, 1, 0, gaze + half, cut, "Z")
    glint = (0.42 if wide_open else 0.3) * rx
    glints = ring(gaze - rx * 0.38, y - ry * 0.48, glint, glint * 1.15)
    if wide_open:
        glints += ring(gaze + rx * 0.42, y + ry * 0.45, glint * 0.5, glint * 0.5)
    pupil = ring(gaze, y - 0.1 * ry, rx * 0.4, ry * 0.42)
    return f"{lid} {under}", rim, iris, pupil, f"{lid} {lash}", lower, glints


def _tears(s: Sketch) -> str:
    """A tear under each eye of a sad face."""
    if s.face.labels["expression"] != "sad":
        return ""
    steps: list[str | float] = []
    for side in (-1, 1):
        x, share = s.eye_place(side)
        x += side * 3.5 * share
        steps += [
            "M",
            x,
            47,
            "Q",
            x + 2.8,
            52,
            x + 1.8,
            54,
            "Q",
            x,
            56.5,
            x - 1.8,
            54,
            "Q",
            x - 2.8,
            52,
            x,
            47,
            "Z",
        ]
    return shape(path(*steps), (206, 236, 255), mix(s.skin_shade, (60, 130, 200), 0.6), 0.6)


def brows(s: Sketch) -> str:
    """Both brows; over the fringe, as anime draws them."""
    look, steps = s.expression, []
    for side in (-1, 1):
        x, share = s.eye_place(side)
        reach, slope = side * 6.5 * share, look.brow_slope / 2
        y = 27.5 + look.brow + s.face.between("brow", -0.8, 0.8) - (s.style.eye_height - 17) * 0.5
        steps += ["M", x - reach, y + slope + 0.5, "Q", x, y - 1, x + reach, y - slope + 0.8]
    return lines(path(*steps), mix(s.hair_line, s.hair, 0.15), 1.1 + 0.4 * s.style.line)


def _nose(s: Sketch) -> str:
    x, side = 9.5 * s.turn, 1 if s.turn >= 0 else -1
    tip = path("M", x - side * 0.3, 53.5, "L", x + side * 1.2, 55.8, "L", x - side * 0.6, 56.4)
    return lines(tip, s.skin_line, max(0.7, s.style.line * 0.8))


def _mouth(s: Sketch) -> str:
    x, y, kind = 8 * s.turn, 62, s.expression.mouth
    w = s.face.between("mouth", 0.9, 1.1) * (1 - 0.15 * abs(s.turn))
    line, width = mix(s.skin_line, (90, 20, 30), 0.5), max(1.0, s.style.line)
    red = mix((205, 70, 80), s.skin_shade, 0.1)
    if kind == "line":
        return lines(path("M", x - 3 * w, y, "L", x + 3 * w, y), line, width)
    if kind == "smile":
        return lines(
            path("M", x - 7.5 * w, y - 2.4, "Q", x, y + 5, x + 7.5 * w, y - 2.4), line, width
        )
    if kind == "frown":
        return lines(path("M", x - 6 * w, y + 3, "Q", x, y - 4.4, x + 6 * w, y + 3), line, width)
    if kind == "round":
        hole = path(
            "M",
            x,
            y - 3.5,
            "C",
            x + 4.5 * w,
            y - 3.5,
            x + 4 * w,
            y + 5,
            x,
            y + 5,
            "C",
            x - 4 * w,
            y + 5,
            x - 4.5 * w,
            y - 3.5,
            x,
            y - 3.5,
            "Z",
        )
        return shape(hole, mix(red, DARK, 0.35), line, width)
    if kind == "teeth":
        teeth = path(
            "M",
            x - 4.5 * w,
            y - 1.5,
            "Q",
            x,
            y - 3.2,
            x + 4.5 * w,
            y - 1.5,
            "L",
            x + 6 * w,
            y + 2.6,
            "Q",
            x,
            y + 0.8,
            x - 6 * w,
            y + 2.6,
            "Z",
        )
        return shape(teeth, WHITE, line, width * 1.1)
    laugh = path(
        "M",
        x - 7.5 * w,
        y - 3,
        "Q",
        x,
        y - 1.2,
        x + 7.5 * w,
        y - 3,
        "C",
        x + 6 * w,
        y + 7,
        x - 6 * w,
        y + 7,
        x - 7.5 * w,
        y - 3,
        "Z",
    )
    return shape(laugh, red, line, width) + oval(x, y + 3, 3.2 * w, 1.6, mix(red, WHITE, 0.35))


def _blush(s: Sketch) -> str:
    """A touch of red under the eyes."""
    strength = s.face.between("blush", 0.05, 0.35) + (
        0.15 if s.expression.mouth in ("laugh", "smile") else 0
    )
    cheeks = ""
    for side in (-1, 1):
        x, share = s.eye_place(side)
        cheeks += ring(x + side * 2 * share, 54.5, 6.5 * share, 2.8)
    return shape(cheeks, mix(s.skin_shade, (250, 90, 100), 0.55), opacity=strength)
