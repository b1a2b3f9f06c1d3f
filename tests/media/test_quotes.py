"""Quotation marks in the place of straight ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelkit.media.quotes import with_quotes
from tests.strategies import word_texts


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", '"Is it good?" she asked.', "“Is it good?” she asked."),
        ("en", '("Yes," he said, "it is.")', "(“Yes,” he said, “it is.”)"),
        ("en-GB", 'A "word"', "A “word”"),
        ("en", 'Now "30 %" less, "🎉"', "Now “30 %” less, “🎉”"),
        ("en", 'Made "in 1969" and "now".', "Made “in 1969” and “now”."),
        ("en", '"A 15" screen" is 15" wide.', '“A 15" screen” is 15" wide.'),
        ("en", 'It opens "here and never closes.', 'It opens "here and never closes.'),
        ("en", 'A mark " alone', 'A mark " alone'),
        ("de", 'Er sagt: "Ja."', "Er sagt: „Ja.“"),
        ("fr", 'Il dit "oui" !', "Il dit «\u00a0oui\u00a0» !"),
        ("ru", 'Это "да".', "Это «да»."),
        ("he", 'ד"ר כהן אמר "שלום".', 'ד"ר כהן אמר "שלום".'),
    ],
)
def test_marks_are_those_of_the_language(language: str, text: str, expected: str) -> None:
    """A pair of straight marks becomes the language's own; inches, what has no partner, and other languages stay as they are."""
    assert " ".join(with_quotes(text.split(" "), language)) == expected


@given(st.lists(word_texts(), max_size=20))
def test_text_without_straight_marks_stays_as_it_is(words: list[str]) -> None:
    """Nothing but straight marks is changed, and every one that goes has a partner."""
    curled = with_quotes(words, "en")
    assert [text.replace("“", '"').replace("”", '"') for text in curled] == [text.replace("“", '"').replace("”", '"') for text in words]
