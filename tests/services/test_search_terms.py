"""Search terms from text."""

import pytest
from hypothesis import given

from reelkit.services.search_terms import search_terms_of
from tests.strategies import texts


@given(texts(max_words=40))
def test_terms_are_two_to_four_and_differ(text: str) -> None:
    """Any text gives 2 to 4 different terms, none of them empty."""
    terms = search_terms_of(text)
    assert 2 <= len(terms) == len(set(terms)) <= 4
    assert all(term.strip() for term in terms)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("A finer grind lets the water reach every coffee bean.", ("finer grind", "coffee bean", "water")),
        ("Before the fruit comes a white flower that smells of jasmine.", ("white flower", "fruit", "jasmine")),
        ("A bolt heats the air.", ("bolt", "air")),
        ("They really shouldn't have waited so long.", ("tea cup", "steam")),
        ("The barista's hands", ("barista hands", "tea cup")),
        ("القهوة مشروب", ("tea cup", "steam")),
        ("😀 ☕", ("tea cup", "steam")),
        ("", ("tea cup", "steam")),
    ],
)
def test_terms_name_things_that_can_be_seen(text: str, terms: tuple[str, ...]) -> None:
    """Terms are the things a text names; fallback terms fill up where it names fewer than two."""
    assert search_terms_of(text, fallback_terms=("tea cup", "steam")) == terms


def test_there_are_terms_without_fallback() -> None:
    """A brand that names no fallback terms still gets something that a library can find."""
    assert len(search_terms_of("")) == 2
