"""A narration on a ruler, to hear and to edit: word edges and cue breaks are moved, what follows from them is made anew."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from reelkit.edits import Edits, parted, shortest_word, word_keys
from reelkit.model import AudioResult, Cue, Palette, SentenceTiming, Word, numbered
from reelkit.views import timing_view
from reelkit.views.live import LiveView
from reelkit.views.markup import plural, seconds

__all__ = ["TimingView", "sound_edges"]

_PEAKS_PER_S = 100
_EDGE_MS = 10
_HEARD = 0.03
"""The share of a narration's loudest moment under which nobody speaks."""

Kept = tuple[dict[str, tuple[int, int]], dict[str, tuple[int, ...]]]


def sound_edges(audio: AudioResult) -> list[int]:
    """Return the samples at which sound begins or ends, to within 10 ms: where edges of words snap to."""
    window = max(audio.rate_hz * _EDGE_MS // 1000, 1)
    count = len(audio.samples) // window
    if not count:
        return []
    levels = np.abs(audio.samples[: count * window]).reshape(count, window).max(axis=1)
    heard = levels > _HEARD * float(levels.max())
    return [int(place + 1) * window for place in np.flatnonzero(heard[1:] != heard[:-1])]


class TimingView(LiveView):
    """Plays a narration from any word, and moves words and cue breaks; what is moved is kept at once.

    Numbers count what the ruler shows: words, and of a word of a script without spaces the phrases that its cues are made of. Where phrases
    of a word meet is a share of the word's time and cannot be moved.

    Parameters
    ----------
    audio : AudioResult
        As it was spoken.
    sentences : sequence of SentenceTiming
    cues : sequence of Cue
        Used where ``recue`` is not given.
    edits : Edits
        To begin with.
    keep : callable, optional
        Called with ``words=`` or ``breaks=``: the edits to keep.
    recue : callable, optional
        Returns the cues of sentences, given ``breaks=``.
    listen : bytes
        The narration as M4A.
    language : str
    palette : Palette, optional
    """

    def __init__(
        self,
        audio: AudioResult,
        sentences: Sequence[SentenceTiming] = (),
        cues: Sequence[Cue] = (),
        *,
        edits: Edits | None = None,
        keep: Callable[..., object] | None = None,
        recue: Callable[..., Sequence[Cue]] | None = None,
        listen: Callable[[], bytes] = lambda: b"",
        language: str = "en",
        palette: Palette | None = None,
    ) -> None:
        super().__init__("narration", self._static, repr(audio), palette=palette, module="timing")
        self._spoken, self._grouped, self._cues = audio, tuple(sentences), tuple(cues)
        self._keep, self._recue, self._listen = keep, recue, listen
        self._language, self._palette = language, palette
        begun = edits or Edits()
        self._words, self._other_words = parted(begun.words, word_keys(audio.words))
        self._keys = numbered(sentence.text for sentence in self._grouped)
        self._breaks, self._other_breaks = parted(begun.breaks, self._keys)
        self._before: list[Kept] = []

    @property
    def audio(self) -> AudioResult:
        """The narration with its words where they were moved."""
        return Edits(words=self._words).narration(self._spoken)

    @property
    def sentences(self) -> tuple[SentenceTiming, ...]:
        """The sentences with their words where they were moved."""
        words = list(self.audio.words)
        found, at = [], 0
        for sentence in self._grouped:
            found.append(SentenceTiming(words=tuple(words[at : at + len(sentence.words)])))
            at += len(sentence.words)
        return tuple(found)

    @property
    def cues(self) -> tuple[Cue, ...]:
        """The cues, broken where breaks were moved."""
        return self._cues if self._recue is None else tuple(self._recue(self.sentences, breaks=self._breaks))

    # --- what a person does -------------------------------------------------------------------------------------------

    def move(self, index: int, start: int, end: int) -> None:
        """Move a word's edges to other samples, as far as there is room: neighbours stay, none is run over, and the word lasts."""
        pieces, words, shortest = self._pieces(self.cues), self.audio.words, shortest_word(self._spoken.rate_hz)
        number = pieces[index][0]
        now, own = words[number], [place for place, (of, _) in enumerate(pieces) if of == number]
        low = words[number - 1].end if number else 0
        high = words[number + 1].start if number + 1 < len(words) else len(self._spoken.samples)
        start, end = (start if index == own[0] else now.start), (end if index == own[-1] else now.end)
        if start != now.start:
            start = max(min(start, min(end, high) - shortest), low)
        if end != now.end:
            end = min(max(end, start + shortest), high)
        word, key = self._spoken.words[number], word_keys(self._spoken.words)[number]
        moved = {name: by for name, by in self._words.items() if name != key}
        if (start, end) != (word.start, word.end):
            moved[key] = (start - word.start, end - word.end)
        self._become(moved, self._breaks)

    def toggle_break(self, index: int) -> None:
        """Begin a cue with a word, or join it to the one before; a sentence's first word always begins one."""
        self._rebreak(index, lambda starts, place: starts ^ {place})

    def shift_break(self, index: int, to: int) -> None:
        """Have a cue begin with another word of its sentence."""
        self._rebreak(index, lambda starts, place: (starts - {place}) | {place + to - index})

    def undo(self) -> None:
        """Take the last change back."""
        if self._before:
            self._put(self._before.pop())

    def _rebreak(self, index: int, change: Callable[[set[int], int], set[int]]) -> None:
        cues = self.cues
        sentences = self._sentences(self._pieces(cues))
        number = sentences[index]
        first, length, key = sentences.index(number), sentences.count(number), self._keys[number]
        starts = {place - first for place in self._begins(cues) if first < place < first + length}
        wanted = {place for place in change(starts, index - first) if 0 < place < length}
        self._become(self._words, {**self._breaks, key: tuple(sorted(wanted))})

    def _become(self, words: dict[str, tuple[int, int]], breaks: dict[str, tuple[int, ...]]) -> None:
        if (words, breaks) != (self._words, self._breaks):
            self._before.append((self._words, self._breaks))
            self._put((words, breaks))

    def _put(self, kept: Kept) -> None:
        self._words, self._breaks = kept
        if self._keep is not None:
            # What was moved in another take of the reel is none of this one's, and stays.
            self._keep(words={**self._other_words, **self._words}, breaks={**self._other_breaks, **self._breaks})
        if "widget" in self.__dict__:
            with self.widget.hold_sync():
                for name, value in self._state().items():
                    setattr(self.widget, name, value)

    # --- how it is shown ----------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return what the widget begins with."""
        return {**self._state(), "peaks": self._peaks(), "snaps": sound_edges(self._spoken)}

    def heard(self, widget: Any, message: dict[str, Any], buffers: list[Any]) -> None:
        """Answer a message of the browser's."""
        match message:
            case {"ready": _}:
                widget.send({"sound": True}, buffers=[self._listen()])
            case {"move": index, "start": start, "end": end}:
                self.move(int(index), int(start), int(end))
            case {"break": index}:
                self.toggle_break(int(index))
            case {"shift": [index, to]}:
                self.shift_break(int(index), int(to))
            case {"undo": _}:
                self.undo()
            case {"reset": _}:
                self._become({}, {})

    def _state(self) -> dict[str, Any]:
        audio, cues = self.audio, self.cues
        begins, pieces = self._begins(cues), self._pieces(cues)
        sentences = self._sentences(pieces)
        opens = [sentences.index(sentence) for sentence in sentences]
        moved = [(now.start, now.end) != (was.start, was.end) for now, was in zip(audio.words, self._spoken.words, strict=True)]
        words = [
            {
                "text": word.text,
                "start": word.start,
                "end": word.end,
                "by": "edited" if moved[number] else word.timed_by,
                "joined": word.joined,
                "begins": place in begins,
                "opens": bool(self._grouped) and opens[place] == place,
                "sentence": opens[place],
            }
            for place, (number, word) in enumerate(pieces)
        ]
        return {"words": words, "cues": [[cue.start, cue.end, cue.text] for cue in cues], "facts": self._facts()}

    def _facts(self) -> dict[str, Any]:
        audio = self._spoken
        told = [plural(len(self._words), "word") + " moved"] if self._words else []
        told += [plural(len(self._breaks), "sentence") + " broken otherwise"] if self._breaks else []
        return {
            "rate": audio.rate_hz,
            "samples": len(audio.samples),
            "language": self._language,
            "notes": [seconds(audio.duration_s), plural(len(audio.words), "word"), plural(len(self._grouped), "sentence")],
            "methods": [*dict.fromkeys(word.timed_by for word in audio.words), "edited"],
            "can_break": self._recue is not None,
            "undo": bool(self._before),
            "edited": bool(self._words or self._breaks),
            "said": f"{', '.join(told)}; run the cells below to make what depends on it." if told else "",
        }

    def _begins(self, cues: Sequence[Cue] | None = None) -> set[int]:
        """Return the numbers of the words that begin a cue."""
        at, found = 0, set()
        for cue in self.cues if cues is None else cues:
            found.add(at)
            at += len(cue.words)
        return found

    def _pieces(self, cues: Sequence[Cue]) -> list[tuple[int, Word]]:
        """Return what is shown, each with the number of the spoken word that it is, or is a phrase of."""
        shown = [word for cue in cues for word in cue.words]
        own = [[word] for word in self.audio.words]
        starts = [place for place, word in enumerate(shown) if not word.joined]
        if len(starts) == len(own):
            phrases = [shown[start:end] for start, end in pairwise([*starts, len(shown)])]
            own = [found if len(found) > 1 else word for found, word in zip(phrases, own, strict=True)]
        return [(number, word) for number, words in enumerate(own) for word in words]

    def _sentences(self, pieces: Sequence[tuple[int, Word]]) -> list[int]:
        """Return for each thing shown the number of its sentence."""
        ends = list(accumulate(len(sentence.words) for sentence in self._grouped))
        return [bisect_right(ends, number) for number, _ in pieces]

    def _peaks(self) -> list[int]:
        samples = np.abs(self._spoken.samples)
        edges = np.linspace(0, len(samples), max(round(self._spoken.duration_s * _PEAKS_PER_S), 1), endpoint=False).astype(int)
        high = np.maximum.reduceat(samples, edges) if len(samples) else np.zeros(1)
        return [round(100 * float(peak)) for peak in high / (float(high.max()) or 1.0)]

    def _static(self) -> str:
        return timing_view.html(
            self.audio, self.sentences, self.cues, listen=self._listen(), language=self._language, palette=self._palette
        )
