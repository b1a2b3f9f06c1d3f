"""Instruments, each a function from a note to samples: additive and FM tones, wavetable pads, drums of noise and sines.

Every sound starts and ends at zero.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

__all__ = ["DRUMS", "bass", "drum", "hertz", "keys", "pad"]

Samples = NDArray[np.float32]

_TABLE_BITS = 14


def hertz(pitch: float) -> float:
    """Return the frequency of a MIDI pitch (A4, 69, is 440 Hz)."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def _times(count: int, rate_hz: int) -> Samples:
    return np.arange(count, dtype=np.float32) / np.float32(rate_hz)


def _released(sound: Samples, release: int) -> Samples:
    """Let a sound end at zero over its last samples."""
    release = min(release, len(sound))
    sound[len(sound) - release :] *= (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, release))).astype(np.float32)
    return sound


def _read(table: Samples, hz: float, count: int, rate_hz: int, phase: float = 0.0) -> Samples:
    """Read a table of one period at a pitch; 32-bit phases wrap around by themselves."""
    step, start = np.uint32(round(hz / rate_hz * 2**32)), np.uint32(int(phase * 2**32) & 0xFFFFFFFF)
    phases = np.arange(count, dtype=np.uint32) * step + start
    return np.asarray(table[phases >> np.uint32(32 - _TABLE_BITS)])


def _sine(hz: float, count: int, rate_hz: int) -> Samples:
    return _read(_harmonics((1.0,)), hz, count, rate_hz)


