"""Recorded voice-over: the user's own recording of a script, with each word found in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from reelkit.errors import AudioError, VoiceError
from reelkit.model import AudioResult, Cache, Doubt, content_key
from reelkit.services.alignment import (
    Heard,
    aligner_version,
    can_align,
    hear_words,
    in_dictionary,
    place_words,
    refuse_without_aligner,
    unheard_sentences,
)
from reelkit.services.kept_speech import SpokenBreath, kept_speech
from reelkit.services.misreadings import Misreading, find_misreadings
from reelkit.services.moonshine import can_recognise, recogniser_version
from reelkit.services.word_spans import Piece, Span, meet_the_sound, spans_of, with_silent
from reelkit.whole import sha256_of

__all__ = ["ReadAudio", "RecordedVoice", "place_sentences"]

_LAYOUT = 3
"""Part of the key of kept speech: raise it when the same recording would be timed in another way."""
_OTHER_FIT = -55.0
_OTHER_FITS = ((0.15, -50.0), (0.09, -60.0), (0.05, -75.0))
_WEAK_FITS = ((0.15, -50.0), (0.05, -95.0))
"""How ill a word that lasts so many seconds must fit to be another one: the shorter, the less a fit tells, and those that are slurred when
others are stressed may lie at -72. Other words that are said lie at -49 and above from 50 ms on, at -40 from 150 ms on, and anywhere under
50 ms (``python -m benchmarks.swapped_words``)."""
_WEAK_LISTED = """
    a an the and or of to at for from as than that them him her his he we she you your it its is are was were be been am have has had do
    does did can could will would shall should must some just but us me my in on not so"""
_WEAK = frozenset(_WEAK_LISTED.split())
_LOUDEST = 0.7
_MARKS = ",.;:!?\"“”'()—…-"
_DOUBTS = TypeAdapter(tuple[Doubt, ...])
_UNSCRIPTED_S, _UNREAD_S = 0.6, 4.0
_NARROW_HZ, _NARROW = 4200.0, 1e-4
"""A telephone's sound has less than this share of its power above that frequency: speech has a hundred times as much there."""
_AT_PEAK, _CLIPPED = 0.99, 5e-4
"""Clipped sound has more than this share of its samples at its peak."""
_POOR_FIT = -100.0
"""How ill a word must fit such sound to be another one: right ones lie at -81 and above, other ones mostly under -105."""
_BLOCK = 4096
_WORD_S = 0.05
"""Nobody says a word in less."""
_QUOTED, _FEW = 5, 3
_BESIDE = 2
"""Words on either side of one that fits ill, which the recogniser must hear."""

ReadAudio = Callable[[Path], tuple[NDArray[np.float32], int]]
"""Reads a sound file as mono samples and their rate in Hz."""


