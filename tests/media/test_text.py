import numpy as np
import pytest
from bidi import get_display
from hypothesis import example, given
from hypothesis import strategies as st

from reelkit.media.fonts import find_font
from reelkit.media.ink import Canvas, Mask, blurred, glyphs_mask, rounded_box
from reelkit.media.text import Lettering, shape_line

FACE = find_font("Montserrat", 800)
LETTERING = Lettering(FACE, 80)


def _lefts(words: list[str]) -> list[float]:
    return [word.ink[0] for word in shape_line(words, LETTERING).words if word.ink]


def test_latin_words_stand_from_left_to_right() -> None:
    """Words in English stand in reading order from the left."""
    lefts = _lefts(["one", "two", "three"])
    assert lefts == sorted(lefts)


@pytest.mark.parametrize("words", [["שלום", "עולם", "טוב"], ["صباح", "الخير", "يا"]])
def test_right_to_left_words_stand_from_the_right(words: list[str]) -> None:
    """Words in Hebrew and Arabic stand in reading order from the right."""
    lefts = _lefts(words)
    assert lefts == sorted(lefts, reverse=True)


def test_latin_words_within_hebrew_keep_their_own_order() -> None:
    """In a Hebrew line two Latin words and a number read from left to right among themselves (UAX #9)."""
    shalom, new, york = _lefts(["שלום", "New", "York"])
    assert new < york < shalom
    tea, four, cups = _lefts(["שלום", "42", "תה"])
    assert tea > four > cups


@given(st.lists(st.sampled_from("abcאבגصب12()[]{},-%!"), min_size=1, max_size=10, unique=True), st.booleans())
@example(list("אab(c)ב"), True)
@example(list("אב[1(a]ג)"), False)
def test_characters_stand_in_the_order_of_the_bidirectional_algorithm(characters: list[str], right_to_left: bool) -> None:
    """Letters of both directions, figures and brackets stand as another implementation of UAX #9 orders them, pairs together (N0)."""
    line = shape_line(characters, LETTERING, right_to_left=right_to_left, joined=[True] * len(characters))
    seen = sorted((word.ink[0] + word.ink[2], word.text) for word in line.words if word.ink)
    assert "".join(character for _, character in seen) == get_display("".join(characters), base_dir="R" if right_to_left else "L")


def test_brackets_stay_around_a_latin_word_within_hebrew() -> None:
    """Both brackets of "(AAPL)" stand beside it, and nothing of the word before it within them."""
    _, apple, ticker, _ = shape_line(["חברת", "Apple", "(AAPL)", "עלתה"], LETTERING).words
    alone = shape_line(["(AAPL)"], LETTERING).words[0].ink
    assert apple.ink and ticker.ink and alone and apple.ink[2] < ticker.ink[0]
    assert ticker.ink[2] - ticker.ink[0] == pytest.approx(alone[2] - alone[0], abs=0.1)


@pytest.mark.parametrize(("words", "leftward"), [(["שלום", "2024"], False), (["שלום", "Tea"], False), (["Tea", "שלום"], True)])
def test_glyphs_of_a_word_are_in_reading_order(words: list[str], leftward: bool) -> None:
    """A word's glyphs go the way that the word is read, whichever way its line goes; a mixed word's change it where the word does."""
    xs = [glyph.x for glyph in shape_line(words, LETTERING).words[1].glyphs]
    assert xs == sorted(xs, reverse=leftward)
    bet, dash, *figures = [glyph.x for glyph in shape_line(["ב-2024"], LETTERING).words[0].glyphs]
    assert bet > dash > max(figures) and figures == sorted(figures)


def test_letters_are_those_of_the_language() -> None:
    """Bulgarian has forms of its own; a language that no font knows has those of none."""
    bulgarian, russian, none = (
        [glyph.id for glyph in shape_line(["дом"], Lettering(FACE, 80, language=language)).words[0].glyphs] for language in ("bg", "ru", "")
    )
    assert bulgarian != russian == none


def test_arabic_letters_join() -> None:
    """Arabic is shaped: a word is narrower than its letters set apart."""
    word = shape_line(["بيت"], LETTERING).words[0].ink
    apart = [shape_line([letter], LETTERING).words[0].ink for letter in "بيت"]
    assert word and all(apart)
    assert word[2] - word[0] < sum(ink[2] - ink[0] for ink in apart if ink)


@pytest.mark.parametrize(("word", "parts"), [("می\u200cخواهم", ["می", "خواهم"]), ("کتاب\u200cها", ["کتاب", "ها"])])
def test_a_non_joiner_keeps_letters_apart(word: str, parts: list[str]) -> None:
    """Persian letters on either side of a zero-width non-joiner take the forms that they have at the ends of words."""
    shaped = (shape_line([text], LETTERING).words[0].glyphs for text in (word, "".join(parts), *parts))
    whole, run_on, *apart = ([glyph.id for glyph in glyphs] for glyphs in shaped)
    joiner = len(apart[0])
    assert whole[:joiner] + whole[joiner + 1 :] == apart[0] + apart[1] != run_on


