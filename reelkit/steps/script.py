"""Step 1: what is said."""

from __future__ import annotations

from typing import Protocol

from reelkit.brand import Brand
from reelkit.errors import ScriptError
from reelkit.model import Script, ScriptRequest

__all__ = ["Writer", "generate_script", "script_request"]

SCENE_WORDS = 35
"""A scene is a sentence or two; more words would need more than one idea for its pictures."""
SCRIPT_WORDS = 900
"""180 s, the longest reel of all platforms, at five words a second; measured lengths are the writers' to keep."""


class Writer(Protocol):
    """Whoever writes scripts: a deck, a file, a model."""

    def write(self, request: ScriptRequest) -> Script:
        """Return a script that keeps what the request says."""


def script_request(brand: Brand, topic_seed: int) -> ScriptRequest:
    """Return what a brand asks its writer for.

    Raises
    ------
    ScriptError
        When the seed is negative.
    """
    if topic_seed < 0:
        raise ScriptError(f"brand '{brand.slug}': topic seed is {topic_seed}; it must be 0 or more")
    return ScriptRequest(
        brand_name=brand.name,
        slug=brand.slug,
        language=brand.language,
        tone=brand.script.tone,
        audience=brand.script.audience,
        topic_seed=topic_seed,
        length_s=brand.script.length_s,
        sentence_pause_ms=brand.voice.sentence_pause_ms,
        scene_pause_ms=brand.voice.scene_pause_ms,
        tail_ms=brand.voice.tail_ms,
        banned_words=brand.script.banned_words,
        call_to_action=brand.script.call_to_action,
        fallback_terms=brand.footage.fallback_terms,
    )


def generate_script(brand: Brand, topic_seed: int, *, writer: Writer) -> Script:
    """Have a script written and see that it keeps what the brand asks.

    Parameters
    ----------
    brand : Brand
    topic_seed : int
        0 or more. The same seed gives the same script; a deck's seeds walk through its topics.
    writer : Writer

    Returns
    -------
    Script

    Raises
    ------
    ScriptError
        When the script cannot be written, says a banned word, or has a scene or a length that no reel can hold.
    BrandError
        When the deck cannot be read.
    """
    request = script_request(brand, topic_seed)
    script = writer.write(request)
    if script.word_count > SCRIPT_WORDS:
        raise ScriptError(
            f"brand '{brand.slug}': the script has {script.word_count} words; at most {SCRIPT_WORDS} can be said in 180 s, so shorten it"
        )
    for number, scene in enumerate(script.scenes, 1):
        banned = request.banned_word_in(scene.text)
        if banned is not None:
            raise ScriptError(
                f"brand '{brand.slug}': scene {number} says '{banned}', which script.banned_words bans: reword {_quoted(scene.text)}"
            )
        count = len(scene.text.split())
        if count > SCENE_WORDS:
            raise ScriptError(
                f"brand '{brand.slug}': scene {number} has {count} words; at most {SCENE_WORDS} fit, so split {_quoted(scene.text)}"
            )
    return script


def _quoted(text: str) -> str:
    return f"'{text}'" if len(text) <= 80 else f"'{text[:77]}...'"
