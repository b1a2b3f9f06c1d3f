"""When each word is said: from the durations that hibari's model gave its phonemes, refined by the sound where it meets silence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reelkit.model import TimedBy
from reelkit.services.hibari_words import SpokenWord, is_pause, says_something

__all__ = ["RATE_HZ", "UNIT", "UNIT_MS", "Span", "time_words"]

Span = tuple[int, int, TimedBy]
"""Start and end in samples, and how they were found."""

RATE_HZ = 24000
_MS = RATE_HZ // 1000
UNIT_MS = 25
UNIT = UNIT_MS * _MS
"""Samples in one unit of duration; the engine checks it against every sound that is made."""

_FRAME = 5 * _MS
_QUIET_DB = -45.0
"""Under the loudest frame; pauses inside a sentence lie 50 to 60 dB under it, those around it 100."""
_QUIET_FRAMES = 8
_SEARCH_FRAMES = 12
_OPENING = 50 * _MS
"""So much of the opening blank already sounds (measured: energy starts 37 ms before its end, fricatives 80 ms)."""
_SLIVER = 20 * _MS


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
    loud = _loud_frames(samples)
    spans = _raw_spans(spoken, np.concatenate([[0], np.cumsum(units)]) * UNIT)
    told = sorted(spans)
    earliest = 0
    for index in told:
        start, end, by = spans[index]
        onset = _onset(start, loud)
        spans[index] = (onset if earliest < onset < end - _FRAME else start, end, by)
        earliest = spans[index][0] + _FRAME
    for index, after in zip(told, [*told[1:], None], strict=True):
        start, end, by = spans[index]
        limit = len(samples) if after is None else spans[after][0]
        spans[index] = (start, _release(start, min(end, limit), limit, loud), by)
    return _with_silent(spans, words, len(samples))


def _loud_frames(samples: NDArray[np.float32]) -> NDArray[np.bool_]:
    whole = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = np.square(whole, dtype=np.float64).mean(axis=1)
    return np.asarray(power > power.max(initial=0.0) * 10 ** (_QUIET_DB / 10))


def _raw_spans(spoken: Sequence[SpokenWord], bounds: NDArray[np.int64]) -> dict[int, Span]:
    """Return the spans of the written words that sound, straight from the durations."""
    spans: dict[int, Span] = {}
    position = 1
    for word in (word for word in spoken if word.phonemes):
        sounds = [index for index, char in enumerate(word.phonemes) if not is_pause(char)]
        if says_something(word.phonemes):
            first = position + sounds[0]
            start = int(bounds[first - 1]) if first > 1 else max(0, int(bounds[1]) - _OPENING)
            end = int(bounds[position + sounds[-1] + 1])
            letters = sum(count for _, count in word.owners)
            counted = 0
            for owner, count in word.owners:
                counted += count
                until = start + (end - start) * counted // letters
                began = start + (end - start) * (counted - count) // letters
                known = spans.get(owner, (began, until, "durations" if len(word.owners) == 1 else "estimated"))
                spans[owner] = (known[0], until, known[2])
        position += len(word.phonemes) + 1
    return spans


def _onset(start: int, loud: NDArray[np.bool_]) -> int:
    """Return where sound begins after a silence near ``start``; ``start`` itself within speech."""
    at = start // _FRAME
    near = range(max(0, at - _SEARCH_FRAMES), min(len(loud), at + _SEARCH_FRAMES + 1))
    found = [index for index in near if loud[index] and not loud[max(0, index - _QUIET_FRAMES) : index].any()]
    return min(found, key=lambda index: abs(index - at)) * _FRAME if found else start


def _release(start: int, end: int, limit: int, loud: NDArray[np.bool_]) -> int:
    """Return where the sound that began at ``start`` ends: at ``limit`` unless a silence lies before that, ``end`` if nothing is heard."""
    sounding = np.flatnonzero(loud[start // _FRAME : -(-limit // _FRAME)])
    if not len(sounding):
        return end
    last = (start // _FRAME + int(sounding[-1]) + 1) * _FRAME
    return last if limit - last > _SEARCH_FRAMES * _FRAME else limit


def _with_silent(spans: dict[int, Span], words: range, length: int) -> list[Span]:
    """Give the words that say nothing a share of the pause beside them, or, where there is none, of the word before or after."""
    told = sorted(spans)
    for before, after in zip([None, *told], [*told, None], strict=True):
        silent = range(words.start if before is None else before + 1, words.stop if after is None else after)
        if not silent:
            continue
        need = len(silent) * _SLIVER
        lower = spans[before][1] if before is not None else max(0, spans[told[0]][0] - need)
        upper = spans[after][0] if after is not None else min(length, lower + need)
        if upper - lower < need and before is not None:
            start, end, by = spans[before]
            lower -= min(need - (upper - lower), (end - start) // 2)
            spans[before] = (start, lower, by)
        elif upper - lower < need and after is not None:
            start, end, by = spans[after]
            upper += min(need - (upper - lower), (end - start) // 2)
            spans[after] = (upper, end, by)
        edges = np.linspace(lower, upper, len(silent) + 1).astype(int)
        for index, edge, following in zip(silent, edges, edges[1:], strict=False):
            spans[index] = (int(edge), int(following), "estimated")
    return [spans[index] for index in words]
