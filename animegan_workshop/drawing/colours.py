"""The drawn faces' colours, drawing styles and expressions, and the few words of SVG that the drawing uses.

An element of SVG costs time, its points cost little: what comes in pairs of one colour is drawn as one path.
"""

import colorsys
from dataclasses import dataclass

from animegan_workshop.drawing.face import FACTORS, FaceDescription

RGB = tuple[float, float, float]  # 0...255
WHITE: RGB = (255, 255, 255)
DARK: RGB = (38, 26, 36)  # of ink and shadows

CROPPED = ("short", "spiky")  # the hair styles that leave the ears free

HAIR: dict[str, RGB] = {
    "aqua": (112, 205, 212),
    "black": (52, 46, 58),
    "blonde": (246, 212, 128),
    "blue": (88, 118, 210),
    "brown": (146, 96, 66),
    "gray": (160, 160, 170),
    "green": (104, 178, 104),
    "orange": (242, 146, 66),
    "pink": (250, 160, 188),
    "purple": (152, 98, 196),
    "red": (204, 54, 62),
    "white": (240, 238, 246),
}
EYES: dict[str, RGB] = {
    "aqua": (40, 195, 205),
    "black": (52, 48, 58),
    "blue": (50, 92, 218),
    "brown": (136, 82, 44),
    "green": (52, 164, 72),
    "orange": (244, 132, 28),
    "pink": (248, 110, 172),
    "purple": (148, 72, 208),
    "red": (218, 36, 46),
    "yellow": (244, 212, 56),
}
SKIN: dict[str, RGB] = {
    "pale": (255, 241, 230),
    "fair": (255, 219, 191),
    "tan": (234, 178, 132),
    "brown": (184, 122, 84),
    "dark": (122, 76, 56),
}


@dataclass(frozen=True)
class Style:
    """How one artist draws. Lengths in pixels of the 96x96 picture."""

    line: float  # width of the outlines; 0: none
    ink: float  # colour of the outlines: 0 that of the part, 1 black
    saturation: float  # colours are multiplied by this
    veil: RGB  # a colour that is laid over all others,
    veiled: float  # and its share, 0...1
    shade: float  # depth of the shadows, 0...1
    gradient: bool  # soft shading, else hard edges
    eye_width: float
    eye_height: float
    eye_tilt: float  # how much higher the outer corner is
    lash: float  # thickness of the upper lid line
    chin: float  # half width of the chin
    sheen: float  # strength of the light on the hair, 0...1


STYLES: dict[str, Style] = {
    "cel": Style(0.8, 0.35, 1.1, WHITE, 0.0, 0.32, False, 18.5, 17.5, 1.0, 2.5, 3.5, 0.6),
    "soft": Style(0.5, 0.05, 0.9, WHITE, 0.06, 0.28, True, 19.0, 18.5, 0.0, 2.0, 4.0, 0.55),
    "bold": Style(1.7, 0.9, 1.2, WHITE, 0.0, 0.46, False, 19.5, 13.0, 2.8, 3.0, 2.5, 0.0),
    "pastel": Style(0.0, 0.1, 0.62, WHITE, 0.22, 0.22, True, 16.0, 17.0, -1.2, 1.6, 6.0, 0.4),
    "retro": Style(
        0.8, 0.6, 0.9, (190, 115, 50), 0.17, 0.42, False, 15.5, 22.0, 0.6, 3.6, 1.5, 0.85
    ),
}


@dataclass(frozen=True)
class Expression:
    """What the eyes, brows and mouth do. Lengths in pixels, downward positive."""

    open: float  # height of the eye, as a share of the style's
    lid: float  # how much lower the upper lid is at the inner corner than at the outer
    brow: float  # height of the brow
    brow_slope: float  # how much lower the brow is at its inner end than at its outer
    iris: float  # size of the iris, as a share of the usual
    mouth: str


