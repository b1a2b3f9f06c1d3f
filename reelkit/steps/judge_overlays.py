"""Judging overlays: whether drawings among logos and footage are drawn as they ask."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from reelkit.media.svg import is_svg, text_not_as_asked
from reelkit.model import EndCard, Finding, LogoOverlay, Timeline

__all__ = ["judge_drawings"]

_should = partial(Finding, level="should")


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
        return text_not_as_asked(data) if is_svg(data[:1024]) else ""
    except (OSError, ValueError):
        # What cannot be read was told of where it was drawn.
        return ""
