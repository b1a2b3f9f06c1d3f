"""What it costs to part two words on screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelkit.media.breaks import break_cost, closes_a_phrase
from tests.strategies import word_texts


@given(st.lists(word_texts(), min_size=2, max_size=12))
def test_breaks_cost_something_only_inside_a_phrase(words: list[str]) -> None:
    """No break is worth more than none, and a break after a comma is free unless a dash follows."""
    for index in range(1, len(words)):
        cost = break_cost(words, index)
        assert 0 <= cost <= 25
        if closes_a_phrase(words[index - 1]) and any(map(str.isalnum, words[index])):
            assert cost == 0


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("in the morning,| it rains", "in the| morning, it rains"),
        ("grinding coffee| for the pot", "grinding coffee for| the pot"),
        ("it takes| 30 seconds", "it takes 30| seconds"),
        ("it takes| 2.5 million years", "it takes 2.5| million years"),
        ("when we met| Jane Goodall", "when we met Jane| Goodall"),
        ("on| March 3, we left", "on March| 3, we left"),
        ("here comes| Dr. Smith", "here comes Dr.| Smith"),
        ("the coffee| is ready", "the coffee is| ready"),
        ("it is far| too hot", "it is far too| hot"),
        ("they saw| the farmer's dog", "they saw the farmer's| dog"),
        ("we waited| — and won", "we waited —| and won"),
        ("beans| at 93 °C", "beans at 93| °C"),
        ("it holds| 12 oz or more", "it holds 12| oz or more"),
        ("we rode| 42 km/h fast", "we rode 42| km/h fast"),
        ("nur| 12 Stunden und mehr", "nur 12| Stunden und mehr"),
        ("pendant| 12 heures", "pendant 12| heures"),
        ("it was| on 5 May", "it was on 5| May"),
        ("ask| Smith & Sons first", "ask Smith| & Sons first"),
        ("ask| Smith & Sons first", "ask Smith &| Sons first"),
        ("coffee ·| tea", "coffee| · tea"),
        ("ring| +49 30 1234567", "ring +49| 30 1234567"),
        ("Ludwig van Beethoven| wrote nine", "Ludwig van| Beethoven wrote nine"),
        ("we met| Simone de la Cruz", "we met Simone de| la Cruz"),
        ("In 1969| Neil Armstrong walked", "In 1969 Neil| Armstrong walked"),
        ("drink water| of Paris", "drink water of| Paris"),
        ("In 1969| a man walked", "In 1969 a| man walked"),
        ("open| 3 am to noon", "open 3| am to noon"),
        ("but only| 3 in 10 do", "but only 3| in 10 do"),
        ("and the| van der Berg family", "and the van| der Berg family"),
        ("on a bus| in an old hat", "on a bus in| an old hat"),
        ("a fan of it| and so is she", "a fan of it and| so is she"),
        ("it has| Wi-Fi 6E now", "it has Wi-Fi| 6E now"),
        ("it costs| € 30 today", "it costs €| 30 today"),
        ("we win 🎉| a trip", "we win| 🎉 a trip"),
        ("حتى| ١٥ مايو ٢٠٢٦", "حتى ١٥| مايو ٢٠٢٦"),
        ("nos vemos el| 5 de mayo de 2026", "nos vemos el 5| de mayo de 2026"),
        ("im Laden ab| 3. März 2026", "im Laden ab 3.| März 2026"),
        ("في الصباح الباكر،| نشرب القهوة", "في الصباح| الباكر، نشرب القهوة"),
        ("صبح سویرے؛| چائے پیتے ہیں", "صبح| سویرے؛ چائے پیتے ہیں"),
    ],
)
def test_some_breaks_are_better(better: str, worse: str) -> None:
    """A break between phrases costs less than one inside a phrase, a name or a quantity."""

    def cost(marked: str) -> float:
        return break_cost(marked.replace("|", "").split(), len(marked.split("|", maxsplit=1)[0].split()))

    if "—" in better:
        better, worse = worse, better
    assert cost(better) < cost(worse)
