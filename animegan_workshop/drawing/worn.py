"""What a drawn face wears in its hair or on its nose. Coordinates: as in `hair.py`."""

import math

from animegan_workshop.drawing.colours import WHITE, Sketch, lines, mix, oval, path, ring, shape


def worn(s: Sketch) -> str:
    """The accessory that goes over hair and face ("" for none)."""
    draw = {
        "glasses": _glasses,
        "ribbon": _ribbon,
        "hairband": _hairband,
        "flower": _flower,
        "cat-ears": _cat_ears,
    }
    kind = s.face.labels["accessory"]
    return draw[kind](s) if kind in draw else ""


def _glasses(s: Sketch) -> str:
    """Frames only: the eyes must stay visible."""
    frame: list[str | float] = []
    x = 8 * s.turn
    for lens in (-1, 1):
        middle, share = s.eye_place(lens)
        left, right = middle - 11.5 * share, middle + 11.5 * share
        frame += [
            "M",
            left,
            35,
            "L",
            right,
            35,
            "Q",
            right + 0.5,
            52,
            middle,
            52,
            "Q",
            left - 0.5,
            52,
            left,
            35,
        ]
    frame += ["M", x - 5, 39, "Q", x, 37.5, x + 5, 39]
    return lines(path(*frame), mix(s.accent, (30, 20, 40), 0.75), 1.7)


def _ribbon(s: Sketch) -> str:
    """A bow on one side of the crown."""
    x, y = s.light_side * 21 - 2 * s.turn, 15
    line, width = mix(s.accent, (40, 20, 30), 0.6), max(0.6, s.style.line)
    bow: list[str | float] = []
    for wing in (-1, 1):
        bow += ["M", x, y, "C", x + wing * 6, y - 10, x + wing * 15, y - 10, x + wing * 14, y - 3]
        bow += ["C", x + wing * 15, y + 7, x + wing * 8, y + 7, x, y]
        bow += ["L", x + wing * 8, y + 14, "L", x + wing * 3, y + 12, "Z"]
    return shape(path(*bow), s.accent, line, width) + oval(
        x, y, 3.2, 3.6, mix(s.accent, (60, 0, 30), 0.3)
    )


def _hairband(s: Sketch) -> str:
    """A band over the head from ear to ear."""
    x = -1.5 * s.turn
    band = path("M", x - 32, 31, "C", x - 28, 4, x + 28, 4, x + 32, 31)
    return lines(band, mix(s.accent, (40, 20, 30), 0.55), 6.6) + lines(band, s.accent, 5.0)


def _flower(s: Sketch) -> str:
    """A flower of five petals over one temple."""
    x, y = s.light_side * 25 + 1.0 * s.turn, 21
    angles = [math.radians(72 * n - 90) for n in range(5)]
    petals = "".join(
        ring(x + 5 * math.cos(angle), y + 5 * math.sin(angle), 4.2, 4.2) for angle in angles
    )
    return shape(petals, mix(s.accent, WHITE, 0.4), mix(s.accent, WHITE, 0.1), 0.7) + oval(
        x, y, 3, 3, (255, 224, 96)
    )


def _cat_ears(s: Sketch) -> str:
    """Two ears in the colour of the hair, pink inside."""
    outer, inner = [], []
    for side in (-1, 1):
        x = side * (24 - 3 * s.far(side)) - 1.5 * s.turn
        outer += [
            "M",
            x - side * 12,
            17,
            "Q",
            x,
            7,
            x + side * 8,
            0,
            "Q",
            x + side * 11,
            14,
            x + side * 9,
            29,
            "Z",
        ]
        inner += ["M", x - side * 5, 17, "L", x + side * 6, 6, "L", x + side * 7, 24, "Z"]
    fur = shape(path(*outer), mix(s.hair, s.hair_shade, 0.3), s.hair_line, max(0.8, s.style.line))
    return fur + shape(path(*inner), (255, 150, 175))
