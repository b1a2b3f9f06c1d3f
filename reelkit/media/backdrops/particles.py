"""Particles: motes that rise through a shaft of light, the near ones large and blurred, the far ones fine."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from reelkit.media.backdrops.canvas import TAU, Canvas, Swell, Yuv, grown, quieten, smoothstep, split
from reelkit.media.backdrops.discs import Stamp
from reelkit.media.backdrops.inks import Floats, Inks, Ramp, ink_to_yuv

__all__ = ["lay_out"]


class _Depth(NamedTuple):
    """How many columns of motes, their radius and rise per loop in widths of the frame, softness and opacity."""

    columns: int
    radius: float
    rise: float
    soft: float
    opacity: float


DEPTHS = (
    _Depth(34, 0.0028, 0.16, 0.55, 0.75),
    _Depth(17, 0.0062, 0.27, 0.35, 0.8),
    _Depth(6, 0.017, 0.47, 0.6, 0.5),
    _Depth(3, 0.055, 0.8, 0.9, 0.2),
)
"""From far to near."""
_MARGIN = 0.2
_FEW = 60
"""So many large discs are stamped one by one; more are small, and stamped at once."""


def lay_out(canvas: Canvas, inks: Inks, rng: Generator) -> Callable[[float], Yuv]:
    """Lay out columns of motes; over a loop each rises to where the one above it was, so the whole rises without end."""
    x, y = canvas.places(8)
    calm = canvas.calm(y)
    tall = canvas.height
    source, slant = rng.uniform(0.1, 0.9), rng.uniform(-0.35, 0.35)
    beam = np.exp(-(((x - np.float32(source) - np.float32(slant) * (y - np.float32(0.3))) / (0.42 + 0.2 * y)) ** 2))
    fall = 1.0 - smoothstep(y / np.float32(tall), 0.05, 0.95)
    haze = Swell(rng, waves=4, length=0.9)
    air = Ramp([(0.0, inks.deep), (0.35, inks.surface), (0.75, inks.mix(inks.surface, inks.primary, 0.5)), (1.0, inks.primary)])
    colours = ink_to_yuv(np.stack([inks.mix(inks.primary, inks.light, 0.5), inks.primary, inks.mix(inks.accent, inks.light, 0.15)]))
    depths = [_Motes(rng, tall, colours, depth) for depth in DEPTHS]
    stamp = Stamp.of(canvas, 1)

    def paint(loop: float) -> Yuv:
        light = (0.14 + 0.62 * beam * fall) * (1.0 + 0.07 * haze.at(x, y, loop)) + 0.05 * haze.at(y, x, loop)
        ground = quieten(air.paint(0.95 * np.tanh(light - 0.1 * calm + 0.08)), calm)
        picture = grown(ground, len(stamp.columns), len(stamp.rows))
        for motes in depths:
            motes.stamp(stamp, picture, loop)
        return split(picture)

    return paint


class _Motes:
    """The motes of one depth, in columns of equal ones: an entry for each mote in every array."""

    def __init__(self, rng: Generator, tall: float, colours: Floats, depth: _Depth) -> None:
        count, radius, rise, soft, opacity = depth
        steps = np.arange(-1, int((tall + _MARGIN) / (0.85 * rise)) + 2)

        def each(values: NDArray[np.float64]) -> Floats:
            return np.repeat(values, len(steps)).astype(np.float32)

        self.soft = soft
        self.x = each(rng.uniform(-0.05, 1.05, count))
        self.rise = each(rise * rng.uniform(0.85, 1.15, count))
        self.start = tall + _MARGIN / 2 - (each(rng.uniform(0, 1, count)) + np.tile(steps, count).astype(np.float32)) * self.rise
        self.radius = each(radius * rng.uniform(0.7, 1.4, count))
        self.opacity = each(opacity * rng.uniform(0.5, 1.0, count))
        self.sway, self.length, self.phase = (
            each(rng.uniform(0.05, 0.16, count)),
            each(rng.uniform(0.7, 1.4, count)),
            each(rng.uniform(0, TAU, count)),
        )
        self.colour = np.repeat(colours[rng.choice(3, count, p=[0.5, 0.28, 0.22])], len(steps), axis=0)
        self.top, self.bottom = -_MARGIN, tall + _MARGIN

    def stamp(self, stamp: Stamp, picture: Floats, loop: float) -> None:
        y = self.start - np.float32(loop) * self.rise
        seen = (y > self.top) & (y < self.bottom)
        y, length, phase, sway = y[seen], self.length[seen], self.phase[seen], self.sway[seen]
        turn = np.float32(TAU) * y / length
        x = self.x[seen] + sway * (np.sin(turn + phase) + np.float32(0.4) * np.sin(turn / np.float32(0.37) - phase))
        opacity = self.opacity[seen] * (np.float32(0.62) + np.float32(0.38) * np.sin(turn / np.float32(0.29) + 3 * phase))
        radius, colour = self.radius[seen], self.colour[seen]
        if len(y) > _FEW:
            stamp.dots(picture, colour, x=x, y=y, radius=radius, soft=self.soft, opacity=opacity)
            return
        for number in range(len(y)):
            place = {"x": float(x[number]), "y": float(y[number]), "radius": float(radius[number])}
            stamp.disc(picture, colour[number], soft=self.soft, opacity=float(opacity[number]), **place)
