"""Shots: cuts where an editor would cut, every frame filled."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from reelkit.brand import Brand, BrandFootage, BrandMotion, BrandScript
from reelkit.errors import TimelineError
from reelkit.model import Clip, Credit, Palette, Scene, Script, SentenceTiming, Word
from reelkit.steps.shots import plan_shots
from tests.media.clips import clip_of

RATE = 24_000
BRAND = Brand(
    name="Test",
    slug="test",
    palette=Palette(background="#101010", surface="#202020", primary="#808080", accent="#FFCC00", text="#FFFFFF"),
    script=BrandScript(deck="test"),
)


def _clip(number: int, *, scene: int, duration_ms: int | None = 60_000) -> Clip:
    return Clip(
        id=f"c{number}",
        library="test",
        path=Path(f"c{number}.mp4"),
        sha256=f"{number:064x}",
        kind="image" if duration_ms is None else "video",
        width_px=1080,
        height_px=1920,
        duration_ms=duration_ms,
        credit=Credit(author="a", licence="b"),
        scene=scene,
    )


def _spoken(scenes: list[list[str]], word_s: float = 0.35, pause_s: float = 0.3) -> tuple[Script, list[SentenceTiming]]:
    """A script of scenes, each a list of sentences, and its sentences in time."""
    at, sentences = 0, []
    for scene in scenes:
        for sentence in scene:
            words = []
            for text in sentence.split():
                words.append(Word(text=text, start=at, end=at + int(word_s * RATE), rate_hz=RATE, timed_by="durations"))
                at += int(word_s * RATE)
            sentences.append(SentenceTiming(words=tuple(words)))
            at += int(pause_s * RATE)
    return Script.of("t", [Scene(text=" ".join(scene), search_terms=("a", "b")) for scene in scenes]), sentences


def _frames(sentences: list[SentenceTiming]) -> int:
    return BRAND.fps.first_frame_from(sentences[-1].end + RATE // 2, RATE)


@given(
    st.lists(st.lists(st.integers(1, 14), min_size=1, max_size=3), min_size=1, max_size=6),
    st.integers(1, 4),
    st.floats(0.12, 0.6),
    st.sampled_from([1.0, 2.6, 4.0]),
)
def test_shots_fill_the_reel(lengths: list[list[int]], clips_each: int, word_s: float, shot_s: float) -> None:
    """Whatever is said, shots follow each other from frame 0 to the end, and every clip shown was given."""
    script, sentences = _spoken([[" ".join(["word"] * (count - 1) + ["end."]) for count in scene] for scene in lengths], word_s)
    clips = [_clip(10 * scene + number, scene=scene) for scene in range(len(lengths)) for number in range(clips_each)]
    brand = BRAND.model_copy(update={"footage": BrandFootage(shot_s=shot_s)})
    shots = plan_shots(script, clips, sentences, brand, frame_count=_frames(sentences))
    assert shots[0].start == 0
    assert shots[-1].end == _frames(sentences)
    assert all(before.end == after.start for before, after in itertools.pairwise(shots))
    assert {shot.clip.id for shot in shots} <= {clip.id for clip in clips}


def test_a_long_sentence_is_cut_at_its_clause() -> None:
    """Between two places of the same distance, the comma is chosen."""
    script, sentences = _spoken([["one two three four five six seven, eight nine ten eleven twelve thirteen fourteen."]])
    shots = plan_shots(script, [_clip(0, scene=0), _clip(1, scene=0)], sentences, BRAND, frame_count=_frames(sentences))
    words = [word for sentence in sentences for word in sentence.words]
    assert [shot.start for shot in shots] == [0, BRAND.fps.frame_at(words[7].start, RATE)]


def test_the_median_shot_is_at_most_three_seconds() -> None:
    """With the default length to aim at, a normal script is cut at least every three seconds at the median."""
    script, sentences = _spoken(
        [["a b c d e f g h, i j k l m n o."], ["a b c d e f.", "g h i j k l m n."], ["a b c d e f g h i j k l m n o p."]]
    )
    shots = plan_shots(script, [_clip(n, scene=n) for n in range(3)], sentences, BRAND, frame_count=_frames(sentences))
    lengths = sorted(shot.end - shot.start for shot in shots)
    assert lengths[len(lengths) // 2] <= 90


@pytest.mark.parametrize("words", range(9, 20))
def test_the_picture_changes_within_the_first_three_seconds(words: int) -> None:
    """However long the opening sentence, and whatever the length to aim at, the first cut comes by 3 s; later shots stay long."""
    script, sentences = _spoken([[" ".join(["word"] * words) + "."]] * 2)
    long = BRAND.model_copy(update={"footage": BrandFootage(shot_s=6.0)})
    shots = plan_shots(script, [_clip(n, scene=n) for n in range(2)], sentences, long, frame_count=_frames(sentences))
    assert shots[0].end <= 90
    assert max(shot.end - shot.start for shot in shots[1:]) > 90


def test_a_clip_shown_again_goes_on_closer() -> None:
    """With one clip for two shots, the second shows later footage, cropped closer, so that the cut is seen."""
    script, sentences = _spoken([["one two three four five six seven, eight nine ten eleven twelve thirteen fourteen."]])
    shots = plan_shots(script, [_clip(0, scene=0)], sentences, BRAND, frame_count=_frames(sentences))
    assert shots[1].in_frame == shots[0].end
    assert shots[1].zoom > shots[0].zoom


def test_a_clip_shorter_than_its_shot_hands_over() -> None:
    """Footage is never frozen: where a clip ends early the next one takes over."""
    script, sentences = _spoken([["one two three four five six seven."]])
    shots = plan_shots(script, [_clip(0, scene=0, duration_ms=1000), _clip(1, scene=0)], sentences, BRAND, frame_count=_frames(sentences))
    assert [shot.clip.id for shot in shots] == ["c0", "c1"]
    assert shots[0].end == 30


def test_a_picture_does_not_freeze_in_a_transition() -> None:
    """A clip of 4 s that goes on in a scene's last shot of 2.5 s begins early enough to run on until the next scene is all in."""
    script, sentences = _spoken([["one two three four five six seven.", "one two three four five six seven."], ["one two three four."]])
    faded = BRAND.model_copy(update={"motion": BrandMotion(transition="crossfade", transition_ms=400)})
    clips = [_clip(0, scene=0, duration_ms=4000), _clip(1, scene=1)]
    first, second, third = plan_shots(script, clips, sentences, faded, frame_count=_frames(sentences))
    assert first.clip == second.clip == clips[0] and third.transition.frames == 12
    assert second.in_frame == 120 - (second.end - second.start) - 12