class RecordedVoice:
    """A recording as the voice of a reel; it fits :class:`reelkit.steps.voice.Narrator`.

    Parameters
    ----------
    path : Path
        WAV, MP3, M4A and what else can be read.
    read : callable
        Reads a sound file.
    cache : Cache
        Keeps where the words lie (room "speech").
    pace : callable
        How long a sentence takes to say, by the built-in voice or a guess: of a recording nobody knows before it is heard.
    word_by_word : bool, optional
        Whether a recogniser hears English words too, and each is held against the script; by default where one is installed.

    Raises
    ------
    VoiceError
        When there is no such file.
    """

    def __init__(
        self, path: Path, *, read: ReadAudio, cache: Cache, pace: Callable[[str], float], word_by_word: bool | None = None
    ) -> None:
        if not path.is_file():
            raise VoiceError(f"voice.recording is {path}, but there is no such file; give the path of a WAV, MP3 or M4A file")
        self.path = path
        self._read, self._cache, self._pace = read, cache, pace
        self._word_by_word = can_recognise() if word_by_word is None else word_by_word

    def refuse(self, language: str) -> None:
        """Raise where words of a language could not be timed.

        Raises
        ------
        VoiceError
            With what to install.
        """
        if can_align(language):
            refuse_without_aligner()

    def seconds_of(self, text: str, *, speed: float = 1.0) -> float:
        """Return about how long a sentence takes to say, in seconds, at whatever ``speed``: a recording keeps its own."""
        return self._pace(text)

    def narrate(self, sentences: Sequence[str], *, language: str) -> AudioResult:
        """Return the recording with the words of a script, whose sentences it says in their order.

        English words are found by alignment. Those of other languages are placed by their lengths within the parts that are heard, a
        sentence ending at the pause that lies nearest, and marked as estimated.

        Raises
        ------
        VoiceError
            When the recording cannot be read, is silent, or says something else than the script: with the place. Where that is in
            doubt, as it is of a word or two where the sound is clipped or a telephone's, the place stands among the doubts of what is
            returned.
        """
        self.refuse(language)
        words = " ".join(sentences).split()
        # Words that are found by listening lie where they lie; those that are placed, where their sentences end.
        text = (" " if can_align(language) else "\n").join(" ".join(sentence.split()) for sentence in sentences)
        key = content_key("recorded", _LAYOUT, sound=sha256_of(self.path), times=aligner_version(language), language=language, text=text)
        (heard,) = kept_speech(self._cache, key, words, lambda: [self._timed(sentences, words, language)])
        listened = can_align(language) and (self._word_by_word or _is_poor(heard.samples, heard.rate_hz))
        return replace(heard, doubts=self._doubts(heard, key)) if listened else heard

    def _doubts(self, heard: AudioResult, key: str) -> tuple[Doubt, ...]:
        """Return where the recording should be listened to."""
        at = content_key("doubts", _LAYOUT, speech=key, recogniser=recogniser_version() if self._word_by_word else None)
        kept = self._cache.file("speech", at, ".json", lambda path: path.write_bytes(_DOUBTS.dump_json(self._listened_to(heard))))
        return _DOUBTS.validate_json(kept.read_bytes())

    def _listened_to(self, heard: AudioResult) -> tuple[Doubt, ...]:
        words, spans = [word.text for word in heard.words], [(word.start, word.end) for word in heard.words]
        loud = _as_loud(heard.samples)
        found = find_misreadings(loud, heard.rate_hz, words, spans=spans) if self._word_by_word else []
        if wrong := [one for one in found if one.sure]:
            raise VoiceError(self._what_is_said(wrong, words, [start / heard.rate_hz for start, _ in spans]))
        doubts = [Doubt(start=one.start, stop=one.stop, heard=one.heard) for one in found]
        known = {at for one in found for at in range(one.start, one.stop)}
        for run in _unfitting(hear_words(loud, heard.rate_hz, words, closely=True), words, heard.rate_hz):
            owners = {owner for one in run for owner, _ in one.owners}
            if owners and not owners & known:
                low, high = min(owners), max(owners) + 1
                doubts.append(Doubt(start=low, stop=high, heard=" ".join(words[low:high])))
        return tuple(sorted(doubts, key=lambda doubt: doubt.start))

    def _what_is_said(self, wrong: Sequence[Misreading], words: Sequence[str], starts_s: Sequence[float]) -> str:
        """Return a line for words that the recording says otherwise."""
        told = []
        for one in wrong[:_QUOTED]:
            script, number = " ".join(words[one.start : one.stop]).strip(_MARKS), one.start + 1
            at = f"at {starts_s[min(one.start, len(words) - 1)]:.1f} s"
            if not script:
                behind = f"after '{words[one.start - 1]}' (word {one.start})" if one.start else "before the first word"
                told.append(f"says {_shortly(one.heard)} {at}, {behind}, which is not in the script")
            elif one.heard:
                told.append(f"says {_shortly(one.heard)} {at}, where the script has {_shortly(script)} (word {number})")
            else:
                told.append(f"leaves out {_shortly(script)} (word {number}) {at}")
        more = f"; and {len(wrong) - _QUOTED} more" if len(wrong) > _QUOTED else ""
        return f"voice.recording: {self.path.name} {'; '.join(told)}{more}; make the two agree"

    def _timed(self, sentences: Sequence[str], words: Sequence[str], language: str) -> SpokenBreath:
        try:
            samples, rate_hz = self._read(self.path)
        except AudioError as error:
            raise VoiceError(f"voice.recording: {error}") from None
        loudest = float(np.abs(samples).max(initial=0.0))
        if loudest < 1e-4:
            raise VoiceError(f"voice.recording: {self.path.name} is silent; record it again")
        if not can_align(language):
            heard_s = sum(end - start for start, end in _heard_parts(samples, rate_hz)) / rate_hz
            if heard_s < _WORD_S * len(words):
                raise VoiceError(
                    f"voice.recording: {self.path.name} has {heard_s:.1f} s of sound, too short for the {len(words)} words of the script; "
                    "record all of it, or give the script that it reads"
                )
            return samples, rate_hz, place_sentences(samples, rate_hz, sentences)
        heard = hear_words(_as_loud(samples), rate_hz, words, closely=True)
        if not heard:
            raise VoiceError(self._what_is_missing(samples, rate_hz, sentences))
        spans = meet_the_sound(spans_of((Piece(*run[:3]) for run in heard if run.owners), "alignment"), samples, rate_hz)
        whole = with_silent(spans, range(len(words)), len(samples), rate_hz)
        unfit = list(_unfitting(heard, words, rate_hz))
        found = (
            find_misreadings(_as_loud(samples), rate_hz, words, spans=[span[:2] for span in whole]) if unfit and self._word_by_word else []
        )
        if self._word_by_word:
            unfit = [run for run in unfit if not _is_alone(run, found, words, rate_hz)]
        if unfit and _is_poor(samples, rate_hz):
            # Of such sound the fit of a word or two tells little: it is left in doubt.
            unfit = [run for run in unfit if (run[-1].end - run[0].start) / rate_hz >= _UNSCRIPTED_S or min(o.fit for o in run) < _POOR_FIT]
        if unfit:
            wrong = [one for one in found if one.sure]
            if 0 < len(wrong) <= _FEW:
                line = self._what_is_said(wrong, words, [span[0] / rate_hz for span in whole])
            else:
                line = self._stranger(unfit[0], heard, words, rate_hz)
            raise VoiceError(self._what_is_missing(samples, rate_hz, sentences, otherwise=line))
        return samples, rate_hz, whole

    def _what_is_missing(self, samples: NDArray[np.float32], rate_hz: int, sentences: Sequence[str], *, otherwise: str = "") -> str:
        unheard = unheard_sentences(samples, rate_hz, sentences)
        where = f"{self.path.name} ({len(samples) / rate_hz:.1f} s)"
        if not unheard or len(unheard) == len(sentences):
            if otherwise:
                return otherwise
            begins = _shortly(sentences[0])
            return f"voice.recording: nothing in {where} follows the script, which begins with {begins}; give the script that it reads"
        first = unheard[0]
        more = f" (and {len(unheard) - 1} more)" if len(unheard) > 1 else ""
        after = f" after {_shortly(sentences[first - 1])}" if first else ""
        return (
            f"voice.recording: {where} does not say sentence {first + 1} of the script{after}: {_shortly(sentences[first])}{more}; "
            "record it, or take it out of the script"
        )

    def _stranger(self, run: Sequence[Heard], heard: Sequence[Heard], words: Sequence[str], rate_hz: int) -> str:
        """Return a line for a place where the recording says something else."""
        first, last = run[0], run[-1]
        owners = [owner for one in run for owner, _ in one.owners]
        at = f"at {first.start / rate_hz:.1f} to {last.end / rate_hz:.1f} s"
        if owners:
            low, high = min(owners), max(owners) + 1
            should = " ".join(words[max(0, low - 2) : min(high, low + _QUOTED) + 2])
            return (
                f"voice.recording: {self.path.name} says something else than the script {at}, where the script has '{should}' "
                f"(word {low + 1}); make the two agree{self._second_opinion(words[low:high])}"
            )
        before = [one.owners[-1][0] for one in heard if one.owners and one.end <= first.start]
        behind = f"after '{' '.join(words[max(0, before[-1] - _QUOTED + 1) : before[-1] + 1])}'" if before else "before its first word"
        return f"voice.recording: {self.path.name} says something that is not in the script {at}, {behind}; make the two agree"

    def _second_opinion(self, words: Sequence[str]) -> str:
        """Return what else may be done where words are doubted that pocketsphinx does not know."""
        if self._word_by_word or in_dictionary(words):
            return ""
        return " or, as PocketSphinx may not know such words, have them heard by a recogniser too: pip install 'reelkit[recorded]'"

    def __repr__(self) -> str:
        return f"<RecordedVoice {self.path.name}>"


