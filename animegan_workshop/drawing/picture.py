"""One drawn face as SVG: its parts in the order in which they cover each other, on a background."""

from animegan_workshop.drawing.colours import DARK, WHITE, hsv, mix
from animegan_workshop.drawing.face import FaceDescription
from animegan_workshop.drawing.hair import back_hair, braids, fringe, fringe_shadow
from animegan_workshop.drawing.head import brows, features, head
from animegan_workshop.drawing.sketch import Sketch
from animegan_workshop.drawing.svg import gradient, lines, path, ring, shape
from animegan_workshop.drawing.worn import accessory, body

PARTS = (back_hair, body, head, braids, fringe_shadow, features, fringe, brows, accessory)
"""What draws each part, in the order in which the parts cover each other."""


def face_svg(face: FaceDescription) -> str:
    """The face as the text of an SVG picture of 96x96 units."""
    s = Sketch(face)
    x, y = 48 - 5 * s.turn + face.between("x", -3.5, 3.5), 41 + face.between("y", -3, 3)
    tilt, size = face.between("tilt", -14, 14), face.between("size", 0.98, 1.16)
    place = f"translate({x:.1f} {y:.1f}) rotate({tilt:.1f}) scale({size:.3f}) translate(0 -42)"
    head_and_body = "".join(draw(s) for draw in PARTS)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">'
        f"<defs>{_gradients(s)}</defs>{_background(face)}"
        f'<g transform="{place}" stroke-miterlimit="2">{head_and_body}</g></svg>'
    )


def _gradients(s: Sketch) -> str:
    """The gradient of the iris, and in soft styles those that `Sketch.fill` names."""
    eye = {0.0: mix(s.eye, DARK, 0.6), 0.45: mix(s.eye, DARK, 0.08), 1.0: mix(s.eye, WHITE, 0.3)}
    iris = gradient("iris", 33, 48, eye)
    if not s.style.gradient:
        return iris
    half, dim = mix(s.hair, s.hair_shade, 0.6), mix(s.skin, s.skin_shade, 0.4)
    lit = mix(s.hair, s.hair_light, 0.6)
    return (
        iris
        + gradient("back", 0, 96, {0.0: half, 0.5: s.hair_shade, 1.0: s.hair_shade})
        + gradient("front", 2, 44, {0.0: half, 0.35: lit, 0.55: s.hair, 1.0: half})
        + gradient("lock", 20, 84, {0.0: s.hair, 1.0: s.hair_shade})
        + gradient("skin", 26, 76, {0.0: dim, 0.5: s.skin, 1.0: dim})
    )


def _background(face: FaceDescription) -> str:
    """White, one pastel, a run of two colours, dark, spots or stripes."""
    kind, value = face.nuisance["backdrop"], face.nuisance["backdrop_value"]
    hue = face.nuisance["backdrop_hue"]
    # Red to yellow, or cyan to purple; seldom green.
    hue = 0.3 * hue - 0.07 if hue < 0.65 else 1.4 * hue - 0.42
    sheet = "M0 0H96V96H0Z"
    if kind < 0.2:
        return shape(sheet, mix(WHITE, hsv(hue, 0.1, 1.0), value))
    if kind < 0.3:
        return shape(sheet, hsv(hue, 0.12 + 0.3 * value, 0.95))
    if kind < 0.6:
        top = hsv(hue + 0.1, 0.3, 1.0 - 0.25 * value)
        low = hsv(hue, 0.2 + 0.4 * value, 1.0 - 0.6 * value)
        return gradient("sky", 0, 96, {0.0: top, 1.0: low}) + shape(sheet, "sky")
    if kind < 0.78:
        return shape(sheet, hsv(hue, 0.45, 0.06 + 0.4 * value))
    base = shape(sheet, hsv(hue, 0.4, 0.3 + 0.6 * value))
    if kind < 0.9:
        spots = ((12, 14, 15), (84, 30, 18), (8, 66, 17), (88, 82, 14), (52, 4, 12))
        disks = [ring(x + 6 * face.strands[n], y, r, r) for n, (x, y, r) in enumerate(spots)]
        return base + shape("".join(disks), hsv(hue + 0.08, 0.3, 0.5 + 0.5 * value), opacity=0.6)
    slant = face.between("backdrop_angle", -30, 30)
    stripes = [path(f"M 0 -4 L {-slant} 100", 22 * n - 4) for n in range(6)]
    return base + lines("".join(stripes), hsv(hue + 0.05, 0.25, 0.5 + 0.5 * value), 9)