@given(
    st.lists(st.lists(st.integers(1, 14), min_size=1, max_size=3), min_size=1, max_size=5),
    st.integers(1, 3),
    st.integers(400, 9000),
    st.integers(0, 1500),
)
def test_all_of_a_clip_is_shown_before_any_of_it_freezes(lengths: list[list[int]], clips_each: int, clip_ms: int, joined_ms: int) -> None:
    """A shot, with the transition that follows it, lies within its clip, or it shows the clip from the beginning."""
    script, sentences = _spoken([[" ".join(["word"] * (count - 1) + ["end."]) for count in scene] for scene in lengths])
    clips = [_clip(10 * scene + number, scene=scene, duration_ms=clip_ms) for scene in range(len(lengths)) for number in range(clips_each)]
    faded = BRAND.model_copy(update={"motion": BrandMotion(transition="crossfade", transition_ms=joined_ms)})
    shots = plan_shots(script, clips, sentences, faded, frame_count=_frames(sentences))
    for shot, joined in zip(shots, [*(shot.transition.frames for shot in shots[1:]), 0], strict=True):
        assert shot.in_frame == 0 or shot.in_frame + shot.end - shot.start + joined <= clip_ms * 30 // 1000


def test_a_clip_that_loops_runs_on() -> None:
    """An animation that leads into its own beginning fills its shot, however short it is."""
    script, sentences = _spoken([["one two three four five six seven."]])
    wink = _clip(0, scene=0, duration_ms=770).model_copy(update={"loops": True})
    shots = plan_shots(script, [wink, _clip(1, scene=0)], sentences, BRAND, frame_count=_frames(sentences))
    assert [(shot.clip.id, shot.start, shot.end) for shot in shots] == [("c0", 0, _frames(sentences))]


