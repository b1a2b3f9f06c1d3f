"""Spoken sentences as they are kept: the sound and its words in one file of the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reelkit.model import AudioResult, Cache, TimedBy, Word
from reelkit.services.word_spans import Span

__all__ = ["SpokenBreath", "kept_speech"]

SpokenBreath = tuple[NDArray[np.float32], int, Sequence[Span]]
"""Samples, their rate in Hz, and the spans of the words they say."""

_TIMED_BY: tuple[TimedBy, ...] = ("durations", "alignment", "estimated")


def kept_speech(cache: Cache, key: str, words: Sequence[str], say: Callable[[], Iterable[SpokenBreath]]) -> list[AudioResult]:
    """Return a sentence as it was spoken, having it spoken first where it never was.

    Parameters
    ----------
    cache : Cache
        Its room "speech" keeps the sentence.
    key : str
        The hash of all that the sound and its times depend on.
    words : sequence of str
        Of the whole sentence.
    say : callable
        Gives the breaths: at one rate, together one span for each of ``words``.
    """
    return _load(cache.file("speech", key, ".npz", lambda path: _save(path, list(say()))), words)


def _save(path: Path, breaths: Sequence[SpokenBreath]) -> None:
    with path.open("wb") as file:
        np.savez(
            file,
            samples=np.concatenate([samples for samples, _, _ in breaths]),
            rates=np.array([rate_hz for _, rate_hz, _ in breaths], np.int64),
            lengths=np.array([len(samples) for samples, _, _ in breaths], np.int64),
            word_counts=np.array([len(spans) for _, _, spans in breaths], np.int64),
            spans=np.array([(start, end, _TIMED_BY.index(by)) for _, _, spans in breaths for start, end, by in spans], np.int64),
        )


def _load(path: Path, words: Sequence[str]) -> list[AudioResult]:
    with np.load(path, allow_pickle=False) as kept:
        samples, spans, rates = kept["samples"], kept["spans"], kept["rates"].tolist()
        sample_ends, word_ends = np.cumsum(kept["lengths"]).tolist(), np.cumsum(kept["word_counts"]).tolist()
    breaths = []
    sample_at = word_at = 0
    for rate_hz, sample_end, word_end in zip(rates, sample_ends, word_ends, strict=True):
        timed = tuple(
            Word(text=text, start=start, end=end, rate_hz=rate_hz, timed_by=_TIMED_BY[by])
            for text, (start, end, by) in zip(words[word_at:word_end], spans[word_at:word_end].tolist(), strict=True)
        )
        breaths.append(AudioResult(samples[sample_at:sample_end].copy(), rate_hz, timed))
        sample_at, word_at = sample_end, word_end
    return breaths
