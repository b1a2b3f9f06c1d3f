"""From a score to a finished bed: play, place, blend, leave room for the voice, end."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reelkit.errors import BrandError
from reelkit.media.audio import even_out, write_wav
from reelkit.media.loudness import limit_true_peak, measure_loudness
from reelkit.media.music import instruments
from reelkit.media.music.moods import MOODS, Mood
from reelkit.media.music.score import Note, Score, write_score

__all__ = ["compose_bed"]

Samples = NDArray[np.float32]

BED_LUFS = -18.0
_TAIL_S = 0.08
_DRUMS = ("kick", "rim", "hat", "shaker", "swell")
_GROUPS = {"pad": ("pad",), "keys": ("keys",), "arpeggio": ("arpeggio",), "lead": ("lead",), "bass": ("bass",), "drums": _DRUMS}
_SENDS = {"pad": 0.5, "keys": 0.8, "arpeggio": 0.8, "lead": 1.0, "bass": 0.0, "drums": 0.25}
_DRUM_LEVELS = {"kick": 1.0, "rim": 0.16, "hat": 0.16, "shaker": 0.13, "swell": 0.12}
_DRUM_PANS = {"kick": 0.0, "rim": -0.15, "hat": 0.25, "shaker": -0.3, "swell": 0.0}


def compose_bed(path: Path, *, mood: str, tempo_bpm: float, duration_s: float, seed: int, rate_hz: int = 48000) -> Path:
    """Compose a music bed and write it as a stereo WAV.

    A light start, a build in phrases of four bars, a breath, and a last chord on the tonic that rings out: the final 50 ms are silent.
    The range of the voice is left free, the loudness is -18 LUFS. The same arguments give the same bytes.

    Parameters
    ----------
    path : Path
    mood : {"calm", "warm", "bright", "driving", "curious", "dark"}
    tempo_bpm : float
        Very slow and very fast tempos are felt in double and half time.
    duration_s : float
        Length of the file, at least 1.
    seed : int
        Chooses key, chords, melody and grooves.
    rate_hz : int

    Raises
    ------
    BrandError
        When there is no such mood, or tempo or duration are out of reach.
    """
    if mood not in MOODS:
        raise BrandError(f"music: there is no mood '{mood}'; use one of {', '.join(MOODS)}")
    if not 30 <= tempo_bpm <= 250 or not 1 <= duration_s <= 600:
        raise BrandError(f"music: a bed takes a tempo of 30 to 250 and 1 to 600 s, got {tempo_bpm:g} bpm and {duration_s:g} s")
    digest = hashlib.sha256(f"bed {mood} {seed}".encode()).digest()
    rng = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:8], "big")))
    score = write_score(MOODS[mood], tempo_bpm=tempo_bpm, duration_s=duration_s, rng=rng)
    return write_wav(path, _played(score, MOODS[mood], round(duration_s * rate_hz), rate_hz, rng).T, rate_hz)


def _played(score: Score, mood: Mood, count: int, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return the finished bed [shape=(2, count)]."""
    mix, send = np.zeros((2, count), np.float32), np.zeros((2, count), np.float32)
    noise = rng.standard_normal(4 * rate_hz, dtype=np.float32)
    for group, parts in _GROUPS.items():
        bus = np.zeros((2, count), np.float32)
        for note in score.notes:
            if note.part in parts:
                _place(bus, _sound(note, score, mood, rate_hz, rng, noise), round(note.beat * 60 / score.bpm * rate_hz))
        loud = np.sqrt(np.mean(np.square(bus), axis=0))
        heard = loud[loud > 1e-4]
        if not len(heard):
            continue
        bus *= np.float32(10 ** (mood.levels_db[group] / 20) / np.sqrt(np.mean(np.square(heard))))
        mix += bus
        send += np.float32(_SENDS[group]) * bus
    mix += np.float32(10 ** (mood.room_db / 20)) * _room(send, mood.room_s, rate_hz, rng)
    mix = even_out(_toned(mix, mood.tilt_db, rate_hz).T, rate_hz, level_s=0.1, follow_s=0.15).T
    _ring_out(mix, round(score.end_beat * 60 / score.bpm * rate_hz), rate_hz)
    gain_db = BED_LUFS - measure_loudness(mix.T, rate_hz).lufs
    return limit_true_peak(mix.T * np.float32(10 ** (gain_db / 20)), rate_hz, ceiling_dbtp=-1.5).T