def test_pictures_move_and_reduced_motion_holds_them() -> None:
    """A still picture gets a move; with reduced motion there is neither move nor transition."""
    script, sentences = _spoken([["one two three."], ["four five six."]])
    clips = [_clip(n, scene=n, duration_ms=None) for n in range(2)]
    frames = _frames(sentences)
    lively = BRAND.model_copy(update={"motion": BrandMotion(transition="crossfade")})
    quiet = BRAND.model_copy(update={"motion": BrandMotion(transition="crossfade", reduced=True)})
    assert all(shot.move.kind != "hold" for shot in plan_shots(script, clips, sentences, lively, frame_count=frames))
    assert plan_shots(script, clips, sentences, lively, frame_count=frames)[1].transition.kind == "crossfade"
    for shot in plan_shots(script, clips, sentences, quiet, frame_count=frames):
        assert (shot.move.kind, shot.transition.kind) == ("hold", "cut")


def test_a_video_that_stands_moves_as_a_picture_does() -> None:
    """A motionless video gets a picture's move, which a moving one does not; with moves turned off both are held."""
    script, sentences = _spoken([["one two three."], ["four five six."]])
    clips = [_clip(0, scene=0), _clip(1, scene=1).model_copy(update={"still": True})]
    for moves, stands in ((True, False), (False, True)):
        brand = BRAND.model_copy(update={"motion": BrandMotion(moves=moves)})
        shots = plan_shots(script, clips, sentences, brand, frame_count=_frames(sentences))
        assert [shot.move.kind == "hold" for shot in shots] == [True, stands]


def test_mixed_transitions_take_turns() -> None:
    """With "mix" every scene comes in another way than the one before it, and the first one is just there."""
    script, sentences = _spoken([["one two three four."]] * 6)
    mixed = BRAND.model_copy(update={"motion": BrandMotion(transition="mix")})
    shots = plan_shots(script, [_clip(n, scene=n) for n in range(6)], sentences, mixed, frame_count=_frames(sentences))
    kinds = [shot.transition.kind for shot in shots if shot.transition.kind != "cut"]
    assert len(kinds) == 5
    assert set(kinds) == {"crossfade", "slide", "wipe", "zoom", "whip"}
    assert shots[0].transition.kind == "cut"


def test_a_crop_keeps_the_subject_unless_told_otherwise(tmp_path: Path) -> None:
    """A landscape clip is cropped about what stands out in it; a focus in the file wins."""
    script, sentences = _spoken([["one two three four."]])
    picture = Image.new("RGB", (320, 180), "#6090C0")
    ImageDraw.Draw(picture).ellipse((230, 60, 280, 130), fill="#C02030")
    picture.save(tmp_path / "p.png")
    clip = clip_of(tmp_path / "p.png", size_px=(320, 180), duration_ms=None)
    for noted, wanted in ((None, 0.8), ((0.2, 0.5), 0.2)):
        clips = [clip.model_copy(update={"focus": noted})]
        shot = plan_shots(script, clips, sentences, BRAND, frame_count=_frames(sentences))[0]
        assert shot.focus[0] == pytest.approx(wanted, abs=0.06)


def test_only_clips_of_another_shape_are_shown_whole(tmp_path: Path) -> None:
    """With footage.fit blur a landscape clip is shown whole, one of the reel's shape fills the frame."""
    script, sentences = _spoken([["one two three four."], ["five six seven eight."]])
    Image.new("RGB", (320, 180), "#6090C0").save(tmp_path / "p.png")
    clips = [clip_of(tmp_path / "p.png", size_px=(320, 180), duration_ms=None), _clip(1, scene=1)]
    brand = BRAND.model_copy(update={"footage": BrandFootage(fit="blur")})
    shots = plan_shots(script, clips, sentences, brand, frame_count=_frames(sentences))
    assert {shot.clip.library + shot.clip.kind: shot.fit for shot in shots} == {"testimage": "blur", "testvideo": "fill"}


def test_words_of_another_script_are_refused() -> None:
    """A timeline is never planned from a narration of other words."""
    script, _ = _spoken([["one two three."]])
    _, other = _spoken([["one two four."]])
    with pytest.raises(TimelineError, match="not the script's"):
        plan_shots(script, [_clip(0, scene=0)], other, BRAND, frame_count=100)


def test_no_clips_at_all_is_one_line() -> None:
    """Without any clip the line names the field to look at."""
    script, sentences = _spoken([["one two three."]])
    with pytest.raises(TimelineError, match=r"footage\.libraries"):
        plan_shots(script, [], sentences, BRAND, frame_count=100)
