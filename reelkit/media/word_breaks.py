"""Where a word may be broken that is wider than a line: where its author says, at its marks, between its syllables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

from reelkit.media.fonts import clusters

__all__ = ["SOFT_HYPHEN", "at_a_lines_end", "broken", "has_case", "without_hints"]

SOFT_HYPHEN, _OPEN = "\u00ad", "\u200b"
"""Where an author lets a word be broken, with a hyphen and without one."""
_MARKS = re.compile(r"(?<=\w[/_=\-\u2010])(?=\w)|(?<=//)(?=\w)|(?<=\w)(?=[.@?&]\w)|(?<=\w・)(?=\w)")
"""Where addresses, handles and compounds are broken: after marks that say that they go on, before those that would seem to end them."""
_ADDRESS = re.compile(r"^\W*[#@]\w|^\W*www\.|://|\w@\w|\w\.\w{2}|_")
"""A hyphen would be read as a part of it."""
_WORD = re.compile(r"[^\W\d_]+")
_LEAST = 3
"""Letters on either side of a hyphen."""
_OTHER_NAMES = {"no": "nb"}


def broken(word: str, fits: Callable[[str], bool], language: str = "") -> list[str]:
    """Break a word into the parts among which lines may be chosen; one that fits is a part itself.

    The best places that make all parts fit are taken: the author's own, marks and the capitals within a name; then the syllables of the
    word's language; at last any, evenly.

    Parameters
    ----------
    word : str
        As it is written: a style's capitals come after.
    fits : callable
        Whether a part, as it stands at the end of a line, is as narrow as one.
    language : str
        BCP 47; "" where it is not known.

    Returns
    -------
    list of str
        A part that needs a hyphen at the end of a line ends in a soft one.

    Notes
    -----
    Syllables are those of pyphen (https://pyphen.org), the patterns of LibreOffice. Addresses, handles and hashtags get no hyphens.

    Examples
    --------
    >>> short = lambda part: len(part) <= 18
    >>> [part.replace(SOFT_HYPHEN, "~") for part in broken("Rechtsschutzversicherung", short, "de")]
    ['Rechts~', 'schutz~', 'ver~', 'si~', 'che~', 'rung']
    >>> broken("#SlowMorningsTasteBetter", short, "en")
    ['#Slow', 'Mornings', 'Taste', 'Better']
    """
    word = word.rstrip(SOFT_HYPHEN + _OPEN)
    if fits(word):
        return [word]
    hyphen = "" if _ADDRESS.search(word) else SOFT_HYPHEN
    parts = list(_authors(word))
    for cut in (_at_marks, lambda part: _at_capitals(part, hyphen), lambda part: _syllables(part, language, hyphen)):
        parts = [piece for part in parts for piece in ([part] if fits(part) else cut(part))]
    return [piece for part in parts for piece in _evenly(part, fits, hyphen)]


def at_a_lines_end(part: str) -> str:
    """Return a part as it stands at the end of a line.

    Examples
    --------
    >>> at_a_lines_end("Haft\u00adpflicht\u00ad")
    'Haftpflicht-'
    """
    return without_hints(part) + ("-" if part.endswith(SOFT_HYPHEN) else "")


def without_hints(text: str) -> str:
    """Return a text without what says where a word may be broken: some players would show it."""
    return text.replace(SOFT_HYPHEN, "").replace(_OPEN, "")


def _authors(word: str) -> Iterator[str]:
    for part in re.split(rf"(?<={SOFT_HYPHEN})(?=.)|{_OPEN}", word):
        if part:
            yield part


def _at_marks(part: str) -> list[str]:
    return _MARKS.split(part)


def _at_capitals(part: str, hyphen: str) -> list[str]:
    return _cut(part, (at for at, (a, b) in enumerate(pairwise(part), 1) if a.islower() and b.isupper()), hyphen)


def _syllables(part: str, language: str, hyphen: str) -> list[str]:
    dictionary = _dictionary(language)
    if dictionary is None:
        return [part]
    words = [found for found in _WORD.finditer(part) if len(found[0].lower()) == len(found[0])]
    # Where a hyphen would change the letters beside it, there are other places.
    return _cut(part, (word.start() + at for word in words for at in dictionary.positions(word[0]) if not at.data), hyphen)


def _cut(part: str, places: Iterable[int], hyphen: str) -> list[str]:
    pieces = [part[start:end] for start, end in pairwise([0, *places, len(part)])]
    return [*(piece + hyphen for piece in pieces[:-1]), pieces[-1]]


@lru_cache(maxsize=8)
def _dictionary(language: str) -> Any:
    import pyphen

    base, _, region = language.partition("-")
    known = pyphen.language_fallback("-".join(filter(None, (_OTHER_NAMES.get(base, base), region)))) if language else None
    return pyphen.Pyphen(lang=known, left=_LEAST, right=_LEAST) if known else None


def _evenly(part: str, fits: Callable[[str], bool], hyphen: str) -> Iterator[str]:
    """Break a part that does not fit into even pieces, with hyphens where its script uses them."""
    letters = clusters(part)
    if fits(part) or len(letters) == 1:
        yield part
        return
    for count in range(2, len(letters) + 1):
        edges = [round(len(letters) * k / count) for k in range(count + 1)]
        pieces = [letters[i:j] for i, j in pairwise(edges)]
        marks = [hyphen if has_case(piece[-1]) and has_case(rest[0]) else "" for piece, rest in pairwise(pieces)]
        broken_up = ["".join(piece) + mark for piece, mark in zip(pieces, [*marks, ""], strict=True)]
        if all(map(fits, broken_up)) or count == len(letters):
            yield from broken_up
            return


def has_case(letter: str) -> bool:
    """Whether a letter is of a script with capitals, which takes hyphens."""
    return letter.lower() != letter.upper()
