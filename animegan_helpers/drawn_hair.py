"""The hair of a drawn face and what is worn in it: back hair, fringe, side locks, sheen, accessories.

Coordinates are those of the upright head: x from its middle line, to the right; y downward, the crown near 4, the eyes
at 40, the chin at 74. One unit is one pixel of the 96x96 picture.
"""

import math

from animegan_helpers.drawn_colours import WHITE, Sketch, lines, mix, oval, path, shape

LONG = ("long", "hime", "wavy")  # falls past the shoulders
CROPPED = ("short", "spiky")  # leaves the ears free


def back_hair(s: Sketch) -> str:
    """All hair behind the head, with the tails and buns that stick out from it."""
    style = s.face.labels["hairstyle"]
    wide = _wide(s)
    middle = -2.5 * s.turn
    extra = {"twintails": _twintails, "ponytail": _ponytail, "buns": _buns, "spiky": _spikes}
    if style in ("long", "hime"):
        mass = _curtain(s, middle, wide, 0.0)
    elif style == "wavy":
        mass = _curtain(s, middle, wide, 3.2)
    elif style == "bob":
        mass = _bob(s, middle, wide + 1)
    else:
        mass = _cap(s, middle, wide - (2.5 if style in CROPPED else 1.0))
    return (extra[style](s) if style in extra else "") + mass


def _mass(s: Sketch, data: str) -> str:
    return shape(data, s.fill("back"), s.hair_line, s.style.line)


def _curtain(s: Sketch, x: float, wide: float, wave: float) -> str:
    """Hair down to the edge of the picture; wave: how far its outline swings."""
    low = wide + 2 + 2 * s.face.strands[0]
    steps: list[str | float] = ["M", x - low, 104, "L", x - low, 92]
    for side in (-1, 1):  # up the left side, down the right
        ys = (92, 78, 64, 50, 36) if side < 0 else (36, 50, 64, 78, 92)
        for n, (a, b) in enumerate(zip(ys, ys[1:])):
            swing = wave * 2 * (-1) ** n + s.face.strands[1 + n]
            edge = wide + (b - 36) / 56 * (low - wide)
            steps += ["Q", x + side * (edge + swing), (a + b) / 2, x + side * edge, b]
        if side < 0:
            steps += ["C", x - wide, -13, x + wide, -13, x + wide, 36]
    hair = _mass(s, path(*steps, "L", x + low, 104, "Z"))
    strands: list[str | float] = []
    for n, at in enumerate((-0.9, -0.78, 0.78, 0.9)):
        top = x + wide * at + s.face.strands[6 + n]
        strands += ["M", top, 44, "C", top + wave, 60, top - wave + 2 * at, 78, top + 3 * at, 104]
    return hair + lines(path(*strands), s.hair_line, 0.8, 0.55)


def _bob(s: Sketch, x: float, wide: float) -> str:
    low = 70 + 4 * s.face.strands[0]
    return _mass(s, path(
        "M", x - wide, 36, "C", x - wide, -13, x + wide, -13, x + wide, 36,
        "C", x + wide + 3, 52, x + wide + 3, low - 8, x + wide - 7, low + 2, "Q", x + wide - 11, low - 2, x, low - 4,
        "Q", x - wide + 11, low - 2, x - wide + 7, low + 2, "C", x - wide - 3, low - 8, x - wide - 3, 52, x - wide, 36, "Z",
    ))  # fmt: skip


def _cap(s: Sketch, x: float, wide: float) -> str:
    """Hair that ends at the nape, or is tied up."""
    return _mass(s, path(
        "M", x - wide, 36, "C", x - wide, -13, x + wide, -13, x + wide, 36,
        "C", x + wide, 50, x + wide - 5, 60, x + 16, 68, "L", x - 16, 68, "C", x - wide + 5, 60, x - wide, 50, x - wide, 36, "Z",
    ))  # fmt: skip


