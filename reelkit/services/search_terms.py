"""Search terms from text: what a camera might show while it is said."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

__all__ = ["search_terms_of"]

# Words that name nothing a camera can see. What is left over of a sentence is mostly its nouns and the adjectives before them.
_UNSEEN_WORDS = """
    a an the this that these those my your his her its our their some any every each no all both few many much more most less least
    other another such same own one two three four five six seven eight nine ten first second third last next half i you he she it we
    they me him them us myself yourself itself themselves who whom whose which what where when why how whoever and but or nor so yet
    because if while although though since after before until unless than as about above across against along among around at behind
    below beneath beside between beyond by down during for from in inside into like near of off on onto out over past per through
    throughout to toward towards under up upon with within without not never always often sometimes usually ever again once twice only
    just even also too very quite rather almost nearly really perhaps maybe still already soon later now then here there today tomorrow
    yesterday instead however therefore otherwise away back together apart else enough well is are was were be been being am do does did
    done doing has have had having can could will would shall should may might must cannot get gets got getting give gives gave given go
    goes went gone going come comes came coming make makes made making take takes took taken taking keep keeps kept let lets put puts
    say says said tell tells told know knows knew known think thinks thought see sees saw seen look looks looked want wants wanted need
    needs needed use uses used using find finds found become becomes became turn turns turned leave leaves left mean means meant seem
    seems seemed try tries tried ask asks asked begin begins began start starts started stop stops stopped happen happens happened work
    works worked feel feels felt call calls called show shows showed follow follows followed stay stays stayed change changes changed
    help helps helped hold holds held bring brings brought remember forget believe matter matters learn learned thing things something
    anything nothing everything someone anyone nobody everybody everyone way ways kind sort lot bit part reason fact idea case point
    question answer difference problem example good better best bad worse worst new old big small great little long short high low right
    wrong true different important easy hard sure real simple whole full able ready sudden actual entire several worth far fast slow
    late early false free main certain common possible open closed close grow grows grew sit sits sat run runs ran wait waits waiting
    lose loses lost win wins won fit fits serve serves carry carries carried match matches matched count counts pick picks picked pour
    pours fill fills filled rub rubs pull pulls pulled push pushes pushed move moves moved play plays played live lives lived die dies
    died fall falls fell rise rises rose cut cuts catch catches caught break breaks broke buy buys bought sell sells sold pay pays paid
    send sends sent meet meets met read reads write writes wrote speak speaks spoke hear hears heard stand stands stood eat eats ate
    sleep sleeps slept taste tastes smell smells touch touches cost costs save saves spend spends spent add adds added build builds
    built choose chooses chose lasts lasted reach reaches reached enjoy love loves loved hate stick sticks cling edit edits drive drives
    drove lift lifts travel travels appear appears contain contains cause causes create creates trade year years month months week weeks
    day days hour hours minute minutes seconds time times moment age degrees percent metre metres meter meters kilometre kilometres
    kilometer kilometers mile miles gram grams kilo kilos tonne tonnes thirds hundred thousand million billion number numbers size
    amount rest end side place waited wake wakes woke warm warms boil boils brew brews hurry tired gently slowly
"""
# After one of these stands a thing; after the first few it is a single one, and a word with -s behind it is a verb ("a bolt heats").
_SINGLE = frozenset({"a", "an", "each", "every", "another", "one"})
_BEFORE_WORDS = """
    the this that these those my your his her its our their some any no of in on at into onto from with without under over between
    through across behind beside near inside by for
"""
_UNSEEN, _BEFORE_A_THING = frozenset(_UNSEEN_WORDS.split()), _SINGLE | frozenset(_BEFORE_WORDS.split())
_WORD = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ'’-]*")
_NOT_A_THING = re.compile(r".{2,}(?:ly|n't|n’t|'ll|'re|'ve|’ll|’re|’ve)")
_LAST_RESORT = ("soft light", "abstract background")


def search_terms_of(text: str, *, fallback_terms: Iterable[str] = ()) -> tuple[str, ...]:
    """Return 2 to 4 search terms for a text.

    Runs of words that may name things become terms of at most two words; those that follow an article or a preposition come first,
    then pairs. Fallback terms fill up to two. Text in other scripts than Latin gives fallback terms only, as libraries are searched
    in English.

    Parameters
    ----------
    text : str
    fallback_terms : iterable of str
        Terms that suit every scene of a brand.

    Examples
    --------
    >>> search_terms_of("Hot water pulls the flavour out of ground coffee.")
    ('ground coffee', 'flavour', 'hot water')
    >>> search_terms_of("Why?", fallback_terms=["coffee beans", "steam"])
    ('coffee beans', 'steam')
    """
    runs: list[tuple[str, list[str]]] = [("", [])]
    for piece in re.findall(r"[\w'’-]+|[^\w\s]", unicodedata.normalize("NFC", text)):
        word = piece.lower().strip("'’-").removesuffix("'s").removesuffix("’s")
        before, run = runs[-1]
        if _names_a_thing(word) and not (run and before in _SINGLE and word.endswith("s")):
            run.append(word)
        elif run or before != word:
            runs.append((word, []))
    # A run's last word names the thing and the one before it says which ("espresso machine").
    found: dict[str, bool] = {}
    for before, run in runs:
        if run:
            found.setdefault(" ".join(run[-2:]), before in _BEFORE_A_THING)
    named = sorted(found, key=lambda term: (not found[term], " " not in term))
    terms = named[:4] if len(named) >= 2 else [*named, *fallback_terms, *_LAST_RESORT]
    return tuple(dict.fromkeys(terms))[: max(2, min(len(named), 4))]


def _names_a_thing(word: str) -> bool:
    return bool(_WORD.fullmatch(word)) and 2 < len(word) <= 24 and word not in _UNSEEN and not _NOT_A_THING.fullmatch(word)
