"""Characters that no font draws: found before anything is rendered, and named."""

from __future__ import annotations

from collections.abc import Iterator

from reelkit.errors import TimelineError
from reelkit.media.captions import missing_glyphs
from reelkit.media.fonts import advice_for
from reelkit.model import CaptionStyle, EndCard, KeyWords, Timeline

__all__ = ["lacking_characters", "named_characters", "refuse_invisible_cues"]

_MOST_NAMED = 12


def lacking_characters(timeline: Timeline) -> list[tuple[str, str, int]]:
    """Return, for each text on screen that lacks some, the characters that no font draws, the text, and its first frame."""
    language = timeline.language
    return [(missing, text, start) for text, start, style in _texts(timeline) if (missing := missing_glyphs(text, style, language))]


def _texts(timeline: Timeline) -> Iterator[tuple[str, int, CaptionStyle]]:
    style = timeline.caption_style
    for cue in timeline.cues:
        yield cue.text, cue.start, style
    for overlay in timeline.overlays:
        if isinstance(overlay, EndCard | KeyWords):
            plain = style.model_copy(update={"font": overlay.font, "uppercase": False})
            texts = (overlay.title, overlay.subtitle) if isinstance(overlay, EndCard) else (overlay.text,)
            yield from ((text, overlay.start, plain) for text in texts)


def named_characters(characters: str) -> str:
    """Return characters as people can look them up, each once.

    Examples
    --------
    >>> named_characters("𓀀𓀀")
    '𓀀 (U+13000)'
    """
    found = list(dict.fromkeys(characters))
    if len(found) > _MOST_NAMED:
        return f"{''.join(found[:_MOST_NAMED])} and {len(found) - _MOST_NAMED} more"
    return ", ".join(
        f"{character} (U+{ord(character):04X})" if character.isprintable() else f"U+{ord(character):04X}" for character in found
    )


def refuse_invisible_cues(timeline: Timeline) -> None:
    """Refuse a reel with a cue of which nothing can be drawn: who reads along would miss what is said.

    Raises
    ------
    TimelineError
        With the cue, its characters, and what to do about them.
    """
    for cue in timeline.cues:
        missing = missing_glyphs(cue.text, timeline.caption_style, timeline.language)
        if missing and not set(cue.text) - set(missing) - {" "}:
            raise TimelineError(f"timeline: no font draws any of '{cue.text}' ({named_characters(missing)}); {advice_for(missing)}")