EXPRESSIONS: dict[str, Expression] = {
    "neutral": Expression(0.95, 0.0, 0.0, 0.0, 1.0, "line"),
    "smile": Expression(0.92, 0.0, -1.5, -1.0, 1.0, "smile"),
    "laugh": Expression(0.95, -0.3, -2.0, -1.0, 1.0, "laugh"),
    "sad": Expression(0.85, -3.4, -1.5, -7.0, 1.0, "frown"),
    "angry": Expression(0.8, 3.4, 2.0, 5.0, 0.9, "teeth"),
    "surprised": Expression(1.15, 0.0, -4.0, -1.0, 0.72, "round"),
}


@dataclass(frozen=True)
class Sketch:
    """A face description with everything settled that the parts of the drawing share."""

    face: FaceDescription
    style: Style
    expression: Expression
    turn: float  # -1 (left) ... 1 (right), give or take
    skin: RGB
    skin_shade: RGB
    skin_line: RGB
    hair: RGB
    hair_shade: RGB
    hair_light: RGB
    hair_line: RGB
    eye: RGB
    accent: RGB  # of ribbon, flower, hairband, hair ties
    clothes: RGB

    def fill(self, part: str) -> RGB | str:
        """The fill of "back" hair, "front" hair, a side "lock" or "skin": a gradient's name, or one flat colour."""
        if self.style.gradient:
            return part
        return {"back": mix(self.hair, self.hair_shade, 0.75), "skin": self.skin}.get(
            part, self.hair
        )

    @property
    def light_side(self) -> int:
        """The side the light comes from (-1 left, 1 right); what is worn on one side is there, too."""
        return 1 if self.face.nuisance["side"] < 0.5 else -1

    def eye_place(self, side: int) -> tuple[float, float]:
        """The middle of an eye (x), and its width as a share of one seen from the front."""
        far = self.far(side)
        return 8 * self.turn + side * (
            16.3 * (1 - 0.12 * abs(self.turn)) - 1.5 * far
        ), 1 - 0.3 * far

    def far(self, side: int) -> float:
        """How far the side (-1 left, 1 right) is turned away, 0...1."""
        return max(0.0, side * self.turn)


def sketch(face: FaceDescription) -> Sketch:
    """Settle style, turn and colours of a face."""
    labels = face.labels
    style = STYLES[labels["style"]]
    turn = (FACTORS["direction"].index(labels["direction"]) - 2) / 2 + face.between(
        "turn", -0.1, 0.1
    )

    light, warm = face.between("light", 0.91, 1.12), face.between("warmth", -0.005, 0.035)

    def tone(
        colour: RGB, hue: float = 0.0, value: float = 1.0, saturation: float = style.saturation
    ) -> RGB:
        """The colour as this style and this light show it; what is less lit has more colour, as artists shade."""
        h, s, v = colorsys.rgb_to_hsv(*(c / 255 for c in colour))
        s *= saturation * (1 + 1.2 * max(0.0, 1 - light))
        red, green, blue = hsv(h + hue, min(1.0, s), min(1.0, v * value * light))
        return mix(
            (min(255.0, red * (1 + warm)), green, blue * (1 - warm)), style.veil, style.veiled
        )

    # Skin keeps more of its colour in pale styles than the rest: grey skin would name no tone.
    shown = max(0.9, min(1.0, style.saturation))
    skin = tone(SKIN[labels["skin"]], 0, face.between("skin_value", 0.98, 1.02), shown)
    hair = tone(
        HAIR[labels["hair"]],
        face.between("hair_hue", -0.012, 0.012),
        face.between("hair_value", 0.92, 1.06),
    )
    eye = tone(EYES[labels["eyes"]], face.between("eye_hue", -0.01, 0.01))
    skin_shade = mix(skin, (skin[0] * 0.86, skin[1] * 0.62, skin[2] * 0.58), style.shade * 1.1)
    hair_shade = mix(
        hair, (hair[0] * 0.4, hair[1] * 0.32, hair[2] * 0.46), min(1.0, style.shade * 2.4)
    )
    hair_dark = tuple(c * 0.4 for c in hair)
    # The accent's hue is kept away from the hair's, so that it shows.
    hue = colorsys.rgb_to_hsv(*HAIR[labels["hair"]])[0] + face.between("accent", 0.3, 0.7)
    accent = tone(hsv(hue, 0.65, 0.95))
    bright = face.nuisance["clothes_value"]
    clothes = tone(hsv(face.nuisance["clothes_hue"], 0.55 - 0.45 * bright, 0.2 + 0.8 * bright))
    return Sketch(
        face,
        style,
        EXPRESSIONS[labels["expression"]],
        turn,
        skin,
        skin_shade,
        mix(mix(skin_shade, (skin[0] * 0.5, skin[1] * 0.3, skin[2] * 0.3), 0.7), DARK, style.ink),
        hair,
        hair_shade,
        mix(hair, WHITE, 0.4),
        mix(hair_dark, DARK, style.ink),
        eye,
        accent,
        clothes,
    )


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """The colour `share` (0...1) of the way from a to b."""
    return (
        a[0] + (b[0] - a[0]) * share,
        a[1] + (b[1] - a[1]) * share,
        a[2] + (b[2] - a[2]) * share,
    )


