"""Crop, scale and move: which part of a source picture a shot shows, and that part at the reel's size.

The view is a rectangle in source pixels, to a fraction of a pixel; crop and scale are one step, so a slow move neither shakes nor is
resampled twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reelkit.media.planes import Bytes, Planes
from reelkit.model import Shot

__all__ = ["View", "ease", "show", "view_at"]

_FINE_STEP = 0.95
"""Source samples for one of the reel; from there on a linear filter keeps what is to be seen."""
_NEAR = 0.03
"""How far a picture may lie from its path, in samples of the reel."""
_TAPS = 3
"""Source samples that a filter reads beyond the one it stands on."""
_SEARCHED = 96
"""Source samples before the view among which scaling may begin."""


@dataclass(frozen=True)
class View:
    """The visible rectangle, in source pixels; ``moving`` says that it differs from frame to frame."""

    left: float
    top: float
    width: float
    height: float
    moving: bool


def ease(share: float) -> float:
    """Return the eased share of a move: gentle ends, near-constant speed between (beyond 0 and 1 it goes on straight).

    Examples
    --------
    >>> [round(ease(x), 3) for x in (0, 0.25, 0.5, 1)]
    [0.0, 0.194, 0.5, 1.0]
    """
    if not 0.0 <= share <= 1.0:
        return share
    return share - 0.35 * math.sin(2 * math.pi * share) / (2 * math.pi)


def view_at(shot: Shot, frame: int, source_px: tuple[int, int], size_px: tuple[int, int]) -> View:
    """Return what a shot shows of its source at a frame of the timeline.

    Parameters
    ----------
    shot : Shot
    frame : int
        On the timeline; may lie beyond the shot's end while a transition leads out of it.
    source_px, size_px : tuple of int
        (width, height) of the source picture and of the reel.
    """
    source_w, source_h = source_px
    scale = max(size_px[0] / source_w, size_px[1] / source_h)
    share = ease((frame - shot.start) / (shot.end - shot.start))
    kind, amount = shot.move.kind, shot.move.amount
    zoom, slide_x, slide_y, room_x, room_y = shot.zoom, 0.0, 0.0, 0.0, 0.0
    if kind == "push":
        zoom *= 1 + amount * share
    elif kind == "pull":
        zoom *= 1 + amount * (1 - share)
    elif kind != "hold":
        zoom *= 1 + amount
        way = amount * (share - 0.5)
        # The resting place is kept far enough from the edge for the whole way, so that no part of the move is cut short.
        if kind in ("pan_left", "pan_right"):
            slide_x, room_x = way if kind == "pan_right" else -way, amount / 2
        else:
            slide_y, room_y = way if kind == "drift_down" else -way, amount / 2
    # Where a transition leads in or out, a move runs on past its ends, but never past the picture's.
    zoom = max(zoom, 1.0)
    width, height = size_px[0] / scale / zoom, size_px[1] / scale / zoom
    centre_x = _within(shot.focus[0] * source_w, width * (0.5 + room_x), source_w) + slide_x * width
    centre_y = _within(shot.focus[1] * source_h, height * (0.5 + room_y), source_h) + slide_y * height
    left, top = _within(centre_x, width / 2, source_w) - width / 2, _within(centre_y, height / 2, source_h) - height / 2
    return View(left, top, width, height, moving=kind != "hold" and amount > 0)


def _within(centre: float, half: float, length: float) -> float:
    return min(max(centre, half), length - half) if 2 * half <= length else length / 2


def show(source: Planes, view: View, size_px: tuple[int, int], *, into: Planes | None = None) -> Planes:
    """Return the view of a source picture at the reel's size; ``into``, a frame of that size, where it is given.

    A resting view is cut at whole pixels and scaled (or passed on as it is); a moving one is warped to a fraction of a pixel.
    """
    if view.moving:
        return _moved(*_shrunk(source, view, size_px), size_px, into)
    left, top = round(view.left / 2) * 2, round(view.top / 2) * 2
    right = min(left + max(round(view.width / 2) * 2, 2), source.width_px)
    bottom = min(top + max(round(view.height / 2) * 2, 2), source.height_px)

    def part(plane: Bytes, unit: int, out: Bytes | None) -> Bytes:
        cut = plane[top // unit : bottom // unit, left // unit : right // unit]
        return _resized(cut, (size_px[0] // unit, size_px[1] // unit), out)

    return _of_planes(part, source, into)


def _of_planes(make: Callable[[Bytes, int, Bytes | None], Bytes], source: Planes, into: Planes | None) -> Planes:
    """Return the frame of which each plane is made of a source's, with the size of its samples and, where there is one, where it goes."""
    if into is None:
        return Planes(make(source.y, 1, None), make(source.u, 2, None), make(source.v, 2, None))
    for plane, unit, out in ((source.y, 1, into.y), (source.u, 2, into.u), (source.v, 2, into.v)):
        made = make(plane, unit, out)
        # Where it was made there, it need not be copied.
        if not np.may_share_memory(made, out):
            out[...] = made
    return into


