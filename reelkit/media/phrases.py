"""Phrases: where text without spaces may be broken, and which language its characters are drawn for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, groupby, pairwise
from typing import Any

__all__ = ["as_words", "columns", "language_of", "merged", "phrases"]

_KANA = re.compile(r"[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9d]")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_NO_WIDTH = "\u200b"
_WITH_HAN = ("ja", "ko", "yue", "zh")
_THAI = re.compile(r"[\u0e00-\u0e7f]")
_WIDE = re.compile(rf"{_KANA.pattern}|{_HAN.pattern}|[\u3000-\u303f\uff01-\uff60]")
_ABOVE_OR_BELOW = re.compile(r"[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]")
"""Thai vowels and tones that take no place of their own."""
_QUANTITY = re.compile(
    r"""(?:\d[\d.,:/]*|[〇零一二两兩三四五六七八九十百千万萬亿億几半]+)
        (?:[个個]?(?:小时|小時|分钟|分鐘|秒钟|月|星期)|[个個秒年天岁歲次种種杯克度元块塊米倍升]|毫升|毫克|毫米|千克|公斤|公里|厘米|摄氏度|美元
          |°[CF]|[%％°]|[A-Za-z]+)?
      |(?:หนึ่ง|สอง|สาม|สี่|ห้า|หก|เจ็ด|แปด|เก้า|สิบ|ยี่|เอ็ด|ร้อย|พัน|หมื่น|แสน|ล้าน)+""",
    re.VERBOSE,
)
"""A number and what it counts, which the parsers part."""
_LATIN_LETTERS = r"[0-9A-Za-z\u00c0-\u024f\u1e00-\u1eff\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]"
_LATIN = re.compile(rf"[#@]?{_LATIN_LETTERS}+(?:[-.'\u2019&+/_@:]{{1,3}}{_LATIN_LETTERS}+)*[+#]*")
"""A name or an address in Latin letters, of which the parsers know nothing."""


def language_of(texts: Iterable[str], language: str = "") -> str:
    """Return the language that the letters of these texts are drawn for.

    Kana anywhere say Japanese, Hangul says Korean; Chinese characters alone are those of the texts' ``language`` (BCP 47) where that has
    them, else of China. Texts without any are in their language, "" where it is not known.

    Examples
    --------
    >>> language_of(["東京", "へ"]), language_of(["北京"]), language_of(["Oslo"])
    ('ja', 'zh-Hans', '')
    >>> language_of(["東京"], "ja"), language_of(["東京"], "en"), language_of(["Oslo"], "en")
    ('ja', 'zh-Hans', 'en')
    """
    text = "".join(texts)
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    return "zh-Hans" if _HAN.search(text) and language.partition("-")[0] not in _WITH_HAN else language


@lru_cache(maxsize=1024)
def phrases(text: str, language: str = "") -> tuple[str, ...]:
    """Break a word of a script that is written without spaces into phrases that stay whole; other words are one.

    Parameters
    ----------
    text : str
    language : str
        As :func:`language_of` says of the whole reel.

    Notes
    -----
    Japanese, Chinese and Thai by BudouX (https://github.com/google/budoux), whose phrases keep punctuation where it belongs; a number
    stays with what it counts, and a name in Latin letters whole. Spaces without width (U+200B) stay at the end of a phrase.

    Examples
    --------
    >>> phrases("今日は天気です。", "ja")
    ('今日は', '天気です。')
    >>> phrases("don't")
    ("don't",)
    """
    if _THAI.search(text):
        name = "thai"
    elif _HAN.search(text) or (language.startswith("ja") and _KANA.search(text)):
        name = "japanese" if language.startswith("ja") else "simplified_chinese"
    else:
        return (text,)
    # The parsers take a space without width for a letter.
    kept = [at for at, letter in enumerate(text) if letter != _NO_WIDTH]
    bare = "".join(text[at] for at in kept)
    whole = [*_QUANTITY.finditer(bare), *_LATIN.finditer(bare)]
    within = {at for part in whole for at in range(part.start() + 1, part.end())}
    ends = [at for at in accumulate(map(len, _parser(name).parse(bare))) if at not in within]
    cuts = [0, *(kept[at] for at in ends[:-1]), len(text)]
    return tuple(text[start:end] for start, end in pairwise(cuts))


def columns(text: str) -> int:
    """Return how many letters long a text is: Chinese and Japanese characters are as wide, and take as long to read, as two.

    Examples
    --------
    >>> columns("Tea"), columns("お茶"), columns("น้ำ")
    (3, 4, 2)
    """
    return len(text) + len(_WIDE.findall(text)) - len(_ABOVE_OR_BELOW.findall(text))


def as_words(texts: Iterable[str]) -> int:
    """Return for how many words texts count that are read at a glance: short phrases of scripts without spaces are parts of one.

    Examples
    --------
    >>> as_words(["We", "drink", "tea"]), as_words(["我们", "喝", "茶"])
    (3, 2)
    """
    sixths = sum(min(columns(text), 6) if _THAI.search(text) or _WIDE.search(text) else 6 for text in texts)
    return -(-sixths // 6)


@lru_cache(maxsize=4)
def _parser(name: str) -> Any:
    import budoux

    return getattr(budoux, f"load_default_{name}_parser")()


def merged(pieces: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Join neighbouring pieces of the same word, numbered by their word.

    Examples
    --------
    >>> merged([(0, "今日は"), (0, "天気"), (1, "です")])
    [(0, '今日は天気'), (1, 'です')]
    """
    return [(index, "".join(text for _, text in group)) for index, group in groupby(pieces, key=lambda piece: piece[0])]
