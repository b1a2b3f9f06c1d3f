"""The door to MoviePy: a reel as a MoviePy clip, to go on from there in its own terms.

The frames are the compositor's, brought to RGB; the sound is the mix, before mastering to the reel's loudness.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reelkit.media.audio import mix_tracks
from reelkit.media.compositor import Compositor
from reelkit.media.planes import planes_to_rgb
from reelkit.model import Timeline

if TYPE_CHECKING:
    from moviepy import AudioClip, VideoClip

__all__ = ["to_moviepy"]


def to_moviepy(timeline: Timeline) -> VideoClip:
    """Open a reel as a MoviePy clip.

    The clip keeps the footage open until its ``close()``, or the end of a ``with``. Time between two frames shows the earlier one.

    Parameters
    ----------
    timeline : Timeline

    Returns
    -------
    moviepy.VideoClip
        As long as the reel, at its rate and size, with the mixed tracks as its sound.

    Raises
    ------
    ClipError, AudioError
        When a file on the timeline cannot be read.

    Examples
    --------
    ``with to_moviepy(timeline) as reel: reel.subclipped(0, 3).write_gif("teaser.gif")``
    """
    from moviepy import VideoClip

    compositor = Compositor(timeline)
    fps = timeline.fps.ratio

    def rgb_at(at_s: float) -> NDArray[np.uint8]:
        # Floats of MoviePy's clock may fall just short of the frame that they mean.
        frame = int(at_s * fps.numerator / fps.denominator + 1e-6)
        return planes_to_rgb(compositor.frame_at(min(max(frame, 0), timeline.frame_count - 1)))

    class ReelClip(VideoClip):  # type: ignore[misc]  # MoviePy carries no types
        def close(self) -> None:
            compositor.close()
            super().close()

    clip = ReelClip(frame_function=rgb_at, duration=timeline.duration_s, has_constant_size=True).with_fps(float(fps))
    return clip.with_audio(_sound(timeline)) if timeline.audio else clip


def _sound(timeline: Timeline) -> AudioClip:
    from moviepy import AudioClip

    rate_hz = timeline.audio_rate_hz
    mix = mix_tracks(timeline.audio, rate_hz=rate_hz, sample_count=timeline.sample_count)

    def heard(at_s: Any) -> NDArray[np.float32]:
        samples = np.rint(np.asarray(at_s) * rate_hz).astype(np.int64)
        inside = (samples >= 0) & (samples < len(mix))
        return np.asarray(mix[np.clip(samples, 0, len(mix) - 1)] * inside[..., None], np.float32)

    return AudioClip(heard, duration=timeline.duration_s, fps=rate_hz)
