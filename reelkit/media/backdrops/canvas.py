"""What every family paints on: places, slow fields that close their loop, calm where captions stand, and the step down to 8 bits.

Places are in shares of the frame's width (``x`` 0 to 1, ``y`` 0 to height / width), so that a family looks the same at every size.
Pictures are YUV in float until :func:`finish`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from reelkit.media.backdrops.inks import Floats, Inks
from reelkit.media.grain import KEPT_LSB, grain
from reelkit.media.planes import Planes

__all__ = [
    "TAU",
    "Canvas",
    "Family",
    "Swell",
    "Yuv",
    "finish",
    "grown",
    "lay_over",
    "quieten",
    "quieten_planes",
    "smoothstep",
    "split",
]

TAU = 2.0 * np.pi


class Yuv(NamedTuple):
    """A picture in 8-bit units, float32. Luma and chroma may be of any size: :func:`finish` scales them to the frame's."""

    y: Floats
    u: Floats
    v: Floats


@dataclass(frozen=True)
class Canvas:
    """The frame to paint, in px."""

    width_px: int
    height_px: int

    @property
    def height(self) -> float:
        """Height in widths of the frame."""
        return self.height_px / self.width_px

    def places(self, step: int) -> tuple[Floats, Floats]:
        """Return x and y of every ``step``-th pixel's middle [shape=(height / step, width / step)]."""
        width, height = -(-self.width_px // step), -(-self.height_px // step)
        x = (np.arange(width, dtype=np.float32) + 0.5) / width
        y = (np.arange(height, dtype=np.float32) + 0.5) / height * np.float32(self.height)
        places: list[NDArray[Any]] = list(np.meshgrid(x, y.astype(np.float32)))
        return places[0], places[1]

    def calm(self, y: Floats) -> Floats:
        """Return 1 where captions stand (y 900 to 1500 of 1920), falling softly to 0 above and below."""
        share = y / np.float32(self.height)
        return smoothstep(share, 0.3, 0.48) * (1.0 - smoothstep(share, 0.78, 0.96))


Family = Callable[[Canvas, Inks, Generator], Callable[[float], Yuv]]
"""Lays out a backdrop and returns its painter, which takes the share of the loop done, 0 to 1."""


def smoothstep(values: Floats, low: float, high: float) -> Floats:
    """Return 0 below ``low``, 1 above ``high``, and a smooth cubic between.

    Examples
    --------
    >>> smoothstep(np.float32([-1.0, 0.5, 2.0]), 0.0, 1.0).tolist()
    [0.0, 0.5, 1.0]
    """
    t: Floats = np.clip((values - np.float32(low)) / np.float32(high - low), 0.0, 1.0)
    eased: Floats = t * t * (3.0 - 2.0 * t)
    return eased


# --- slow fields ----------------------------------------------------------------------------------------------------


class Swell:
    """A slow, smooth field: a sum of long plane waves whose phases swing, or turn once, per loop.

    Parameters
    ----------
    rng : Generator
    waves : int
    length : float
        Typical wavelength in widths of the frame.
    swing : float, optional
        Radians by which the phases swing to and fro; 0 stands still. Without it they turn all the way round, every other one backwards.
    """

    def __init__(self, rng: Generator, *, waves: int, length: float, swing: float | None = None) -> None:
        angle = rng.uniform(0, TAU) + np.arange(waves) * (TAU / waves) + rng.uniform(-0.5, 0.5, waves)
        number = TAU / (length * rng.uniform(0.7, 1.5, waves))
        self._kx, self._ky = (number * np.cos(angle)).astype(np.float32), (number * np.sin(angle)).astype(np.float32)
        self._phase, self._lag = rng.uniform(0, TAU, (2, waves))
        self._swing = swing
        self._way = np.where(np.arange(waves) % 2 == 0, TAU, -TAU)
        self._share = np.float32(np.sqrt(2.0 / waves))

    def at(self, x: Floats, y: Floats, loop: float) -> Floats:
        """Return the field (unit variance) at places x, y and a share of the loop."""
        moved = self._way * loop if self._swing is None else self._swing * np.sin(TAU * loop + self._lag)
        total = np.zeros_like(x)
        for kx, ky, phase in zip(self._kx, self._ky, (self._phase + moved).astype(np.float32), strict=True):
            total += np.sin(kx * x + ky * y + phase)
        return total * self._share


# --- down to 8 bits -------------------------------------------------------------------------------------------------

CALM_LUMA = 92.0
"""Luma above black that no ink passes where captions stand: any hue there is under 0.183 relative luminance, 4.5:1 to white."""
_KNEE = 50.0


def quieten(picture: Floats, calm: Floats) -> Floats:
    """Return YUV [shape=(h, w, 3)] with bright inks dimmed where captions stand, their hue kept."""
    black = np.array([16.0, 128.0, 128.0], np.float32)
    factor = _dimming(picture[..., 0] - black[0], calm)
    quiet: Floats = (picture - black) * factor[..., None] + black
    return quiet


def quieten_planes(planes: Sequence[Floats], calm: Floats) -> None:
    """Dim bright inks where captions stand, in place, in planes of luma above black and of chroma around 0.

    Parameters
    ----------
    planes : sequence of ndarray
        Luma [shape=(height, width)] and both chroma planes at half size.
    calm : ndarray [shape=(height,)]
    """
    rows = np.flatnonzero(calm > 0)
    if len(rows):
        top, bottom = int(rows[0]) // 2 * 2, min(int(rows[-1]) // 2 * 2 + 2, len(calm))
        luma, *chroma = planes
        factor = _dimming(luma[top:bottom], calm[top:bottom, None])
        luma[top:bottom] *= factor
        half: NDArray[Any] = cv2.resize(factor, (luma.shape[1] // 2, (bottom - top) // 2), interpolation=cv2.INTER_AREA)
        for plane in chroma:
            plane[top // 2 : bottom // 2] *= half


def _dimming(luma: Floats, calm: Floats) -> Floats:
    """Return the factor that bends luma above the knee towards :data:`CALM_LUMA`, which it never reaches."""
    over = np.maximum(luma - np.float32(_KNEE), 0.0)
    excess = over * over / (over + np.float32(CALM_LUMA - _KNEE))
    factor: Floats = 1.0 - calm * excess / np.maximum(luma, np.float32(1.0))
    return factor


def split(picture: Floats) -> Yuv:
    """Return the planes of YUV [shape=(h, w, 3)]."""
    return Yuv(*(np.ascontiguousarray(picture[..., i]) for i in range(3)))


def lay_over(canvas: Canvas, ground: Floats, layers: Sequence[tuple[Floats, Floats]]) -> Yuv:
    """Lay sharp shapes in smooth inks over a smooth ground.

    Parameters
    ----------
    canvas : Canvas
    ground : ndarray of float32 [shape=(h, w, 3)]
        YUV, of any size.
    layers : sequence of (ndarray [shape=(height_px, width_px)], ndarray [shape=(h, w, 3)])
        How far a shape covers each pixel of the frame, 0 to 1, and what it adds there to the ground's YUV.
    """
    planes: list[NDArray[Any]] = []
    for channel, scale in ((0, 1), (1, 2), (2, 2)):
        size = (canvas.width_px // scale, canvas.height_px // scale)
        plane: NDArray[Any] = cv2.resize(np.ascontiguousarray(ground[..., channel]), size, interpolation=cv2.INTER_CUBIC)
        for cover, ink in layers:
            here: NDArray[Any] = cover if scale == 1 else cv2.resize(cover, size, interpolation=cv2.INTER_AREA)
            plane += here * cv2.resize(np.ascontiguousarray(ink[..., channel]), size, interpolation=cv2.INTER_LINEAR)
        planes.append(plane)
    return Yuv(*planes)


def grown(picture: Floats, width_px: int, height_px: int) -> Floats:
    """Return a smooth picture [shape=(h, w, 3)] at another size."""
    large: NDArray[Any] = cv2.resize(picture, (width_px, height_px), interpolation=cv2.INTER_CUBIC)
    return large


def finish(picture: Yuv, canvas: Canvas) -> Planes:
    """Scale a painted picture to the frame and bring it to 8 bits under constant grain.

    Parameters
    ----------
    picture : Yuv
    canvas : Canvas
    """
    size = (canvas.width_px, canvas.height_px)
    half = (canvas.width_px // 2, canvas.height_px // 2)
    planes: list[NDArray[Any]] = []
    for plane, (width, height) in zip(picture, (size, half, half), strict=True):
        scaled: NDArray[Any] = plane
        if plane.shape != (height, width):
            scaled = cv2.resize(plane, (width, height), interpolation=cv2.INTER_CUBIC)
        planes.append(cv2.scaleAdd(grain(width, height), KEPT_LSB, scaled))
    eights: list[NDArray[Any]] = [cv2.convertScaleAbs(plane) for plane in planes]
    return Planes(*eights)
