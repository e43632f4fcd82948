"""What a drawn face wears: clothes and an accessory. Coordinates: as in `sketch.py`."""

import math

from animegan_workshop.drawing.colours import DARK, TABLES, WHITE, mix
from animegan_workshop.drawing.sketch import Sketch
from animegan_workshop.drawing.svg import lines, oval, pair, path, ring, shape

CLOTHES = TABLES["clothes"]


def body(s: Sketch) -> str:
    """Neck, shoulders and one of three collars, or none."""
    x, line, width = -1.5 * s.turn, mix(s.clothes, DARK, 0.45 + 0.4 * s.style.ink), s.style.line
    shadow = f"M -8 64 L 8 64 L 7.5 76 Q {3 * s.turn} 83 -7.5 76 Z"
    dressed = (
        shape(path(CLOTHES["neck"], x), s.skin)
        + shape(path(shadow, x), s.skin_shade)
        + shape(path(CLOTHES["sleeves"], x), s.clothes, line, width)
    )
    for collar in CLOTHES["collars"]:
        if s.face.nuisance["clothes"] < collar["below"]:
            colour = mix(s.clothes, WHITE, collar["white"])
            stripe = lines(path(collar["stripe"], x), s.clothes, 1.4) if collar["stripe"] else ""
            return dressed + shape(path(collar["path"], x), colour, line, width) + stripe
    return dressed


def accessory(s: Sketch) -> str:
    """The accessory that goes over hair and face ("" for none)."""
    draw = {
        "glasses": _glasses,
        "ribbon": _ribbon,
        "hairband": _hairband,
        "flower": _flower,
        "cat-ears": _cat_ears,
    }
    kind = s.face.labels["accessory"]
    return "" if kind == "none" else draw[kind](s)


def _glasses(s: Sketch) -> str:
    """Frames only: the eyes must stay visible."""

    def frame(side: int, x: float, share: float) -> str:
        w = 11.5 * share
        return path(f"M {-w} 35 L {w} 35 Q {w + 0.5} 52 0 52 Q {-w - 0.5} 52 {-w} 35", x)

    bridge = path("M -5 39 Q 0 37.5 5 39", 8 * s.turn)
    return lines(f"{s.both_eyes(frame)} {bridge}", mix(s.accent, (30, 20, 40), 0.75), 1.7)


def _ribbon(s: Sketch) -> str:
    """A bow on one side of the crown."""
    x, y = s.light_side * 21 - 2 * s.turn, 15
    wing = "M 0 0 C 6 -10 15 -10 14 -3 C 15 7 8 7 0 0 L 8 14 L 3 12 Z"
    bow = pair(lambda side: path(wing, x, y, side))
    line, width = mix(s.accent, (40, 20, 30), 0.6), max(0.6, s.style.line)
    knot = oval(x, y, 3.2, 3.6, mix(s.accent, (60, 0, 30), 0.3))
    return shape(bow, s.accent, line, width) + knot


def _hairband(s: Sketch) -> str:
    """A band over the head from ear to ear."""
    band = path("M -32 31 C -28 4 28 4 32 31", -1.5 * s.turn)
    return lines(band, mix(s.accent, (40, 20, 30), 0.55), 6.6) + lines(band, s.accent, 5.0)


def _flower(s: Sketch) -> str:
    """A flower of five petals over one temple."""
    x, y = s.light_side * 25 + 1.0 * s.turn, 21
    petals = ""
    for n in range(5):
        angle = math.radians(72 * n - 90)
        petals += ring(x + 5 * math.cos(angle), y + 5 * math.sin(angle), 4.2, 4.2)
    flower = shape(petals, mix(s.accent, WHITE, 0.4), mix(s.accent, WHITE, 0.1), 0.7)
    return flower + oval(x, y, 3, 3, (255, 224, 96))


def _cat_ears(s: Sketch) -> str:
    """Two ears in the colour of the hair, pink inside."""

    def ears(outline: str) -> str:
        return pair(
            lambda side: path(outline, side * (24 - 3 * s.far(side)) - 1.5 * s.turn, 0, side)
        )

    fur, line = mix(s.hair, s.hair_shade, 0.3), max(0.8, s.style.line)
    outer = shape(ears("M -12 17 Q 0 7 8 0 Q 11 14 9 29 Z"), fur, s.hair_line, line)
    return outer + shape(ears("M -5 17 L 6 6 L 7 24 Z"), (255, 150, 175))