def _as_loud(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a recording at one loudness for those who listen to it, however softly it was spoken."""
    return samples * np.float32(_LOUDEST / np.abs(samples).max())


def _is_poor(samples: NDArray[np.float32], rate_hz: int) -> bool:
    """Return whether a recording is clipped, or has no more than a telephone's frequencies."""
    if np.mean(np.abs(samples) >= _AT_PEAK * np.abs(samples).max()) > _CLIPPED:
        return True
    blocks = samples[: len(samples) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    power = np.square(np.abs(np.fft.rfft(blocks, axis=1)), dtype=np.float64).sum(axis=0)
    return bool(power[np.fft.rfftfreq(_BLOCK, 1 / rate_hz) > _NARROW_HZ].sum() < _NARROW * power.sum())


def place_sentences(samples: NDArray[np.float32], rate_hz: int, sentences: Sequence[str]) -> list[Span]:
    """Return when the words of sentences are said by a guess: what is heard is shared out by letters, sentences end at pauses.

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n,)]
        At least 50 ms of it sound for each word.
    rate_hz : int
    sentences : sequence of str

    Returns
    -------
    list of Span
        One for each word, in samples, in order and not overlapping.
    """
    parts = _heard_parts(samples, rate_hz)
    edges = [0, *accumulate(end - start for start, end in parts)]
    total, letters = edges[-1], [len(sentence) + 1 for sentence in sentences]
    wished = [total * count / sum(letters) for count in accumulate(letters)]
    room = total / len(sentences) / 2
    least = [_WORD_S * rate_hz * len(sentence.split()) for sentence in sentences]
    left, ends = sum(least), [0.0]
    for wish, own in zip(wished[:-1], least, strict=False):
        left -= own
        # Each sentence has its least, and leaves theirs to those behind it.
        first, last = ends[-1] + own, total - left
        pauses = [edge for edge in edges[1:-1] if abs(edge - wish) <= room and first <= edge <= last]
        ends.append(min(pauses, key=lambda edge: abs(edge - wish)) if pauses else min(max(wish, first), last))
    spans: list[Span] = []
    for sentence, at, end in zip(sentences, ends, [*ends[1:], total], strict=True):
        start, stop = _where(at, parts, edges, opens=True), _where(end, parts, edges, opens=False)
        placed = place_words(np.ones(stop - start, np.float32), rate_hz, sentence.split())
        spans += [(start + first, start + last, by) for first, last, by in placed]
    return spans


def _heard_parts(samples: NDArray[np.float32], rate_hz: int) -> list[tuple[int, int]]:
    """Return the stretches that sound, in samples: pauses of 200 ms and more part them."""
    frame = rate_hz // 100
    power = np.square(samples[: len(samples) // frame * frame].reshape(-1, frame), dtype=np.float64).mean(axis=1)
    loud = np.flatnonzero(power > power.max(initial=0.0) * 10**-4)
    if not len(loud):
        return [(0, len(samples))]
    cuts = np.flatnonzero(np.diff(loud) > 20)
    starts, ends = loud[[0, *(cuts + 1).tolist()]], loud[[*cuts.tolist(), len(loud) - 1]] + 1
    return [(int(start) * frame, int(end) * frame) for start, end in zip(starts, ends, strict=True)]


def _where(heard: float, parts: Sequence[tuple[int, int]], edges: Sequence[int], *, opens: bool) -> int:
    """Return the sample at which so many samples have sounded; at a pause its end where something opens there, else its start."""
    for (start, _), before, after in zip(parts, edges, edges[1:], strict=False):
        if heard < after or (heard == after and not opens) or after == edges[-1]:
            return int(start + min(heard, after) - before)
    raise AssertionError("what is heard ends with its last part")


def _unfitting(heard: Sequence[Heard], words: Sequence[str], rate_hz: int) -> Iterator[list[Heard]]:
    """Yield the runs of sound that do not fit what the script has there."""
    runs = [list(group) for unfit, group in groupby(heard, key=lambda one: one.fit < _OTHER_FIT or _is_another(one, rate_hz)) if unfit]
    for run in runs:
        at = heard.index(run[0])
        near = [one for one in heard[max(0, at - 1) : at + len(run) + 1] if one.owners]
        seconds = (run[-1].end - run[0].start) / rate_hz
        # Figures and abbreviations are read in many ways, which pocketsphinx is not told.
        if not all(_is_plain(one, words) for one in near):
            if seconds >= _UNREAD_S:
                yield run
        elif seconds >= _UNSCRIPTED_S or any(_is_another(one, rate_hz) for one in run):
            yield run


def _is_alone(run: Sequence[Heard], found: Sequence[Misreading], words: Sequence[str], rate_hz: int) -> bool:
    """Say whether pocketsphinx is alone in doubting a word or two: the recogniser hears the plain words there and beside them."""
    owners = [owner for one in run for owner, _ in one.owners]
    if not owners or (run[-1].end - run[0].start) / rate_hz >= _UNSCRIPTED_S:
        return False
    near = range(max(0, min(owners) - _BESIDE), min(len(words), max(owners) + 1 + _BESIDE))
    plain = [at for at in near if not _is_name(words, at)]
    return bool(plain) and not any(_denies(one, at, words) for one in found for at in plain)


def _denies(one: Misreading, at: int, words: Sequence[str]) -> bool:
    """Say whether the recogniser hears another plain word; of "in a kyusu" it may make "an acusum", as it does not know the name."""
    span = range(one.start, max(one.stop, one.start + 1))
    slurred = words[at].lower() in _WEAK and any(_is_name(words, other) for other in span)
    return at in span and not slurred


def _is_name(words: Sequence[str], at: int) -> bool:
    """Say whether a word is written as a name is, or is one that pocketsphinx does not know: either may be said in many ways."""
    begins = at == 0 or words[at - 1].rstrip("\"”’')").endswith((".", "!", "?", ":", "…"))
    return not in_dictionary([words[at]]) or (not begins and words[at].strip(_MARKS)[:1].isupper() and words[at].strip(_MARKS) != "I")


def _is_another(one: Heard, rate_hz: int) -> bool:
    """Say whether a word is so unlike its sound that another was said."""
    seconds = (one.end - one.start) / rate_hz
    limits = _WEAK_FITS if one.said in _WEAK or "'" in one.said else _OTHER_FITS
    limit = next((fit for least_s, fit in limits if seconds >= least_s), None)
    return bool(one.owners) and limit is not None and one.fit < limit


def _is_plain(one: Heard, words: Sequence[str]) -> bool:
    """Say whether a word is said as it is written."""
    return len(one.owners) == 1 and one.said == words[one.owners[0][0]].lower().replace("’", "'").strip(_MARKS)


def _shortly(sentence: str) -> str:
    return f"'{sentence if len(sentence) <= 50 else sentence[:49] + '…'}'"
