"""What differs between two frames, as rectangles: what somebody who has the one needs to get the other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reelkit.media.planes import Bytes, Planes

__all__ = ["Part", "changed_parts", "part_bytes"]

_GAP = 24
"""Unchanged rows, in samples of chroma, that part two rectangles; fewer cost less than another rectangle."""
_MOST = 0.6
"""Of a frame; where more has changed it is sent whole."""


class Part(NamedTuple):
    """A rectangle of a frame in px; its edges are even."""

    left: int
    top: int
    right: int
    bottom: int


def changed_parts(before: Planes, after: Planes) -> list[Part] | None:
    """Return rectangles outside of which two frames are the same, one below the other.

    Parameters
    ----------
    before, after : Planes

    Returns
    -------
    list of Part, or None
        None where the frames differ in size, or in most of what they show.

    Examples
    --------
    >>> before = Planes.filled(64, 128, "#000000")
    >>> after = before.copy()
    >>> after.y[11, 20] = 99
    >>> changed_parts(before, after)
    [Part(left=20, top=10, right=22, bottom=12)]
    """
    if before.y.shape != after.y.shape:
        return None
    differ = _differing(before, after)
    rows = np.flatnonzero(differ.any(axis=1))
    parts = []
    for run in np.split(rows, np.flatnonzero(np.diff(rows) > _GAP) + 1) if len(rows) else ():
        top, bottom = int(run[0]), int(run[-1]) + 1
        columns = np.flatnonzero(differ[top:bottom].any(axis=0))
        parts.append(Part(2 * int(columns[0]), 2 * top, 2 * int(columns[-1]) + 2, 2 * bottom))
    area = sum((right - left) * (bottom - top) for left, top, right, bottom in parts)
    return parts if area <= _MOST * after.y.size else None


def part_bytes(planes: Planes, part: Part) -> bytes:
    """Return a rectangle of a frame as planar yuv420p bytes."""
    left, top, right, bottom = part
    halves = (plane[top // 2 : bottom // 2, left // 2 : right // 2] for plane in (planes.u, planes.v))
    return b"".join(cut.tobytes() for cut in (planes.y[top:bottom, left:right], *halves))


def _differing(before: Planes, after: Planes) -> NDArray[np.bool_]:
    """Return for each sample of chroma whether it, or one of the four of luma that lie on it, differs."""
    luma = _pairs(before.y) != _pairs(after.y)
    found: NDArray[np.bool_] = luma[0::2] | luma[1::2]
    found |= before.u != after.u
    found |= before.v != after.v
    return found


def _pairs(luma: Bytes) -> NDArray[np.uint16]:
    return np.ascontiguousarray(luma).view(np.uint16)
