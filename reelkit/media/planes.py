"""Frames as YUV 4:2:0 planes in BT.709 limited range, and sprites blended into them.

A reel is composed in the colours it is encoded in (ITU-R BT.709-6, limited range, 8 bit): whole frames never go through RGB.
Only what is drawn (captions, logos, cards) starts as RGB and is converted once, as a sprite.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["RGB_TO_YUV", "Cover", "Planes", "Sprite", "colour_to_yuv", "plane_rows", "planes_to_rgb", "rgb_to_planes"]

Bytes = NDArray[np.uint8]

KR, KB = 0.2126, 0.0722
"""BT.709 luma coefficients (ITU-R BT.709-6, 3.2)."""
KG = 1.0 - KR - KB
_LUMA = np.array([KR, KG, KB]) * 219.0 / 255.0
_CB = np.array([-KR, -KG, 1.0 - KB]) / (2 * (1.0 - KB)) * 224.0 / 255.0
_CR = np.array([1.0 - KR, -KG, -KB]) / (2 * (1.0 - KR)) * 224.0 / 255.0
RGB_TO_YUV = np.stack([_LUMA, _CB, _CR])
"""Rows Y, Cb, Cr over columns R, G, B, all in 8-bit units; add (16, 128, 128)."""
_TO_RGB = np.linalg.inv(RGB_TO_YUV)
_RGBA_TO_SPRITE = np.zeros((4, 5), np.float32)
"""Affine: 255 x the premultiplied planes, and 255 - alpha."""
_RGBA_TO_SPRITE[:3, :3] = RGB_TO_YUV * 255.0
_RGBA_TO_SPRITE[:, 3] = (16.0, 128.0, 128.0, -1.0)
_RGBA_TO_SPRITE[3, 4] = 255.0


@dataclass(frozen=True)
class Planes:
    """One frame: luma and the two chroma planes.

    Parameters
    ----------
    y : ndarray of uint8 [shape=(height, width)]
    u, v : ndarray of uint8 [shape=(height / 2, width / 2)]
        Cb and Cr.
    """

    y: Bytes
    u: Bytes
    v: Bytes

    @classmethod
    def filled(cls, width_px: int, height_px: int, colour: str) -> Planes:
        """Return a frame of one ``#RRGGBB`` colour."""
        y, u, v = colour_to_yuv(colour)
        half = (height_px // 2, width_px // 2)
        return cls(np.full((height_px, width_px), y, np.uint8), np.full(half, u, np.uint8), np.full(half, v, np.uint8))

    @property
    def width_px(self) -> int:
        return int(self.y.shape[1])

    @property
    def height_px(self) -> int:
        return int(self.y.shape[0])

    def copy(self) -> Planes:
        return Planes(self.y.copy(), self.u.copy(), self.v.copy())

    def copy_to(self, other: Planes) -> None:
        """Write the frame into the planes of another one of its size."""
        other.y[...], other.u[...], other.v[...] = self.y, self.u, self.v

    def tobytes(self) -> bytes:
        """Return the frame as planar yuv420p bytes: what the encoder gets, and what tests compare."""
        return self.y.tobytes() + self.u.tobytes() + self.v.tobytes()


def plane_rows(plane: Any) -> Bytes:
    """Return the samples of an ``av`` frame's plane as they lie in memory [shape=(height, line_size)], to read or write."""
    rows: Bytes = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return rows


def colour_to_yuv(colour: str) -> tuple[int, int, int]:
    """Return a ``#RRGGBB`` colour as 8-bit limited-range BT.709 (Y, Cb, Cr).

    Examples
    --------
    >>> colour_to_yuv("#FF0000")
    (63, 102, 240)
    """
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], float)
    y, u, v = RGB_TO_YUV @ rgb + (16.0, 128.0, 128.0)
    return round(y), round(u), round(v)


