"""When written words are said, from when the pieces of a spoken text are: what every way of timing words shares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reelkit.model import TimedBy

__all__ = ["Piece", "Span", "meet_the_sound", "spans_of", "with_silent"]

Span = tuple[int, int, TimedBy]
"""Start and end in samples, and how they were found."""

_FRAME_MS = 5
_QUIET_DB = -45.0
"""Under the loudest frame; pauses inside a sentence lie 50 to 60 dB under it, those around it 100."""
_QUIET_FRAMES = 8
_SEARCH_FRAMES = 12
_SLIVER_MS = 20


@dataclass(frozen=True)
class Piece:
    """A piece of what is said, with the written words that it says.

    Parameters
    ----------
    owners : tuple of (int, int)
        Written words in order, and how much of the piece comes from each: letters, say.
    start, end : int
        Samples.
    """

    owners: tuple[tuple[int, int], ...]
    start: int
    end: int


def spans_of(pieces: Iterable[Piece], found_by: TimedBy) -> dict[int, Span]:
    """Return the spans of the written words that the pieces say, by word; one that shares a piece with another is estimated.

    Examples
    --------
    >>> spans_of([Piece(((0, 2),), 0, 40), Piece(((0, 1), (1, 3)), 40, 120)], "durations")
    {0: (0, 60, 'durations'), 1: (60, 120, 'estimated')}
    """
    spans: dict[int, Span] = {}
    for piece in pieces:
        letters = sum(count for _, count in piece.owners)
        counted = 0
        for owner, count in piece.owners:
            began = piece.start + (piece.end - piece.start) * counted // letters
            counted += count
            until = piece.start + (piece.end - piece.start) * counted // letters
            known = spans.get(owner, (began, until, found_by if len(piece.owners) == 1 else "estimated"))
            spans[owner] = (known[0], until, known[2])
    return spans


def meet_the_sound(spans: dict[int, Span], samples: NDArray[np.float32], rate_hz: int) -> dict[int, Span]:
    """Move words to where sound meets silence, where that is near: onsets after a pause, ends before one.

    Within speech onsets stay as they are, and a word ends where the next begins.

    Parameters
    ----------
    spans : dict
        In the order of words, as :func:`spans_of` returns them.
    samples : ndarray of float32 [shape=(n,)]
    rate_hz : int
    """
    frame = rate_hz * _FRAME_MS // 1000
    loud = _loud_frames(samples, frame)
    spans = dict(spans)
    told = sorted(spans)
    earliest = 0
    for index in told:
        start, end, by = spans[index]
        onset = _onset(start, loud, frame)
        spans[index] = (onset if earliest < onset < end - frame else start, end, by)
        earliest = spans[index][0] + frame
    for index, after in zip(told, [*told[1:], None], strict=True):
        start, end, by = spans[index]
        limit = len(samples) if after is None else spans[after][0]
        spans[index] = (start, _release(start, min(end, limit), limit, loud, frame), by)
    return spans


def with_silent(spans: dict[int, Span], words: range, length: int, rate_hz: int) -> list[Span]:
    """Give the words that say nothing a share of the pause beside them, or, where there is none, of the word before or after.

    Parameters
    ----------
    spans : dict
        Of the words that sound; at least one.
    words : range
        All the words.
    length : int
        Of the sound, in samples.
    rate_hz : int

    Returns
    -------
    list of Span
        One for each of ``words``.
    """
    spans = dict(spans)
    told = sorted(spans)
    sliver = rate_hz * _SLIVER_MS // 1000
    for before, after in zip([None, *told], [*told, None], strict=True):
        silent = range(words.start if before is None else before + 1, words.stop if after is None else after)
        if not silent:
            continue
        need = len(silent) * sliver
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


def _loud_frames(samples: NDArray[np.float32], frame: int) -> NDArray[np.bool_]:
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame)
    power = np.square(whole, dtype=np.float64).mean(axis=1)
    return np.asarray(power > power.max(initial=0.0) * 10 ** (_QUIET_DB / 10))


def _onset(start: int, loud: NDArray[np.bool_], frame: int) -> int:
    """Return where sound begins after a silence near or around ``start``; ``start`` itself within speech."""
    at = start // frame
    near = range(max(0, at - _SEARCH_FRAMES), min(len(loud), at + _SEARCH_FRAMES + 1))
    found = [index for index in near if loud[index] and not loud[max(0, index - _QUIET_FRAMES) : index].any()]
    if found:
        return min(found, key=lambda index: abs(index - at)) * frame
    if loud[at : at + _QUIET_FRAMES].any():
        return start
    later = np.flatnonzero(loud[at:])
    return (at + int(later[0])) * frame if len(later) else start


def _release(start: int, end: int, limit: int, loud: NDArray[np.bool_], frame: int) -> int:
    """Return where the sound that began at ``start`` ends: at ``limit`` unless a silence lies before that, ``end`` if nothing is heard."""
    sounding = np.flatnonzero(loud[start // frame : -(-limit // frame)])
    if not len(sounding):
        return end
    last = (start // frame + int(sounding[-1]) + 1) * frame
    return last if limit - last > _SEARCH_FRAMES * frame else limit
