"""When each word is said: from the durations that hibari's model gave its phonemes, refined by the sound where it meets silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from reelkit.services.hibari_words import SpokenWord, is_pause, says_something
from reelkit.services.word_spans import Piece, Span, meet_the_sound, spans_of, with_silent

__all__ = ["RATE_HZ", "UNIT", "UNIT_MS", "time_words"]

RATE_HZ = 24000
_MS = RATE_HZ // 1000
UNIT_MS = 25
UNIT = UNIT_MS * _MS
"""Samples in one unit of duration; the engine checks it against every sound that is made."""

_OPENING = 50 * _MS
"""So much of the opening blank already sounds (measured: energy starts 37 ms before its end, fricatives 80 ms)."""


def time_words(spoken: Sequence[SpokenWord], words: range, units: NDArray[np.int64], samples: NDArray[np.float32]) -> list[Span]:
    """Return when each of the written words of one breath is said.

    A word owns the blank before it: its onset lies there, not at the first phoneme's own start (measured against energy after silences
    and against pocketsphinx within speech). It ends where the next one starts, or where the sound ends when a pause follows.

    Parameters
    ----------
    spoken : sequence of SpokenWord
        What is said, with owners in ``words``; at least one of them a sound.
    words : range
        Written words of the breath.
    units : ndarray of int [shape=(n,)]
        The model's duration of every id: the opening blank, the phonemes, the closing blank.
    samples : ndarray of float32 [shape=(units.sum() * UNIT,)]
        At :data:`RATE_HZ`.

    Returns
    -------
    list of Span
        One a word, in order, not overlapping, inside the audio.
    """
    bounds = np.concatenate([[0], np.cumsum(units)]) * UNIT
    spans = meet_the_sound(spans_of(_pieces(spoken, bounds), "durations"), samples, RATE_HZ)
    return with_silent(spans, words, len(samples), RATE_HZ)


def _pieces(spoken: Sequence[SpokenWord], bounds: NDArray[np.int64]) -> Iterator[Piece]:
    """Yield the words that sound, straight from the durations."""
    position = 1
    for word in (word for word in spoken if word.phonemes):
        sounds = [index for index, char in enumerate(word.phonemes) if not is_pause(char)]
        if says_something(word.phonemes):
            first = position + sounds[0]
            start = int(bounds[first - 1]) if first > 1 else max(0, int(bounds[1]) - _OPENING)
            yield Piece(word.owners, start, int(bounds[position + sounds[-1] + 1]))
        position += len(word.phonemes) + 1
