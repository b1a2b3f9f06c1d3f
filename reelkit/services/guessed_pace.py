"""How long a sentence takes to say, where the voice itself cannot tell before it speaks."""

from __future__ import annotations

from collections.abc import Callable

from reelkit.errors import VoiceError
from reelkit.model import Cache
from reelkit.services.sayable import sayable

__all__ = ["guessed_pace"]

_CHARS_PER_S = 14.5
"""Letters and blanks, over the languages of Europe at a narrator's pace; scripts that write syllables or words take longer a letter."""
_DENSE_PER_S = 5.0


def guessed_pace(language: str, cache: Cache) -> Callable[[str], float]:
    """Return what tells about how many seconds a sentence takes: the built-in voice's pace for English, else a guess by letters.

    Examples
    --------
    >>> from reelkit.runs.cache import FileCache
    >>> from pathlib import Path
    >>> round(guessed_pace("de", FileCache(Path("unused")))("Kaffee ist älter, als man denkt."), 1)
    2.2
    """
    if language.lower().split("-")[0] != "en":
        return _by_letters
    from reelkit.services.hibari import HibariVoice

    voice = HibariVoice(cache=cache)

    def seconds(text: str) -> float:
        try:
            return voice.seconds_of(text)
        except VoiceError:
            return _by_letters(text)

    return seconds


def _by_letters(text: str) -> float:
    text = sayable(text)
    dense = sum(1 for char in text if char >= "\u2e80")
    return dense / _DENSE_PER_S + (len(text) - dense) / _CHARS_PER_S
