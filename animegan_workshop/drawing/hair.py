"""The hair of a drawn face: back, fringe, side locks, sheen. Coordinates: as in `sketch.py`."""

import math

from animegan_workshop.drawing.colours import WHITE, mix
from animegan_workshop.drawing.sketch import Sketch
from animegan_workshop.drawing.svg import lines, oval, pair, path, ring, shape


def back_hair(s: Sketch) -> str:
    """All hair behind the head, with the tails and buns that stick out from it."""
    x, wide = _middle(s), _half_width(s)
    style = s.face.labels["hairstyle"]
    if style in ("long", "hime"):
        return _curtain(s, x, wide, wide + 4, 0.0)
    if style == "wavy":
        return _curtain(s, x, wide - 2, wide - 1, 6.0)
    if style == "bob":
        return _bob(s, x, wide + 1)
    stick_out = {"spiky": _spikes, "twintails": _twintails, "ponytail": _ponytail, "buns": _buns}
    behind = stick_out[style](s) if style in stick_out else ""
    return behind + _cap(s, x, wide)


def _middle(s: Sketch) -> float:
    """The middle of the hair, which shifts against the turn of the face."""
    return -2.5 * s.turn


def _half_width(s: Sketch) -> float:
    """Half the width of the hair at the temples."""
    return s.face.between("volume", 35.5, 40.5) - s.hairstyle.narrower


def _mass(s: Sketch, data: str) -> str:
    """A part of the back hair."""
    return shape(data, s.fill("back"), s.hair_line, s.style.line)


def _over_crown(s: Sketch, wide: float) -> str:
    """The outline of the hair over the crown, from temple to temple."""
    return f"C {-wide} {s.hairstyle.crown} {wide} {s.hairstyle.crown} {wide} 36"


def _curtain(s: Sketch, x: float, wide: float, low: float, wave: float) -> str:
    """Hair down to the edge of the picture.

    wide, low: half its width at the temples and at the edge. wave: how far its outline swings.
    """
    strands = s.face.strands
    low += 2 * strands[0]

    def edge(side: int, ys: tuple[int, ...]) -> str:
        steps = ""
        for n, (a, b) in enumerate(zip(ys, ys[1:])):
            swing = wave * 2 * (-1) ** n + strands[1 + n]
            reach = wide + (b - 36) / 56 * (low - wide)
            steps += f" Q {side * (reach + swing)} {(a + b) / 2} {side * reach} {b}"
        return steps

    up, down = edge(-1, (92, 78, 64, 50, 36)), edge(1, (36, 50, 64, 78, 92))
    curtain = f"M {-low} 104 L {-low} 92 {up} {_over_crown(s, wide)} {down} L {low} 104 Z"
    parted = ""
    for n, at in enumerate((-0.9, -0.78, 0.78, 0.9)):
        top = x + wide * at + strands[6 + n]
        parted += path(f"M 0 44 C {wave} 60 {2 * at - wave} 78 {3 * at} 104", top)
    return _mass(s, path(curtain, x)) + lines(parted, s.hair_line, 0.8, 0.55)


def _bob(s: Sketch, x: float, wide: float) -> str:
    """Hair cut at the height of the chin, its ends bent inward."""
    low = 70 + 4 * s.face.strands[0]
    bob = (
        f"M {-wide} 36 {_over_crown(s, wide)}"
        f" C {wide + 2} 52 {wide + 1} {low - 10} {wide - 4} {low + 2}"
        f" Q {wide - 7} {low} {wide - 8} {low - 4} Q {wide - 12} {low + 2} {wide - 17} {low + 1}"
        f" L 0 {low - 6} L {17 - wide} {low + 1}"
        f" Q {12 - wide} {low + 2} {8 - wide} {low - 4} Q {7 - wide} {low} {4 - wide} {low + 2}"
        f" C {-1 - wide} {low - 10} {-2 - wide} 52 {-wide} 36 Z"
    )
    return _mass(s, path(bob, x))


def _cap(s: Sketch, x: float, wide: float) -> str:
    """Hair that ends at the nape, or is tied up."""
    cap = (
        f"M {-wide} 36 {_over_crown(s, wide)} C {wide} 48 {wide - 4} 56 {wide - 6} 63"
        f" L {wide - 10} 60 L 17 70 L 12 64 L -12 64 L -17 70 L {10 - wide} 60"
        f" L {6 - wide} 63 C {4 - wide} 56 {-wide} 48 {-wide} 36 Z"
    )
    return _mass(s, path(cap, x))


def _spikes(s: Sketch) -> str:
    """A wreath of points around the back of the head."""
    points = []
    for n in range(12):
        angle = math.radians(160 + 220 * n / 11)
        reach = 45 + 3 * s.face.strands[n]
        points.append(f"{30 * math.cos(angle - 0.15)} {38 + 30 * math.sin(angle - 0.15)}")
        points.append(f"{reach * math.cos(angle)} {36 + reach * math.sin(angle)}")
    return _mass(s, path(f"M {' L '.join(points)} Z"))


