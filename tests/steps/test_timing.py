"""Sentences and cues of a narration."""

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelkit.media.breaks import belong_together, leans
from reelkit.media.caption_layout import caption_sizes, lay_out
from reelkit.media.phrases import as_words, columns
from reelkit.model import CaptionStyle, Cue, SentenceTiming, Word, spaced
from reelkit.services.deck import read_deck
from reelkit.steps.timing import group_words_into_sentences, split_cues
from tests.strategies import caption_styles, words

DECKS = Path(__file__).parents[2] / "templates" / "decks"


def spoken(text: str, *, rate_hz: int = 1000, ms_per_char: int = 66, pause_ms: int = 250) -> list[Word]:
    at, said = 0, list[Word]()
    for piece in text.split():
        length = len(piece) * ms_per_char * rate_hz // 1000
        said.append(Word(text=piece, start=at, end=at + length, rate_hz=rate_hz, timed_by="durations"))
        at += length + (pause_ms * rate_hz // 1000 if piece[-1] in ".!?" else 0)
    return said


def shown(text: str, **style: object) -> list[str]:
    return [cue.text for cue in split_cues(group_words_into_sentences(spoken(text)), CaptionStyle.model_validate(style))]


def scaled(said: list[Word], k: int) -> list[Word]:
    return [word.model_copy(update={"start": word.start * k, "end": word.end * k}) for word in said]


def unhurried(said: list[Word]) -> list[Word]:
    """Words of a second and more: none too short to be shared among its phrases, or to be seen."""
    return scaled(said, said[0].rate_hz)


@settings(max_examples=50)
@given(words(min_size=0))
def test_sentences_hold_every_word_once_in_order(said: list[Word]) -> None:
    """The sentences of a narration are a partition of its words."""
    assert [word for sentence in group_words_into_sentences(said) for word in sentence.words] == said


@settings(max_examples=50)
@given(words(), caption_styles())
def test_cues_hold_every_word_once_in_order(said: list[Word], style: CaptionStyle) -> None:
    """The cues of a narration are a partition of its words, or of their phrases."""
    shown = [word for cue in split_cues(group_words_into_sentences(said), style) for word in cue.words]
    assert spaced([word.text for word in shown], [word.joined for word in shown]) == " ".join(word.text for word in said)
    assert [word.start for word in shown if not word.joined] == [word.start for word in said]
    whole = [word for word, after in itertools.zip_longest(shown, shown[1:]) if not word.joined and not (after and after.joined)]
    assert [word for word in said if word in whole] == whole


@settings(max_examples=50)
@given(words(), caption_styles())
def test_cues_do_not_overlap_and_begin_with_their_first_word(said: list[Word], style: CaptionStyle) -> None:
    """A cue appears when its first word sounds and is gone when the next one appears."""
    cues = split_cues(group_words_into_sentences(said), style)
    assert all(cue.start == cue.words[0].start for cue in cues)
    assert all(before.end <= after.start for before, after in itertools.pairwise(cues))


@settings(max_examples=50)
@given(words(), caption_styles())
def test_cues_keep_the_styles_bounds(said: list[Word], style: CaptionStyle) -> None:
    """A cue has no more words and no more characters than the style allows, but for a word longer than a line, which stands alone, for
    names and quantities, and in styles of one word for what is not read by itself.
    """
    for cue in split_cues(group_words_into_sentences(unhurried(said)), style):
        texts = [word.text for word in cue.words]
        if as_words(texts) > style.max_words:
            inner = range(1, len(texts))
            whole = sum(belong_together(texts, index) or leans(texts, index) for index in inner) * 2 >= len(inner)
            assert style.max_words == 1 or (whole and style.max_words > 2 and len(texts) <= style.max_words + 2)
            assert style.max_words > 1 or as_words(text for index, text in enumerate(texts) if not leans(texts, index)) <= 1
        longest = max(columns(word.text) for word in cue.words)
        assert longest <= style.max_chars_per_line or len(cue.words) == 1
        assert columns(cue.text) <= style.max_chars_per_line * style.max_lines + style.max_lines - 1 or len(cue.words) == 1


@settings(max_examples=50)
@given(words(), caption_styles())
def test_no_cue_crosses_the_end_of_a_sentence(said: list[Word], style: CaptionStyle) -> None:
    """Every sentence begins with a cue of its own."""
    sentences = group_words_into_sentences(said)
    assert {sentence.start for sentence in sentences} <= {cue.start for cue in split_cues(sentences, style)}


@settings(max_examples=50)
@given(words(min_size=2), caption_styles(), st.data())
def test_no_sentence_goes_on_into_the_next_scene(said: list[Word], style: CaptionStyle, data: st.DataObject) -> None:
    """Where a scene ends a sentence and a cue end, whatever the words are."""
    last = data.draw(st.integers(0, len(said) - 2))
    said[last] = said[last].model_copy(update={"ends_scene": True})
    sentences = group_words_into_sentences(said)
    assert said[last + 1].start in {sentence.start for sentence in sentences} & {cue.start for cue in split_cues(sentences, style)}


@settings(max_examples=50)
@given(words(), caption_styles(), st.integers(0, 2000))
def test_no_cue_outlasts_the_audio(said: list[Word], style: CaptionStyle, tail_ms: int) -> None:
    """Given where the audio ends, the last cue ends there at the latest."""
    until = said[-1].end + tail_ms * said[0].rate_hz // 1000
    assert split_cues(group_words_into_sentences(said), style, until=until)[-1].end <= until


@settings(max_examples=50)
@given(words(), caption_styles())
def test_a_cue_stands_as_long_as_the_voice_allows(said: list[Word], style: CaptionStyle) -> None:
    """A cue lasts the style's shortest time and lingers, unless the next one comes first."""
    cues = split_cues(group_words_into_sentences(said), style)
    for cue, following in zip(cues, [*cues[1:], None], strict=True):
        wanted = max(cue.start + style.min_cue_ms * cue.rate_hz // 1000, cue.words[-1].end + style.linger_ms * cue.rate_hz // 1000)
        assert cue.end >= min(wanted, following.start if following else wanted)


@settings(max_examples=50)
@given(words(), caption_styles(), st.integers(2, 5))
def test_speed_scales_times_and_keeps_words_together(said: list[Word], style: CaptionStyle, k: int) -> None:
    """Speech k times slower has the same sentences and cues, with word times k times as long."""
    said = unhurried(said)
    sentences, slow = group_words_into_sentences(said), group_words_into_sentences(scaled(said, k))
    assert [(sentence.start * k, sentence.end * k, sentence.text) for sentence in sentences] == [
        (sentence.start, sentence.end, sentence.text) for sentence in slow
    ]
    told, told_slowly = split_cues(sentences, style), split_cues(slow, style)
    assert [cue.text for cue in told] == [cue.text for cue in told_slowly]
    assert all(0 <= slowly.start - cue.start * k < k for cue, slowly in zip(told, told_slowly, strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Water pulls acids first, then sugars, and bitterness last.",
            ["Water pulls acids first,", "then sugars,", "and bitterness last."],
        ),
        ("The fastest pulsar we know turns 716 times a second.", ["The fastest pulsar", "we know turns", "716 times a second."]),
        ("In the end they paid all of $3.2 million dollars.", ["In the end", "they paid all", "of $3.2 million dollars."]),
        ("Every morning old Jane Goodall walked alone.", ["Every morning old", "Jane Goodall walked alone."]),
        ("Dust is the quiet culprit.", ["Dust is", "the quiet culprit."]),
        ("Why? Nobody knows.", ["Why?", "Nobody knows."]),
        ("We walked with Dr. Martin Luther King Jr.", ["We walked", "with Dr. Martin Luther King Jr."]),
        ("It went to the van der Berg family.", ["It went to the", "van der Berg family."]),
        (
            "I am a big fan of it and so is my mum who is on a bus in an old red hat.",
            ["I am a big", "fan of it", "and so is", "my mum who is", "on a bus", "in an old", "red hat."],
        ),
        ("Only 10 000 € until 5 de mayo de 2026.", ["Only 10 000 €", "until 5 de mayo de 2026."]),
        ("Stop.", ["Stop."]),
    ],
)
def test_breaks_fall_where_a_reader_would_pause(text: str, expected: list[str]) -> None:
    """Cues end at punctuation and before phrases, and keep names and quantities whole."""
    assert shown(text) == expected


def test_a_word_longer_than_a_line_stands_alone() -> None:
    """The painter shrinks what does not fit; nothing else is shrunk with it."""
    assert shown("A Donaudampfschifffahrtselektrizitätenhaupt is one word.") == [
        "A",
        "Donaudampfschifffahrtselektrizitätenhaupt",
        "is one word.",
    ]


def test_one_word_styles_show_one_word() -> None:
    """A style of one word at a time gives as many cues as words."""
    assert shown("So it begins, here and now.", max_words=1) == ["So", "it", "begins,", "here", "and", "now."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is 9.99 € or 30 % less.", ["It", "is", "9.99 €", "or", "30 %", "less."]),
        ("We weigh 2.5 kg, then 10 000 g.", ["We", "weigh", "2.5 kg,", "then", "10 000 g."]),
        ("🎉 Now win — or lose 🎉", ["🎉 Now", "win —", "or", "lose 🎉"]),
        ("Only € 30 in 20 minutes", ["Only", "€ 30", "in", "20", "minutes"]),
    ],
)
def test_one_word_styles_keep_marks_and_units_with_their_word(text: str, expected: list[str]) -> None:
    """A symbol, an emoji, a dash or a unit is not read by itself, and is no cue of its own."""
    assert shown(text, max_words=1) == expected


