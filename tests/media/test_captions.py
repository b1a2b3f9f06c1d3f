import re
from collections.abc import Sequence
from itertools import accumulate, combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reelkit.media.breaks import belong_together
from reelkit.media.caption_layout import SHORT_SHARE, break_lines, caption_sizes, lay_out
from reelkit.media.captions import CaptionPainter, missing_glyphs, unseen_fields
from reelkit.media.phrases import language_of, phrases
from reelkit.media.planes import Planes, planes_to_rgb
from reelkit.media.text import Lettering, shape_line
from reelkit.model import CaptionCue, CaptionStyle, CaptionWord, Fps, Palette
from reelkit.yamlfile import read_yaml
from tests.media.golden import assert_golden, small

STYLES = Path(__file__).parents[2] / "templates" / "styles"
PALETTE = Palette(background="#101418", surface="#22303C", primary="#7A2BFF", accent="#FFC21A", text="#FFFFFF")
FPS = Fps(num=30)


def preset(name: str) -> CaptionStyle:
    data = dict(read_yaml(STYLES / f"{name}.yaml", what=name))
    colours = PALETTE.model_dump()
    return CaptionStyle(
        name=name, **{field: colours.get(value, value) if field.endswith("colour") else value for field, value in data.items()}
    )


PRESETS = {path.stem: preset(path.stem) for path in sorted(STYLES.glob("*.yaml"))}


def cue(text: str, start: int = 10, frames_a_word: int = 8, linger: int = 4) -> CaptionCue:
    words = text.split()
    starts = list(accumulate([frames_a_word] * len(words), initial=start))
    spoken = tuple(CaptionWord(text=word, start=at, end=at + frames_a_word - 1) for word, at in zip(words, starts, strict=False))
    return CaptionCue(words=spoken, start=start, end=starts[-1] + linger)


def painter(style: CaptionStyle, *cues: CaptionCue, width_px: int = 1080, height_px: int = 1920, language: str = "") -> CaptionPainter:
    return CaptionPainter(style, cues, width_px=width_px, height_px=height_px, fps=FPS, language=language)


def drawn(captions: CaptionPainter, frame: int, colour: str = "#3C6E47", width_px: int = 1080, height_px: int = 1920) -> Planes:
    planes = Planes.filled(width_px, height_px, colour)
    for sprite in captions.sprites(frame):
        sprite.blend(planes)
    return planes


def ink_of(planes: Planes, colour: str = "#3C6E47") -> tuple[int, int, int, int] | None:
    """Bounds of what differs from the ground by more than the faintest of soft edges."""
    differs = np.abs(planes.y.astype(int) - int(Planes.filled(2, 2, colour).y[0, 0])) > 12
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    return (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1) if len(rows) else None


def looked_at(captions: CaptionPainter, frame: int) -> np.ndarray:
    """The captions' part of a frame at two fifths of its size."""
    return small(planes_to_rgb(drawn(captions, frame, "#5A7FA8"))[1180:1490, 170:910], 0.4)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_draws_its_golden_frame(name: str, pytestconfig: pytest.Config) -> None:
    """Each preset draws the second word as it was once looked at and found good."""
    captions = painter(PRESETS[name], cue("Roast loses 60% aroma"))
    assert_golden(looked_at(captions, 20 if name == "typewriter" else 24), f"captions/{name}", pytestconfig)


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("arabic", "صباح الخير يا 42", 1),
        ("hebrew", "שלום New York טוב", 1),
        ("greek", "Καλημέρα, καφέ; όχι ακόμη", 1),
        ("cyrillic", "Доброе утро, ещё кофейку", 2),
        ("emoji", "lift off 🚀 café", 2),
        ("combining", "Tiê\u0301ng Viê\u0323t na\u0308i\u0308ve", 1),
        ("devanagari", "सुबह की कॉफ़ी ज़िंदगी", 2),
        ("thai", "กาแฟสูญเสียกลิ่นหอมในตอนเช้า", 0),
        ("japanese", "今日は天気が いいですね。散歩に行きましょう", 0),
        ("chinese", "咖啡在清晨失去香气，风味却留下", 0),
        ("korean", "커피는 아침에 향을 잃는다", 1),
    ],
)
def test_other_scripts_draw_their_golden_frames(name: str, text: str, word: int, pytestconfig: pytest.Config) -> None:
    """Every script stands as it was looked at: shaped, in order, broken where it may be, the right word lit."""
    captions = painter(PRESETS["karaoke"], cue(text))
    assert_golden(looked_at(captions, 10 + 8 * word + 6), f"captions/{name}", pytestconfig)


@pytest.mark.parametrize("rate", [24, 30, 60])
def test_letters_turn_when_the_box_has_come(rate: int) -> None:
    """While a box is on its way to a word on its line no letter is in the colour for boxes; a frame after the word's first it is."""
    captions = CaptionPainter(PRESETS["box"], (cue("is it more?", frames_a_word=12),), width_px=1080, height_px=1920, fps=Fps(num=rate))
    first = captions.cues[0].words[1].start
    lit, other = captions.words_on(first + 6)[1].colour, captions.words_on(first + 6)[0].colour
    assert lit != other and captions.words_on(first + 1)[1].colour == lit
    gliding = {word.colour for word in captions.words_on(first)}
    assert gliding == ({other} if rate > 24 else {other, lit})
    reduced = painter(PRESETS["box"].model_copy(update={"pop_s": 0.0}), *captions.cues)
    assert reduced.words_on(first)[1].colour == lit


