"""Exact frames: whatever was looked at before, the frame of a version is the one that its encoder gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from reelkit.errors import TimelineError
from reelkit.media.compositor import Compositor
from reelkit.media.exact_frames import ExactFrames
from reelkit.model import ProgressBar, Timeline, Transition
from tests.media.timelines import small_timeline


def versions(folder: Path) -> list[Timeline]:
    """A reel, and the same with another caption style, a bar, another transition."""
    bar = ProgressBar(start=0, end=90, y_px=40, height_px=4, colour="#FF0000", track_colour="#FFFFFF")
    plain = small_timeline(folder)
    larger = plain.model_copy(update={"caption_style": plain.caption_style.model_copy(update={"size_px": 110})})
    barred = larger.model_copy(update={"overlays": (bar,)})
    first, second = plain.shots
    faded = plain.model_copy(update={"shots": (first, second.model_copy(update={"transition": Transition(kind="crossfade", frames=9)}))})
    return [plain, larger, barred, faded, plain]


def test_every_version_is_what_its_encoder_gets(tmp_path: Path) -> None:
    """Going from version to version at one place and on through the reel, each frame is the compositor's, byte for byte."""
    frames = ExactFrames()
    for frame in (10, 42, 44, 3):
        for timeline in versions(tmp_path):
            with Compositor(timeline) as compositor:
                assert frames.exact(timeline, frame).tobytes() == compositor.frame_at(frame).tobytes()
    frames.close()


def test_a_style_needs_no_footage_once_the_picture_is_there(tmp_path: Path) -> None:
    """After one look at a frame the clips may go: another style of it is still drawn."""
    plain, larger, *_ = versions(tmp_path)
    frames = ExactFrames()
    before = frames.exact(plain, 10).tobytes()
    frames._compositors.clear()
    for clip in tmp_path.glob("*.mp4"):
        clip.unlink()
    assert frames.exact(larger, 10).tobytes() != before
    assert frames.exact(plain, 10).tobytes() == before


def test_a_frame_outside_the_reel_is_refused(tmp_path: Path) -> None:
    """One line says which frames there are."""
    with pytest.raises(TimelineError, match="frames 0 to 89"):
        ExactFrames().exact(small_timeline(tmp_path), 90)
