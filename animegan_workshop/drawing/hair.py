"""The hair of a drawn face: back hair, fringe, side locks, sheen.

Coordinates are those of the upright head: x from its middle line, to the right; y downward, the crown near 4, the eyes
at 40, the chin at 72. One unit is one pixel of the 96x96 picture.
"""

import math

from animegan_workshop.drawing.colours import (
    CROPPED,
    WHITE,
    Sketch,
    lines,
    mix,
    oval,
    path,
    ring,
    shape,
)

TIED = ("twintails", "ponytail", "buns", "braids")  # drawn tight to the head


def back_hair(s: Sketch) -> str:
    """All hair behind the head, with the tails and buns that stick out from it."""
    style, middle, wide = s.face.labels["hairstyle"], -2.5 * s.turn, _wide(s)
    if style in ("long", "hime"):
        return _curtain(s, middle, wide, wide + 4, 0.0)
    if style == "wavy":
        return _curtain(s, middle, wide - 2, wide - 1, 6.0)
    if style == "bob":
        return _bob(s, middle, wide + 1)
    behind = {"twintails": _twintails, "ponytail": _ponytail, "buns": _buns, "spiky": _spikes}
    return (behind[style](s) if style in behind else "") + _cap(s, middle, wide)


def _mass(s: Sketch, data: str) -> str:
    return shape(data, s.fill("back"), s.hair_line, s.style.line)


def _curtain(s: Sketch, x: float, wide: float, low: float, wave: float) -> str:
    """Hair down to the edge of the picture, `low` wide (half) there; wave: how far its outline swings."""
    low += 2 * s.face.strands[0]
    steps: list[str | float] = ["M", x - low, 104, "L", x - low, 92]
    for side in (-1, 1):  # up the left side, down the right
        ys = (92, 78, 64, 50, 36) if side < 0 else (36, 50, 64, 78, 92)
        for n, (a, b) in enumerate(zip(ys, ys[1:])):
            swing = wave * 2 * (-1) ** n + s.face.strands[1 + n]
            edge = wide + (b - 36) / 56 * (low - wide)
            steps += ["Q", x + side * (edge + swing), (a + b) / 2, x + side * edge, b]
        if side < 0:
            steps += ["C", x - wide, _crown(s), x + wide, _crown(s), x + wide, 36]
    hair = _mass(s, path(*steps, "L", x + low, 104, "Z"))
    strands: list[str | float] = []
    for n, at in enumerate((-0.9, -0.78, 0.78, 0.9)):
        top = x + wide * at + s.face.strands[6 + n]
        strands += ["M", top, 44, "C", top + wave, 60, top - wave + 2 * at, 78, top + 3 * at, 104]
    return hair + lines(path(*strands), s.hair_line, 0.8, 0.55)


def _bob(s: Sketch, x: float, wide: float) -> str:
    low = 70 + 4 * s.face.strands[0]
    return _mass(
        s,
        path(
            "M",
            x - wide,
            36,
            "C",
            x - wide,
            _crown(s),
            x + wide,
            _crown(s),
            x + wide,
            36,
            "C",
            x + wide + 2,
            52,
            x + wide + 1,
            low - 10,
            x + wide - 4,
            low + 2,
            "Q",
            x + wide - 7,
            low,
            x + wide - 8,
            low - 4,
            "Q",
            x + wide - 12,
            low + 2,
            x + wide - 17,
            low + 1,
            "L",
            x,
            low - 6,
            "L",
            x - wide + 17,
            low + 1,
            "Q",
            x - wide + 12,
            low + 2,
            x - wide + 8,
            low - 4,
            "Q",
            x - wide + 7,
            low,
            x - wide + 4,
            low + 2,
            "C",
            x - wide - 1,
            low - 10,
            x - wide - 2,
            52,
            x - wide,
            36,
            "Z",
        ),
    )