def after_a_pause(style: CaptionStyle) -> tuple[CaptionPainter, int]:
    """Captions in which a box has gone before the second word, and that word's first frame."""
    before, rest = cue("wait, it", frames_a_word=12), 14
    late = before.words[1].model_copy(update={"start": before.words[1].start + rest, "end": before.words[1].end + rest})
    return painter(style, before.model_copy(update={"words": (before.words[0], late), "end": late.end + 4})), late.start


def test_a_box_that_was_gone_comes_where_its_word_is() -> None:
    """After a pause in which no box stood, one is behind the next word at once, and the word is lit: none glides from the one before."""
    captions, first = after_a_pause(PRESETS["box"])
    assert drawn(captions, first).tobytes() == drawn(captions, first + 6).tobytes()
    assert captions.words_on(first)[1].colour == captions.words_on(first + 6)[1].colour
    gliding = painter(PRESETS["box"], cue("wait, it", frames_a_word=12))
    first = gliding.cues[0].words[1].start
    assert drawn(gliding, first).tobytes() != drawn(gliding, first + 6).tobytes()


def test_a_word_grows_on_a_box_that_stands() -> None:
    """A word that grows does so after a pause too, while the box that was gone stands behind it from its first frame on."""
    captions, first = after_a_pause(PRESETS["box"].model_copy(update={"active_scale": 1.2}))
    seen = [planes_to_rgb(drawn(captions, frame)).astype(int) for frame in (first, first + 6)]
    begins, rests = (np.flatnonzero((np.abs(rgb - (255, 194, 26)).max(axis=2) < 12).any(axis=0)) for rgb in seen)
    assert (begins[0], begins[-1]) == (rests[0], rests[-1])
    assert not np.array_equal(*seen)


def test_letters_on_the_way_are_drawn_as_they_are_told() -> None:
    """On the first frame of a glide the last letter, which the box has not reached, looks as it did a frame before."""
    captions = painter(PRESETS["box"], cue("is it more?", frames_a_word=12))
    first = captions.cues[0].words[2].start
    _, top, right, bottom = (int(edge) for edge in captions.words_on(first)[2].box)
    before, gliding, there = (
        planes_to_rgb(drawn(captions, frame))[top:bottom, right - 12 : right] for frame in (first - 1, first, first + 1)
    )
    assert np.array_equal(before, gliding) and not np.array_equal(gliding, there)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_gives_every_field(name: str) -> None:
    """A preset's file shows every field there is, so that nobody has to look elsewhere for what can be changed."""
    assert set(read_yaml(STYLES / f"{name}.yaml", what=name)) == set(CaptionStyle.model_fields) - {"name"}


@pytest.mark.parametrize("name", PRESETS)
def test_every_field_of_a_preset_is_explained_beside_it(name: str) -> None:
    """Each line that gives a field says what it does."""
    lines = [line for line in (STYLES / f"{name}.yaml").read_text(encoding="utf-8").splitlines() if re.match(r"[a-z_]+:", line)]
    assert [line for line in lines if not re.search(r"\s# \w.{5,}", line)] == []


@pytest.mark.parametrize("name", PRESETS)
def test_ink_of_every_frame_lies_in_the_cue_s_box(name: str) -> None:
    """Entrance, growth and gliding boxes included, nothing but shadow is drawn outside of box()."""
    captions = painter(PRESETS[name].model_copy(update={"shadow_px": 0}), cue("Your morning coffee"))
    left, top, right, bottom = captions.box(0)
    for frame in range(10, captions.cues[0].end):
        ink = ink_of(drawn(captions, frame))
        assert ink and ink[0] >= left and ink[1] >= top and ink[2] <= right and ink[3] <= bottom, frame


texts = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "a",
                "Wow!",
                "20%",
                "$3.2",
                "e-mail",
                "<b>bold</b>",
                "&amp;",
                "🚀",
                "👩‍🚀",
                "🇫🇷",
                "صباح",
                "الخير",
                "שלום",
                "नमस्ते",
                "漢字",
                "Ẫgç",
            ]
        ),
        st.sampled_from(
            ["Donaudampfschifffahrtsgesellschaftskapitän", "pneumonoultramicroscopicsilicovolcanoconiosis", "W" * 40, "ش" * 40]
        ),
        st.text(st.characters(exclude_categories=["Z", "Cc", "Cs"]), min_size=1, max_size=12),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(words=texts, name=st.sampled_from(sorted(PRESETS)))
@example(words=["W" * 40] * 8, name="pop")
@example(words=["x" * 900], name="karaoke")
def test_any_words_stay_in_the_safe_zone(words: list[str], name: str) -> None:
    """Whatever is said, all that a cue draws is at most 720 px wide, centred, and between y = 250 and 1470."""
    captions = painter(PRESETS[name], cue(" ".join(words)))
    left, top, right, bottom = captions.box(0)
    assert right - left <= 722 and left >= 179 and right <= 901
    assert top >= 250 - 1 and bottom <= 1470
    captions.sprites(20)


