"""Judging what moves: black and frozen stretches, and how often the picture changes, all from the decoded frames."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fractions import Fraction
from functools import partial
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from reelkit.errors import ClipError
from reelkit.media.compositor import Compositor
from reelkit.media.inspect import PictureFacts
from reelkit.media.stretches import MOVED_LEVELS, Rect, Span, Stretches, shrunk
from reelkit.model import EndCard, Finding, LogoOverlay, ProgressBar, Shot, Timeline
from reelkit.steps.python_inserts import own_frames

__all__ = ["LONGEST_SHOT_S", "Cuts", "covered_by_overlays", "judge_pace", "judge_stretches"]

_must = partial(Finding, level="must")
_should = partial(Finding, level="should")

_LONGEST_BLACK_S = 0.5
_LONGEST_STILL_S = 1.5
_COMPOSED_LEVELS = 2 * MOVED_LEVELS
"""What stands once it is encoded may differ a little more before."""
LONGEST_SHOT_S = 3.0
"""Of the median shot, and of the first one (docs/norms.md)."""
_CHANGED_LEVELS, _CHANGED_SHARE = 8, 0.04
"""Across a cut at least 4 % of the picture differs by more than 8 levels of luma."""


def covered_by_overlays(timeline: Timeline) -> list[tuple[int, int, int, int]]:
    """Return where logo and progress bar lie, as (left, top, right, bottom) in px.

    They neither light a black picture nor move a frozen one.
    """
    areas = []
    for overlay in timeline.overlays:
        if isinstance(overlay, ProgressBar):
            areas.append((0, overlay.y_px, timeline.width_px, overlay.y_px + overlay.height_px))
        elif isinstance(overlay, LogoOverlay):
            areas.append((overlay.x_px, overlay.y_px, overlay.x_px + overlay.width_px, overlay.y_px + overlay.height_px))
    return areas


def judge_stretches(picture: PictureFacts, timeline: Timeline, *, covered: Collection[Rect]) -> Iterator[Finding]:
    """Yield the longest black and the longest frozen stretch, measured outside the areas that are covered.

    The end card is meant to be read and may stand still, and so may a picture that the timeline holds (moves turned off, reduced
    motion), one so even that its move does not show, and the brand's own intro and outro. Nothing may be black.
    """
    black = max(picture.black, key=lambda span: span.length_s, default=Span(0.0, 0.0))
    yield _must(
        name="no-black",
        holds=black.length_s < _LONGEST_BLACK_S - 1e-6,
        norm=f"nothing black for {_LONGEST_BLACK_S} s",
        measured=f"black for {black.length_s:.2f} s{_where(black, timeline, _LONGEST_BLACK_S)}" if black.length_s else "nothing black",
        at_s=black.start_s,
        hint="replace that clip",
    )
    fps = float(timeline.fps.ratio)
    meant = [Span(card.start / fps, card.end / fps) for card in timeline.overlays if isinstance(card, EndCard)]
    meant += [Span(s.start / fps, s.end / fps) for s in timeline.shots if _holds_still(s)]
    stills = [piece for span in picture.still for piece in _without(span, meant)]
    stills = [piece for span in stills for piece in _without(span, _too_even_to_move(span, timeline, covered))]
    still = max(stills, key=lambda span: span.length_s, default=Span(0.0, 0.0))
    yield _must(
        name="no-frozen",
        holds=still.length_s < _LONGEST_STILL_S - 1e-6,
        norm=f"nothing frozen for {_LONGEST_STILL_S} s (outside captions, end card, held and even pictures)",
        measured=f"at most {still.length_s:.2f} s without a change{_where(still, timeline, _LONGEST_STILL_S)}",
        at_s=still.start_s,
        hint="replace that clip, or turn motion.moves on",
    )


def _where(span: Span, timeline: Timeline, most_s: float) -> str:
    """Return when a stretch that is too long begins, and the clip that is shown for most of it."""
    if span.length_s < most_s - 1e-6:
        return ""
    fps = float(timeline.fps.ratio)
    seen = max(timeline.shots, key=lambda shot: min(span.end_s, shot.end / fps) - max(span.start_s, shot.start / fps))
    return f" from {span.start_s:.1f} s on, in clip {seen.clip.id}"


def _holds_still(shot: Shot) -> bool:
    return shot.clip.library == "python" or (shot.clip.stands and shot.move.kind == "hold")


def _too_even_to_move(still: Span, timeline: Timeline, covered: Collection[Rect]) -> list[Span]:
    """Return the pictures, as spans, that stand in a stretch that is too long as they do when composed: no move shows on one colour.

    There are none where anything moves as composed, such as from one picture to the next.
    """
    fps = timeline.fps.ratio
    start, end = round(still.start_s * fps), round(still.end_s * fps)
    parts = [(max(shot.start, start), min(shot.end, end)) for shot in timeline.shots if shot.clip.stands]
    parts = [(first, until) for first, until in parts if first < until]
    if still.length_s < _LONGEST_STILL_S - 1e-6 or not parts:
        return []
    composed = Stretches(covered, levels=_COMPOSED_LEVELS)
    try:
        with Compositor(timeline.model_copy(update={"cues": ()})) as compositor:
            for frame in (frame for first, until in parts for frame in (first, until - 1)):
                luma = compositor.frame_at(frame).y
                composed.take(shrunk(luma), luma.shape, Fraction(frame - parts[0][0]))
    except ClipError:
        return []
    stands = len(composed.finish(Fraction(end - parts[0][0]))[1]) == 1
    return [Span(first / float(fps), until / float(fps)) for first, until in parts] if stands else []


def _without(span: Span, meant: list[Span]) -> list[Span]:
    """Return what is left of a span outside others."""
    pieces = [span]
    for other in meant:
        pieces = [
            piece
            for old in pieces
            for piece in (Span(old.start_s, min(old.end_s, other.start_s)), Span(max(old.start_s, other.end_s), old.end_s))
            if piece.length_s > 0
        ]
    return pieces


class Cuts:
    """Sees, as frames pass, whether the picture changes where the timeline cuts.

    Parameters
    ----------
    timeline : Timeline
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._seen: dict[int, NDArray[np.uint8]] = {}
        last = timeline.frame_count - 1
        self._around = {
            shot.start: (shot.start - 1, min(shot.start + shot.transition.frames, shot.end - 1, last)) for shot in timeline.shots[1:]
        }
        self.wanted = frozenset(frame for pair in self._around.values() for frame in pair)

    def look(self, frame: int, small: NDArray[np.uint8]) -> None:
        """Take a frame's small luma."""
        if frame in self.wanted:
            self._seen[frame] = small

    def seen_at(self) -> list[int]:
        """Return the cuts, in frames, at which the file's picture changes."""
        return [start for start, (before, after) in self._around.items() if self._differ(before, after)]

    def _differ(self, before: int, after: int) -> bool:
        one, other = self._seen.get(before), self._seen.get(after)
        if one is None or other is None or one.shape != other.shape:
            return False
        apart = np.abs(one.astype(np.int16) - other)
        return bool(np.count_nonzero(apart > _CHANGED_LEVELS) >= _CHANGED_SHARE * apart.size)


