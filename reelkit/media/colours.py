"""Colours as they are written, ``#RRGGBB``: how far two are apart, and one moved until it is far enough from another."""

from __future__ import annotations

import colorsys
import math

__all__ = ["AIM", "LEAST_CONTRAST", "apart", "blended", "difference", "ratio_of", "rgb_of", "stronger", "told_apart"]

LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3, of letters and what is directly around them; of large ones too, which are read at a glance over moving pictures."""
AIM = 4.8
"""Encoding takes a little contrast away."""
_SHARES = (0.25, 0.5, 0.75)
_TOLD_DIFFERENCE, _TOLD_RATIO = 30.0, 2.0
_STRONGER_DIFFERENCE = 40.0


def rgb_of(colour: str) -> tuple[int, int, int]:
    """Return a ``#RRGGBB`` colour's red, green and blue, 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def ratio_of(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2, "contrast ratio"), 1 to 21.

    Examples
    --------
    >>> round(ratio_of("#FFFFFF", "#767676"), 2)
    4.54
    """
    dark, light = sorted((_linear_xyz(one)[1], _linear_xyz(other)[1]))
    return (light + 0.05) / (dark + 0.05)


def difference(one: str, other: str) -> float:
    """Return how different two colours look: their distance in CIE L*a*b* (ΔE 1976); 2 is just seen side by side, 100 black from white.

    Examples
    --------
    >>> round(difference("#FFFFFF", "#000000")), round(difference("#FFFFFF", "#BFE3E0"))
    (100, 18)
    """
    return math.dist(_lab(one), _lab(other))


def told_apart(one: str, other: str) -> bool:
    """Return whether a word in one colour is told from words in the other at a glance, by its colour or by its lightness.

    A word is lit for a third of a second among others: pale mint (18) or pink (26) beside white goes unseen, sky blue (37) and yellow
    (75, of next to no contrast) do not; grey is seen from twice the contrast.

    Examples
    --------
    >>> told_apart("#BFE3E0", "#FFFFFF"), told_apart("#FFD23F", "#FFFFFF"), told_apart("#9A9A9A", "#FFFFFF")
    (False, True, True)
    """
    return difference(one, other) >= _TOLD_DIFFERENCE or ratio_of(one, other) >= _TOLD_RATIO


def blended(start: str, end: str, share: float) -> str:
    """Return the colour a share of the way from one to another.

    Examples
    --------
    >>> blended("#000000", "#FF8000", 0.5)
    '#804000'
    """
    return "#{:02X}{:02X}{:02X}".format(*(round(a + (b - a) * share) for a, b in zip(rgb_of(start), rgb_of(end), strict=True)))


def apart(colour: str, ground: str, *, least: float = AIM) -> str:
    """Return a colour as near to one as has a contrast ratio to a ground: itself, else on its way to black or white, whichever is clearer.

    Examples
    --------
    >>> apart("#FBF3E6", "#24150E"), apart("#8A8A99", "#FFF6F9")
    ('#FBF3E6', '#686873')
    """
    far = max(("#000000", "#FFFFFF"), key=lambda end: ratio_of(end, ground))
    ways = (colour, *(blended(colour, far, share) for share in _SHARES))
    return next((way for way in ways if ratio_of(way, ground) >= least), far)


def stronger(colour: str, *others: str) -> str:
    """Return a colour of the same hue that is told from others: itself where it is; else more saturated and, step by step, darker or
    lighter.

    Examples
    --------
    >>> stronger("#FFD23F", "#FFFFFF"), stronger("#BFE3E0", "#FFFFFF")
    ('#FFD23F', '#5CCCC2')
    """
    if all(told_apart(colour, other) for other in others):
        return colour
    hue, lightness, saturation = colorsys.rgb_to_hls(*(value / 255 for value in rgb_of(colour)))
    ways = []
    for step in range(1, 16):
        for aside in (lightness - 0.04 * step, lightness + 0.04 * step):
            # A grey has no hue to bring out.
            red, green, blue = colorsys.hls_to_rgb(
                hue, min(max(aside, 0.0), 1.0), max(saturation, 0.52) if saturation > 0.1 else saturation
            )
            ways.append("#{:02X}{:02X}{:02X}".format(*(round(255 * value) for value in (red, green, blue))))
    return next((way for way in ways if all(difference(way, other) >= _STRONGER_DIFFERENCE for other in others)), colour)


def _linear_xyz(colour: str) -> tuple[float, float, float]:
    """Return CIE XYZ for D65 of an sRGB colour (IEC 61966-2-1); Y is WCAG's relative luminance."""
    shares = (value / 255 for value in rgb_of(colour))
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    x = 0.4124 * red + 0.3576 * green + 0.1805 * blue
    return x, 0.2126 * red + 0.7152 * green + 0.0722 * blue, 0.0193 * red + 0.1192 * green + 0.9505 * blue


def _lab(colour: str) -> tuple[float, float, float]:
    x, y, z = (_cube_root(value / white) for value, white in zip(_linear_xyz(colour), (0.9505, 1.0, 1.089), strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _cube_root(value: float) -> float:
    return value ** (1 / 3) if value > (6 / 29) ** 3 else value / (3 * (6 / 29) ** 2) + 4 / 29
