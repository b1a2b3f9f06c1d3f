"""Clearing the logo: on pictures that leave it unclear it gets a plate, for the whole reel."""

from __future__ import annotations

import math
from itertools import pairwise

from reelkit.media.compositor import Compositor
from reelkit.media.legibility import mark_is_clear
from reelkit.media.overlays import OverlayPainter
from reelkit.media.planes import Planes
from reelkit.model import LogoOverlay, Timeline

__all__ = ["clear_logo", "logo_frames"]

_MOST_FRAMES = 8
_LEAVE_S = 0.2


def logo_frames(timeline: Timeline, logo: LogoOverlay) -> tuple[int, ...]:
    """Return the frames on which a logo's contrast is measured: the middles of shots that it stands on, at most eight, evenly chosen.

    At its end it fades, which is no lack of contrast.
    """
    end = max(logo.end - math.ceil(_LEAVE_S * timeline.fps.ratio), logo.start + 1)
    cuts = [logo.start, *(shot.start for shot in timeline.shots if logo.start < shot.start < end), end]
    middles = [(start + end) // 2 for start, end in pairwise(cuts) if start < end]
    count = min(len(middles), _MOST_FRAMES)
    return tuple(middles[number * len(middles) // count] for number in range(count))


def clear_logo(timeline: Timeline) -> Timeline:
    """Put a reel's logo on a plate where it has less than 3:1 to one of its pictures.

    Most logos are clear on black and on white, as they bring a ground of their own: then no picture is decoded.

    Parameters
    ----------
    timeline : Timeline

    Returns
    -------
    Timeline
        The same where the logo is clear, or there is none.

    Raises
    ------
    ClipError
        When a clip does not decode.
    BrandError
        When the logo is no image.

    References
    ----------
    WCAG 2.2, success criterion 1.4.11.
    """
    unclear = {
        number
        for number, overlay in enumerate(timeline.overlays)
        if isinstance(overlay, LogoOverlay) and overlay.plate_colour and not overlay.plated and not _is_clear(timeline, overlay)
    }
    if not unclear:
        return timeline
    plated = [each.model_copy(update={"plated": True}) if number in unclear else each for number, each in enumerate(timeline.overlays)]
    return timeline.model_copy(update={"overlays": tuple(plated)})


def _is_clear(timeline: Timeline, logo: LogoOverlay) -> bool:
    painter = OverlayPainter((logo,), width_px=timeline.width_px, height_px=timeline.height_px, fps=timeline.fps)
    (mark,) = painter.marks(0)
    grounds = []
    for colour in ("#000000", "#FFFFFF"):
        planes = Planes.filled(timeline.width_px, timeline.height_px, colour)
        for sprite in painter.sprites(logo.start):
            sprite.blend(planes)
        grounds.append(planes)
    if all(mark_is_clear(planes, *mark[2:]) for planes in grounds):
        return True
    with Compositor(timeline.model_copy(update={"cues": (), "overlays": (logo,)})) as compositor:
        return all(mark_is_clear(compositor.frame_at(frame), *mark[2:]) for frame in logo_frames(timeline, logo))
