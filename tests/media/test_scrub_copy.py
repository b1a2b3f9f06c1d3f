"""The small copy that a notebook plays and scrubs in: the same moments, small, with sound, made apart."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from reelkit.media.compositor import Compositor
from reelkit.media.scrub_copy import make_scrub_copy, shrunk, start_scrub_copy
from reelkit.model import ClipOverlay, EndCard, ProgressBar
from tests.media.reels import brand
from tests.media.timelines import small_timeline


def test_it_shows_the_reels_own_moments(tmp_path: Path) -> None:
    """It has a picture for each frame of the reel, each near the small composed one and told to be in its colours, and a sound as long as
    the reel."""
    timeline = small_timeline(tmp_path)
    path = make_scrub_copy(timeline, tmp_path / "copy.mp4", width_px=90)
    with av.open(str(path)) as container:
        pictures = [frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)]
        context = container.streams.video[0].codec_context
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 1, 1, 1)
    with av.open(str(path)) as container:
        sound_s = float(sum(frame.samples for frame in container.decode(audio=0)) / 48_000)
    assert len(pictures) == timeline.frame_count
    assert pictures[0].shape == (240, 90)
    assert abs(sound_s - timeline.duration_s) < 0.05
    with Compositor(shrunk(timeline, 90)) as compositor:
        for frame in (0, 41, 89):
            assert abs(float(np.mean(pictures[frame][:160])) - float(compositor.frame_at(frame).y.mean())) < 3


def test_made_apart_it_is_the_same_bytes(tmp_path: Path) -> None:
    """Another process makes the same file; what it cannot read is its last line."""
    timeline = small_timeline(tmp_path)
    here = make_scrub_copy(timeline, tmp_path / "here.mp4", width_px=90)
    with start_scrub_copy(timeline, tmp_path / "there.mp4", width_px=90) as process:
        assert process.wait() == 0
    assert (tmp_path / "there.mp4").read_bytes() == here.read_bytes()
    for clip in tmp_path.glob("clip*.mp4"):
        clip.unlink()
    with start_scrub_copy(timeline, tmp_path / "none.mp4", width_px=90) as process:
        assert process.wait() == 1
        assert process.stderr is not None
        assert "clip0.mp4" in process.stderr.read().splitlines()[-1]
    assert not (tmp_path / "none.mp4").exists()


def test_a_process_that_ends_before_it_has_its_job_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the job is that it does not read, it is waited for and has its line."""
    monkeypatch.setenv("PYTHONHOME", str(tmp_path / "nothing"))
    timeline = small_timeline(tmp_path).model_copy(update={"topic": "long " * 200_000})
    with start_scrub_copy(timeline, tmp_path / "none.mp4") as process:
        assert process.wait() == 1
        assert process.stderr is not None
        assert process.stderr.read()


def test_everything_shrinks_in_proportion(tmp_path: Path) -> None:
    """A bar keeps its share of the frame, captions that are raised theirs, corners their place; an end card scales by itself."""
    bar = ProgressBar(start=0, end=90, y_px=40, height_px=8, colour="#FF0000", track_colour="#FFFFFF")
    card = EndCard(start=60, end=90, title="T", font="Inter", palette=brand().palette)
    whole = ClipOverlay(path=tmp_path / "o.mkv", sha256="0" * 64, start=0, end=9, x_px=0, y_px=0, width_px=180, height_px=1)
    plan = small_timeline(tmp_path, overlays=(bar, card, whole))
    raised = tuple(cue.model_copy(update={"up_px": 60}) for cue in plan.cues)
    small = shrunk(plan.model_copy(update={"cues": raised}), 90)
    assert (small.width_px, small.height_px) == (90, 160)
    assert isinstance(small.overlays[0], ProgressBar)
    assert (small.overlays[0].y_px, small.overlays[0].height_px) == (20, 4)
    assert small.overlays[1] == card
    assert small.overlays[2] == whole.model_copy(update={"width_px": 90})
    assert {cue.up_px for cue in small.cues} == {30}
