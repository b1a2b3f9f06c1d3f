"""Phrases: where text without spaces may be broken, and which language its characters are drawn for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

__all__ = ["language_of", "merged", "phrases"]

_KANA = re.compile(r"[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9d]")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_THAI = re.compile(r"[\u0e00-\u0e7f]")


def language_of(texts: Iterable[str]) -> str:
    """Return the language that Chinese characters in these texts are drawn for: "ja", "ko", "zh-Hans", or "" where there are none.

    Kana anywhere say Japanese, Hangul says Korean; characters alone are taken for Chinese.

    Examples
    --------
    >>> language_of(["東京", "へ"]), language_of(["北京"]), language_of(["Oslo"])
    ('ja', 'zh-Hans', '')
    """
    text = "".join(texts)
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    return "zh-Hans" if _HAN.search(text) else ""


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
    Japanese, Chinese and Thai by BudouX (https://github.com/google/budoux), whose phrases keep punctuation where it belongs.

    Examples
    --------
    >>> phrases("今日は天気です。", "ja")
    ('今日は', '天気です。')
    >>> phrases("don't")
    ("don't",)
    """
    if _THAI.search(text):
        return tuple(_parser("thai").parse(text))
    if language == "ja":
        return tuple(_parser("japanese").parse(text)) if _KANA.search(text) or _HAN.search(text) else (text,)
    return tuple(_parser("simplified_chinese").parse(text)) if _HAN.search(text) else (text,)


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