@pytest.mark.parametrize("name", sorted(set(PRESETS) - {"classic", "one_word"}))
def test_word_lights_up_exactly_on_its_frame(name: str) -> None:
    """A word's colour is another one from its start frame on, not a frame earlier."""
    style = PRESETS[name]
    captions = painter(style, cue("Grind beans fresh", frames_a_word=9))
    for index, word in enumerate(captions.cues[0].words):
        state = captions.state(word.start)
        assert state is not None and state.active == index
        assert captions.state(word.start - 1) != state
    if style.mode == "karaoke":
        colours = [[word.colour for word in captions.words_on(frame)] for frame in (18, 19)]
        assert colours == [["#FFC21A", "#FFFFFF", "#FFFFFF"], ["#FFFFFF", "#FFC21A", "#FFFFFF"]]


def test_cue_stands_from_its_first_frame_to_its_last() -> None:
    """Words are there on the cue's first frame, at sight size, and gone on the frame it ends."""
    captions = painter(PRESETS["pop"], cue("Now or never"))
    assert captions.sprites(9) == [] and captions.sprites(captions.cues[0].end) == []
    first, rest = ink_of(drawn(captions, 10)), ink_of(drawn(captions, 17))
    assert first and rest and first[2] - first[0] > 0.85 * (rest[2] - rest[0])


def test_a_word_stays_lit_through_short_pauses_only() -> None:
    """A word is lit until the next one, but at most 0.2 s beyond its own end."""
    words = (CaptionWord(text="wait", start=0, end=10), CaptionWord(text="now", start=40, end=50))
    captions = painter(PRESETS["karaoke"], CaptionCue(words=words, start=0, end=60))
    active = [(state := captions.state(frame)) and state.active for frame in (9, 12, 15, 16, 39, 40)]
    assert active == [0, 0, 0, None, None, 1]


def test_one_word_shows_the_word_that_is_spoken() -> None:
    """In one_word only the spoken word stands, whatever the cue holds."""
    captions = painter(PRESETS["one_word"], cue("one two three"))
    assert [[word.text for word in captions.words_on(frame)] for frame in (10, 18, 26, 33)] == [["one"], ["two"], ["three"], ["three"]]


def test_a_typewriters_cursor_hides_no_letter() -> None:
    """However thick the outlines, the last letter written shows whole beside the cursor, in its own colour."""
    style = PRESETS["typewriter"].model_copy(update={"box_colour": None, "outline_px": 8, "active_colour": "#F0F0F0"})
    captions = painter(style, cue("write it down now"))
    for frame in range(0, 24, 3):
        planes = Planes.filled(1080, 1920, "#5A7FA8")
        for sprite in captions.sprites(frame):
            sprite.blend(planes)
        mask = captions.fill_mask(frame)
        if mask is not None:
            fill, x, y = mask
            assert planes.y[y : y + fill.shape[0], x : x + fill.shape[1]][fill].min() > 200, frame


def test_a_typewriter_writes_no_word_before_it_is_spoken() -> None:
    """Letters come one after another from the word's own frame on, all within its time, and nothing stands where later words will."""
    captions = painter(PRESETS["typewriter"].model_copy(update={"box_colour": None}), cue("write it down now"))
    words = captions.cues[0].words
    boxes = [word.box for word in captions.words_on(captions.cues[0].end - 1)]
    cursor = 20
    for number, word in enumerate(words):
        assert [shown.text for shown in captions.words_on(word.start - 1)] == [each.text for each in words[:number]]
        reached = [captions.words_on(frame)[number].box[2] for frame in range(word.start, word.end)]
        assert reached == sorted(reached) and reached[-1] == pytest.approx(boxes[number][2], abs=2)
        assert len(word.text) == 1 or reached[0] < reached[-1] - 10
        ink = ink_of(drawn(captions, word.start))
        assert ink is not None
        line = [box for box in boxes if abs(box[3] - boxes[number][3]) < 60]
        assert ink[2] <= max(box[2] for box in line) + cursor
    whole = painter(PRESETS["typewriter"].model_copy(update={"pop_s": 0.0}), cue("write it down now"))
    assert whole.words_on(10)[0].box[2] == pytest.approx(whole.words_on(17)[0].box[2], abs=2)


@pytest.mark.parametrize(("text", "leftward"), [("שלום 2024", False), ("שלום Apple", False), ("Say שלום", True)])
def test_a_typewriter_writes_each_word_the_way_it_is_read(text: str, leftward: bool) -> None:
    """A number or a name in a line that runs the other way is written from its own first letter on, not backwards."""
    captions = painter(PRESETS["typewriter"], cue(text))
    word = captions.cues[0].words[1]
    (left, _, right, _), *others = (captions.words_on(frame)[1].box for frame in reversed(range(word.start, word.end)))
    assert others[-1][2] - others[-1][0] < (right - left) / 2
    assert all(box[2] == pytest.approx(right, abs=12) if leftward else box[0] == pytest.approx(left, abs=12) for box in others)


