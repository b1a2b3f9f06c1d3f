"""Waves: long swells of light that sway past each other, each glowing at its crest and deep below."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from reelkit.media.backdrops.canvas import Canvas, Yuv
from reelkit.media.backdrops.inks import Floats, Ink, Inks, Ramp, ink_to_yuv
from reelkit.media.backdrops.strata import Edge, Sheet, Strata

__all__ = ["lay_out"]


def lay_out(canvas: Canvas, inks: Inks, rng: Generator) -> Callable[[float], Yuv]:
    """Lay out six veils whose crests cross in long diagonals over the deep ground."""
    tall = canvas.height
    bases = np.array([0.16, 0.3, 0.4, 0.56, 0.74, 0.88]) + rng.uniform(-0.03, 0.03, 6)
    lead, second = (inks.primary, inks.accent) if rng.random() < 0.7 else (inks.accent, inks.primary)
    crests = [second, lead, lead, inks.mix(inks.surface, lead, 0.6), inks.mix(inks.surface, lead, 0.35), lead]
    sheets = []
    for base, crest in zip(bases, crests, strict=True):
        edge = Edge(rng, base * tall, [0.2, 0.07, 0.02], [2.6, 1.25, 0.7])
        calm = float(canvas.calm(np.array([base * tall], np.float32))[0])
        sheets.append(Sheet(edge, _veil(inks, crest, calm), reach=rng.uniform(0.5, 0.8), veil=True))
    rows = np.linspace(0, 1, canvas.height_px, dtype=np.float32)
    sky = Ramp([(0.0, inks.deep), (0.3, inks.mix(inks.deep, inks.surface, 0.8)), (0.62, inks.deep), (1.0, inks.surface)])
    return Strata(canvas, sky.paint(rows), sheets).paint


def _veil(inks: Inks, crest: Ink, calm: float) -> Callable[[Floats], Floats]:
    foam = inks.mix(crest, inks.light, 0.35)
    body = inks.mix(crest, inks.deep, 0.45)

    def below(depth: Floats) -> Floats:
        fall = np.exp(-depth / np.float32(0.22))[:, None]
        glint = np.exp(-depth / np.float32(0.01))[:, None]
        lab = body + (crest - body) * fall + (foam - crest) * glint
        return ink_to_yuv(lab + (inks.deep - lab) * (0.4 * calm))

    return below
