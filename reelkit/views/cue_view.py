"""Caption cues as a table: what stands on the screen, when, for how long, and how fast it reads."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from reelkit.media.phrases import as_words, columns
from reelkit.model import CaptionStyle, Cue, Palette
from reelkit.views.markup import card, clock, each, fill, heading, plural, table

__all__ = ["flags", "html"]


def flags(cue: Cue, style: CaptionStyle) -> list[str]:
    """Return what is unusual about a cue under a style's norms: ``"fast"``, ``"short"``, ``"many words"``, ``"long"``."""
    length_s = (cue.end - cue.start) / cue.rate_hz
    found = []
    if columns(cue.text) / length_s > style.max_chars_per_s:
        found.append("fast")
    if length_s * 1000 < style.min_cue_ms:
        found.append("short")
    if as_words(word.text for word in cue.words) > style.max_words:
        found.append("many words")
    if columns(cue.text) > style.max_chars_per_line * style.max_lines:
        found.append("long")
    return found


def html(cues: Sequence[Cue], *, style: CaptionStyle | None = None, language: str = "en", palette: Palette | None = None) -> str:
    """Return cues as HTML.

    Parameters
    ----------
    cues : sequence of Cue
    style : CaptionStyle, optional
        Whose norms (reading speed, shortest cue, words, characters) are flagged; the defaults' where not given.
    language : str
    palette : Palette, optional
    """
    norms = style or CaptionStyle()
    rows = [_row(number, cue, flags(cue, norms), language) for number, cue in enumerate(cues, 1)]
    on_screen_s = sum((cue.end - cue.start) / cue.rate_hz for cue in cues)
    pace = f"{sum(columns(cue.text) for cue in cues) / on_screen_s:.1f} characters/s on average" if cues else ""
    flagged = sum(bool(flags(cue, norms)) for cue in cues)
    head = heading("Caption cues", plural(len(cues), "cue"), pace, f"{flagged} flagged" if flagged else "none flagged")
    titles = [("#", "rk-num"), "Text", ("Start", "rk-num"), ("End", "rk-num"), ("Length", "rk-num"), ("Chars/s", "rk-num"), "Flags"]
    note = fill(
        '<p class="rk-foot">Flags: fast is over {:g} characters/s, short is under {:g} s.</p>',
        norms.max_chars_per_s,
        norms.min_cue_ms / 1000,
    )
    return card("cues", head + table("Caption cues", titles, rows) + note, label="Caption cues", palette=palette)


def _row(number: int, cue: Cue, found: list[str], language: str) -> Markup:
    length_s = (cue.end - cue.start) / cue.rate_hz
    return fill(
        '<tr><td class="rk-num">{}</td><th scope="row" lang="{}" dir="auto">{}</th><td class="rk-num">{}</td><td class="rk-num">{}</td>'
        '<td class="rk-num">{:.2f} s</td><td class="rk-num">{:.1f}</td><td>{}</td></tr>',
        number,
        language,
        cue.text,
        clock(cue.start / cue.rate_hz),
        clock(cue.end / cue.rate_hz),
        length_s,
        columns(cue.text) / length_s,
        each('<span class="rk-flag">{}</span> ', found),
    )
