"""Where a piece of music beats: onsets, a tempo, and the beats that fit both best.

Onset strength is the rise of a log mel spectrum; the tempo comes from its autocorrelation, weighted towards 120 bpm; the beats are the
path of steady steps through the strongest onsets (Daniel Ellis, "Beat Tracking by Dynamic Programming", Journal of New Music Research
36, 2007).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["HOP_S", "Pulse", "find_onsets", "find_pulse"]

Samples = NDArray[np.float32]
Floats = NDArray[np.float64]

HOP_S = 0.005
"""From one onset strength to the next."""
_RATE_HZ = 22_050
_WINDOW = 1024
_BANDS = 40
_TIGHTNESS = 400.0
_SLOWEST_BPM, _FASTEST_BPM, _LIKELY_BPM, _OCTAVES = 55.0, 210.0, 120.0, 0.9


@dataclass(frozen=True)
class Pulse:
    """The beats of a piece of music.

    Parameters
    ----------
    beats_s : ndarray of float [shape=(n,)]
        Rising; at least two, unless the piece is shorter than two beats.
    bpm : float
    bands : ndarray of float [shape=(n, bands)]
        What sounds from each beat to the next: its log mel spectrum, by which two beats are compared.
    """

    beats_s: Floats
    bpm: float
    bands: Floats


def find_pulse(samples: Samples, rate_hz: int) -> Pulse:
    """Find the beats of a piece of music.

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n, channels)]
    rate_hz : int

    Examples
    --------
    >>> clicks = np.zeros((8 * 22050, 1), np.float32)
    >>> for beat in range(16):
    ...     clicks[beat * 11025 + 2000 : beat * 11025 + 2200] = 0.5
    >>> pulse = find_pulse(clicks, 22050)
    >>> round(pulse.bpm), bool(np.abs(np.diff(pulse.beats_s) - 0.5).max() < 0.02)
    (120, True)
    """
    mel = _log_mel(samples, rate_hz)
    strength = _onset_strength(mel)
    period_s = _period_s(strength)
    beats = _beats(strength, period_s / HOP_S)
    if len(beats) > 2:
        period_s = float(np.median(np.diff(beats))) * HOP_S
    edges = [*beats.tolist(), len(mel)]
    bands = np.array([mel[start : max(end, start + 1)].mean(axis=0) for start, end in pairwise(edges)], np.float64)
    return Pulse(np.asarray(beats * HOP_S, np.float64), 60.0 / period_s, bands.reshape(-1, _BANDS))


def find_onsets(samples: Samples, rate_hz: int) -> Floats:
    """Return how strong an onset is every :data:`HOP_S`, above its local mean and at unit deviation.

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n, channels)]
    rate_hz : int
    """
    return _onset_strength(_log_mel(samples, rate_hz))


def _log_mel(samples: Samples, rate_hz: int) -> Floats:
    """Return a log mel spectrum every :data:`HOP_S`, its window centred there [shape=(frames, bands)]."""
    import soxr
    from scipy.signal import get_window

    mono = samples.reshape(len(samples), -1).mean(axis=1)
    mono = np.asarray(soxr.resample(mono, rate_hz, _RATE_HZ, quality="HQ"), np.float32)
    count = max(1, int(len(mono) / _RATE_HZ / HOP_S))
    padded = np.pad(mono, (_WINDOW // 2, _WINDOW))
    starts = np.round(np.arange(count) * HOP_S * _RATE_HZ).astype(int)
    window, filters = get_window("hann", _WINDOW).astype(np.float32), _mel_filters()
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)
    # In blocks: the spectra of ten minutes would not fit beside a reel.
    power = [np.abs(np.fft.rfft(frames[starts[at : at + 2048]] * window)) ** 2 @ filters for at in range(0, count, 2048)]
    loud = np.concatenate(power)
    return np.asarray(np.log1p(loud * (1e4 / max(float(loud.max()), 1e-9))))


def _mel_filters() -> Floats:
    """Return triangles of equal width in mel from 30 Hz to 8 kHz [shape=(bins, bands)]."""
    hz = np.fft.rfftfreq(_WINDOW, 1 / _RATE_HZ)
    mel = np.linspace(2595 * np.log10(1 + 30 / 700), 2595 * np.log10(1 + 8000 / 700), _BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    rise = (hz[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    fall = (edges[2:] - hz[:, None]) / np.diff(edges)[1:]
    return np.maximum(0.0, np.minimum(rise, fall))


def _onset_strength(mel: Floats) -> Floats:
    """Return how much the spectrum rises over 20 ms, above its local mean, at unit deviation."""
    from scipy.ndimage import gaussian_filter1d, uniform_filter1d

    lag = round(0.02 / HOP_S)
    rise = np.maximum(mel[lag:] - mel[:-lag], 0.0).mean(axis=1)
    # A rise is complete when its window holds it; its onset lies half the lag before.
    strength = np.pad(rise, (lag // 2, len(mel) - len(rise) - lag // 2)) if len(mel) > lag else np.zeros(len(mel))
    strength = gaussian_filter1d(strength, 2.0)
    strength = np.maximum(strength - uniform_filter1d(strength, max(1, round(1.0 / HOP_S))), 0.0)
    return np.asarray(strength / max(float(strength.std()), 1e-9))


def _period_s(strength: Floats) -> float:
    """Return the beat's period: the lag at which onsets repeat best, octaves away from 120 bpm counting less."""
    size = 1 << (2 * len(strength) - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(strength - strength.mean(), size)) ** 2
    alike = np.fft.irfft(spectrum, size)[: len(strength)]
    lags = np.arange(round(60 / _FASTEST_BPM / HOP_S), round(60 / _SLOWEST_BPM / HOP_S) + 1)
    lags = lags[lags < len(alike) - 1]
    if not len(lags) or alike[0] <= 0:
        return 60.0 / _LIKELY_BPM
    weight = np.exp(-0.5 * (np.log2(60 / (lags * HOP_S) / _LIKELY_BPM) / _OCTAVES) ** 2)
    # What beats also repeats after two and four beats.
    places = np.arange(len(alike))
    score = sum(np.interp(times * lags, places, alike, right=0.0) for times in (1, 2, 4)) * weight
    best = int(lags[int(np.argmax(score))])
    before, here, after = (float(alike[best + step]) for step in (-1, 0, 1))
    bend = before - 2 * here + after
    # Beside a peak, as where the piece is slower than any period asked for, the parabola's top may lie anywhere.
    return float(best + (np.clip(0.5 * (before - after) / bend, -1, 1) if bend < 0 else 0.0)) * HOP_S


def _beats(strength: Floats, period: float) -> NDArray[np.intp]:
    """Return the frames of the beats: the best path of steps near ``period`` frames, as long as anything is to be heard."""
    count = len(strength)
    reach = np.arange(-round(2 * period), -round(period / 2) + 1)
    cost = -_TIGHTNESS * np.log(-reach / period) ** 2
    total, before = strength.copy(), np.full(count, -1)
    first = float(strength.max(initial=0.0)) * 0.01
    started = False
    for at in range(count):
        reached = at + reach
        offered = np.where(reached >= 0, total[np.maximum(reached, 0)] + cost, -np.inf)
        best = int(np.argmax(offered))
        if started and offered[best] > -np.inf:
            total[at] += offered[best]
            before[at] = reached[best]
        elif strength[at] > first:
            started = True
    path = [int(np.argmax(total[-max(1, round(period)) :])) + max(0, count - max(1, round(period)))]
    while before[path[-1]] >= 0:
        path.append(int(before[path[-1]]))
    return np.array(path[::-1], np.intp)
