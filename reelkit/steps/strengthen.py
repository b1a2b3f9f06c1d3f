"""Strengthening captions: where a reel's pictures leave letters unclear, the style's own remedies go on until they are clear.

Contrast is measured as the check measures it, on composed frames early, midway and late in each cue, before anything is rendered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from reelkit.media.captions import CaptionPainter
from reelkit.media.compositor import Compositor
from reelkit.media.ink import rgb_of
from reelkit.media.legibility import contrast_ratio, relative_luminance, text_contrast
from reelkit.media.planes import Planes
from reelkit.model import CaptionCue, CaptionStyle, StyleChange, Timeline

__all__ = ["LEAST_CONTRAST", "frames_looked_at", "strengthen_captions"]

LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3, of letters and what is directly around them."""
_AIM = 4.8
"""Encoding takes a little contrast away."""
_MOST_KEPT = 12
"""Unclear frames that are kept to try remedies on: the worst, so that a long reel needs no more memory than a short one."""
_OUTLINE_PX = (4, 6, 8, 10, 12)
_OPACITY_STEP = 0.1


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
    """Make a reel's captions clear on its own pictures.

    Every cue is measured on composed frames. Where one stays below 4.5:1, the style's remedies are taken in turn until all hold:
    boxes and shadows grow denser, outlines thicker, words to come less faint, at last the outline's colour goes to black or white. What
    did not help is taken back. The whole reel gets the one style that results.

    Parameters
    ----------
    timeline : Timeline

    Returns
    -------
    Timeline
        The same where all is clear; else with another ``caption_style``, and in ``strengthened`` what was changed.

    Raises
    ------
    ClipError
        When a clip does not decode.

    References
    ----------
    WCAG 2.2, success criterion 1.4.3.
    """
    unclear = _unclear_cues(timeline)
    if not unclear:
        return timeline
    holds = partial(_holds, timeline, unclear)
    taken = [timeline.caption_style]
    for style in _remedies(timeline.caption_style):
        taken.append(style)
        if holds(style):
            break
    stronger = taken[-1]
    for change in _differences(taken[0], stronger):
        weaker = dict.fromkeys(getattr(style, change.field) for style in taken)
        for value in weaker:
            spared = stronger.model_copy(update={change.field: value})
            if spared == stronger or holds(spared):
                stronger = spared
                break
    return timeline.model_copy(update={"caption_style": stronger, "strengthened": _differences(taken[0], stronger)})


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
            if contrast is not None and contrast < _AIM:
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
    return all(ratio is None or ratio >= _AIM for ratio in ratios)


def _holds(timeline: Timeline, unclear: Sequence[_Unclear], style: CaptionStyle) -> bool:
    painter = _painter(timeline, style)
    return all((ratio := _contrast(painter, item.frame, item.picture)) is None or ratio >= _AIM for item in unclear)


def _painter(timeline: Timeline, style: CaptionStyle) -> CaptionPainter:
    return CaptionPainter(style, timeline.cues, width_px=timeline.width_px, height_px=timeline.height_px, fps=timeline.fps)


def _contrast(painter: CaptionPainter, frame: int, picture: Planes) -> float | None:
    mask = painter.fill_mask(frame)
    if mask is None:
        return None
    planes = picture.copy()
    for sprite in painter.sprites(frame):
        sprite.blend(planes)
    found = text_contrast(planes, *mask)
    return found.low if found else None


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
    for outline in _OUTLINE_PX:
        if outline > style.outline_px:
            style = style.model_copy(update={"outline_px": outline})
            yield style
    start, end = rgb_of(style.outline_colour), _far_from(style)
    for share in (0.25, 0.5, 0.75, 1.0):
        mixed = [round(a + (b - a) * share) for a, b in zip(start, end, strict=True)]
        style = style.model_copy(update={"outline_colour": "#{:02X}{:02X}{:02X}".format(*mixed)})
        yield style


def _rising(opacity: float) -> list[float]:
    steps = round((1 - opacity) / _OPACITY_STEP + 0.49)
    return [round(min(1.0, opacity + _OPACITY_STEP * step), 2) for step in range(1, steps + 1)]


def _far_from(style: CaptionStyle) -> tuple[int, int, int]:
    """Return black or white, whichever is clearer against the least clear of the style's letter colours."""
    letters = [style.colour, style.upcoming_colour, style.active_colour]
    levels = [float(relative_luminance(np.array(rgb_of(colour), np.uint8))) for colour in letters]
    black, white = (min(contrast_ratio(level, ground) for level in levels) for ground in (0.0, 1.0))
    return (0, 0, 0) if black >= white else (255, 255, 255)


def _differences(style: CaptionStyle, stronger: CaptionStyle) -> tuple[StyleChange, ...]:
    pairs = ((name, getattr(style, name), getattr(stronger, name)) for name in CaptionStyle.model_fields)
    return tuple(StyleChange(field=name, was=str(was), now=str(now)) for name, was, now in pairs if was != now)