def _spikes(s: Sketch) -> str:
    """A wreath of points around the back of the head."""
    steps: list[str | float] = []
    for n in range(13):
        angle = math.radians(200 + 220 * n / 12 - 40)
        reach = 42 + 3.5 * s.face.strands[n]
        lean = angle + 0.1 * math.copysign(1, math.cos(angle))
        steps += ["M" if n == 0 else "L", 29 * math.cos(angle - 0.16), 37 + 29 * math.sin(angle - 0.16)]
        steps += ["L", reach * math.cos(lean), 37 + reach * 0.95 * math.sin(lean)]
    return _mass(s, path(*steps, "Z"))


def _twintails(s: Sketch) -> str:
    tails = ""
    for side in (-1, 1):
        x = side * (31 - 3 * s.far(side)) - 2 * s.turn
        sway = 2 * s.face.strands[1 + side]
        tails += _mass(s, path(
            "M", x - side * 4, 18, "C", x + side * 16, 6, x + side * (21 + sway), 40, x + side * (17 + sway), 104,
            "L", x - side * 1, 104, "C", x + side * 4, 60, x + side * 2, 40, x - side * 4, 18, "Z",
        ))  # fmt: skip
        tails += oval(x + side * 1, 18, 3.6, 4.4, s.accent)
    return tails


def _tail_side(s: Sketch) -> int:
    """The side of the tail: behind a turned head, else by lot."""
    return (1 if s.face.nuisance["side"] < 0.5 else -1) if abs(s.turn) < 0.3 else (-1 if s.turn > 0 else 1)


def _ponytail(s: Sketch) -> str:
    """One tail, tied high at the back, that rises over the head and falls beside it."""
    side = _tail_side(s)
    sway = 2 * s.face.strands[0]
    return _mass(s, path(
        "M", side * 10, 9, "C", side * 20, -14, side * (50 + sway), -4, side * (50 + sway), 34,
        "C", side * 51, 60, side * 43, 82, side * (35 + sway), 96, "C", side * 39, 70, side * 38, 44, side * 28, 20, "Z",
    )) + oval(side * 21, 7.5, 5.2, 3.6, s.accent)  # fmt: skip


def _buns(s: Sketch) -> str:
    buns = ""
    for side in (-1, 1):
        x, y = side * (26 - 3 * s.far(side)) - 2 * s.turn, 9 + s.face.strands[2 + side]
        buns += _mass(s, path("M", x - 11, y, "A", 11, 11, 0, 0, 1, x + 11, y, "A", 11, 11, 0, 0, 1, x - 11, y, "Z"))
        buns += lines(path("M", x - 5, y + 5, "A", 7, 7, 0, 1, 1, x + 5, y + 4), s.hair_line, 0.8, 0.6)
    return buns


def _wide(s: Sketch) -> float:
    """Half the width of the hair at the temples."""
    return s.face.between("volume", 36, 41)


def fringe(s: Sketch) -> str:
    """The hair over the forehead with the locks beside the face, strand lines and sheen; goes over the face."""
    x, wide = -2.5 * s.turn, _wide(s) - (3.0 if s.face.labels["hairstyle"] in CROPPED else 1.5)
    rim = path("L", x + wide, 42, "C", x + wide + 0.5, -11, x - wide - 0.5, -11, x - wide, 42, "Z")
    colour = s.hair_line if s.style.line else mix(s.hair, s.hair_shade, 0.8)
    return (
        _side_locks(s)
        + shape(f"{_tips(s)} {rim}", s.fill("front"))
        + _dome_shade(s, x, wide)
        + lines(f"{_tips(s)} {_strands(s, x, wide)}", colour, (s.style.line or 0.6) * 0.9)
        + _sheen(s)
    )


def fringe_shadow(s: Sketch) -> str:
    """The shadow that the fringe throws on the forehead; goes on the skin, under the eyes."""
    left, right = -24 + 2 * s.turn, 24 + 2 * s.turn
    return shape(f"{_tips(s, 3.4, 0.9)} {path('L', right, 20, 'L', left, 20, 'Z')}", s.skin_shade,
                 opacity=0.75 if s.style.gradient else 1.0)  # fmt: skip


