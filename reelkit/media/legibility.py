"""How well text can be read on a frame: the contrast between its fill and what lies directly around it, glyph by glyph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reelkit.media.planes import Bytes, Planes, planes_to_rgb

__all__ = ["TextContrast", "contrast_ratio", "text_contrast"]

_LINEAR = np.array([v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in np.arange(256) / 255.0])
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
_GAP_PX, _REACH_PX = 2.0, 5.0
"""What counts as directly around a glyph, in px of a frame 1080 wide: past the blurred edge, and within the thinnest outline."""
_SMALLEST_GLYPH = 0.12
"""Marks smaller than this share of the median glyph (full stops, dots) are all edge after encoding and are left out."""


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


def relative_luminance(rgb: Bytes) -> NDArray[np.float64]:
    """Return the relative luminance of sRGB pixels (WCAG 2.2, "relative luminance"), 0 to 1 [shape=(height, width)]."""
    return np.asarray(_LINEAR[rgb] @ _LUMINANCE)


def text_contrast(planes: Planes, mask: NDArray[np.bool_], x: int, y: int) -> TextContrast | None:
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
    scale = planes.width_px / 1080
    gap, reach = max(1, round(_GAP_PX * scale)), max(3, round(_REACH_PX * scale))
    left, top = max(0, x - reach) // 2 * 2, max(0, y - reach) // 2 * 2
    right = min(planes.width_px, (x + mask.shape[1] + reach + 1) // 2 * 2)
    bottom = min(planes.height_px, (y + mask.shape[0] + reach + 1) // 2 * 2)
    if right - left < 2 or bottom - top < 2:
        return None
    fill = np.zeros((bottom - top, right - left), np.uint8)
    row, column = max(0, top - y), max(0, left - x)
    piece = mask[row : bottom - y, column : right - x]
    fill[y + row - top : y + row - top + piece.shape[0], x + column - left : x + column - left + piece.shape[1]] = piece
    half = (slice(top // 2, bottom // 2), slice(left // 2, right // 2))
    luminance = relative_luminance(planes_to_rgb(Planes(planes.y[top:bottom, left:right], planes.u[half], planes.v[half])))
    ratios = list(_ratios(luminance, fill, reach, _grown(fill, gap)))
    return TextContrast(float(np.percentile(ratios, 10)), float(np.median(ratios))) if ratios else None


def _ratios(luminance: NDArray[np.float64], fill: Bytes, reach: int, near: Bytes) -> Iterator[float]:
    """Yield each glyph's contrast with what is within ``reach`` of it and not ``near`` any."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(fill, connectivity=8)
    smallest = max(8.0, _SMALLEST_GLYPH * float(np.median(stats[1:, cv2.CC_STAT_AREA]))) if count > 1 else 0.0
    core = 1 - _grown(1 - fill, 1)
    for label in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[label])
        if area < smallest:
            continue
        cut = slice(max(0, top - reach), top + height + reach), slice(max(0, left - reach), left + width + reach)
        own = (labels[cut] == label).astype(np.uint8)
        inside = own & core[cut]
        around = _grown(own, reach) & (1 - near[cut])
        if around.any():
            fill_is = np.median(luminance[cut][(inside if inside.any() else own) > 0])
            yield contrast_ratio(float(fill_is), float(np.median(luminance[cut][around > 0])))


def _grown(shape: Bytes, radius: int) -> Bytes:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return np.asarray(cv2.dilate(shape, disc), np.uint8)
