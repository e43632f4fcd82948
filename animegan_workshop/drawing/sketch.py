"""What all parts of one drawing share: its style, expression, turn and colours.

Coordinates are those of the upright head: x from its middle line, to the right; y downward. The
crown is near 4, the eyes at 40, the chin at 72. One unit is one pixel of the 96x96 picture.
"""

import colorsys
from collections.abc import Callable
from types import SimpleNamespace

from animegan_workshop.drawing.colours import DARK, RGB, TABLES, WHITE, filtered, hsv, mix
from animegan_workshop.drawing.face import FACTORS, FaceDescription
from animegan_workshop.drawing.svg import pair


class Sketch:
    """A face description with everything settled that the parts of the drawing share.

    style, expression, hairstyle: rows of tables.toml, which explains their fields; turn: -1 (left)
    ... 1 (right), give or take 0.1. All else are colours; accent: of what is worn.
    """

    def __init__(self, face: FaceDescription):
        labels, between = face.labels, face.between
        row = lambda factor: TABLES[factor][labels[factor]]
        self.face = face
        self.style = SimpleNamespace(**row("style"))
        self.expression = SimpleNamespace(**row("expression"))
        self.hairstyle = SimpleNamespace(**row("hairstyle"))
        direction = FACTORS["direction"].index(labels["direction"]) - 2  # -2...2
        self.turn = direction / 2 + between("turn", -0.1, 0.1)

        light, warmth = between("light", 0.91, 1.12), between("warmth", -0.005, 0.035)
        saturation, ink, shade = self.style.saturation, self.style.ink, self.style.shade

        def tone(colour: RGB, hue=0.0, value=1.0, saturation=saturation) -> RGB:
            """The colour in this style and this light. Dim colours are more saturated."""
            h, s, v = colorsys.rgb_to_hsv(*(c / 255 for c in colour))
            s *= saturation * (1 + 1.2 * max(0.0, 1 - light))
            red, green, blue = hsv(h + hue, min(1.0, s), min(1.0, v * value * light))
            warm = (min(255.0, red * (1 + warmth)), green, blue * (1 - warmth))
            return mix(warm, self.style.veil, self.style.veiled)

        # Skin keeps more of its colour in pale styles than the rest: grey skin would name no tone.
        skin_value = between("skin_value", 0.98, 1.02)
        self.skin = tone(row("skin"), 0, skin_value, max(0.9, min(1.0, saturation)))
        self.skin_shade = mix(self.skin, filtered(self.skin, 0.86, 0.62, 0.58), shade * 1.1)
        skin_dark = mix(self.skin_shade, filtered(self.skin, 0.5, 0.3, 0.3), 0.7)
        self.skin_line = mix(skin_dark, DARK, ink)
        hair_hue, hair_value = between("hair_hue", -0.012, 0.012), between("hair_value", 0.92, 1.06)
        self.hair = tone(row("hair"), hair_hue, hair_value)
        dark = filtered(self.hair, 0.4, 0.32, 0.46)
        self.hair_shade = mix(self.hair, dark, min(1.0, shade * 2.4))
        self.hair_line = mix(filtered(self.hair, 0.4, 0.4, 0.4), DARK, ink)
        self.eye = tone(row("eyes"), between("eye_hue", -0.01, 0.01))
        # The accent's hue is kept away from the hair's, so that it shows.
        hue = colorsys.rgb_to_hsv(*row("hair"))[0] + between("accent", 0.3, 0.7)
        self.accent = tone(hsv(hue, 0.65, 0.95))
        bright = face.nuisance["clothes_value"]
        clothes = hsv(face.nuisance["clothes_hue"], 0.55 - 0.45 * bright, 0.2 + 0.8 * bright)
        self.clothes = tone(clothes)

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

    def both_eyes(self, draw: Callable[[int, float, float], str]) -> str:
        """The data that `draw(side, *eye_place(side))` gives for both eyes."""
        return pair(lambda side: draw(side, *self.eye_place(side)))
