"""The room that music sounds in, and how it falls silent there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["echo", "ring_out"]

Samples = NDArray[np.float32]

_TAIL_S = 0.08


def echo(seconds: float, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return the echo of a small, soft room [shape=(2, n)]: noise that dies away, sooner where it is higher, after 20 ms."""
    from scipy.signal import butter, sosfilt

    count = round(seconds * rate_hz)
    at = np.arange(count) / rate_hz
    noise = rng.standard_normal((2, count))
    low = sosfilt(butter(2, (180, 1400), "bandpass", fs=rate_hz, output="sos"), noise)
    high = sosfilt(butter(2, (1400, 6000), "bandpass", fs=rate_hz, output="sos"), noise)
    response = low * 10 ** (-3 * at / seconds) + 0.7 * high * 10 ** (-3 * at / (0.55 * seconds))
    response *= np.clip(at / 0.015, 0, 1)
    response /= np.sqrt(np.sum(np.square(response), axis=1, keepdims=True))
    return np.pad(response, ((0, 0), (round(0.02 * rate_hz), 0))).astype(np.float32)


def ring_out(mix: Samples, end: int, rate_hz: int) -> None:
    """Let the last chord die away in place, to silence just before the file ends."""
    silent = mix.shape[1] - round(_TAIL_S * rate_hz)
    start = end + (silent - end) // 3
    mix[:, start:silent] *= np.cos(np.linspace(0, np.pi / 2, silent - start, dtype=np.float32)) ** 2
    mix[:, silent:] = 0
