"""A high-pass that moves nothing in time."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["without_rumble"]

_SETTLES_S = 0.1


def without_rumble(samples: NDArray[np.float32], rate_hz: int, *, below_hz: float) -> NDArray[np.float32]:
    """Take what lies below a frequency off a sound: a Butterworth high-pass of second order (FFmpeg's), run both ways.

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n, 1) or (n, 2)]
    rate_hz : int
    below_hz : float
        Here 6 dB are gone.

    Examples
    --------
    >>> at = np.arange(24000)[:, None] / 24000
    >>> hum, voice = (np.sin(2 * np.pi * hz * at).astype(np.float32) for hz in (20, 300))
    >>> [round(20 * math.log10(np.abs(without_rumble(sound, 24000, below_hz=70)[6000:18000]).max())) for sound in (hum, voice)]
    [-44, 0]
    """
    edge = min(round(_SETTLES_S * rate_hz), len(samples) - 1)
    # Mirrored about its first and last value a sound goes on as it is, so that the filter has settled where it begins.
    before, after = 2 * samples[:1] - samples[edge:0:-1], 2 * samples[-1:] - samples[-2 : -edge - 2 : -1]
    once = _filtered(np.concatenate([before, samples, after]), rate_hz, below_hz)
    both = _filtered(once[::-1], rate_hz, below_hz)[::-1]
    return both[edge : edge + len(samples)]


def _filtered(samples: NDArray[np.float32], rate_hz: int, below_hz: float) -> NDArray[np.float32]:
    import av
    from av.filter import Graph

    layout = "mono" if samples.shape[1] == 1 else "stereo"
    graph = Graph()
    source = graph.add_abuffer(sample_rate=rate_hz, format="flt", layout=layout)
    highpass = graph.add("highpass", f"f={below_hz}:poles=2:width_type=q:width={math.sqrt(0.5)}:precision=f64")
    sink = graph.add("abuffersink")
    source.link_to(highpass)
    highpass.link_to(sink)
    graph.configure()
    filtered, done = np.empty(samples.shape, np.float32), 0
    for at in range(0, len(samples), rate_hz):
        block = np.ascontiguousarray(samples[at : at + rate_hz], np.float32)
        frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="flt", layout=layout)
        frame.sample_rate, frame.pts = rate_hz, at
        source.push(frame)
        passed = sink.pull()
        assert isinstance(passed, av.AudioFrame)
        # The filter gives its channels one after the other, however they came.
        filtered[done : done + passed.samples] = passed.to_ndarray().T
        done += passed.samples
    return filtered
