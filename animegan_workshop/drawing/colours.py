"""The tables of the drawn faces, and how colours are mixed (notebooks 00 and 01)."""

import colorsys
import tomllib
from pathlib import Path

RGB = tuple[float, float, float]  # 0...255

TABLES = tomllib.loads(Path(__file__).with_name("tables.toml").read_text(encoding="utf-8"))

WHITE: RGB = (255, 255, 255)
DARK: RGB = (38, 26, 36)  # of ink and shadows


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """The colour `share` (0...1) of the way from a to b."""
    return tuple(p + (q - p) * share for p, q in zip(a, b))


def filtered(colour: RGB, red: float, green: float, blue: float) -> RGB:
    """The colour with each channel multiplied by its share (0...1), as behind coloured glass."""
    return (colour[0] * red, colour[1] * green, colour[2] * blue)


def hsv(hue: float, saturation: float, value: float) -> RGB:
    """The colour of a hue (1 is once round), a saturation and a value (0...1)."""
    return tuple(255 * c for c in colorsys.hsv_to_rgb(hue % 1, saturation, value))