def _twintails(s: Sketch) -> str:
    """A tail on each side, tied beside the crown."""

    def root(side: int) -> float:
        return side * (31 - 3 * s.far(side)) - 1.0 * s.turn

    def tail(side: int) -> str:
        out = 14 + 2 * s.face.strands[1 + side]
        outline = (
            f"M -4 20 C 8 2 {out} 16 {out} 44 C {out} 70 {out - 4} 90 {out - 7} 104"
            " L -8 104 C 0 80 3 50 -4 20 Z"
        )
        return path(outline, root(side), 0, side)

    ties = pair(lambda side: ring(root(side) + side * 3, 16, 4.2, 5.0))
    return _mass(s, pair(tail)) + shape(ties, s.accent)


def _ponytail(s: Sketch) -> str:
    """One tail, tied high at the back, that falls beside the head.

    It falls behind a turned head, and beside one seen from the front on the side of the light.
    """
    side = s.light_side if abs(s.turn) < 0.3 else -1 if s.turn > 0 else 1
    out = 45 - 5 * abs(s.turn) + 2 * s.face.strands[0]
    tail = (
        f"M 12 8 C 22 -10 {out} -6 {out} 34 C {out} 60 {out - 6} 82 {out - 24} 104"
        " L 12 104 C 28 84 31 60 26 30 Z"
    )
    tie = oval(_middle(s) + side * 24, 8, 4.5, 4.0, s.accent)
    return _mass(s, path(tail, _middle(s), 0, side)) + tie


def _buns(s: Sketch) -> str:
    buns, curls = "", ""
    for side in (-1, 1):
        x, y = side * (34 - 3 * s.far(side)) - 2 * s.turn, 13 + s.face.strands[2 + side]
        buns += ring(x, y, 12, 12)
        curls += path("M -5 6 A 7,7,0,1,1 6 4", x, y)
    return _mass(s, buns) + lines(curls, s.hair_line, 0.9, 0.7)


def braids(s: Sketch) -> str:
    """Two plaits before the shoulders ("" for all other hair styles)."""
    if s.face.labels["hairstyle"] != "braids":
        return ""
    plaits = ""
    for side in (-1, 1):
        x = side * 27 - 1.0 * s.turn + s.face.strands[2 + side]
        for n in range(5):
            lean = 2.5 * (-1) ** n
            twist = f"M -6 {lean} Q 0 13 6 {-lean} Q 9 8 {1 + lean} 14 Q -9 10 -6 {lean} Z"
            plaits += path(twist, x + side * 0.8 * n, 56 + 9.5 * n)
    line = s.hair_line if s.style.line else s.hair_shade
    return shape(plaits, s.fill("lock"), line, max(0.9, s.style.line))


def fringe(s: Sketch) -> str:
    """The hair over the face: the fringe with its shadows and lines, the side locks, the sheen."""
    wide, top, tips = _half_width(s) - 0.3, s.hairstyle.crown + 0.5, _tips(s)
    rim = f"L {wide} 42 C {wide + 0.5} {top} {-wide - 0.5} {top} {-wide} 42 Z"
    line = s.hair_line if s.style.line else mix(s.hair, s.hair_shade, 0.8)
    return (
        _side_locks(s)
        + shape(f"{tips} {path(rim, _middle(s))}", s.fill("front"))
        + _wedges(s)
        + lines(tips, line, (s.style.line or 0.6) * 0.9)
        + _sheen(s)
    )


def fringe_shadow(s: Sketch) -> str:
    """The shadow that the fringe throws on the forehead; goes on the skin, under the eyes."""
    forehead = path("L 24 20 L -24 20 Z", 2 * s.turn)
    shadow = f"{_tips(s, drop=2.6, narrow=0.9)} {forehead}"
    return shape(shadow, s.skin_shade, opacity=0.75 if s.style.gradient else 1.0)


def _forehead(s: Sketch) -> float:
    """The middle of the forehead: x of the locks of the fringe counts from here."""
    return 2.5 * s.turn


def _parting(s: Sketch) -> float:
    return 6.5 * s.turn + s.face.between("parting", -11, 11)


