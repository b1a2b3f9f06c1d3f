"""Transitions: how one shot's picture becomes the next one's.

Every kind begins at the outgoing picture and ends at the incoming one without a jump, and depends on nothing but the two pictures and
the share of the way.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from reelkit.media.grain import grained
from reelkit.media.planes import Bytes, Planes
from reelkit.media.view import ease
from reelkit.model import Transition

__all__ = ["join"]

_FEATHER = 0.16
"""Width of a wipe's soft edge, and how far it leans, in frame widths."""
_LEAN = 0.18
_ZOOM_OUT, _ZOOM_IN = 0.5, 0.14
"""How much larger the outgoing picture gets, and how much smaller the incoming one begins, when it zooms."""
_SHUTTER = 0.5
"""The share of a frame's time that a whip is blurred over: the 180 degrees of film."""


def join(transition: Transition, step: int, outgoing: Planes, incoming: Planes, *, background: Planes) -> Planes:
    """Return a frame of a transition.

    Parameters
    ----------
    transition : Transition
        A cut has no frames to join.
    step : int
        1 to ``transition.frames``; 0 would be the outgoing picture, one after the last the incoming one.
    outgoing, incoming, background : Planes
        Of one size; a dip goes through the background. They are not written to.
    """
    kind, frames = transition.kind, transition.frames
    share = step / (frames + 1)
    if kind == "dip":
        share = ease(share)
        shown, weight = (outgoing, 1 - 2 * share) if share < 0.5 else (incoming, 2 * share - 1)
        return _dipped(background, shown, weight)
    if kind == "slide":
        return _slid(outgoing, incoming, ease(share))
    if kind == "wipe":
        return _wiped(outgoing, incoming, ease(share))
    if kind == "zoom":
        return _zoomed(outgoing, incoming, share)
    if kind == "whip":
        return _whipped(outgoing, incoming, share, 1 / (frames + 1))
    return _mixed(outgoing, incoming, ease(share))


def _gentle(share: float) -> float:
    """Start and end at rest (smoothstep)."""
    return share * share * (3 - 2 * share)


def _swift(share: float) -> float:
    """Start and end at rest, with most of the way in the middle (cubic)."""
    return 4 * share**3 if share < 0.5 else 1 - 4 * (1 - share) ** 3


def _all(planes: Planes) -> tuple[Bytes, Bytes, Bytes]:
    return planes.y, planes.u, planes.v


def _each(change: Callable[[Bytes, Bytes, int], Bytes], outgoing: Planes, incoming: Planes) -> Planes:
    return Planes(*(change(a, b, unit) for a, b, unit in zip(_all(outgoing), _all(incoming), (1, 2, 2), strict=True)))


def _mixed(under: Planes, over: Planes, weight: float) -> Planes:
    return _each(lambda a, b, _: _mix(a, b, weight), under, over)


def _mix(under: Bytes, over: Bytes, weight: float) -> Bytes:
    return np.asarray(cv2.addWeighted(under, 1.0 - weight, over, weight, 0.0), np.uint8)


def _dipped(background: Planes, shown: Planes, weight: float) -> Planes:
    """Mix a picture with the background, which has the same grain as what is drawn: an even ground lends none."""
    luma = cv2.addWeighted(background.y, 1.0 - weight, shown.y, weight, 0.0, dtype=cv2.CV_32F)
    chroma = (_mix(under, over, weight) for under, over in ((background.u, shown.u), (background.v, shown.v)))
    return Planes(grained(luma, 1.0 - weight), *chroma)