def test_a_word_that_would_flash_stands_with_its_neighbour() -> None:
    """In a style of one word a word that is gone within 120 ms joins the one that it leads to, and no third."""
    said = [("We", 200), ("saw", 200), ("a", 33), ("red", 200), ("hat", 200), ("of", 60), ("the", 60), ("man.", 300)]
    spans = itertools.pairwise(itertools.accumulate((length for _, length in said), initial=0))
    timed = [
        Word(text=text, start=start, end=end, rate_hz=1000, timed_by="durations")
        for (text, _), (start, end) in zip(said, spans, strict=True)
    ]
    cues = split_cues(group_words_into_sentences(timed), CaptionStyle(max_words=1))
    assert [cue.text for cue in cues] == ["We", "saw", "a red", "hat of", "the man."]


def test_what_a_space_holds_together_is_never_parted() -> None:
    """Words behind a space that does not break stand in their neighbour's cue, unless no line could hold them."""
    said = spoken("We sell more than ten thousand of those cups.")
    tight = [word.model_copy(update={"held": word.text in ("ten", "thousand")}) for word in said]
    for style in (CaptionStyle(max_words=most, max_lines=1) for most in (2, 3, 4, 8)):
        cues = [cue.text for cue in split_cues(group_words_into_sentences(tight), style)]
        assert any("than ten thousand" in cue for cue in cues) or style.max_words == 2, cues
    assert "than ten thousand" in [cue.text for cue in split_cues(group_words_into_sentences(tight), CaptionStyle(max_words=1))]
    every = [word.model_copy(update={"held": True}) for word in said]
    assert split_cues(group_words_into_sentences(every), CaptionStyle()) == split_cues(group_words_into_sentences(said), CaptionStyle())