def _parting(s: Sketch) -> float:
    return 9 * s.turn + s.face.between("parting", -11, 11)


def _locks(s: Sketch) -> list[tuple[float, float, float, float]]:
    """The locks of the fringe from left to right: x and y of the tip, x and y of the notch after it."""
    style, part = s.face.labels["hairstyle"], _parting(s)
    kind, length = s.face.nuisance["fringe"], s.face.between("fringe_length", 34, 38)
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
        lean = 0.35 if tip_x > _parting(s) else -0.35  # one side of a lock is bent out, the other in
        for x, end in ((tip_x, tip_y), (notch_x, notch_y)):
            bend = 0.5 + lean * (1 if end > y else -1) * (1 if x == tip_x else -1)
            low = max(y, end) - 0.4 * abs(end - y)
            steps += ["Q", middle + (at + (x - at) * bend - middle) * narrow, low + drop, middle + (x - middle) * narrow, end + drop]
            at, y = x, end
    return path(*steps)


def _side_locks(s: Sketch) -> str:
    """The locks before the ears."""
    style = s.face.labels["hairstyle"]
    if style in CROPPED:
        low, wide = 50.0, 4.0
    else:
        low = {"long": 84.0, "wavy": 86.0, "hime": 65.0, "bob": 67.0}.get(style, 66.0)
        wide = 7.5 if style in LONG or style == "bob" else 6.0
    wave = 3.0 if style == "wavy" else 0.0
    locks = ""
    for side in (-1, 1):
        x = side * (30.5 - 1.5 * s.far(side)) + 0.8 * s.turn
        tip = low + (0.0 if style == "hime" else 3 * s.face.strands[10 + side])
        inner = x - side * wide
        if style == "hime":  # cut straight, too
            end: list[str | float] = ["L", x + side * 2, tip, "L", inner, tip]
        else:
            end = ["Q", x + side * (2 - wave), tip - 14, x - side * (3.5 - wave), tip]
            end += ["Q", inner - side * wave, tip - 10, inner + side * wave * 0.5, 56]
        locks += shape(path(
            "M", x + side * 1, 24, "Q", x + side * (4 + wave), 44, x + side * (2 + wave * 0.4), 58, *end,
            "Q", inner - side * 1.5, 42, inner + side * 3, 24, "Z",
        ), s.fill("lock"), s.hair_line, s.style.line)  # fmt: skip
    return locks


def _strands(s: Sketch, x: float, wide: float) -> str:
    """Lines from the notches of the fringe, and from the rim of the hair, towards the crown."""
    part, steps = _parting(s), []
    for n, (_, _, notch_x, notch_y) in enumerate(_locks(s)[:-1]):
        up = 6 + 4 * s.face.strands[n]
        steps += ["M", notch_x, notch_y, "Q", notch_x + 0.1 * (part - notch_x), notch_y - up * 0.6]
        steps += [notch_x + 0.3 * (part - notch_x), notch_y - up]
    for side in (-1, 1):
        end = 33 + 3 * s.face.strands[side + 1]
        steps += ["M", x + side * (wide - 3), end, "Q", x + side * (wide - 6), 16, x + side * (wide - 17), 7]
    return path(*steps)


def _sheen(s: Sketch) -> str:
    """The band of light around the crown: a zigzag where shading is hard, an arc where it is soft."""
    if not s.style.sheen:
        return ""
    x, light = -4 * s.turn, mix(s.hair_light, WHITE, s.style.sheen * 0.6)
    if s.style.gradient:
        arc = path("M", x - 23, 24, "Q", x - 14, 15, x, 15, "Q", x + 14, 15, x + 23, 24)
        return lines(arc, light, 4.5, s.style.sheen * 0.7)
    upper = [(x - 24 + 8 * n, 16 + 8 * ((n - 3) / 3) ** 2) for n in range(7)]
    steps: list[str | float] = ["M", *upper[0], "Q", x, 7, *upper[-1]]
    for n, (px, py) in enumerate(reversed(upper[:-1])):
        steps += ["L", px + 5, py + 7 + 2 * s.face.strands[n], "L", px + 2, py + 2.5]
    return shape(path(*steps, "Z"), light, opacity=s.style.sheen)


