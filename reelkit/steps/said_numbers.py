"""The numbers that a text says, in digits or in English words."""

from __future__ import annotations

import re

__all__ = ["numbers_in"]

_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: value for value, word in enumerate(_ONES.split())} | {word: 10 * value for value, word in enumerate(_TENS.split(), 2)}
_LARGE = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_PIECE = re.compile(r"\d+(?:[.,]\d+)*|[A-Za-z]+|[^\sA-Za-z\d]")
_JOINERS = frozenset({"and", "-"})
_GROUPED = re.compile(r"\d{1,3}([.,])\d{3}(?:\1\d{3})*")


def numbers_in(text: str) -> dict[float, str]:
    """Return the numbers of a text, by value, each as it is said.

    A number word counts with those that it stands with ("two hundred and fifty" is 250); "one" alone is no number.

    Examples
    --------
    >>> numbers_in("One cup has 95 mg, in two hundred and fifty grams: 1,000 times 2.5.")
    {95.0: '95', 250.0: 'two hundred and fifty', 1000.0: '1,000', 2.5: '2.5'}
    """
    found: dict[float, str] = {}
    run: list[str] = []
    for piece in [*_PIECE.findall(text), "."]:
        word = piece.lower()
        if word in _SMALL or word in _LARGE or (run and word in _JOINERS):
            run.append(word)
        else:
            _settle(run, found)
            run = [piece] if piece[0].isdecimal() else []
    return found


def _settle(run: list[str], found: dict[float, str]) -> None:
    """Add the number that a run of words says; digits stand alone unless a large word follows ("3 million")."""
    while run and run[-1] in _JOINERS:
        run = run[:-1]
    while run and run[0] in _JOINERS:
        run = run[1:]
    if not run or run == ["one"]:
        return
    digits = run[0][0].isdecimal()
    if digits and (len(run) == 1 or run[1] not in _LARGE):
        found.setdefault(_value_of(run[0]), run[0])
        _settle(run[1:], found)
        return
    total, part = 0.0, _value_of(run[0]) if digits else 0.0
    for word in run[1:] if digits else run:
        if word == "hundred":
            part = (part or 1) * 100
        elif word in _LARGE:
            total, part = total + (part or 1) * _LARGE[word], 0.0
        else:
            part += _SMALL.get(word, 0)
    found.setdefault(total + part, " ".join(run).replace(" - ", "-"))


def _value_of(digits: str) -> float:
    if _GROUPED.fullmatch(digits):
        return float(re.sub("[.,]", "", digits))
    whole, *rest = re.split("[.,]", digits)
    return float(f"{whole}.{''.join(rest)}" if rest else whole)
