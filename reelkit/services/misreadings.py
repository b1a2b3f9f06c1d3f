"""Where a recording says another word than its script: what a recogniser hears, held against what is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reelkit.services.alignment import fit_of, in_dictionary, phones_of, sound_out
from reelkit.services.moonshine import Passage, likelihood, recognise

__all__ = ["Misreading", "find_misreadings"]

_MARKS = ",.;:!?\"“”'‘’()—…-"
_DOUBTFUL, _DOUBTFUL_READING = 2.5, 4.0
_SURE, _SURE_FIT = 6.0, 150.0
"""Nats, of words and of figures and abbreviations; and by how much a sound must fit what was heard better than the script."""
_APART = 1.0
"""Sounds: words of which one sound is changed for one that lies near ("feet", "feed") are taken for each other by any listener."""
_ANOTHER_TEXT = 40.0
"""Nats, whatever the words: right readings of texts full of names stay under 26, readings of another text lie over 65."""
_BESIDE = 2
"""Words on either side that are listened to with a doubtful one."""
_MISSING = 0.75
_UNLIKE = 0.3
"""What it costs to pair a word with none, and with another one at the least; with one that has no sound in common it costs 1."""


class Misreading(NamedTuple):
    """Words ``start`` to ``stop`` of a script, in whose place something else is heard; none where something is said before ``start``.

    ``sure`` is whether two witnesses agree, the recogniser and pocketsphinx, on words that both know, or another text is read. Names,
    figures and abbreviations are said in too many ways: of them nobody is.
    """

    start: int
    stop: int
    heard: str
    sure: bool


def find_misreadings(
    samples: NDArray[np.float32], rate_hz: int, words: Sequence[str], spans: Sequence[tuple[int, int]]
) -> list[Misreading]:
    """Return where an English recording says something else than these words, in their order.

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n,)]
        As loud as speech commonly is.
    rate_hz : int
    words : sequence of str
        The script, split at white space.
    spans : sequence of (int, int)
        When each of the words is said as far as is known, in samples.
    """
    passages = recognise(samples, rate_hz)
    told = [passage.text.split() for passage in passages]
    heard = [word for some in told for word in some]
    script, sounds = _sounds(words), _sounds(heard)
    found = []
    for here, there in _differences(script, sounds):
        place = _written(script, here)
        said = _written(sounds, there)
        instead = heard[said.start : said.stop]
        if _letters(instead) == _letters(words[place.start : place.stop]):
            continue
        one_sided = not place or not said
        plain = all(sound.plain for sound in (*script[max(0, here.start - one_sided) : here.stop + one_sided], *sounds[there]))
        doubt = _doubt(passages, told, said, words[place.start : place.stop])
        if doubt < (_DOUBTFUL if plain else _DOUBTFUL_READING):
            continue
        sure = doubt >= _ANOTHER_TEXT or (
            plain
            and doubt >= _SURE
            and _distance(_phones(script[here]), _phones(sounds[there])) >= _APART
            and in_dictionary([*words[place.start : place.stop], *instead])
            and _fits_better(samples, rate_hz, words, spans, place=place, instead=instead)
        )
        found.append(Misreading(place.start, place.stop, " ".join(instead).strip(_MARKS), sure))
    return found


def _fits_better(
    samples: NDArray[np.float32],
    rate_hz: int,
    words: Sequence[str],
    spans: Sequence[tuple[int, int]],
    *,
    place: range,
    instead: Sequence[str],
) -> bool:
    """Return whether a recording fits what was heard by much better than what the script has there."""
    low, high = max(0, place.start - _BESIDE), min(len(words), place.stop + _BESIDE)
    sound = samples[spans[low][0] : spans[high - 1][1]]
    written = fit_of(sound, rate_hz, words[low:high])
    other = fit_of(sound, rate_hz, [*words[low : place.start], *instead, *words[place.stop : high]])
    return other is not None and (written is None or other - written >= _SURE_FIT)


class _Sound(NamedTuple):
    """One spoken word, the written words that it says, and whether it is said as it is written."""

    text: str
    phones: tuple[str, ...]
    owners: tuple[int, ...]
    plain: bool


def _sounds(words: Sequence[str]) -> list[_Sound]:
    sounds = []
    for word in sound_out(words):
        runs = [phones for phones in (tuple(phones_of(run)) for run in word.phonemes.split()) if phones]
        owners = tuple(owner for owner, _ in word.owners)
        text = _bare(word.text)
        # Abbreviations such as "Dr." have no vowels.
        plain = len(owners) == len(runs) == 1 and text == _bare(words[owners[0]]) and text.isalpha() and any(map("aeiouy".count, text))
        sounds += [_Sound(text if len(runs) == 1 else "", phones, owners, plain) for phones in runs]
    return sounds


def _bare(word: str) -> str:
    return word.lower().replace("’", "'").strip(_MARKS)


def _letters(words: Sequence[str]) -> str:
    return "".join(char for word in words for char in word.lower() if char.isalnum())


def _written(sounds: Sequence[_Sound], some: slice) -> range:
    """Return the written words that some of the spoken ones say; an empty range behind those before them where there are none."""
    owners = [owner for sound in sounds[some] for owner in sound.owners]
    if owners:
        return range(min(owners), max(owners) + 1)
    behind = sounds[some.start - 1].owners[-1] + 1 if some.start else 0
    return range(behind, behind)


def _differences(script: Sequence[_Sound], heard: Sequence[_Sound]) -> Iterator[tuple[slice, slice]]:
    """Yield which spoken words of a script are heard as which others; written words are not taken apart."""
    pairs = _paired(script, heard)
    differs = [here is None or there is None or not _same(script[here], heard[there]) for here, there in pairs]
    spans: dict[tuple[int, int], list[int]] = {}
    for at, pair in enumerate(pairs):
        for side, (sounds, index) in enumerate(zip((script, heard), pair, strict=True)):
            for owner in sounds[index].owners if index is not None else ():
                spans.setdefault((side, owner), [at, at])[1] = at
    before = 0
    while before != sum(differs):
        before = sum(differs)
        for first, last in spans.values():
            if any(differs[first : last + 1]):
                differs[first : last + 1] = [True] * (last + 1 - first)
    here = there = 0
    for different, group in groupby(zip(differs, pairs, strict=True), key=lambda one: one[0]):
        some = [pair for _, pair in group]
        ours = slice(here, here + sum(one is not None for one, _ in some))
        theirs = slice(there, there + sum(one is not None for _, one in some))
        here, there = ours.stop, theirs.stop
        if different and _phones(script[ours]) != _phones(heard[theirs]):
            yield ours, theirs


def _phones(sounds: Sequence[_Sound]) -> list[str]:
    return [phone for sound in sounds for phone in sound.phones]


def _same(one: _Sound, other: _Sound) -> bool:
    return one.phones == other.phones or bool(one.text and one.text == other.text)


def _paired(script: Sequence[_Sound], heard: Sequence[_Sound]) -> list[tuple[int | None, int | None]]:
    """Return the cheapest way to pair two sequences in order, each of one with one of the other or with none."""
    unlike = np.array([[_unlikeness(one, other) for other in heard] for one in script]).reshape(len(script), len(heard))
    cost = np.zeros((len(script) + 1, len(heard) + 1))
    cost[:, 0], cost[0] = np.arange(len(script) + 1) * _MISSING, np.arange(len(heard) + 1) * _MISSING
    for here in range(len(script)):
        for there in range(len(heard)):
            alone = min(cost[here, there + 1], cost[here + 1, there]) + _MISSING
            cost[here + 1, there + 1] = min(alone, cost[here, there] + unlike[here, there])
    pairs: list[tuple[int | None, int | None]] = []
    here, there = len(script), len(heard)
    while here or there:
        if here and there and cost[here, there] == cost[here - 1, there - 1] + unlike[here - 1, there - 1]:
            here, there = here - 1, there - 1
            pairs.append((here, there))
        elif here and (not there or cost[here, there] == cost[here - 1, there] + _MISSING):
            here -= 1
            pairs.append((here, None))
        else:
            there -= 1
            pairs.append((None, there))
    return pairs[::-1]


def _unlikeness(one: _Sound, other: _Sound) -> float:
    if _same(one, other):
        return 0.0
    return _UNLIKE + (1 - _UNLIKE) * min(1.0, _distance(one.phones, other.phones) / max(len(one.phones), len(other.phones)))


_ALIKE = [{"T", "D"}, {"P", "B"}, {"K", "G"}, {"S", "Z"}, {"F", "V"}, {"TH", "DH"}, {"SH", "ZH"}, {"CH", "JH"}, {"N", "M"}, {"N", "NG"}]
_VOWELS = "A", "E", "I", "O", "U"


def _distance(one: Sequence[str], other: Sequence[str]) -> float:
    """Return how many sounds must be changed to make one word of another: half for those that lie near."""
    row = list(range(len(other) + 1))
    costs = [float(value) for value in row]
    for at, phone in enumerate(one):
        above, costs = costs, [at + 1.0]
        for index, target in enumerate(other):
            costs.append(min(above[index + 1] + 1, costs[-1] + 1, above[index] + _change(phone, target)))
    return costs[-1]


def _change(one: str, other: str) -> float:
    if one == other:
        return 0.0
    near = {one, other} in _ALIKE or (one.startswith(_VOWELS) and other.startswith(_VOWELS))
    return 0.5 if near else 1.0


def _doubt(passages: Sequence[Passage], told: Sequence[Sequence[str]], heard: range, script: Sequence[str]) -> float:
    """Return by how many nats what was heard is likelier than the script's words in its place."""
    starts = [0, *accumulate(map(len, told))]
    # What is not heard may be missing at the end of a passage, or at the start of the next.
    low, high = (heard.start, heard.stop - 1) if heard else (heard.start - 1, heard.start)
    near = [index for index in range(len(told)) if starts[index] <= high and low < starts[index + 1]] or [len(told) - 1]
    spellings = {tuple(script), tuple(word.text for word in sound_out(script))}
    best = max(
        sum(likelihood(passages[index], _with(told[index], heard, starts[index], some)) for index, some in zip(near, parts, strict=True))
        for spelling in spellings
        for parts in _shares(spelling, len(near))
    )
    return sum(likelihood(passages[index], passages[index].text) for index in near) - best


def _shares(words: Sequence[str], count: int) -> list[list[Sequence[str]]]:
    """Return the ways to share out words between the first and the last of so many passages."""
    if count == 1:
        return [[words]]
    return [[words[:at], *([()] * (count - 2)), words[at:]] for at in range(len(words) + 1)]


def _with(told: Sequence[str], heard: range, offset: int, script: Sequence[str]) -> str:
    """Return the text of a passage with words of the script in the place of those heard there, and the marks that stood behind these."""
    first, last = (min(max(at - offset, 0), len(told)) for at in (heard.start, heard.stop))
    bare = [word.strip(_MARKS) for word in script]
    if first < last and bare:
        bare[-1] += told[last - 1][len(told[last - 1].rstrip(_MARKS)) :]
    text = " ".join(word for word in (*told[:first], *bare, *told[last:]) if word)
    return text[:1].upper() + text[1:] if first == 0 else text
