"""A decoded frame as it is meant to be seen: BT.709 limited-range planes, square pixels, upright, over the background."""

from __future__ import annotations

import math
from fractions import Fraction

import av
import cv2
import numpy as np
from av.sidedata.sidedata import SideData
from av.video.reformatter import ColorRange, Colorspace, Interpolation

from reelkit.media.fields import of_one_moment
from reelkit.media.hdr import ToneMapper, grade_of
from reelkit.media.planes import Bytes, Planes, colour_to_yuv, plane_rows

__all__ = ["FrameDisplay", "displayed_size", "orientation_of", "unread_colours", "upright"]

_UNTAGGED = 2
"""AVCOL_SPC_UNSPECIFIED (ITU-T H.273, table 4)."""
_EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.BITEXACT


def displayed_size(frame: av.VideoFrame, aspect: Fraction | None) -> tuple[int, int]:
    """Return (width, height) of a frame after its sample aspect ratio and its orientation.

    Parameters
    ----------
    frame : av.VideoFrame
    aspect : Fraction or None
        Width of a sample over its height; None or 0 is square.
    """
    width = round(frame.width * aspect) if aspect and aspect > 0 else frame.width
    return (frame.height, width) if orientation_of(frame)[1] % 2 else (width, frame.height)


def orientation_of(frame: av.VideoFrame) -> tuple[bool, int]:
    """Return how a frame is to be set upright: whether it is mirrored left to right first, then quarter turns counter-clockwise.

    References
    ----------
    The display matrix: ISO/IEC 14496-12, 6.2.2; stored (x, y), downwards, is shown at (a x + c y, b x + d y).
    """
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(matrix, SideData):
        return False, 0
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist()
    mirrored = a * d < b * c
    if mirrored:
        a, b = -a, -b
    return mirrored, round(math.atan2(-b, a) / (math.pi / 2)) % 4


def upright(plane: Bytes, orientation: tuple[bool, int]) -> Bytes:
    """Return a plane [shape=(height, width, ...)] mirrored and turned as :func:`orientation_of` says; a view of it."""
    mirrored, turns = orientation
    return np.rot90(plane[:, ::-1] if mirrored else plane, turns)


def unread_colours(frame: av.VideoFrame) -> str:
    """Return what to say of a frame that FFmpeg does not convert: it knows no YCgCo, ICtCp or BT.2020 with constant luminance."""
    return f"its colours cannot be read (matrix {int(frame.colorspace)} of ITU-T H.273); convert it to H.264 MP4 with BT.709 colours"


class FrameDisplay:
    """Shows the frames of one clip; an odd last row or column is left out.

    Parameters
    ----------
    aspect : Fraction or None
        The sample aspect ratio.
    background : str
        ``#RRGGBB``, seen where a frame is transparent.
    """

    def __init__(self, aspect: Fraction | None, background: str) -> None:
        self._aspect = aspect if aspect and aspect > 0 else Fraction(1)
        self._under = colour_to_yuv(background)
        self._mapper: ToneMapper | None = None
        self._orientations: dict[int, tuple[bool, int]] = {}

    def planes(self, frame: av.VideoFrame) -> Planes:
        """Return a frame as it is to be seen.

        Raises
        ------
        av.FFmpegError
            When its colours cannot be read; :func:`unread_colours` says it.
        """
        orientation = self._orientation(frame)
        if frame.interlaced_frame:
            frame = of_one_moment(frame)
        grade = grade_of(frame)
        if grade is not None:
            if self._mapper is None or (self._mapper.grade, self._mapper.width_px, self._mapper.height_px) != (
                grade,
                frame.width,
                frame.height,
            ):
                self._mapper = ToneMapper(grade, frame.width, frame.height)
            source = _colourspace(frame) if grade == "p3" else Colorspace.BT2020
            light = frame.reformat(format="gbrp10le", src_colorspace=source, interpolation=_EXACT, threads=1)
            frame = self._mapper.shown(light)
        planes = self._over_background(frame) if _has_alpha(frame) else self._opaque(frame)
        if orientation != (False, 0):
            planes = tuple(np.ascontiguousarray(upright(plane, orientation)) for plane in planes)
        return _even(*planes)

    def _orientation(self, frame: av.VideoFrame) -> tuple[bool, int]:
        # Whoever looks at a frame's side data ties it into a circle: only the collector frees it, a hundred frames later.
        turned = frame.rotation
        if turned not in self._orientations:
            self._orientations[turned] = orientation_of(frame)
        return self._orientations[turned]

    def _size(self, frame: av.VideoFrame) -> tuple[int, int]:
        if self._aspect == 1:
            return frame.width, frame.height
        return max(round(frame.width * self._aspect), 2), frame.height

    def _opaque(self, frame: av.VideoFrame) -> tuple[Bytes, ...]:
        source, size = _colourspace(frame), self._size(frame)
        as_it_is = frame.format.name == "yuv420p" and source == Colorspace.ITU709 and frame.color_range != ColorRange.JPEG
        plain = frame if as_it_is and size == (frame.width, frame.height) else _converted(frame, "yuv420p", source, size)
        return tuple(_plane(plain, index) for index in range(3))

    def _over_background(self, frame: av.VideoFrame) -> tuple[Bytes, ...]:
        whole = _converted(frame, "yuva444p", _colourspace(frame), self._size(frame))
        alpha = _plane(whole, 3).astype(np.uint16)
        mixed = []
        for index, colour in enumerate(self._under):
            total = _plane(whole, index) * alpha + colour * (255 - alpha) + 128
            mixed.append(((total + (total >> 8)) >> 8).astype(np.uint8))
        half = ((whole.width + 1) // 2, (whole.height + 1) // 2)
        return mixed[0], *(np.asarray(cv2.resize(plane, half, interpolation=cv2.INTER_AREA), np.uint8) for plane in mixed[1:])


def _colourspace(frame: av.VideoFrame) -> int:
    # An untagged picture of standard definition is BT.601 by custom.
    if frame.colorspace != _UNTAGGED:
        return frame.colorspace
    return Colorspace.ITU601 if frame.height < 720 else Colorspace.ITU709


def _has_alpha(frame: av.VideoFrame) -> bool:
    return frame.format.has_palette or any(component.is_alpha for component in frame.format.components)


def _converted(frame: av.VideoFrame, form: str, source: int, size: tuple[int, int]) -> av.VideoFrame:
    return frame.reformat(
        width=size[0],
        height=size[1],
        format=form,
        src_colorspace=source,
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
        interpolation=_EXACT,
        threads=1,
    )


def _plane(frame: av.VideoFrame, index: int) -> Bytes:
    plane = frame.planes[index]
    return plane_rows(plane)[: plane.height, : plane.width]


def _even(y: Bytes, u: Bytes, v: Bytes) -> Planes:
    height, width = y.shape[0] // 2, y.shape[1] // 2
    return Planes(y[: 2 * height, : 2 * width], u[:height, :width], v[:height, :width])
