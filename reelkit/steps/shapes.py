"""Shapes: one timeline as an upright, square or wide reel, each with its own safe zone and caption layout."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from reelkit.brand import Brand
from reelkit.errors import TimelineError
from reelkit.model import (
    Cache,
    CaptionStyle,
    ClipOverlay,
    EndCard,
    KeyWords,
    LogoOverlay,
    Overlay,
    Progress,
    ProgressBar,
    SafeZone,
    Shape,
    ShapedReel,
    Shot,
    Timeline,
)
from reelkit.steps.check import check_video
from reelkit.steps.compose import compose_video
from reelkit.steps.end_room import make_room_for_end_card
from reelkit.steps.python_inserts import redraw_python_clips
from reelkit.steps.shots import fit_in, focus_in
from reelkit.steps.strengthen import strengthen_captions

__all__ = ["Shape", "compose_shapes", "in_shape"]

_SIZES: dict[Shape, tuple[int, int]] = {"9:16": (1080, 1920), "4:5": (1080, 1350), "1:1": (1080, 1080), "16:9": (1920, 1080)}
_TITLE_SAFE = SafeZone(top_px=96, bottom_px=96, left_px=54, right_px=54)
"""In feeds and players nothing lies over the picture; what is written keeps 5 % from each edge (EBU R 95, graphics safe area)."""
_LOWEST_PX = 1760
_WIDEST_PX = 1000
"""Where captions may end when no buttons lie below them, and how wide a line may be where the frame is wide."""


def in_shape(timeline: Timeline, shape: Shape, *, brand: Brand | None = None, cache: Cache | None = None) -> Timeline:
    """Return a timeline in another shape: the same shots, words, sound and times.

    Shots keep in view what matters in each clip; bar, logo and key words keep their distance to the safe zone, and their size beside the
    frame's shorter side. In a 9:16 frame the apps' buttons cover the most; a shape other than that has the title safe area of its own,
    and captions stand a little above its edge. With the brand, each clip is cropped or shown whole as it would be in a reel of this shape,
    and what the brand's own Python functions draw is drawn for it; without, clips stay as they were fitted, and what was drawn for the reel
    is cropped and moved.

    Parameters
    ----------
    timeline : Timeline
        Of any size, as :func:`reelkit.steps.timeline.plan_timeline` made it.
    shape : {"9:16", "4:5", "1:1", "16:9"}
        1080 px on the shorter side.
    brand : Brand, optional
        Whose timeline it is.
    cache : Cache, optional
        Keeps where clips draw the eye, and what the brand's own Python functions draw; needed where a brand is given that has any.

    Returns
    -------
    Timeline
        The same one where it has this shape and size already.

    Raises
    ------
    TimelineError
        When the shape is none of these, or there is no cache.
    ClipError
        When a clip does not decode.
    BrandError
        When one of the brand's Python functions fails at this size.

    Examples
    --------
    ``compose_video(in_shape(timeline, "1:1", brand=brand, cache=parts.cache), folder / "square.mp4")``
    """
    if shape not in _SIZES:
        raise TimelineError(f"timeline: shape is {shape!r}; it must be one of {', '.join(get_args(Shape))}")
    size = _SIZES[shape]
    if size == (timeline.width_px, timeline.height_px):
        return timeline
    zone = timeline.safe_zone if shape == "9:16" else _TITLE_SAFE
    shaped = timeline.model_copy(
        update={
            "width_px": size[0],
            "height_px": size[1],
            "safe_zone": zone,
            "caption_style": _style(timeline.caption_style, shape, zone),
            "shots": tuple(_shot(shot, size, brand, cache) for shot in timeline.shots),
            "cues": tuple(cue.model_copy(update={"up_px": 0}) for cue in timeline.cues),
            "overlays": tuple(_overlay(overlay, timeline, size, zone) for overlay in timeline.overlays),
        }
    )
    if brand is not None:
        shaped = redraw_python_clips(shaped, timeline, brand, cache=cache)
    return make_room_for_end_card(shaped)


def compose_shapes(
    timeline: Timeline,
    brand: Brand,
    folder: Path,
    *,
    cache: Cache | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[ShapedReel]:
    """Render and check a reel in the other shapes that its brand asks for (``output.shapes``).

    Parameters
    ----------
    timeline : Timeline
        Of the reel itself. A shape that it has already is left out.
    brand : Brand
    folder : Path
        Where the files go, under the names of :meth:`reelkit.model.ShapedReel.file_of`.
    cache, workers, progress
        As :func:`reelkit.steps.compose.compose_video` takes them.

    Returns
    -------
    list of ShapedReel
        In the brand's order, each with what the check measured on its file.

    Raises
    ------
    ComposeError, ClipError, CheckError
        When one cannot be rendered or read.
    BrandError, TimelineError
        As :func:`in_shape`.
    """
    shapes = [shape for shape in brand.output.shapes if _SIZES[shape] != (timeline.width_px, timeline.height_px)]
    made: list[ShapedReel] = []

    def share(done: float) -> None:
        if progress is not None:
            progress((len(made) + done) / len(shapes))

    for shape in shapes:
        shaped = strengthen_captions(in_shape(timeline, shape, brand=brand, cache=cache))
        output = brand.output.model_copy(update={"width_px": shaped.width_px, "height_px": shaped.height_px})
        reel = compose_video(
            shaped, folder / ShapedReel.file_of(shape), cache=cache, workers=workers, progress=lambda done: share(0.8 * done)
        )
        findings = check_video(reel, shaped, brand.model_copy(update={"output": output}), progress=lambda done: share(0.8 + 0.2 * done))
        made.append(ShapedReel(shape=shape, reel=reel, findings=tuple(findings)))
    return made


def _style(style: CaptionStyle, shape: Shape, zone: SafeZone) -> CaptionStyle:
    width_px = max(style.max_width_px, _WIDEST_PX) if shape == "16:9" else style.max_width_px
    bottom_px = style.bottom_px if shape == "9:16" else max(style.bottom_px, _LOWEST_PX)
    return style.model_copy(update={"bottom_px": bottom_px, "max_width_px": min(width_px, zone.widest_px(*_SIZES[shape]))})


def _shot(shot: Shot, size: tuple[int, int], brand: Brand | None, cache: Cache | None) -> Shot:
    """Another shape cuts off something else: its crop looks anew for what matters."""
    fit = shot.fit if brand is None else fit_in(shot.clip, size, brand)
    return shot.model_copy(update={"focus": focus_in(shot.clip, size, cache=cache), "fit": fit})


def _overlay(overlay: Overlay, timeline: Timeline, size: tuple[int, int], zone: SafeZone) -> Overlay:
    before = timeline.width_px, timeline.height_px
    scale = min(size) / min(before)
    old_top, new_top = timeline.safe_zone.top_px * before[1] / 1920, zone.top_px * size[1] / 1920
    old_left, new_left = timeline.safe_zone.left_px * before[0] / 1080, zone.left_px * size[0] / 1080

    def down(y_px: int) -> int:
        return round(new_top + (y_px - old_top) * scale)

    if isinstance(overlay, ProgressBar):
        right = (1080 - zone.right_px) * size[0] / 1080
        return overlay.model_copy(
            update={
                "x_px": round(new_left),
                "width_px": round(right) - round(new_left),
                "y_px": down(overlay.y_px),
                "height_px": max(round(overlay.height_px * scale), 2),
            }
        )
    if isinstance(overlay, ClipOverlay):
        width, height = round(overlay.width_px * scale), round(overlay.height_px * scale)
        return overlay.model_copy(
            update={
                "x_px": _between(overlay.x_px, before[0] - overlay.width_px, size[0] - width),
                "y_px": _between(overlay.y_px, before[1] - overlay.height_px, size[1] - height),
                "width_px": width,
                "height_px": height,
            }
        )
    if isinstance(overlay, LogoOverlay):
        return overlay.model_copy(
            update={
                "x_px": round(new_left + (overlay.x_px - old_left) * scale),
                "y_px": down(overlay.y_px),
                "width_px": round(overlay.width_px * scale),
                "height_px": round(overlay.height_px * scale),
            }
        )
    if isinstance(overlay, KeyWords):
        share = size[1] / before[1]
        top = down(overlay.top_px)
        return overlay.model_copy(update={"top_px": top, "bottom_px": top + round((overlay.bottom_px - overlay.top_px) * share)})
    if isinstance(overlay, EndCard):
        return overlay.model_copy(update={"top_px": None, "bottom_px": None})
    return overlay


def _between(at_px: int, room_px: int, new_room_px: int) -> int:
    """Return a place that leaves the same shares of the room on either side, on an even pixel."""
    return round(new_room_px * (at_px / room_px if room_px > 0 else 0.5) / 2) * 2
