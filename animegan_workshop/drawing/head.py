"""The head of a drawn face, from the ears to the tears. Coordinates: as in `sketch.py`."""

from types import SimpleNamespace

from animegan_workshop.drawing.colours import DARK, WHITE, mix
from animegan_workshop.drawing.sketch import Sketch
from animegan_workshop.drawing.svg import lines, oval, path, ring, shape


def _side(s: Sketch, side: int) -> SimpleNamespace:
    """The outline of one side of the face, from top to bottom; x, and y where it varies."""
    far, near = s.far(side), s.far(-side)
    cheek = side * (26.5 - 2.2 * far + 0.5 * near) + 2.8 * s.turn
    return SimpleNamespace(
        temple=side * (26.5 - 1.5 * far) + 2 * s.turn,
        bend=cheek + side * (0.5 - 1.5 * far),
        cheek=cheek,
        under=cheek - side * 0.5,
        jaw=side * (22.5 - 3.5 * far + 1.5 * near) + 3.5 * s.turn,
        jaw_y=65.5 - 1.5 * near,
    )


def head(s: Sketch) -> str:
    """The face down to the chin, the ears where they are free, a hard shadow on one cheek."""
    left, right, chin = _side(s, -1), _side(s, 1), 6 * s.turn
    chin_left, chin_right = chin - s.style.chin, chin + s.style.chin
    jaw_line = path(
        f"M {left.temple} 34 Q {left.bend} 43 {left.cheek} 50"
        f" C {left.under} 58 {left.jaw} {left.jaw_y} {chin_left} 71 Q {chin} 73.2 {chin_right} 71"
        f" C {right.jaw} {right.jaw_y} {right.under} 58 {right.cheek} 50"
        f" Q {right.bend} 43 {right.temple} 34"
    )
    forehead = path(f"Q 24 8 0 8 Q -24 8 {left.temple} 34 Z")
    face = shape(f"{jaw_line} {forehead}", s.fill("skin"))
    outline = lines(jaw_line, s.skin_line, s.style.line)
    ears = _ears(s) if s.hairstyle.ears else ""
    return ears + face + outline + ("" if s.style.gradient else _cheek_shadow(s))


def _cheek_shadow(s: Sketch) -> str:
    """A hard shadow along the cheek that is turned from the light."""
    side = -s.light_side
    edge, chin = _side(s, side), 6 * s.turn + side * 2
    shadow = (
        f"M {edge.under} 46 C {edge.cheek - side} 58 {edge.jaw - side * 2.5} {edge.jaw_y - 0.5}"
        f" {chin} 71.5 Q {edge.jaw - side * 5.5} 62.5 {edge.cheek - side * 5} 50 Z"
    )
    return shape(path(shadow), s.skin_shade)


def _ears(s: Sketch) -> str:
    ears = ""
    for side in (-1, 1):
        x, size = side * 27.5 + 3.0 * s.turn, 1 - 0.9 * s.far(side)
        if size > 0.3:
            rim = path(f"M -1 40 C {8 * size} 36 {7 * size} 54 -1 56 Z", x, 0, side)
            fold = path(f"M {3 * size} 43 Q {size} 46 {2 * size} 50", x, 0, side)
            ears += shape(rim, s.skin, s.skin_line, max(0.5, s.style.line))
            ears += lines(fold, s.skin_line, 0.8)
    return ears


def features(s: Sketch) -> str:
    """All that goes on the skin, under the fringe."""
    tears = _tears(s) if s.face.labels["expression"] == "sad" else ""
    return _blush(s) + _nose(s) + _mouth(s) + _eyes(s) + tears