@pytest.mark.parametrize("mode", ["karaoke", "box", "pop"])
def test_words_to_come_are_hidden_whole_where_a_style_hides_them(mode: str) -> None:
    """At an opacity of 0 neither letters nor outline nor shadow of a word stand before it is said, and its letters are measured nowhere."""
    style = PRESETS[mode].model_copy(update={"upcoming_opacity": 0.0, "outline_px": 8, "shadow_px": 12, "shadow_opacity": 1.0})
    spoken = cue("now 🚀 or never")
    hidden, alone = painter(style, spoken), painter(style.model_copy(update={"upcoming_opacity": 1.0}), spoken)
    for frame in range(spoken.start, spoken.end):
        begun = sum(word.start <= frame for word in spoken.words)
        edge = max(word.box[2] for word in hidden.words_on(frame)[:begun]) + 8 + 2 * 12
        to_come = [word.box for word in hidden.words_on(frame)[begun:] if word.box[0] > edge]
        planes, mask = drawn(hidden, frame), hidden.fill_mask(frame)
        for left, top, right, bottom in to_come:
            cut = planes.y[int(top) : int(bottom), int(left) : int(right)]
            assert int(cut.max()) - int(cut.min()) <= 1, frame
        assert mask is not None and (frame == spoken.end - 1 or mask[1] + mask[0].shape[1] <= edge)
    last = spoken.words[-1].start + 6
    assert drawn(hidden, last).tobytes() == drawn(alone, last).tobytes()


def test_right_to_left_cue_lights_words_from_the_right() -> None:
    """In an Arabic cue each next word that lights up stands further left on its line."""
    captions = painter(PRESETS["karaoke"], cue("صباح الخير يا"))
    lit = [next(word.box for word in captions.words_on(frame) if word.colour == "#FFC21A") for frame in (11, 19, 27)]
    assert lit[0][0] > lit[1][0] and (lit[1][0] > lit[2][0] or lit[2][1] > lit[1][1])


def test_a_latin_name_does_not_turn_an_arabic_cue_round() -> None:
    """In a mostly Arabic reel a cue that begins with a Latin word still reads from the right."""
    words = painter(PRESETS["classic"], cue("صباح الخير يا"), cue("Cafe رائع", start=60)).words_on(70)
    assert words[0].box[0] > words[1].box[0]
    alone = painter(PRESETS["classic"], cue("Cafe رائع", start=60)).words_on(70)
    assert alone[0].box[0] < alone[1].box[0]


def test_captions_hold_still_from_cue_to_cue() -> None:
    """Cues of one line and of two, with and without descenders, stand on the same last baseline."""
    style = PRESETS["karaoke"]
    sizes = caption_sizes(style, 1080, 1920)
    lasts = {
        max(word.y for word in lay_out(text.split(), style, sizes).words)
        for text in ("Man", "gypsy jog", "Your morning coffee loses", "A,")
    }
    assert lasts == {sizes.baseline_px}


LOW = {
    "Arabic": ("القهوة الباردة", "تحتاج إلى", "الوقت والصبر", "في الثلاجة"),
    "Urdu": ("ٹھنڈی کافی", "کو وقت", "چاہیے"),
    "Hindi": ("ठंडी कॉफ़ी", "को समय", "हूँ", "पृथ्वी"),
    "Tamil": ("குளிர்", "காபி", "நேரம்"),
    "Thai": ("กาแฟเย็น", "ทุกวัน", "ญี่ปุ่น"),
    "brackets": ("plain", "(yes)", "no"),
}


@pytest.mark.parametrize("style", ["karaoke", "pop", "box", "one_word", "typewriter"])
@pytest.mark.parametrize("script", LOW)
def test_captions_hold_still_in_scripts_that_hang_low(script: str, style: str) -> None:
    """Cues stand on one baseline of the reel, however low single words hang, each alone as well; boxes end on one line."""
    low = PRESETS[style].model_copy(update={"uppercase": script == "brackets"})
    cues = [cue(text, start=100 * at, linger=20) for at, text in enumerate(LOW[script])]
    captions = painter(low, *cues)
    lasts = {max(word.y for word in drawing.layout.words) for at in range(len(cues)) if (drawing := captions._drawing(at, None))}
    assert len(lasts) == 1 and max(captions.box(at)[3] for at in range(len(cues))) <= low.bottom_px
    if style == "box":
        assert max(captions.box(at)[3] for at in range(len(cues))) - min(captions.box(at)[3] for at in range(len(cues))) <= 3


def test_plain_words_keep_their_place_beside_nothing_that_hangs_low() -> None:
    """Latin letters, figures and marks stand where the style alone says, whatever letters a reel has."""
    alone = caption_sizes(PRESETS["pop"], 1080, 1920)
    assert caption_sizes(PRESETS["pop"], 1080, 1920, words=frozenset({"gypsy,", "Quay", "20%", "don't", "—"})) == alone


def test_equal_states_are_the_same_sprites_and_bytes() -> None:
    """Frames with equal states share their sprites; another painter draws the same bytes."""
    one, other = (painter(PRESETS["box"], cue("same every time")) for _ in range(2))
    assert one.state(15) == one.state(16) and one.sprites(15) is one.sprites(16)
    for frame in (10, 12, 16, 18, 19, 30):
        assert drawn(one, frame).tobytes() == drawn(other, frame).tobytes()


