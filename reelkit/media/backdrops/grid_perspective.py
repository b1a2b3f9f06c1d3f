"""Grid in perspective: a plane of fine lines that runs to a glowing horizon, with light wandering over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from reelkit.media.backdrops.canvas import Canvas, Swell, Yuv, lay_over, quieten, smoothstep
from reelkit.media.backdrops.inks import Floats, Inks, Ramp

__all__ = ["lay_out"]

CELLS_PER_LOOP = 2
_NEAR_CELLS = 5.2
"""Cells across the frame's width at its lower edge."""


def lay_out(canvas: Canvas, inks: Inks, rng: Generator) -> Callable[[float], Yuv]:
    """Lay out a plane below a horizon in the upper half; its lines stand still to the sides and come slowly nearer."""
    x, y = canvas.places(8)
    calm = canvas.calm(y)
    tall = canvas.height
    horizon, centre = rng.uniform(0.3, 0.4) * tall, rng.uniform(0.25, 0.75)
    lead, second = (inks.primary, inks.accent) if rng.random() < 0.6 else (inks.accent, inks.primary)
    sky = Ramp(
        [
            (0.0, inks.deep),
            (0.3, inks.mix(inks.deep, inks.surface, 0.9)),
            (0.55, inks.mix(inks.surface, lead, 0.35)),
            (0.82, lead),
            (1.0, inks.mix(lead, inks.light, 0.35)),
        ]
    )
    line = Ramp([(0.0, inks.mix(inks.surface, lead, 0.35)), (0.55, lead), (0.85, inks.mix(lead, second, 0.5)), (1.0, second)])
    wander = Swell(rng, waves=5, length=1.0)
    glow = Swell(rng, waves=3, length=1.2)

    far_y = y - np.float32(horizon)
    land = smoothstep(far_y, -0.014, 0.014)
    above = np.exp(np.minimum(far_y, 0.0) / np.float32(0.3)) * (1.0 - land)
    below = np.exp(-np.maximum(far_y, 0.0) / np.float32(0.17)) * land
    sun = np.exp(-(((x - np.float32(centre)) / 0.55) ** 2) - (np.minimum(far_y, 0.0) / 0.42) ** 2)
    upright, rows = _lines(canvas, horizon, centre)

    def paint(loop: float) -> Yuv:
        breath = 1.0 + np.float32(0.06) * glow.at(x, y, loop)
        light = (0.22 * above + 0.7 * sun * above**0.35 + below * (0.12 + 0.5 * sun)) * breath
        ground = quieten(sky.paint(0.08 + light), calm)
        patch = smoothstep(wander.at(x, y * 0.8, loop), -0.9, 1.7)
        ink = quieten(line.paint(0.2 + 0.75 * patch), calm * 0.8) - ground
        ink *= ((0.5 + 0.5 * patch) * (1.0 - 0.35 * calm))[..., None]
        cover = np.maximum(upright, rows(loop))
        return lay_over(canvas, ground, [(cover, ink)])

    return paint


def _lines(canvas: Canvas, horizon: float, centre: float) -> tuple[Floats, Callable[[float], Floats]]:
    """Return the cover of the lines that run away, and of those across at a share of the loop [shape=(height, 1)]."""
    width, height = canvas.width_px, canvas.height_px
    column = (np.arange(width, dtype=np.float32) + 0.5) / width
    row = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / width
    depth = np.maximum(row - np.float32(horizon), 1e-4)
    nearest = np.float32(canvas.height - horizon)
    half_px = (0.75 + 1.1 * depth / nearest) * np.float32(width / 1080)

    def cover(place: NDArray[Any], cells_per_px: NDArray[Any]) -> Floats:
        px_per_cell: NDArray[Any] = 1.0 / cells_per_px
        away = np.abs(place - np.rint(place)) * px_per_cell
        # Towards the horizon lines would run into each other: they fade out before they do.
        drawn: Floats = np.clip(half_px + 0.5 - away, 0.0, 1.0) * smoothstep(px_per_cell, 5.0, 46.0) * (row > horizon)
        return drawn.astype(np.float32)

    scale = np.float32(_NEAR_CELLS) * nearest / depth
    upright = cover((column - np.float32(centre)) * scale + 0.5, scale / width)
    along = np.float32(_NEAR_CELLS * 0.9) * nearest * nearest / depth
    step = along / depth / width

    def across(loop: float) -> Floats:
        return cover(along + np.float32(CELLS_PER_LOOP * loop), step)

    return upright, across
