"""Strengthening captions: where a reel's pictures leave letters unclear, the style's own remedies go on until they are clear.

The logo comes first: where pictures leave it unclear it gets a plate.

Contrast is measured as the check measures it, on composed frames early, midway and late in each cue, before anything is rendered.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from reelkit.media.captions import CaptionPainter
from reelkit.media.colours import AIM, LEAST_CONTRAST, apart, blended, ratio_of
from reelkit.media.compositor import Compositor
from reelkit.media.legibility import text_contrast, text_stands
from reelkit.media.planes import Planes
from reelkit.model import CaptionCue, CaptionStyle, StyleChange, Timeline
from reelkit.steps.clear_logo import clear_logo
from reelkit.steps.end_room import make_room_for_end_card

__all__ = ["frames_looked_at", "strengthen_captions"]

_MOST_KEPT = 12
"""Unclear frames that are kept to try remedies on: the worst, so that a long reel needs no more memory than a short one."""
_OUTLINE_PX = (4, 6, 8, 10, 12)
_OPACITY_STEP = 0.1
_ROUNDS = 3
"""Frames that a remedy harms are looked at too, in another choice."""


@dataclass(frozen=True)
class _Unclear:
    frame: int
    contrast: float
    picture: Planes


def frames_looked_at(cue: CaptionCue) -> tuple[int, ...]:
    """Return the frames of a cue on which its contrast is measured: a picture may change under it.

    Examples
    --------
    >>> from reelkit.model import CaptionWord
    >>> frames_looked_at(CaptionCue(words=(CaptionWord(text="tea", start=10, end=20),), start=10, end=40))
    (15, 25, 35)
    """
    return tuple(sorted({cue.start + (cue.end - cue.start) * sixth // 6 for sixth in (1, 3, 5)}))


def strengthen_captions(timeline: Timeline) -> Timeline:
    """Make a reel's captions, and its logo (:func:`reelkit.steps.clear_logo.clear_logo`), clear on its own pictures.

    Every cue is measured on composed frames. Where one stays below 4.5:1, the style's remedies are taken in turn until all hold:
    boxes and shadows grow denser, words to come less faint, letters go apart from the box behind them, outlines grow thicker, at last
    their colour goes to black or white and letters go apart from it. What did not help is taken back; where nothing makes all cues clear,
    what brings the least clear furthest stays. The whole reel gets the one style that results.

    Parameters
    ----------
    timeline : Timeline

    Returns
    -------
    Timeline
        The same where all is clear or nothing helps; else with the logo ``plated``, or with another ``caption_style``, in ``strengthened``
        what was changed, now or before, and what stands under the end card moved as the new style needs it.

    Raises
    ------
    ClipError
        When a clip does not decode.
    BrandError
        When a font of the captions or the end card is no font, or the card's logo no image.

    References
    ----------
    WCAG 2.2, success criterion 1.4.3.
    """
    timeline = clear_logo(timeline)
    looked_at = _unclear_cues(timeline)
    if not looked_at:
        return timeline
    stronger = timeline.caption_style
    for _ in range(_ROUNDS):
        stronger = _strengthened(timeline, looked_at, _remedies(timeline.caption_style))
        # What helps the unclear frames must not harm those that were clear.
        seen = {item.frame for item in looked_at}
        harmed = [item for item in _unclear_cues(timeline.model_copy(update={"caption_style": stronger})) if item.frame not in seen]
        if not harmed:
            break
        looked_at = [*looked_at, *harmed]
    changes = _differences(timeline.caption_style, stronger)
    if not changes:
        return timeline
    clear = timeline.model_copy(update={"caption_style": stronger, "strengthened": _together(timeline.strengthened, changes)})
    # Thicker outlines reach further: captions that stand at the safe zone's edge over an end card would pass it.
    return make_room_for_end_card(clear)


def _strengthened(timeline: Timeline, looked_at: Sequence[_Unclear], remedies: Iterable[CaptionStyle]) -> CaptionStyle:
    """Return the style with the remedies that it takes, each as weak as it may be."""
    least = partial(_least_contrast, timeline, looked_at)
    best = timeline.caption_style
    taken, clearest = [best], least(best)
    for style in remedies:
        taken.append(style)
        contrast = least(style)
        if contrast > clearest:
            best, clearest = style, contrast
        if contrast >= AIM:
            break
    for change in _differences(taken[0], best):
        for value in dict.fromkeys(getattr(style, change.field) for style in taken):
            spared = best.model_copy(update={change.field: value})
            if spared == best or least(spared) >= min(clearest, AIM):
                best = spared
                break
    return best


def _unclear_cues(timeline: Timeline) -> list[_Unclear]:
    """Return the cues that are not clear, the worst first."""
    painter = _painter(timeline, timeline.caption_style)
    grounds = [Planes.filled(timeline.width_px, timeline.height_px, colour) for colour in ("#000000", "#FFFFFF")]
    found: list[_Unclear] = []
    with Compositor(timeline.model_copy(update={"cues": ()})) as compositor:
        for frame in (frame for cue in timeline.cues for frame in frames_looked_at(cue)):
            if _clear_on_anything(painter, frame, grounds):
                continue
            picture = compositor.frame_at(frame)
            contrast = _contrast(painter, frame, picture)
            if contrast is not None and contrast < AIM:
                found.append(_Unclear(frame, contrast, picture))
                found.sort(key=lambda unclear: (unclear.contrast, unclear.frame))
                del found[_MOST_KEPT:]
    return found if found and found[0].contrast < LEAST_CONTRAST else []


def _clear_on_anything(painter: CaptionPainter, frame: int, grounds: Sequence[Planes]) -> bool:
    """Return whether a frame's words are clear on black and on white: then no picture need be decoded.

    What is around a letter grows lighter with the picture. Were letters lighter than it on black and darker on white, it would have to
    change by the square of the ratio, 23:1; there is no more than 21:1. So they are clear on everything between as well.
    """
    ratios = [_contrast(painter, frame, ground) for ground in grounds]
    return all(ratio is None or ratio >= AIM for ratio in ratios)


def _least_contrast(timeline: Timeline, looked_at: Sequence[_Unclear], style: CaptionStyle) -> float:
    """Return the contrast of the least clear frame; 1 where a text no longer stands out as the check will look for it."""
    painter = _painter(timeline, style)
    ratios = []
    for item in looked_at:
        drawn = _drawn(painter, item.frame, item.picture)
        if drawn is None or (found := text_contrast(*drawn)) is None:
            continue
        ratios.append(1.0 if text_stands(*drawn) is False else found.low)
    return min(ratios, default=math.inf)


def _painter(timeline: Timeline, style: CaptionStyle) -> CaptionPainter:
    size = {"width_px": timeline.width_px, "height_px": timeline.height_px}
    return CaptionPainter(style, timeline.cues, **size, fps=timeline.fps, language=timeline.language)


def _contrast(painter: CaptionPainter, frame: int, picture: Planes) -> float | None:
    drawn = _drawn(painter, frame, picture)
    found = text_contrast(*drawn) if drawn is not None else None
    return found.low if found else None


def _drawn(painter: CaptionPainter, frame: int, picture: Planes) -> tuple[Planes, NDArray[np.bool_], int, int] | None:
    """Return a picture with a frame's captions, and where their letters are; None where there are none."""
    mask = painter.fill_mask(frame)
    if mask is None:
        return None
    planes = picture.copy()
    for sprite in painter.sprites(frame):
        sprite.blend(planes)
    return planes, *mask


