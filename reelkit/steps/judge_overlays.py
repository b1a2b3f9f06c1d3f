"""Judging overlays: how clear key words, logo and end card are, and whether drawings among logos and footage are drawn as they ask."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from reelkit.media.colours import LEAST_CONTRAST
from reelkit.media.legibility import LEAST_LOGO_CONTRAST, mark_contrast, text_contrast
from reelkit.media.overlays import OverlayMark, OverlayPainter
from reelkit.media.planes import Planes
from reelkit.media.svg import HEAD_BYTES, is_svg, text_not_as_asked
from reelkit.model import EndCard, Finding, KeyWords, LogoOverlay, Timeline
from reelkit.steps.clear_logo import logo_frames

__all__ = ["OverlayWatch", "judge_drawings", "judge_overlays_seen"]

_should = partial(Finding, level="should")
_LEAVE_S = 0.2
"""Within so long before their end key words are on their way out."""


class OverlayWatch:
    """Takes frames as they are decoded and keeps how clear key words, logo and end card are on them.

    Parameters
    ----------
    timeline : Timeline
    """

    def __init__(self, timeline: Timeline) -> None:
        self.seen: list[tuple[float, OverlayMark, int]] = []
        """Contrasts measured, of what, and the frame."""
        self._marks: dict[int, list[OverlayMark]] = defaultdict(list)
        width_px, height_px = timeline.width_px, timeline.height_px
        painter = OverlayPainter(timeline.overlays, width_px=width_px, height_px=height_px, fps=timeline.fps, language=timeline.language)
        leave = math.ceil(_LEAVE_S * timeline.fps.ratio)
        for number, overlay in enumerate(timeline.overlays):
            frames: tuple[int, ...] = ()
            if isinstance(overlay, LogoOverlay):
                frames = logo_frames(timeline, overlay)
            elif isinstance(overlay, KeyWords):
                frames = (max(overlay.end - 1 - leave, overlay.start),)
            elif isinstance(overlay, EndCard):
                frames = (overlay.end - 1,)
            for frame in frames:
                self._marks[frame] += painter.marks(number)

    @property
    def wanted(self) -> frozenset[int]:
        return frozenset(self._marks)

    def look(self, frame: int, planes: Planes) -> None:
        """Take a frame."""
        for mark in self._marks.get(frame, ()):
            if mark.is_logo:
                ratio = mark_contrast(planes, *mark[2:])
            else:
                found = text_contrast(planes, *mark[2:])
                ratio = found.low if found else None
            if ratio is not None:
                self.seen.append((ratio, mark, frame))


def judge_overlays_seen(watch: OverlayWatch, timeline: Timeline) -> Iterator[Finding]:
    """Yield how clear the frames show key words, logo and end card."""
    if not watch.seen:
        return
    ratio, mark, frame = min(watch.seen, key=lambda seen: seen[0] / _least(seen[1]))
    plated = any(isinstance(overlay, LogoOverlay) and overlay.plated for overlay in timeline.overlays)
    yield _should(
        name="overlay-contrast",
        holds=ratio >= _least(mark),
        norm=f"at least {LEAST_CONTRAST}:1 around the letters of key words and end card, {LEAST_LOGO_CONTRAST:.0f}:1 around the logo",
        measured=f"{ratio:.1f}:1 at the worst, {mark.what}" + ("; the logo got a plate for this reel's pictures" if plated else ""),
        at_s=frame / float(timeline.fps.ratio),
        hint="set palette.text and palette.background further apart, or give a logo with a ground of its own",
    )


def _least(mark: OverlayMark) -> float:
    return LEAST_LOGO_CONTRAST if mark.is_logo else LEAST_CONTRAST


def judge_drawings(timeline: Timeline) -> Iterator[Finding]:
    """Yield what of the text in a reel's SVG drawings, logos and footage, stands in other letters than it asks for, or in none."""
    shown: list[tuple[str, Path, int]] = []
    for overlay in timeline.overlays:
        if isinstance(overlay, LogoOverlay):
            shown.append(("logo", overlay.path, overlay.start))
        elif isinstance(overlay, EndCard) and overlay.logo_path is not None:
            shown.append(("logo", overlay.logo_path, overlay.start))
    shown += [("footage", shot.clip.path, shot.start) for shot in timeline.shots if shot.clip.kind == "image"]
    told: dict[Path, tuple[str, int]] = {}
    for what, path, start in shown:
        if path not in told and (problem := _text_problem(path)):
            told[path] = (f"{what} {path.name}: {problem}", start)
    if told or any(path.suffix.lower() == ".svg" for _, path, _ in shown):
        first = next(iter(told.values()), None)
        yield _should(
            name="drawn-text",
            holds=not told,
            norm="text in SVG drawings stands in the letters it asks for",
            measured=first[0] + (f"; and {len(told) - 1} more" if len(told) > 1 else "") if first else "all of it",
            at_s=first[1] / float(timeline.fps.ratio) if first else None,
            hint="convert text to paths in the drawing, which keeps its letters",
        )


def _text_problem(path: Path) -> str:
    try:
        data = path.read_bytes()
        return text_not_as_asked(data) if is_svg(data[:HEAD_BYTES]) else ""
    except (OSError, ValueError):
        # What cannot be read was told of where it was drawn.
        return ""
