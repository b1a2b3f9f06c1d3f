"""How well text can be read on a frame, and whether it stands there at all, glyph by glyph, from pixels alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from reelkit.media.planes import Bytes, Planes, planes_to_rgb

__all__ = [
    "LEAST_LOGO_CONTRAST",
    "TextContrast",
    "contrast_ratio",
    "fill_colour",
    "mark_contrast",
    "mark_is_clear",
    "relative_luminance",
    "text_contrast",
    "text_stands",
]

Mask = NDArray[np.bool_]
Level = NDArray[np.float32]
Places = NDArray[np.intp]

_LINEAR = np.array([v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in np.arange(256) / 255.0], np.float32)
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
_GAP_PX, _REACH_PX = 2.0, 5.0
"""What counts as directly around a glyph, in px of a frame whose shorter side is 1080, by which captions are drawn: past the blurred
edge, and within the thinnest outline."""
_SMALLEST_GLYPH = 0.12
"""Marks smaller than this share of the median glyph (full stops, dots) are all edge after encoding and are left out."""
_LEAST_STEP = 12.0
_LEAST_CORE_PX = 6
LEAST_LOGO_CONTRAST = 3.0
"""WCAG 2.2, 1.4.11, of signs that are no text; of logos it asks nothing."""
_OWN = (2, 98)
"""Between which percentiles of its levels a part of a mark has contrast of its own."""
_CLEAR_SHARE, _CLEAR_GLYPHS = 0.8, 0.7


@dataclass(frozen=True)
class TextContrast:
    """WCAG contrast ratios over the glyphs of a text, 1 to 21.

    Parameters
    ----------
    low : float
        The 10th percentile: nine glyphs in ten are at least as clear.
    median : float
    """

    low: float
    median: float


def contrast_ratio(one: float, other: float) -> float:
    """Return the contrast ratio of two relative luminances (WCAG 2.2, "contrast ratio").

    Examples
    --------
    >>> contrast_ratio(1.0, 0.0)
    21.0
    """
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def relative_luminance(rgb: Bytes) -> Level:
    """Return the relative luminance of sRGB colours (WCAG 2.2, "relative luminance"), 0 to 1.

    Parameters
    ----------
    rgb : ndarray of uint8 [shape=(..., 3)]
    """
    return np.asarray(_LINEAR[rgb] @ _LUMINANCE, np.float32)


def text_contrast(planes: Planes, mask: Mask, x: int, y: int) -> TextContrast | None:
    """Measure a text on a decoded frame.

    An outline or a box counts as what surrounds a glyph where there is one; else the picture does.

    Parameters
    ----------
    planes : Planes
        The whole frame.
    mask : ndarray of bool [shape=(height, width)]
        The text's fill.
    x, y : int
        Place of the mask's upper left corner in the frame; parts outside the frame do not count.

    Returns
    -------
    TextContrast or None
        None where no glyph is large enough to measure.
    """
    cut = _cut(planes, mask, x, y)
    if cut is None:
        return None
    fill, piece = cut
    luminance = relative_luminance(planes_to_rgb(piece))
    ratios = [contrast_ratio(_middle(inside), _middle(around)) for inside, around in _glyphs(luminance, fill, _short(planes))]
    return TextContrast(float(np.percentile(ratios, 10)), float(np.median(ratios))) if ratios else None


def mark_contrast(planes: Planes, mask: Mask, x: int, y: int) -> float | None:
    """Measure a logo on a frame: its parts against what is directly around them, or within themselves, as letters on a badge.

    Parameters
    ----------
    planes, mask, x, y
        As for :func:`text_contrast`.

    Returns
    -------
    float or None
        The ratio that nine parts in ten have at least; None where none is large enough to measure.
    """
    cut = _cut(planes, mask, x, y)
    if cut is None:
        return None
    fill, piece = cut
    luminance = relative_luminance(planes_to_rgb(piece))
    ratios = [
        max(contrast_ratio(_middle(inside), _middle(around)), contrast_ratio(*map(float, np.percentile(inside, _OWN))))
        for inside, around in _glyphs(luminance, fill, _short(planes))
    ]
    return float(np.percentile(ratios, 10)) if ratios else None


def mark_is_clear(planes: Planes, mask: Mask, x: int, y: int, *, least: float = LEAST_LOGO_CONTRAST) -> bool:
    """Return whether a logo is clear on a frame, as far as its parts are large enough to measure.

    Parameters
    ----------
    planes, mask, x, y
        As for :func:`text_contrast`.
    least : float
        What :func:`mark_contrast` must be at least.
    """
    ratio = mark_contrast(planes, mask, x, y)
    return ratio is None or ratio >= least


def text_stands(planes: Planes, mask: Mask, x: int, y: int) -> bool | None:
    """Return whether a text stands on a decoded frame where its mask says; None where no glyph is large enough to tell.

    It does where most glyphs set themselves off: nearly all of a glyph's inside lies on one side of a level of luma, and nearly all
    of what is directly around it on the other. No picture and no other text does that by chance.

    Parameters
    ----------
    planes, mask, x, y
        As for :func:`text_contrast`.
    """
    cut = _cut(planes, mask, x, y)
    if cut is None:
        return None
    fill, piece = cut
    clear = [_is_clear(inside, around) for inside, around in _glyphs(piece.y.astype(np.float32), fill, _short(planes))]
    return sum(clear) >= _CLEAR_GLYPHS * len(clear) if clear else None


def _is_clear(inside: Level, around: Level) -> bool:
    one, other = _middle(inside), _middle(around)
    if abs(one - other) < _LEAST_STEP:
        return False
    middle = (one + other) / 2
    within, beyond = int(np.count_nonzero(inside > middle)), int(np.count_nonzero(around > middle))
    if one < other:
        within, beyond = inside.size - within, around.size - beyond
    return within >= _CLEAR_SHARE * inside.size and beyond <= (1 - _CLEAR_SHARE) * around.size


def _middle(levels: Level) -> float:
    """Return the (upper) median; a tenth of the time of ``np.median`` on the few levels of a glyph."""
    half = levels.size // 2
    return float(np.partition(levels, half)[half])


def fill_colour(planes: Planes, mask: Mask, x: int, y: int) -> tuple[int, int, int] | None:
    """Return the median colour (R, G, B, 0 to 255) inside a text's fill on a decoded frame.

    None where there is too little of it to tell, as of a full stop: 4:2:0 chroma mixes a small mark with what is around it.
    """
    cut = _cut(planes, mask, x, y)
    if cut is None:
        return None
    fill, piece = cut
    core = 1 - _grown(1 - fill, 1)
    if core.sum() < _LEAST_CORE_PX:
        return None
    red, green, blue = np.median(planes_to_rgb(piece)[core > 0], axis=0)
    return int(red), int(green), int(blue)


def _cut(planes: Planes, mask: Mask, x: int, y: int) -> tuple[Bytes, Planes] | None:
    """Return the mask with some room around it as 0 and 1, and the frame under it; None where it lies outside the frame."""
    reach = _px(_REACH_PX, _short(planes), 3)
    left, top = max(0, x - reach) // 2 * 2, max(0, y - reach) // 2 * 2
    right = min(planes.width_px, (x + mask.shape[1] + reach + 1) // 2 * 2)
    bottom = min(planes.height_px, (y + mask.shape[0] + reach + 1) // 2 * 2)
    if right - left < 2 or bottom - top < 2:
        return None
    fill = np.zeros((bottom - top, right - left), np.uint8)
    row, column = max(0, top - y), max(0, left - x)
    shown = mask[row : bottom - y, column : right - x]
    fill[y + row - top : y + row - top + shown.shape[0], x + column - left : x + column - left + shown.shape[1]] = shown
    half = (slice(top // 2, bottom // 2), slice(left // 2, right // 2))
    return fill, Planes(planes.y[top:bottom, left:right], planes.u[half], planes.v[half])


def _glyphs(level: Level, fill: Bytes, short_px: int) -> Iterator[tuple[Level, Level]]:
    """Yield each glyph's levels inside and directly around it, without what is near another glyph."""
    flat = level.reshape(-1)
    for inside, around in _glyph_places(fill.tobytes(), fill.shape, short_px):
        yield flat[inside], flat[around]