def _remedies(style: CaptionStyle) -> Iterator[CaptionStyle]:
    """Yield styles, each a little stronger than the one before it, beginning with the remedy that the style already uses."""
    boxed = style.box_colour is not None
    if boxed or (style.mode in ("box", "marker") and style.active_box_colour is not None):
        for opacity in _rising(style.box_opacity):
            style = style.model_copy(update={"box_opacity": opacity})
            yield style
    for opacity in _rising(style.upcoming_opacity) if style.upcoming_opacity else []:
        style = style.model_copy(update={"upcoming_opacity": opacity})
        yield style
    if style.shadow_px and not style.outline_px:
        for opacity in _rising(style.shadow_opacity):
            style = style.model_copy(update={"shadow_opacity": opacity})
            yield style
    if boxed:
        style = _letters_apart(style)
        yield style
    for outline in _OUTLINE_PX:
        if outline > style.outline_px:
            style = style.model_copy(update={"outline_px": outline})
            yield style
    start, end = style.outline_colour, _far_from(style)
    for share in (0.25, 0.5, 0.75, 1.0):
        style = style.model_copy(update={"outline_colour": blended(start, end, share)})
        yield style
    yield _letters_apart(style)


def _letters_apart(style: CaptionStyle) -> CaptionStyle:
    """Return the style with letters in each state as far from what is directly around them as they need: outline, box or marker."""
    around = style.outline_colour if style.outline_px else style.box_colour
    behind = style.active_box_colour if style.mode in ("box", "marker") else None
    grounds = {
        **{"colour": around, "upcoming_colour": around},
        **{"active_colour": behind or around, "active_gradient_colour": behind or around},
    }
    pairs = ((field, getattr(style, field), ground) for field, ground in grounds.items())
    return style.model_copy(update={field: apart(letters, ground) for field, letters, ground in pairs if letters and ground})


def _rising(opacity: float) -> list[float]:
    steps = round((1 - opacity) / _OPACITY_STEP + 0.49)
    return [round(min(1.0, opacity + _OPACITY_STEP * step), 2) for step in range(1, steps + 1)]


def _far_from(style: CaptionStyle) -> str:
    """Return black or white, whichever is clearer against the least clear of the style's letter colours."""
    letters = [style.colour, style.upcoming_colour, style.active_colour]
    return max(("#000000", "#FFFFFF"), key=lambda ground: min(ratio_of(colour, ground) for colour in letters))


def _differences(style: CaptionStyle, stronger: CaptionStyle) -> tuple[StyleChange, ...]:
    pairs = ((name, getattr(style, name), getattr(stronger, name)) for name in CaptionStyle.model_fields)
    return tuple(StyleChange(field=name, was=str(was), now=str(now)) for name, was, now in pairs if was != now)


def _together(before: Sequence[StyleChange], changes: Sequence[StyleChange]) -> tuple[StyleChange, ...]:
    """Return changes in a row as one change of each field."""
    was = {change.field: change.was for change in (*changes, *before)}
    now = {change.field: change.now for change in (*before, *changes)}
    return tuple(StyleChange(field=field, was=was[field], now=now[field]) for field in now if was[field] != now[field])
