"""Grain for what is drawn: hides the steps of 8 bits, in what is composed and in what the encoder leaves of it."""

from __future__ import annotations

import functools
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reelkit.media.planes import Bytes, Planes

__all__ = ["GRAIN_LSB", "KEPT_LSB", "grain", "grained", "lay_grain"]

KEPT_LSB = 1.0
"""Peak to peak height, in 8-bit steps, of the grain of a drawing that is kept: as much as rounding to them asks for."""
GRAIN_LSB = 4.0
"""The same of what is encoded, in steps of luma: lower grain is lost in x264 at crf 20 (CAMBI of a moving backdrop is 1.3 with 4 steps, 3.3
with 3.5 and 6.4 with 3)."""
_CELL_PX = 3
"""How wide its cells are: x264 keeps coarse grain at fewer bytes than fine (with cells of 2 px CAMBI is over twice as high for as many)."""


@functools.cache
def grain(width_px: int, height_px: int) -> NDArray[np.float32]:
    """Return the pattern, -0.5 to 0.5: blue noise, the same in every frame so that it never swims.

    Made as in Ulichney's void-and-cluster (1993), by repeated high-passing and ranking of noise on a tile.
    """
    size, pad = 128, 12
    tile = np.random.Generator(np.random.PCG64(709)).random((size, size)).astype(np.float32)
    for _ in range(8):
        low = cv2.GaussianBlur(np.pad(tile, pad, mode="wrap"), (0, 0), 1.6)[pad:-pad, pad:-pad]
        ranks = np.argsort(np.argsort((tile - low).ravel(), kind="stable"), kind="stable")
        tile = (ranks.reshape(size, size) / np.float32(size * size)).astype(np.float32)
    whole = np.tile(tile - np.float32(0.5), (-(-height_px // size), -(-width_px // size)))[:height_px, :width_px]
    return np.ascontiguousarray(whole)


def grained(luma: NDArray[Any], share: float = 1.0) -> NDArray[np.uint8]:
    """Bring luma [dtype=float32, shape=(height, width)] to 8 bits under a share of the grain that what is drawn has."""
    return np.asarray(cv2.convertScaleAbs(cv2.scaleAdd(_coarse(luma.shape[1], luma.shape[0]), GRAIN_LSB * share, luma)), np.uint8)


def lay_grain(planes: Planes, *, here: bool = False) -> Planes:
    """Return a frame under the grain that what is drawn has when it is encoded; the frame itself is not written to, unless ``here``.

    The grain stands still on the screen however the picture under it moves. Moved and scaled with the picture, it would be averaged away
    in part, and have to be encoded anew with every frame.
    """
    lighter, darker = _steps(planes.width_px, planes.height_px)
    both = cv2.add(planes.y, lighter, dst=planes.y if here else None)
    luma = np.asarray(cv2.subtract(both, darker, dst=both), np.uint8)
    return planes if here else Planes(luma, planes.u, planes.v)


@functools.lru_cache(maxsize=4)
def _coarse(width_px: int, height_px: int) -> NDArray[np.float32]:
    cells = grain(-(-width_px // _CELL_PX), -(-height_px // _CELL_PX))
    whole = cv2.resize(cells, None, fx=_CELL_PX, fy=_CELL_PX, interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(whole[:height_px, :width_px], np.float32)


@functools.lru_cache(maxsize=4)
def _steps(width_px: int, height_px: int) -> tuple[Bytes, Bytes]:
    """Return by how much each sample is lighter and darker for the grain: bytes, which are added several times as fast as floats."""
    whole = _coarse(width_px, height_px) * np.float32(GRAIN_LSB)
    lighter, darker = (np.rint(np.maximum(signed, 0)).astype(np.uint8) for signed in (whole, -whole))
    return lighter, darker
