"""Inks mixed from a palette.

Colours are mixed in OKLab (Björn Ottosson, "A perceptual color space for image processing", 2020) and painted as BT.709
limited-range YUV in float.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reelkit.media.planes import RGB_TO_YUV
from reelkit.model import Palette

__all__ = ["Floats", "Ink", "Inks", "Ramp", "ink_to_yuv"]

Floats = NDArray[np.float32]

_LMS = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]]
)
_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099], [0.0259040371, 0.7827717662, -0.8086757660]]
)

_FROM_LAB, _FROM_LMS = (np.linalg.inv(matrix).T.astype(np.float32) for matrix in (_LAB, _LMS))
_FROM_RGB = (RGB_TO_YUV.T * 255.0).astype(np.float32)

_LIT = 0.62

Ink = NDArray[np.float64]
"""A colour in OKLab: lightness 0 to 1, and two axes of hue."""


def _ink(colour: str) -> Ink:
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    ink: Ink = _LAB @ np.cbrt(_LMS @ linear)
    return ink


def ink_to_yuv(ink: Floats | Ink) -> Floats:
    """Return OKLab colours [shape=(..., 3)] as YUV in 8-bit units."""
    cone = np.asarray(ink, np.float32) @ _FROM_LAB
    linear = np.clip((cone * cone * cone) @ _FROM_LMS, 0.0, 1.0)
    rgb = np.maximum(np.float32(1.055) * linear ** np.float32(1 / 2.4) - np.float32(0.055), np.minimum(linear * 12.92, 0.0404))
    yuv: Floats = rgb @ _FROM_RGB + np.array([16.0, 128.0, 128.0], np.float32)
    return yuv


@dataclass(frozen=True)
class Inks:
    """A palette as inks. ``deep`` is the dark ground that white captions read on, also where a brand's background is light."""

    deep: Ink
    surface: Ink
    primary: Ink
    accent: Ink
    light: Ink

    @classmethod
    def of(cls, palette: Palette) -> Inks:
        background, surface, primary, accent, text = (
            _ink(colour) for colour in (palette.background, palette.surface, palette.primary, palette.accent, palette.text)
        )
        if background[0] <= 0.45:
            return cls(background, surface, primary, accent, text)
        # A light brand: its ground is its primary colour at dusk, its light the background. Its colours were chosen to stand on white;
        # on that ground they are lit.
        deep = primary * (0.24 / max(primary[0], 0.24))
        lit = [ink * (max(ink[0], _LIT) / max(ink[0], 0.1)) for ink in (primary, accent)]
        return cls(deep, primary * (0.36 / max(primary[0], 0.36)), lit[0], lit[1], background)

    def mix(self, one: Ink, other: Ink, share: float) -> Ink:
        """Return ``one`` with a share of ``other``; two strong, opposite hues are kept from meeting in grey."""
        chroma = [float(np.hypot(*ink[1:])) for ink in (one, other)]
        mixed = one + (other - one) * share
        expected = chroma[0] + (chroma[1] - chroma[0]) * share
        have = float(np.hypot(*mixed[1:]))
        if min(chroma) > 0.06 and have > 1e-6:
            mixed = np.array([mixed[0], *(mixed[1:] * min(expected / have, 1.6))])
        return mixed


class Ramp:
    """A run of inks, painted by how far along it each pixel is.

    Parameters
    ----------
    stops : sequence of (float, Ink)
        Places 0 to 1, rising.
    """

    def __init__(self, stops: Sequence[tuple[float, Ink]]) -> None:
        places = np.array([place for place, _ in stops])
        along = np.linspace(0.0, 1.0, _STEPS)
        labs = np.stack([np.interp(along, places, [ink[i] for _, ink in stops]) for i in range(3)], axis=1)
        self.table = ink_to_yuv(labs)

    def paint(self, along: Floats) -> Floats:
        """Return YUV [shape=(..., 3)] for places along the ramp; places outside 0 to 1 take its ends."""
        scaled = np.clip(along, 0.0, 1.0) * np.float32(_STEPS - 1)
        floor = np.minimum(scaled.astype(np.int32), _STEPS - 2)
        low = self.table[floor]
        painted: Floats = low + (self.table[floor + 1] - low) * (scaled - floor)[..., None].astype(np.float32)
        return painted


_STEPS = 512
