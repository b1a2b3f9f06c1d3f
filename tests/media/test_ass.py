"""ASS: the same words at the same times in the same places, as a real renderer (libass) draws them."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelkit.media.ass import ass
from reelkit.media.fonts import find_font, font_for
from reelkit.model import CaptionStyle, Fps, Timeline
from tests.media.test_captions import PRESETS, cue, drawn, painter
from tests.media.test_sidecars import a_timeline

GREY = "#808080"
OF_ONE_FILE = sorted(name for name, style in PRESETS.items() if not find_font(style.font, style.weight).variation)


def timeline(style: CaptionStyle, text: str = "Roast loses 60% aroma", fps: Fps = Fps(num=30)) -> Timeline:
    return a_timeline(fps).model_copy(update={"cues": (cue(text),), "caption_style": style, "fps": fps})


def events(script: str) -> list[dict[str, str]]:
    lines = script.split("[Events]\n")[1].splitlines()
    fields = lines[0].removeprefix("Format: ").split(", ")
    return [dict(zip(fields, line.removeprefix("Dialogue: ").split(",", len(fields) - 1), strict=True)) for line in lines[1:]]


def rendered(folder: Path, script: str, style: CaptionStyle, frame: int) -> np.ndarray:
    """A frame as ffmpeg with libass draws the script, in grey levels."""
    (folder / "captions.ass").write_text(script)
    fonts = folder / "fonts"
    fonts.mkdir()
    face = find_font(style.font, style.weight)
    for number, found in enumerate({face.path, *(found.path for letter in "aعשก" if (found := font_for(letter, face)))}):
        shutil.copy(found, fonts / f"{number}.ttf")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "color=0x808080:s=1080x1920:r=30:d=2"]
    command += ["-vf", f"ass=captions.ass:fontsdir=fonts,select=eq(n\\,{frame})", "-frames:v", "1", "frame.png"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    picture = cv2.imread(str(folder / "frame.png"), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return picture.astype(int)


def ink(levels: np.ndarray, ground: int) -> np.ndarray:
    rows, columns = (np.flatnonzero((np.abs(levels - ground) > 40).any(axis=axis)) for axis in (1, 0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])


@pytest.mark.parametrize("name", OF_ONE_FILE)
def test_libass_draws_captions_where_the_reel_has_them(name: str, tmp_path: Path) -> None:
    """Drawn by libass, the letters and the box of every cue stand where the reel's do: sizes, lines and places are the same."""
    style = PRESETS[name].model_copy(update={"shadow_px": 0, "active_box_colour": None, "active_scale": 1.0})
    plan = timeline(style)
    last = plan.cues[0].end - 2
    ours = ink(drawn(painter(style, *plan.cues), last, GREY).y.astype(int), int(drawn(painter(style), 0, GREY).y[0, 0]))
    theirs = ink(rendered(tmp_path, ass(plan), style, last), 128)
    assert np.abs(ours - theirs).max() <= 6


MIXED = [
    "تأسست مقهى Northwind عام 1998.",
    "(مقهى دبي)، 50% AeroPress؟",
    "السعر: 49.90 و-Tel, نعم!",
    "the عام دبي, 2 cups",
    "กาแฟ 250 บาท",
    "الإسطرلابومستشفياتناالجامعيةوالتعليمية.",
    "Rechtsschutzversicherungsgesellschaften! ja",
]
PLAIN = {
    **{
        "font": "Poppins",
        "weight": 400,
        "size_px": 80,
        "max_width_px": 900,
        "outline_px": 0,
        "shadow_px": 0,
        "pop_s": 0,
        "box_colour": None,
    },
    **{"colour": "#FFFFFF", "upcoming_colour": "#FFFFFF", "active_colour": "#000000", "active_scale": 1.0, "active_gradient_colour": None},
}


@pytest.mark.parametrize("spacing", [0.0, 0.02])
@pytest.mark.parametrize("name", ["karaoke", "classic", "one_word"])
@pytest.mark.parametrize("text", MIXED)
def test_every_direction_reads_in_libass_as_in_the_reel(text: str, name: str, spacing: float, tmp_path: Path) -> None:
    """Words from right to left, mixed lines, letters of other fonts and broken words stand as in the reel, lit at the same time."""
    style = PRESETS[name].model_copy(update=PLAIN | {"upcoming_opacity": 1.0, "letter_spacing_em": spacing})
    plan = timeline(style, text)
    frame = plan.cues[0].words[-2:][0].start + 3
    ground = int(drawn(painter(style), 0, GREY).y[0, 0])
    ours = drawn(painter(style, *plan.cues), frame, GREY).y.astype(int) - ground
    theirs = rendered(tmp_path, ass(plan), style, frame) - 128
    for light in (1, -1):
        one, other = ((levels * light > 40).astype(np.uint8) for levels in (ours, theirs))
        assert one.any() == other.any()
        for strokes, near in ((one, other), (other, one)):
            assert strokes[cv2.dilate(near, np.ones((9, 9), np.uint8)) == 0].sum() <= 0.01 * strokes.sum()