def _cap(s: Sketch, x: float, wide: float) -> str:
    """Hair that ends at the nape, or is tied up."""
    return _mass(
        s,
        path(
            "M",
            x - wide,
            36,
            "C",
            x - wide,
            _crown(s),
            x + wide,
            _crown(s),
            x + wide,
            36,
            "C",
            x + wide,
            48,
            x + wide - 4,
            56,
            x + wide - 6,
            63,
            "L",
            x + wide - 10,
            60,
            "L",
            x + 17,
            70,
            "L",
            x + 12,
            64,
            "L",
            x - 12,
            64,
            "L",
            x - 17,
            70,
            "L",
            x - wide + 10,
            60,
            "L",
            x - wide + 6,
            63,
            "C",
            x - wide + 4,
            56,
            x - wide,
            48,
            x - wide,
            36,
            "Z",
        ),
    )


def _spikes(s: Sketch) -> str:
    """A wreath of points around the back of the head."""
    steps: list[str | float] = []
    for n in range(12):
        angle = math.radians(160 + 220 * n / 11)
        reach = 45 + 3 * s.face.strands[n]
        steps += [
            "M" if n == 0 else "L",
            30 * math.cos(angle - 0.15),
            38 + 30 * math.sin(angle - 0.15),
        ]
        steps += ["L", reach * math.cos(angle), 36 + reach * math.sin(angle)]
    return _mass(s, path(*steps, "Z"))


def _twintails(s: Sketch) -> str:
    tails, ties = [], ""
    for side in (-1, 1):
        x = side * (31 - 3 * s.far(side)) - 1.0 * s.turn
        out = x + side * (14 + 2 * s.face.strands[1 + side])
        tails += ["M", x - side * 4, 20, "C", x + side * 8, 2, out, 16, out, 44]
        tails += ["C", out, 70, out - side * 4, 90, out - side * 7, 104, "L", x - side * 8, 104]
        tails += ["C", x, 80, x + side * 3, 50, x - side * 4, 20, "Z"]
        ties += ring(x + side * 3, 16, 4.2, 5.0)
    return _mass(s, path(*tails)) + shape(ties, s.accent)


def _ponytail(s: Sketch) -> str:
    """One tail, tied high at the back, that falls beside the head: behind a turned one, else on a side by lot."""
    side = s.light_side if abs(s.turn) < 0.3 else -1 if s.turn > 0 else 1
    x, out = -2.5 * s.turn, side * (45 - 5 * abs(s.turn) + 2 * s.face.strands[0])
    tail = path(
        "M",
        x + side * 12,
        8,
        "C",
        x + side * 22,
        -10,
        x + out,
        -6,
        x + out,
        34,
        "C",
        x + out,
        60,
        x + out - side * 6,
        82,
        x + out - side * 24,
        104,
        "L",
        x + side * 12,
        104,
        "C",
        x + side * 28,
        84,
        x + side * 31,
        60,
        x + side * 26,
        30,
        "Z",
    )
    return _mass(s, tail) + oval(x + side * 24, 8, 4.5, 4.0, s.accent)


def _buns(s: Sketch) -> str:
    buns, curls = "", []
    for side in (-1, 1):
        x, y = side * (34 - 3 * s.far(side)) - 2 * s.turn, 13 + s.face.strands[2 + side]
        buns += ring(x, y, 12, 12)
        curls += ["M", x - 5, y + 6, "A", 7, 7, 0, 1, 1, x + 6, y + 4]
    return _mass(s, buns) + lines(path(*curls), s.hair_line, 0.9, 0.7)


def braids(s: Sketch) -> str:
    """Two plaits before the shoulders ("" for all other hair styles)."""
    if s.face.labels["hairstyle"] != "braids":
        return ""
    steps: list[str | float] = []
    for side in (-1, 1):
        x, y = side * 27 - 1.0 * s.turn + s.face.strands[2 + side], 56.0
        for n in range(5):
            lean = 2.5 * (-1) ** n
            steps += [
                "M",
                x - 6,
                y + lean,
                "Q",
                x,
                y + 13,
                x + 6,
                y - lean,
                "Q",
                x + 9,
                y + 8,
                x + 1 + lean,
                y + 14,
            ]
            steps += ["Q", x - 9, y + 10, x - 6, y + lean, "Z"]
            x, y = x + side * 0.8, y + 9.5
    return shape(
        path(*steps),
        s.fill("lock"),
        s.hair_line if s.style.line else s.hair_shade,
        max(0.9, s.style.line),
    )


