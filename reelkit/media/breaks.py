"""Where a sentence may be broken on screen: what it costs to part two words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["WHOLE", "belong_together", "break_cost", "closes_a_phrase", "is_counted", "leans"]

_STOPS = ",;:–—·•|、，；：،؛"
_CLOSERS = "\"'”’»›“‘«‹)]」』）》"
_OPENERS = "\"'“‘«‹„‚»›”([「『（《"
"""Which of “these” and «these» open and which close is another in each language."""

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
    "particle": """van von de da di del della der den dos das du la le bin ibn al el mac""",
    "number": """one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty seventy eighty ninety""",
}
# What numbers count, in the languages that reels are mostly made in. (Inches are not here: "3 in 10" is said more often.)
_COUNTED = """% ‰ ° °c °f € $ £ ¥ percent prozent dollar dollars dólares dollari euro euros cent cents pound pounds yen yuan
    hundred thousand million millions billion billions trillion trillions millionen milliarden millones milioni am pm a.m p.m o'clock uhr
    ms s sec min mins h hr hrs second seconds minute minutes hour hours day days week weeks month months year years
    sekunde sekunden minuten stunde stunden tag tage tagen woche wochen monat monate monaten jahr jahre jahren
    seconde secondes heure heures jour jours semaine semaines mois an ans segundo segundos minuto minutos hora horas día días semana semanas
    mes meses año años secondo secondi minuti ora ore giorno giorni settimana settimane mese mesi anno anni seconden uur dagen weken maanden
    degree degrees celsius fahrenheit kelvin grad degré degrés grado grados gradi graden graus
    µg mg g kg t oz lb lbs gram grams gramme grammes gramm gramo gramos grammo grammi kilo kilos chili kilogram kilograms ton tonne tonnes
    tons ounce ounces ml cl dl l litre litres liter liters litro litros litri pint pints quart quarts gallon gallons fl cup cups tbsp tsp
    tablespoon tablespoons teaspoon teaspoons tasse tasses tassen taza tazas tazze
    nm µm mm cm m km ft yd mi metre metres meter meters mètre mètres metro metros metri centimetre centimetres millimetre millimetres
    kilometre kilometres kilometer kilometers kilomètres kilómetros chilometri mile miles foot feet inch inches
    mph kph kmh rpm bpm fps bar bars psi pa kpa hpa hz khz mhz ghz kcal cal calories kj j w kw mw watt watts wh kwh mah v kv volt volts a ma
    k kb mb gb tb mbit gbit px dpi db hertz x × times mal fois veces volte"""
_UNITS = frozenset(_COUNTED.split())
_KIND = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_FIGURE = re.compile(r"[+$€£¥]?\d[\d.,:/]*(?:st|nd|rd|th)?")
_SHORT_UNIT = 3
_THOUSANDS = re.compile(r"\D?\d{1,3} \d{3}\W*")
_MODEL = re.compile(r"\d+[^\W\d_]{1,2}")
_CURRENCIES = ["€", "$", "£", "¥", "₹", "₺", "₩"]
_FAMILIES = ("van", "von", "bin", "ibn")
"""With these a name may begin; other particles may be articles."""
_RATIOS = (("in",), ("of",), ("out", "of"))

_BEFORE = {"connective": 1.0, "subject": 1.0, "pronoun": 3.0, "auxiliary": 2.5, "determiner": 2.5}
_AFTER = {"determiner": 16.0, "connective": 13.0, "adverb": 12.0, "number": 12.0, "subject": 8.0, "pronoun": 8.0, "auxiliary": 6.0}
_ANYWHERE, _POSSESSIVE, _LEFT_OVER, WHOLE = 5.0, 12.0, 16.0, 25.0
"""The last is for what belongs together."""


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
    [13.0, 25.0, 0.0, 16.0, 2.5, 6.0]
    """
    before, after = words[index - 1], words[index]
    if not after.strip(_STOPS + "-") or _is_emoji(after):
        return _POSSESSIVE
    if closes_a_phrase(before) or _is_emoji(before):
        return 0.0
    left, right = _kind(before), _kind(after)
    if belong_together(words, index):
        return WHOLE
    if _bare(before).endswith("'s") and left is None:
        return _POSSESSIVE
    if left == "number" and right is None and not is_counted(before, after):
        return _ANYWHERE
    if left == "connective" and right in ("determiner", "connective", "subject"):
        return _LEFT_OVER
    return _AFTER.get(left or "") or _BEFORE.get(right or "") or _ANYWHERE


def belong_together(words: Sequence[str], index: int) -> bool:
    """Whether word ``index`` and the one before are a number and its unit, parts of one name or of one ratio, and the first ends no phrase.

    Examples
    --------
    >>> belong_together(["20", "kg"], 1), belong_together(["20,", "kilos"], 1), belong_together(["good", "coffee"], 1)
    (True, False, False)
    >>> [belong_together("Jane met Leonardo da Vinci".split(), index) for index in range(1, 5)]
    [False, False, True, True]
    >>> [belong_together("only 9 out of 10 do".split(), index) for index in range(1, 6)]
    [False, True, True, True, False]
    """
    before, after = words[index - 1], words[index]
    if closes_a_phrase(before):
        return False
    if _is_quantity(before, after) or _kind(before) == "title":
        return True
    return _is_within_name(words, index) or _is_within_ratio(words, index) or _is_within_date(words, index)


