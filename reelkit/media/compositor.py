"""The compositor: the frame at any time of a timeline, as the encoder gets it.

There is one. What a notebook previews and what is encoded come from :meth:`Compositor.frame_at`, byte for byte.
"""

from __future__ import annotations

from bisect import bisect_right
from types import TracebackType

import cv2
import numpy as np

from reelkit.errors import TimelineError
from reelkit.media.captions import CaptionPainter
from reelkit.media.decode import ClipReader, open_clip
from reelkit.media.overlays import OverlayPainter
from reelkit.media.planes import Bytes, Planes
from reelkit.media.view import ease, show, view_at
from reelkit.model import Shot, Timeline

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
        share = ease((into + 1) / (shot.transition.frames + 1))
        return self._joined(shot, self._shot_picture(index - 1, frame), incoming, share)

    def _shot_picture(self, index: int, frame: int) -> Planes:
        shot = self.timeline.shots[index]
        if index not in self._readers:
            self._readers[index] = open_clip(shot.clip, self.timeline.fps, background=self.timeline.background, threads=self._threads)
        source = self._readers[index].frame(shot.in_frame + frame - shot.start)
        return show(source, view_at(shot, frame, (source.width_px, source.height_px), self._size), self._size)

    def _close_before(self, index: int) -> None:
        for old in [number for number in self._readers if number < index]:
            self._readers.pop(old).close()

    def _joined(self, shot: Shot, outgoing: Planes, incoming: Planes, share: float) -> Planes:
        if shot.transition.kind == "slide":
            edge = round(self._size[0] * (1 - share) / 2) * 2
            return Planes(*(_beside(a, b, edge // unit) for a, b, unit in zip(_all(outgoing), _all(incoming), (1, 2, 2), strict=True)))
        if shot.transition.kind == "dip":
            shown, weight = (outgoing, 1 - 2 * share) if share < 0.5 else (incoming, 2 * share - 1)
            return _mixed(self._background, shown, weight)
        return _mixed(outgoing, incoming, share)


def _all(planes: Planes) -> tuple[Bytes, Bytes, Bytes]:
    return planes.y, planes.u, planes.v


def _beside(outgoing: Bytes, incoming: Bytes, edge: int) -> Bytes:
    """Push the outgoing picture off to the left as the incoming one follows from the right."""
    width = outgoing.shape[1]
    return np.hstack([outgoing[:, width - edge :], incoming[:, : width - edge]])


def _mixed(under: Planes, over: Planes, weight: float) -> Planes:
    planes = (
        cv2.addWeighted(a, 1.0 - weight, b, weight, 0.0).astype(np.uint8, copy=False) for a, b in zip(_all(under), _all(over), strict=True)
    )
    return Planes(*planes)