@pytest.mark.parametrize("name", PRESETS)
def test_drawing_does_not_depend_on_the_frames_drawn_before(name: str) -> None:
    """A frame opened by itself is the frame reached by playing, and by playing backwards, through pauses too."""
    first, second = cue("it is at"), cue("cut to any frame", start=72, linger=24)
    # A pause before the last word of the first cue, and one after the last of the second.
    late = first.words[2].model_copy(update={"start": first.words[2].start + 20, "end": first.words[2].end + 20})
    cues = (first.model_copy(update={"words": (*first.words[:2], late), "end": late.end + 4}), second)
    style = PRESETS[name].model_copy(update={"box_colour": PRESETS[name].box_colour or "#102030"})
    forwards, backwards = painter(style, *cues), painter(style, *cues)
    frames = range(cues[0].start, cues[1].end)
    played = {frame: drawn(forwards, frame).tobytes() for frame in frames}
    assert {frame: drawn(backwards, frame).tobytes() for frame in reversed(frames)} == played
    for frame in frames[::9]:
        assert drawn(painter(style, *cues), frame).tobytes() == played[frame]


def test_fill_mask_lies_on_the_letters() -> None:
    """Where the fill mask is True the frame has the colour of a word's fill."""
    captions = painter(PRESETS["classic"], cue("white letters"))
    found = captions.fill_mask(20)
    assert found is not None
    mask, x, y = found
    cut = drawn(captions, 20).y[y : y + mask.shape[0], x : x + mask.shape[1]]
    assert mask.any() and np.percentile(cut[mask], 5) > 220
    assert captions.fill_mask(9) is None


def test_captions_scale_with_the_frame() -> None:
    """Half the frame gives half the box, to the pixel."""
    style, spoken = PRESETS["karaoke"], cue("Your morning coffee")
    whole = np.array(painter(style, spoken).box(0))
    half = np.array(painter(style, spoken, width_px=540, height_px=960).box(0))
    assert np.abs(whole / 2 - half).max() <= 3
    square = painter(style, spoken, width_px=1080, height_px=1080).box(0)
    assert square[1] > 0 and square[3] <= 1080


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("咖啡在清晨失去香气，风味却留下", ["咖啡在清晨失去", "香气，风味却留下"]),
        ("กาแฟสูญเสียกลิ่นหอมในตอนเช้า", ["กาแฟสูญเสียกลิ่น", "หอมในตอนเช้า"]),
    ],
)
def test_scripts_without_spaces_break_between_phrases(text: str, lines: list[str]) -> None:
    """A word without spaces that needs two lines is broken between phrases, each line shaped as one piece."""
    style = PRESETS["karaoke"]
    layout = lay_out([text], style, caption_sizes(style, 1080, 1920))
    assert "".join(phrases(text, language_of([text]))) == text
    assert [word.line for word in layout.words] == [0, 1] and {word.index for word in layout.words} == {0}
    alone = [lay_out([line], style, caption_sizes(style, 1080, 1920)).words[0].ink for line in lines]
    for word, ink in zip(layout.words, alone, strict=True):
        assert word.ink[2] - word.ink[0] == pytest.approx((ink[2] - ink[0]) * layout.size_px / 84, rel=0.02)


@pytest.mark.parametrize("text", ["กาแฟ\u200b", "กาแฟ\u200bไทย\u200bร้อน", "\u200bกาแฟ", "Tee\u00ad\u200b"])
def test_hints_where_a_word_may_be_broken_are_not_drawn(text: str) -> None:
    """Spaces without width and soft hyphens, as text from web pages has them, take no place and stop nothing."""
    style = PRESETS["karaoke"]
    sizes = caption_sizes(style, 1080, 1920)
    plain = re.sub("[\u200b\u00ad]", "", text)
    assert lay_out([text, "ดีมาก"], style, sizes).ink == lay_out([plain, "ดีมาก"], style, sizes).ink


@pytest.mark.parametrize("name", ["karaoke", "box"])
def test_phrases_stand_without_spaces_and_light_one_by_one(name: str) -> None:
    """Phrases of a word are lit in turn where the whole word would stand; only a box that must not cover its neighbours spaces them."""
    style, texts = PRESETS[name], ["冷萃咖啡", "需要", "时间。"]
    sizes = caption_sizes(style, 1080, 1920)
    parted = lay_out(texts, style, sizes, joined=[False, True, True])
    whole = shape_line(["".join(texts)], Lettering(sizes.face, parted.size_px, sizes.spacing_em * parted.size_px, 0.0, "zh-Hans")).ink
    assert parted.ink and whole
    gap = 2 * 0.9 * sizes.word_pad_px
    assert parted.ink[2] - parted.ink[0] == pytest.approx(whole[2] - whole[0] + gap, abs=1)
    said = tuple(CaptionWord(text=text, start=10 * n, end=10 * n + 10, joined=n > 0) for n, text in enumerate(texts))
    captions = painter(style, CaptionCue(words=said, start=0, end=30))
    assert captions.cues[0].text == "".join(texts)
    lit = {"karaoke": style.active_colour, "box": style.outline_colour}[name]
    assert [[word.colour for word in captions.words_on(frame)].index(lit) for frame in (5, 15, 25)] == [0, 1, 2]


