"""Clips as frames: the picture of a clip at any source time, as BT.709 limited-range planes.

Times are exact: frames are asked for in frames at the reel's rate and found by their own timestamps, so sources of any rate (constant
or not) are shown at the right moment.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict, deque
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
_MOST_GRACE_S = Fraction(1, 1000)
_SEEK_BACK_S = (0.0, 1.0, 5.0)
_LOOK_BACK_S = 0.5
"""So much before a target every frame is decoded: its picture is among them, unless one stands for longer."""
_NEVER = -(1 << 62)
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""WebM keeps transparency beside the picture, where only these look."""


class ClipReader(Protocol):
    """Gives a clip's picture at a source time."""

    def frame(self, index: int) -> Planes:
        """Return the picture at ``index`` frames (of the reel's rate) into the clip."""

    def close(self) -> None:
        """Let the file go."""


def open_clip(clip: Clip, fps: Fps, *, background: str = "#000000", threads: int = 1, kept: int = 0) -> ClipReader:
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
    kept : int
        Decoded frames of a video to keep behind the last one, for somebody who steps back.

    Raises
    ------
    ClipError
        When the file is gone or does not decode.
    """
    if clip.kind == "image":
        return PictureReader(clip.path, background)
    if is_webp(clip.path):
        return AnimationReader(clip, fps, background)
    return VideoReader(clip, fps, background=background, threads=threads, kept=kept)


class VideoReader:
    """A video file; reading forward decodes on, anything else seeks.

    Parameters
    ----------
    clip : Clip
    fps : Fps
    background : str
    threads : int
    kept : int
        Decoded frames to keep behind the last one, for somebody who steps back.
    """

    def __init__(self, clip: Clip, fps: Fps, *, background: str = "#000000", threads: int = 1, kept: int = 0) -> None:
        self._clip = clip
        self._fps = fps.ratio
        self._threads = threads
        self._length = Fraction(clip.duration_ms or 1, 1000)
        self._behind: deque[tuple[int, int, av.VideoFrame]] = deque(maxlen=kept)
        self._shown: OrderedDict[int, Planes] = OrderedDict()
        self._earliest: int | None = None
        self._open()
        self._first = self._stream.start_time or 0
        self._display = FrameDisplay(self._stream.sample_aspect_ratio, background)
        self._keyframes = _known_keyframes(self._stream)

    def _open(self) -> None:
        self._container = open_video(self._clip.path)
        self._stream = video_stream(self._container)
        self._stream.thread_type = "AUTO"
        self._stream.codec_context.thread_count = self._threads
        self._base = self._stream.time_base or Fraction(1, 1000)
        # Timestamps are rounded to their base; those of Matroska, to milliseconds, may lie after their frame's true time.
        self._grace = max(min(self._base / 2, _MOST_GRACE_S), Fraction(1, 2_000_000))
        self._own_decoder = _alpha_decoder(self._stream)
        self._skip_to = self._skipped_to = _NEVER
        self._decoder: Iterator[av.VideoFrame] | None = self._decoded()
        self._now: av.VideoFrame | None = None
        self._next: av.VideoFrame | None = None

    def frame(self, index: int) -> Planes:
        at = index / self._fps
        if self._clip.loops:
            at %= self._length
        frame = self._find(self._first + int((at + self._grace) / self._base))
        pts = frame.pts or 0
        if pts not in self._shown:
            while len(self._shown) > (self._behind.maxlen or 0):
                self._shown.popitem(last=False)
            self._shown[pts] = self._display.planes(frame)
        return self._shown[pts]

    def close(self) -> None:
        self._decoder = None
        self._container.close()

    def _find(self, target: int) -> av.VideoFrame:
        for pts, until, frame in self._behind:
            if pts <= target < until:
                return frame
        try:
            self._skip_to = target - int(_LOOK_BACK_S / self._base)
            frame = self._advance(target)
            if (frame.pts or 0) < self._skipped_to:
                # The picture asked for stands longer than was thought, and was passed over.
                self._skip_to = _NEVER
                self._seek(target)
                frame = self._advance(target)
            return frame
        except av.FFmpegError as error:
            raise ClipError(
                f"clip {self._clip.path.name} does not decode at {float(target * self._base):.2f} s: {error.strerror}; replace the file"
            ) from None

    def _advance(self, target: int) -> av.VideoFrame:
        if self._must_seek(target):
            self._seek(target)
        elif self._now is None:
            self._begin()
            self._earliest = self._now.pts if self._now else None
        while self._next is not None and self._next.pts is not None and self._next.pts <= target:
            if self._now is not None and self._now.pts is not None and self._now.pts >= self._skipped_to:
                self._behind.append((self._now.pts, self._next.pts, self._now))
            self._now, self._next = self._next, self._pull()
        if self._now is None:
            raise ClipError(f"clip {self._clip.path.name} has no picture at {float(target * self._base):.2f} s; replace the file")
        return self._now

    def _must_seek(self, target: int) -> bool:
        at = self._first if self._now is None or self._now.pts is None else self._now.pts
        if target < at:
            return True
        ended = self._now is not None and self._next is None
        if ended or (target - at) * self._base <= _SEEK_AHEAD_S:
            return False
        # Where no keyframe lies between, seeking would lead to where this reader is, or behind it.
        return not self._keyframes or self._keyframes[bisect_right(self._keyframes, target) - 1] > at

    def _seek(self, target: int) -> None:
        """Go to a frame at a target or before it. Some containers lead to one behind it; they are asked for earlier ones."""
        for back_s in _SEEK_BACK_S:
            self._container.seek(max(target - int(back_s / self._base), self._first), stream=self._stream, backward=True)
            (self._own_decoder or self._stream.codec_context).flush_buffers()
            self._skipped_to, self._decoder = _NEVER, self._decoded()
            self._begin()
            if self._now is not None and self._now.pts is not None and self._now.pts <= max(target, self._earliest or target):
                return
        self._container.close()
        skip_to = self._skip_to
        self._open()
        self._skip_to = skip_to
        self._begin()
        self._earliest = self._now.pts if self._now else None

    def _begin(self) -> None:
        self._now = self._pull()
        self._next = self._pull() if self._now is not None else None

    def _pull(self) -> av.VideoFrame | None:
        if self._decoder is None:
            return None
        for frame in self._decoder:
            if frame.pts is not None:
                return frame
        return None

    def _decoded(self) -> Iterator[av.VideoFrame]:
        """Decode on; frames well before the target that no other frame refers to are passed over."""
        decoder = self._own_decoder or self._stream.codec_context
        for packet in self._container.demux(self._stream):
            passed = packet.pts is not None and packet.pts < self._skip_to
            decoder.skip_frame = "NONREF" if passed else "DEFAULT"
            if passed and packet.pts is not None:
                self._skipped_to = max(self._skipped_to, packet.pts)
            yield from decoder.decode(packet)


def _known_keyframes(stream: VideoStream) -> list[int]:
    """Return the times of all keyframes, or none where the container has not listed them all."""
    entries = list(stream.index_entries)
    last_s = float((entries[-1].timestamp - (stream.start_time or 0)) * (stream.time_base or 0)) if entries else 0.0
    whole_s = float((stream.duration or 0) * (stream.time_base or 0))
    return [entry.timestamp for entry in entries if entry.is_keyframe] if whole_s and last_s > whole_s - 1.0 else []


def _alpha_decoder(stream: VideoStream) -> VideoCodecContext | None:
    name = _ALPHA_DECODERS.get(stream.codec_context.codec.canonical_name)
    if name is None or stream.metadata.get("alpha_mode") != "1":
        return None
    decoder = av.CodecContext.create(name, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = stream.codec_context.thread_count
    return decoder
