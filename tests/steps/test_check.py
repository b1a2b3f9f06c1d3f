"""The check: every finding holds on a right reel, fails on one that is wrong in that way, and never breaks on a damaged file."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reelkit.errors import CheckError
from reelkit.media.audio import write_wav
from reelkit.media.captions import CaptionPainter
from reelkit.media.inspect import PictureFacts, SoundFacts
from reelkit.media.legibility import TextContrast
from reelkit.media.overlays import OverlayPainter
from reelkit.media.planes import Planes
from reelkit.model import (
    AudioTrack,
    CaptionCue,
    CaptionStyle,
    DoubtfulPlace,
    EndCard,
    Finding,
    KeyWords,
    LogoOverlay,
    Move,
    Palette,
    ProgressBar,
    Reel,
    StyleChange,
    Timeline,
    Transition,
)
from reelkit.steps.check import check_video, failed
from reelkit.steps.compose import compose_video
from reelkit.steps.judge_captions import judge_caption_style, judge_caption_times, judge_captions_seen, judge_glyphs, judge_room
from reelkit.steps.judge_file import judge_footage
from reelkit.steps.judge_overlays import OverlayWatch, judge_drawings, judge_overlays_seen
from reelkit.steps.judge_sound import judge_lengths, read_narration
from reelkit.steps.watch_captions import CueSeen
from tests.media import reels
from tests.media.reels import CUT, FRAMES, SIZE, Making, make_reel, texture, timeline

RIGHT = Making()
PLAIN = CaptionStyle(mode="classic", outline_px=0, shadow_px=0, colour="#A0A0A0", pop_s=0.0)


def named(findings: list[Finding], name: str) -> Finding:
    return next(finding for finding in findings if finding.name == name)


def black(frame: int) -> Planes:
    """A black stretch of 0.6 s in the second shot."""
    return Planes.filled(*SIZE, "#000000") if 70 <= frame < 88 else texture(frame)


def frozen(frame: int) -> Planes:
    """A stretch of 1.6 s on which nothing moves."""
    return texture(66 if 66 <= frame < 114 else frame)


def noise(frame: int) -> Planes:
    """What no encoder makes small: grain that is elsewhere on every frame."""
    rng = np.random.Generator(np.random.PCG64(0))
    grain = np.roll(rng.integers(16, 236, (SIZE[1], SIZE[0])).astype(np.uint8), (97 * frame, 61 * frame), (0, 1))
    half = (SIZE[1] // 2, SIZE[0] // 2)
    return Planes(grain, np.full(half, 128, np.uint8), np.full(half, 128, np.uint8))


def uncut(frame: int) -> Planes:
    """One shot that goes on, whatever the plan says."""
    return texture(frame, cut=FRAMES)


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> tuple[Reel, Timeline, list[Finding]]:
    """A reel that is right, and its findings."""
    folder = tmp_path_factory.mktemp("right")
    plan = timeline(folder)
    reel = make_reel(folder / "reel.mp4", plan)
    return reel, plan, check_video(reel, plan, reels.brand())


def test_a_right_reel_holds_every_must_and_every_should_but_its_length(right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """A four-second reel that is right in every way is only shorter than is useful; musts come first, names stand once."""
    findings = right[2]
    assert failed(findings) == []
    assert [finding.name for finding in findings if not finding.holds] == ["useful-length"]
    assert [finding.level for finding in findings] == sorted((finding.level for finding in findings), key=("must", "should").index)
    assert len({finding.name for finding in findings}) == len(findings)
    assert all(finding.norm and finding.measured for finding in findings)
    assert all(bool(finding.hint) != finding.holds for finding in findings)


def test_a_composed_reel_holds_every_must(tmp_path: Path) -> None:
    """What composition renders, with crossfade, overlays and captions, passes all that must hold and all but the useful length."""
    plan = timeline(tmp_path)
    footage = make_reel(tmp_path / "texture.mp4", plan, RIGHT.but(shown=lambda _frame: None))
    clip = plan.shots[0].clip.model_copy(update={"path": footage.path, "sha256": footage.sha256, "duration_ms": 4000})
    fades = Transition(kind="crossfade", frames=8)
    shots = [shot.model_copy(update={"clip": clip, "in_frame": shot.start, "transition": fades}) for shot in plan.shots]
    bar = ProgressBar(start=0, end=FRAMES, y_px=90, height_px=4, colour="#FFD23F", track_colour="#FFFFFF")
    plan = plan.model_copy(update={"shots": tuple(shots), "overlays": (bar,)})
    findings = check_video(compose_video(plan, tmp_path / "reel.mp4", workers=1), plan, reels.brand())
    assert [finding.name for finding in findings if not finding.holds] == ["useful-length"]


FILES: dict[str, Making] = {
    "container": RIGHT.but(mux={"movflags": "+negative_cts_offsets", "use_editlist": "0"}),
    "no-edit-list": RIGHT.but(mux={"movflags": "+faststart"}),
    "streams": RIGHT.but(extra_sound=True),
    "video-start": RIGHT.but(mux={"movflags": "+faststart", "use_editlist": "0"}),
    "video-codec": RIGHT.but(profile="main", x264={"8x8dct": "0"}),
    "frame-rate": RIGHT.but(times=lambda frame: frame + Fraction(frame % 3, 4)),
    "frame-count": RIGHT.but(frames=FRAMES - 1),
    "gop": RIGHT.but(x264={"keyint": "60", "min-keyint": "60"}),
    "b-frames": RIGHT.but(x264={"bframes": "4"}),
    "h264-level": RIGHT.but(x264={"level": "51"}),
    "colour-tags": RIGHT.but(tags=(6, 6, 6, 1)),
    "audio-codec": RIGHT.but(audio=("aac", 44_100, "stereo")),
    "loudness": RIGHT.but(target_lufs=-18.0),
    "true-peak": RIGHT.but(target_lufs=-8.0, max_dbtp=3.0),
    "narration-sync": RIGHT.but(late_s=0.1),
    "narration-length": RIGHT.but(frames=FRAMES - 2),
    "coverage": RIGHT.but(sound_s=3.8),
    "no-black": RIGHT.but(picture=black),
    "no-frozen": RIGHT.but(picture=frozen),
    "captions-shown": RIGHT.but(shown=lambda frame: None if frame > CUT else frame),
    "words-lit": RIGHT.but(shown=lambda frame: frame - 3),
    "bit-rate": RIGHT.but(picture=noise),
    "cut-pace": RIGHT.but(picture=uncut),
    "first-change": RIGHT.but(picture=uncut),
}
"""For each finding, a file that is wrong in that way alone."""


@pytest.mark.parametrize("name", FILES)
def test_a_wrong_file_is_found(name: str, tmp_path: Path, right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """A file that breaks one norm fails that finding, with its own words of what was measured, what to do, and no traceback."""
    plan = timeline(tmp_path)
    finding = named(check_video(make_reel(tmp_path / "reel.mp4", plan, FILES[name]), plan, reels.brand()), name)
    assert not finding.holds, finding
    assert finding.hint
    assert finding.measured != named(right[2], name).measured


@pytest.mark.parametrize(
    ("making", "name", "measured"),
    [
        (RIGHT.but(x264={"open-gop": "1"}), "gop", "open at"),
        (RIGHT.but(mux={"movflags": "+frag_keyframe+empty_moov", "use_editlist": "0"}), "container", "moof"),
        (RIGHT.but(pixel_format="yuv444p", profile="high444"), "video-codec", "yuv444p"),
        (RIGHT.but(tags=(1, 1, 1, 2)), "colour-tags", "range full"),
        (RIGHT.but(tags=(2, 2, 2, 0)), "colour-tags", "primaries untagged"),
        (RIGHT.but(audio=("aac", 48_000, "mono")), "audio-codec", "1 channels"),
        (RIGHT.but(audio=("libmp3lame", 48_000, "stereo")), "audio-codec", "mp3"),
        (RIGHT.but(fps=25), "frame-rate", "25 fps"),
    ],
)
def test_the_other_ways_to_be_wrong_are_told_apart(making: Making, name: str, measured: str, tmp_path: Path) -> None:
    """Two ways to break one norm read differently."""
    plan = timeline(tmp_path)
    finding = named(check_video(make_reel(tmp_path / "reel.mp4", plan, making), plan, reels.brand()), name)
    assert not finding.holds
    assert measured in finding.measured


def test_captions_that_come_too_early_are_seen_on_the_frames(tmp_path: Path) -> None:
    """A file whose captions stand ten frames before their words fails, though its timeline is right."""
    plan = timeline(tmp_path, caption_style=CaptionStyle(mode="classic"))
    reel = make_reel(tmp_path / "reel.mp4", plan, RIGHT.but(shown=lambda frame: frame + 10))
    assert not named(check_video(reel, plan, reels.brand()), "captions-not-early").holds


STYLES = {
    "karaoke": CaptionStyle(),
    "pop": CaptionStyle(mode="pop", active_scale=1.12),
    "box": CaptionStyle(mode="box", active_box_colour="#E07A3F", active_colour="#101418", box_opacity=1.0),
    "marker": CaptionStyle(mode="marker", active_box_colour="#E07A3F"),
    "one_word": CaptionStyle(mode="one_word", box_colour="#101418", outline_px=0),
    "typewriter": CaptionStyle(mode="typewriter", box_colour="#101418", outline_px=0),
    "gradient": CaptionStyle(active_gradient_colour="#E07A3F", upcoming_opacity=0.5),
    "words to come hidden": CaptionStyle(upcoming_opacity=0.0, max_chars_per_line=8),
    "words to come hidden in a box": CaptionStyle(mode="box", active_box_colour="#101418", box_opacity=1.0, upcoming_opacity=0.0),
}


@pytest.mark.parametrize("style", STYLES)
def test_captions_of_every_kind_are_recognised(style: str, tmp_path: Path) -> None:
    """Whatever a style does to letters and what is behind them, right captions are seen in time, lit in time, and clear."""
    plan = timeline(tmp_path, caption_style=STYLES[style])
    findings = check_video(make_reel(tmp_path / "reel.mp4", plan), plan, reels.brand())
    assert [finding.name for finding in findings if not finding.holds] == ["useful-length"]


def changed_cues(**changes: object) -> Callable[[Path], Timeline]:
    return lambda folder: timeline(folder, spoken=reels.cues(**changes))  # type: ignore[arg-type]


def muted_start(folder: Path) -> Timeline:
    """The plan shows the first cue half a second before the voice says it."""
    said = timeline(folder, spoken=reels.cues(start=20, word_frames=8))
    return said.model_copy(update={"cues": (*reels.cues(start=3, word_frames=8)[:1], *said.cues[1:])})


def late_words(folder: Path) -> Timeline:
    """Each cue comes five frames before its own first word."""
    plan = timeline(folder)
    early = [cue.model_copy(update={"start": max(cue.start - 5, 0)}) for cue in plan.cues]
    return plan.model_copy(update={"cues": (early[0].model_copy(update={"start": 0}), *early[1:])})


def gapped(folder: Path) -> Timeline:
    """A cue goes after half a second though nothing follows it."""
    plan = timeline(folder)
    first = plan.cues[0].model_copy(update={"words": plan.cues[0].words[:1], "end": 15})
    return plan.model_copy(update={"cues": (first, *plan.cues[1:])})


def music_too_near(folder: Path) -> Timeline:
    plan = timeline(folder)
    rng = np.random.Generator(np.random.PCG64(1))
    bed = write_wav(folder / "bed.wav", (0.05 * rng.standard_normal((4 * 48_000, 2))).astype(np.float32), 48_000)
    return plan.model_copy(update={"audio": (*plan.audio, AudioTrack(kind="music", path=bed, sha256="0" * 64, gain_db=-3.0))})


PLANS: dict[str, Callable[[Path], Timeline]] = {
    "words-not-early": late_words,
    "captions-safe-zone": lambda folder: timeline(folder, caption_style=CaptionStyle(bottom_px=1800)),
    "caption-contrast": lambda folder: timeline(folder, caption_style=PLAIN),
    "reading-speed": changed_cues(
        texts=(("extraordinarily", "complicated"), ("characterisation", "notwithstanding"), ("disproportionately", "uncharacteristic")),
        word_frames=12,
    ),
    "cue-length": gapped,
    "first-text": changed_cues(start=24, word_frames=8),
    "glyphs": changed_cues(texts=(("one", "𓀀𓀁"), ("two", "words"), ("and", "more"))),
    "music-level": music_too_near,
}
"""For each finding, a plan that leads to a wrong reel."""


@pytest.mark.parametrize("name", PLANS)
def test_a_wrong_plan_is_found(name: str, tmp_path: Path) -> None:
    """A reel made well from a plan that breaks one norm fails that finding."""
    plan = PLANS[name](tmp_path)
    finding = named(check_video(make_reel(tmp_path / "reel.mp4", plan), plan, reels.brand()), name)
    assert not finding.holds, finding
    assert finding.hint


def test_words_on_screen_before_the_voice_says_them_are_heard(tmp_path: Path) -> None:
    """A cue that stands while nothing is heard is early, though it agrees with its timeline; not one that begins within a word."""
    plan = muted_start(tmp_path)
    reel = make_reel(tmp_path / "reel.mp4", plan)
    finding = named(check_video(reel, plan, reels.brand()), "words-not-early")
    assert not finding.holds
    assert "before anything is heard" in finding.measured
    first, *others = plan.cues[0].words
    within = plan.cues[0].model_copy(update={"words": (first.model_copy(update={"joined": True}), *others)})
    assert named(check_video(reel, plan.model_copy(update={"cues": (within, *plan.cues[1:])}), reels.brand()), "words-not-early").holds


@pytest.mark.parametrize("silent", ["\U0001f642", "\u2192", "\u2014"])
def test_a_cue_that_opens_with_what_says_nothing_is_heard_from_its_first_word_on(silent: str, tmp_path: Path) -> None:
    """An emoji, an arrow or a dash has the pause before a cue's words: nothing need be heard there, nor of an emoji alone."""
    plan = timeline(tmp_path)
    narration = read_narration(plan)
    before, cue, *others = plan.cues
    sign = cue.words[0].model_copy(update={"text": silent, "start": cue.start - 7, "end": cue.start})
    opened = cue.model_copy(update={"words": (sign, *cue.words), "start": sign.start})
    alone = opened.model_copy(update={"words": (sign,), "end": cue.start})
    short = before.model_copy(update={"end": sign.start})
    for cues in ((short, opened, *others), (short, alone, cue, *others)):
        found = list(judge_caption_times(plan.model_copy(update={"cues": cues}), narration))
        assert named(found, "words-not-early").holds
    late = opened.model_copy(update={"words": (sign, *(word.model_copy(update={"start": sign.start}) for word in cue.words))})
    assert not named(list(judge_caption_times(plan.model_copy(update={"cues": (short, late)}), narration)), "words-not-early").holds


