"""Strata: sheets laid one before the other, each with a curved upper edge; paper layers and waves are both made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from reelkit.media.backdrops.canvas import TAU, Canvas, Yuv, quieten_planes, smoothstep
from reelkit.media.backdrops.inks import Floats

__all__ = ["Edge", "Sheet", "Strata"]


class Edge:
    """The curved upper edge of a sheet, in widths of the frame from its top; it closes its loop.

    Parameters
    ----------
    rng : Generator
    base : float
        Mean place.
    heights, lengths : sequence of float
        Amplitudes and wavelengths of its curves, which sway sideways.
    """

    def __init__(self, rng: Generator, base: float, heights: Sequence[float], lengths: Sequence[float]) -> None:
        count = len(heights)
        self._base = base
        self._heights = np.array(heights) * rng.uniform(0.8, 1.2, count)
        self._numbers = TAU / (np.array(lengths) * rng.uniform(0.85, 1.15, count))
        self._phases = rng.uniform(0, TAU, count)
        self._swings = rng.uniform(0.35, 0.6, count)
        self._lag = rng.uniform(0, TAU)

    def at(self, x: NDArray[np.float64], loop: float) -> Floats:
        """Return the edge at each x."""
        phases = self._phases + self._swings * np.sin(TAU * loop + self._lag)
        curves = self._heights[:, None] * np.sin(self._numbers[:, None] * x + phases[:, None])
        edge: Floats = (self._base + curves.sum(axis=0)).astype(np.float32)
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
_BLOCK_ROWS = 48
_BLACK = (np.float32(16.0), np.float32(128.0), np.float32(128.0))


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
        self._calm = canvas.calm((np.arange(canvas.height_px, dtype=np.float32) + np.float32(0.5)) / np.float32(canvas.width_px))
        self._luma = _Planes(canvas, ground, sheets, channels=(0,), scale=1)
        self._chroma = _Planes(canvas, ground, sheets, channels=(1, 2), scale=2)

    def paint(self, loop: float) -> Yuv:
        """Return the picture at a share of the loop; the next call paints over it."""
        planes = [*self._luma.paint(loop), *self._chroma.paint(loop)]
        quieten_planes(planes, self._calm)
        return Yuv(*(np.add(plane, black, out=plane) for plane, black in zip(planes, _BLACK, strict=True)))


@dataclass(frozen=True)
class _Table:
    """Shades of a sheet by depth: ``zero`` is the index of its edge; what is kept of what is behind, and what is added to it."""

    zero: int
    keep: Floats
    add: list[Floats]


class _Planes:
    """Planes of one size, painted together: luma above black, or chroma around 0."""

    def __init__(self, canvas: Canvas, ground: Floats, sheets: Sequence[Sheet], *, channels: tuple[int, ...], scale: int) -> None:
        self._width, self._height = canvas.width_px // scale, canvas.height_px // scale
        self._x = (np.arange(self._width) + 0.5) / self._width
        self._steps = (np.arange(self._height, dtype=np.intp) * _FINE + _FINE // 2)[:, None]
        self._sheets = sheets
        self._black = [_BLACK[channel] for channel in channels]
        self._ground = [
            np.repeat(ground[::scale, channel, None] - black, self._width, axis=1)
            for channel, black in zip(channels, self._black, strict=True)
        ]
        self._painted = [np.empty_like(ground) for ground in self._ground]
        self._tables = [self._table(sheet, channels) for sheet in sheets]

    def _table(self, sheet: Sheet, channels: tuple[int, ...]) -> _Table:
        above, under = (int(np.ceil(reach * self._width)) + 1 for reach in (sheet.shadow, sheet.reach))
        depth = np.arange(-above * _FINE, under * _FINE + 1, dtype=np.float32) / np.float32(_FINE)
        cover: Floats = np.clip(depth + np.float32(0.5), 0.0, 1.0)
        if sheet.veil:
            cover = cover * (1.0 - smoothstep(depth, 0.0, sheet.reach * self._width))
        far = np.clip(-depth / np.float32(max(sheet.shadow * self._width, 1.0)), 0.0, 1.0)
        keep: Floats = (1.0 - np.float32(sheet.darkness) * (1.0 - far) ** 3) * (1.0 - cover)
        yuv = sheet.below(np.maximum(depth, np.float32(0.0)) / np.float32(self._width))
        return _Table(
            above * _FINE, keep, [(yuv[:, channel] - black) * cover for channel, black in zip(channels, self._black, strict=True)]
        )

    def paint(self, loop: float) -> list[Floats]:
        planes = self._painted
        for plane, ground in zip(planes, self._ground, strict=True):
            np.copyto(plane, ground)
        edges = [sheet.edge.at(self._x, loop) * np.float32(self._width) for sheet in self._sheets]
        for edge, table, sheet, seen in zip(edges, self._tables, self._sheets, self._seen_to(edges), strict=True):
            last = len(table.keep) - 1
            top = max(0, int(edge.min()) - table.zero // _FINE)
            full = max(top, int(np.ceil(edge.max())) + 1)
            bottom = min(seen, full + (last - table.zero) // _FINE) if sheet.veil else seen
            mixed = bottom if sheet.veil else min(full, bottom)
            at_edge = table.zero - _quarters(edge)
            for start, stop in (*_blocks(top, mixed), *_blocks(mixed, bottom)):
                index = self._steps[start:stop] + at_edge
                for plane, add in zip(planes, table.add, strict=True):
                    band = plane[start:stop]
                    if stop <= mixed:
                        band *= np.take(table.keep, index, mode="clip")
                        band += np.take(add, index, mode="clip")
                    else:
                        np.take(add, index, out=band, mode="clip")
        return planes

    def _seen_to(self, edges: Sequence[Floats]) -> list[int]:
        """Return the row to which each sheet can be seen: the lowest point at which the sheets before it begin."""
        hidden = np.full(self._width, np.float32(self._height))
        seen = []
        for sheet, edge in zip(reversed(self._sheets), reversed(edges), strict=True):
            seen.append(min(self._height, int(np.ceil(hidden.max())) + 1))
            if not sheet.veil:
                hidden = np.minimum(hidden, edge)
        return seen[::-1]


def _quarters(edge: Floats) -> NDArray[np.intp]:
    return np.rint(edge * _FINE).astype(np.intp)


def _blocks(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield runs of rows that fit a processor's cache."""
    for row in range(start, stop, _BLOCK_ROWS):
        yield row, min(row + _BLOCK_ROWS, stop)
