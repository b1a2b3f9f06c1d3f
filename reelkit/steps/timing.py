"""Step 5: when what is said is shown, as sentences and as cues."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from reelkit.media.breaks import WHOLE, break_cost, closes_a_phrase, leans
from reelkit.media.caption_layout import SHORT_SHARE, letters_a_line
from reelkit.media.phrases import as_words, columns, language_of, phrases
from reelkit.model import CaptionStyle, Cue, SentenceTiming, Word, numbered, spaced
from reelkit.steps.sentences import closes_a_sentence, sentence_ends

__all__ = ["group_words_into_sentences", "split_cues"]

_PER_CUE = 5.0
_ALONE, _SHORT_ALONE = 9.0, 10.0
_FLAWED_LINES = 18.0
_STOP_PASSED = 3.0
"""A natural break that a cue runs over."""
_HANGING, _HELD = 10.0, 100.0
"""A break that leaves the reader waiting, and one where a space says that there is none."""
_FLASH = 30.0
_FLASH_MS = 120
"""A cue that stands for less is gone before it is seen."""
_OF_A_NAME = 2
"""A cue that is one name or quantity, with the "and the" before it, may have so many words more than a style of three or more says."""
_SHORT_CHARS = 12
"""A cue with fewer characters than this is read in less than the shortest time a cue should stand (5/6 s at 15 characters a second)."""


def group_words_into_sentences(words: Sequence[Word]) -> list[SentenceTiming]:
    """Return the sentences that the words of a narration make; none goes on from one scene into the next.

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
    texts = [word.text for word in words]
    scenes = itertools.pairwise([0, *(place for place, word in enumerate(words, 1) if word.ends_scene), len(words)])
    ends = [start + place for start, end in scenes for place in sentence_ends(texts[start:end])]
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
    punctuation and before clauses and phrases, numbers with their units, names whole, no short word alone. A cue that is one name or
    quantity may be two words longer, in styles of three or more. In styles of one word at a time a symbol, an emoji or a unit stands with
    its neighbour, and so does a word that would be gone within 120 ms.

    A word of Chinese, Japanese or Thai, which may be a whole sentence, is cut into phrases, as :mod:`reelkit.media.phrases` has them; short
    ones count for parts of a word, and Chinese and Japanese characters for two. Their times are shares of the word's by their lengths,
    ``estimated``.

    A cue begins with its first word. It lasts until its last word has ended and ``linger_ms`` more, at least ``min_cue_ms``,
    and in any case no longer than until the next one begins; a gap shorter than ``linger_ms`` is closed, as it would only flicker.

    Parameters
    ----------
    sentences : sequence of SentenceTiming
    style : CaptionStyle
    until : int, optional
        The sample at which the audio ends; no cue stands longer.
    breaks : mapping of str to sequence of int, optional
        For sentences, by their text (of several that read so, as :func:`reelkit.model.numbered` has them), that are cut otherwise: the
        numbers of the words (or phrases) that begin a cue, after the first.

    Returns
    -------
    list of Cue
        Not overlapping; every word in exactly one of them, or each of its phrases. Which words share a cue depends on the text alone,
        not on the pace, but for a cue that would be gone in a flash.

    Notes
    -----
    Figures are those of ``docs/norms.md``: three to four words, 20 characters a line, two lines, 5/6 s, 150 ms.
    """
    language = language_of(word.text for sentence in sentences for word in sentence.words)
    style = style.model_copy(update={"max_chars_per_line": letters_a_line(style)})
    told = zip(numbered(sentence.text for sentence in sentences), sentences, strict=True)
    groups = [group for key, sentence in told for group in _groups(sentence, style, (breaks or {}).get(key), language)]
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


def _groups(sentence: SentenceTiming, style: CaptionStyle, begins: Sequence[int] | None, language: str) -> list[Sequence[Word]]:
    words = _loosened([phrase for word in sentence.words for phrase in _phrases(word, language)], style)
    if begins is not None:
        cuts = [0, *sorted({at for at in begins if 0 < at < len(words)}), len(words)]
        return [words[start:end] for start, end in itertools.pairwise(cuts)]
    # What is written without spaces may be several sentences.
    ends = [at for at in range(1, len(words)) if words[at].joined and closes_a_sentence(words[at - 1].text)]
    return [group for start, end in itertools.pairwise([0, *ends, len(words)]) for group in _partition(words[start:end], style)]


def _loosened(words: Sequence[Word], style: CaptionStyle) -> list[Word]:
    """Let go of words that are held together where no line could hold them."""
    edges = [0, *(at for at in range(1, len(words)) if not words[at].held), len(words)]
    runs = [words[start:end] for start, end in itertools.pairwise(edges)]
    return [
        word.model_copy(update={"held": False}) if word.held and (word is run[0] or _length(run) > style.max_chars_per_line) else word
        for run in runs
        for word in run
    ]


def _phrases(word: Word, language: str) -> list[Word]:
    """Return the phrases of a word of a script without spaces, each with its share of the time; another word is one."""
    texts = [""] if language == "ko" else _said(phrases(word.text, language))
    lengths = itertools.accumulate((columns(text) for text in texts), initial=0)
    whole = max(columns(word.text), 1)
    edges = [word.start + (word.end - word.start) * length // whole for length in lengths]
    if len(texts) == 1 or any(start >= end for start, end in itertools.pairwise(edges)):
        return [word]
    return [
        word.model_copy(update={"text": text, "start": start, "end": end, "timed_by": "estimated", "joined": number > 0})
        for number, (text, (start, end)) in enumerate(zip(texts, itertools.pairwise(edges), strict=True))
    ]


def _said(found: Sequence[str]) -> list[str]:
    """Join what has no letter or figure to the phrase before it, or at the beginning to the one after."""
    joined = [""]
    for text in found:
        if any(map(str.isalnum, joined[-1])) and any(map(str.isalnum, text)):
            joined.append(text)
        else:
            joined[-1] += text
    return joined


def _partition(words: Sequence[Word], style: CaptionStyle) -> list[Sequence[Word]]:
    """Cut a sentence into cues at the least cost."""
    texts = [word.text for word in words]
    breaks = [0.0, *(_HELD if words[index].held else break_cost(texts, index) for index in range(1, len(texts))), 0.0]
    ties = [cost >= WHOLE for cost in breaks]
    rate = words[0].rate_hz
    changes = [*(word.start for word in words), words[-1].end + style.linger_ms * rate // 1000]
    flash = _FLASH_MS * rate // 1000
    # What cannot stand by itself in a style of one word at a time, and what would not stand for long enough.
    firm = [not (word.held or leans(texts, index)) for index, word in enumerate(words)]
    brief = [after - start < flash for start, after in itertools.pairwise(changes)]

    def within(start: int, end: int) -> bool:
        if as_words(texts[start:end]) <= style.max_words:
            return True
        if style.max_words == 1:
            own = [at for at in range(start, end) if firm[at]]
            return as_words(texts[at] for at in own) <= 1 + any(brief[at] for at in own)
        parted = [at for at in range(start + 1, end) if firm[at] and not ties[at]]
        led_in = all(at == number and breaks[at] >= _HANGING for number, at in enumerate(parted, start + 1))
        return led_in and 2 * len(parted) < end - start and 2 < style.max_words >= end - start - _OF_A_NAME

    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(texts) + 1):
        found: list[tuple[float, int]] = []
        for start in range(end - 1, -1, -1):
            if end - start > 1 and not (within(start, end) and _fits(words[start:end], style)):
                break
            cost = _cue_cost(words[start:end], ties[start:end], style) + breaks[end]
            cost += _STOP_PASSED * sum(map(closes_a_phrase, texts[start : end - 1])) + _FLASH * (changes[end] - changes[start] < flash)
            found.append((best[start][0] + cost, start))
        best.append(min(found))
    cuts = [len(texts)]
    while cuts[-1]:
        cuts.append(best[cuts[-1]][1])
    cuts.reverse()
    return [words[start:end] for start, end in itertools.pairwise(cuts)]


def _fits(words: Sequence[Word], style: CaptionStyle) -> bool:
    lines, room = 1, style.max_chars_per_line
    for word in words:
        length = columns(word.text)
        if length > style.max_chars_per_line:
            return False
        if length > room:
            lines, room = lines + 1, style.max_chars_per_line
        room -= length + (not word.joined)
    return lines <= style.max_lines


def _cue_cost(words: Sequence[Word], ties: Sequence[bool], style: CaptionStyle) -> float:
    length = _length(words)
    cost = _PER_CUE + 0.35 * max(0, _SHORT_CHARS - length)
    if len(words) == 1 and style.max_words > 1:
        cost += _ALONE if length > 5 else _ALONE + _SHORT_ALONE
    return cost if length <= style.max_chars_per_line else cost + _line_cost(words, ties, style)


def _line_cost(words: Sequence[Word], tied: Sequence[bool], style: CaptionStyle) -> float:
    """Return what the best two lines for a cue cost: a name or quantity parted that one could hold, or a short word alone."""
    ties = [False, *tied[1:], False]
    costs = []
    for cut in range(1, len(words)):
        first, second = (_length(words[at]) for at in (slice(cut), slice(cut, None)))
        if max(first, second) > style.max_chars_per_line:
            continue
        start = max(at for at in range(cut) if not ties[at])
        end = min(at for at in range(cut, len(ties)) if not ties[at])
        parted = ties[cut] and _length(words[start:end]) <= style.max_chars_per_line
        alone = len(words) > 2 and cut in (1, len(words) - 1) and min(first, second) < SHORT_SHARE * max(first, second)
        costs.append(_FLAWED_LINES * (parted or alone))
    return min(costs, default=0.0)


def _length(words: Sequence[Word]) -> int:
    return columns(spaced([word.text for word in words], [word.joined for word in words]))