@lru_cache(maxsize=8)
def _glyph_places(packed: bytes, shape: tuple[int, int], short_px: int) -> tuple[tuple[Places, Places], ...]:
    """Return the places, counted along the rows, of each glyph's inside and of what is directly around it.

    A text is measured on several pictures in turn, of which it has the same places.
    """
    fill = np.frombuffer(packed, np.uint8).reshape(shape)
    gap, reach = _px(_GAP_PX, short_px, 1), _px(_REACH_PX, short_px, 3)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(fill, connectivity=8)
    smallest = max(8.0, _SMALLEST_GLYPH * float(np.median(stats[1:, cv2.CC_STAT_AREA]))) if count > 1 else 0.0
    near, core = _grown(fill, gap), 1 - _grown(1 - fill, 1)
    found = []
    for label in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[label])
        if area < smallest:
            continue
        first_row, first_column = max(0, top - reach), max(0, left - reach)
        cut = slice(first_row, top + height + reach), slice(first_column, left + width + reach)
        own = (labels[cut] == label).astype(np.uint8)
        inside = own & core[cut]
        around = _grown(own, reach) & (1 - near[cut])
        if around.any():
            both = (inside if inside.any() else own), around
            rows_columns = [np.nonzero(part) for part in both]
            inner, outer = ((rows + first_row) * shape[1] + columns + first_column for rows, columns in rows_columns)
            found.append((inner, outer))
    return tuple(found)


def _short(planes: Planes) -> int:
    return min(planes.width_px, planes.height_px)


def _px(at_1080: float, short_px: int, least: int) -> int:
    return max(least, round(at_1080 * short_px / 1080))


def _grown(shape: Bytes, radius: int) -> Bytes:
    return np.asarray(cv2.dilate(shape, _disc(radius)), np.uint8)


@lru_cache(maxsize=16)
def _disc(radius: int) -> Bytes:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)
