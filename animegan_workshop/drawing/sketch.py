"""What all parts of one drawing share: its style, expression, turn and colours.

Coordinates are those of the upright head: x from its middle line, to the right; y downward. The
crown is near 4, the eyes at 40, the chin at 72. One unit is one pixel of the 96x96 picture.
"""

import colorsys
from dataclasses import dataclass
from types import SimpleNamespace

from animegan_workshop.drawing.colours import DARK, RGB, TABLES, WHITE, filtered, hsv, mix
from animegan_workshop.drawing.face import FACTORS, FaceDescription


@dataclass(frozen=True)
class Sketch:
    """A face description with everything settled that the parts of the drawing share.

    style, expression and hairstyle are rows of tables.toml, which explains their fields.
    """

    face: FaceDescription
    style: SimpleNamespace
    expression: SimpleNamespace
    hairstyle: SimpleNamespace
    turn: float  # -1 (left) ... 1 (right), give or take 0.1
    skin: RGB
    skin_shade: RGB
    skin_line: RGB
    hair: RGB
    hair_shade: RGB
    hair_line: RGB
    eye: RGB
    accent: RGB  # of what is worn
    clothes: RGB

    def fill(self, part: str) -> RGB | str:
        """The fill of a part ("back", "front", "lock" of hair, or "skin"), for `shape`.

        That is a gradient's name in soft styles, else one flat colour.
        """
        if self.style.gradient:
            return part
        flat = {"back": mix(self.hair, self.hair_shade, 0.75), "skin": self.skin}
        return flat.get(part, self.hair)

    @property
    def light_side(self) -> int:
        """The side the light comes from (-1 left, 1 right). Bows and flowers are worn there."""
        return 1 if self.face.nuisance["side"] < 0.5 else -1

    @property
    def hair_light(self) -> RGB:
        """Hair where light falls on it."""
        return mix(self.hair, WHITE, 0.4)

    def far(self, side: int) -> float:
        """How far the side (-1 left, 1 right) is turned away, 0...1."""
        return max(0.0, side * self.turn)

    def eye_place(self, side: int) -> tuple[float, float]:
        """The middle of an eye (x), and its width as a share of one seen from the front."""
        apart = 16.3 * (1 - 0.12 * abs(self.turn)) - 1.5 * self.far(side)
        return 8 * self.turn + side * apart, 1 - 0.3 * self.far(side)


def sketch(face: FaceDescription) -> Sketch:
    """Settle style, turn and colours of a face."""
    labels, between = face.labels, face.between
    row = lambda factor: TABLES[factor][labels[factor]]
    style = SimpleNamespace(**row("style"))
    direction = FACTORS["direction"].index(labels["direction"]) - 2  # -2...2

    light, warmth = between("light", 0.91, 1.12), between("warmth", -0.005, 0.035)

    def tone(
        colour: RGB, hue: float = 0.0, value: float = 1.0, saturation: float = style.saturation
    ) -> RGB:
        """The colour in this style and this light. Dim colours are more saturated."""
        h, s, v = colorsys.rgb_to_hsv(*(c / 255 for c in colour))
        s *= saturation * (1 + 1.2 * max(0.0, 1 - light))
        red, green, blue = hsv(h + hue, min(1.0, s), min(1.0, v * value * light))
        warm = (min(255.0, red * (1 + warmth)), green, blue * (1 - warmth))
        return mix(warm, style.veil, style.veiled)

    # Skin keeps more of its colour in pale styles than the rest does: grey skin would name no tone.
    skin_saturation = max(0.9, min(1.0, style.saturation))
    skin = tone(row("skin"), 0, between("skin_value", 0.98, 1.02), skin_saturation)
    skin_shade = mix(skin, filtered(skin, 0.86, 0.62, 0.58), style.shade * 1.1)
    skin_dark = mix(skin_shade, filtered(skin, 0.5, 0.3, 0.3), 0.7)
    hair = row("hair")
    # The accent's hue is kept away from the hair's, so that it shows.
    accent = hsv(colorsys.rgb_to_hsv(*hair)[0] + between("accent", 0.3, 0.7), 0.65, 0.95)
    hair = tone(hair, between("hair_hue", -0.012, 0.012), between("hair_value", 0.92, 1.06))
    hair_shade = mix(hair, filtered(hair, 0.4, 0.32, 0.46), min(1.0, style.shade * 2.4))
    bright = face.nuisance["clothes_value"]
    clothes = hsv(face.nuisance["clothes_hue"], 0.55 - 0.45 * bright, 0.2 + 0.8 * bright)
    return Sketch(
        face,
        style,
        SimpleNamespace(**row("expression")),
        SimpleNamespace(**row("hairstyle")),
        turn=direction / 2 + between("turn", -0.1, 0.1),
        skin=skin,
        skin_shade=skin_shade,
        skin_line=mix(skin_dark, DARK, style.ink),
        hair=hair,
        hair_shade=hair_shade,
        hair_line=mix(filtered(hair, 0.4, 0.4, 0.4), DARK, style.ink),
        eye=tone(row("eyes"), between("eye_hue", -0.01, 0.01)),
        accent=tone(accent),
        clothes=tone(clothes),
    )