def test_kerning_draws_pairs_together() -> None:
    """'AV' is set closer than 'A' and 'V' beside each other."""
    pair = shape_line(["AV"], LETTERING).words[0].glyphs
    spaced = shape_line(["AH"], LETTERING).words[0].glyphs
    assert pair[1].x < spaced[1].x


@pytest.mark.parametrize("family", ["Playfair Display", "Montserrat", "Inter"])
@pytest.mark.parametrize("stroke", ["\u0335", "\u0338"])
def test_a_stroke_stands_over_its_letter(stroke: str, family: str) -> None:
    """A letter that is struck out takes its own room and no more, in fonts too that have no place for the stroke."""
    lettering = Lettering(find_font(family, 700), 80)
    plain, struck = (shape_line([word], lettering).words[0] for word in ("tot", f"to{stroke}t"))
    assert plain.ink and struck.ink and struck.ink[2] - struck.ink[0] == pytest.approx(plain.ink[2] - plain.ink[0], rel=0.12)


def test_letter_spacing_widens_latin_and_leaves_arabic_joined() -> None:
    """Letter spacing opens Latin words and never tears joined letters apart."""
    wide = Lettering(FACE, 80, spacing_px=10)
    assert shape_line(["wide"], wide).words[0].glyphs[3].x == pytest.approx(shape_line(["wide"], LETTERING).words[0].glyphs[3].x + 30)
    assert shape_line(["بيت"], wide) == shape_line(["بيت"], LETTERING)


@given(st.lists(st.text(min_size=1, max_size=8), max_size=4))
def test_any_text_is_shaped_and_drawn_within_its_ink(words: list[str]) -> None:
    """Any characters at all give a line whose drawn pixels lie within its ink bounds."""
    line = shape_line(words, LETTERING)
    assert [word.text for word in line.words] == words
    for word in line.words:
        mask = glyphs_mask(word.glyphs, 80, 0, 0)
        assert (mask is None) == (word.ink is None)
        if mask is not None and word.ink is not None:
            left, top, right, bottom = mask.bounds
            assert left >= word.ink[0] - 1.5 and right <= word.ink[2] + 1.5
            assert top >= word.ink[1] - 1.5 and bottom <= word.ink[3] + 1.5


def test_outline_grows_letters_by_its_width_all_round() -> None:
    """An outline of 8 px reaches 8 px beyond the letter on every side and covers the letter itself."""
    glyphs = shape_line(["O"], LETTERING).words[0].glyphs
    letter, outline = glyphs_mask(glyphs, 80, 0, 100), glyphs_mask(glyphs, 80, 0, 100, outline_px=8)
    assert letter and outline
    grown = np.array(outline.bounds) - np.array(letter.bounds)
    assert np.all(np.abs(grown - (-8, -8, 8, 8)) <= 1)
    canvas = Canvas(outline.bounds)
    canvas.lay(letter, "#FFFFFF")
    assert np.all(outline.alpha.astype(int) >= canvas.rgba()[..., 3].astype(int))


def test_drawing_is_anti_aliased_and_the_same_every_time() -> None:
    """Letters have soft edges, and drawing them again gives the same bytes."""
    glyphs = shape_line(["Soft"], LETTERING).words[0].glyphs
    first, again = (glyphs_mask(glyphs, 80, 0.5, 100, outline_px=6) for _ in range(2))
    assert first and again and first.alpha.tobytes() == again.alpha.tobytes()
    assert len(np.unique(first.alpha)) > 20


def test_rounded_box_covers_its_area() -> None:
    """A box's coverage adds up to its area less its corners', wherever its edges fall."""
    box = rounded_box((0.25, 0.5, 40.75, 20.0), 6)
    area = 40.5 * 19.5 - (4 - np.pi) * 36
    assert box.alpha.sum() / 255 == pytest.approx(area, rel=0.01)


def test_blur_keeps_what_is_covered() -> None:
    """A softened mask covers as much in all as the hard one."""
    hard = Mask(np.full((20, 30), 200, np.uint8), 5, 6)
    assert blurred(hard, 12).alpha.sum() == pytest.approx(hard.alpha.sum(), rel=0.03)


def test_ink_beyond_the_canvas_is_cut() -> None:
    """Laying a mask that reaches beyond a canvas changes only what lies within."""
    canvas = Canvas((0, 0, 10, 10))
    canvas.lay(rounded_box((-5, -5, 5, 5), 0), "#336699")
    canvas.lay(rounded_box((50, 50, 60, 60), 0), "#FFFFFF")
    picture = canvas.rgba()
    assert picture[4, 4].tolist() == [0x33, 0x66, 0x99, 255] and not picture[5:].any() and not picture[:, 5:].any()
