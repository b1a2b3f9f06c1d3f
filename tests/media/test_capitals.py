"""Capitals of languages that have their own."""

import pytest

from reelkit.media.capitals import capitals


@pytest.mark.parametrize(
    ("text", "language", "wanted"),
    [
        ("ılık iyi İzmir", "tr", "ILIK İYİ İZMİR"),
        ("iki", "az-AZ", "İKİ"),
        ("iki", "it", "IKI"),
        ("iki", "", "IKI"),
        ("Ελλάδα, Άνθρωπος", "el", "ΕΛΛΑΔΑ, ΑΝΘΡΩΠΟΣ"),
        ("καφε\u0301ς", "el", "ΚΑΦΕΣ"),
        ("Μάιος άυλος παϊδάκια ΐ", "", "ΜΑΪΟΣ ΑΫΛΟΣ ΠΑΪΔΑΚΙΑ Ϊ"),
        ("ζεστός ή κρύος; ή, ήλιος", "el", "ΖΕΣΤΟΣ Ή ΚΡΥΟΣ; Ή, ΗΛΙΟΣ"),
        ("straße café ijs", "de", "STRASSE CAFÉ IJS"),
    ],
)
def test_capitals_are_as_the_language_writes_them(text: str, language: str, wanted: str) -> None:
    """Turkish and Azeri keep the dot of an i, Greek loses accents but not what tells vowels apart, all others are as they were."""
    assert capitals(text, language) == wanted
