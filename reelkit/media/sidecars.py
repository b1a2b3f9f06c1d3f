"""Texts that lie beside a reel: subtitles for players, and credits."""

from __future__ import annotations

import re

from reelkit.media.captions import reading_of
from reelkit.media.text import is_right_to_left
from reelkit.media.word_breaks import without_hints
from reelkit.model import CaptionCue, Fps, Timeline, spaced

__all__ = ["credits_text", "srt", "vtt"]

_MARKUP = re.compile(r"<|\{(?=\\)|--(?=>)")
_JOINER = "\u2060"
_LEFTWARD = "\u200f"
"""A letter without ink that goes from right to left."""


def srt(timeline: Timeline) -> str:
    """Return the cues as SubRip text.

    The format has no escapes: a word joiner keeps players from taking a word for a tag.
    """
    fps, marks = timeline.fps, _marks(timeline)
    blocks = [
        f"{number}\n{_clock(cue.start, fps, ',')} --> {_clock(cue.end, fps, ',')}\n{mark}{_MARKUP.sub(_kept, without_hints(cue.text))}\n"
        for number, (mark, cue) in enumerate(zip(marks, timeline.cues, strict=True), 1)
    ]
    return "\n".join(blocks)


def _kept(found: re.Match[str]) -> str:
    return found[0] + _JOINER


def _marks(timeline: Timeline) -> list[str]:
    """Return what each cue begins with so that players, which go by its first letter, read it from the side that the reel does."""
    mostly_leftward, _ = reading_of(timeline.cues, timeline.language)
    leftward = [mostly_leftward and any(is_right_to_left(word.text) for word in cue.words) for cue in timeline.cues]
    return [_LEFTWARD if told and not is_right_to_left(cue.text) else "" for told, cue in zip(leftward, timeline.cues, strict=True)]


def vtt(timeline: Timeline) -> str:
    """Return the cues as WebVTT, each word after the first with the time it is said, so that players can light it.

    Sources: W3C WebVTT, 4.2.2 (cue text, character escapes and timestamp tags).
    """
    fps = timeline.fps
    blocks = [
        f"{_clock(cue.start, fps)} --> {_clock(cue.end, fps)}\n{mark}{_timed(cue, fps)}\n"
        for mark, cue in zip(_marks(timeline), timeline.cues, strict=True)
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def _timed(cue: CaptionCue, fps: Fps) -> str:
    texts, last = [], cue.start
    for number, word in enumerate(cue.words):
        # A timestamp must lie after the cue's start and after the one before, and before the cue's end.
        timed = number > 0 and last < word.start < cue.end
        texts.append((f"<{_clock(word.start, fps)}>" if timed else "") + _escaped(word.text))
        last = max(last, word.start)
    return spaced(texts, [word.joined for word in cue.words])


def _escaped(text: str) -> str:
    return without_hints(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(frame: int, fps: Fps, point: str = ".") -> str:
    milliseconds = round(frame / fps.ratio * 1000)
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{point}{rest:03d}"


def credits_text(timeline: Timeline) -> str:
    """Return a line for each clip shown, in order: who made it, under which terms, and where it is from."""
    lines = [f"{timeline.brand}: {timeline.topic}", ""]
    for clip in dict.fromkeys(shot.clip.id for shot in timeline.shots):
        shown = next(shot.clip for shot in timeline.shots if shot.clip.id == clip)
        credit = shown.credit
        lines.append(", ".join(part for part in (f"{shown.id}: {credit.author}", credit.licence, credit.page_url) if part))
    return "\n".join(lines) + "\n"