def test_chinese_characters_take_the_shapes_of_the_reel_s_language() -> None:
    """A character that Japan and China draw differently is drawn as the whole reel's language draws it, alone in its cue too."""
    style = PRESETS["classic"]
    japanese = painter(style, cue("直骨"), cue("これは", start=60))
    chinese = painter(style, cue("直骨"), cue("这是", start=60))
    assert drawn(japanese, 20).tobytes() != drawn(chinese, 20).tobytes()


def test_chinese_characters_alone_take_the_shapes_of_the_brand_s_language() -> None:
    """Where no kana tell, the language that the reel is said to be in does."""
    style, spoken = PRESETS["classic"], cue("直骨")
    pictures = {language: drawn(painter(style, spoken, language=language), 20).tobytes() for language in ("", "en", "zh", "ja")}
    assert pictures[""] == pictures["en"] == pictures["zh"] != pictures["ja"]


def test_capitals_and_letters_are_those_of_the_language() -> None:
    """In a Turkish reel a style of capitals keeps the dot of an i; in a Bulgarian one letters have the forms that Bulgaria knows."""
    style = PRESETS["pop"]
    sizes = caption_sizes(style, 1080, 1920)
    turkish, plain, wanted = (
        [glyph.id for glyph in lay_out([text], style, sizes, language=language).words[0].glyphs]
        for text, language in (("iyi", "tr"), ("iyi", ""), ("İYİ", ""))
    )
    assert turkish == wanted != plain
    for name, text, language in (("pop", "iyi bir", "tr"), ("karaoke", "добър дом", "bg")):
        told, untold = (painter(PRESETS[name], cue(text), language=said) for said in (language, ""))
        assert drawn(told, 20).tobytes() != drawn(untold, 20).tobytes()


@pytest.mark.parametrize("mode", ["box", "marker"])
def test_what_is_behind_a_word_comes_in_within_the_cue_s_box(mode: str) -> None:
    """A marker's slant too is drawn while its cue enters, and lies within what a cue is said to take, also where it stands on nothing."""
    style = PRESETS["marker"].model_copy(update={"mode": mode, "box_colour": None, "size_px": 110, "shadow_drop_px": 0})
    captions = painter(style, cue("aroma is all"))
    left, top, right, bottom = captions.box(0)
    for frame in range(10, 38):
        ink = ink_of(drawn(captions, frame))
        assert ink is not None and left <= ink[0] and top <= ink[1] and ink[2] <= right and ink[3] <= bottom


def test_nothing_to_draw_gives_no_sprites() -> None:
    """A cue of characters that no font has draws nothing, and its characters are named."""
    captions = painter(PRESETS["karaoke"], cue("𓀀𓀁"))
    assert captions.sprites(12) == [] and captions.fill_mask(12) is None and captions.words_on(12) == ()
    left, top, right, bottom = captions.box(0)
    assert (right - left, bottom - top) == (0, 0)
    assert missing_glyphs("Say 𓀀𓀁 twice 𓀀", CaptionStyle()) == "𓀀𓀁"


def test_missing_characters_leave_the_rest_of_a_word() -> None:
    """A character that no font has is left out and the rest of its word stands."""
    plain = painter(PRESETS["karaoke"], cue("ab cd"))
    holed = painter(PRESETS["karaoke"], cue("a𓀀b cd"))
    assert drawn(plain, 20).tobytes() == drawn(holed, 20).tobytes()


def _lines(text: str, **settings: int) -> list[str]:
    words = text.split()
    widths = {"max_width_px": 600, "max_chars": 20, "max_lines": 2} | settings
    found = break_lines(words, lambda i, j: 40.0 * len(" ".join(words[i:j])), min_share=0.5, **widths)
    assert found is not None
    return [" ".join(words[i:j]) for i, j in found[0]]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("it weighs 20 kg now", ["it weighs", "20 kg now"]),
        ("oh unquestionably it is", ["oh unquestionably", "it is"]),
        ("all about New York", ["all about", "New York"]),
        ("short one", ["short one"]),
        ("first this, then that thing", ["first this,", "then that thing"]),
        ("they all rode past today", ["they all rode", "past today"]),
        ("Leonardo da Vinci drew", ["Leonardo da Vinci", "drew"]),
        ("we wrote 9 symphonies", ["we wrote", "9 symphonies"]),
        ("on one charge.", ["on one charge."]),
        ("with nice large words", ["with nice", "large words"]),
        *((f"بعد قهوة{mark} نمشي قليلا معكم", [f"بعد قهوة{mark}", "نمشي قليلا معكم"]) for mark in "،؛؟۔।"),
    ],
)
def test_lines_break_as_an_editor_would(text: str, lines: list[str]) -> None:
    """Lines keep numbers with units and names together and leave no short word alone."""
    assert _lines(text) == lines