def _sound(note: Note, score: Score, mood: Mood, rate_hz: int, rng: np.random.Generator, noise: Samples) -> Samples:
    """Return a note in stereo [shape=(2, n)]."""
    beat_s = 60 / score.bpm
    seconds = note.beats * beat_s
    if note.part == "pad":
        own = instruments.pad(note.pitch, seconds, rate_hz=rate_hz, corner_hz=mood.pad_hz, period_s=8 * beat_s, rng=rng)
        return own * np.float32(note.strength)
    if note.part == "bass":
        return _panned(instruments.bass(note.pitch, seconds, note.strength, rate_hz=rate_hz), 0.0)
    if note.part in _DRUMS:
        start = int(rng.integers(len(noise) // 4))
        stroke = instruments.drum(note.part, note.strength, rate_hz=rate_hz, seconds=min(seconds, 3.0), noise=noise[start:])
        return _panned(stroke * np.float32(_DRUM_LEVELS[note.part]), _DRUM_PANS[note.part])
    kind = {"keys": mood.keys, "arpeggio": "pluck" if mood.keys == "rhodes" else mood.keys, "lead": mood.lead}[note.part]
    side = {"keys": (note.pitch - 62) / 40, "arpeggio": 0.35 if note.beat % 1 else -0.35, "lead": 0.12}[note.part]
    return _panned(instruments.keys(kind, note.pitch, round(seconds, 2), round(note.strength, 1), rate_hz=rate_hz), side)


def _panned(sound: Samples, side: float) -> Samples:
    """Place a mono sound between left (-1) and right (1) at equal power."""
    angle = (min(max(side, -1.0), 1.0) + 1) * np.pi / 4
    return np.stack([sound * np.float32(np.cos(angle)), sound * np.float32(np.sin(angle))])


def _place(bus: Samples, sound: Samples, at: int) -> None:
    room = bus.shape[1] - at
    if room > 0:
        bus[:, at : at + sound.shape[1]] += sound[:, :room]


def _room(send: Samples, seconds: float, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return the reverb of a small, soft room: noise that dies away, sooner where it is higher, after 20 ms."""
    from scipy.signal import butter, oaconvolve, sosfilt

    count = round(seconds * rate_hz)
    at = np.arange(count, dtype=np.float32) / np.float32(rate_hz)
    noise = rng.standard_normal((2, count), dtype=np.float32)
    low = sosfilt(butter(2, (180, 1400), "bandpass", fs=rate_hz, output="sos"), noise)
    high = sosfilt(butter(2, (1400, 6000), "bandpass", fs=rate_hz, output="sos"), noise)
    echo = low * 10 ** (-3 * at / seconds) + 0.7 * high * 10 ** (-3 * at / (0.55 * seconds))
    echo *= np.clip(at / 0.015, 0, 1)
    echo = np.concatenate([np.zeros((2, round(0.02 * rate_hz))), echo], axis=1)
    echo /= np.sqrt(np.sum(np.square(echo), axis=1, keepdims=True))
    wet = oaconvolve(send, echo.astype(np.float32), mode="full", axes=1)
    return np.asarray(wet[:, : send.shape[1]], np.float32)


def _toned(mix: Samples, tilt_db: float, rate_hz: int) -> Samples:
    """Take off what nobody hears below 30 Hz, make room for the voice around 2 kHz, and set how bright the top is."""
    from scipy.signal import butter, sosfilt

    sections = [butter(2, 30, "highpass", fs=rate_hz, output="sos")[0], _peaking(2000, -4.0, 0.6, rate_hz), _shelf(4000, tilt_db, rate_hz)]
    return np.asarray(sosfilt(np.array(sections), mix, axis=1), np.float32)


def _peaking(hz: float, gain_db: float, q: float, rate_hz: int) -> Sequence[float]:
    """Return a peaking filter (R. Bristow-Johnson, Audio EQ Cookbook)."""
    a, w = 10 ** (gain_db / 40), 2 * np.pi * hz / rate_hz
    alpha = np.sin(w) / (2 * q)
    over = np.array([1 + alpha * a, -2 * np.cos(w), 1 - alpha * a, 1 + alpha / a, -2 * np.cos(w), 1 - alpha / a])
    return list(over / over[3])


def _shelf(hz: float, gain_db: float, rate_hz: int) -> Sequence[float]:
    """Return a high shelf of slope 1 (R. Bristow-Johnson, Audio EQ Cookbook)."""
    a, w = 10 ** (gain_db / 40), 2 * np.pi * hz / rate_hz
    cos, root = np.cos(w), np.sin(w) * np.sqrt(2 * a)
    over = np.array(
        [
            a * (a + 1 + (a - 1) * cos + root),
            -2 * a * (a - 1 + (a + 1) * cos),
            a * (a + 1 + (a - 1) * cos - root),
            a + 1 - (a - 1) * cos + root,
            2 * (a - 1 - (a + 1) * cos),
            a + 1 - (a - 1) * cos - root,
        ]
    )
    return list(over / over[3])


def _ring_out(mix: Samples, end: int, rate_hz: int) -> None:
    """Let the last chord die away in place, to silence just before the file ends."""
    silent = mix.shape[1] - round(_TAIL_S * rate_hz)
    start = end + (silent - end) // 3
    mix[:, start:silent] *= np.cos(np.linspace(0, np.pi / 2, silent - start, dtype=np.float32)) ** 2
    mix[:, silent:] = 0
