"""Which frames make a segment, and the key of everything that they depend on."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from reelkit.media.captions import reading_of, sizes_of
from reelkit.media.encode import Finer
from reelkit.media.fonts import find_font
from reelkit.media.overlays import fonts_of
from reelkit.model import CaptionCue, Clip, EndCard, KeyWords, LogoOverlay, Overlay, Shot, Timeline, content_key

__all__ = ["finer_stretches", "made_by", "plan_segments", "segment_key"]

_JOIN_TIMES, _ZOOM_TIMES, _BEHIND = 1.3, 1.6, 3
"""How many times the bits within a transition: a zoom softens the grain that it scales, and needs about four steps of
the quantiser; and for how many frames more, as the last ones are predicted from those behind them."""
_END_TIMES, _END = 1.2, 3
"""The same of a segment's last frames, which x264 makes coarser as nothing is predicted from them: there the grain would be lost first."""


def plan_segments(timeline: Timeline) -> list[tuple[int, int]]:
    """Return the segments of a timeline as (start, end) frames: cut at shots, each about a second long.

    Cutting at shots keeps a segment's key when words, shots or sentences before it change by whole shots. A transition belongs to what
    comes before it: who begins with the segment after it then need not decode the outgoing clip up to its end.

    Examples
    --------
    A shot of 7.2 seconds becomes seven segments, the last of 1.2; two shots of a third of a second become one.
    """
    rate = timeline.fps.ratio
    shortest, longest = round(rate / 2), round(rate)
    cuts = [0]
    for start in [min(shot.start + shot.transition.frames, shot.end) for shot in timeline.shots[1:]] + [timeline.frame_count]:
        if start - cuts[-1] < shortest:
            if start != timeline.frame_count or len(cuts) == 1:
                continue
            # What is left at the end is too short to stand alone: it is shared with the stretch before it.
            cuts.pop()
        # Whole seconds from the left, so that a later end leaves all of them but the last as they are.
        while start - cuts[-1] >= longest + shortest:
            cuts.append(cuts[-1] + longest)
        cuts.append(start)
    if cuts[-1] != timeline.frame_count:
        cuts.append(timeline.frame_count)
    return list(pairwise(cuts))


def finer_stretches(timeline: Timeline, start: int, end: int) -> list[Finer]:
    """Return what gets more bits of the frames ``start`` to ``end``, so that a drawing keeps the grain that keeps it from banding.

    These are the last frames where they show what is drawn, and transitions from or to it.
    """
    stretches = []
    if any(shot.clip.is_drawn for shot in timeline.shots if shot.start < end <= shot.end):
        stretches.append(Finer(max(end - start - _END, 0), end - start - 1, _END_TIMES))
    for before, shot in pairwise(timeline.shots):
        first, last = max(shot.start, start), min(shot.start + shot.transition.frames, shot.end, end) - 1
        if shot.transition.kind != "cut" and first <= last and (before.clip.is_drawn or shot.clip.is_drawn):
            times = _ZOOM_TIMES if shot.transition.kind == "zoom" else _JOIN_TIMES
            stretches.append(Finer(first - start, last - start + _BEHIND, times))
    return stretches


def segment_key(timeline: Timeline, start: int, end: int, settings: Any) -> str:
    """Return the key of a segment: the hash of all that decides its bytes, with times relative to its start.

    Files count by their content, not by their names, so that a moved clip stays known.
    """
    cues = [_cue(cue, start) for cue in timeline.cues if cue.start < end and cue.end > start]
    overlays = [overlay for overlay in timeline.overlays if overlay.start < end and overlay.end > start]
    style = timeline.caption_style
    return content_key(
        "segment",
        made_by(),
        size=[timeline.width_px, timeline.height_px],
        fps=timeline.fps,
        background=timeline.background,
        settings=settings,
        style=style if cues else None,
        length=end - start,
        shots=list(_shots(timeline, start, end)),
        cues=cues,
        overlays=[_overlay(overlay, start, end, round(timeline.fps.ratio)) for overlay in overlays],
        fonts=[_font(font, weight) for font, weight in fonts_of(style if cues else None, overlays)],
        language=timeline.language if any(isinstance(overlay, EndCard | KeyWords) for overlay in overlays) else None,
        reading=reading_of(timeline.cues, timeline.language) if cues else None,
        drop=sizes_of(timeline.cues, style, timeline.width_px, timeline.height_px, timeline.language).drop_px if cues else None,
    )


def _shots(timeline: Timeline, start: int, end: int) -> Iterator[dict[str, Any]]:
    for number, shot in enumerate(timeline.shots):
        leads_out = number + 1 < len(timeline.shots) and timeline.shots[number + 1].transition.kind != "cut"
        reach = shot.end + (timeline.shots[number + 1].transition.frames if leads_out else 0)
        if shot.start < end and reach > start:
            yield _shot(shot, start)


def _shot(shot: Shot, start: int) -> dict[str, Any]:
    return shot.model_dump(mode="json", exclude={"clip"}) | {"start": shot.start - start, "end": shot.end - start, "clip": _clip(shot.clip)}


def _clip(clip: Clip) -> dict[str, Any]:
    return {"sha256": clip.sha256, "kind": clip.kind, "loops": clip.loops, "drawn": clip.is_drawn, "duration_ms": clip.duration_ms}


def _cue(cue: CaptionCue, start: int) -> list[Any]:
    return [
        cue.start - start,
        cue.end - start,
        cue.up_px,
        [[word.text, word.joined, word.start - start, word.end - start] for word in cue.words],
    ]


def _overlay(overlay: Overlay, start: int, end: int, second: int) -> dict[str, Any]:
    times: dict[str, Any] = {"start": overlay.start - start, "end": overlay.end - start}
    if isinstance(overlay, LogoOverlay):
        # It is simply there, and leaves at its end: how long ago it came and how much later it leaves is not to be seen.
        times = {"start": max(overlay.start - start, 0), "end": min(overlay.end, end + second) - start}
    return overlay.model_dump(mode="json", exclude={"path", "logo_path"}) | times


def _font(named: str, weight: int) -> str:
    return hashlib.sha256(find_font(named, weight).path.read_bytes()).hexdigest()


@functools.cache
def made_by() -> str:
    """Return a hash of the code and libraries that decide a frame's bytes."""
    from importlib.metadata import PackageNotFoundError, distributions, version

    from reelkit import model

    digest = hashlib.sha256()
    for path in (Path(model.__file__), *sorted(Path(__file__).parent.rglob("*.py"))):
        digest.update(path.read_bytes())
    for package in (
        "av",
        "numpy",
        "opencv-python-headless",
        "uharfbuzz",
        "freetype-py",
        "python-bidi",
        "resvg-py",
        "pi-heif",
        "pillow",
        "budoux",
        "pyphen",
        "manimgx-fonts",
        "dynamic-font",
        "python-lucide",
    ):
        digest.update(f"{package}=={version(package)}\n".encode())
    with suppress(PackageNotFoundError):
        digest.update(f"cjk={version('manimgx-fonts-cjk')}\n".encode())
    # Text in drawings is set in whichever of these are there.
    families = {each.name: each.version for each in distributions() if str(each.name).startswith("fontpkg-")}
    digest.update(json.dumps(families, sort_keys=True).encode())
    return digest.hexdigest()