def test_capitals_of_a_style_part_no_name() -> None:
    """A style that sets all in capitals breaks where the words as they are written may be broken."""
    style = PRESETS["gradient"]
    placed = lay_out(["it", "weighs", "about", "20", "kg"], style, caption_sizes(style, 1080, 1920)).words
    assert placed[3].line == placed[4].line
    names = lay_out(["When", "Jane", "met", "Leonardo"], style, caption_sizes(style, 1080, 1920)).words
    assert [word.line for word in names] == [0, 0, 1, 1]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_lines_partition_the_words(lengths: list[int]) -> None:
    """Lines hold every word once, in order."""
    words = ["x" * length for length in lengths]
    found = break_lines(words, lambda i, j: 40.0 * len(" ".join(words[i:j])), max_width_px=600, max_chars=20, max_lines=2, min_share=0.1)
    assert found is not None
    lines, share = found
    assert [word for i, j in lines for word in words[i:j]] == words and 0.1 <= share <= 1


SAID = """the a of it coffee morning weighs 20 kg 3.5 litres New York Jane Goodall Dr. Smith twelve hours 50% less water, slowly so is
    unquestionably €40 million after March 3rd"""
said = st.lists(st.sampled_from(SAID.split()), min_size=2, max_size=6)


def _flaws(words: list[str], lines: Sequence[tuple[int, int]]) -> int:
    """Short words alone on a line, and twice the numbers parted from their units and the names parted."""
    widths = [len(" ".join(words[i:j])) for i, j in lines]
    alone = (
        sum(j - i == 1 and width < SHORT_SHARE * max(widths) for (i, j), width in zip(lines, widths, strict=True)) if len(words) > 2 else 0
    )
    return alone + 2 * sum(belong_together(words, j) for _, j in lines[:-1])


@settings(max_examples=400, deadline=None)
@given(words=said)
def test_no_flaw_where_lines_could_do_without(words: list[str]) -> None:
    """Where the words fit on lines with no short word alone, no unit without its number and no name parted, they are broken so."""
    limits = {"max_width_px": 700, "max_chars": 20, "max_lines": 2}
    found = break_lines(words, lambda i, j: 35.0 * len(" ".join(words[i:j])), min_share=0.65, **limits)
    if found is None or not _flaws(words, found[0]):
        return
    edges = [(0, *cuts, len(words)) for count in (0, 1) for cuts in combinations(range(1, len(words)), count)]
    others = [tuple(pairwise(each)) for each in edges]
    fitting = [lines for lines in others if all(len(" ".join(words[i:j])) <= 20 for i, j in lines)]
    assert all(_flaws(words, lines) for lines in fitting)


@settings(max_examples=100, deadline=None)
@given(words=st.lists(st.sampled_from([word for word in SAID.split() if not re.search(r"\d", word)]), min_size=2, max_size=6))
def test_two_lines_are_as_even_as_they_may_be(words: list[str]) -> None:
    """Of two ways that are equally good to read the more even one is taken (a figure keeps what follows it, unit or not)."""
    limits = {"max_width_px": 700, "max_chars": 20, "max_lines": 2}
    found = break_lines(words, lambda i, j: 35.0 * len(" ".join(words[i:j])), min_share=0.65, **limits)
    if found is None or len(found[0]) != 2:
        return

    def uneven(lines: Sequence[tuple[int, int]]) -> int:
        first, second = (len(" ".join(words[i:j])) for i, j in lines)
        return abs(first - second)

    others = [((0, cut), (cut, len(words))) for cut in range(1, len(words))]
    equal = [
        lines
        for lines in others
        if _flaws(words, lines) == _flaws(words, found[0]) and all(len(" ".join(words[i:j])) <= 20 for i, j in lines)
    ]
    if equal:
        assert uneven(found[0]) <= min(map(uneven, equal)) + 9


def test_long_addresses_break_at_their_marks() -> None:
    """An address too wide for a line goes on after a slash, a hyphen or an underscore, and before a full stop or an at sign."""
    style = PRESETS["karaoke"]

    def lines(text: str) -> list[int]:
        placed = lay_out([text], style, caption_sizes(style, 1080, 1920)).words
        return [len(word.glyphs) for word in placed]

    assert lines("instagram.com/northwindcoffee") == [len("instagram.com/"), len("northwindcoffee")]
    assert lines("orders_and_more@northwind.coffee") == [len("orders_and_more"), len("@northwind.coffee")]
    assert lines("@northwind_coffee_roasters") == [len("@northwind_"), len("coffee_roasters")]


def test_long_words_break_with_hyphens_never_below_55_px() -> None:
    """A 40-letter word is set at 55 px on several lines with hyphens; Arabic breaks without."""
    style = PRESETS["karaoke"]
    sizes = caption_sizes(style, 1080, 1920)
    layout = lay_out(["Donaudampfschifffahrtsgesellschaftskapitän"], style, sizes)
    assert layout.size_px == 55 and {word.index for word in layout.words} == {0} and len({word.line for word in layout.words}) >= 2
    narrow = style.model_copy(update={"max_width_px": 60})
    assert len(lay_out(["W"], narrow, caption_sizes(narrow, 1080, 1920)).words) == 1  # which nothing can break