def _wide(s: Sketch) -> float:
    """Half the width of the hair at the temples."""
    style = s.face.labels["hairstyle"]
    return s.face.between("volume", 35.5, 40.5) - (
        4.0 if style in CROPPED else 3.0 if style in TIED else 0.0
    )


def _crown(s: Sketch) -> float:
    """The height of the two points that bend the outline of the hair over the crown."""
    return -9.0 if s.face.labels["hairstyle"] in TIED + CROPPED else -13.0


def fringe(s: Sketch) -> str:
    """The hair over the forehead with the locks beside the face, strand lines and sheen; goes over the face."""
    x, wide, top, tips = -2.5 * s.turn, _wide(s) - 0.3, _crown(s) + 0.5, _tips(s)
    rim = path("L", x + wide, 42, "C", x + wide + 0.5, top, x - wide - 0.5, top, x - wide, 42, "Z")
    colour = s.hair_line if s.style.line else mix(s.hair, s.hair_shade, 0.8)
    return (
        _side_locks(s)
        + shape(f"{tips} {rim}", s.fill("front"))
        + _wedges(s)
        + lines(tips, colour, (s.style.line or 0.6) * 0.9)
        + _sheen(s)
    )


def _wedges(s: Sketch) -> str:
    """Shadows between the locks of the fringe: from each notch, narrowing, towards the crown."""
    part, dark = _parting(s), -s.light_side
    steps: list[str | float] = []
    for n, (_, _, x, y) in enumerate(_locks(s)[:-1]):
        up = (
            11 + 6 * s.face.strands[n] + (6 if (x - part) * dark > 0 else 0)
        )  # longer away from the light
        top_x, top_y, half = x + 0.035 * up * (part - x), y - up, 0.9 + 0.5 * s.face.strands[n + 7]
        steps += ["M", x - half, y - 1, "Q", x - half, y - 0.6 * up, top_x, top_y]
        steps += ["Q", x + half, y - 0.5 * up, x + half, y, "Z"]
    x, wide = -2.5 * s.turn, _wide(s)
    for side, reach in ((-1, 7.0), (1, 7.0), (dark, 13.0)):
        edge = x + side * (wide - 3)
        steps += [
            "M",
            edge,
            38,
            "Q",
            edge - side * 3,
            22,
            edge - side * (reach + 4),
            15 - reach * 0.4,
        ]
        steps += ["Q", edge - side * reach, 22, edge - side * reach * 0.5, 40, "Z"]
    return shape(path(*steps), mix(s.hair, s.hair_shade, 0.75))


def fringe_shadow(s: Sketch) -> str:
    """The shadow that the fringe throws on the forehead; goes on the skin, under the eyes."""
    left, right = -24 + 2 * s.turn, 24 + 2 * s.turn
    shadow = f"{_tips(s, 2.6, 0.9)} {path('L', right, 20, 'L', left, 20, 'Z')}"
    return shape(shadow, s.skin_shade, opacity=0.75 if s.style.gradient else 1.0)


def _parting(s: Sketch) -> float:
    return 9 * s.turn + s.face.between("parting", -11, 11)


def _locks(s: Sketch) -> list[tuple[float, float, float, float]]:
    """The locks of the fringe from left to right: x and y of the tip, x and y of the notch after it."""
    style, part = s.face.labels["hairstyle"], _parting(s)
    kind, length = s.face.nuisance["fringe"], s.face.between("fringe_length", 32, 37)
    left, right = -28 + 2.5 * s.turn, 28 + 2.5 * s.turn
    count = 7 if style == "spiky" else 6
    step, locks = (right - left) / count, []
    for n in range(count):
        x = left + step * (n + 0.5 + 0.22 * s.face.strands[14 + n])
        notch = left + step * (n + 1 + 0.2 * s.face.strands[20 + n])
        away = (x - part) / 28
        if style == "hime":  # cut straight
            locks.append((left + step * (n + 0.5), 35.5, left + step * (n + 1), 33.5))
            continue
        uneven = 5 * s.face.strands[22 + n]
        if kind < 0.45:  # parted: short by the parting, long by the temples
            tip_x, tip_y = x + 5 * away, length - 4 + 9 * min(1, abs(away)) + 0.6 * uneven
        else:  # swept to one side
            tip_x, tip_y = x + (5 if kind < 0.72 else -5), length + 1 + 2 * abs(away) + uneven
        depth = 11 + 3 * s.face.strands[28 - n] + (3 if style == "spiky" else 0) - 2 * abs(away)
        locks.append((tip_x, min(tip_y, 46), notch, min(tip_y, 46) - depth))
    return locks


