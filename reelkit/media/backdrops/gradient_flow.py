"""Gradient flow: pools of light in the brand's inks that fold into each other like silk."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from reelkit.media.backdrops.canvas import TAU, Canvas, Swell, Yuv, quieten, split
from reelkit.media.backdrops.inks import Ink, Inks, ink_to_yuv

__all__ = ["lay_out"]


def lay_out(canvas: Canvas, inks: Inks, rng: Generator) -> Callable[[float], Yuv]:
    """Lay out pools of ink on a bent plane: bright ones above and below, deep ones where captions stand."""
    x, y = canvas.places(8)
    calm = canvas.calm(y)
    bends = [Swell(rng, waves=4, length=length, swing=0.75) for length in (1.7, 1.7, 0.8, 0.8)]
    folds = Swell(rng, waves=3, length=0.42, swing=0.9)
    side = rng.choice([-1.0, 1.0])
    tall = canvas.height / (16 / 9)

    def pool(px: float, py: float, radius: float, ink: Ink) -> tuple[float, float, float, float, Ink]:
        px, py = px + rng.uniform(-0.12, 0.12), py + rng.uniform(-0.1, 0.1)
        return 0.5 + side * (px - 0.5), py * tall, radius * rng.uniform(0.9, 1.1), rng.uniform(0, TAU), ink

    bright = inks.mix(inks.primary, inks.light, 0.12)
    pools = [
        pool(0.15, 0.1, 0.34, inks.mix(inks.primary, inks.deep, 0.35)),
        pool(0.72, 0.28, 0.3, bright),
        pool(1.05, 0.02, 0.24, inks.accent),
        pool(0.1, 0.62, 0.3, inks.mix(inks.surface, inks.primary, 0.22)),
        pool(0.35, 1.0, 0.42, inks.deep),
        pool(0.95, 0.85, 0.34, inks.surface),
        pool(0.8, 1.3, 0.36, inks.deep),
        pool(0.1, 1.5, 0.3, inks.mix(inks.surface, inks.primary, 0.5)),
        pool(0.95, 1.75, 0.26, inks.mix(inks.primary, inks.deep, 0.2)),
    ]
    colours = np.array([ink for *_, ink in pools], np.float32)

    def paint(loop: float) -> Yuv:
        a, b, c, d = (bend.at(x, y, loop) for bend in bends)
        u = x + np.float32(0.17) * a
        v = y + np.float32(0.17) * b
        u, v = u + np.float32(0.05) * c, v + np.float32(0.05) * d
        weights = []
        for px, py, radius, phase, _ in pools:
            qx, qy = px + 0.09 * np.cos(phase + TAU * loop), py + 0.09 * np.sin(phase + TAU * loop)
            weights.append(np.exp(((u - np.float32(qx)) ** 2 + (v - np.float32(qy)) ** 2) * np.float32(-0.5 / (0.86 * radius) ** 2)))
        share = np.stack(weights, axis=-1) + np.float32(1e-5)
        lab = (share / share.sum(axis=-1, keepdims=True)) @ colours
        lab *= 1.0 + np.float32(0.085) * folds.at(u * 1.6, v * 0.8, loop)[..., None]
        lab[..., 1:] *= 1.1
        return split(quieten(ink_to_yuv(lab), calm))

    return paint
