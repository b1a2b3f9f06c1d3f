"""Bokeh: lights far out of focus, drifting and breathing over a dark evening."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from reelkit.media.backdrops.canvas import TAU, Canvas, Swell, Yuv, grown, quieten, split
from reelkit.media.backdrops.discs import Stamp
from reelkit.media.backdrops.inks import Floats, Inks, Ramp, ink_to_yuv

__all__ = ["lay_out"]

DEPTHS = ((16, 0.036, 0.12, 0.95, 0.02), (16, 0.08, 0.13, 0.6, 0.035), (7, 0.17, 0.5, 0.42, 0.06))
"""Number of lights, radius, softness, opacity and drift of the far, the middle and the near ones."""


_Light = tuple[float, float, float, float, float, float, float, Floats]
"""x, y, radius, softness, opacity, drift, phase and ink."""


def lay_out(canvas: Canvas, inks: Inks, rng: Generator) -> Callable[[float], Yuv]:
    """Lay out lights in three depths, gathered above and below the captions: the nearer, the larger, softer and fainter."""
    x, y = canvas.places(8)
    calm = canvas.calm(y)
    haze = Swell(rng, waves=3, length=1.6)
    dusk = Ramp([(0.0, inks.deep), (0.45, inks.surface), (1.0, inks.mix(inks.surface, inks.primary, 0.6))])
    colours = ink_to_yuv(np.stack([inks.primary, inks.mix(inks.primary, inks.light, 0.22), inks.accent]))
    lights: list[_Light] = []
    for count, radius, soft, opacity, drift in DEPTHS:
        for _ in range(count):
            high = rng.random() < 0.68
            place = (rng.uniform(-0.05, 1.05), canvas.height * (rng.beta(1.6, 1.9) * 0.5 if high else rng.uniform(0.8, 1.04)))
            colour = colours[rng.choice(3, p=[0.5, 0.22, 0.28])]
            lights.append(
                (*place, radius * rng.uniform(0.75, 1.3), soft, opacity * rng.uniform(0.55, 1.0), drift, rng.uniform(0, TAU), colour)
            )
    lights.sort(key=lambda light: -light[2])
    coarse, fine = Stamp.of(canvas, 8), Stamp.of(canvas, 1)
    near = [light for light in lights if light[3] > 0.3]
    sharp = [light for light in lights if light[3] <= 0.3]

    def paint(loop: float) -> Yuv:
        ground = quieten(dusk.paint(0.42 + 0.2 * haze.at(x, y, loop) - 0.25 * calm), calm)
        for light in near:
            _shine(coarse, ground, light, loop)
        picture = grown(ground, len(fine.columns), len(fine.rows))
        for light in sharp:
            _shine(fine, picture, light, loop)
        return split(picture)

    return paint


def _shine(stamp: Stamp, picture: Floats, light: _Light, loop: float) -> None:
    x, y, radius, soft, opacity, drift, phase, ink = light
    angle = phase + TAU * loop
    stamp.disc(
        picture,
        ink,
        x=x + drift * np.cos(angle),
        y=y + drift * np.sin(angle),
        radius=radius * (1.0 + 0.04 * np.sin(angle + phase)),
        soft=soft,
        opacity=opacity * (0.8 + 0.2 * np.sin(angle + 2.0 * phase)),
        rim=0.28,
    )
