"""Step 5: when what is said is shown, as sentences and as cues."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from reelkit.media.breaks import break_cost, closes_a_phrase
from reelkit.model import CaptionStyle, Cue, SentenceTiming, Word
from reelkit.steps.sentences import sentence_ends

__all__ = ["group_words_into_sentences", "split_cues"]

_PER_CUE = 5.0
_ALONE, _SHORT_ALONE = 9.0, 10.0
_STOP_PASSED = 3.0
"""A natural break that a cue runs over."""
_SHORT_CHARS = 12
"""A cue with fewer characters than this is read in less than the shortest time a cue should stand (5/6 s at 15 characters a second)."""


def group_words_into_sentences(words: Sequence[Word]) -> list[SentenceTiming]:
    """Return the sentences that the words of a narration make.

    Parameters
    ----------
    words : sequence of Word
        In order, not overlapping.

    Returns
    -------
    list of SentenceTiming
        Every word in exactly one of them, in order. Empty for no words.

    Examples
    --------
    >>> def word(text, at): return Word(text=text, start=at, end=at + 10, rate_hz=100, timed_by="durations")
    >>> group_words_into_sentences([word("Hello.", 0), word("It's", 20), word("me.", 40)])
    [<SentenceTiming 'Hello.' 0.000-0.100 s>, <SentenceTiming "It's me." 0.200-0.500 s>]
    """
    ends = sentence_ends([word.text for word in words])
    return [SentenceTiming(words=tuple(words[start:end])) for start, end in zip([0, *ends], ends, strict=False)]


def split_cues(
    sentences: Sequence[SentenceTiming],
    style: CaptionStyle,
    *,
    until: int | None = None,
    breaks: Mapping[str, Sequence[int]] | None = None,
) -> list[Cue]:
    """Split sentences into the words that stand on screen together.

    No cue crosses a sentence's end, has more than ``style.max_words`` words, or needs more lines than the style allows; a word
    longer than a line stands alone. Among all such partitions the one of least cost is taken (dynamic programming): breaks at
    punctuation and before clauses and phrases, numbers with their units, names whole, no short word alone.

    A cue begins with its first word. It lasts until its last word has ended and ``linger_ms`` more, at least ``min_cue_ms``,
    and in any case no longer than until the next one begins; a gap shorter than ``linger_ms`` is closed, as it would only flicker.

    Parameters
    ----------
    sentences : sequence of SentenceTiming
    style : CaptionStyle
    until : int, optional
        The sample at which the audio ends; no cue stands longer.
    breaks : mapping of str to sequence of int, optional
        For sentences, by their text, that are cut otherwise: the numbers of the words that begin a cue, after the first.

    Returns
    -------
    list of Cue
        Not overlapping; every word in exactly one of them. Which words share a cue depends on the text alone, not on the pace.

    Notes
    -----
    Figures are those of NORMS.md, "Captions": three to four words, 20 characters a line, two lines, 5/6 s, 150 ms.
    """
    groups = [group for sentence in sentences for group in _groups(sentence, style, breaks or {})]
    cues: list[Cue] = []
    for index, group in enumerate(groups):
        rate = group[0].rate_hz
        linger = style.linger_ms * rate // 1000
        end = max(group[-1].end + linger, group[0].start + style.min_cue_ms * rate // 1000)
        if index + 1 < len(groups):
            following = groups[index + 1][0].start
            end = following if following - end < linger else end
        elif until is not None:
            end = max(group[-1].end, min(end, until))
        cues.append(Cue(words=tuple(group), start=group[0].start, end=end))
    return cues


def _groups(sentence: SentenceTiming, style: CaptionStyle, breaks: Mapping[str, Sequence[int]]) -> list[Sequence[Word]]:
    words = sentence.words
    if sentence.text not in breaks:
        return _partition(words, style)
    cuts = [0, *sorted({at for at in breaks[sentence.text] if 0 < at < len(words)}), len(words)]
    return [words[start:end] for start, end in itertools.pairwise(cuts)]


def _partition(words: Sequence[Word], style: CaptionStyle) -> list[Sequence[Word]]:
    """Cut a sentence into cues at the least cost."""
    texts = [word.text for word in words]
    breaks = [0.0, *(break_cost(texts, index) for index in range(1, len(texts))), 0.0]
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(texts) + 1):
        found: list[tuple[float, int]] = []
        for start in range(end - 1, max(end - style.max_words, 0) - 1, -1):
            if end - start > 1 and not _fits(texts[start:end], style):
                break
            cost = _cue_cost(texts[start:end], style) + breaks[end]
            cost += _STOP_PASSED * sum(map(closes_a_phrase, texts[start : end - 1]))
            found.append((best[start][0] + cost, start))
        best.append(min(found))
    cuts = [len(texts)]
    while cuts[-1]:
        cuts.append(best[cuts[-1]][1])
    cuts.reverse()
    return [words[start:end] for start, end in itertools.pairwise(cuts)]


def _fits(texts: Sequence[str], style: CaptionStyle) -> bool:
    lines, room = 1, style.max_chars_per_line
    for text in texts:
        if len(text) > style.max_chars_per_line:
            return False
        if len(text) > room:
            lines, room = lines + 1, style.max_chars_per_line
        room -= len(text) + 1
    return lines <= style.max_lines


def _cue_cost(texts: Sequence[str], style: CaptionStyle) -> float:
    chars = sum(map(len, texts)) + len(texts) - 1
    cost = _PER_CUE + 0.35 * max(0, _SHORT_CHARS - chars)
    if len(texts) == 1 and style.max_words > 1:
        cost += _ALONE if len(texts[0]) > 5 else _ALONE + _SHORT_ALONE
    return cost