def rgb_to_planes(rgb: Bytes) -> Planes:
    """Convert an RGB picture to planes; chroma is the mean of each 2x2 block.

    Parameters
    ----------
    rgb : ndarray of uint8 [shape=(height, width, 3)]
        Height and width even.
    """
    yuv = cv2.transform(rgb.astype(np.float32), RGB_TO_YUV.astype(np.float32)) + np.array([16.0, 128.0, 128.0], np.float32)
    chroma = cv2.resize(yuv[..., 1:], (rgb.shape[1] // 2, rgb.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return Planes(_bytes(yuv[..., 0]), _bytes(chroma[..., 0]), _bytes(chroma[..., 1]))


def planes_to_rgb(planes: Planes) -> Bytes:
    """Convert planes to an RGB picture [shape=(height, width, 3)], for people to look at."""
    size = (planes.width_px, planes.height_px)
    chroma = [cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in (planes.u, planes.v)]
    yuv = np.stack([planes.y, *chroma], axis=-1).astype(np.float32) - np.array([16.0, 128.0, 128.0], np.float32)
    return _bytes(cv2.transform(yuv, _TO_RGB.astype(np.float32)))


def _bytes(values: NDArray[Any]) -> Bytes:
    rounded: Bytes = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return rounded


@dataclass(frozen=True)
class Sprite:
    """Something drawn, ready to be blended: planes premultiplied by alpha, at an even place in the frame.

    ``x`` and ``y`` may be moved (``at``); parts outside the frame are cut. Build one with :meth:`from_rgba`.
    """

    x: int
    y: int
    luma: NDArray[np.uint16]
    cb: NDArray[np.uint16]
    cr: NDArray[np.uint16]
    keep: NDArray[np.uint16]
    keep_half: NDArray[np.uint16]

    @classmethod
    def from_rgba(cls, rgba: Bytes | NDArray[np.float32], x: int, y: int) -> Sprite:
        """Build a sprite from premultiplied RGBA.

        Parameters
        ----------
        rgba : ndarray of uint8 or float32 [shape=(height, width, 4)]
            0 to 255, colours premultiplied by alpha (each channel <= alpha).
        x, y : int
            Place of the upper left corner in the frame; odd places are padded.
        """
        left, top = x % 2, y % 2
        height, width = rgba.shape[:2]
        padded = cv2.copyMakeBorder(rgba, top, (height + top) % 2, left, (width + left) % 2, cv2.BORDER_CONSTANT)
        # Values are kept as 255 x the premultiplied plane, so that blending is whole-number arithmetic.
        planes = np.asarray(cv2.transform(padded.astype(np.float32, copy=False), _RGBA_TO_SPRITE), np.float32)
        small = np.asarray(cv2.resize(planes, (padded.shape[1] // 2, padded.shape[0] // 2), interpolation=cv2.INTER_AREA), np.float32)

        def whole(values: NDArray[np.float32]) -> NDArray[np.uint16]:
            # OpenCV rounds and clips while it converts.
            return np.asarray(cv2.addWeighted(values, 1.0, values, 0.0, 0.0, dtype=cv2.CV_16U), np.uint16)

        luma, keep = whole(planes[..., 0]), whole(planes[..., 3])
        return cls(x - left, y - top, luma, whole(small[..., 1]), whole(small[..., 2]), keep, whole(small[..., 3]))._bounded()

    def _bounded(self) -> Sprite:
        """Return the sprite with no sample, however it was rounded, brighter than its alpha allows: what blending counts on."""
        most, most_half = 255 * (255 - self.keep), 255 * (255 - self.keep_half)
        return replace(self, luma=np.minimum(self.luma, most), cb=np.minimum(self.cb, most_half), cr=np.minimum(self.cr, most_half))

    @property
    def width_px(self) -> int:
        return int(self.luma.shape[1])

    @property
    def height_px(self) -> int:
        return int(self.luma.shape[0])

    def at(self, x: int, y: int) -> Sprite:
        """Return the same sprite elsewhere; odd places are rounded down."""
        return Sprite(x - x % 2, y - y % 2, self.luma, self.cb, self.cr, self.keep, self.keep_half)

    def faded(self, opacity: float) -> Sprite:
        """Return the sprite at a share of its opacity, 0 to 1."""
        share = round(min(max(opacity, 0.0), 1.0) * 256)

        def less(values: NDArray[np.uint16]) -> NDArray[np.uint16]:
            return (values.astype(np.uint32) * share >> 8).astype(np.uint16)

        faded = Sprite(
            self.x, self.y, less(self.luma), less(self.cb), less(self.cr), 255 - less(255 - self.keep), 255 - less(255 - self.keep_half)
        )
        return faded._bounded()

    def blend(self, planes: Planes) -> None:
        """Blend into a frame's planes, in place."""
        _blend(planes.y, self.luma, self.keep, self.x, self.y)
        _blend(planes.u, self.cb, self.keep_half, self.x // 2, self.y // 2)
        _blend(planes.v, self.cr, self.keep_half, self.x // 2, self.y // 2)


def _blend(plane: Bytes, over: NDArray[np.uint16], keep: NDArray[np.uint16], x: int, y: int) -> None:
    height, width = plane.shape
    top, left, bottom, right = max(y, 0), max(x, 0), min(y + over.shape[0], height), min(x + over.shape[1], width)
    if top >= bottom or left >= right:
        return
    cut = (slice(top - y, bottom - y), slice(left - x, right - x))
    under = plane[top:bottom, left:right]
    # At most 255 x 255 together: 16 bits hold it with what rounding adds.
    total = np.multiply(under, keep[cut], dtype=np.uint16)
    total += over[cut]
    total += 128
    total += total >> 8
    under[...] = total >> 8


@dataclass(frozen=True)
class Cover:
    """A whole frame laid over another one of its size at a share of opacity, 0 to 1; costs two table look-ups a sample."""

    planes: Planes
    opacity: float

    def blend(self, planes: Planes) -> None:
        """Blend into a frame's planes, in place."""
        share = round(min(max(self.opacity, 0.0), 1.0) * 256)
        values = np.arange(256)
        over, under = (((values * part + 128) >> 8).astype(np.uint8) for part in (share, 256 - share))
        for mine, theirs in ((self.planes.y, planes.y), (self.planes.u, planes.u), (self.planes.v, planes.v)):
            theirs[...] = cv2.add(cv2.LUT(theirs, under), cv2.LUT(mine, over))
