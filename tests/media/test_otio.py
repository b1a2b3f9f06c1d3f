"""A reel in OpenTimelineIO: read back by the library itself, frame for frame the same cut."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest

from reelkit.media.audio import loop_of, read_audio
from reelkit.model import AudioTrack, CaptionCue, EndCard, Fps, Palette, ProgressBar, Timeline, Transition
from reelkit.whole import sha256_of
from tests.media.timelines import small_timeline, tone_wav

PALETTE = Palette(background="#16120E", surface="#33261B", primary="#C8742B", accent="#F2B441", text="#FFF4E4")


def reopened(timeline: Timeline, folder: Path) -> otio.schema.Timeline:
    path = folder / "reel.otio"
    timeline.to_otio().to_json_file(str(path))
    found = otio.adapters.read_from_file(str(path))
    assert isinstance(found, otio.schema.Timeline)
    return found


@pytest.mark.parametrize("fps", [Fps(num=30), Fps(num=24000, den=1001)])
def test_shots_keep_their_frames(tmp_path: Path, fps: Fps) -> None:
    """Each shot lies on its track where the reel has it, from the same frame of the same file, at the reel's rate."""
    timeline = small_timeline(tmp_path, frames=(40, 50, 30), fps=fps)
    track = reopened(timeline, tmp_path).video_tracks()[0]
    clips = list(track.find_clips())
    assert track.duration().to_frames() == timeline.frame_count
    for shot, clip in zip(timeline.shots, clips, strict=True):
        span = clip.range_in_parent()
        assert (span.start_time.to_frames(), span.duration.to_frames()) == (shot.start, shot.end - shot.start)
        assert clip.source_range.start_time.to_frames() == shot.in_frame
        assert clip.source_range.start_time.rate == pytest.approx(float(fps.ratio))
        assert clip.media_reference.target_url == shot.clip.path.as_uri()


def test_transitions_stand_between_their_shots(tmp_path: Path) -> None:
    """A crossfade reaches from the cut into the incoming shot for its length and takes no time of its own."""
    timeline = small_timeline(tmp_path, transition=Transition(kind="crossfade", frames=8))
    track = reopened(timeline, tmp_path).video_tracks()[0]
    (fade,) = [item for item in track if isinstance(item, otio.schema.Transition)]
    assert fade.transition_type == otio.schema.TransitionTypes.SMPTE_Dissolve
    assert (fade.in_offset.to_frames(), fade.out_offset.to_frames()) == (0, 8)
    assert track.duration().to_frames() == timeline.frame_count


def test_a_loop_is_told_as_often_as_it_comes_round(tmp_path: Path) -> None:
    """A clip that loops becomes clips within its file, which together last as long as the shot."""
    timeline = small_timeline(tmp_path, frames=(200,))
    shot = timeline.shots[0]
    looping = shot.model_copy(update={"clip": shot.clip.model_copy(update={"loops": True}), "in_frame": 100})
    clips = list(reopened(timeline.model_copy(update={"shots": (looping,)}), tmp_path).video_tracks()[0].find_clips())
    spans = [(clip.source_range.start_time.to_frames(), clip.source_range.duration.to_frames()) for clip in clips]
    assert spans == [(10, 80), (0, 90), (0, 30)]


def test_a_transition_is_no_longer_than_the_clip_it_leads_into(tmp_path: Path) -> None:
    """Where a looping clip comes round within a crossfade, the library can still lay the transition out."""
    timeline = small_timeline(tmp_path, transition=Transition(kind="crossfade", frames=8))
    first, second = timeline.shots
    second = second.model_copy(update={"clip": second.clip.model_copy(update={"loops": True}), "in_frame": 87})
    track = reopened(timeline.model_copy(update={"shots": (first, second)}), tmp_path).video_tracks()[0]
    (fade,) = [item for item in track if isinstance(item, otio.schema.Transition)]
    assert fade.out_offset.to_frames() == 3
    assert otio.algorithms.track_with_expanded_transitions(track)


def test_a_clip_that_ends_before_its_shot_stands_still(tmp_path: Path) -> None:
    """No clip reaches beyond its file: the last frame is frozen, as in the reel."""
    timeline = small_timeline(tmp_path, frames=(100,))
    moving, still = reopened(timeline, tmp_path).video_tracks()[0].find_clips()
    assert [clip.source_range.duration.to_frames() for clip in (moving, still)] == [90, 10]
    assert still.source_range.start_time.to_frames() == 89 and isinstance(still.effects[0], otio.schema.FreezeFrame)
    assert moving.source_range.duration == moving.media_reference.available_range.duration


