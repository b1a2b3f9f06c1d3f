"""Key words: they come in one after the other, keep to their place, and are the same every time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelkit.errors import TimelineError
from reelkit.media.icons import draw_icon
from reelkit.media.overlays import OverlayPainter
from reelkit.media.planes import Planes, planes_to_rgb
from reelkit.model import Fps, KeyWords
from tests.media.golden import assert_golden, small

FPS = Fps(num=30)


def key_words(**changes: object) -> KeyWords:
    fields = {"start": 10, "end": 70, "text": "12 hours", "icon": "clock", "font": "Poppins", "top_px": 310, "bottom_px": 1070}
    colours = {"colour": "#FFFFFF", "accent": "#FFC21A", "edge": "#101418"}
    return KeyWords(**(fields | colours | changes))


def painter(words: KeyWords, width_px: int = 1080, height_px: int = 1920) -> OverlayPainter:
    return OverlayPainter((words,), width_px=width_px, height_px=height_px, fps=FPS)


def drawn(overlays: OverlayPainter, frame: int, width_px: int = 1080, height_px: int = 1920) -> Planes:
    planes = Planes.filled(width_px, height_px, "#5A7FA8")
    for layer in overlays.sprites(frame):
        layer.blend(planes)
    return planes


@pytest.mark.parametrize(("name", "changes"), [("key_words", {}), ("icon", {"text": "", "icon": "rocket"}), ("words", {"icon": ""})])
def test_key_words_draw_their_golden_frame(name: str, changes: dict[str, str], pytestconfig: pytest.Config) -> None:
    """Words, an icon, and both together are at rest as they were once looked at and found good."""
    picture = planes_to_rgb(drawn(painter(key_words(**changes)), 40))[300:1100, 150:930]
    assert_golden(small(picture, 0.3), f"overlays/{name}", pytestconfig)


def test_words_come_in_one_after_the_other_and_leave_softly() -> None:
    """Nothing stands before the first frame; icon and words follow each other; then all rest; in the last frames they fade."""
    overlays = painter(key_words())
    counts = [len(overlays.sprites(frame)) for frame in range(9, 71)]
    assert counts[0] == 0 and counts[-1] == 0 and counts[1:30] == sorted(counts[1:30]) and counts[1] == 1 and counts[30] == 3
    assert drawn(overlays, 30).tobytes() == drawn(overlays, 60).tobytes()
    strengths = [int(np.ptp(drawn(overlays, frame).y)) for frame in (60, 66, 68, 69)]
    assert strengths == sorted(strengths, reverse=True) and strengths[0] > 2 * strengths[-1] > 0


@pytest.mark.parametrize(("text", "frames"), [("the best coffee in the world", 21), ("a b c d e f g h", 21), ("all of it", 30)])
def test_all_words_come_to_rest_however_short_they_stand(text: str, frames: int) -> None:
    """Those of many words, or of little time, come closer together: a fifth of a second before the end all stand still and whole."""
    overlays = painter(key_words(text=text, end=10 + frames))
    rests = 10 + frames - 1 - 6
    assert drawn(overlays, rests).tobytes() == drawn(painter(key_words(text=text, end=10 + frames, moves=False)), rests).tobytes()


def test_words_swing_in_with_an_ease() -> None:
    """A word grows, a little beyond its size, and settles; with motion off it stands whole from its first frame to its last."""
    overlays = painter(key_words(text="hours", icon=""))
    widths = [overlays.sprites(frame)[0].width_px for frame in range(10, 24)]
    assert widths[0] < 0.85 * widths[-1] and max(widths) > widths[-1] and widths[-1] == widths[-2]
    still = painter(key_words(moves=False))
    assert {drawn(still, frame).tobytes() for frame in (10, 11, 40, 69)} == {drawn(still, 50).tobytes()}


@settings(max_examples=25, deadline=None)
@given(
    text=st.one_of(
        st.sampled_from(["12 hours", "صباح الخير", "今日は天気", "three 🚀 words", "W" * 40, "a b c d e f g h"]), st.text(max_size=40)
    ),
    icon=st.sampled_from(["", "clock", "thermometer-sun"]),
    size=st.sampled_from([(1080, 1920), (1080, 1080), (1920, 1080)]),
)
def test_any_key_words_stay_in_their_place(text: str, icon: str, size: tuple[int, int]) -> None:
    """Whatever they say, they are at most 680 px wide, centred, and begin and end between their heights."""
    top, bottom = round(size[1] * 0.17), round(size[1] * 0.17) + 400
    ((_, box),) = painter(key_words(text=text, icon=icon, top_px=top, bottom_px=bottom), *size).boxes()
    scale = min(size) / 1080
    assert box[2] - box[0] <= 680 * scale and abs((box[0] + box[2]) / 2 - size[0] / 2) <= 24 * scale
    assert box[1] >= top - 12 and box[3] <= bottom + 12


@pytest.mark.parametrize(
    ("text", "accented"), [("12 % less", 2), ("only 9.99 €", 2), ("$ 30 off", 2), ("less % now", 0), ("top 3 — go", 1)]
)
def test_a_sign_beside_figures_has_their_colour(text: str, accented: int) -> None:
    """Percent and currency signs that stand apart are accented with their figure, and no other word is."""
    white, black = (painter(key_words(text=text, icon="", accent=accent)).sprites(50) for accent in ("#FFFFFF", "#000000"))
    assert sum(not np.array_equal(one.luma, other.luma) for one, other in zip(white, black, strict=True)) == accented


def test_drawing_does_not_depend_on_the_frames_drawn_before() -> None:
    """A frame opened by itself is the frame reached by playing."""
    played, opened = painter(key_words()), painter(key_words())
    for frame in range(10, 18):
        last = drawn(played, frame)
    assert drawn(opened, 17).tobytes() == last.tobytes()


def test_an_unknown_icon_is_said_before_anything_is_drawn() -> None:
    """An icon that there is not gives one line with the nearest name."""
    with pytest.raises(TimelineError, match="no icon 'clokc'; did you mean 'clock'"):
        painter(key_words(icon="clokc"))


def test_an_icon_has_its_colour_and_its_edge() -> None:
    """An icon is drawn premultiplied, in its colour, on lines of the edge's colour."""
    picture = draw_icon("clock", 180, "#FF0000", edge_colour="#0000FF", edge_px=10).astype(int)
    assert (picture[..., :3] <= picture[..., 3:]).all()
    red, blue = ((picture[..., channel] > 200).sum() for channel in (0, 2))
    assert blue > red > 500


def test_key_words_are_in_the_letters_of_the_reel_s_language() -> None:
    """Characters alone are Japan's in a Japanese reel and China's in others; words that no language draws otherwise stay as they are."""

    def at_rest(text: str, language: str) -> bytes:
        return drawn(OverlayPainter((key_words(text=text),), width_px=1080, height_px=1920, fps=FPS, language=language), 40).tobytes()

    assert at_rest("直火 海骨角", "ja") != at_rest("直火 海骨角", "zh") == at_rest("直火 海骨角", "")
    assert at_rest("12 hours", "ja") == at_rest("12 hours", "")
