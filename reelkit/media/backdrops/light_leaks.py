"""Light leaks: warm light that falls through the side of a camera onto dark film."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from reelkit.media.backdrops.canvas import TAU, Canvas, Swell, Yuv, quieten, smoothstep, split
from reelkit.media.backdrops.inks import Floats, Ink, Inks, Ramp

__all__ = ["lay_out"]


def lay_out(canvas: Canvas, inks: Inks, rng: Generator) -> Callable[[float], Yuv]:
    """Lay out three leaks at the edges, streaked along one slant, each burning from its ink to light at its heart."""
    x, y = canvas.places(8)
    calm = canvas.calm(y)
    tall = canvas.height
    side = rng.choice([-1.0, 1.0])
    slant = rng.uniform(0.35, 0.7) * rng.choice([-1.0, 1.0])
    along, across = x * np.sin(slant) + y * np.cos(slant), x * np.cos(slant) - y * np.sin(slant)
    streaks = Swell(rng, waves=5, length=0.3)
    haze = Swell(rng, waves=4, length=1.3)
    film = Ramp([(0.0, inks.deep), (1.0, inks.mix(inks.deep, inks.surface, 0.9))])
    lead, second = (inks.primary, inks.accent) if rng.random() < 0.6 else (inks.accent, inks.primary)
    burns = [_burn(inks, ink) for ink in (lead, second, lead)]
    spots = [
        (0.5 + side * 0.6, 0.1 * tall, 0.34, 0.8, 1.05),
        (0.5 - side * 0.64, rng.uniform(0.26, 0.36) * tall, 0.22, 0.7, 0.85),
        (0.5 + side * rng.uniform(-0.7, 0.7), 1.08 * tall, 0.62, 0.34, 0.8),
    ]
    phases = rng.uniform(0, TAU, len(spots))

    def leak(spot: tuple[float, float, float, float, float], phase: float, loop: float) -> Floats:
        px, py, wide, long, strength = spot
        angle = phase + TAU * loop
        px, py = px + 0.05 * np.sin(angle), py + 0.1 * np.cos(angle)
        away = across - np.float32(px * np.cos(slant) - py * np.sin(slant))
        down = along - np.float32(px * np.sin(slant) + py * np.cos(slant))
        bent = away + np.float32(0.06) * haze.at(x, y, loop)
        reach = (bent / np.float32(wide)) ** 2 + (down / np.float32(long)) ** 2
        # Falls off as light through a slit does: fast at first, then long.
        light: Floats = np.float32(strength * (1.0 + 0.08 * np.sin(angle + 1.0))) / (1.0 + reach) ** np.float32(1.6)
        return light

    def paint(loop: float) -> Yuv:
        ray = 1.0 + np.float32(0.13) * streaks.at(across * 1.3, along * 0.16, loop)
        picture = film.paint(0.5 + 0.25 * haze.at(y, x, loop))
        for spot, phase, burn in zip(spots, phases, burns, strict=True):
            light = leak(spot, float(phase), loop) * ray * (1.0 - np.float32(0.55) * calm)
            # The ramp starts at the ground itself, so a leak has no edge.
            picture += (burn.paint(light) - picture) * smoothstep(light, 0.0, 0.5)[..., None]
        return split(quieten(picture, calm))

    return paint


def _burn(inks: Inks, ink: Ink) -> Ramp:
    return Ramp(
        [
            (0.0, inks.deep),
            (0.22, inks.mix(inks.deep, ink, 0.28)),
            (0.5, inks.mix(inks.deep, ink, 0.72)),
            (0.78, ink),
            (1.0, inks.mix(ink, inks.light, 0.3)),
        ]
    )