def _slid(outgoing: Planes, incoming: Planes, share: float) -> Planes:
    """Push the outgoing picture off to the left as the incoming one follows from the right."""
    edge = round(outgoing.width_px * (1 - share) / 2) * 2

    def beside(a: Bytes, b: Bytes, unit: int) -> Bytes:
        width = a.shape[1]
        return np.hstack([a[:, width - edge // unit :], b[:, : width - edge // unit]])

    return _each(beside, outgoing, incoming)


def _wiped(outgoing: Planes, incoming: Planes, share: float) -> Planes:
    """Draw a soft, leaning edge over the picture from right to left."""
    edge = (1 - share) * (1 + _LEAN + _FEATHER) - _FEATHER

    def behind(a: Bytes, b: Bytes, unit: int) -> Bytes:
        ramp = np.clip((_lean(a.shape[1], a.shape[0]) - np.float32(edge)) / np.float32(_FEATHER), 0, 1)
        weight = ramp * ramp * (3 - 2 * ramp)
        mixed = a + (b.astype(np.float32) - a) * weight
        return np.asarray(np.rint(mixed), np.uint8)

    return _each(behind, outgoing, incoming)


@functools.lru_cache(maxsize=4)
def _lean(width: int, height: int) -> NDArray[np.float32]:
    """Return how far right a sample lies, in frame widths, along lines that lean: 0 to 1 + _LEAN."""
    across = (np.arange(width, dtype=np.float32) + np.float32(0.5)) / np.float32(width)
    down = (np.arange(height, dtype=np.float32) + np.float32(0.5)) / np.float32(height)
    field: NDArray[np.float32] = across[None, :] + np.float32(_LEAN) * (1 - down)[:, None]
    field.flags.writeable = False
    return field


def _zoomed(outgoing: Planes, incoming: Planes, share: float) -> Planes:
    """Fly into the outgoing picture and arrive in the incoming one."""
    way = _gentle(share)
    weight = _gentle(min(max((share - 0.25) / 0.5, 0.0), 1.0))
    larger, smaller = 1 + _ZOOM_OUT * way, 1 - _ZOOM_IN * (1 - way)

    def flown(a: Bytes, b: Bytes, unit: int) -> Bytes:
        if weight <= 0:
            return _scaled(a, larger)
        if weight >= 1:
            return _scaled(b, smaller)
        return np.asarray(cv2.addWeighted(_scaled(a, larger), 1 - weight, _scaled(b, smaller), weight, 0.0), np.uint8)

    return _each(flown, outgoing, incoming)


def _scaled(plane: Bytes, scale: float) -> Bytes:
    """Scale about the middle; a smaller picture goes on mirrored beyond its edges."""
    if scale == 1:
        return plane
    height, width = plane.shape
    # Sample centres lie at +0.5.
    matrix = np.array([[1 / scale, 0, (width - 1) / 2 * (1 - 1 / scale)], [0, 1 / scale, (height - 1) / 2 * (1 - 1 / scale)]])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(plane, matrix, (width, height), flags=how, borderMode=cv2.BORDER_REFLECT_101), np.uint8)


def _whipped(outgoing: Planes, incoming: Planes, share: float, step: float) -> Planes:
    """Swing the camera to the right, from the one to the other, blurred by its speed."""
    width = outgoing.width_px
    edge = round(width * (1 - _swift(share)) / 2) * 2
    speed = 12 * min(share, 1 - share) ** 2 * step * width

    def swung(a: Bytes, b: Bytes, unit: int) -> Bytes:
        blur = max(round(speed * _SHUTTER / unit / 2) * 2 + 1, 1)
        side = min(blur // 2 + 1, a.shape[1])
        at = a.shape[1] - edge // unit
        # What lies beside the frame is mixed into its edges, as it passes by while the shutter is open.
        strip = np.hstack([a, b])[:, max(at - side, 0) : at + a.shape[1] + side]
        depth = cv2.CV_32F if unit == 1 else cv2.CV_8U
        blurred = cv2.boxFilter(strip, depth, (blur, 1), borderType=cv2.BORDER_REFLECT_101)
        left = min(side, at)
        shown = np.ascontiguousarray(blurred[:, left : left + a.shape[1]])
        # A camera's speed blurs what it sees and not the film's grain, without which smooth pictures would show bands.
        return grained(shown, math.sqrt(1.0 - 1.0 / blur)) if unit == 1 else np.asarray(shown, np.uint8)

    return _each(swung, outgoing, incoming)
