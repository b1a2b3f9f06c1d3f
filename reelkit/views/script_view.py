"""A script: its scenes in order, with search terms, words and length."""

from __future__ import annotations

from collections.abc import Callable

from reelkit.model import Palette, Script
from reelkit.views.markup import card, chips, each, fill, heading, plural, seconds

__all__ = ["html"]


def html(script: Script, *, seconds_of: Callable[[str], float] | None = None, language: str = "en", palette: Palette | None = None) -> str:
    """Return a script as HTML.

    Parameters
    ----------
    script : Script
    seconds_of : callable, optional
        Tells how long a text is spoken, in seconds (a voice's ``seconds_of``); without it only words are counted.
    language : str
        Of the texts, for screen readers and hyphenation.
    palette : Palette, optional
        The brand's, for accents.
    """
    words = [len(scene.text.split()) for scene in script.scenes]
    lengths = [seconds_of(scene.text) for scene in script.scenes] if seconds_of else []
    shares = lengths or [float(count) for count in words]
    whole = sum(shares) or 1.0
    scenes = each(
        '<li><div class="rk-scene"><p class="rk-say" lang="{}" dir="auto">{}</p></div><p class="rk-count">{}</p></li>',
        (
            (
                language,
                scene.text,
                each("<span>{}</span>", [plural(words[index], "word"), *([seconds(lengths[index])] if lengths else [])]),
            )
            for index, scene in enumerate(script.scenes)
        ),
    )
    pace = each('<span style="flex-grow:{:.3f}">{}</span>', ((share / whole, index + 1) for index, share in enumerate(shares)))
    length = f"about {seconds(sum(lengths))} spoken" if lengths else ""
    head = heading(script.topic, plural(len(script.scenes), "scene"), plural(script.word_count, "word"), length)
    terms = each("<li>{}</li>", (chips(scene.search_terms, label=f"Search terms of scene {n}") for n, scene in enumerate(script.scenes, 1)))
    looked_for = fill(
        '<details class="rk-more"><summary>What is looked for in pictures</summary><ol class="rk-looked-for">{}</ol></details>', terms
    )
    body = head + fill('<div class="rk-pace" aria-hidden="true">{}</div><ol class="rk-scenes">{}</ol>', pace, scenes) + looked_for
    return card("script", body, label=f"Script: {script.topic}", palette=palette)
