"""Strata: sheets laid one before the other, each with a curved upper edge; paper layers and waves are both made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from reelkit.media.backdrops.canvas import TAU, Canvas, Floats, Yuv, smoothstep

__all__ = ["Edge", "Sheet", "Strata"]


class Edge:
    """The curved upper edge of a sheet, in widths of the frame from its top; it closes its loop.

    Parameters
    ----------
    rng : Generator
    base : float
        Mean place.
    heights, lengths : sequence of float
        Amplitudes and wavelengths of its curves; the first ``travelling`` of them run sideways, the others sway.
    """

    def __init__(self, rng: Generator, base: float, heights: Sequence[float], lengths: Sequence[float], *, travelling: int = 0) -> None:
        count = len(heights)
        self.base = base
        self.heights = np.array(heights) * rng.uniform(0.8, 1.2, count)
        self.numbers = TAU / (np.array(lengths) * rng.uniform(0.85, 1.15, count))
        self.phases = rng.uniform(0, TAU, count)
        self.swings = np.where(np.arange(count) < travelling, 0.0, rng.uniform(0.35, 0.6, count))
        self.turns = np.where(np.arange(count) < travelling, rng.choice([-1, 1], count), 0)
        self.lag = rng.uniform(0, TAU)

    def at(self, x: NDArray[np.float64], loop: float) -> Floats:
        """Return the edge at each x."""
        angle = TAU * loop
        phases = self.phases + self.turns * angle + self.swings * np.sin(angle + self.lag)
        curves = self.heights[:, None] * np.sin(self.numbers[:, None] * x + phases[:, None])
        edge: Floats = (self.base + curves.sum(axis=0)).astype(np.float32)
        return edge


@dataclass(frozen=True)
class Sheet:
    """A sheet and how it is shaded.

    Parameters
    ----------
    edge : Edge
    below : callable
        Takes depths below the edge, in widths of the frame [shape=(n,)], and gives YUV [shape=(n, 3)].
    reach : float
        The depth from which on nothing changes, in widths.
    shadow : float
        How far its shadow falls on what is behind it, in widths; 0 is none.
    darkness : float
        Share of light that the shadow takes at the edge.
    veil : bool
        The sheet fades out over its reach and shows what is behind it.
    """

    edge: Edge
    below: Callable[[Floats], Floats]
    reach: float
    shadow: float = 0.0
    darkness: float = 0.0
    veil: bool = False


_FINE = 4
"""Steps per pixel in the tables of shading: edges fall on quarter pixels of softness."""
_BLACK = (16.0, 128.0, 128.0)


class Strata:
    """Sheets from back to front over a ground, ready to be painted at any share of the loop.

    Every column of a sheet is the same run of shades, moved to where its edge is: a table per sheet is all the shading there is.

    Parameters
    ----------
    canvas : Canvas
    ground : ndarray of float32 [shape=(height, 3)]
        YUV of each row behind all sheets.
    sheets : sequence of Sheet
        From back to front.
    """

    def __init__(self, canvas: Canvas, ground: Floats, sheets: Sequence[Sheet]) -> None:
        self.sheets = sheets
        self.layers = [_Plane(canvas, ground, sheets, channel) for channel in range(3)]

    def paint(self, loop: float) -> Yuv:
        """Return the picture at a share of the loop."""
        return Yuv(*(plane.paint(loop) for plane in self.layers))


class _Plane:
    def __init__(self, canvas: Canvas, ground: Floats, sheets: Sequence[Sheet], channel: int) -> None:
        scale = 1 if channel == 0 else 2
        self.width, self.height = canvas.width_px // scale, canvas.height_px // scale
        self.x = (np.arange(self.width) + 0.5) / self.width
        self.rows = (np.arange(self.height, dtype=np.float32) + 0.5)[:, None]
        self.sheets = sheets
        self.black = np.float32(_BLACK[channel])
        self.ground = np.repeat(ground[::scale, channel, None] - self.black, self.width, axis=1)
        self.tables = [self._table(sheet, channel) for sheet in sheets]

    def _table(self, sheet: Sheet, channel: int) -> tuple[int, Floats, Floats]:
        """Return the index of the edge, and by index what is kept of what is behind and what is added."""
        above, under = (int(np.ceil(reach * self.width)) + 1 for reach in (sheet.shadow, sheet.reach))
        depth = (np.arange(-above * _FINE, under * _FINE + 1) / _FINE).astype(np.float32)
        cover: Floats = np.clip(depth + 0.5, 0.0, 1.0)
        if sheet.veil:
            cover = cover * (1.0 - smoothstep(depth, 0.0, sheet.reach * self.width))
        far = np.clip(-depth / max(sheet.shadow * self.width, 1.0), 0.0, 1.0)
        keep = (1.0 - np.float32(sheet.darkness) * (1.0 - far) ** 3) * (1.0 - cover)
        add = (sheet.below(np.maximum(depth, np.float32(0.0)) / np.float32(self.width))[:, channel] - self.black) * cover
        return above * _FINE, keep.astype(np.float32), add.astype(np.float32)

    def paint(self, loop: float) -> Floats:
        out = self.ground.copy()
        edges = [sheet.edge.at(self.x, loop) * np.float32(self.width) for sheet in self.sheets]
        hidden = np.full(self.width, np.float32(self.height))
        bottoms = []
        for sheet, edge in zip(reversed(self.sheets), reversed(edges), strict=True):
            bottoms.append(min(self.height, int(np.ceil(hidden.max())) + 1))
            if not sheet.veil:
                hidden = np.minimum(hidden, edge)
        for sheet, edge, bottom, (zero, keep, add) in zip(self.sheets, edges, reversed(bottoms), self.tables, strict=True):
            top = max(0, int(edge.min()) - zero // _FINE)
            last = len(add) - 1
            full = int(np.ceil(edge.max())) + 1
            end = min(bottom, full + (last - zero) // _FINE) if sheet.veil else bottom
            whole = end if sheet.veil else min(max(full, top), end)
            for start, stop, opaque in ((top, whole, False), (whole, end, True)):
                if start >= stop:
                    continue
                depth = (self.rows[start:stop] - edge) * np.float32(_FINE) + np.float32(zero + 0.5)
                index = np.clip(depth, 0, last).astype(np.intp)
                band = out[start:stop]
                if not opaque:
                    band *= keep[index]
                    band += add[index]
                else:
                    np.take(add, index, out=band, mode="clip")
        out += self.black
        return out