def ears_of_cat(s: Sketch) -> str:
    """The cat ears; they go behind the fringe."""
    ears = ""
    for side in (-1, 1):
        x = side * (22 - 2 * s.far(side)) - 2 * s.turn
        ears += shape(path("M", x - side * 11, 12, "L", x + side * 7, -7, "L", x + side * 11, 22, "Z"), s.fill("back"), s.hair_line, s.style.line)
        ears += shape(path("M", x - side * 5, 10, "L", x + side * 5, -2, "L", x + side * 7.5, 16, "Z"), (250, 170, 185))
    return ears


def worn(s: Sketch) -> str:
    """The accessory that goes over hair and face ("" for none and cat ears)."""
    side = 1 if s.face.nuisance["side"] < 0.5 else -1
    draw = {"glasses": _glasses, "ribbon": _ribbon, "hairband": _hairband, "flower": _flower}
    kind = s.face.labels["accessory"]
    return draw[kind](s, side) if kind in draw else ""


def _glasses(s: Sketch, side: int) -> str:
    """Frames only: the eyes must stay visible."""
    frame: list[str | float] = []
    x = 8 * s.turn
    for lens in (-1, 1):
        shrink = 1 - 0.3 * s.far(lens)
        half, mid = 10.6 * shrink, x + lens * (16.3 * (1 - 0.12 * abs(s.turn)) - 1.5 * s.far(lens))
        frame += ["M", mid - half, 36, "L", mid + half, 36, "Q", mid + half + 0.5, 51, mid, 51, "Q", mid - half - 0.5, 51, mid - half, 36]
    frame += ["M", x - 5, 39, "Q", x, 37.5, x + 5, 39]
    return lines(path(*frame), mix(s.accent, (30, 20, 40), 0.75), 1.7)


def _ribbon(s: Sketch, side: int) -> str:
    """A bow on one side of the crown."""
    x, y = side * 21 - 2 * s.turn, 11
    line, width = mix(s.accent, (40, 20, 30), 0.6), max(0.6, s.style.line)
    bow = ""
    for wing in (-1, 1):
        bow += shape(path(
            "M", x, y, "C", x + wing * 6, y - 10, x + wing * 15, y - 10, x + wing * 14, y - 3,
            "C", x + wing * 15, y + 7, x + wing * 8, y + 7, x, y, "L", x + wing * 8, y + 14, "L", x + wing * 3, y + 12, "Z",
        ), s.accent, line, width)  # fmt: skip
    return bow + oval(x, y, 3.2, 3.6, mix(s.accent, (60, 0, 30), 0.3))


def _hairband(s: Sketch, side: int) -> str:
    """A band over the head from ear to ear."""
    x = -1.5 * s.turn
    band = path("M", x - 32, 31, "C", x - 28, 4, x + 28, 4, x + 32, 31)
    return lines(band, mix(s.accent, (40, 20, 30), 0.55), 6.6) + lines(band, s.accent, 5.0)


def _flower(s: Sketch, side: int) -> str:
    """A flower of five petals over one temple."""
    x, y = side * 25 + 1.0 * s.turn, 21
    petals = ""
    for n in range(5):
        angle = math.radians(72 * n - 90)
        petals += oval(x + 5 * math.cos(angle), y + 5 * math.sin(angle), 4.4, 4.4, mix(s.accent, WHITE, 0.3 + 0.06 * n))
    return petals + oval(x, y, 3, 3, (255, 224, 96))
