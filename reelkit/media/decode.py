"""Clips as frames: the picture of a clip at any source time, as BT.709 limited-range planes.

Times are exact: frames are asked for in frames at the reel's rate and found by their own timestamps, so sources of any rate (constant
or not) are shown at the right moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

import av
from av.video.codeccontext import VideoCodecContext

from reelkit.errors import ClipError
from reelkit.media.displayed import FrameDisplay
from reelkit.media.pictures import AnimationReader, PictureReader, is_webp
from reelkit.media.planes import Planes
from reelkit.media.probe import open_video, video_stream
from reelkit.model import Clip, Fps

if TYPE_CHECKING:
    from av.video.stream import VideoStream

__all__ = ["ClipReader", "VideoReader", "open_clip"]

_SEEK_AHEAD_S = 1.0
"""A target this far ahead of the decoder is sought; a nearer one is decoded up to."""
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""WebM keeps transparency beside the picture, where only these look."""


class ClipReader(Protocol):
    """Gives a clip's picture at a source time."""

    def frame(self, index: int) -> Planes:
        """Return the picture at ``index`` frames (of the reel's rate) into the clip."""

    def close(self) -> None:
        """Let the file go."""


def open_clip(clip: Clip, fps: Fps, *, background: str = "#000000", threads: int = 1) -> ClipReader:
    """Open a clip for reading.

    Parameters
    ----------
    clip : Clip
    fps : Fps
        The reel's rate, in which frames are asked for.
    background : str
        ``#RRGGBB``, seen where the clip is transparent.
    threads : int
        For decoding.

    Raises
    ------
    ClipError
        When the file is gone or does not decode.
    """
    if clip.kind == "image":
        return PictureReader(clip.path, background)
    if is_webp(clip.path):
        return AnimationReader(clip, fps, background)
    return VideoReader(clip, fps, background=background, threads=threads)


class VideoReader:
    """A video file; reading forward decodes on, anything else seeks."""

    def __init__(self, clip: Clip, fps: Fps, *, background: str = "#000000", threads: int = 1) -> None:
        self._clip = clip
        self._fps = fps.ratio
        self._container = open_video(clip.path)
        self._stream = video_stream(self._container)
        self._stream.thread_type = "AUTO"
        self._stream.codec_context.thread_count = threads
        self._base = self._stream.time_base or Fraction(1, 1000)
        self._first = self._stream.start_time or 0
        self._length = Fraction(clip.duration_ms or 1, 1000)
        self._decoder: Iterator[av.VideoFrame] | None = None
        self._now: av.VideoFrame | None = None
        self._next: av.VideoFrame | None = None
        self._shown: tuple[int, Planes] | None = None
        self._display = FrameDisplay(self._stream.sample_aspect_ratio, background)
        self._own_decoder = _alpha_decoder(self._stream)

    def frame(self, index: int) -> Planes:
        at = index / self._fps
        if self._clip.loops:
            at %= self._length
        # Half a microsecond of grace: timestamps of many files are rounded to their time base.
        frame = self._find(self._first + int((at + Fraction(1, 2_000_000)) / self._base))
        pts = frame.pts or 0
        if self._shown is None or self._shown[0] != pts:
            self._shown = (pts, self._display.planes(frame))
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
            self._decoder = self._decoded()
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

    def _decoded(self) -> Iterator[av.VideoFrame]:
        if self._own_decoder is None:
            yield from self._container.decode(self._stream)
            return
        self._own_decoder.flush_buffers()
        for packet in self._container.demux(self._stream):
            yield from self._own_decoder.decode(packet)


def _alpha_decoder(stream: VideoStream) -> VideoCodecContext | None:
    name = _ALPHA_DECODERS.get(stream.codec_context.codec.canonical_name)
    if name is None or stream.metadata.get("alpha_mode") != "1":
        return None
    decoder = av.CodecContext.create(name, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = stream.codec_context.thread_count
    return decoder
