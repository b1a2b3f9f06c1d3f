"""Key words on the timeline: with the words that say them, clear of captions, end card and buttons."""

from __future__ import annotations

import pytest

from reelkit.brand import Brand, BrandMotion, BrandOverlays
from reelkit.errors import TimelineError
from reelkit.media.captions import CaptionPainter
from reelkit.media.colours import LEAST_CONTRAST, ratio_of
from reelkit.media.overlays import OverlayPainter
from reelkit.model import KeyWords, Scene, Script, Word
from reelkit.steps.key_words import plan_key_words
from reelkit.steps.timing import group_words_into_sentences
from tests.media.reels import brand as a_brand
from tests.media.test_captions import PRESETS, cue

RATE = 24_000


def planned(*scenes: Scene, until: int = 900, brand: Brand | None = None, style: str = "karaoke") -> tuple[KeyWords, ...]:
    """Key words of a script said at half a second a word."""
    script = Script.of("Tea", scenes)
    words = [
        Word(text=text, start=at * RATE // 2, end=(at + 1) * RATE // 2 - 1, rate_hz=RATE, timed_by="durations")
        for at, text in enumerate(script.voiceover.split())
    ]
    return plan_key_words(script, group_words_into_sentences(words), brand or a_brand(), PRESETS[style], until=until)


def scene(text: str, **asked: str) -> Scene:
    return Scene(text=text, search_terms=("tea", "cup"), **asked)


def test_key_words_come_in_with_the_word_that_says_them() -> None:
    """They begin on the frame of their first word, in any case and punctuation, and last at most 2.6 s and not beyond their scene."""
    first, second = planned(
        scene("Cold brew takes twelve hours, at least, and a good long night in the cold.", emphasis="Twelve hours", icon="clock"),
        scene("Then pour it.", emphasis="pour"),
        scene("And drink it cold with friends."),
    )
    assert (first.start, first.end, first.icon) == (45, 45 + 78, "clock")
    assert (second.start, second.end) == ((15 + 1) * 15, 18 * 15)


def test_what_is_not_said_in_these_words_comes_with_its_scene() -> None:
    """Where the words are others, or there is only an icon, it comes in with the scene."""
    figures, sign = planned(scene("It takes twelve hours to brew.", emphasis="12 h"), scene("Then pour it out slowly.", icon="glass-water"))
    assert (figures.start, sign.start, sign.text) == (0, 6 * 15, "")


def test_the_end_card_and_short_scenes_take_precedence() -> None:
    """Key words end where the end card comes in; where less than 0.7 s is left for them they are left out."""
    assert [each.end for each in planned(scene("It takes a whole night.", emphasis="It takes"), until=40)] == [40]
    assert planned(scene("Wait.", emphasis="Wait"), scene("Then pour it out.")) == ()


def test_a_brand_may_do_without() -> None:
    """With overlays.key_words off nothing is planned, and reduced motion keeps them still."""
    brand = a_brand()
    off = brand.model_copy(update={"overlays": BrandOverlays(key_words=False)})
    assert planned(scene("It takes a whole night.", emphasis="night"), brand=off) == ()
    still = brand.model_copy(update={"motion": BrandMotion(reduced=True)})
    assert [each.moves for each in planned(scene("It takes a whole night.", emphasis="takes"), brand=still)] == [False]


@pytest.mark.parametrize(
    ("background", "text", "accent", "letters"),
    [
        ("#24150E", "#FBF3E6", "#F6BE6B", "#FBF3E6"),
        ("#FBF7F0", "#1E2A26", "#E2725B", "#FBF7F0"),
        ("#FFF6F9", "#8A8A99", "#BFE3E0", "#FFF6F9"),
        ("#808080", "#AAAAAA", "#9A9A9A", "#AAAAAA"),
        ("#FFFFFF", "#101010", "#102040", "#FFFFFF"),
    ],
)
def test_key_words_are_light_letters_in_a_dark_edge(background: str, text: str, accent: str, letters: str) -> None:
    """A light brand's key words are in its background, edged with its text; letters and accent have 4.5:1 to the edge in any palette."""
    brand = a_brand()
    palette = brand.palette.model_copy(update={"background": background, "text": text, "accent": accent})
    (words,) = planned(scene("It takes a whole night.", emphasis="night"), brand=brand.model_copy(update={"palette": palette}))
    assert words.colour == letters and ratio_of(words.edge, "#000000") < ratio_of(words.colour, "#000000")
    assert min(ratio_of(words.colour, words.edge), ratio_of(words.accent, words.edge)) >= LEAST_CONTRAST
    if text == "#FBF3E6":
        assert (words.accent, words.edge) == (accent, background)


def test_an_unknown_icon_names_its_scene() -> None:
    """An icon that there is not gives one line: which scene, and the nearest name."""
    with pytest.raises(TimelineError, match=r"^timeline: scene 2: there is no icon 'clokc'; did you mean 'clock'"):
        planned(scene("First this."), scene("Then that.", icon="clokc"))


@pytest.mark.parametrize("size", [(1080, 1920), (1080, 1350), (1080, 1080), (1920, 1080)])
@pytest.mark.parametrize("style", sorted(PRESETS))
def test_key_words_stand_clear_of_captions_bar_and_buttons(style: str, size: tuple[int, int]) -> None:
    """In every shape and preset they stand inside the safe zone, below the progress bar, and above any caption the style may draw."""
    brand = a_brand(width_px=size[0], height_px=size[1])
    (words,) = planned(scene("It takes light years of going away.", emphasis="light years away", icon="rocket"), brand=brand, style=style)
    sized = {"width_px": size[0], "height_px": size[1], "fps": brand.fps}
    ((_, box),) = OverlayPainter((words,), **sized).boxes()
    caption = CaptionPainter(PRESETS[style], [cue("Your morning coffee gypsy")], **sized).box(0)
    assert box[3] <= caption[1] and box[1] >= (250 / 1920) * size[1] + 20 * min(size) / 1080
    assert box[0] >= 60 * size[0] / 1080 and box[2] <= 900 * size[0] / 1080


def test_key_words_leave_captions_that_hang_low_their_place() -> None:
    """A reel whose words hang lower than Latin letters has its captions, and so its key words, higher."""
    square = a_brand(width_px=1080, height_px=1080)
    (plain,) = planned(scene("It takes a whole night.", emphasis="night"), brand=square)
    (low,) = planned(scene("यह पृथ्वी पर एक पूरी रात लेता है।", emphasis="रात"), brand=square)
    assert low.bottom_px < plain.bottom_px
