"""Which sounds say which written word."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reelkit.errors import VoiceError
from reelkit.services.hibari_words import SpokenWord, phoneme_string, plan_breaths, read_aloud, says_something


@pytest.fixture(scope="module")
def reader():
    from hibari.tts import Hibari

    return Hibari()


def readings(reader, text: str) -> list[tuple[str, str]]:
    """Each written word with the words that hibari says for it."""
    words = text.split()
    spoken = read_aloud(words, reader.g2p, reader.vocab)
    return [
        (word, " ".join(s.text for s in spoken if index in dict(s.owners) and says_something(s.phonemes)))
        for index, word in enumerate(words)
    ]


TABLE = {
    "He paid $3.2 billion today": ["He", "paid", "3.2", "billion dollars", "today"],
    "Dr. Smith saw St. John on Main St. again": ["Dr", "Smith", "saw", "Saint", "John", "on", "Main", "Street", "again"],
    "It's 9:30am or 9:30 am": ["It's", "nine thirty A.M.", "or", "nine thirty", "A.M."],
    "An e-mail in 2026": ["An", "e-mail", "in", "2026"],
    "on 10/12/2019 5km away": ["on", "October twelfth, 2019", "5 kilometers", "away"],
    "from 10 - 20 km": ["from", "10", "to", "20", "kilometers"],
    "pages 2-3 of 20 % more": ["pages", "2 to 3", "of", "20", "%", "more"],
    "at 20 °C now": ["at", "20", "degrees Celsius", "now"],
    "Jan 5, 2026 and 5 May 2020": ["January", "fifth,", "2026", "and", "the fifth", "of May", "2020"],
    "Henry VIII in World War II": ["Henry", "the eighth", "in", "World", "War", "2"],
    "cost ¥ 500 million or Rs 300": ["cost", "", "500", "million yen", "or", "", "300 rupees"],
    "call 555-1234 now": ["call", "5 5 5, 1 2 3 4", "now"],
    "No. 5 — the “best” (really) 🎉 one": ["Number", "5", "", "the", "“best”", "(really)", "", "one"],
    "a 1/2 cup and ½ more": ["a", "one half", "cup", "and", "one half", "more"],
    "<b>hi</b> there <br/> you": ["hi", "there", "", "you"],
    "hello ! world , ok": ["hello!", "", "world,", "", "ok"],
    "[see here](http://x.y)": ["[see", "here] (http://x.y)"],
    "was -5 outside": ["was", "minus 5", "outside"],
    "#5 and #coffee": ["number 5", "and", "hashtag coffee"],
    "مرحبا U.S. yes": ["", "U.S.", "yes"],
}


MENDED = {
    "about 10 000 cups, 12\u202f500 of 1\u00a0000\u00a0000.": [
        "about",
        "10,000",
        "10,000",
        "cups",
        "12,500",
        "12,500",
        "of",
        *["1,000,000"] * 3,
    ],
    "over 5 000 km, 5 000km": ["over", "5,000", "5,000", "kilometers", "5,000", "5,000 kilometers"],
    "$10 000 or 10 000 €": ["$10,000", "$10,000", "or", "10,000", "10,000", "euros"],
    "in 2024 300 people and 0 000": ["in", "2024", "300", "people", "and", "0", "000"],
    "call 555 123 4567 or 555 123-4567": ["call", "555", "123", "4567", "or", "555", "1 2 3, 4 5 6 7"],
    "for 9.99 € or 9,99€ now": ["for", "€9.99", "€9.99", "or", "€9.99", "now"],
    "at 5€, 20 $ and 1 £": ["at", "5 euros", "20", "dollars", "and", "1", "pound"],
    "some 2 million € from $5 $10": ["some", "2", "million", "euros", "from", "$5", "$10"],
    "18 g of tea, 1 g in 2 l or 3cl": ["18", "grams", "of", "tea", "1", "gram", "in", "2", "liters", "or", "3 centiliters"],
    "a g, 5 g's and 5G": ["a", "g", "5", "g's", "and", "5G"],
    "5g phones, 5g of salt, 18g": ["5g", "phones", "5 grams", "of", "salt", "18 grams"],
    "call 0412 345 678 or +49 30 123 456": ["call", "0412", "345", "678", "or", "plus 49", "30", "123", "456"],
    "In May 10,000 came, by June 2.5 tons": ["In", "May", "10,000", "came", "by", "June", "2.5", "tons"],
    "In May 10 000 came, from June 45 300": ["In", "May", "10,000", "10,000", "came", "from", "June", "45,300", "45,300"],
    "On May 5 300 came, on Sept. 12 150 000": ["On", "May", "fifth", "300", "came", "on", "September", "twelfth", "150,000", "150,000"],
    "On 5 May 300 came, on 5 May 12 500": ["On", "the fifth", "of May", "300", "came", "on", "the fifth", "of May", "12,500", "12,500"],
    "in May 5 300 came, in June 12 brands": ["in", "May", "5,300", "5,300", "came", "in", "June", "12", "brands"],
    "May 5, 300 people, May 5, 2020 or May 5.": ["May", "fifth", "300", "people", "May", "fifth", "2020", "or", "May", "fifth"],
    "an iPhone 15 256 GB": ["an", "iPhone", "15", "256", "gigabytes"],
    'a 24"-27" desk, -9.99 €': ["a", '24"-27"', "desk", "minus 9.99", "euros"],
    "cold (−18 °C) “−5” (-3)": ["cold", "(minus 18", "degrees Celsius)", "“minus 5”", "(minus 3)"],
}
"""Figures that hibari alone reads wrongly, or not at all."""


@pytest.mark.parametrize("text", MENDED)
def test_figures_are_read_as_they_are_meant(reader, text: str) -> None:
    """Thousands in groups, signs behind a price, grams and litres, days, and what is below zero; what is none of these stays."""
    got = [said.rstrip("!,.") for _, said in readings(reader, text)]
    assert got == MENDED[text]


def test_hints_how_a_text_is_set_are_not_read(reader) -> None:
    """Where words may be broken and may not is no part of them, and a hyphen that holds them together is a hyphen."""
    set_text, plain = "A con\u00adtri\u00adbu\u00adtion \u200b by\u200b e\u2011\u2060mail.", "A contribution by e-mail."
    spoken = read_aloud(set_text.split(), reader.g2p, reader.vocab)
    assert [word.phonemes for word in spoken] == [word.phonemes for word in read_aloud(plain.split(), reader.g2p, reader.vocab)]
    assert [word.owners[0][0] for word in spoken] == [0, 1, 3, 4]


def test_thousands_in_groups_are_one_number(reader) -> None:
    """What two written words say together is shared out between them."""
    spoken = read_aloud(["10", "000", "cups"], reader.g2p, reader.vocab)
    assert [word.phonemes for word in spoken] == [word.phonemes for word in read_aloud(["10,000", "cups"], reader.g2p, reader.vocab)]
    assert [word.owners for word in spoken] == [((0, 2), (1, 3)), ((2, 4),)]


@pytest.mark.parametrize("text", TABLE)
def test_every_written_word_owns_what_is_said_for_it(reader, text: str) -> None:
    """However hibari rewrites a text, what it says for a written word is owned by that word."""
    got = [said.rstrip("!,.") for _, said in readings(reader, text)]
    expected = [said.rstrip("!,.") for said in TABLE[text]]
    assert got == expected


@pytest.mark.parametrize(
    "text", [*(text for text in TABLE if not any(mark in text for mark in ("](", "<", "-5 "))), "The apple I used to read, to eat."]
)
def test_the_sounds_are_hibaris_own(reader, text: str) -> None:
    """Tracing changes nothing of what is said: the phonemes are those of hibari's own reading."""
    spoken = read_aloud(text.split(), reader.g2p, reader.vocab)
    assert phoneme_string(spoken) == " ".join("".join(char for char in reader.g2p(text) if char in reader.vocab).split())


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(st.sampled_from("abABgl019 .,:;-−/%$€°'’\"()[]<>=+#&@!?…—🎉½²مé"), min_size=1, max_size=9), min_size=1, max_size=8))
def test_owners_are_in_order_and_exist(reader, parts: list[str]) -> None:
    """Whatever is written, every spoken word has owners among the written ones, in order."""
    words = " ".join(parts).split()
    spoken = read_aloud(words, reader.g2p, reader.vocab) if words else []
    owners = [owner for word in spoken for owner, _ in word.owners]
    assert owners == sorted(owners)
    assert all(word.owners for word in spoken)
    assert set(owners) <= set(range(len(words)))


