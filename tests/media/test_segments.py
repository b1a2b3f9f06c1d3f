"""Segments: whole stretches of frames, known by what they show."""

from __future__ import annotations

import itertools
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from reelkit.media.encode import EncoderSettings
from reelkit.media.fonts import find_font
from reelkit.media.segments import finer_stretches, plan_segments, segment_key
from reelkit.model import Clip, EndCard, Fps, Palette, Shot, Timeline, Transition
from tests.media.timelines import small_timeline

SETTINGS = EncoderSettings()


@given(st.lists(st.integers(1, 400), min_size=1, max_size=12), st.sampled_from([24, 25, 30, 60]))
def test_segments_partition_the_reel(lengths: list[int], rate: int) -> None:
    """Segments follow each other from 0 to the end; none lasts over a second and a half, none under half a second unless the reel is."""
    clip = Clip.model_construct(id="c", sha256="0" * 64)
    shots, at = [], 0
    for length in lengths:
        shots.append(Shot.model_construct(clip=clip, start=at, end=at + length))
        at += length
    timeline = Timeline.model_construct(shots=tuple(shots), frame_count=at, fps=Fps(num=rate))
    segments = plan_segments(timeline)
    assert segments[0][0] == 0
    assert segments[-1][1] == at
    assert all(end == start for (_, end), (start, _) in itertools.pairwise(segments))
    assert all(end - start <= 1.5 * rate for start, end in segments)
    assert all(end - start >= min(rate // 2, at) for start, end in segments)


def test_a_font_file_counts_by_its_content(tmp_path: Path) -> None:
    """Another font under the same name is another segment; so is another reading of the whole reel."""
    font = tmp_path / "own.ttf"
    font.write_bytes(find_font("Anton").path.read_bytes())
    plan = small_timeline(tmp_path / "reel", frames=(60, 60))
    plan = plan.model_copy(update={"caption_style": plan.caption_style.model_copy(update={"font": str(font)})})
    first = segment_key(plan, 0, 60, SETTINGS)
    assert segment_key(plan, 0, 60, SETTINGS) == first
    kana = plan.cues[1].model_copy(update={"words": (plan.cues[1].words[0].model_copy(update={"text": "これは"}),)})
    assert segment_key(plan.model_copy(update={"cues": (plan.cues[0], kana)}), 0, 60, SETTINGS) != first
    font.write_bytes(find_font("Bebas Neue").path.read_bytes())
    assert segment_key(plan, 0, 60, SETTINGS) != first


def test_a_word_that_hangs_lower_than_all_others_changes_every_segment_with_a_caption(tmp_path: Path) -> None:
    """It moves every cue of the reel; a plain word, or one that hangs no lower than another, moves none."""
    plan = small_timeline(tmp_path, frames=(60, 60))

    def first_key(last_word: str) -> str:
        words = (plan.cues[1].words[0].model_copy(update={"text": last_word}), *plan.cues[1].words[1:])
        return segment_key(
            plan.model_copy(update={"cues": (plan.cues[0], plan.cues[1].model_copy(update={"words": words}))}), 0, 60, SETTINGS
        )

    assert first_key("tea") == first_key("gypsy,") == first_key("Köln")
    assert first_key("tea") != first_key("पृथ्वी") != first_key("ok")


def test_a_caption_colour_changes_only_segments_with_captions(tmp_path: Path) -> None:
    """A style is part of the key where a cue stands; a stretch without cues keeps its key."""
    first = small_timeline(tmp_path, frames=(60, 60))
    first = first.model_copy(update={"cues": first.cues[:1]})
    second = first.model_copy(update={"caption_style": first.caption_style.model_copy(update={"active_colour": "#00FF00"})})
    keys = [[segment_key(timeline, *span, SETTINGS) for span in plan_segments(timeline)] for timeline in (first, second)]
    assert keys[0][0] != keys[1][0]
    assert keys[0][1] == keys[1][1]


def test_a_word_without_a_space_before_it_is_another_caption(tmp_path: Path) -> None:
    """A caption whose words come to stand together changes the key, though its letters and times stay."""
    timeline = small_timeline(tmp_path, frames=(60,))
    first = timeline.cues[0]
    words = (*first.words[:-1], first.words[-1].model_copy(update={"joined": True}))
    joined = timeline.model_copy(update={"cues": (first.model_copy(update={"words": words}), *timeline.cues[1:])})
    assert segment_key(timeline, 0, 60, SETTINGS) != segment_key(joined, 0, 60, SETTINGS)


def test_another_language_is_another_caption(tmp_path: Path) -> None:
    """The language of what is said decides letters and capitals, where there are any."""
    timeline = small_timeline(tmp_path, frames=(60, 60)).model_copy(update={"cues": ()})
    captioned = small_timeline(tmp_path, frames=(60, 60))
    for plan, same in ((timeline, True), (captioned, False)):
        other = plan.model_copy(update={"language": "bg"})
        assert (segment_key(plan, 0, 60, SETTINGS) == segment_key(other, 0, 60, SETTINGS)) is same


def test_another_language_is_another_end_card(tmp_path: Path) -> None:
    """The language of what is said decides letters on an end card and in key words, and nothing before they come in."""
    plan = small_timeline(tmp_path, frames=(60, 60)).model_copy(update={"cues": ()})
    palette = Palette(background="#101418", surface="#22303C", primary="#7A2BFF", accent="#FFC21A", text="#FFFFFF")
    plan = plan.model_copy(update={"overlays": (EndCard(start=60, end=120, title="Tea", font="Inter", palette=palette),)})
    other = plan.model_copy(update={"language": "ja"})
    assert [segment_key(plan, *span, SETTINGS) == segment_key(other, *span, SETTINGS) for span in ((0, 60), (60, 120))] == [True, False]


def test_a_segment_that_only_moves_keeps_its_key(tmp_path: Path) -> None:
    """When a shot before it gets longer by whole frames, a later segment is known again."""
    timeline = small_timeline(tmp_path, frames=(60, 60))
    longer = small_timeline(tmp_path, frames=(80, 60))
    assert segment_key(timeline, 60, 120, SETTINGS) == segment_key(longer, 80, 140, SETTINGS)


def test_the_outgoing_shot_counts_through_a_transition(tmp_path: Path) -> None:
    """A segment that begins with a crossfade depends on the shot before it; one that begins with a cut does not."""
    for transition, same in ((Transition(), True), (Transition(kind="crossfade", frames=8), False)):
        timeline = small_timeline(tmp_path, frames=(60, 60), transition=transition)
        other = timeline.shots[0].model_copy(update={"zoom": 1.5})
        changed = timeline.model_copy(update={"shots": (other, timeline.shots[1])})
        assert (segment_key(timeline, 60, 120, SETTINGS) == segment_key(changed, 60, 120, SETTINGS)) is same


def test_a_moved_file_is_the_same_file(tmp_path: Path) -> None:
    """Clips count by content: another path with the same bytes gives the same key."""
    first, second = small_timeline(tmp_path / "a"), small_timeline(tmp_path / "b")
    assert segment_key(first, 0, 40, SETTINGS) == segment_key(second, 0, 40, SETTINGS)


def test_only_what_is_drawn_is_coded_finer(tmp_path: Path) -> None:
    """A transition counts from where a segment has it, as long as a drawn clip is on one side of it; so do last frames of a drawn clip."""
    fade = Transition(kind="crossfade", frames=8)
    timeline = small_timeline(tmp_path, frames=(60, 60, 60), transition=fade)
    assert finer_stretches(timeline, 0, 180) == []
    first, *others = timeline.shots
    drawn = first.model_copy(update={"clip": first.clip.model_copy(update={"library": "backdrops", "loops": True})})
    timeline = timeline.model_copy(update={"shots": (drawn, *others)})
    assert finer_stretches(timeline, 0, 180) == [(60, 70, 1.3)]
    assert finer_stretches(timeline, 30, 64) == [(30, 36, 1.3)]
    assert finer_stretches(timeline, 64, 120) == [(0, 6, 1.3)]
    assert finer_stretches(timeline, 68, 180) == []
    assert finer_stretches(timeline, 0, 30) == finer_stretches(timeline, 30, 60) == [(27, 29, 1.2)]
    cut = timeline.model_copy(update={"shots": (drawn, *(shot.model_copy(update={"transition": Transition()}) for shot in others))})
    assert finer_stretches(cut, 0, 180) == []
