"""Shapes: the same reel upright, square and wide."""

from __future__ import annotations

from pathlib import Path

import pytest

from reelkit.errors import TimelineError
from reelkit.media.captions import CaptionPainter
from reelkit.media.compositor import Compositor
from reelkit.media.overlays import OverlayPainter
from reelkit.model import LogoOverlay, ProgressBar, Timeline
from reelkit.steps.shapes import in_shape
from reelkit.whole import sha256_of
from tests.media.timelines import small_timeline

LOGO = Path(__file__).parents[2] / "templates" / "logos" / "northwind.svg"
SIZES = {"9:16": (1080, 1920), "4:5": (1080, 1350), "1:1": (1080, 1080), "16:9": (1920, 1080)}


@pytest.fixture
def timeline(tmp_path: Path) -> Timeline:
    logo = LogoOverlay(path=LOGO, sha256=sha256_of(LOGO), start=0, end=90, x_px=60, y_px=286, width_px=150, height_px=150)
    bar = ProgressBar(start=0, end=90, y_px=254, colour="#FF0000", track_colour="#FFFFFF")
    return small_timeline(tmp_path, overlays=(bar, logo)).model_copy(update={"width_px": 1080, "height_px": 1920})


@pytest.mark.parametrize("shape", SIZES)
def test_everything_stands_in_the_shapes_own_safe_zone(timeline: Timeline, shape: str) -> None:
    """Bar, logo and every cue keep the margins of the shape's safe zone, and the frame has the shape's size."""
    shaped = in_shape(timeline, shape)  # type: ignore[arg-type]
    width, height = SIZES[shape]
    assert (shaped.width_px, shaped.height_px) == (width, height)
    zone, size = shaped.safe_zone, {"width_px": width, "height_px": height, "fps": shaped.fps}
    captions = CaptionPainter(shaped.caption_style, shaped.cues, **size)
    boxes = [box for _, box in OverlayPainter(shaped.overlays, **size).boxes()]
    for left, top, right, bottom in boxes + [captions.box(cue) for cue in range(len(shaped.cues))]:
        assert left >= round(zone.left_px * width / 1080) - 1
        assert top >= round(zone.top_px * height / 1920) - 1
        assert right <= width - round(zone.right_px * width / 1080) + 1
        assert bottom <= height - round(zone.bottom_px * height / 1920) + 1
    with Compositor(shaped) as compositor:
        assert compositor.frame_at(20).width_px == width


def test_words_shots_and_sound_stay(timeline: Timeline) -> None:
    """Another shape changes neither times nor words nor sound, and the way back gives the same reel."""
    square = in_shape(timeline, "1:1")
    assert [cue.words for cue in square.cues] == [cue.words for cue in timeline.cues]
    assert [(shot.start, shot.end, shot.clip) for shot in square.shots] == [(shot.start, shot.end, shot.clip) for shot in timeline.shots]
    assert (square.audio, square.frame_count) == (timeline.audio, timeline.frame_count)
    assert in_shape(timeline, "9:16") is timeline


def test_an_unknown_shape_is_one_line(timeline: Timeline) -> None:
    """The line names what there is."""
    with pytest.raises(TimelineError, match="'2:1'; it must be one of 9:16, 4:5, 1:1, 16:9"):
        in_shape(timeline, "2:1")  # type: ignore[arg-type]
