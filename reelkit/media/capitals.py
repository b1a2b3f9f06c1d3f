"""Capitals as a language writes them, where Unicode's own table is of another one."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["capitals"]

_DOTTED = frozenset({"az", "tr"})
"""Languages whose i keeps its dot: I is the capital of their ı."""
_GREEK = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]")
_ACCENTS = "\u0300\u0301\u0313\u0314\u0342"
_PARTED = re.compile(rf"([αεηιουω][{_ACCENTS}]+)([ιυ])(?![\u0300-\u036f])", re.IGNORECASE)
"""Two vowels that an accent on the first keeps from being read as one; without it a dieresis does."""
_ACCENTED = re.compile(r"(?<![\w\u0300-\u036f])η\u0301(?!\w)|([\u0370-\u03ff])([\u0300-\u0344]+)", re.IGNORECASE)
"""A letter with its marks, and the word for "or", which keeps its accent."""


def capitals(text: str, language: str = "") -> str:
    """Return a text in capitals.

    The i of Turkish and Azeri keeps its dot; Greek goes without accents.

    Parameters
    ----------
    text : str
    language : str
        BCP 47; "" where it is not known.

    References
    ----------
    CLDR, the transforms tr-Upper, az-Upper and el-Upper.

    Examples
    --------
    >>> capitals("iyi bir", "tr"), capitals("iyi bir"), capitals("Μάιος ή καφές")
    ('İYİ BİR', 'IYI BIR', 'ΜΑΪΟΣ Ή ΚΑΦΕΣ')
    """
    if language.partition("-")[0] in _DOTTED:
        text = text.replace("i", "İ")
    if _GREEK.search(text):
        parted = _PARTED.sub("\\1\\2\u0308", unicodedata.normalize("NFD", text))
        text = unicodedata.normalize("NFC", _ACCENTED.sub(_without_accents, parted))
    return text.upper()


def _without_accents(found: re.Match[str]) -> str:
    letter, marks = found.groups()
    return found[0] if letter is None else letter + "".join(mark for mark in marks if mark not in _ACCENTS)
