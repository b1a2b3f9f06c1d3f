"""Exact frames for a person who looks: any frame of any version of a reel, as the encoder gets it.

What a change of style leaves alone, the pictures under captions and overlays, is kept: a change of style costs no decoding.
"""

from __future__ import annotations

from collections import OrderedDict

from reelkit.media.captions import CaptionPainter
from reelkit.media.compositor import Compositor
from reelkit.media.overlays import OverlayPainter
from reelkit.media.planes import Planes
from reelkit.model import Timeline, content_key

__all__ = ["ExactFrames"]

_PICTURES_KEPT = 24
"""Full frames of 3 MB each."""
_VERSIONS_KEPT = 3


class ExactFrames:
    """Composed frames of a reel whose style changes while its pictures mostly do not.

    Examples
    --------
    ``frames = ExactFrames(); planes = frames.exact(timeline, 0); frames.close()``
    """

    def __init__(self) -> None:
        self._compositors: OrderedDict[str, Compositor] = OrderedDict()
        self._pictures: OrderedDict[tuple[str, int], Planes] = OrderedDict()
        self._painters: OrderedDict[str, tuple[CaptionPainter, OverlayPainter]] = OrderedDict()

    def exact(self, timeline: Timeline, frame: int) -> Planes:
        """Return a frame, byte for byte :meth:`reelkit.media.compositor.Compositor.frame_at`'s.

        Raises
        ------
        TimelineError
            When the frame lies outside the reel.
        ClipError
            When a clip does not decode.
        """
        captions, overlays = self._painters_of(timeline)
        planes = self._picture(timeline, frame).copy()
        for item in (*overlays.sprites(frame), *captions.sprites(frame)):
            item.blend(planes)
        return planes

    def close(self) -> None:
        """Close the clips."""
        for compositor in self._compositors.values():
            compositor.close()
        self._compositors.clear()
        self._pictures.clear()

    def _picture(self, timeline: Timeline, frame: int) -> Planes:
        shots = content_key(list(timeline.shots), timeline.width_px, timeline.height_px, timeline.fps, timeline.background)
        kept = self._pictures.pop((shots, frame), None)
        if kept is None:
            compositor = self._compositors.pop(shots, None) or Compositor(timeline, threads=2)
            self._compositors[shots] = compositor
            kept = compositor.picture_at(frame)
            while len(self._compositors) > _VERSIONS_KEPT:
                self._compositors.popitem(last=False)[1].close()
        self._pictures[shots, frame] = kept
        while len(self._pictures) > _PICTURES_KEPT:
            self._pictures.popitem(last=False)
        return kept

    def _painters_of(self, timeline: Timeline) -> tuple[CaptionPainter, OverlayPainter]:
        width, height, fps = timeline.width_px, timeline.height_px, timeline.fps
        looks = content_key(list(timeline.cues), timeline.caption_style, list(timeline.overlays), width, height, fps)
        kept = self._painters.pop(looks, None)
        if kept is None:
            kept = (
                CaptionPainter(timeline.caption_style, timeline.cues, width_px=width, height_px=height, fps=fps),
                OverlayPainter(timeline.overlays, width_px=width, height_px=height, fps=fps),
            )
        self._painters[looks] = kept
        while len(self._painters) > _VERSIONS_KEPT:
            self._painters.popitem(last=False)
        return kept
