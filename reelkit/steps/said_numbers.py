"""The numbers that a text says, in digits or in English words."""

from __future__ import annotations

import re

__all__ = ["numbers_in"]

_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: value for value, word in enumerate(_ONES.split())} | {word: 10 * value for value, word in enumerate(_TENS.split(), 2)}
_LARGE = {"thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_UNITS = """seconds minutes hours days weeks months years percent degrees grams kilos kilograms ounces pounds milliliters millilitres liters
litres millimeters millimetres centimeters centimetres meters metres kilometers kilometres inches feet miles dollars euros cents"""
_PIECE = re.compile(r"\d+(?:[.,]\d+)*|[A-Za-z]+|[^\sA-Za-z\d]")
_GROUPED = re.compile(r"\d{1,3}([.,])\d{3}(?:\1\d{3})*")

# A text is read by the kinds of its words, a letter each: d digits, z zero, o one to nine, n ten to twelve, c thirteen to nineteen,
# T twenty, t other tens, h hundred, L larger words, & and, - hyphens, u units, . all else.
_KINDS = {word: "z" if value == 0 else "o" if value < 10 else "n" if value < 13 else "c" for word, value in _SMALL.items() if value < 20}
_KINDS |= dict.fromkeys(_TENS.split(), "t") | dict.fromkeys(_LARGE, "L") | dict.fromkeys(_UNITS.split(), "u")
_KINDS |= {"twenty": "T", "hundred": "h", "and": "&", "-": "-"}
_BELOW_100 = "(?>[Tt]-?o|[Ttcno])"
_AND = "(?:-&-|&)?"
_TERM = re.compile(
    # A year said in halves: "nineteen eighty-four", and not "twenty ten-minute breaks" or "fifteen twenty minutes".
    r"(?P<year>[cT](?>[Tt]-?o|[Ttcn])(?![-hLu]))"
    # What belongs to the next hundred does not go with this one: "one hundred and two hundred".
    rf"|(?:(?:(?:d|{_BELOW_100})-?)?h(?:{_AND}{_BELOW_100}(?!-?h))?|{_BELOW_100}|d|z)(?:-?L)?|L"
)


def numbers_in(text: str) -> dict[float, str]:
    """Return the numbers of a text, by value, each as it is said.

    A number word counts with those that it makes one number with: "two hundred and fifty" is 250, "five and ten" are 5 and 10. A year may
    be said in halves: "twenty twenty-four" is 2024. "One" alone is no number.

    Examples
    --------
    >>> numbers_in("One cup has 95 mg, in two hundred and fifty grams: 1,000 times 2.5.")
    {95.0: '95', 250.0: 'two hundred and fifty', 1000.0: '1,000', 2.5: '2.5'}
    """
    pieces = [piece.lower() for piece in _PIECE.findall(text)]
    kinds = "".join("d" if piece[0].isdecimal() else _KINDS.get(piece, ".") for piece in pieces)
    said: list[tuple[float, int, int]] = []  # a value, and from which piece up to which it is said
    room = 0.0  # what still goes with the last one is less than this
    for term in _TERM.finditer(kinds):
        start, end = term.span()
        value, times = _halves(pieces[start:end]) if term["year"] else _value_of(pieces[start:end])
        between = kinds[said[-1][2] : start] if said else ""
        if value < room and kinds[start] not in "dz" and (not between or (between in ("&", "-&-") and value < 100)):
            said[-1] = (said[-1][0] + value, said[-1][1], end)
        else:
            said.append((value, start, end))
        room = times
    found: dict[float, str] = {}
    for value, start, end in said:
        if pieces[start:end] != ["one"]:
            found.setdefault(value, " ".join(pieces[start:end]).replace(" - ", "-"))
    return found


def _halves(words: list[str]) -> tuple[float, float]:
    """Return the year that its century and its years say, with which nothing goes."""
    return 100.0 * _SMALL[words[0]] + sum(_SMALL.get(word, 0) for word in words[1:]), 0.0


def _value_of(words: list[str]) -> tuple[float, float]:
    """Return what a term says, and the large word that it is told in, or 0."""
    value, times = (1.0 if words[0] == "hundred" or words[0] in _LARGE else 0.0), 0.0
    for word in words:
        if word[0].isdecimal():
            value = _digits(word)
        elif word == "hundred":
            value *= 100
        elif word in _LARGE:
            times = _LARGE[word]
        else:
            value += _SMALL.get(word, 0)
    return value * (times or 1.0), times


def _digits(digits: str) -> float:
    if _GROUPED.fullmatch(digits):
        return float(re.sub("[.,]", "", digits))
    whole, *rest = re.split("[.,]", digits)
    return float(f"{whole}.{''.join(rest)}" if rest else whole)