@pytest.mark.parametrize(("text", "family"), [("東京へ", "JP"), ("北京", "SC"), ("서울", "KR")])
def test_letters_of_another_font_name_it(text: str, family: str) -> None:
    """Words that the style's font lacks are asked for in the font that the reel has them in, in the forms of their language."""
    if find_spec("manimgx_fonts_cjk") is None:
        pytest.skip("the fonts for Chinese, Japanese and Korean are not installed")
    assert f"\\fnNoto Sans CJK {family}\\" in ass(timeline(PRESETS["karaoke"], text)) and "\\fn" not in ass(timeline(PRESETS["karaoke"]))


@pytest.mark.parametrize(
    ("language", "family"), [("zh", "SC"), ("zh-CN", "SC"), ("zh-TW", "TC"), ("zh-HK", "HK"), ("ja", "JP"), ("ko-KR", "KR")]
)
def test_letters_are_asked_for_in_the_forms_of_the_brands_language(language: str, family: str) -> None:
    """A brand's own language, as its file may say it, decides whose forms of Chinese characters players draw."""
    if find_spec("manimgx_fonts_cjk") is None:
        pytest.skip("the fonts for Chinese, Japanese and Korean are not installed")
    plan = timeline(PRESETS["karaoke"], "直骨").model_copy(update={"language": language})
    assert f"\\fnNoto Sans CJK {family}\\" in ass(plan)


def test_a_mixed_word_is_told_as_it_is_seen() -> None:
    """A word of both directions goes from left to right in stretches of one, which players cannot order anew, and is lit as one."""
    style = PRESETS["karaoke"].model_copy(update=PLAIN)
    (_, second) = events(ass(timeline(style, "קפה ב-Tel")))
    stretches = re.sub(r"\{[^}]*\}", "", second["Text"]).split("\u200e")
    assert stretches == ["Tel", "\u202b-\u202c", "\u202bב\u202c"]
    assert re.findall(r"\\k(\d+)", second["Text"]) == ["27", "0", "0", "40"] and "\\fnNoto Sans Hebrew" in second["Text"]


def test_a_font_without_the_table_of_windows_is_drawn_in_place(tmp_path: Path) -> None:
    """A file without an OS/2 table, as Macs may have, gives captions where the reel has them: players then go by its other heights."""
    whole = PRESETS["pop"].model_copy(update={"shadow_px": 0, "active_scale": 1.0})
    data = find_font(whole.font, whole.weight).path.read_bytes()
    own = tmp_path / "own.ttf"
    own.write_bytes(data.replace(b"OS/2", b"OS.2", 1))
    style = whole.model_copy(update={"font": str(own)})
    plan = timeline(style)
    assert ass(plan) != ass(timeline(whole))
    last = plan.cues[0].end - 2
    ours = ink(drawn(painter(style, *plan.cues), last, GREY).y.astype(int), int(drawn(painter(style), 0, GREY).y[0, 0]))
    assert np.abs(ours - ink(rendered(tmp_path, ass(plan), style, last), 128)).max() <= 6


def test_words_to_come_that_are_hidden_are_hidden_by_libass(tmp_path: Path) -> None:
    """Drawn by libass too, nothing stands of a word before it is said where the style hides it: no letter, outline or shadow."""
    hiding = {"mode": "karaoke", "upcoming_opacity": 0.0, "outline_px": 8, "shadow_opacity": 1.0, "box_colour": None}
    style = PRESETS[OF_ONE_FILE[0]].model_copy(update=hiding)
    plan = timeline(style, "Tea now")
    first = plan.cues[0].words[0].start + 2
    words = painter(style, *plan.cues).words_on(first)
    level = rendered(tmp_path, ass(plan), style, first)
    left, top, right, bottom = map(int, words[1].box)
    assert np.abs(level[top:bottom, left + 20 : right] - 128).max() <= 2
    assert ink(level, 128)[2] <= words[1].box[0] + 20


def test_a_word_that_hangs_low_moves_every_event(tmp_path: Path) -> None:
    """Lines stand on the reel's one baseline, that of a cue which hangs low and of those that do not."""
    cues = (cue("one word"), cue("पृथ्वी", start=60), cue("ok", start=90))
    low = timeline(PRESETS["karaoke"]).model_copy(update={"cues": cues})
    captions = painter(PRESETS["karaoke"], *cues)

    def places(plan: Timeline) -> set[str]:
        """Where lines in the style's own font stand; others hang from the same baseline by their own fonts."""
        return {event["Text"].split(",")[1].split(")")[0] for event in events(ass(plan)) if "\\fn" not in event["Text"]}

    assert len(places(low)) == 1 and places(low) != places(timeline(PRESETS["karaoke"], "ok"))
    assert max(captions.box(at)[3] for at in range(3)) <= PRESETS["karaoke"].bottom_px


