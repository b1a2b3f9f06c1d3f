"""Ink: colour that falls into dark water and unfolds there, veil behind veil, thin threads at every edge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from reelkit.media.backdrops.canvas import TAU, Canvas, Swell, Yuv, quieten_planes
from reelkit.media.backdrops.inks import Floats, Ink, Inks, ink_to_yuv

__all__ = ["lay_out"]

_STEPS = 1024
_BLACK = (np.float32(16.0), np.float32(128.0), np.float32(128.0))
_CURRENTS = ((0.2, 0.75, 1.25), (0.085, 0.9, 0.55), (0.036, 0.8, 0.28), (0.012, 0.8, 0.14))
"""How far a current carries across, what share of that down, and its wavelength, in widths of the frame: each folds the one before."""


class _Cloud(NamedTuple):
    """Where a cloud hangs and how far it reaches, how dense it is, how its veils run, and when it sways."""

    x: float
    y: float
    wide: float
    high: float
    strength: float
    veils: float
    slant: float
    phase: float


class _Table(NamedTuple):
    """What is kept of the water and what is added to it, by the density of the ink."""

    keep: Floats
    add: Floats


def lay_out(canvas: Canvas, inks: Inks, rng: Generator) -> Callable[[float], Yuv]:
    """Lay out two clouds of ink above the captions and a fainter one below."""
    x, y = canvas.places(4)
    tall = canvas.height
    rows = ((np.arange(canvas.height_px) + 0.5) / canvas.width_px).astype(np.float32)
    calm = canvas.calm(rows)
    currents = [
        (np.float32(reach), np.float32(reach * down), [Swell(rng, waves=3, length=length, swing=0.55) for _ in range(2)])
        for reach, down, length in _CURRENTS
    ]
    side = float(rng.choice([-1.0, 1.0]))
    lead, second = (inks.primary, inks.accent) if rng.random() < 0.65 else (inks.accent, inks.primary)

    def cloud(px: float, py: float, wide: float, high: float, strength: float) -> _Cloud:
        veils, slant, phase = rng.uniform(11, 16), rng.uniform(-0.5, 0.5), rng.uniform(0, TAU)
        return _Cloud(0.5 + side * px, py * tall, wide, high * tall, strength, float(veils), float(slant), float(phase))

    clouds = [
        (cloud(rng.uniform(0.05, 0.3), rng.uniform(0.08, 0.14), 0.46, 0.17, 1.0), _table(inks, lead)),
        (cloud(-rng.uniform(0.22, 0.4), rng.uniform(0.24, 0.32), 0.3, 0.13, 0.9), _table(inks, second)),
        (cloud(rng.uniform(-0.3, 0.3), 1.0, 0.62, 0.09, 0.7), _table(inks, lead)),
    ]
    fine = (-(-canvas.width_px // 2), -(-canvas.height_px // 2))
    sizes = [(canvas.width_px // scale, canvas.height_px // scale) for scale in (1, 2, 2)]
    water = _water(inks, rows / np.float32(tall), sizes)

    def paint(loop: float) -> Yuv:
        u, v = x, y
        for across, down, swells in currents:
            u, v = u + across * swells[0].at(u, v, loop), v + down * swells[1].at(u, v, loop)
        u, v = (np.asarray(cv2.resize(bent, fine, interpolation=cv2.INTER_CUBIC), np.float32) for bent in (u, v))
        planes = [plane.copy() for plane in water]
        for each, table in clouds:
            density = _density(each, u, v, loop)
            for channel, size in enumerate(sizes):
                here: NDArray[Any] = cv2.resize(density, size, interpolation=cv2.INTER_LINEAR)
                index = here.astype(np.int16)
                planes[channel] *= np.take(table.keep, index)
                planes[channel] += np.take(table.add[channel], index)
        quieten_planes(planes, calm)
        return Yuv(*(plane + black for plane, black in zip(planes, _BLACK, strict=True)))

    return paint


def _density(cloud: _Cloud, u: Floats, v: Floats, loop: float) -> Floats:
    """Return how dense a cloud is at bent places, in steps of a table."""
    angle = TAU * loop + cloud.phase
    across, down = u - np.float32(cloud.x + 0.03 * np.cos(angle)), v - np.float32(cloud.y + 0.03 * np.sin(angle))
    envelope = np.exp(-((across / np.float32(cloud.wide)) ** 2) - (down / np.float32(cloud.high)) ** 2)
    along = np.float32(cloud.veils) * (across + np.float32(cloud.slant) * down) + np.float32(cloud.phase)
    # Two trains of veils, sharp on one side as sheets that are seen edge on.
    veil = np.float32(0.5) + np.float32(0.5) * np.sin(along + np.float32(0.8) * np.sin(along))
    other = np.float32(0.5) + np.float32(0.5) * np.sin(np.float32(0.43) * along - np.float32(5.0) * down)
    density: Floats = envelope * (np.float32(0.24) + np.float32(0.5) * veil + np.float32(0.26) * other * veil)
    return density * np.float32(cloud.strength * (_STEPS - 1))


def _water(inks: Inks, share: Floats, sizes: list[tuple[int, int]]) -> list[Floats]:
    """Return the water's planes above black: lighter where light falls in from above."""
    lit = np.clip(1.0 - 1.3 * share, 0.0, 1.0)[:, None]
    yuv = ink_to_yuv(inks.deep + (inks.mix(inks.deep, inks.surface, 0.9) - inks.deep) * lit) - np.array(_BLACK)
    column = [np.ascontiguousarray(yuv[:, channel : channel + 1]) for channel in range(3)]
    return [np.ascontiguousarray(cv2.resize(plane, size), np.float32) for plane, size in zip(column, sizes, strict=True)]


def _table(inks: Inks, ink: Ink) -> _Table:
    """Return an ink's shading: smoke where it is thin, colour where it is dense, light at the heart."""
    along = np.linspace(0.0, 1.0, _STEPS)[:, None]
    cover = np.clip(1.6 * (along - 0.035), 0.0, 1.0) ** 0.85
    cover = 0.96 * cover * cover * (3.0 - 2.0 * cover)
    thin, heart = inks.mix(ink, inks.deep, 0.3), inks.mix(ink, inks.light, 0.4)
    lab = thin + (ink - thin) * np.clip(2.2 * along, 0.0, 1.0) + (heart - ink) * np.clip(2.4 * (along - 0.58), 0.0, 1.0)
    yuv = ink_to_yuv(lab) - np.array(_BLACK)
    return _Table((1.0 - cover[:, 0]).astype(np.float32), np.ascontiguousarray((yuv * cover).T, np.float32))