def test_characters_without_a_font_are_named_with_what_to_do(right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """Arabic, Devanagari and emoji are drawn; what no font has is named with its code points, from captions and end card alike."""
    plan = right[1]

    def judged(text: str, title: str = "") -> Finding:
        cue = plan.cues[0]
        words = (cue.words[0].model_copy(update={"text": text}),)
        palette = Palette(background="#101010", surface="#202020", primary="#808080", accent="#FFCC00", text="#FFFFFF")
        cards = (EndCard(start=100, end=120, title=title, font="Inter", palette=palette),) if title else ()
        changed = plan.model_copy(update={"cues": (cue.model_copy(update={"words": words}), *plan.cues[1:]), "overlays": cards})
        return next(iter(judge_glyphs(changed)))

    for text in ("صباح", "नमस्ते", "สวัสดี", "שלום", "👩‍🚀🇫🇷❤️", "Ẫg—…"):
        assert judged(text).holds, text
    assert judged("a𓀀b").measured == "left out: 𓀀 (U+13000), first in 'a𓀀b'"
    assert (judged("fine", title="𒀀").measured, judged("fine", title="𒀀").at_s) == ("left out: 𒀀 (U+12000), first in '𒀀'", 100 / 30)
    assert "captions.font" in judged("𓀀").hint
    assert judged("".join(map(chr, range(0x13000, 0x13020)))).measured.count("𓀀") == 2


def test_texts_that_had_to_be_cut_are_told(right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """A caption or a line of the end card without room for all its words warns with the text, the place and the field."""
    _, plan, findings = right
    assert named(findings, "texts-whole").measured == "none cut"
    palette = Palette(background="#101010", surface="#202020", primary="#808080", accent="#FFCC00", text="#FFFFFF")
    whole = EndCard(start=90, end=120, title="Tea", subtitle="instagram.com/northwindcoffee", font="Inter", palette=palette)
    cue = plan.cues[0].model_copy(update={"words": (plan.cues[0].words[0].model_copy(update={"text": "tea" * 300}),)})

    def judged(card: EndCard, *cues: CaptionCue) -> Finding:
        changed = plan.model_copy(update={"cues": cues, "overlays": (card,)})
        captions = CaptionPainter(changed.caption_style, cues, width_px=changed.width_px, height_px=changed.height_px, fps=changed.fps)
        return next(iter(judge_room(changed, captions)))

    assert judged(whole, *plan.cues).holds
    cut = judged(whole.model_copy(update={"subtitle": "north " * 40}), *plan.cues)
    assert (cut.verdict, cut.at_s) == ("warn", 3.0)
    assert cut.measured == f"1 cut with an ellipsis, first '{('north ' * 10)[:59]}…' (end card)"
    assert "overlays.end_card_subtitle" in cut.hint
    assert "(caption)" in judged(whole, cue).measured and "captions.max_words" in judged(whole, cue).hint


def test_letters_of_a_logo_that_are_not_its_own_are_told(tmp_path: Path, right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """A logo whose text asks for a family that is not here warns with the file, the family and what stands in; one of paths does not."""
    _, plan, findings = right
    assert "drawn-text" not in {finding.name for finding in findings}

    def judged(inside: str) -> Finding:
        path = tmp_path / "acme.svg"
        path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20">{inside}</svg>')
        logo = LogoOverlay(path=path, sha256="0", start=6, end=60, x_px=10, y_px=10, width_px=40, height_px=40)
        return next(iter(judge_drawings(plan.model_copy(update={"overlays": (logo,)}))))

    assert judged('<path d="M2 2h30v12H2z"/>').holds and judged('<text y="9" font-family="Anton">A</text>').holds
    lost = judged('<text y="9" font-family="Futura">A</text>')
    assert lost.measured == "logo acme.svg: its text asks for 'Futura', which is not here; drawn in Inter"
    assert (lost.verdict, lost.at_s) == ("warn", 0.2) and "convert text to paths" in lost.hint


@pytest.mark.parametrize(
    ("letters", "edge", "ink", "holds", "worst"),
    [
        ("#FFFFFF", "#101010", "#FFFFFF", True, ""),
        ("#707070", "#505050", "#FFFFFF", False, "key words 'tea'"),
        ("#FFFFFF", "#101010", "#141414", False, "the logo"),
    ],
)
def test_how_clear_key_words_and_logo_are_is_told(
    letters: str, edge: str, ink: str, holds: bool, worst: str, tmp_path: Path, right: tuple[Reel, Timeline, list[Finding]]
) -> None:
    """Key words of less than 4.5:1, or a logo of less than 3:1 on the frames, warn with what it is and when; clear ones do not."""
    path = tmp_path / "logo.svg"
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 40"><path fill="{ink}" d="M4 4h24v32h-24zM34 4h24v8h-24z"/></svg>'
    )
    logo = LogoOverlay(path=path, sha256="", start=0, end=60, x_px=20, y_px=20, width_px=60, height_px=40)
    said = {"start": 10, "end": 60, "text": "tea", "font": "Poppins", "top_px": 100, "bottom_px": 200}
    words = KeyWords(**said, colour=letters, accent=letters, edge=edge)
    plan = right[1].model_copy(update={"overlays": (logo, words)})
    watch = OverlayWatch(plan)
    painter = OverlayPainter(plan.overlays, width_px=plan.width_px, height_px=plan.height_px, fps=plan.fps)
    for frame in sorted(watch.wanted):
        planes = Planes.filled(plan.width_px, plan.height_px, "#202428")
        for sprite in painter.sprites(frame):
            sprite.blend(planes)
        watch.look(frame, planes)
    (found,) = judge_overlays_seen(watch, plan)
    assert found.holds == holds and worst in found.measured and found.level == "should"
    assert holds or (found.at_s is not None and 0 <= found.at_s < 2)


def test_strengthening_that_is_not_enough_is_not_told_as_if_it_were(right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """What was changed for a reel is told beside a contrast that holds, and as not enough beside one that does not."""
    plan = right[1].model_copy(update={"strengthened": (StyleChange(field="outline_px", was="0", now="4"),)})

    def judged(low: float) -> Finding:
        seen = [CueSeen(in_time=True, contrast=TextContrast(low, low)) for _ in plan.cues]
        return named(list(judge_captions_seen(seen, plan)), "caption-contrast")

    assert judged(5.0).measured.endswith("; strengthened for this reel: outline_px 0 \u2192 4")
    assert judged(3.0).measured.endswith("; strengthened for this reel, which is not enough: outline_px 0 \u2192 4")


def test_a_spoken_word_that_looks_like_the_others_is_told(right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """A pale colour for the word spoken now, or behind it, warns with the field; a strong one, or one way of showing it, does not."""
    plan = right[1]

    def judged(**style: object) -> list[Finding]:
        changed = plan.model_copy(update={"caption_style": plan.caption_style.model_copy(update=style)})
        captions = CaptionPainter(changed.caption_style, plan.cues, width_px=plan.width_px, height_px=plan.height_px, fps=plan.fps)
        return [finding for finding in judge_caption_style(changed, captions) if finding.name == "spoken-word"]

    white = {"colour": "#FFFFFF", "upcoming_colour": "#FFFFFF", "active_colour": "#BFE3E0"}
    (pale,) = judged(mode="karaoke", **white)
    assert pale.measured == "captions.active_colour #BFE3E0 differs too little from captions.colour #FFFFFF: 1.4:1"
    assert (pale.verdict, "captions.active_colour" in pale.hint) == ("warn", True)
    (behind,) = judged(mode="marker", box_colour="#FFFFFF", active_box_colour="#BFE3E0")
    assert behind.measured.startswith("captions.active_box_colour #BFE3E0 differs too little from captions.box_colour")
    assert not judged(mode="karaoke", **{**white, "active_colour": "#FFD23F"}) and not judged(
        mode="karaoke", **{**white, "active_colour": "#FFFFFF"}
    )
    assert not judged(mode="one_word", **white) and not judged(mode="box", box_colour=None, active_box_colour="#BFE3E0")


def test_guessed_word_times_are_told(right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """A reel whose words were placed by their lengths warns of it and is no failure; one whose words are known says nothing."""
    reel, plan, findings = right
    assert "words-timed" not in {finding.name for finding in findings}
    guessed = named(check_video(reel, plan.model_copy(update={"estimated_words": 3}), reels.brand()), "words-timed")
    assert (guessed.verdict, guessed.measured.startswith("3 of ")) == ("warn", True)


def test_places_to_listen_to_are_told(right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """Where a recording may say something else, a warning names the first place with what is heard, and the times of the others."""
    reel, plan, findings = right
    assert "words-said" not in {finding.name for finding in findings}
    places = [("coffee", "tea"), ("", "so"), ("very", ""), ("melt", "melt")]
    doubtful = tuple(DoubtfulPlace(start=30 * at, script=script, heard=heard) for at, (script, heard) in enumerate(places, 1))
    told = []
    for first in range(4):
        found = named(check_video(reel, plan.model_copy(update={"doubtful": doubtful[first:]}), reels.brand()), "words-said")
        assert (found.verdict, found.at_s) == ("warn", 1.0 + first)
        told.append(found.measured)
    assert told == [
        "at 1.0 s 'tea' is heard where the script has 'coffee'; listen also at 2.0 s, 3.0 s, 4.0 s",
        "at 2.0 s 'so' is heard, which the script does not have; listen also at 3.0 s, 4.0 s",
        "at 3.0 s 'very' is not heard; listen also at 4.0 s",
        "at 4.0 s 'melt' does not sound as it should",
    ]


def test_damaged_footage_is_told(right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """A clip that did not decode whole is named with its second, at the reel's second at which it is seen."""
    reel, plan, whole = right
    shot = plan.shots[1].model_copy(update={"clip": plan.shots[1].clip.model_copy(update={"id": "folder/cup.mp4"}), "in_frame": 15})
    plan = plan.model_copy(update={"shots": (plan.shots[0], shot)})
    told = named(check_video(reel.model_copy(update={"damaged_clips": {"folder/cup.mp4": 0.7}}), plan, reels.brand()), "footage-whole")
    assert told.verdict == "warn"
    assert told.measured == "clip folder/cup.mp4 is damaged 0.7 s into it"
    assert told.at_s == pytest.approx(CUT / 30 + 0.2)
    assert "footage-whole" not in {finding.name for finding in whole}
    beyond = reel.model_copy(update={"damaged_clips": {"folder/cup.mp4": 15 / 30 + (shot.end - shot.start) / 30 + 0.05}})
    assert list(judge_footage(beyond, plan)) == []


def test_small_letters_are_found(right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """A word that had to shrink to the least size holds, and the finding names it; a style that asks for less does not hold."""
    reel, plan, _ = right
    cue = plan.cues[0]
    long = cue.model_copy(update={"words": (cue.words[0].model_copy(update={"text": "Counterrevolutionaries"}),)})
    shrunk = named(check_video(reel, plan.model_copy(update={"cues": (long, *plan.cues[1:])}), reels.brand()), "text-size")
    style = plan.caption_style.model_copy(update={"size_px": 40})
    small = named(check_video(reel, plan.model_copy(update={"caption_style": style}), reels.brand()), "text-size")
    assert (shrunk.holds, "Counterrevolutionaries" in shrunk.measured) == (True, True)
    assert (small.holds, small.measured[:5]) == (False, "40 px")


@pytest.mark.parametrize(
    ("seconds", "allowed", "useful"),
    [(2.9, False, False), (3, True, False), (15, True, True), (60, True, True), (61, True, False), (180, True, False), (181, False, False)],
)
def test_lengths_have_two_limits(seconds: float, allowed: bool, useful: bool) -> None:
    """3 to 180 s is what platforms take, 15 to 60 s is what is watched."""
    picture = PictureFacts("h264", "High", 40, "yuv420p", 1080, 1920, (1, 1, 1, 1), frames_decoded=round(seconds * 30))
    sound = SoundFacts("aac", "LC", 48_000, 2, Fraction(0), np.zeros((round(seconds * 48_000), 2), np.float32))
    findings = list(judge_lengths(picture, sound, None, Fraction(30)))
    assert (named(findings, "length").holds, named(findings, "useful-length").holds) == (allowed, useful)


def test_music_in_its_place_holds(tmp_path: Path, right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """Music 19 dB under the voice holds; a reel without music has no finding about it."""
    plan = music_too_near(tmp_path)
    reel = right[0]
    loud = named(check_video(reel, plan, reels.brand()), "music-level")
    off = float(loud.measured.split()[0]) - 19.0
    track = plan.audio[1].model_copy(update={"gain_db": plan.audio[1].gain_db + off})
    fixed = plan.model_copy(update={"audio": (plan.audio[0], track)})
    assert named(check_video(reel, fixed, reels.brand()), "music-level").holds
    assert "music-level" not in {finding.name for finding in right[2]}


def test_a_brand_that_asks_for_another_size_is_not_served(right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """Size is measured against the brand, not against the timeline that led to it."""
    finding = named(check_video(right[0], right[1], reels.brand(width_px=1080, height_px=1920)), "frame-size")
    assert (finding.holds, finding.measured) == (False, "360x640 px")


def test_length_is_judged_by_the_file(tmp_path: Path) -> None:
    """A reel of two seconds is too short for any platform."""
    plan = timeline(tmp_path)
    reel = make_reel(tmp_path / "reel.mp4", plan, RIGHT.but(frames=60))
    findings = check_video(reel, plan, reels.brand())
    assert not named(findings, "length").holds
    assert {"frame-count", "narration-length", "coverage", "captions-shown"} <= {finding.name for finding in failed(findings)}


def overlays(folder: Path) -> tuple[LogoOverlay | ProgressBar, ...]:
    bar = ProgressBar(start=0, end=FRAMES, y_px=90, height_px=4, colour="#FFD23F", track_colour="#FFFFFF")
    logo = folder / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 40"><rect width="60" height="40" fill="#fff"/></svg>')
    return bar, LogoOverlay(path=logo, sha256="0" * 64, start=0, end=FRAMES, x_px=20, y_px=100, width_px=60, height_px=40)


@pytest.mark.parametrize(("name", "still"), [("no-frozen", frozen), ("no-black", black)])
def test_a_bar_and_a_logo_do_not_hide_a_dead_picture(name: str, still: reels.Picture, tmp_path: Path) -> None:
    """Black and frozen stretches are found under a moving progress bar, a bright logo and captions."""

    def dressed(frame: int) -> Planes:
        planes = still(frame).copy()
        planes.y[90:94, : frame * 3] = 200
        planes.y[100:140, 20:80] = 235
        return planes

    plan = timeline(tmp_path, overlays=overlays(tmp_path))
    assert not named(check_video(make_reel(tmp_path / "reel.mp4", plan, RIGHT.but(picture=dressed)), plan, reels.brand()), name).holds


@pytest.mark.parametrize(("name", "still"), [("no-frozen", frozen), ("no-black", black)])
def test_captions_over_an_end_card_do_not_hide_a_living_picture(name: str, still: reels.Picture, tmp_path: Path) -> None:
    """A picture that lives only in its middle lives, though the last cue is raised over that middle while the end card stands."""

    middle = (slice(SIZE[1] // 3, SIZE[1] // 2), slice(SIZE[0] // 3, 2 * SIZE[0] // 3))

    def alive_between(frame: int) -> Planes:
        planes = still(frame).copy()
        planes.y[middle] = texture(frame).y[middle]
        return planes

    plan = timeline(tmp_path)
    raised = plan.cues[-1].model_copy(update={"up_px": SIZE[1] // 2})
    plan = plan.model_copy(update={"cues": (*plan.cues[:-1], raised)})
    reel = make_reel(tmp_path / "reel.mp4", plan, RIGHT.but(picture=alive_between))
    assert named(check_video(reel, plan, reels.brand()), name).holds


def test_what_is_meant_to_stand_still_may(tmp_path: Path) -> None:
    """An end card, and a picture that the timeline holds, are not called frozen; a picture that should move is."""
    plan = timeline(tmp_path)
    reel = make_reel(tmp_path / "reel.mp4", plan, RIGHT.but(picture=frozen))
    card = EndCard(start=CUT, end=FRAMES, title="Go", font="Montserrat", palette=reels.brand().palette)
    picture = plan.shots[1].clip.model_copy(update={"kind": "image", "duration_ms": None})
    held = plan.shots[1].model_copy(update={"clip": picture})
    moved = held.model_copy(update={"move": Move(kind="push")})
    video = held.model_copy(update={"clip": plan.shots[1].clip.model_copy(update={"still": True})})
    changes = ({"overlays": (card,)}, *({"shots": (plan.shots[0], shot)} for shot in (held, video, moved)))
    told = [named(check_video(reel, plan.model_copy(update=change), reels.brand()), "no-frozen") for change in changes]
    assert [finding.holds for finding in told] == [True, True, True, False]
    assert " on, in clip" not in told[0].measured
    assert told[3].measured.endswith(f"from {told[3].at_s:.1f} s on, in clip {picture.id}")


GREEN, RED = "#2F6F5E", "#C02030"


@pytest.mark.parametrize(
    ("pictures", "even"),
    [((GREEN, GREEN), True), ((GREEN, RED), False), (("texture", "texture"), False), ((GREEN, "gone"), False)],
    ids=["one colour", "two colours", "not even", "gone"],
)
def test_pictures_of_one_colour_may_stand(tmp_path: Path, pictures: tuple[str, str], even: bool) -> None:
    """A move does not show on a picture of one colour, which is not called frozen; a file that stands where the next one comes in is."""
    plan = timeline(tmp_path)
    shots = []
    for shot, name in zip(plan.shots, pictures, strict=True):
        path = tmp_path / f"{name}.png"
        if name == "texture":
            Image.fromarray(texture(0).y).save(path)
        elif name != "gone":
            Image.new("RGB", SIZE, name).save(path)
        clip = shot.clip.model_copy(update={"path": path, "kind": "image", "duration_ms": None})
        shots.append(shot.model_copy(update={"clip": clip, "move": Move(kind="push", amount=0.1)}))
    plan = plan.model_copy(update={"shots": tuple(shots)})
    reel = make_reel(tmp_path / "reel.mp4", plan, RIGHT.but(picture=lambda _frame: Planes.filled(*SIZE, GREEN)))
    assert named(check_video(reel, plan, reels.brand()), "no-frozen").holds is even


def test_a_slow_gradient_is_not_frozen(tmp_path: Path) -> None:
    """A backdrop that brightens by less than a level a frame moves."""

    def slow(frame: int) -> Planes:
        planes = texture(0).copy()
        planes.y[...] = np.clip(planes.y.astype(np.int16) + frame // 6, 0, 235)
        return planes

    plan = timeline(tmp_path)
    reel = make_reel(tmp_path / "reel.mp4", plan, RIGHT.but(picture=slow))
    assert named(check_video(reel, plan, reels.brand()), "no-frozen").holds


def test_a_reel_without_captions_has_no_findings_about_them(right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """What a reel does not have is not judged."""
    findings = check_video(right[0], right[1].model_copy(update={"cues": ()}), reels.brand())
    assert failed(findings) == []
    assert not [finding.name for finding in findings if finding.name.startswith(("caption", "word", "cue", "reading", "text"))]


def test_progress_ends_at_one_and_never_goes_back(right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """The caller hears the share done."""
    shares: list[float] = []
    check_video(right[0], right[1], reels.brand(), progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


# --- damaged files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "measured"),
    [
        (None, "does not exist"),
        (b"", "cannot be read"),
        (b"not a video at all\n" * 50, "cannot be read"),
        (b"#EXTM3U\n/etc/passwd\n", "cannot be read"),
    ],
    ids=["missing", "empty", "text", "playlist"],
)
def test_what_is_no_video_gives_one_finding_that_fails(
    content: bytes | None, measured: str, tmp_path: Path, right: tuple[Reel, Timeline, list[Finding]]
) -> None:
    """A missing file, an empty one, a text and a playlist fail "file-whole" with one line."""
    path = tmp_path / "reel.mp4"
    if content is not None:
        path.write_bytes(content)
    findings = check_video(right[0].model_copy(update={"path": path}), right[1], reels.brand())
    assert [(finding.name, finding.verdict) for finding in findings] == [("file-whole", "fail")]
    assert measured in findings[0].measured
    assert "\n" not in findings[0].measured


def test_a_folder_in_the_reels_place_is_told(tmp_path: Path, right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """A path that is a folder fails like any other unreadable file."""
    findings = check_video(right[0].model_copy(update={"path": tmp_path}), right[1], reels.brand())
    assert [(finding.name, finding.verdict) for finding in findings] == [("file-whole", "fail")]


@pytest.mark.parametrize("share", [0.002, 0.05, 0.3, 0.7, 0.999])
def test_a_file_cut_short_fails_and_never_raises(share: float, tmp_path: Path, right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """Wherever a file ends too soon, "file-whole" says so."""
    whole = right[0].path.read_bytes()
    path = tmp_path / "reel.mp4"
    path.write_bytes(whole[: round(len(whole) * share)])
    findings = check_video(right[0].model_copy(update={"path": path}), right[1], reels.brand())
    assert not named(findings, "file-whole").holds


@pytest.mark.parametrize("seed", range(12))
def test_scrambled_bytes_fail_and_never_raise(seed: int, tmp_path: Path, right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """A file with bytes overwritten anywhere is at least not the file that was rendered."""
    rng = np.random.Generator(np.random.PCG64(seed))
    scrambled = bytearray(right[0].path.read_bytes())
    for at in rng.integers(0, len(scrambled), 200) if seed % 2 else rng.integers(0, 4000, 40):
        scrambled[at] = int(rng.integers(0, 256))
    path = tmp_path / "reel.mp4"
    path.write_bytes(scrambled)
    findings = check_video(right[0].model_copy(update={"path": path}), right[1], reels.brand())
    assert {"file-whole", "file-unchanged"} & {finding.name for finding in failed(findings)}


def test_a_file_that_was_swapped_is_found(tmp_path: Path, right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """A whole reel of other bytes is not the one that was rendered."""
    findings = check_video(right[0].model_copy(update={"sha256": "1" * 64}), right[1], reels.brand())
    assert [finding.name for finding in failed(findings)] == ["file-unchanged"]


def test_a_narration_that_is_gone_is_one_line(tmp_path: Path, right: tuple[Reel, Timeline, list[Finding]]) -> None:
    """Without the narration there is nothing to compare with, and the error names it."""
    track = right[1].audio[0].model_copy(update={"path": tmp_path / "gone.wav"})
    with pytest.raises(CheckError, match=r"narration gone\.wav cannot be read"):
        check_video(right[0], right[1].model_copy(update={"audio": (track,)}), reels.brand())
