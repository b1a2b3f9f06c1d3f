"""Grain for what is drawn: hides the steps of 8 bits, in what is composed and in what the encoder leaves of it."""

from __future__ import annotations

import functools
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["GRAIN_LSB", "grain", "grained"]

GRAIN_LSB = 4.0
"""Peak to peak height of grain in 8-bit steps of luma. 1 keeps a picture from banding, 4 one that is encoded: finer grain is lost in x264
at crf 20 (CAMBI of the backdrops is up to 17 with 2 steps, 9 with 3, and under 3 with 4)."""


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
    return np.asarray(cv2.convertScaleAbs(cv2.scaleAdd(grain(luma.shape[1], luma.shape[0]), GRAIN_LSB * share, luma)), np.uint8)