@pytest.mark.parametrize(("frame", "spoken"), [(11, 0), (17, 0), (22, 1), (44, 3)])
def test_words_are_lit_by_libass_as_they_are_spoken(frame: int, spoken: int, tmp_path: Path) -> None:
    """While a word is spoken, the first from the cue's first frame and the last for the moment after, only it has the active colour."""
    style = PRESETS["pop"].model_copy(update={"shadow_px": 0, "active_colour": "#000000", "outline_px": 0, "active_scale": 1.0})
    plan = timeline(style)
    level = rendered(tmp_path, ass(plan), style, frame)
    words = painter(style, *plan.cues).words_on(frame)
    assert [word.colour for word in words].index("#000000") == spoken
    left, top, right, bottom = words[spoken].box
    dark = np.argwhere(level < 40)
    assert len(dark) and (abs(dark.min(axis=0) - (top, left)) < 32).all() and (abs(dark.max(axis=0) - (bottom, right)) < 32).all()


@pytest.mark.parametrize("name", ["box", "marker"])
def test_what_is_behind_the_spoken_word_is_drawn_by_libass_too(name: str, tmp_path: Path) -> None:
    """A box or a marker's stroke stands behind the word that is spoken, as in the reel once it is at rest, and behind no other."""
    hidden = dict.fromkeys(("colour", "active_colour", "upcoming_colour", "outline_colour"), GREY)
    style = PRESETS[name].model_copy(update=hidden | {"active_box_colour": "#000000", "box_colour": None, "shadow_px": 0, "outline_px": 0})
    plan = timeline(style, "Roast loses aroma")
    spoken = plan.cues[0].words[1]
    frame = spoken.end - 1
    ground = int(drawn(painter(style), 0, GREY).y[0, 0])
    ours = ink(drawn(painter(style, *plan.cues), frame, GREY).y.astype(int), ground)
    theirs = ink(rendered(tmp_path, ass(plan), style, frame), 128)
    assert np.abs(ours - theirs).max() <= 2


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(set(PRESETS) - {"classic"})),
    text=st.lists(st.sampled_from(["a", "20%", "{b}", "back\\slash", "صباح", "🚀", "漢字", "W" * 30, "<i>"]), min_size=1, max_size=4).map(
        " ".join
    ),
    fps=st.sampled_from([Fps(num=24), Fps(num=30), Fps(num=60000, den=1001)]),
)
def test_karaoke_times_add_up_and_words_stay_text(name: str, text: str, fps: Fps) -> None:
    """On every line each word's time begins within a hundredth of its onset, and no word is read as a tag."""
    plan = timeline(PRESETS[name], text, fps)
    found = [event for event in events(ass(plan)) if event["Layer"] == "2"]
    onsets = [float(word.start / fps.ratio) for word in plan.cues[0].words]
    told = []
    for event in found:
        hours, minutes, seconds = event["Start"].split(":")
        at = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        for time, following in re.findall(r"\{\\ko?(\d+)[^}]*\}(?=(.))", event["Text"]):
            if following != "{":  # else it is the wait before a line's first word
                told.append(at)
            at += int(time) / 100
    shown = [word for word in onsets if any(abs(word - at) <= 0.011 for at in told)]
    assert shown == onsets
    plain = "".join(re.sub(r"(?<!\\)\{[^}]*\}", "", event["Text"]) for event in found)
    assert not re.search(r"(?<!\\)[{}]", plain) and not re.search(r"\\(?![{}\u2060])", plain)


def test_capitals_are_those_of_the_reel_s_language() -> None:
    """A style that sets all in capitals writes them into the script as the reel shows them."""
    plan = timeline(PRESETS["pop"], "iyi bir").model_copy(update={"language": "tr"})
    assert "İYİ" in ass(plan) and "BİR" in ass(plan)


def test_hints_where_a_word_may_be_broken_are_in_no_script() -> None:
    """Soft hyphens and zero-width spaces are for the reel alone: players would show them."""
    assert "Teekanne heute" in re.sub(r"\{[^}]*\}", "", ass(timeline(PRESETS["karaoke"], "Tee\u00adkanne heu\u200bte")))


def test_one_word_stands_alone_and_classic_has_no_times() -> None:
    """A style of one word at a time gives an event a word, back to back; one without an active word gives none of karaoke's tags."""
    alone = events(ass(timeline(PRESETS["one_word"])))
    assert len(alone) == 4 and [a["End"] for a in alone[:-1]] == [b["Start"] for b in alone[1:]]
    lit = timeline(PRESETS["one_word"].model_copy(update={"active_colour": "#FF0000"}))
    assert "\\1c&H0000FF&" in ass(lit) and "\\t(" not in ass(lit)  # as long as it stands, also after it was said
    assert "\\k" not in ass(timeline(PRESETS["classic"])) and "\\p1" in ass(timeline(PRESETS["classic"]))
