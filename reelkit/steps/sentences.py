"""Where sentences end: the one rule by which the voice speaks and the captions break."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

__all__ = ["closes_a_sentence", "sentence_ends"]

_MARKS = ".!?…。！？؟۔।።։။។"
_CLOSERS = "\"'”’»›)]}*_」』）》"
_CLOSERS_OF_A_WORD = _CLOSERS + "“‘«‹"
"""In German, Czech and their kin „these“ and »these« close; alone they open."""
_OPENERS = "\"'“‘„‚«‹»›”’([{*_¿¡"
"""In some languages »these« and ”these” open."""

# Always followed by what they shorten or introduce.
_NEVER_END = {
    *("mr", "mrs", "ms", "dr", "prof", "vs", "e.g", "i.e", "approx", "cf", "viz"),
    *("nr", "bzw", "bspw", "evtl", "ggf", "inkl", "vgl", "sog", "dipl", "ing"),  # German
    *("sra", "srta", "sres", "aprox", "ee"),  # Spanish; "EE. UU."
    *("mme", "mlle", "sig", "sigg", "dott", "dhr", "mevr", "bijv"),  # French, Italian, Dutch
}
# Only as they are written here: "CA." is a place, "hr." an hour, and "mio." Italian.
_TITLES = {
    *("Gen", "Gov", "Sen", "Rep", "Capt", "Lt", "Col", "Sgt", "Rev", "Hon", "Mt", "Ft", "Messrs", "Mmes"),
    *("Hr", "Fr", "Mio", "Mrd", "Ca", "ca", "av"),
}
# End a sentence only before a word that plainly begins one: "Main St. The", but "St. John"; "Acme Inc. We", but "Inc. Magazine".
_RARELY_END = {
    *("st", "jr", "sr", "inc", "ltd", "co", "corp", "bros", "ave", "blvd", "rd", "dept", "univ", "est", "ph.d"),
    *("jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"),
}
# End a sentence before any capital: "etc. Bring", "at 5 p.m. Doors".
_END_BEFORE_CAPITAL = {"etc", "a.m", "p.m", "al", "usw", "ecc", "enz", "chr", "uu"}
# As they are written here these are words of other languages, and do so too: "cerca del mar. Cada", "il y en a sept. Puis".
_WORDS_ELSEWHERE = {"mar", "sept", "est", "ave"}
# Stand before a figure: "No. 5", "Vol. IV".
_BEFORE_FIGURE = {"no", "nos", "vol", "fig", "figs", "ch", "pp", "art", "núm", "pág", "kap", "abb"}
_ZONES_AND_DAYS = {
    *("Eastern", "Central", "Mountain", "Pacific", "Greenwich", "EST", "EDT", "CST", "CDT", "MST", "PST", "PDT", "ET", "PT", "CT"),
    *("GMT", "UTC", "BST", "CET", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_STARTERS = {
    *("a", "an", "the", "this", "that", "these", "those", "some", "many", "most", "each", "every", "all", "both", "another"),
    *("i", "i'm", "i've", "you", "you're", "he", "he's", "she", "she's", "it", "it's", "its", "we", "we're", "we've", "they", "they're"),
    *("my", "your", "his", "her", "our", "their", "there", "there's", "here", "here's", "that's", "let's", "don't", "what's"),
    *("and", "but", "or", "so", "yet", "because", "if", "when", "while", "although", "though", "since", "after", "before", "until", "once"),
    *("as", "in", "on", "at", "for", "from", "with", "without", "by", "to", "then", "now", "today", "however", "instead", "also", "even"),
    *("what", "why", "how", "who", "where", "which", "is", "are", "was", "were", "do", "does", "did", "has", "have", "can", "could"),
    *("not", "never", "only", "just", "still", "meanwhile", "later", "next", "finally", "first", "nobody", "everyone"),
}
# A letter after one of these names a thing, not a person: "Plan B. We".
_LETTERED = {
    "plan",
    "vitamin",
    "grade",
    "group",
    "option",
    "class",
    "hepatitis",
    "part",
    "type",
    "team",
    "section",
    "step",
    "exhibit",
    "generation",
}
# After a figure these are units: "20 g. Grind".
_UNITS = {"g", "m", "l", "h", "s", "t"}
# A figure with a full stop before one of these is an ordinal: "am 3. Oktober".
_COUNTED = {
    *("januar", "jänner", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "dezember"),
    *("jahrhundert", "jahrhunderts", "jahrtausend", "weltkrieg", "weltkriegs", "geburtstag", "lebensjahr", "platz", "stock", "mal"),
}
_LETTERS = re.compile(r"(?:[A-Za-z]\.-?)+[A-Za-z]")
_ROMAN = re.compile(r"(?!I\b)[IVXLC]+\W*")


def sentence_ends(words: Sequence[str]) -> list[int]:
    """Return, for each sentence, the index after its last word.

    A sentence ends at a word that closes with ``.``, ``!``, ``?`` or their kin; quotes, brackets and emoji after the mark belong to
    it. It does not end at titles ("Dr."), initials ("J. R. Smith", "z. B."), abbreviations that lead on ("e.g.", "No. 5"), ordinals ("am
    3. Oktober"), at an ellipsis before a small letter, or at a closing quote before one ("'Stop!' he said"). Abbreviations that may do
    both ("p.m.", "Inc.", "St.") are judged by the word that follows.

    Parameters
    ----------
    words : sequence of str
        Whitespace-separated words, as ``text.split()`` gives them.

    Returns
    -------
    list of int
        Increasing; the last is ``len(words)``. Empty for no words.

    Examples
    --------
    >>> sentence_ends("Dr. Smith paid $3.5 at 9 a.m. today. Why?! Nobody knows".split())
    [8, 9, 11]
    """
    ends: list[int] = []
    for index, word in enumerate(words):
        if _is_tail(word) and ends and ends[-1] == index:
            ends[-1] = index + 1
        elif index + 1 < len(words) and _ends_at(words, index):
            ends.append(index + 1)
    if words and (not ends or ends[-1] != len(words)):
        ends.append(len(words))
    return ends


def closes_a_sentence(phrase: str) -> bool:
    """Whether a phrase of a script without spaces ends with that script's full stop, or a mark that asks or exclaims.

    Examples
    --------
    >>> closes_a_sentence("です。"), closes_a_sentence("「はい。」"), closes_a_sentence("です、")
    (True, True, False)
    """
    return phrase.rstrip(_CLOSERS).endswith(tuple(set(_MARKS) - set(".…")))


def _ends_at(words: Sequence[str], index: int) -> bool:
    body = words[index].rstrip("".join(char for char in set(words[index]) if char in _CLOSERS_OF_A_WORD or _is_symbol(char)))
    core = body.rstrip(_MARKS)
    marks = body[len(core) :]
    if not marks:
        return False
    following = words[index + 1].lstrip(_OPENERS)
    capital, small = following[:1].isupper(), following[:1].islower()
    if any(char in _CLOSERS_OF_A_WORD for char in words[index][len(body) :]) and small:
        return False
    if marks.strip(".…"):
        return True
    if marks != ".":
        return capital
    return _full_stop_ends(words, index, core.lstrip(_OPENERS), following, capital)


def _full_stop_ends(words: Sequence[str], index: int, core: str, following: str, capital: bool) -> bool:
    """Judge a single full stop after ``core``."""
    name = core.rsplit("-", 1)[-1]
    low = name.lower().replace("’", "'")
    next_word = following.rstrip(_MARKS + _CLOSERS + ",;:").lower().replace("’", "'")
    starts = capital and next_word in _STARTERS
    if low in _NEVER_END or name in _TITLES:
        return False
    if low in _BEFORE_FIGURE:
        return not (following[:1].isdigit() or _ROMAN.fullmatch(following))
    if low in _END_BEFORE_CAPITAL or name in _WORDS_ELSEWHERE:
        return capital and following.rstrip(_MARKS + _CLOSERS + ",;:") not in _ZONES_AND_DAYS
    if low in _RARELY_END or _LETTERS.fullmatch(name) or _LETTERS.fullmatch(core):
        return starts
    if core.isdecimal() and len(core) <= 2:
        return not (following[:1].islower() or next_word in _COUNTED)
    before = words[index - 1].lstrip(_OPENERS).lower() if index else ""
    if len(core) == 1 and core.islower():
        return capital and core in _UNITS and before[-1:].isdecimal()
    if len(core) == 1 and core.isupper():
        if before in _LETTERED:
            return True
        # "So do I. We left" ends; "I. M. Pei" does not.
        return core == "I" and starts and bool(before)
    return True


def _is_symbol(char: str) -> bool:
    return unicodedata.category(char) in ("So", "Sk", "Mn", "Me", "Cf")


def _is_tail(word: str) -> bool:
    """Whether a word has nothing but closing marks, closing quotes or emoji, and so belongs to the sentence before it."""
    return all(char in _MARKS or char in _CLOSERS or _is_symbol(char) for char in word)
