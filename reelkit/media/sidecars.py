"""Texts that lie beside a reel: subtitles for players, and credits."""

from __future__ import annotations

from reelkit.model import CaptionCue, Fps, Timeline, spaced

__all__ = ["credits_text", "srt", "vtt"]


def srt(timeline: Timeline) -> str:
    """Return the cues as SubRip text."""
    blocks = [
        f"{number}\n{_clock(cue.start, timeline.fps, ',')} --> {_clock(cue.end, timeline.fps, ',')}\n{cue.text}\n"
        for number, cue in enumerate(timeline.cues, 1)
    ]
    return "\n".join(blocks)


def vtt(timeline: Timeline) -> str:
    """Return the cues as WebVTT, each word after the first with the time it is said, so that players can light it.

    Sources: W3C WebVTT, 4.2.2 (cue text, character escapes and timestamp tags).
    """
    fps = timeline.fps
    blocks = [f"{_clock(cue.start, fps)} --> {_clock(cue.end, fps)}\n{_timed(cue, fps)}\n" for cue in timeline.cues]
    return "\n".join(["WEBVTT\n", *blocks])


def _timed(cue: CaptionCue, fps: Fps) -> str:
    first, *others = cue.words
    # A timestamp must lie after the cue's start and before its end.
    times = [f"<{_clock(word.start, fps)}>" if cue.start < word.start < cue.end else "" for word in others]
    texts = [_escaped(first.text), *(time + _escaped(word.text) for time, word in zip(times, others, strict=True))]
    return spaced(texts, [word.joined for word in cue.words])


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


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
