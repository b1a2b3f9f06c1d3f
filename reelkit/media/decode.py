"""Clips as frames: the picture of a clip at any source time, as BT.709 limited-range planes.

Times are exact: frames are asked for in frames at the reel's rate and found by their own timestamps, so sources of any rate (constant
or not) are shown at the right moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from PIL import Image, ImageOps

from reelkit.errors import ClipError
from reelkit.media.planes import Bytes, Planes, plane_rows, rgb_to_planes
from reelkit.media.probe import open_video
from reelkit.model import Clip, Fps

__all__ = ["ClipReader", "PictureReader", "VideoReader", "open_clip"]

_SEEK_AHEAD_S = 1.0
"""A target this far ahead of the decoder is sought; a nearer one is decoded up to."""
_PICTURE_LIMIT_PX = 4096
_UNTAGGED = 2
"""AVCOL_SPC_UNSPECIFIED (ITU-T H.273, table 4)."""


class ClipReader(Protocol):
    """Gives a clip's picture at a source time."""

    def frame(self, index: int) -> Planes:
        """Return the picture at ``index`` frames (of the reel's rate) into the clip."""

    def close(self) -> None:
        """Let the file go."""


def open_clip(clip: Clip, fps: Fps, *, threads: int = 1) -> ClipReader:
    """Open a clip for reading.

    Raises
    ------
    ClipError
        When the file is gone or does not decode.
    """
    if clip.kind == "image":
        return PictureReader(clip.path)
    return VideoReader(clip, fps, threads=threads)


class PictureReader:
    """A still picture; every frame is the same."""

    def __init__(self, path: Path) -> None:
        try:
            with Image.open(path) as opened:
                upright = ImageOps.exif_transpose(opened)
                upright.thumbnail((_PICTURE_LIMIT_PX, _PICTURE_LIMIT_PX), Image.Resampling.LANCZOS)
                picture = upright.convert("RGBA")
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise ClipError(f"picture {path.name} cannot be shown: {error}; replace the file") from None
        rgba = np.asarray(picture)
        rgb = rgba[..., :3].astype(np.uint16) * rgba[..., 3:] // 255
        height, width = rgb.shape[0] // 2 * 2, rgb.shape[1] // 2 * 2
        self._planes = rgb_to_planes(rgb[:height, :width].astype(np.uint8))

    def frame(self, index: int) -> Planes:
        return self._planes

    def close(self) -> None:
        pass


class VideoReader:
    """A video file; reading forward decodes on, anything else seeks."""

    def __init__(self, clip: Clip, fps: Fps, *, threads: int = 1) -> None:
        self._clip = clip
        self._fps = fps.ratio
        self._container = open_video(clip.path)
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self._stream.codec_context.thread_count = threads
        self._base = self._stream.time_base or Fraction(1, 1000)
        self._first = self._stream.start_time or 0
        self._length = Fraction(clip.duration_ms or 1, 1000)
        self._decoder: Iterator[av.VideoFrame] | None = None
        self._now: av.VideoFrame | None = None
        self._next: av.VideoFrame | None = None
        self._shown: tuple[int, Planes] | None = None

    def frame(self, index: int) -> Planes:
        at = index / self._fps
        if self._clip.loops:
            at %= self._length
        # Half a microsecond of grace: timestamps of many files are rounded to their time base.
        frame = self._find(self._first + int((at + Fraction(1, 2_000_000)) / self._base))
        pts = frame.pts or 0
        if self._shown is None or self._shown[0] != pts:
            self._shown = (pts, _planes(frame, self._stream.sample_aspect_ratio))
        return self._shown[1]

    def close(self) -> None:
        self._decoder = None
        self._container.close()

    def _find(self, target: int) -> av.VideoFrame:
        try:
            return self._advance(target)
        except av.FFmpegError as error:
            raise ClipError(
                f"clip {self._clip.path.name} does not decode at {float(target * self._base):.2f} s: {error.strerror}; replace the file"
            ) from None

    def _advance(self, target: int) -> av.VideoFrame:
        far = self._now is None or self._now.pts is None or target < self._now.pts or (target - self._now.pts) * self._base > _SEEK_AHEAD_S
        if far and not (self._now is not None and self._next is None and self._now.pts is not None and target >= self._now.pts):
            self._container.seek(max(target, self._first), stream=self._stream, backward=True)
            self._decoder = self._container.decode(self._stream)
            self._now, self._next = self._pull(), None
            if self._now is not None:
                self._next = self._pull()
        while self._next is not None and self._next.pts is not None and self._next.pts <= target:
            self._now, self._next = self._next, self._pull()
        if self._now is None:
            raise ClipError(f"clip {self._clip.path.name} has no picture at {float(target * self._base):.2f} s; replace the file")
        return self._now

    def _pull(self) -> av.VideoFrame | None:
        if self._decoder is None:
            return None
        for frame in self._decoder:
            if frame.pts is not None:
                return frame
        return None


def _planes(frame: av.VideoFrame, aspect: Fraction | None) -> Planes:
    # An untagged picture of standard definition is BT.601 by custom.
    source = frame.colorspace if frame.colorspace != _UNTAGGED else Colorspace.ITU601 if frame.height < 720 else Colorspace.ITU709
    width, height = frame.width // 2 * 2, frame.height // 2 * 2
    plain = frame
    if (frame.format.name, source, width, height) != (
        "yuv420p",
        Colorspace.ITU709,
        frame.width,
        frame.height,
    ) or frame.color_range == ColorRange.JPEG:
        plain = frame.reformat(
            width=width,
            height=height,
            format="yuv420p",
            src_colorspace=source,
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.BITEXACT,
            threads=1,
        )
    planes = [_plane(plain, index) for index in range(3)]
    if aspect and aspect > 0 and aspect != 1:
        planes = [_stretched(plane, aspect) for plane in planes]
    turns = round(frame.rotation / 90) % 4
    if turns:
        planes = [np.ascontiguousarray(np.rot90(plane, turns)) for plane in planes]
    return Planes(*planes)


def _stretched(plane: Bytes, aspect: Fraction) -> Bytes:
    # Twice a whole number of pairs keeps luma and chroma in step.
    width = max(round(plane.shape[1] * aspect / 4), 1) * 4
    stretched: Bytes = cv2.resize(plane, (width, plane.shape[0]), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    return stretched


def _plane(frame: av.VideoFrame, index: int) -> Bytes:
    plane = frame.planes[index]
    return plane_rows(plane)[: plane.height, : plane.width]
