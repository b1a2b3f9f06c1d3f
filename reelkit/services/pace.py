"""How long a script takes to say, before it is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from reelkit.model import ScriptRequest

__all__ = ["Pace", "SecondsOf", "SentenceEnds"]

SecondsOf = Callable[[str], float]
"""Spoken length of one sentence in seconds, without the pauses around it."""
SentenceEnds = Callable[[Sequence[str]], list[int]]
"""For each sentence of some words, the index after its last word."""


class Pace:
    """A voice's pace with the pauses that a brand sets; every sentence is measured once.

    Parameters
    ----------
    seconds_of : callable
        Spoken length in seconds of one sentence.
    sentence_ends : callable
        Where sentences end among words: the rule by which the voice pauses.

    Examples
    --------
    >>> pace = Pace(lambda text: len(text) / 10, lambda words: [len(words)])
    >>> pace.script_s(["Ten chars."], ScriptRequest(brand_name="N", slug="n", topic_seed=1, length_s=30, tail_ms=500))
    1.5
    """

    def __init__(self, seconds_of: SecondsOf, sentence_ends: SentenceEnds) -> None:
        self._seconds_of = seconds_of
        self._sentence_ends = sentence_ends
        self._measured: dict[str, float] = {}

    def sentences(self, text: str) -> list[str]:
        """Return the sentences of a text, in order, with the spaces that it has."""
        pieces = re.split(r"(\s+)", text.strip())
        ends = self._sentence_ends(text.split())
        return ["".join(pieces[2 * start : 2 * end - 1]) for start, end in zip([0, *ends], ends, strict=False)]

    def scene_s(self, text: str, request: ScriptRequest) -> float:
        """Return the seconds that a scene takes, with the pauses between its sentences and without the one after it."""
        sentences = self.sentences(text)
        spoken = sum(self._sentence_s(sentence) for sentence in sentences)
        return spoken + max(len(sentences) - 1, 0) * request.sentence_pause_ms / 1000

    def script_s(self, scenes: Iterable[str], request: ScriptRequest) -> float:
        """Return the seconds that the whole narration takes: its scenes, the pauses between them and the tail."""
        lengths = [self.scene_s(text, request) for text in scenes]
        return sum(lengths) + max(len(lengths) - 1, 0) * request.scene_pause_ms / 1000 + request.tail_ms / 1000

    def _sentence_s(self, sentence: str) -> float:
        if sentence not in self._measured:
            self._measured[sentence] = self._seconds_of(" ".join(sentence.split()))
        return self._measured[sentence]
