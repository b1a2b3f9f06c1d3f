"""Which sounds say which word: hibari's own reading of a text, with the written word that each sound comes from.

hibari rewrites a text before it sounds it out ("$3.2 billion" becomes "3.2 billion dollars"). :func:`read_aloud` runs that very
rewriting with every character carrying the index of the written word it came from.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import takewhile
from types import FunctionType
from typing import Any, SupportsIndex

from reelkit.errors import VoiceError
from reelkit.services.sayable import sayable

__all__ = ["READING", "SpokenWord", "is_pause", "phoneme_string", "plan_breaths", "read_aloud", "says_something"]

READING = 5
"""Part of the keys of kept speech: raise it when the same words would be read in another way."""
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
# Not between feet and inches.
_MINUS = re.compile(r"(?<![^\s(\[\"'“„‘«])(?<!\d[ \"'])[-−](?=\.?\d)")
# Figures with others before them, or that go on in other groups, are a telephone's, or of a name ("iPhone 15 256 GB").
_THOUSANDS = re.compile(r"(?<![\w.,+])(?<!\w[-–])(?<!\d )[1-9]\d{0,2}(?: \d{3})+(?! ?\d|[-.]\d{4}| ?[kMGT]B\b)")
# After "in" or a day no day follows a month: "in May 20 came", "on 5 May 20 came". Nor is one ever "10,000" or "2.5".
_MAY_HAVE_DAY = r"(?<!\b[Ii]n )(?<!\b\d )(?<!\b\d\d )"
_NO_FIGURE = r"(?![.,]\d)"
_MONTH = re.compile(
    _MAY_HAVE_DAY + r"\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.? $"
)
_DAY = re.compile(r"(?:[1-9]|[12]\d|3[01]) (?=[1-9])")
_PRICE = re.compile(r"(?<![\w.,$£€−-])(\d+(?:,\d{3})*)[.,](\d\d ?)([$£€])(?!\w| ?\d)")
_SIGN = re.compile(r"(?:(?<=\d)|(?<=thousand)|(?<=illion)) ?([$£€¥₹₩])(?!\w| ?\d)")
_UNIT = re.compile(r"(?<=\d) ?(g|l|L|cl|dl)(?![\w/'’-])")
_UNITS = {"g": "gram", "l": "liter", "L": "liter", "cl": "centiliter", "dl": "deciliter"}
_GENERATION = re.compile(r"(?<![\d.,])[345]$")
_ONE = re.compile(r"(?<![\d.,])1$")
_PAUSES = frozenset(';:,.!?—…"“”() ')
_CLAUSE_ENDS = frozenset(";:,.!?—…")
_STRESSES = frozenset("ˈˌː")


@dataclass(frozen=True)
class SpokenWord:
    """One word of the rewritten text.

    Parameters
    ----------
    text, phonemes : str
        Phonemes are those that the model knows; a word may hold several spoken ones, with spaces between ("20%").
    owners : tuple of (int, int)
        Written words it says, in order, and how many of its characters come from each.
    """

    text: str
    phonemes: str
    owners: tuple[tuple[int, int], ...]


def is_pause(char: str) -> bool:
    """Return whether a phoneme is a blank or punctuation."""
    return char in _PAUSES


def says_something(phonemes: str) -> bool:
    """Return whether any of the phonemes is a sound, not a pause or a stress mark."""
    return any(char not in _PAUSES and char not in _STRESSES for char in phonemes)


def read_aloud(words: Sequence[str], g2p: Any, vocab: dict[str, int]) -> list[SpokenWord]:
    """Return the words as hibari says them, each with the written words it comes from.

    Parameters
    ----------
    words : sequence of str
        The text as the viewer reads it, split at white space.
    g2p : hibari.g2p.G2P
    vocab : dict
        The model's phonemes.
    """
    words = [sayable(word) for word in words]
    # "[text](/phonemes/)" is markup to hibari; to the viewer it is text. Tags of HTML are not said. Of "-5" hibari may say nothing.
    owners = [index for index, word in enumerate(words) for _ in word + " "][:-1]
    text = _Traced(_plain_figures(" ".join(words)), owners).replace("](", "] (")
    text = _substitute(_MINUS, "minus ", _substitute(_TAG, " ", text))
    text = _normalize()(_substitute(_UNIT, _unit_said, _substitute(_SIGN, _sign_said, text)))
    pieces: list[str] = [""]
    for token in g2p.phonemize_tokens(g2p.tokenize(str(text))):
        pieces[-1] += token.phonemes or ""
        if token.whitespace:
            pieces.append("")
    spoken = [match.span() for match in re.finditer(r"[^ ]+", text)]
    if not spoken:
        return []
    if len(spoken) != len(pieces):
        raise ValueError(f"{len(spoken)} words gave {len(pieces)} runs of phonemes")
    return [
        SpokenWord(str(text[start:end]), "".join(char for char in piece if char in vocab).strip(), _owners_of(text, start, end))
        for (start, end), piece in zip(spoken, pieces, strict=True)
    ]


def _plain_figures(text: str) -> str:
    """Return a text of the same length with the figures that hibari reads wrongly as it reads them: "10 000", "9.99 €"."""
    text = _THOUSANDS.sub(_grouped, text)
    return _PRICE.sub(lambda price: f"{price[3]}{price[1]}.{price[2].strip()}".rjust(len(price[0])), text)


def _grouped(figure: re.Match[str]) -> str:
    # "On May 5 300 people came", but "in May 5 300 people came" and "May 10 000".
    day = _DAY.match(figure[0]) if _MONTH.search(figure.string, 0, figure.start()) else None
    at = day.end() if day else 0
    return figure[0][:at] + figure[0][at:].replace(" ", ",")


def _unit_said(unit: re.Match[str]) -> str:
    # "5g phones", but "5g of salt".
    if unit[0] == "g" and _GENERATION.search(unit.string, 0, unit.start()) and not unit.string.startswith(" of ", unit.end()):
        return str(unit[0])
    return f" {_UNITS[unit[1]]}{_plural_end(unit)}"


def _sign_said(sign: re.Match[str]) -> str:
    one, several = import_module("hibari.g2p.normalize").CURRENCY_WORDS[sign[1]]
    return f" {several if _plural_end(sign) else one}"


def _plural_end(found: re.Match[str]) -> str:
    return "" if _ONE.search(found.string, 0, found.start()) else "s"


def _owners_of(text: _Traced, start: int, end: int) -> tuple[tuple[int, int], ...]:
    letters = [owner for char, owner in zip(text[start:end], text.owners[start:end], strict=True) if char.isalnum()]
    return tuple(sorted(Counter(letters or text.owners[start:end]).items()))


class _Traced(str):
    """A text whose characters know the written word that each came from."""

    owners: list[int]

    def __new__(cls, text: str, owners: list[int]) -> _Traced:
        made = super().__new__(cls, text)
        made.owners = owners
        return made

    def strip(self, chars: str | None = None, /) -> _Traced:
        start = len(self) - len(self.lstrip(chars))
        end = start + len(super().strip(chars))
        return _Traced(self[start:end], self.owners[start:end])

    def replace(self, old: str, new: str, count: SupportsIndex = -1, /) -> _Traced:
        return _substitute(re.compile(re.escape(old)), lambda _: new, self)


def _substitute(pattern: re.Pattern[str], replacement: str | Callable[[re.Match[str]], str], text: str) -> _Traced:
    if not isinstance(text, _Traced):
        raise TypeError(f"the text lost its origin before {pattern.pattern!r}")
    pieces: list[str] = []
    owners: list[int] = []
    at = 0
    for match in pattern.finditer(text):
        new = replacement(match) if callable(replacement) else match.expand(replacement)
        pieces += [text[at : match.start()], new]
        owners += text.owners[at : match.start()]
        span = slice(match.start(), match.end()) if match.group() else slice(max(match.start() - 1, 0), max(match.start(), 1))
        owners += _spread(text[span], text.owners[span], new)
        at = match.end()
    return _Traced("".join(pieces) + text[at:], owners + text.owners[at:])


def _spread(old: str, owners: list[int], new: str) -> list[int]:
    """Return the owner of every character of ``new``, which replaces ``old``."""
    if new == old:
        return owners
    sources = list(re.finditer(r"\S+", old))
    if len(sources) < 2:
        kept = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
        return owners[:kept] + [owners[sources[0].end() - 1] if sources else owners[0]] * (len(new) - kept)
    targets = list(re.finditer(r"\S+", new))
    given = [owners[0]] * len(new)
    for match, at in zip(targets, _share([source.group() for source in sources], [match.group() for match in targets]), strict=True):
        source = sources[at]
        # What several words say together ("10 000") stays theirs where it is said as it was.
        same = source.group() == match.group()
        given[match.start() : match.end()] = (
            owners[source.start() : source.end()] if same else [owners[source.start()]] * len(match.group())
        )
    return given


def _share(sources: list[str], targets: list[str]) -> list[int]:
    """Return, for each target word, the source word it says: in order, the likest, no speaking source left out where it can be helped."""
    best: dict[int, tuple[float, list[int]]] = {-1: (0.0, [])}
    for target in targets:
        step: dict[int, tuple[float, list[int]]] = {}
        for last, (score, path) in best.items():
            for source in range(max(last, 0), len(sources)):
                # The last term lets filling words lean on what follows them: "the" of "Henry the eighth" is VIII's.
                new = 2.0 * (source != last) + _likeness(sources[source], target) + 0.01 * source
                skipped = sum(2.0 for text in sources[last + 1 : source] if any(char.isalnum() for char in text))
                total = score + new - skipped
                if source not in step or total > step[source][0]:
                    step[source] = (total, [*path, source])
        best = step
    return max(best.values(), key=lambda item: item[0])[1] if targets else []


def _likeness(source: str, target: str) -> float:
    plain = "".join(char for char in source.casefold() if char.isalnum())
    other = "".join(char for char in target.casefold() if char.isalnum())
    if not plain or not other:
        return 0.0
    if plain == other:
        return 5.0
    if plain[0].isdigit():
        return 1.0 if other in _number_words() else 0.0
    return 2.0 if other.startswith(plain[:2]) else 1.5 if other[0] == plain[0] else 0.0


@cache
def _number_words() -> frozenset[str]:
    numbers = import_module("hibari.g2p.numbers")
    plain = {*numbers.ONES, *numbers.TENS, *numbers.SCALES, "hundred"} - {""}
    return frozenset(plain | {numbers.ordinal(count) for count in range(1, 20)} | {"oh"})


class _TracingPattern:
    """What hibari's normaliser uses of a compiled pattern, keeping the origin of every character."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern

    def sub(self, replacement: str | Callable[[re.Match[str]], str], text: str) -> _Traced:
        return _substitute(self._pattern, replacement, text)


