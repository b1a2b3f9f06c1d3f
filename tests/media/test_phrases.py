"""Phrases: text without spaces is broken where a reader would, and nowhere else."""

from __future__ import annotations

from itertools import accumulate

import pytest

from reelkit.media.phrases import phrases

AROUND = {
    "zh-Hans": ("因为我们用", "以开水冲煮，绝不含糊"),
    "ja": ("水出しの", "をチェックしてください。"),
    "th": ("กาแฟสดใหม่", "สั่งซื้อได้ทุกวัน"),
}


@pytest.mark.parametrize("language", AROUND)
@pytest.mark.parametrize(
    "name",
    [
        "AeroPress",
        "Rock&Roll",
        "iPhone-15Pro",
        "McDonald's",
        "C++",
        "C#",
        "Café",
        "www.northwind.coffee",
        "#NorthwindCoffee",
        "ＡｅｒｏＰｒｅｓｓ",
    ],
)
def test_a_name_in_latin_letters_stays_whole(name: str, language: str) -> None:
    """Letters, digits and the marks between them are one phrase, or part of one, while the text around is still broken."""
    before, after = AROUND[language]
    found = phrases(before + name + after, "ja" if language == "ja" else "zh-Hans")
    assert "".join(found) == before + name + after and len(found) >= 3
    assert not set(accumulate(map(len, found))) & set(range(len(before) + 1, len(before + name)))


def test_spaces_without_width_are_no_phrases() -> None:
    """Where they come from a web page, text is broken where it would be without them."""
    for text, language in (("กาแฟสดใหม่สั่งซื้อได้ทุกวัน", "th"), ("今日は天気がいいですね。", "ja")):
        found = phrases("\u200b".join(["", *text, ""]), language)
        assert [part.replace("\u200b", "") for part in found] == list(phrases(text, language))
        assert "".join(found).replace("\u200b", "") == text
