"""The compositor: the frame at any time of a timeline, as the encoder gets it.

There is one. What a notebook previews and what is encoded come from :meth:`Compositor.frame_at`, byte for byte.
"""

from __future__ import annotations

from bisect import bisect_right
from types import TracebackType

import cv2

from reelkit.errors import TimelineError
from reelkit.media.captions import CaptionPainter
from reelkit.media.decode import ClipReader, open_clip
from reelkit.media.framed import show_whole
from reelkit.media.overlays import OverlayPainter
from reelkit.media.planes import Planes
from reelkit.media.transitions import join
from reelkit.media.view import show, view_at
from reelkit.model import Timeline

__all__ = ["Compositor"]


class Compositor:
    """Reads a timeline and yields its frames; a context manager that closes the clips it opened.

    Parameters
    ----------
    timeline : Timeline
    threads : int, keyword-only
        Decoder threads a clip.

    Examples
    --------
    ``with Compositor(timeline) as compositor: planes = compositor.frame_at(0)``
    """

    def __init__(self, timeline: Timeline, *, threads: int = 1) -> None:
        cv2.setNumThreads(1)
        self.timeline = timeline
        size = (timeline.width_px, timeline.height_px)
        self._size = size
        self._threads = threads
        self._starts = [shot.start for shot in timeline.shots]
        self._readers: dict[int, ClipReader] = {}
        self._captions = CaptionPainter(timeline.caption_style, timeline.cues, width_px=size[0], height_px=size[1], fps=timeline.fps)
        self._overlays = OverlayPainter(timeline.overlays, width_px=size[0], height_px=size[1], fps=timeline.fps)
        self._background = Planes.filled(*size, timeline.background)

    def __enter__(self) -> Compositor:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the clips."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()

    def frame_at(self, frame: int) -> Planes:
        """Return the composed frame.

        Parameters
        ----------
        frame : int
            0 to ``timeline.frame_count - 1``.

        Raises
        ------
        TimelineError
            When the frame lies outside the reel.
        ClipError
            When a clip does not decode.
        """
        planes = self.picture_at(frame).copy()
        for item in (*self._overlays.sprites(frame), *self._captions.sprites(frame)):
            item.blend(planes)
        return planes

    def picture_at(self, frame: int) -> Planes:
        """Return the frame before overlays and captions; it may be shared and must not be written to."""
        if not 0 <= frame < self.timeline.frame_count:
            raise TimelineError(f"frame {frame} is outside the reel; it has frames 0 to {self.timeline.frame_count - 1}")
        index = bisect_right(self._starts, frame) - 1
        shot = self.timeline.shots[index]
        self._close_before(index - 1)
        incoming = self._shot_picture(index, frame)
        into = frame - shot.start
        if index == 0 or shot.transition.kind == "cut" or into >= shot.transition.frames:
            return incoming
        outgoing = self._shot_picture(index - 1, frame)
        return join(shot.transition, into + 1, outgoing, incoming, background=self._background)

    def _shot_picture(self, index: int, frame: int) -> Planes:
        shot = self.timeline.shots[index]
        if index not in self._readers:
            self._readers[index] = open_clip(shot.clip, self.timeline.fps, background=self.timeline.background, threads=self._threads)
        source = self._readers[index].frame(shot.in_frame + frame - shot.start)
        if shot.fit == "blur":
            return show_whole(source, shot, frame, self._size)
        return show(source, view_at(shot, frame, (source.width_px, source.height_px), self._size), self._size)

    def _close_before(self, index: int) -> None:
        for old in [number for number in self._readers if number < index]:
            self._readers.pop(old).close()