class _TracingRe:
    """What hibari's normaliser uses of :mod:`re`, likewise."""

    escape = staticmethod(re.escape)

    @staticmethod
    def sub(pattern: str, replacement: str, text: str) -> _Traced:
        return _substitute(re.compile(pattern), replacement, text)


@cache
def _normalize() -> Callable[[_Traced], _Traced]:
    """Return hibari's ``normalize`` over tracing patterns: its rules and their order stay its own, but for where a month has a day; the
    installed package stays as it is."""
    module = import_module("hibari.g2p.normalize")
    names = {name: _TracingPattern(value) if isinstance(value, re.Pattern) else value for name, value in vars(module).items()}
    names["RE_MONTH_DAY"] = _TracingPattern(re.compile(_MAY_HAVE_DAY + module.RE_MONTH_DAY.pattern + _NO_FIGURE))
    names["re"] = _TracingRe
    return FunctionType(module.normalize.__code__, names)


def phoneme_string(spoken: Sequence[SpokenWord]) -> str:
    """Return the phonemes that the model is given for some words: one blank between words, none for words without any."""
    return " ".join(word.phonemes for word in spoken if word.phonemes)


def plan_breaths(words: Sequence[str], spoken: Sequence[SpokenWord], *, most_phonemes: int, most_silent: int = 4) -> list[range]:
    """Return the written words that are said in one breath each: ranges of indices in order, together all of ``words``.

    A breath holds at most ``most_phonemes`` and breaks at a clause where it can. More than ``most_silent`` words in a row that say
    nothing are a breath of their own.

    Raises
    ------
    VoiceError
        When one word alone has more phonemes.
    """
    count = len(words)
    sounds, clause, glued = [0] * count, [False] * count, [False] * count
    for piece in spoken:
        first, last = piece.owners[0][0], piece.owners[-1][0]
        sounds[first] += len(piece.phonemes) + 1 if says_something(piece.phonemes) else 0
        clause[last] = piece.phonemes[-1:] in _CLAUSE_ENDS
        glued[first + 1 : last + 1] = [True] * (last - first)
    speaking = {owner for piece in spoken if says_something(piece.phonemes) for owner, _ in piece.owners}

    breaths: list[range] = []
    start = held = index = 0
    while index < count:
        silent_to = next((later for later in range(index, count) if later in speaking), count)
        if silent_to - index > most_silent:
            breaths += [range(start, index), range(index, silent_to)]
            start, held, index = silent_to, 0, silent_to
            continue
        if sounds[index] > most_phonemes:
            raise VoiceError(
                f"the word {words[index][:40]!r}... has {sounds[index]} sounds; hibari says at most {most_phonemes} at once: shorten it"
            )
        # A clause that ends early may leave too much behind it, which is then cut once more.
        while held + sounds[index] > most_phonemes and not glued[index]:
            cuts = [cut for cut in range(start + (index - start) // 3 + 1, index + 1) if clause[cut - 1] and not glued[cut]]
            cut = cuts[-1] if cuts else index
            breaths.append(range(start, cut))
            start, held = cut, sum(sounds[cut:index])
        held += sounds[index]
        index += 1
    breaths.append(range(start, count))
    return [breath for breath in breaths if breath]
