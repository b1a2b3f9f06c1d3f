"""The narration on a ruler: waveform, words, sentences and cues, in rows of about six seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from reelkit.model import AudioResult, Cue, Palette, SentenceTiming, TimedBy, Word
from reelkit.views.markup import card, clock, data_uri, each, fill, heading, plural, seconds, table

__all__ = ["Row", "html", "rows"]

_TIMED: dict[TimedBy, str] = {
    "durations": "the voice's own durations",
    "alignment": "aligned to the audio",
    "estimated": "estimated from lengths",
}
_LEFT, _WIDTH, _PAD = 8.0, 824.0, 16
_RULER_Y, _SENTENCE_Y, _WAVE_Y, _WAVE_H, _LABEL_Y, _CUE_Y, _CUE_H, _HEIGHT = 14, 29, 72, 26, 114, 134, 17, 158
_COLUMN = 2.0
_CHAR_PX = {**dict.fromkeys("iljtfr.,:;!'’|()1I", 4.4), **dict.fromkeys("mwMW@%—", 10.5)}
"""Widths of letters of a label where they differ much from most, in a wide sans serif; a narrower one leaves some air."""


class Row(NamedTuple):
    """A stretch of the narration that makes one line, in samples, and the words in it."""

    start: int
    end: int
    words: tuple[Word, ...]


def rows(audio: AudioResult, *, row_s: float = 6.0) -> list[Row]:
    """Split a narration into rows of at most ``row_s`` seconds, between words wherever a word would be cut.

    A short silence at the end makes no row of its own: the last row is then up to a quarter longer.

    Returns
    -------
    list of Row
        They follow each other without gap from the first sample to the last; each word is in exactly one.
    """
    span, total = int(row_s * audio.rate_hz), len(audio.samples)
    found: list[Row] = []
    start, left = 0, list(audio.words)
    while start < total:
        fits = [word for word in left if word.end <= start + span]
        end = min(start + span, total)
        if len(fits) < len(left) and left[len(fits)].start < end:
            # A word that is longer than a whole row is cut; any other goes to the next row.
            end = (fits[-1].end + left[len(fits)].start) // 2 if fits else end if left[0].start <= start else left[0].start
            fits = fits or [word for word in left if word.start < end and word.start <= start]
        if len(fits) == len(left) and total - end <= span // 4:
            end = total
        found.append(Row(start, end, tuple(fits)))
        start, left = end, left[len(fits) :]
    return found


def html(
    audio: AudioResult,
    sentences: Sequence[SentenceTiming] = (),
    cues: Sequence[Cue] = (),
    *,
    listen: bytes = b"",
    row_s: float = 6.0,
    language: str = "en",
    palette: Palette | None = None,
) -> str:
    """Return a narration as HTML.

    Parameters
    ----------
    audio : AudioResult
    sentences : sequence of SentenceTiming
        Drawn as brackets over the waveform.
    cues : sequence of Cue
        Drawn as bands under the words.
    listen : bytes
        The narration as M4A, to be played on the page (:func:`reelkit.media.preview.narration_copy`).
    row_s : float
        Seconds a row.
    language : str
        Of the words.
    palette : Palette, optional
    """
    drawing = _Drawing(audio, sentences, cues, int(row_s * audio.rate_hz), language)
    drawn = Markup().join(map(drawing.row, rows(audio, row_s=row_s)))
    counts = Counter(word.timed_by for word in audio.words)
    legend = each(
        '<li><svg class="rk-{}" width="26" height="12" aria-hidden="true"><path class="rk-under" d="M1 6H25"/></svg>{} ({})</li>',
        ((method, told, plural(counts[method], "word")) for method, told in _TIMED.items() if counts[method]),
    )
    player = (
        fill('<audio class="rk-audio" controls preload="metadata" aria-label="Narration" src="{}"></audio>', data_uri("audio/mp4", listen))
        if listen
        else Markup()
    )
    notes = [seconds(audio.duration_s), plural(len(audio.words), "word")]
    notes += [plural(len(sentences), "sentence")] if sentences else []
    notes += [plural(len(cues), "cue")] if cues else []
    guessed = sum(word.timed_by == "estimated" and any(map(str.isalnum, word.text)) for word in audio.words)
    warning = fill('<p class="rk-reason rk-guessed">{}</p>', _guessed(guessed)) if guessed else Markup()
    body = fill(
        '{}{}{}<ul class="rk-legend" aria-label="How words were timed">{}</ul>'
        '<div class="rk-scroll" tabindex="0" role="group" aria-label="Waveform with words">{}</div>{}',
        heading("Narration", *notes),
        player,
        warning,
        legend,
        drawn,
        _words(audio, language),
    )
    return card("timing", body, label="Narration", palette=palette)


def _guessed(count: int) -> str:
    are, times = ("is", "time is") if count == 1 else ("are", "times are")
    return f"{plural(count, 'word')} {are} placed by length: the {times} a guess. Look whether the captions keep up with the voice."


class _Drawing:
    """Draws rows, all at one scale (but a longer last one): ``span`` samples make a full one."""

    def __init__(self, audio: AudioResult, sentences: Sequence[SentenceTiming], cues: Sequence[Cue], span: int, language: str) -> None:
        self._audio, self._rate_hz = audio, audio.rate_hz
        self._sentences, self._cues = sentences, cues
        self._span, self._language = span, language
        self._peak = float(np.abs(audio.samples).max(initial=0.0)) or 1.0

    def row(self, row: Row) -> Markup:
        said = " ".join(word.text for word in row.words)
        marks = [
            self._ruler(row),
            *(self._bracket(number, sentence, row) for number, sentence in enumerate(self._sentences, 1) if _meets(sentence, row)),
            *(self._word(word, row) for word in row.words),
            fill('<path class="rk-wave" d="{}"/>', self._peaks(row)),
            *self._labels(row),
            *(self._band(number, cue, row) for number, cue in enumerate(self._cues, 1) if _meets(cue, row)),
        ]
        return fill(
            '<svg class="rk-row" viewBox="0 0 {} {}" role="img" lang="{}" aria-label="{} to {}: {}">{}</svg>',
            round(_LEFT + _WIDTH + _PAD),
            _HEIGHT,
            self._language,
            clock(row.start / self._rate_hz),
            clock(row.end / self._rate_hz),
            said or "no words",
            Markup().join(marks),
        )

    def _x(self, sample: int, row: Row) -> float:
        return _LEFT + (min(max(sample, row.start), row.end) - row.start) * _WIDTH / self._scale(row)

    def _scale(self, row: Row) -> int:
        return max(self._span, row.end - row.start)

    def _ruler(self, row: Row) -> Markup:
        half = self._rate_hz // 2
        ticks = [(at, self._x(at * half, row)) for at in range(-(-row.start // half), row.end // half + 1)]
        lines = "".join(f"M{x:.1f} {_RULER_Y}v5" if at % 2 == 0 else f"M{x:.1f} {_RULER_Y + 2}v3" for at, x in ticks)
        labels = each(
            '<text class="rk-tick" x="{:.1f}" y="{}">{}:{:02d}</text>',
            ((x + 3, _RULER_Y - 1, at // 120, at // 2 % 60) for at, x in ticks if at % 2 == 0),
        )
        base = f"M{_LEFT:.1f} {_RULER_Y + 5}H{self._x(row.end, row):.1f}"
        return fill('<path class="rk-line" d="{}"/>{}', lines + base, labels)

    def _bracket(self, number: int, sentence: SentenceTiming, row: Row) -> Markup:
        left, right = self._x(sentence.start, row), self._x(sentence.end, row)
        opens = f"M{left:.1f} {_SENTENCE_Y + 5}v-5" if sentence.start >= row.start else f"M{left:.1f} {_SENTENCE_Y}"
        closes = "v5" if sentence.end <= row.end else ""
        name = _small(left + 4, _SENTENCE_Y + 10, f"sentence {number}" if right - left > 70 else "")
        return fill('<path class="rk-bracket" d="{}"><title>{}</title></path>{}', f"{opens}H{right:.1f}{closes}", sentence.text, name)

    def _word(self, word: Word, row: Row) -> Markup:
        left, right = self._x(word.start, row), self._x(word.end, row)
        bottom = _WAVE_Y + _WAVE_H
        return fill(
            '<g class="rk-{}"><title>{}  {:.3f}-{:.3f} s</title><rect class="rk-word" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>'
            '<path class="rk-under" d="{}"/></g>',
            word.timed_by,
            word.text,
            word.start_s,
            word.end_s,
            left + 0.7,
            _WAVE_Y - _WAVE_H,
            max(right - left - 1.4, 0.5),
            2 * _WAVE_H,
            f"M{left + 0.8:.1f} {bottom + 1.5}H{max(right - 0.8, left + 1):.1f}",
        )

    def _peaks(self, row: Row) -> str:
        samples = self._audio.samples[row.start : row.end]
        count = max(round(len(samples) / self._scale(row) * _WIDTH / _COLUMN), 1)
        edges = np.linspace(0, len(samples), count, endpoint=False).astype(int)
        high = np.maximum(np.maximum.reduceat(samples, edges) / self._peak * _WAVE_H, 0.4)
        low = np.minimum(np.minimum.reduceat(samples, edges) / self._peak * _WAVE_H, -0.4)
        columns = zip(_WAVE_Y - high, _WAVE_Y - low, strict=True)
        return "".join(f"M{_LEFT + (n + 0.5) * _COLUMN:g} {top:.1f}V{bottom:.1f}" for n, (top, bottom) in enumerate(columns))

    def _labels(self, row: Row) -> Iterator[Markup]:
        free = [0.0, 0.0]
        for word in row.words:
            width = sum(_CHAR_PX.get(letter, 7.0) for letter in word.text)
            left = max(min(self._x(word.start, row), _LEFT + _WIDTH + _PAD - width), 0.0)
            level = 0 if free[0] <= left or free[0] <= free[1] else 1
            free[level] = left + width + 3
            yield fill('<text class="rk-label" x="{:.1f}" y="{}">{}</text>', left, _LABEL_Y + 13 * level, word.text)

    def _band(self, number: int, cue: Cue, row: Row) -> Markup:
        left, right = self._x(cue.start, row), self._x(cue.end, row)
        length_s = (cue.end - cue.start) / cue.rate_hz
        name = f"cue {number} · {length_s:.1f} s" if right - left > 84 else str(number) if right - left > 18 else ""
        return fill(
            '<g><title>{}  {}-{}</title><rect class="rk-cue" x="{:.1f}" y="{}" width="{:.1f}" height="{}" rx="4"/>{}</g>',
            cue.text,
            clock(cue.start / cue.rate_hz),
            clock(cue.end / cue.rate_hz),
            left + 0.75,
            _CUE_Y,
            max(right - left - 1.5, 1.0),
            _CUE_H,
            _small(left + 6, _CUE_Y + 12, name),
        )


def _small(x: float, y: float, text: str) -> Markup:
    return fill('<text class="rk-small" x="{:.1f}" y="{}">{}</text>', x, y, text) if text else Markup()


def _meets(value: SentenceTiming | Cue, row: Row) -> bool:
    return value.start < row.end and value.end > row.start


def _words(audio: AudioResult, language: str) -> Markup:
    listed = (
        fill(
            '<tr><th scope="row" lang="{}" dir="auto">{}</th><td class="rk-num">{:.3f} s</td>'
            '<td class="rk-num">{:.3f} s</td><td>{}</td></tr>',
            language,
            word.text,
            word.start_s,
            word.end_s,
            _TIMED[word.timed_by],
        )
        for word in audio.words
    )
    inside = table("Words and their times", ["Word", ("Start", "rk-num"), ("End", "rk-num"), "Timed by"], listed)
    return fill('<details class="rk-more"><summary>Every word with its time</summary>{}</details>', inside)
