"""Where a sentence may be broken on screen: what it costs to part two words."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["belong_together", "break_cost", "closes_a_phrase"]

_STOPS = ",;:–—、，；："
_CLOSERS = "\"'”’»)]」』）》"
_OPENERS = "\"'“‘«([「『（《"

# English words by what they do at a break: a phrase begins with them, so that it is natural to break before one, and to break after
# one leaves the reader hanging. In other languages only punctuation, figures and names count.
_WORDS = {
    "determiner": """a an the this these those my your his her its our their some any every each no another both""",
    "connective": """and but or nor so yet because if when while although though since after before until unless than that which who
        whose where why how as about above across against along among around at behind below beneath beside between beyond by during
        for from in inside into like near of on onto past per through throughout to toward towards under upon with within without""",
    "subject": """i he she we they there i'm he's she's we're they're there's i've we've they've i'll we'll they'll""",
    "pronoun": """you it you're it's you've you'll""",
    "auxiliary": """is are was were be been am isn't aren't wasn't weren't don't doesn't didn't do does did has have had hasn't haven't
        hadn't can can't could will won't would shall should may might must""",
    "adverb": """not very too quite almost nearly just only even more most less least""",
    "title": """mr mrs ms dr prof st""",
    "month": """january february march april june july august september october november december""",
    "unit": """percent % dollar dollars euro euros cent cents pound pounds hundred thousand million billion trillion am pm a.m p.m
        o'clock second seconds minute minutes hour hours day days week weeks month months year years degree degrees celsius fahrenheit
        bar bars gram grams kilo kilos kilogram kilograms kg ton tonne tonnes tons litre litres liter liters ml metre metres meter
        meters centimetre centimetres millimetre millimetres kilometre kilometres km mile miles foot feet inch inches calories kcal
        watt watts hertz bpm times""",
    "number": """one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty seventy eighty ninety""",
}
_KIND = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_FIGURE = re.compile(r"[$€£¥]?\d[\d.,:/]*(?:st|nd|rd|th)?")

_BEFORE = {"connective": 1.0, "subject": 1.0, "pronoun": 3.0, "auxiliary": 2.5, "determiner": 2.5}
_AFTER = {"determiner": 13.0, "connective": 10.0, "adverb": 10.0, "number": 10.0, "subject": 8.0, "pronoun": 8.0, "auxiliary": 6.0}
_ANYWHERE, _POSSESSIVE, _NAME, _QUANTITY = 5.0, 12.0, 14.0, 20.0


def closes_a_phrase(word: str) -> bool:
    """Whether a word ends with a comma, colon, semicolon or dash.

    Examples
    --------
    >>> closes_a_phrase("sugars,"), closes_a_phrase("(sugars)"), closes_a_phrase("—")
    (True, False, True)
    """
    return word.rstrip(_CLOSERS).endswith(tuple(_STOPS))


def break_cost(words: Sequence[str], index: int) -> float:
    """Return what it costs to break before word ``index`` of a sentence.

    Nothing after a comma; little before a clause or phrase; most inside a name ("Jane Goodall") and between a number and its unit.

    Parameters
    ----------
    words : sequence of str
        The words of one sentence.
    index : int
        1 to ``len(words) - 1``.

    Examples
    --------
    >>> words = "After 30 seconds, the coffee is ready.".split()
    >>> [break_cost(words, index) for index in range(1, len(words))]
    [10.0, 20.0, 0.0, 13.0, 2.5, 6.0]
    """
    before, after = words[index - 1], words[index]
    if not after.strip(_STOPS + "-"):
        return _POSSESSIVE
    if closes_a_phrase(before):
        return 0.0
    left, right = _kind(before), _kind(after)
    if _is_quantity(left, right):
        return _QUANTITY
    if left == "title" or (index > 1 and _is_name(before) and _is_name(after)):
        return _NAME
    if _bare(before).endswith("'s") and left is None:
        return _POSSESSIVE
    return _AFTER.get(left or "") or _BEFORE.get(right or "") or _ANYWHERE


def belong_together(before: str, after: str) -> bool:
    """Whether two words are a number and its unit, or parts of one name, and none of them ends a phrase.

    Examples
    --------
    >>> belong_together("20", "kg"), belong_together("Jane", "Goodall"), belong_together("20,", "kilos"), belong_together("good", "coffee")
    (True, True, False, False)
    """
    if closes_a_phrase(before):
        return False
    left, right = _kind(before), _kind(after)
    return _is_quantity(left, right) or left == "title" or (_is_name(before) and _is_name(after))


def _is_quantity(left: str | None, right: str | None) -> bool:
    return (left == "number" and right in ("unit", "number")) or (left == "month" and right == "number")


def _bare(word: str) -> str:
    return word.strip(_OPENERS + _CLOSERS + _STOPS + ".!?…").lower().replace("’", "'")


def _kind(word: str) -> str | None:
    bare = _bare(word)
    return "number" if _FIGURE.fullmatch(bare) else _KIND.get(bare)


def _is_name(word: str) -> bool:
    return word.lstrip(_OPENERS)[:1].isupper() and _kind(word) in (None, "month")
