"""A voice that says any script: every word a few syllables of buzz, timed as a voice with durations times them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np

from reelkit.model import AudioResult, Word, content_key

__all__ = ["Babble"]

RATE_HZ = 24_000


class Babble:
    """Says what the default voice has no sounds for; it fits :class:`reelkit.steps.voice.Voice`."""

    def speak(self, text: str, *, language: str, speed: float) -> Sequence[AudioResult]:
        """Return one sentence as one breath."""
        rng = np.random.Generator(np.random.PCG64(int(content_key("babble", text)[:16], 16)))
        words, parts, at = [], [np.zeros(RATE_HZ // 20, np.float32)], RATE_HZ // 20
        for spelt in text.split():
            letters = sum(unicodedata.category(letter)[0] in "LN" for letter in spelt)
            wide = any(unicodedata.east_asian_width(letter) in "WF" for letter in spelt)
            sound = _word(max(1, round(letters * (0.9 if wide else 0.35))), speed, rng)
            words.append(Word(text=spelt, start=at, end=at + len(sound), rate_hz=RATE_HZ, timed_by="durations"))
            parts += [sound, np.zeros(round(0.03 / speed * RATE_HZ), np.float32)]
            at += len(sound) + len(parts[-1])
        parts.append(np.zeros(RATE_HZ // 20, np.float32))
        return [AudioResult(np.concatenate(parts), RATE_HZ, tuple(words))]


def _word(syllables: int, speed: float, rng: np.random.Generator) -> np.ndarray:
    count = round(syllables * 0.19 / speed * RATE_HZ)
    at = np.arange(count) / RATE_HZ
    pitch = rng.uniform(100, 180) * (1 + 0.1 * np.sin(2 * np.pi * 1.7 * at))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    buzz = sum(np.sin(harmonic * phase) / harmonic for harmonic in range(1, 12)) + 0.05 * rng.standard_normal(count)
    shape = np.abs(np.sin(np.pi * syllables * at / at[-1])) ** 0.5
    return (0.12 * buzz * shape * rng.uniform(0.6, 1.0)).astype(np.float32)