def test_a_short_gap_is_closed_and_a_long_one_is_not() -> None:
    """A cue stays on screen over a gap too short to see, and clears the screen in a real pause."""
    style = CaptionStyle(linger_ms=150, min_cue_ms=0)
    for pause_ms, cleared in ((250, False), (600, True)):
        first, second = split_cues(group_words_into_sentences(spoken("Well begun. Half done.", pause_ms=pause_ms)), style)
        assert (first.end < second.start) is cleared


@pytest.mark.parametrize("deck", ["northwind", "orbit", "pulsefit"])
def test_what_the_demo_brands_say_breaks_well(deck: str) -> None:
    """Over all lines of a deck: two to four words a cue, hardly a lone word, never a break after an article or inside a quantity."""
    style = CaptionStyle(max_words=4)
    cues: list[Cue] = []
    for topic in read_deck(DECKS / f"{deck}.yaml").topics:
        lines = [*topic.hooks, *(line.say for point in topic.points for line in (point, *point.then)), *(turn.say for turn in topic.turns)]
        sentences: list[SentenceTiming] = group_words_into_sentences(spoken(" ".join(lines)))
        made = split_cues(sentences, style)
        ends = {sentence.end for sentence in sentences}
        hanging = [cue.text for cue in made if cue.words[-1].end not in ends and cue.text.lower().split()[-1] in ("a", "an", "the", "of")]
        assert len(hanging) <= len(made) * 0.02, hanging
        alone = [cue.text for cue in made if len(cue.words) == 1 and len(cue.text) < 6 and cue.words[-1].end not in ends]
        assert len(alone) <= 2, alone
        cues += made
    spoken_s = sum(cue.end - cue.start for cue in cues) / 1000
    assert sum(len(cue.text) for cue in cues) / spoken_s <= style.max_chars_per_s
    assert 2.9 <= sum(len(cue.words) for cue in cues) / len(cues) <= 4