def test_captions_and_overlays_stand_at_their_times(tmp_path: Path) -> None:
    """Cues lie on a track of their own with their words, and each overlay on one of its own."""
    bar = ProgressBar(start=0, end=60, y_px=20, colour="#FFFFFF", track_colour="#000000")
    card = EndCard(start=50, end=90, title="Bye", font="Inter", palette=PALETTE)
    timeline = small_timeline(tmp_path, overlays=(bar, card))
    tracks = {track.name: track for track in reopened(timeline, tmp_path).video_tracks()}
    assert list(tracks) == ["Shots", "Captions", "progress", "end_card"]
    for cue, clip in zip(timeline.cues, tracks["Captions"].find_clips(), strict=True):
        span = clip.range_in_parent()
        assert (span.start_time.to_frames(), span.end_time_exclusive().to_frames()) == (cue.start, cue.end)
        words = clip.media_reference.parameters["words"]
        assert CaptionCue(words=[dict(word) for word in words], start=cue.start, end=cue.end) == cue
    (clip,) = tracks["end_card"].find_clips()
    assert clip.range_in_parent().start_time.to_frames() == 50 and clip.media_reference.parameters["title"] == "Bye"


def test_sound_lies_to_the_sample(tmp_path: Path) -> None:
    """The narration begins at sample 0 and ends with the reel; a later track comes after a gap."""
    timeline = small_timeline(tmp_path)
    later = timeline.audio[0].model_copy(update={"kind": "music", "start": 4800, "gain_db": -19.0})
    narration, music = reopened(timeline.model_copy(update={"audio": (*timeline.audio, later)}), tmp_path).audio_tracks()
    assert narration.duration().value == music.duration().value == timeline.sample_count
    (clip,) = music.find_clips()
    assert clip.range_in_parent().start_time.value == 4800 and clip.metadata["reelkit"]["gain_db"] == -19.0
    ended = later.model_copy(update={"end": 9600})
    assert reopened(timeline.model_copy(update={"audio": (ended,)}), tmp_path).audio_tracks()[0].duration().value == 9600


@pytest.mark.parametrize("fps", [Fps(num=30000, den=1001), Fps(num=60)])
def test_music_comes_round_where_it_does_in_the_reel(tmp_path: Path, fps: Fps) -> None:
    """Music that is shorter than the reel becomes clips within its file, each faded into the next, until the track ends."""
    timeline = small_timeline(tmp_path, frames=(150, 200), fps=fps)
    bed = tone_wav(tmp_path / "bed.wav", seconds=1.5)
    music = AudioTrack(kind="music", path=bed, sha256=sha256_of(bed), start=4800)
    (track,) = reopened(timeline.model_copy(update={"audio": (music,)}), tmp_path).audio_tracks()
    clips = list(track.find_clips())
    assert len(clips) > 3 and track.duration().value == timeline.sample_count
    sound, rate_hz = read_audio(bed, rate_hz=48000)
    first, step, overlap = loop_of(sound, timeline.sample_count - 4800, rate_hz)
    starts = [clip.range_in_parent().start_time.value for clip in clips]
    assert starts == list(range(4800, timeline.sample_count, step))
    assert all(clip.source_range.start_time.value == first for clip in clips)
    fades = [item for item in track if isinstance(item, otio.schema.Transition)]
    assert len(fades) == len(clips) - 1 and fades[0].out_offset.value == overlap
    assert all(clip.source_range.end_time_exclusive().value + overlap <= len(sound) for clip in clips)


def test_a_sound_that_is_heard_once_ends_with_its_file(tmp_path: Path) -> None:
    """A stinger is as long as its file, however long the reel goes on; a file that is missing is taken to be long enough."""
    timeline = small_timeline(tmp_path)
    short = tone_wav(tmp_path / "short.wav", seconds=0.5)
    stinger = AudioTrack(kind="stinger", path=short, sha256=sha256_of(short), start=4800)
    lost = stinger.model_copy(update={"path": tmp_path / "lost.wav"})
    once, gone = reopened(timeline.model_copy(update={"audio": (stinger, lost)}), tmp_path).audio_tracks()
    (clip,) = once.find_clips()
    assert clip.source_range.duration.value == clip.media_reference.available_range.duration.value == 24000
    assert once.duration().value == 4800 + 24000 and gone.duration().value == timeline.sample_count


@pytest.mark.parametrize("text", ["R&D", "<b>bold</b>", "-->", "🚀", "שלום", '"quoted"\\'])
def test_texts_come_back_as_they_were(tmp_path: Path, text: str) -> None:
    """Whatever a cue says stands in the file as it is said."""
    timeline = small_timeline(tmp_path)
    cue = timeline.cues[0]
    said = cue.model_copy(update={"words": (cue.words[0].model_copy(update={"text": text}),)})
    captions = reopened(timeline.model_copy(update={"cues": (said,)}), tmp_path).video_tracks()[1]
    assert [clip.name for clip in captions.find_clips()] == [text]