sounds = st.lists(st.integers(min_value=0, max_value=12), min_size=1, max_size=60)


@given(sounds, st.integers(min_value=12, max_value=40), st.sets(st.integers(min_value=0, max_value=60)))
@example([2, 4, 12], 12, {0})
def test_breaths_are_all_words_in_order_and_short_enough(lengths: list[int], most: int, commas: set[int]) -> None:
    """Breaths partition the words, none is empty, none holds more phonemes than the model takes."""
    words = [f"w{index}" for index in range(len(lengths))]
    spoken = [
        SpokenWord(word, "a" * (length - 1) + ("," if index in commas else "") if length > 1 else "", ((index, 1),))
        for index, (word, length) in enumerate(zip(words, lengths, strict=True))
    ]
    breaths = plan_breaths(words, spoken, most_phonemes=most + 2)
    assert [index for breath in breaths for index in breath] == list(range(len(words)))
    assert all(breath for breath in breaths)
    assert all(
        len(phoneme_string([spoken[index] for index in breath if says_something(spoken[index].phonemes)])) <= most + 2 for breath in breaths
    )


def test_a_breath_breaks_at_a_clause(reader) -> None:
    """A sentence too long for one breath is broken after a comma, not within a clause."""
    words = ("We walked along the river until it grew dark, and then we turned around, " * 8).split()
    spoken = read_aloud(words, reader.g2p, reader.vocab)
    breaths = plan_breaths(words, spoken, most_phonemes=400)
    assert len(breaths) > 1
    assert all(words[breath[-1]].endswith(",") for breath in breaths)


def test_a_word_of_too_many_sounds_is_named() -> None:
    """A word that no breath can hold is refused by name."""
    with pytest.raises(VoiceError, match="the word 'long'"):
        plan_breaths(["long"], [SpokenWord("long", "a" * 500, ((0, 4),))], most_phonemes=400)
