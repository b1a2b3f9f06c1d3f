"""Geometric collage: discs, arches, wedges and bars cut from coloured paper, laid over each other, each swaying a little on its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from reelkit.media.backdrops.canvas import TAU, Canvas, Yuv, quieten_planes
from reelkit.media.backdrops.inks import Floats, Ink, Inks, ink_to_yuv

__all__ = ["lay_out"]

_BLACK = (np.float32(16.0), np.float32(128.0), np.float32(128.0))
_FINE = 6
"""Bits of a pixel by which outlines are drawn."""
_SHADOW_STEP, _SHADOW_DROP, _SHADOW_BLUR, _DARKNESS = 8, 0.014, 0.022, 0.42
Contour = NDArray[np.float64]


@dataclass(frozen=True)
class _Cut:
    """A piece of paper: its contours around its middle, filled by even and odd, where it lies, how it sways, and its ink as YUV."""

    contours: tuple[Contour, ...]
    x: float
    y: float
    sway: float
    turn: float
    phase: float
    ink: Floats

    def at(self, loop: float) -> list[Contour]:
        """Return its contours at a share of the loop, in widths of the frame."""
        angle = TAU * loop + self.phase
        turn, x, y = self.turn * np.sin(angle), self.x + self.sway * np.cos(angle), self.y + self.sway * np.sin(angle)
        rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        return [contour @ rotation + (x, y) for contour in self.contours]


def lay_out(canvas: Canvas, inks: Inks, rng: Generator) -> Callable[[float], Yuv]:
    """Lay out a composition on a grid of four columns: one large form, its counterpart, and small ones that hold them together."""
    tall = canvas.height
    lead, second = (inks.primary, inks.accent) if rng.random() < 0.6 else (inks.accent, inks.primary)
    cuts = _composition(rng, tall, _Papers.of(inks, lead, second))
    rows = ((np.arange(canvas.height_px) + 0.5) / canvas.width_px).astype(np.float32)
    calm = canvas.calm(rows)
    sheet = ink_to_yuv(inks.mix(inks.deep, inks.surface, 0.4)) - np.array(_BLACK)
    size, half = (canvas.width_px, canvas.height_px), (canvas.width_px // 2, canvas.height_px // 2)
    ground = [np.full(place[::-1], value, np.float32) for place, value in zip((size, half, half), sheet.tolist(), strict=True)]

    def paint(loop: float) -> Yuv:
        planes = [plane.copy() for plane in ground]
        for cut in cuts:
            _lay(planes, cut, loop)
        quieten_planes(planes, calm)
        return Yuv(*(plane + black for plane, black in zip(planes, _BLACK, strict=True)))

    return paint


def _lay(planes: list[NDArray[Any]], cut: _Cut, loop: float) -> None:
    """Lay a piece over the planes, with its shadow, in place."""
    height, width = planes[0].shape
    contours = [contour * width for contour in cut.at(loop)]
    room = (_SHADOW_DROP + 2.5 * _SHADOW_BLUR) * width
    points = np.concatenate(contours)
    (left, top), (right, bottom) = points.min(axis=0) - room, points.max(axis=0) + room
    # On whole steps of the shadow's grid, so that luma, chroma and shadow share their corners.
    x0, y0 = (max(0, int(edge) // 16 * 16) for edge in (left, top))
    x1, y1 = min(width, int(right) // 16 * 16 + 16), min(height, int(bottom) // 16 * 16 + 16)
    x1, y1 = x0 + (x1 - x0) // 2 * 2, y0 + (y1 - y0) // 2 * 2
    if x1 - x0 < 16 or y1 - y0 < 16:
        return
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    fixed = [np.rint((contour - (x0, y0) - 0.5) * (1 << _FINE)).astype(np.int32) for contour in contours]
    cv2.fillPoly(mask, fixed, 255, lineType=cv2.LINE_AA, shift=_FINE)
    small: NDArray[Any] = cv2.resize(mask, ((x1 - x0) // _SHADOW_STEP, (y1 - y0) // _SHADOW_STEP), interpolation=cv2.INTER_AREA)
    drop = _SHADOW_DROP * width / _SHADOW_STEP
    fall = np.array([[1, 0, 0.4 * drop], [0, 1, drop]], np.float32)
    # Paper that the frame cuts goes on beyond it, and so does the shadow that falls in from there.
    moved = cv2.warpAffine(small.astype(np.float32), fall, small.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    shade = cv2.GaussianBlur(moved, (0, 0), _SHADOW_BLUR * width / _SHADOW_STEP) * np.float32(-_DARKNESS / 255) + np.float32(1)
    for plane, ink, scale in zip(planes, cut.ink, (1, 2, 2), strict=True):
        here = plane[y0 // scale : y1 // scale, x0 // scale : x1 // scale]
        place = here.shape[::-1]
        cover: NDArray[Any] = mask if scale == 1 else cv2.resize(mask, place, interpolation=cv2.INTER_AREA)
        over = cover * np.float32(1 / 255)
        here *= cv2.resize(shade, place, interpolation=cv2.INTER_LINEAR)
        here += (ink - here) * over


@dataclass(frozen=True)
class _Papers:
    """Papers by their part: the large form's, its counterpart's, two that stay behind, and one for small lights."""

    large: Ink
    counter: Ink
    quiet: Ink
    dusk: Ink
    small: Ink

    @classmethod
    def of(cls, inks: Inks, lead: Ink, second: Ink) -> _Papers:
        return cls(lead, second, inks.mix(inks.surface, lead, 0.3), inks.mix(inks.surface, lead, 0.06), inks.mix(second, inks.light, 0.7))


def _composition(rng: Generator, tall: float, papers: _Papers) -> list[_Cut]:
    """Choose one of three compositions, mirrored or not, its forms moved and sized a little by chance."""
    side = float(rng.choice([-1.0, 1.0]))

    def cut(contours: tuple[Contour, ...], x: float, y: float, ink: Ink, *, sway: float = 0.016, turn: float = 0.08) -> _Cut:
        yuv = ink_to_yuv(ink) - np.array(_BLACK)
        return _Cut(tuple(contour * (side, 1.0) for contour in contours), 0.5 + side * x, y * tall, sway, turn, rng.uniform(0, TAU), yuv)

    def near(place: float, by: float = 0.025) -> float:
        return float(place + rng.uniform(-by, by))

    sun = [
        cut((_block(0.36, 1.2),), 0.4, 0.22, papers.quiet, turn=0.02),
        cut(_wedge(0.95, 90), 0.55, 0.42, papers.dusk, turn=0.03),
        cut(_disc(near(0.33, 0.03)), near(0.08, 0.06), near(0.17), papers.large),
        cut(_dots(5, 4, 0.062, 0.011), -0.34, 0.2, papers.small, turn=0.02),
        cut(_half(near(0.25)), -0.27, near(0.31), papers.counter, turn=0.1),
        cut(_stripes(0.26, 5, 0.018), 0.3, near(0.36), papers.small, turn=0.05),
        cut(_disc(0.055), near(-0.34), near(0.09), papers.small, sway=0.03),
    ]
    gates = [
        cut(_wedge(0.8, 0), -0.52, -0.02, papers.quiet, turn=0.03),
        cut(_wedge(0.9, 270), -0.55, 0.62, papers.dusk, turn=0.03),
        cut(_arch(near(0.3), 0.2), 0.22, near(0.2), papers.large),
        cut(_arch(0.155, 0.085), 0.22, near(0.24, 0.01), papers.counter, turn=0.1),
        cut(_half(near(0.17, 0.02)), -0.3, near(0.2), papers.counter, turn=0.12),
        cut(_disc(near(0.1, 0.02)), near(-0.24), near(0.075, 0.01), papers.small, sway=0.03),
        cut(_stripes(0.3, 4, 0.018), -0.3, near(0.33), papers.small, turn=0.05),
    ]
    fans = [
        cut((_block(0.5, 0.9),), -0.36, 0.12, papers.quiet, turn=0.02),
        cut(_disc(0.52), 0.42, 0.47, papers.dusk, sway=0.02),
        cut(_wedge(near(0.5), 180), 0.24, near(0.3), papers.large),
        cut(_wedge(near(0.31, 0.02), 270), 0.24, near(0.3), papers.counter, turn=0.1),
        cut(_disc(near(0.1, 0.02)), near(0.3), near(0.09), papers.small, sway=0.03),
        cut(_half(0.19), -0.28, near(0.36), papers.counter, turn=0.12),
        cut(_dots(6, 2, 0.062, 0.011), -0.28, near(0.1), papers.small, turn=0.02),
    ]
    feet = [
        cut(_arch(0.4, 0.24), 0.32, 1.02, papers.quiet, turn=0.03),
        cut(_wedge(0.46, 270), -0.54, 1.02, papers.large, turn=0.03),
        cut(_disc(near(0.1, 0.02)), near(0.02, 0.05), near(0.95, 0.01), papers.counter, sway=0.03),
    ]
    return [*(sun, gates, fans)[int(rng.integers(3))], *feet]


def _arc(radius: float, first: float, last: float) -> Contour:
    angle = np.radians(np.linspace(first, last, max(12, round(abs(last - first) / 3))))
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _moved(contour: Contour, x: float, y: float) -> Contour:
    return np.asarray(contour + np.array([x, y]), np.float64)


def _disc(radius: float) -> tuple[Contour, ...]:
    return (_arc(radius, 0, 360),)


def _half(radius: float) -> tuple[Contour, ...]:
    return (_moved(_arc(radius, 180, 360), 0.0, radius / 2),)


def _wedge(radius: float, first: float) -> tuple[Contour, ...]:
    """A quarter of a disc, from its corner."""
    return (np.concatenate([np.zeros((1, 2)), _arc(radius, first, first + 90)]),)


def _arch(outer: float, inner: float) -> tuple[Contour, ...]:
    """A gate: half a ring that stands on two feet."""
    foot = 0.5 * outer
    outside = np.concatenate([[[-outer, foot]], _arc(outer, 180, 360), [[outer, foot]]])
    inside = np.concatenate([[[inner, foot]], _arc(inner, 360, 180), [[-inner, foot]]])
    return (np.concatenate([outside, inside]),)


def _block(width: float, height: float) -> Contour:
    return np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2


def _stripes(width: float, count: int, thick: float) -> tuple[Contour, ...]:
    return tuple(_moved(_block(width, thick), 0.0, 2 * thick * (number - (count - 1) / 2)) for number in range(count))


def _dots(columns: int, rows: int, apart: float, radius: float) -> tuple[Contour, ...]:
    return tuple(
        _moved(_arc(radius, 0, 360), apart * (column - (columns - 1) / 2), apart * (row - (rows - 1) / 2))
        for row in range(rows)
        for column in range(columns)
    )
