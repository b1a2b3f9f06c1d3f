"""The compositor: the frame at any time of a timeline, as the encoder gets it.

There is one. What a notebook previews and what is encoded come from :meth:`Compositor.frame_at`, byte for byte.
"""

from __future__ import annotations

from bisect import bisect_right
from types import TracebackType

import cv2

from reelkit.errors import TimelineError
from reelkit.media.captions import CaptionPainter
from reelkit.media.fonts import find_font
from reelkit.media.framed import show_whole
from reelkit.media.grain import lay_grain
from reelkit.media.open_clips import ClipsInOrder, OpenClips
from reelkit.media.overlays import OverlayPainter, fonts_of
from reelkit.media.planes import Planes
from reelkit.media.transitions import join
from reelkit.media.view import show, view_at
from reelkit.model import Clip, Timeline

__all__ = ["Compositor"]


class Compositor:
    """Reads a timeline and yields its frames; a context manager that closes the clips it opened.

    Parameters
    ----------
    timeline : Timeline
    threads : int, keyword-only
        Decoder threads a clip.
    clips : OpenClips, keyword-only, optional
        Where its clips are read, for who keeps them from one timeline to the next; the caller closes them.
    like : Compositor, keyword-only, optional
        One of another timeline. Captions and overlays that are the same are not drawn again.

    Examples
    --------
    ``with Compositor(timeline) as compositor: planes = compositor.frame_at(0)``
    """

    def __init__(self, timeline: Timeline, *, threads: int = 1, clips: OpenClips | None = None, like: Compositor | None = None) -> None:
        cv2.setNumThreads(1)
        self.timeline = timeline
        size = (timeline.width_px, timeline.height_px)
        self._size = size
        self._starts = [shot.start for shot in timeline.shots]
        self._own_clips = ClipsInOrder(threads=threads)
        self._clips: OpenClips = clips or self._own_clips
        # A font file may be another one by now, though its name is the same.
        self._faces = [find_font(font, weight) for font, weight in fonts_of(timeline.caption_style, timeline.overlays)]
        same = like is not None and (like._size, like.timeline.fps, like._faces) == (size, timeline.fps, self._faces)
        before = like.timeline if like is not None and same else None
        captions = (timeline.caption_style, timeline.cues, timeline.language)
        if like is not None and before is not None and (before.caption_style, before.cues, before.language) == captions:
            self._captions: CaptionPainter = like._captions
        else:
            self._captions = CaptionPainter(*captions[:2], width_px=size[0], height_px=size[1], fps=timeline.fps, language=captions[2])
        shown = timeline.overlays, timeline.language
        if like is not None and before is not None and shown == (before.overlays, before.language):
            self._overlays: OverlayPainter = like._overlays
        else:
            self._overlays = OverlayPainter(shown[0], width_px=size[0], height_px=size[1], fps=timeline.fps, language=shown[1])
        self._background = Planes.filled(*size, timeline.background)

    def __enter__(self) -> Compositor:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the clips that it opened."""
        self._own_clips.close()

    def frame_at(self, frame: int, *, into: Planes | None = None) -> Planes:
        """Return the composed frame.

        Parameters
        ----------
        frame : int
            0 to ``timeline.frame_count - 1``.
        into : Planes, optional
            Of the reel's size: it is composed here.

        Raises
        ------
        TimelineError
            When the frame lies outside the reel.
        ClipError
            When a clip does not decode.
        """
        planes = self.picture_at(frame, into=into)
        if into is None:
            into = planes.copy()
        elif planes is not into:
            planes.copy_to(into)
        for item in (*self._overlays.sprites(frame), *self._captions.sprites(frame)):
            item.blend(into)
        return into

    def picture_at(self, frame: int, *, into: Planes | None = None) -> Planes:
        """Return the frame before overlays and captions: ``into``, where it could be made there; else it may be shared and must not be
        written to."""
        index, *before = self._shots_at(frame)
        if not before:
            return self._shot_picture(index, frame, into)
        shot, incoming, outgoing = self.timeline.shots[index], self._shot_picture(index, frame), self._shot_picture(before[0], frame)
        return join(shot.transition, frame - shot.start + 1, outgoing, incoming, background=self._background)

    def clips_at(self, frame: int) -> list[Clip]:
        """Return the clips that a frame shows: one, two within a transition."""
        return [self.timeline.shots[index].clip for index in self._shots_at(frame)]

    def _shots_at(self, frame: int) -> list[int]:
        """Return the numbers of the shot at a frame and, within a transition, of the one before it."""
        if not 0 <= frame < self.timeline.frame_count:
            raise TimelineError(f"frame {frame} is outside the reel; it has frames 0 to {self.timeline.frame_count - 1}")
        index = bisect_right(self._starts, frame) - 1
        shot = self.timeline.shots[index]
        joined = index > 0 and shot.transition.kind != "cut" and frame - shot.start < shot.transition.frames
        return [index, index - 1] if joined else [index]

    def _shot_picture(self, index: int, frame: int, into: Planes | None = None) -> Planes:
        shot = self.timeline.shots[index]
        source = self._clips.reader(self.timeline, index).frame(shot.in_frame + frame - shot.start)
        if shot.fit == "blur":
            picture = show_whole(source, shot, frame, self._size)
        else:
            view = view_at(shot, frame, (source.width_px, source.height_px), self._size)
            picture = show(source, view, self._size, into=into)
        return lay_grain(picture, here=picture is into) if shot.clip.is_drawn else picture