def judge_pace(cuts: Cuts, timeline: Timeline) -> Iterator[Finding]:
    """Yield how often the picture changes, between the brand's intro and outro: those are clips of its own making, cut as it likes."""
    fps = float(timeline.fps.ratio)
    start, end = own_frames(timeline)
    seen = [cut for cut in cuts.seen_at() if start < cut < end]
    edges = [start, *seen, end]
    lengths = [(end - start) / fps for start, end in pairwise(edges)]
    longest = max(lengths)
    yield _should(
        name="cut-pace",
        holds=median(lengths) <= LONGEST_SHOT_S,
        norm=f"a median shot of at most {LONGEST_SHOT_S:.0f} s",
        measured=f"median {median(lengths):.2f} s over {len(lengths)} shots, the longest {longest:.2f} s",
        at_s=edges[lengths.index(longest)] / fps,
        hint="lower footage.shot_s",
    )
    yield _should(
        name="first-change",
        holds=lengths[0] <= LONGEST_SHOT_S,
        norm=f"a first visual change within {LONGEST_SHOT_S:.0f} s" + (" of the intro's end" if start else ""),
        measured=f"{'after' if start else 'at'} {lengths[0]:.2f} s" if seen else "no change of picture",
        at_s=edges[1] / fps,
        hint="lower footage.shot_s, or open with a shorter sentence",
    )
