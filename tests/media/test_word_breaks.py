"""Where words are broken that are wider than a line: where their authors say, at marks, between syllables, and evenly at last."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelkit.media.word_breaks import SOFT_HYPHEN, at_a_lines_end, broken


def parts(word: str, letters: int, language: str = "") -> list[str]:
    """The parts of a word on lines of so many letters, as they end lines."""
    return [at_a_lines_end(part) for part in broken(word, lambda part: len(at_a_lines_end(part)) <= letters, language)]


@pytest.mark.parametrize(
    ("word", "language", "expected"),
    [
        ("Geschwindigkeits\u00adbegrenzung", "de", ["Geschwindigkeits-", "begrenzung"]),
        ("Lebensmittel\u200bunverträglichkeits\u200bberatung", "de", ["Lebensmittel", "unverträglichkeits", "beratung"]),
        ("Kraftfahrzeug-Versicherung", "de", ["Kraftfahrzeug-", "Versicherung"]),
        ("Haftpflichtversicherung", "de", ["Haft-", "pflicht-", "ver-", "si-", "che-", "rung"]),
        ("uncharacteristically", "en-US", ["unchar-", "ac-", "ter-", "is-", "ti-", "cally"]),
        ("BrightWaterCoffeeHouse", "en", ["Bright-", "Water-", "Coffee-", "House"]),
        ("#SlowMorningsTasteBetterTogether", "en", ["#Slow", "Mornings", "Taste", "Better", "Together"]),
        ("#donaudampfschifffahrt", "de", ["#donau", "dampf", "schiff", "fahrt"]),
        ("northwind.coffee/donaudampfschifffahrt", "de", ["northwind", ".coffee/", "donau", "dampf", "schiff", "fahrt"]),
        ("tea.example/shop?source=magazine&kind=green", "en", ["tea", ".example/", "shop", "?source=", "magazine", "&kind=", "green"]),
        ("ノースウィンド・コーヒーノミホウダイ・カイサイ", "ja", ["ノースウィンド・", "コーヒーノミホウダイ・", "カイサイ"]),
        ("abcdefghijklmnopqrstuvwxyz", "", ["abcdefghijklm-", "nopqrstuvwxyz"]),
        ("ش" * 30, "ar", ["ش" * 15, "ش" * 15]),
        ("Straßen\u00adverkehr", "de", ["Straßenverkehr"]),
    ],
)
def test_a_word_is_broken_at_the_best_places_that_do(word: str, language: str, expected: list[str]) -> None:
    """Authors' hints come first, then marks and capitals, then syllables; addresses and hashtags get no hyphen; what fits stays whole."""
    assert parts(word, 18 if word[0] != "ノ" else 11, language) == expected


@given(
    st.text(st.sampled_from("abcABCéß\u00ad\u200b-/.#@・ア字ش"), min_size=1, max_size=40),
    st.integers(3, 12),
    st.sampled_from(["", "de", "en"]),
)
def test_no_letter_is_lost_and_all_parts_fit(word: str, letters: int, language: str) -> None:
    """The parts are the word, hints and shown hyphens aside, and no part is too wide for a line."""
    found = broken(word, lambda part: len(at_a_lines_end(part)) <= letters, language)
    plain = word.replace(SOFT_HYPHEN, "").replace("\u200b", "")
    assert "".join(found).replace(SOFT_HYPHEN, "").replace("\u200b", "") == plain
    assert all(len(at_a_lines_end(part)) <= letters for part in found)
    assert not found or not found[-1].endswith(SOFT_HYPHEN)


def test_dictionaries_are_loaded_for_words_that_are_cut_only() -> None:
    """What fits, or is broken where its author says, needs no dictionary."""
    code = "from reelkit.media.word_breaks import broken; broken('Tee\u00adkanne', lambda part: len(part) < 7, 'de')"
    told = subprocess.run([sys.executable, "-c", f"{code}; import sys; print('pyphen' in sys.modules)"], capture_output=True, check=True)
    assert told.stdout.strip() == b"False"