@pytest.mark.parametrize(
    ("name", "word", "lines"),
    [
        ("karaoke", "Geschwindigkeits\u00adbegrenzung", [len("Geschwindigkeits-"), len("begrenzung")]),
        ("pop", "Lebensmittel\u200bunverträglichkeit", [len("Lebensmittel"), len("unverträglichkeit")]),
        ("karaoke", "Rechtsschutzversicherungen", [len("Rechtsschutz-"), len("versicherungen")]),
        ("gradient", "Rechtsschutzversicherungen", [len("Rechtsschutz-"), len("versicherungen")]),
        ("one_word", "Straßenverkehrsgesellschaften", [len("Strassenverkehrs-"), len("gesellschaften")]),
        ("karaoke", "#SlowMorningsTasteBetterTogether", [len("#SlowMornings"), len("TasteBetterTogether")]),
        ("karaoke", "Straßen\u00adverkehr", [len("Straßenverkehr")]),
    ],
)
def test_a_word_too_wide_for_a_line_is_broken_as_its_language_breaks_it(name: str, word: str, lines: list[int]) -> None:
    """In capitals, too, a long word goes on where a reader expects it, on two lines as large as they may be, nothing more drawn."""
    style = PRESETS[name]
    layout = lay_out([word], style, caption_sizes(style, 1080, 1920), language="de")
    assert [len(placed.glyphs) for placed in layout.words] == lines
    assert layout.size_px > 55 or style.max_lines == 1


def test_a_long_word_among_others_keeps_to_two_lines() -> None:
    """More lines than a style has come only where the least size does not fit otherwise."""
    style = PRESETS["karaoke"]
    sizes = caption_sizes(style, 1080, 1920)
    two = lay_out(["Kraftfahrzeug-Rechtsschutzberatung."], style, sizes, language="de")
    assert [len(word.glyphs) for word in two.words] == [len("Kraftfahrzeug-"), len("Rechtsschutzberatung.")] and two.size_px > 55
    more = lay_out(["Donaudampfschifffahrtsgesellschaftskapitäne"], style, sizes, language="de")
    assert [len(word.glyphs) for word in more.words] == [len("Donaudampf-"), len("schifffahrtsgesell-"), len("schaftskapitäne")]


@pytest.mark.parametrize("name", ["gradient", "pop"])
@pytest.mark.parametrize("text", ["Northwind Coffee", "Wilhelm drank", "minimum mode.", "to it"])
def test_a_word_that_grows_keeps_a_space_beside_it(name: str, text: str) -> None:
    """However wide the spoken word is, its outline never reaches its neighbour's; a short word grows as far as its style says."""
    style = PRESETS[name].model_copy(update={"max_lines": 1})
    captions = painter(style, cue(text, frames_a_word=20))
    for frame in (12, 14, 20):
        mask, x, _ = captions.fill_mask(frame) or (np.zeros((1, 1), bool), 0, 0)
        first, second = (word.box for word in captions.words_on(frame))
        middle = round((first[2] + second[0]) / 2) - x
        inked = np.flatnonzero(mask.any(axis=0))
        gap = inked[inked > middle].min() - inked[inked < middle].max()
        assert gap > 2 * style.outline_px + 3
    grown = (inked[inked < middle].max() - inked.min()) / (first[2] - first[0])
    assert grown == pytest.approx(1.1, abs=0.03) if text == "to it" else 1.02 < grown < 1.08


def test_a_second_line_comes_before_smaller_letters() -> None:
    """What one line holds only much smaller goes on in a second; a little smaller, or for the sake of a name, one line does."""
    style = PRESETS["gradient"]
    sizes = caption_sizes(style, 1080, 1920)

    def set_as(text: str) -> tuple[list[int], float]:
        layout = lay_out(text.split(), style, sizes, language="en")
        return [word.line for word in layout.words], layout.size_px / style.size_px

    assert set_as("on one charge.") == ([0, 0, 1], 1.0)
    lines, share = set_as("at 7 a.m. on")
    assert lines == [0, 0, 0, 0] and share > 0.95
    assert set_as("Luther King Jr.")[0] == [0, 0, 0]


OTHERS = {
    "colour": "#FF00FF",
    "active_colour": "#FF0000",
    "active_gradient_colour": None,
    "upcoming_colour": "#00FF00",
    "upcoming_opacity": 0.3,
    "active_scale": 1.0,
    "active_box_colour": "#11CC88",
    "outline_colour": "#FFFFFF",
    "shadow_colour": "#00FFFF",
    "box_colour": None,
    "box_padding_px": 40,
    "pop_s": 0.0,
    "pop_overshoot": 0.2,
}


@pytest.mark.parametrize("mode", ["karaoke", "pop", "box", "marker", "one_word", "typewriter", "classic"])
def test_fields_that_a_mode_does_not_show_are_known(mode: str) -> None:
    """Another value of a field is seen on some frame of a cue, but for the fields that are said to be unseen in this mode."""
    boxes = {"box_colour": "#204060", "active_box_colour": "#AA2244", "active_gradient_colour": "#00FF88"}
    style = CaptionStyle.model_validate({"mode": mode, **boxes, "active_scale": 1.2, "pop_s": 0.2})

    def pictures(style: CaptionStyle) -> list[bytes]:
        captions = painter(style, cue("Cold brew now"), width_px=270, height_px=480)
        return [drawn(captions, frame, width_px=270, height_px=480).tobytes() for frame in range(8, 42, 2)]

    first = pictures(style)
    unseen = {name for name, value in OTHERS.items() if pictures(style.model_copy(update={name: value})) == first}
    assert unseen == set(unseen_fields(style)), mode