def _resized(plane: Bytes, size: tuple[int, int], out: Bytes | None = None) -> Bytes:
    if (plane.shape[1], plane.shape[0]) == size:
        return plane
    how = cv2.INTER_AREA if plane.shape[1] > size[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(plane, size, dst=out, interpolation=how), np.uint8)


def _shrunk(source: Planes, view: View, size_px: tuple[int, int]) -> tuple[Planes, View]:
    """Halve a source that is much finer than the reel until a linear warp does not alias."""
    while view.width / size_px[0] >= 2.0:
        size = (source.width_px // 4 * 2, source.height_px // 4 * 2)
        ratio_x, ratio_y = size[0] / source.width_px, size[1] / source.height_px
        half = (size[0] // 2, size[1] // 2)
        source = Planes(_resized(source.y, size), _resized(source.u, half), _resized(source.v, half))
        view = View(view.left * ratio_x, view.top * ratio_y, view.width * ratio_x, view.height * ratio_y, view.moving)
    return source, view


def _moved(source: Planes, view: View, size_px: tuple[int, int], into: Planes | None) -> Planes:
    step = view.width / size_px[0], view.height / size_px[1]

    def seen(plane: Bytes, unit: int, out: Bytes | None) -> Bytes:
        size = size_px[0] // unit, size_px[1] // unit
        across, down = _begins(view.left / unit, step[0]), _begins(view.top / unit, step[1])
        if len(across) == len(down) == 1:
            return _scaled(plane, (across[0].at, down[0].at), step, size, smooth=unit > 1)
        # Samples of eight bits would be rounded before they are mixed, and the mixture be the nearer of the two.
        parts = ((_scaled(plane, (x.at, y.at), step, size, smooth=unit > 1, exact=True), x.weight * y.weight) for x in across for y in down)
        return _mean(parts, len(across) * len(down), out)

    return _of_planes(seen, source, into)


_Place = tuple[int, int]


@dataclass(frozen=True)
class _Begin:
    """Where scaling begins along an axis: at a whole sample of the source, from which whole scaled samples are left out."""

    at: _Place
    weight: float


def _begins(start: float, step: float) -> list[_Begin]:
    """Return a beginning that comes to lie at ``start``, or the nearest two around it, weighted.

    Beginning some samples earlier, the scaled samples come to lie a little otherwise; mostly some fall near ``start``.
    """
    before, after = (1.0, (0, 0)), (1.0, (0, 0))
    last = math.floor(start) - _TAPS
    for first in range(last, last - _SEARCHED, -1):
        skipped = (start - first) / step
        whole = math.floor(skipped)
        share = skipped - whole
        if share < before[0]:
            before = share, (first, whole)
        if 1 - share < after[0]:
            after = 1 - share, (first, whole + 1)
        if min(before[0], after[0]) <= _NEAR:
            return [_Begin(min(before, after)[1], 1.0)]
    far = before[0] + after[0]
    return [_Begin(before[1], after[0] / far), _Begin(after[1], before[0] / far)]


def _scaled(
    plane: Bytes, begin: tuple[_Place, _Place], step: tuple[float, float], size: tuple[int, int], *, smooth: bool, exact: bool = False
) -> NDArray[Any]:
    """Scale by exact factors, several times as fast as a warp; what comes before the view and after it is cut off."""
    spans = [
        (first, first + math.ceil((skipped + length) * each) + _TAPS)
        for (first, skipped), each, length in zip(begin, step, size, strict=True)
    ]
    (left, right), (top, bottom) = spans
    height, width = plane.shape
    cut = plane[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
    beyond = max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0)
    if any(beyond):
        cut = np.asarray(cv2.copyMakeBorder(cut, *beyond, cv2.BORDER_REPLICATE), np.uint8)
    samples = cut.astype(np.float32) if exact else cut
    how = cv2.INTER_LINEAR if smooth or step[0] > _FINE_STEP else cv2.INTER_CUBIC
    # No size is given: OpenCV would take the factors from it, rounded.
    whole = cv2.resize(samples, None, fx=1 / step[0], fy=1 / step[1], interpolation=how)
    skipped_x, skipped_y = begin[0][1], begin[1][1]
    return whole[skipped_y : skipped_y + size[1], skipped_x : skipped_x + size[0]]


def _mean(parts: Iterator[tuple[NDArray[Any], float]], count: int, out: Bytes | None) -> Bytes:
    # One after the other: all at once they would take more memory than all else that a frame needs.
    mean, weight = next(parts)
    for number in range(1, count):
        part, share = next(parts)
        depth, place = (cv2.CV_8U, out) if number == count - 1 else (cv2.CV_32F, part)
        mean, weight = cv2.addWeighted(mean, weight, part, share, 0.0, dst=place, dtype=depth), 1.0
    return np.asarray(mean, np.uint8)