@functools.lru_cache(maxsize=128)
def _harmonics(levels: tuple[float, ...]) -> Samples:
    """Return one period of a wave of harmonics, all starting at zero."""
    size = 1 << _TABLE_BITS
    spectrum = np.zeros(size // 2 + 1, complex)
    spectrum[1 : len(levels) + 1] = np.array(levels) * (-0.5j * size)
    return np.fft.irfft(spectrum).astype(np.float32)


def _soft_saw(hz: float, corner_hz: float) -> Samples:
    """Return one period of a saw at unit power, seen through a gentle low-pass."""
    harmonics = np.arange(1, max(2, min(40, int(6 * corner_hz / hz))))
    levels = 1 / harmonics / (1 + (harmonics * hz / corner_hz) ** 2)
    return _harmonics(tuple(map(float, levels / np.sqrt(np.sum(levels**2) / 2))))


def pad(
    pitch: int, seconds: float, *, rate_hz: int, corner_hz: tuple[float, float], period_s: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return a pad's note in stereo [shape=(2, n)]: three saws a few cents apart, one left, one right, one in the middle.

    It swells over 0.7 s, dies away over 1.1 s after its end, and its filter opens and closes over ``period_s``.
    """
    attack, release = min(0.7, 0.6 * seconds), 1.1
    count = round((seconds + release) * rate_hz)
    at = _times(count, rate_hz)
    opening = 0.5 - 0.5 * np.cos(at * np.float32(2 * np.pi / period_s) + np.float32(rng.uniform(-0.6, 0.6)))
    closed_table, open_table = (_soft_saw(hertz(pitch), corner) for corner in corner_hz)
    voices = []
    for cents in (-6.5, 5.5, 0.0):
        hz = hertz(pitch + (cents + rng.uniform(-1, 1)) / 100)
        phase = rng.uniform()
        closed = _read(closed_table, hz, count, rate_hz, phase)
        voices.append(closed + (_read(open_table, hz, count, rate_hz, phase) - closed) * opening)
    left, right, middle = voices
    shape = np.minimum(at / np.float32(attack), 1.0)
    shape *= shape * (3 - 2 * shape)
    both = np.stack([0.8 * left + 0.25 * right + 0.6 * middle, 0.25 * left + 0.8 * right + 0.6 * middle]) * shape
    fade = round(release * rate_hz)
    both[:, count - fade :] *= (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, fade, dtype=np.float32))) ** 2
    return np.asarray(both, np.float32)


_PARTIALS: dict[str, tuple[tuple[float, float, float], ...]] = {
    # ratio, level, seconds to fall to a third at middle C
    "felt": tuple((k * (1 + 0.00018 * k * k), float(np.exp(-0.48 * (k - 1))), 1.7 / (1 + 0.4 * (k - 1))) for k in range(1, 15)),
    "pluck": tuple((float(k), 1.0 / k**0.9 * (1.0 if k % 5 else 0.3), 0.5 / (1 + 0.16 * (k - 1))) for k in range(1, 25)),
    "marimba": ((1.0, 1.0, 0.34), (3.984, 0.36, 0.13), (9.95, 0.14, 0.05)),
    "glass": ((1.0, 1.0, 1.1), (2.0, 0.34, 0.8), (3.0, 0.16, 0.5), (4.0, 0.1, 0.4), (6.27, 0.1, 0.22), (9.1, 0.06, 0.12)),
}
_STRIKE: dict[str, tuple[float, float, float, float]] = {
    # level, lowest and highest Hz, seconds to fall to a third: the felt, nail or mallet that is heard before the tone
    "felt": (0.10, 300, 2600, 0.018),
    "pluck": (0.30, 1800, 9000, 0.006),
    "marimba": (0.24, 600, 5000, 0.008),
    "glass": (0.07, 2500, 9000, 0.010),
    "rhodes": (0.10, 900, 6000, 0.010),
}
_ATTACK_S = {"felt": 0.006, "pluck": 0.002, "marimba": 0.002, "glass": 0.008, "rhodes": 0.003}
_RELEASE_S = {"felt": 0.35, "pluck": 0.25, "marimba": 0.25, "glass": 0.6, "rhodes": 0.3}


@functools.lru_cache(maxsize=64)
def keys(kind: str, pitch: int, seconds: float, strength: float, *, rate_hz: int) -> Samples:
    """Return a struck note, mono: an electric piano (``rhodes``), a felted piano, a pluck, a marimba or glass.

    Harder strokes are brighter, higher notes shorter.
    """
    hz = hertz(pitch)
    shorter = (hertz(60) / hz) ** 0.5
    if kind in ("felt", "glass", "rhodes"):
        held = min(seconds, 4.5 * shorter) + _RELEASE_S[kind]
    else:
        held = min(max(seconds, 0.3), 1.6) + _RELEASE_S[kind]
    count = round(held * rate_hz)
    at = _times(count, rate_hz)
    if kind == "rhodes":
        bend = 2.1 * strength * np.exp(at / np.float32(-0.5 * shorter)) * _sine(hz, count, rate_hz)
        sound = (_sine(hz, count, rate_hz) * np.cos(bend) + _read(_harmonics((1.0,)), hz, count, rate_hz, 0.25) * np.sin(bend)) * np.exp(
            at / np.float32(-1.5 * shorter)
        )
        sound += 0.12 * strength * np.exp(at / np.float32(-0.11)) * _sine(7 * hz, count, rate_hz)
    else:
        sound = np.zeros(count, np.float32)
        for order, (ratio, level, fall) in enumerate(_PARTIALS[kind]):
            if ratio * hz > 12000:
                break
            heard = min(count, round(7 * fall * shorter * rate_hz))
            tone = _sine(ratio * hz, heard, rate_hz) * np.exp(at[:heard] / np.float32(-fall * shorter))
            sound[:heard] += np.float32(level * strength ** (0.35 * order)) * tone
    level, low_hz, high_hz, fall = _STRIKE[kind]
    struck = min(count, round(8 * fall * rate_hz))
    sound[:struck] += (
        np.float32(level * strength) * _band(_hiss(struck), low_hz, high_hz, rate_hz) * np.exp(at[:struck] / np.float32(-fall))
    )
    attack = max(2, round(_ATTACK_S[kind] * rate_hz))
    sound[:attack] *= np.linspace(0, 1, attack, dtype=np.float32)[: len(sound)]
    return _released(np.asarray(sound * np.float32(strength), np.float32), round(_RELEASE_S[kind] * rate_hz))


def bass(pitch: int, seconds: float, strength: float, *, rate_hz: int, edge: float = 0.0) -> Samples:
    """Return a round bass note, mono; its second and third harmonics carry it on small speakers, ``edge`` adds the buzz of a saw."""
    count = round((seconds + 0.06) * rate_hz)
    hz = hertz(pitch)
    at = _times(count, rate_hz)
    body = _sine(hz, count, rate_hz) + 0.4 * _sine(2 * hz, count, rate_hz) + 0.18 * _sine(3 * hz, count, rate_hz)
    body += 0.06 * _sine(4 * hz, count, rate_hz)
    if edge:
        body += edge * (_read(_soft_saw(hz, 1400.0), hz, count, rate_hz) * np.exp(at / np.float32(-0.22)))
    shape = 0.72 + 0.28 * np.exp(at / np.float32(-0.18))
    shape *= np.exp(at / np.float32(-4.0))
    attack = round(0.012 * rate_hz)
    sound = np.asarray(strength * body * shape, np.float32)
    sound[:attack] *= (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, attack))).astype(np.float32)
    return _released(sound, round(0.09 * rate_hz))


def drum(kind: str, strength: float, *, rate_hz: int, seconds: float, noise: Samples) -> Samples:
    """Return a stroke, mono, by its kind's name in :data:`DRUMS`.

    Parameters
    ----------
    seconds : float
        How long a swell takes; the others are as long as they are.
    noise : ndarray [shape=(n,)]
        White, at least as long as the stroke.
    """
    length = seconds if kind == "swell" else DRUMS[kind]
    count = round(length * rate_hz)
    at, air = _times(count, rate_hz), noise[:count]

    def falling(low_hz: float, high_hz: float, fall_s: float) -> Samples:
        return np.asarray(_band(air, low_hz, high_hz, rate_hz) * np.exp(at / np.float32(-fall_s)), np.float32)

    if kind == "kick":
        # The pitch falls from 165 to 47 Hz; its phase is the integral of that. The beater is heard on small speakers.
        turns = 47 * at + (165 - 47) * np.float32(0.022) * (1 - np.exp(at / np.float32(-0.022)))
        sound = np.sin(np.float32(2 * np.pi) * turns) * np.exp(at / np.float32(-0.11)) + 0.3 * falling(1200, 5000, 0.005)
    elif kind == "rim":
        ring = _sine(820, count, rate_hz) + 0.6 * _sine(1250, count, rate_hz)
        sound = (ring + 0.5 * _band(air, 900, 6000, rate_hz)) * np.exp(at / np.float32(-0.016))
    elif kind == "snare":
        skin = (_sine(186, count, rate_hz) + 0.5 * _sine(331, count, rate_hz)) * np.exp(at / np.float32(-0.05))
        sound = 0.5 * skin + 1.2 * falling(1400, 9000, 0.075)
    elif kind == "clap":
        # Several hands: three early bursts, and the room after the last.
        bursts = sum(np.where(at >= start, np.exp((start - at) / np.float32(0.006)), 0) for start in (0.0, 0.011, 0.021))
        sound = falling(900, 7500, 0.07) * np.where(at >= 0.03, 1.0, 0) + 0.8 * _band(air, 900, 7500, rate_hz) * bursts
    elif kind == "hat":
        sound = falling(6500, 15000, 0.022)
    elif kind == "open":
        sound = falling(6000, 15000, 0.11)
    elif kind == "crash":
        sound = falling(3500, 14000, 0.5)
    elif kind == "shaker":
        sound = _band(air, 4800, 12000, rate_hz) * np.sin(np.linspace(0, np.pi, count, dtype=np.float32)) ** 2
    else:
        sound = _band(air, 600, 6000, rate_hz) * np.linspace(0, 1, count, dtype=np.float32) ** 3
    attack = round(0.002 * rate_hz)
    sound = np.asarray(strength * sound, np.float32)
    sound[:attack] *= np.linspace(0, 1, attack, dtype=np.float32)
    return _released(sound, round(0.02 * rate_hz))


DRUMS = {"kick": 0.32, "rim": 0.09, "snare": 0.3, "clap": 0.26, "hat": 0.09, "open": 0.34, "crash": 1.9, "shaker": 0.11, "swell": 0.0}
"""Strokes and their seconds: a soft kick, a rim click, a brushed snare, hands, a hat, an open one, a cymbal, a shaker, air that swells."""


@functools.lru_cache(maxsize=8)
def _hiss(count: int) -> Samples:
    """Return white noise that is always the same."""
    return np.random.Generator(np.random.PCG64(11)).standard_normal(count, dtype=np.float32)


def _band(noise: Samples, low_hz: float, high_hz: float, rate_hz: int) -> Samples:
    from scipy.signal import sosfilt

    return np.asarray(sosfilt(_bandpass(low_hz, min(high_hz, 0.45 * rate_hz), rate_hz), noise), np.float32)


@functools.cache
def _bandpass(low_hz: float, high_hz: float, rate_hz: int) -> NDArray[np.float64]:
    from scipy.signal import butter

    return np.asarray(butter(2, (low_hz, high_hz), "bandpass", fs=rate_hz, output="sos"))