def hsv(hue: float, saturation: float, value: float) -> RGB:
    """The colour of a hue (1 is once round), saturation and value (0...1)."""
    r, g, b = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return (255 * r, 255 * g, 255 * b)


def code(colour: RGB) -> str:
    """The colour as SVG writes it."""
    return "#{:02x}{:02x}{:02x}".format(*(min(255, max(0, round(c))) for c in colour))


def path(*steps: str | float) -> str:
    """The data of an SVG path: path("M", 0, 1, "Q", 2, 3, 4, 5)."""
    return " ".join(str(step) if not isinstance(step, float) else f"{step:.1f}" for step in steps)


def shape(
    data: str, fill: RGB | str, line: RGB | None = None, width: float = 0.0, opacity: float = 1.0
) -> str:
    """A filled path, outlined where a line colour and a width are given. fill: a colour, or the name of a gradient."""
    paint = code(fill) if isinstance(fill, tuple) else f"url(#{fill})"
    edge = f' stroke="{code(line)}" stroke-width="{width:.1f}"' if line and width else ""
    thin = f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
    return f'<path d="{data}" fill="{paint}"{edge}{thin}/>'


def lines(data: str, colour: RGB, width: float, opacity: float = 1.0) -> str:
    """Lines along a path, not filled."""
    thin = f' stroke-opacity="{opacity:.2f}"' if opacity < 1 else ""
    return (
        f'<path d="{data}" fill="none" stroke="{code(colour)}" stroke-width="{width:.1f}"{thin}/>'
    )


def oval(x: float, y: float, rx: float, ry: float, fill: RGB | str, opacity: float = 1.0) -> str:
    """A filled ellipse around (x, y)."""
    paint = code(fill) if isinstance(fill, tuple) else f"url(#{fill})"
    thin = f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
    return f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" fill="{paint}"{thin}/>'


def ring(x: float, y: float, rx: float, ry: float) -> str:
    """The data of an ellipse around (x, y), for paths of several."""
    return path(
        "M", x - rx, y, "A", rx, ry, 0, 1, 0, x + rx, y, "A", rx, ry, 0, 1, 0, x - rx, y, "Z"
    )


def gradient(name: str, top: float, low: float, *stops: tuple[float, RGB]) -> str:
    """A gradient from height `top` to height `low`, under a name that `shape` and `oval` take as fill."""
    inner = "".join(
        f'<stop offset="{at:.2f}" stop-color="{code(colour)}"/>' for at, colour in stops
    )
    frame = f'gradientUnits="userSpaceOnUse" x1="0" x2="0" y1="{top:.1f}" y2="{low:.1f}"'
    return f'<linearGradient id="{name}" {frame}>{inner}</linearGradient>'