def _tips(s: Sketch, drop: float = 0.0, narrow: float = 1.0) -> str:
    """The lower edge of the fringe, left to right; drop, narrow: how its shadow differs from it."""
    at, y, middle = -29.0 + 2.5 * s.turn, 34.0, 2.5 * s.turn
    steps: list[str | float] = ["M", middle + (at - middle) * narrow, y + drop]
    for tip_x, tip_y, notch_x, notch_y in _locks(s):
        lean = (
            0.35 if tip_x > _parting(s) else -0.35
        )  # one side of a lock is bent out, the other in
        for x, end in ((tip_x, tip_y), (notch_x, notch_y)):
            bend = 0.5 + lean * (1 if end > y else -1) * (1 if x == tip_x else -1)
            low = max(y, end) - 0.4 * abs(end - y)
            steps += ["Q", middle + (at + (x - at) * bend - middle) * narrow, low + drop]
            steps += [middle + (x - middle) * narrow, end + drop]
            at, y = x, end
    return path(*steps)


# Where the locks beside the face end, and how wide they are at the temple.
SIDE_LOCKS = {
    "long": (84.0, 7.5),
    "wavy": (82.0, 8.0),
    "hime": (60.0, 9.0),
    "bob": (67.0, 7.5),
    "short": (50.0, 4.0),
    "spiky": (50.0, 4.0),
    "twintails": (66.0, 5.0),
    "ponytail": (60.0, 5.0),
    "buns": (58.0, 5.0),
    "braids": (58.0, 5.0),
}


def _side_locks(s: Sketch) -> str:
    """The locks before the ears: tapered, cut straight (hime) or waved."""
    style = s.face.labels["hairstyle"]
    low, wide = SIDE_LOCKS[style]
    wave, locks = 5.0 if style == "wavy" else 0.0, []
    for side in (-1, 1):
        x = side * (30.5 - 1.5 * s.far(side)) + 0.8 * s.turn
        inner, tip = x - side * wide, low + 3 * s.face.strands[10 + side]
        if style == "hime":
            outer, end = x + side * 1.5, ["L", x + side * 1.5, low, "L", inner, low]
        else:
            outer = x + side * (2 + wave * 0.4)
            end = ["Q", x + side * (2 - wave), tip - 14, x - side * (3.5 - wave), tip]
            end += ["Q", inner - side * wave, tip - 10, inner + side * wave * 0.5, min(56, tip - 6)]
        locks += ["M", x + side, 24, "Q", x + side * (4 + wave), 44, outer, min(58, tip - 4), *end]
        locks += ["Q", inner - side * 1.5, 42, inner + side * 3, 24, "Z"]
    return shape(path(*locks), s.fill("lock"), s.hair_line, s.style.line)


def _sheen(s: Sketch) -> str:
    """The band of light around the crown: a zigzag where shading is hard, an arc where it is soft."""
    if not s.style.sheen:
        return ""
    x, light = -4 * s.turn, mix(s.hair_light, WHITE, s.style.sheen * 0.5)
    if s.style.gradient:
        arc = path("M", x - 24, 21, "Q", x - 14, 11, x, 11, "Q", x + 14, 11, x + 24, 21)
        return lines(arc, light, 5.5, s.style.sheen)
    upper = [(x - 24 + 8 * n, 11.5 + 8 * ((n - 3) / 3) ** 2) for n in range(7)]
    steps: list[str | float] = ["M", *upper[0], "Q", x, 2.5, *upper[-1]]
    for n, (px, py) in enumerate(reversed(upper[:-1])):
        steps += ["L", px + 5, py + 6.5 + 2.5 * s.face.strands[n], "L", px + 2, py + 2.5]
    return shape(path(*steps, "Z"), light, opacity=s.style.sheen)
