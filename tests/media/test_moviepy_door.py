"""A reel in MoviePy: the same frames, the same sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reelkit.media.audio import mix_tracks
from reelkit.media.compositor import Compositor
from reelkit.media.planes import planes_to_rgb
from reelkit.model import Fps, Transition
from tests.media.timelines import SIZE, small_timeline


@pytest.mark.parametrize("fps", [Fps(num=30), Fps(num=30000, den=1001)])
def test_moviepy_shows_the_compositors_frames(tmp_path: Path, fps: Fps) -> None:
    """At the time of every frame, and until the next one, the clip shows that frame in RGB; length, rate and size are the reel's."""
    timeline = small_timeline(tmp_path, fps=fps, transition=Transition(kind="crossfade", frames=6))
    with timeline.to_moviepy() as clip, Compositor(timeline) as compositor:
        assert (tuple(clip.size), clip.duration, clip.fps) == (SIZE, timeline.duration_s, float(fps.ratio))
        for frame in (0, 1, 17, 42, 43, 89):
            rgb = planes_to_rgb(compositor.frame_at(frame))
            for at_s in (float(frame / fps.ratio), (frame + 0.9) / float(fps.ratio)):
                assert np.array_equal(clip.get_frame(at_s), rgb), frame


def test_moviepy_hears_the_mix(tmp_path: Path) -> None:
    """The clip's sound is the mixed tracks, sample for sample."""
    timeline = small_timeline(tmp_path)
    with timeline.to_moviepy() as clip:
        at_s = np.arange(timeline.sample_count) / timeline.audio_rate_hz
        heard = clip.audio.get_frame(at_s)
    assert np.array_equal(heard, mix_tracks(timeline.audio, rate_hz=timeline.audio_rate_hz, sample_count=timeline.sample_count))