def _locks(s: Sketch) -> list[tuple[float, float, float, float]]:
    """The locks of the fringe, left to right: x and y of the tip, x and y of the notch after it."""
    style, strands = s.face.labels["hairstyle"], s.face.strands
    kind, length = s.face.nuisance["fringe"], s.face.between("fringe_length", 32, 37)
    count = 7 if style == "spiky" else 6
    step, locks = 56 / count, []
    for n in range(count):
        if style == "hime":  # cut straight
            locks.append((-28 + step * (n + 0.5), 35.5, -28 + step * (n + 1), 33.5))
            continue
        x = -28 + step * (n + 0.5 + 0.22 * strands[14 + n])
        notch = -28 + step * (n + 1 + 0.2 * strands[20 + n])
        away = (x - _parting(s)) / 28
        uneven = 5 * strands[22 + n]
        if kind < 0.45:  # parted: short by the parting, long by the temples
            x, y = x + 5 * away, length - 4 + 9 * min(1, abs(away)) + 0.6 * uneven
        else:  # swept to one side
            x, y = x + (5 if kind < 0.72 else -5), length + 1 + 2 * abs(away) + uneven
        y = min(y, 46)
        depth = 11 + 3 * strands[28 - n] + (3 if style == "spiky" else 0) - 2 * abs(away)
        locks.append((x, y, notch, y - depth))
    return locks


def _tips(s: Sketch, drop: float = 0.0, narrow: float = 1.0) -> str:
    """The lower edge of the fringe, left to right; drop, narrow: how its shadow differs from it."""
    x, y = -29.0, 34.0
    steps = f"M {x} {y}"
    for tip_x, tip_y, notch_x, notch_y in _locks(s):
        # One side of a lock is bent out, the other in.
        lean = 0.35 if tip_x > _parting(s) else -0.35
        for to_x, to_y, direction in ((tip_x, tip_y, 1), (notch_x, notch_y, -1)):
            bend = 0.5 + lean * direction * (1 if to_y > y else -1)
            low = max(y, to_y) - 0.4 * abs(to_y - y)
            steps += f" Q {x + (to_x - x) * bend} {low} {to_x} {to_y}"
            x, y = to_x, to_y
    return path(steps, _forehead(s), drop, narrow)


def _wedges(s: Sketch) -> str:
    """Shadows between the locks of the fringe: from each notch, narrowing, towards the crown."""
    part, dark, wedges = _parting(s), -s.light_side, ""
    for n, (_, _, x, y) in enumerate(_locks(s)[:-1]):
        up = 11 + 6 * s.face.strands[n] + (6 if (x - part) * dark > 0 else 0)  # longer in the dark
        top, half = 0.035 * up * (part - x), 0.9 + 0.5 * s.face.strands[n + 7]
        wedge = f"M {-half} -1 Q {-half} {-0.6 * up} {top} {-up} Q {half} {-0.5 * up} {half} 0 Z"
        wedges += path(wedge, _forehead(s) + x, y)
    for side, reach in ((-1, 7.0), (1, 7.0), (dark, 13.0)):  # along the temples
        wedge = f"M 0 38 Q -3 22 {-reach - 4} {15 - reach * 0.4} Q {-reach} 22 {-reach / 2} 40 Z"
        wedges += path(wedge, _middle(s) + side * (_half_width(s) - 3), 0, side)
    return shape(wedges, mix(s.hair, s.hair_shade, 0.75))


def _side_locks(s: Sketch) -> str:
    """The locks before the ears: tapered, cut straight (hime) or waved."""
    style, low, inner = s.face.labels["hairstyle"], s.hairstyle.lock_end, -s.hairstyle.lock_width
    wave = 5.0 if style == "wavy" else 0.0

    def lock(side: int) -> str:
        tip = low + 3 * s.face.strands[10 + side]
        if style == "hime":
            outer, end = 1.5, f"L 1.5 {low} L {inner} {low}"
        else:
            outer = 2 + wave * 0.4
            end = (
                f"Q {2 - wave} {tip - 14} {wave - 3.5} {tip}"
                f" Q {inner - wave} {tip - 10} {inner + wave / 2} {min(56, tip - 6)}"
            )
        down = f"M 1 24 Q {4 + wave} 44 {outer} {min(58, tip - 4)}"
        up = f"Q {inner - 1.5} 42 {inner + 3} 24 Z"
        return path(f"{down} {end} {up}", side * (30.5 - 1.5 * s.far(side)) + 0.8 * s.turn, 0, side)

    return shape(pair(lock), s.fill("lock"), s.hair_line, s.style.line)


def _sheen(s: Sketch) -> str:
    """The band of light around the crown: a zigzag in hard styles, an arc in soft ones."""
    strength, x = s.style.sheen, -4 * s.turn
    if not strength:
        return ""
    light = mix(s.hair_light, WHITE, strength * 0.5)
    if s.style.gradient:
        return lines(path("M -24 21 Q -14 11 0 11 Q 14 11 24 21", x), light, 5.5, strength)
    upper = [(8 * n - 24, 11.5 + 8 * ((n - 3) / 3) ** 2) for n in range(7)]
    steps = "M -24 19.5 Q 0 2.5 24 19.5"
    for n, (px, py) in enumerate(reversed(upper[:-1])):
        steps += f" L {px + 5} {py + 6.5 + 2.5 * s.face.strands[n]} L {px + 2} {py + 2.5}"
    return shape(path(f"{steps} Z", x), light, opacity=strength)
