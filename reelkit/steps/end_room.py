"""Room at the end: captions keep their place under the end card, and move up where the card needs it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reelkit.media.captions import CaptionPainter
from reelkit.media.end_card import EndCardPainter
from reelkit.model import EndCard, Overlay, Timeline

__all__ = ["make_room_for_end_card"]

_GAP_PX = 44
"""Between captions and card, at 1080 px of width."""


@dataclass(frozen=True)
class _Places:
    """Where things stand while the card does: how far captions go up, and between which heights the card's own things are."""

    up_px: int
    top_px: int
    bottom_px: int


def make_room_for_end_card(timeline: Timeline) -> Timeline:
    """Return the timeline with its end card and the captions over it out of each other's way.

    The card's things keep their full size where they can: above the captions; else, with the captions moved up to the safe zone's upper
    edge, below them. Cues under the card move together, so that they hold still. Where things were moved to before does not count.

    Parameters
    ----------
    timeline : Timeline

    Raises
    ------
    BrandError
        When a font of the captions or the card is no font, or the card's logo no image.
    """
    card = next((overlay for overlay in timeline.overlays if isinstance(overlay, EndCard)), None)
    if card is None:
        return timeline
    shown = [index for index, cue in enumerate(timeline.cues) if cue.end > card.start and cue.start < card.end]
    places = _places(timeline, card, shown)
    cues = tuple(cue.model_copy(update={"up_px": places.up_px}) if index in shown else cue for index, cue in enumerate(timeline.cues))
    placed = card.model_copy(update={"top_px": places.top_px, "bottom_px": places.bottom_px})
    overlays: tuple[Overlay, ...] = tuple(placed if overlay is card else overlay for overlay in timeline.overlays)
    return timeline.model_copy(update={"cues": cues, "overlays": overlays})


def _places(timeline: Timeline, card: EndCard, shown: Sequence[int]) -> _Places:
    width, height, fps = timeline.width_px, timeline.height_px, timeline.fps
    free = card.model_copy(update={"top_px": None, "bottom_px": None})
    painter = EndCardPainter(free, width_px=width, height_px=height, fps=fps, language=timeline.language)
    lowest = round(height * (1 - timeline.safe_zone.bottom_px / 1920))
    top, usual = max(painter.zone[0], math.ceil(height * timeline.safe_zone.top_px / 1920)), min(painter.zone[1], lowest)
    needed = painter.needed_px
    unmoved = [cue.model_copy(update={"up_px": 0}) for cue in timeline.cues]
    size = {"width_px": width, "height_px": height}
    captions = CaptionPainter(timeline.caption_style, unmoved, **size, fps=fps, language=timeline.language)
    boxes = [captions.box(index) for index in shown]
    if not boxes:
        return _Places(0, top, usual if needed <= usual - top else lowest)
    gap = round(_GAP_PX * min(width, height) / 1080)
    highest, last = min(box[1] for box in boxes), max(box[3] for box in boxes)
    above = max(highest - gap, top)
    if needed <= above - top:
        return _Places(0, top, min(usual, above) if needed <= min(usual, above) - top else above)
    up = max(highest - top, 0)
    under = last - up + gap
    if lowest - under <= above - top:
        return _Places(0, top, above)
    return _Places(up, under, lowest)
