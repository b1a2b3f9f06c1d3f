"""A picture of another shape shown whole, over a blurred and darkened copy of itself that fills the frame."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reelkit.media.grain import grained
from reelkit.media.planes import Bytes, Planes
from reelkit.media.view import show, view_at
from reelkit.model import Shot

__all__ = ["show_whole"]

_COARSE_PX = 120
"""The blurred copy is made about so wide, where blurring costs nothing, and scaled up."""
_BLUR = 0.045
"""Standard deviation of the blur, in frame widths."""
_LIGHT, _COLOUR = 0.5, 0.8
"""How much of its light and colour the copy keeps, so that it stays behind."""


def show_whole(source: Planes, shot: Shot, frame: int, size_px: tuple[int, int]) -> Planes:
    """Return a source picture whole, in the middle of a frame of its own blur.

    Parameters
    ----------
    source : Planes
    shot : Shot
        Its zoom and move take place within the picture, whose edges stand still.
    frame : int
        On the timeline.
    size_px : tuple of int
        (width, height) of the reel.
    """
    width, height = size_px
    scale = min(width / source.width_px, height / source.height_px)
    inner = _even(source.width_px * scale, width), _even(source.height_px * scale, height)
    picture = show(source, view_at(shot, frame, (source.width_px, source.height_px), inner), inner)
    planes = _behind(source, shot, size_px)
    left, top = (width - inner[0]) // 4 * 2, (height - inner[1]) // 4 * 2
    for under, over, unit in ((planes.y, picture.y, 1), (planes.u, picture.u, 2), (planes.v, picture.v, 2)):
        under[top // unit : (top + inner[1]) // unit, left // unit : (left + inner[0]) // unit] = over
    return planes


def _even(length: float, most: int) -> int:
    return min(max(round(length / 2) * 2, 2), most)


def _behind(source: Planes, shot: Shot, size_px: tuple[int, int]) -> Planes:
    resting = shot.model_copy(update={"move": shot.move.model_copy(update={"kind": "hold"}), "zoom": 1.0})
    coarse = _COARSE_PX // 2 * 2, _even(_COARSE_PX * size_px[1] / size_px[0], size_px[1])
    small = show(source, view_at(resting, shot.start, (source.width_px, source.height_px), coarse), coarse)

    def blurred(plane: Bytes, unit: int, floor: int, keep: float) -> NDArray[Any]:
        soft = cv2.GaussianBlur(plane.astype(np.float32), (0, 0), _BLUR * _COARSE_PX / unit, borderType=cv2.BORDER_REPLICATE)
        dim = (soft - floor) * keep + floor
        return cv2.resize(dim, (size_px[0] // unit, size_px[1] // unit), interpolation=cv2.INTER_LINEAR)

    # A blur has no grain left that would keep it from banding.
    chroma = (np.asarray(cv2.convertScaleAbs(blurred(plane, 2, 128, _COLOUR)), np.uint8) for plane in (small.u, small.v))
    return Planes(grained(blurred(small.y, 1, 16, _LIGHT)), *chroma)