UNSPACED = {
    "zh": "冷萃咖啡需要十二个小时，但是结果非常值得等待，因为它更甜、更顺滑。使用20克咖啡和300毫升水！",
    "ja": "水出しコーヒーは冷たい水でゆっくりと抽出するため、苦味が少なく、とてもまろやかな味わいになります。豆は20gです。",
    "th": "กาแฟสกัดเย็นต้องใช้เวลานานถึงสิบสองชั่วโมงแต่ผลลัพธ์นั้นคุ้มค่ากับการรอคอย",
}


@pytest.mark.parametrize("text", UNSPACED.values(), ids=UNSPACED)
@pytest.mark.parametrize("length", [40, 200, 9000])
def test_a_sentence_without_spaces_is_split_between_its_phrases(text: str, length: int) -> None:
    """Its cues are as short as others', say what it says, end where it ends, and share its time; a word too short to share stays whole."""
    word = Word(text=text, start=1000, end=1000 + length, rate_hz=1000, timed_by="durations")
    cues = split_cues([SentenceTiming(words=(word,))], CaptionStyle())
    said = [phrase for cue in cues for phrase in cue.words]
    if len(said) == 1:
        assert length == 40 and said == [word]
        return
    assert len(cues) >= 3 and "".join(cue.text for cue in cues) == text
    assert all(columns(cue.text) <= 40 and as_words(phrase.text for phrase in cue.words) <= 4 for cue in cues)
    assert not [cue.text for cue in cues if re.search("[。！].", cue.text)]
    assert [phrase.start for phrase in said] == [word.start, *(phrase.end for phrase in said[:-1])] and said[-1].end == word.end
    assert [phrase.joined for phrase in said] == [False] + [True] * (len(said) - 1)
    assert {phrase.timed_by for phrase in said} == {"estimated"}
    assert max(len(cue.words) for cue in cues) >= 3


def test_numbers_stay_with_what_they_count_in_scripts_without_spaces() -> None:
    """Twelve hours, 20 grams and 300 millilitres are not parted."""
    phrases = [
        phrase.text for cue in split_cues(group_words_into_sentences(spoken(UNSPACED["zh"])), CaptionStyle()) for phrase in cue.words
    ]
    assert all(any(whole in phrase for phrase in phrases) for whole in ("十二个小时", "20克", "300毫升"))


@pytest.mark.parametrize(
    "text",
    [
        "Good coffee takes time.",
        "커피는 大韓民國 시간이 걸립니다.",
        "القهوة الباردة تحتاج إلى الوقت.",
        "यह ठंडी कॉफ़ी बहुत समय लेती है।",
        "Xin chào các bạn!",
    ],
)
def test_words_that_stand_apart_stay_whole(text: str) -> None:
    """The cues of a script with spaces hold its very words."""
    said = spoken(text)
    assert [word for cue in split_cues(group_words_into_sentences(said), CaptionStyle()) for word in cue.words] == said


def test_cues_of_phrases_are_cut_where_they_were_put() -> None:
    """Breaks of such a sentence count its phrases."""
    sentences = group_words_into_sentences(spoken(UNSPACED["ja"]))
    phrases = [phrase for cue in split_cues(sentences, CaptionStyle()) for phrase in cue.words]
    cues = split_cues(sentences, CaptionStyle(), breaks={sentences[0].text: (2, 5)})
    assert [list(cue.words) for cue in cues] == [phrases[:2], phrases[2:5], phrases[5:]]


@settings(max_examples=5)
@given(st.integers(300, 600))
def test_long_narrations_are_split_quickly(count: int) -> None:
    """A narration of 180 s without a single full stop is no harder than any other."""
    cues = split_cues(group_words_into_sentences(spoken(" ".join(["coffee"] * count))), CaptionStyle())
    assert sum(len(cue.words) for cue in cues) == count


@pytest.mark.parametrize("weight", [500, 900])
def test_cues_in_wide_letters_keep_to_the_lines_that_there_are(weight: int) -> None:
    """Heavy capitals hold less on a line than a style says: what would need a third line is split into more cues."""
    style = CaptionStyle(weight=weight, size_px=82, uppercase=True, active_scale=1.1, mode="pop", outline_px=8)
    text = "This is the extraordinarily long and meandering sentence, although everyone who listens to it hopes it ends."
    sizes = caption_sizes(style, 1080, 1920)
    for cue in split_cues(group_words_into_sentences(spoken(text)), style):
        placed = lay_out([word.text for word in cue.words], style, sizes, language="en").words
        assert placed[-1].line < style.max_lines, cue.text