def is_counted(before: str, after: str) -> bool:
    """Whether a word may be what the number before it counts or numbers: "3 sets", but not "in 1969 Neil" or "3 of".

    Examples
    --------
    >>> is_counted("3", "sets"), is_counted("1969", "Neil"), is_counted("3", "of")
    (True, False, False)
    """
    return _kind(before) == "number" and _kind(after) is None and after[:1].isalnum() and not (_is_year(before) and _is_name(after))


def leans(words: Sequence[str], index: int) -> bool:
    """Whether a word is not read by itself: it has no letter or figure, is the short unit of the number before it, or its thousands.

    Examples
    --------
    >>> words = "It is 30 % off — 2.5 kg in 20 minutes 🎉".split()
    >>> [word for index, word in enumerate(words) if leans(words, index)]
    ['%', '—', 'kg', '🎉']
    """
    if not any(map(str.isalnum, words[index])):
        return True
    if not index or closes_a_phrase(words[index - 1]):
        return False
    before, after = words[index - 1 : index + 1]
    if _THOUSANDS.fullmatch(f"{before} {after}"):
        return True
    short = sum(map(str.isalpha, after)) <= _SHORT_UNIT and _is_unit(after)
    return short and any(map(str.isdecimal, before)) and _is_quantity(before, after)


def _is_quantity(before: str, after: str) -> bool:
    left, right = _kind(before), _kind(after)
    if left == "number":
        # Some units are other words, too: "3 am" is one, "1969 a man" is none.
        return right in ("number", "month", "unit") or (right == "auxiliary" and _is_unit(after))
    if right == "number":
        return left == "month" or _bare(before) in _CURRENCIES
    return left == right == "unit" and _is_unit(before) and _is_unit(after)


def _is_within_name(words: Sequence[str], index: int) -> bool:
    """Whether two words are of one name: capitals on both sides, with nothing but particles or & between ("Ludwig van Beethoven", "Smith &
    Co."), a particle that names begin with ("van der Berg"), or a name and its model ("Wi-Fi 6E").
    """
    if _is_name(words[index - 1]) and _MODEL.fullmatch(_bare(words[index])):
        return True
    first, last = index - 1, index
    while first > 0 and _links_names(words[first]):
        first -= 1
    while last < len(words) - 1 and _links_names(words[last]):
        last += 1
    begun = _is_name(words[first]) or any(word in _FAMILIES for word in words[first:index])
    return begun and _is_name(words[last])


def _links_names(word: str) -> bool:
    return word == "&" or (word.islower() and _kind(word) == "particle")


def _is_within_ratio(words: Sequence[str], index: int) -> bool:
    """Whether a word and the one before stand within "3 in 10" or "nine out of ten"."""
    for between in _RATIOS:
        length = len(between) + 2
        for start in range(max(index - length + 1, 0), min(index, len(words) - length + 1)):
            first, *middle, last = words[start : start + length]
            if tuple(middle) == between and _kind(first) == _kind(last) == "number":
                return True
    return False


def _is_within_date(words: Sequence[str], index: int) -> bool:
    """Whether a word and the one before stand within a day, a month and a year, in any language: "15 مايو ٢٠٢٦", "5 de mayo de 2026"."""
    for length in (3, 4, 5):
        for start in range(max(index - length + 1, 0), min(index, len(words) - length + 1)):
            day, *between, year = map(_bare, words[start : start + length])
            months = [word for word in between if word != "de"]
            if day.isdecimal() and len(day) <= 2 and len(months) == 1 and months[0][:1].isalpha() and _is_year(year):
                return True
    return False


def _is_year(word: str) -> bool:
    bare = _bare(word)
    return bare.isdecimal() and 1000 <= int(bare) < 2100


def _is_emoji(word: str) -> bool:
    return unicodedata.category(word[0]) == "So" and not any(map(str.isalnum, word)) and word not in _UNITS


@lru_cache(maxsize=4096)
def _bare(word: str) -> str:
    return word.strip(_OPENERS + _CLOSERS + _STOPS + ".!?…").lower().replace("’", "'")


@lru_cache(maxsize=4096)
def _kind(word: str) -> str | None:
    bare = _bare(word)
    if _FIGURE.fullmatch(bare):
        return "number"
    if bare == "may" and word.lstrip(_OPENERS)[:1].isupper():
        return "month"
    return _KIND.get(bare) or ("unit" if _is_unit(word) else None)


def _is_unit(word: str) -> bool:
    bare = _bare(word)
    return bare in _UNITS or all(part in _UNITS for part in bare.split("/"))


def _is_name(word: str) -> bool:
    return word.lstrip(_OPENERS)[:1].isupper() and _kind(word) in (None, "month", "particle")
