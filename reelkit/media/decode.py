"""Clips as frames: the picture of a clip at any source time, as BT.709 limited-range planes.

Times are exact: frames are asked for in frames at the reel's rate and found by their own timestamps, so sources of any rate (constant
or not) are shown at the right moment.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict, deque
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from av.error import FFmpegError

from reelkit.errors import ClipError
from reelkit.media.displayed import FrameDisplay, unread_colours
from reelkit.media.pictures import AnimationReader, PictureReader, is_webp
from reelkit.media.planes import Planes
from reelkit.media.playhead import Picture, Playhead
from reelkit.model import Clip, Fps

if TYPE_CHECKING:
    from av.video.stream import VideoStream

__all__ = ["ClipReader", "VideoReader", "open_clip"]

_WORTH_S = 0.1
"""A keyframe this far ahead of the decoder is sought; up to a nearer one it is decoded, as seeking has its price."""
_SEEK_AHEAD_S = 1.0
"""The same of a target, where nobody knows which frames are keyframes."""
_MOST_GRACE_S = Fraction(1, 1000)


class ClipReader(Protocol):
    """Gives a clip's picture at a source time."""

    def frame(self, index: int) -> Planes:
        """Return the picture at ``index`` frames (of the reel's rate) into the clip."""

    def close(self) -> None:
        """Let the file go."""


def open_clip(clip: Clip, fps: Fps, *, background: str = "#000000", threads: int = 1, kept: int = 0, places: int = 1) -> ClipReader:
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
        Decoded frames of a video to keep behind the last one, for somebody who steps back, and as many of those shown last.
    places : int
        Places in a video from which it may be read at a time, for somebody who leaps: where keyframes lie far apart, the way from the
        nearest place is shorter than from a keyframe. Each takes as much memory as a decoder (20 to 30 MB at 1080p).

    Raises
    ------
    ClipError
        When the file is gone or does not decode.
    """
    if clip.kind == "image":
        return PictureReader(clip.path, background)
    if is_webp(clip.path):
        return AnimationReader(clip, fps, background)
    return VideoReader(clip, fps, background=background, threads=threads, kept=kept, places=places)


class VideoReader:
    """A video file; what lies ahead of a place from which it is being read is decoded up to, anything else is sought.

    Parameters
    ----------
    clip : Clip
    fps : Fps
    background : str
    threads : int
    kept : int
        Decoded frames to keep behind the last one, and as many of those shown last.
    places : int
        Places in the file from which it may be read at a time.
    """

    def __init__(self, clip: Clip, fps: Fps, *, background: str = "#000000", threads: int = 1, kept: int = 0, places: int = 1) -> None:
        self._clip = clip
        self._fps = fps.ratio
        self._threads, self._most = threads, places
        self._length = Fraction(clip.duration_ms or 1, 1000)
        self._behind: deque[Picture] = deque(maxlen=kept)
        self._shown: OrderedDict[int, tuple[int, Planes]] = OrderedDict()
        head = Playhead(clip.path, threads=threads)
        self._heads = [head]
        self._base, self._first = head.base, head.first
        # Timestamps are rounded to their base; those of Matroska, to milliseconds, may lie after their frame's true time.
        self._grace = max(min(self._base / 2, _MOST_GRACE_S), Fraction(1, 2_000_000))
        self._display = FrameDisplay(head.stream.sample_aspect_ratio, background)
        self._keyframes = _known_keyframes(head.stream)

    def frame(self, index: int) -> Planes:
        at = index / self._fps
        if self._clip.loops:
            at %= self._length
        target = self._first + int((at + self._grace) / self._base)
        for pts, (until, planes) in self._shown.items():
            if pts <= target < until:
                self._shown.move_to_end(pts)
                return planes
        picture = self._picture(target)
        while len(self._shown) > (self._behind.maxlen or 0):
            self._shown.popitem(last=False)
        try:
            planes = self._display.planes(picture.frame)
        except FFmpegError:
            raise ClipError(f"clip {self._clip.path.name}: {unread_colours(picture.frame)}") from None
        self._shown[picture.pts] = picture.until, planes
        return planes

    @property
    def damaged_s(self) -> float | None:
        """Where the file was found to be damaged first, in seconds into the clip; none where it is whole as far as it was read."""
        found = [float((head.damaged_at - self._first) * self._base) for head in self._heads if head.damaged_at is not None]
        return min(found, default=None)

    def close(self) -> None:
        for head in self._heads:
            head.close()

    def _picture(self, target: int) -> Picture:
        for kept in self._behind:
            if kept.pts <= target < kept.until:
                return kept
        near = self._nearest(target)
        picture = (near or self._spare()).picture(target, seek=near is None, passed=self._behind.append)
        if picture is None:
            raise ClipError(f"clip {self._clip.path.name} does not decode at {float(target * self._base):.2f} s; replace the file")
        return picture

    def _nearest(self, target: int) -> Playhead | None:
        """Return the place from which a target is decoded up to; none where a keyframe leads there sooner."""
        behind = [(self._stands(head), number) for number, head in enumerate(self._heads) if self._stands(head) <= target]
        if not behind:
            return None
        at, number = max(behind)
        head = self._heads[number]
        if head.ended:
            return head
        # Where no keyframe lies between, seeking would lead to where this stands, or behind it.
        sought = self._keyframes[bisect_right(self._keyframes, target) - 1] if self._keyframes else target
        return head if (sought - at) * self._base <= (_WORTH_S if self._keyframes else _SEEK_AHEAD_S) else None

    def _spare(self) -> Playhead:
        """Return a place to seek from: a new one, or the one that stands soonest behind another."""
        if len(self._heads) < self._most:
            self._heads.append(Playhead(self._clip.path, threads=self._threads))
            return self._heads[-1]
        self._heads.sort(key=self._stands)
        gaps = [self._stands(self._heads[0]) - self._first, *(self._stands(b) - self._stands(a) for a, b in pairwise(self._heads))]
        return self._heads[gaps.index(min(gaps))]

    def _stands(self, head: Playhead) -> int:
        return self._first if head.at is None else head.at


def _known_keyframes(stream: VideoStream) -> list[int]:
    """Return the times of all keyframes, or none where the container has not listed them all."""
    entries = list(stream.index_entries)
    last_s = float((entries[-1].timestamp - (stream.start_time or 0)) * (stream.time_base or 0)) if entries else 0.0
    whole_s = float((stream.duration or 0) * (stream.time_base or 0))
    return [entry.timestamp for entry in entries if entry.is_keyframe] if whole_s and last_s > whole_s - 1.0 else []
