"""Paper layers: cut sheets of coloured paper, one before the other, with soft shadows between."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from reelkit.media.backdrops.canvas import Canvas, Yuv
from reelkit.media.backdrops.inks import Floats, Ink, Inks, ink_to_yuv
from reelkit.media.backdrops.strata import Edge, Sheet, Strata

__all__ = ["lay_out"]


def lay_out(canvas: Canvas, inks: Inks, rng: Generator) -> Callable[[float], Yuv]:
    """Lay out seven sheets from a bright sky down to the deep ground that captions stand on."""
    tall = canvas.height
    lead, second = (inks.accent, inks.primary) if rng.random() < 0.35 else (inks.primary, inks.accent)
    sky = inks.mix(lead, inks.light, 0.1)
    papers = [
        inks.mix(lead, inks.deep, 0.12),
        inks.mix(second, inks.deep, 0.18),
        inks.mix(lead, inks.deep, 0.45),
        inks.mix(lead, inks.deep, 0.66),
        inks.mix(inks.surface, lead, 0.16),
        inks.surface,
        inks.mix(inks.surface, inks.deep, 0.65),
    ]
    bases = np.array([0.1, 0.2, 0.29, 0.38, 0.5, 0.66, 0.83]) + rng.uniform(-0.02, 0.02, 7)
    sheets = []
    for depth, (paper, base) in enumerate(zip(papers, bases, strict=True)):
        edge = Edge(rng, base * tall, [0.075 - 0.004 * depth, 0.035, 0.012], [1.6, 0.8, 0.37])
        sheets.append(Sheet(edge, _paper(paper, inks), reach=0.5, shadow=0.11, darkness=0.5))
    ground = np.repeat(ink_to_yuv(sky)[None], canvas.height_px, axis=0)
    return Strata(canvas, ground, sheets).paint


def _paper(paper: Ink, inks: Inks) -> Callable[[Floats], Floats]:
    lit = inks.mix(paper, inks.light, 0.1)
    low = inks.mix(paper, inks.deep, 0.25)

    def below(depth: Floats) -> Floats:
        # A cut edge catches a thin line of light; below it the sheet falls into shade.
        glint = np.exp(-depth / np.float32(0.0035))[:, None]
        fall = (1.0 - np.exp(-depth / np.float32(0.25)))[:, None]
        return ink_to_yuv(paper + (lit - paper) * glint + (low - paper) * fall)

    return below