def _eyes(s: Sketch) -> str:
    """Both eyes: white, iris with a dark rim, pupil, upper lid with lash, lower lid, highlights."""
    white, rim, iris, pupil, lash, lower, glints = map(" ".join, zip(_eye(s, -1), _eye(s, 1)))
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

    # White and lids, in units of w: the inner corner is at x -1, the outer one at 1.
    inner, outer = top + 0.42 * h + look.lid, top + 0.36 * h - style.eye_tilt - look.lid
    bend_in, bend_out = top - 1 + look.lid, top - 1 - look.lid
    lid = path(f"M -1 {inner} C -0.65 {bend_in} 0.5 {bend_out} 1 {outer}", x, 0, side * w)
    under = path(f"Q 0.8 {low} 0 {low} Q -0.7 {low} -1 {inner} Z", x, 0, side * w)
    lash = (
        f"L {1 + 1.8 / w} {outer - 1.2} C 0.55 {bend_out - style.lash * 1.25}"
        f" -0.65 {bend_in - style.lash * 1.2} -1 {inner} Z"
    )
    lash = path(lash, x, 0, side * w)
    lower = path("M 0.75 -1.4 Q 0 0.7 -0.45 -0.6", x, low, side * w)

    # The iris is an ellipse, cut off at the top where the lid covers it.
    gaze = x + s.face.between("gaze", -0.7, 0.7) + 0.5 * s.turn
    rx, ry = 0.76 * w * look.iris * (1.1 if style.eye_height > 20 else 1.0), 0.57 * h * look.iris
    y = low - ry - (h - 2 * ry) * (0.15 if look.iris == 1 else 0.45)
    cut = max(y - ry * 0.86, top + 0.06 * h + abs(look.lid) * 0.5)
    half = rx * (1 - min(1, ((cut - y) / ry) ** 2)) ** 0.5
    edge = 0.35  # half the width of the dark rim around the iris
    rim = f"M {-half - edge} 0 A {rx + edge:.1f},{ry + edge:.1f},0,1,0 {half + edge} 0 Z"
    iris = f"M {-half} 0 A {rx - edge:.1f},{ry - edge:.1f},0,1,0 {half} 0 Z"
    pupil = ring(gaze, y - 0.1 * ry, rx * 0.4, ry * 0.42)
    glint = (0.42 if wide_open else 0.3) * rx
    glints = ring(gaze - rx * 0.38, y - ry * 0.48, glint, glint * 1.15)
    if wide_open:
        glints += ring(gaze + rx * 0.42, y + ry * 0.45, glint * 0.5, glint * 0.5)
    rim, iris = path(rim, gaze, cut), path(iris, gaze, cut)
    return f"{lid} {under}", rim, iris, pupil, f"{lid} {lash}", lower, glints


def _tears(s: Sketch) -> str:
    """A tear under each eye."""
    tear = "M 0 47 Q 2.8 52 1.8 54 Q 0 56.5 -1.8 54 Q -2.8 52 0 47 Z"
    tears = s.both_eyes(lambda side, x, share: path(tear, x + side * 3.5 * share))
    return shape(tears, (206, 236, 255), mix(s.skin_shade, (60, 130, 200), 0.6), 0.6)


def brows(s: Sketch) -> str:
    """Both brows; over the fringe, as anime draws them."""
    height = s.expression.brow + s.face.between("brow", -0.8, 0.8)
    y, slope = 27.5 + height - (s.style.eye_height - 17) * 0.5, s.expression.brow_slope / 2
    brow = f"M -1 {slope + 0.5} Q 0 -1 1 {0.8 - slope}"
    both = s.both_eyes(lambda side, x, share: path(brow, x, y, side * 6.5 * share))
    return lines(both, mix(s.hair_line, s.hair, 0.15), 1.1 + 0.4 * s.style.line)


def _nose(s: Sketch) -> str:
    side = 1 if s.turn >= 0 else -1
    tip = path("M -0.3 53.5 L 1.2 55.8 L -0.6 56.4", 9.5 * s.turn, 0, side)
    return lines(tip, s.skin_line, max(0.7, s.style.line * 0.8))


def _mouth(s: Sketch) -> str:
    expression, x, y = s.face.labels["expression"], 8 * s.turn, 62
    w = s.face.between("mouth", 0.9, 1.1) * (1 - 0.15 * abs(s.turn))
    line, width = mix(s.skin_line, (90, 20, 30), 0.5), max(1.0, s.style.line)
    red = mix((205, 70, 80), s.skin_shade, 0.1)
    inside = {"laugh": red, "angry": WHITE, "surprised": mix(red, DARK, 0.35)}.get(expression)
    if expression == "angry":
        width *= 1.1
    mouth = shape(path(s.expression.mouth, x, y, w), inside, line, width)
    tongue = oval(x, y + 3, 3.2 * w, 1.6, mix(red, WHITE, 0.35))
    return mouth + (tongue if expression == "laugh" else "")


def _blush(s: Sketch) -> str:
    """A touch of red under the eyes."""
    happy = s.face.labels["expression"] in ("laugh", "smile")
    strength = s.face.between("blush", 0.05, 0.35) + (0.15 if happy else 0)
    spots = s.both_eyes(lambda side, x, share: ring(x + side * 2 * share, 54.5, 6.5 * share, 2.8))
    return shape(spots, mix(s.skin_shade, (250, 90, 100), 0.55), opacity=strength)
