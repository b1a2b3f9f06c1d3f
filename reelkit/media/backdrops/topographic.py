"""Topographic: the contour lines of a land that slowly rises and falls, tinted by height."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator

from reelkit.media.backdrops.canvas import Canvas, Swell, Yuv, lay_over, quieten
from reelkit.media.backdrops.inks import Floats, Inks, Ramp

__all__ = ["lay_out"]

LEVELS = 4.2
"""Contour lines over one unit of the field: the land is some four units high."""
STRONG = 4
"""Every so many lines one is drawn strong, as on a map."""


def lay_out(canvas: Canvas, inks: Inks, rng: Generator) -> Callable[[float], Yuv]:
    """Lay out a land of soft hills that swell and sink; peaks catch the light of the accent."""
    x, y = canvas.places(8)
    calm = canvas.calm(y)
    drift = Swell(rng, waves=4, length=1.4, swing=0.8)
    bend = [Swell(rng, waves=3, length=0.8, swing=0.0).at(x, y, 0.0) for _ in range(2)]
    still = Swell(rng, waves=5, length=1.1, swing=0.0).at(x + 0.09 * bend[0], y + 0.09 * bend[1], 0.0)
    tint = Ramp(
        [
            (0.0, inks.deep),
            (0.4, inks.mix(inks.deep, inks.surface, 0.9)),
            (0.7, inks.mix(inks.surface, inks.primary, 0.22)),
            (1.0, inks.mix(inks.surface, inks.primary, 0.55)),
        ]
    )
    thin = Ramp([(0.0, inks.mix(inks.surface, inks.primary, 0.4)), (0.6, inks.primary), (1.0, inks.mix(inks.primary, inks.light, 0.3))])
    strong = Ramp([(0.0, inks.mix(inks.surface, inks.primary, 0.6)), (0.55, inks.primary), (0.8, inks.accent), (1.0, inks.accent)])
    px = np.float32(canvas.width_px / 1080.0)
    line_px = (np.float32(1.15) * px, np.float32(2.2) * px)

    def paint(loop: float) -> Yuv:
        land = still + np.float32(0.4) * drift.at(x, y, loop)
        share = np.clip(land * np.float32(0.24) + np.float32(0.42), 0.0, 1.0) - np.float32(0.12) * calm
        ground = quieten(tint.paint(share), calm)
        faint = (np.float32(0.6) * (1.0 - 0.6 * calm), np.float32(1.0) * (1.0 - 0.62 * calm))
        inked = [
            (quieten(ramp.paint(share), calm) - ground) * weight[..., None] for ramp, weight in zip((thin, strong), faint, strict=True)
        ]
        height = land * np.float32(LEVELS)
        slope = np.hypot(*np.gradient(height)) * np.float32(x.shape[1] / canvas.width_px)
        covers = _lines(canvas, height, 1.0 / np.maximum(slope, np.float32(1e-3)), line_px)
        return lay_over(canvas, ground, list(zip(covers, inked, strict=True)))

    return paint


def _lines(canvas: Canvas, height: Floats, px_per_level: Floats, line_px: tuple[np.float32, np.float32]) -> list[Floats]:
    """Return how far thin and strong lines cover each pixel: those where the height is whole, and a whole number of ``STRONG``."""
    size = (canvas.width_px, canvas.height_px)
    level = _smooth(height, canvas)
    spread = cv2.resize(px_per_level, size, interpolation=cv2.INTER_LINEAR)
    covers = []
    for every, half_px in zip((1.0, float(STRONG)), line_px, strict=True):
        away = level * np.float32(1.0 / every)
        away -= np.rint(away)
        np.abs(away, out=away)
        away *= spread
        away *= np.float32(-every)
        away += half_px + np.float32(0.5)
        covers.append(np.clip(away, 0.0, 1.0, out=away))
    covers[0] *= 1.0 - covers[1]
    return covers


def _smooth(height: Floats, canvas: Canvas) -> Floats:
    """Return a coarse field at each pixel of the frame, so smooth that lines of equal height are.

    OpenCV's cubic filter does not keep a slope straight: lines would be scalloped from one sample to the next. A linear one does, and a
    blur over about a sample rounds its corners. Beyond its edges the field goes on as it came.
    """
    beyond = np.pad(height, 1, mode="reflect", reflect_type="odd")
    across, down = canvas.width_px / height.shape[1], canvas.height_px / height.shape[0]
    large = cv2.blur(cv2.resize(beyond, None, fx=across, fy=down, interpolation=cv2.INTER_LINEAR), (7, 7))
    left, top = round(across), round(down)
    return np.asarray(large[top : top + canvas.height_px, left : left + canvas.width_px], np.float32)
