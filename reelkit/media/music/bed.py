"""From a score to a finished bed: play, place, blend, leave room for the voice, end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reelkit.errors import BrandError
from reelkit.media.audio import even_out, write_wav
from reelkit.media.loudness import limit_true_peak, measure_loudness
from reelkit.media.music import instruments
from reelkit.media.music.moods import MOODS, Mood
from reelkit.media.music.room import echo, ring_out
from reelkit.media.music.score import Note, Score, bed_rng, write_score

__all__ = ["compose_bed"]

Samples = NDArray[np.float32]

BED_LUFS = -18.0
_DRUMS = tuple(instruments.DRUMS)
_GROUPS = {"pad": ("pad",), "keys": ("keys",), "arpeggio": ("arpeggio",), "lead": ("lead",), "bass": ("bass",), "drums": _DRUMS}
_SENDS = {"pad": 0.5, "keys": 0.8, "arpeggio": 0.8, "lead": 1.0, "bass": 0.0, "drums": 0.25}
_DRUM_LEVELS = {
    "kick": 1.0,
    "rim": 0.25,
    "snare": 0.3,
    "clap": 0.34,
    "hat": 0.2,
    "open": 0.14,
    "crash": 0.12,
    "shaker": 0.15,
    "swell": 0.14,
}
_DRUM_PANS = {"rim": -0.15, "clap": 0.1, "hat": 0.25, "open": 0.25, "crash": -0.2, "shaker": -0.35}


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
    rng = bed_rng(f"bed {mood}", seed)
    score = write_score(MOODS[mood], tempo_bpm=tempo_bpm, duration_s=duration_s, rng=rng)
    band = _Band(score, MOODS[mood], rate_hz, rng, rng.standard_normal(4 * rate_hz, dtype=np.float32))
    bed = _blended(band, round(duration_s * rate_hz)).T
    gain_db = BED_LUFS - measure_loudness(bed, rate_hz).lufs
    bed *= np.float32(10 ** (gain_db / 20) if math.isfinite(gain_db) else 1.0)
    return write_wav(path, limit_true_peak(bed, rate_hz, ceiling_dbtp=-1.5), rate_hz)


@dataclass(frozen=True)
class _Band:
    """Who plays a score: a mood's instruments, a source of chance, and white noise [shape=(n,)] for what is brushed."""

    score: Score
    mood: Mood
    rate_hz: int
    rng: np.random.Generator
    noise: Samples

    def bus(self, parts: Sequence[str], count: int) -> Samples:
        """Play some parts of the score [shape=(2, count)]."""
        bus = np.zeros((2, count), np.float32)
        for note in self.score.notes:
            at = self.at(note.beat)
            if note.part in parts and at < count:
                sound = self.sound(note)
                bus[:, at : at + sound.shape[1]] += sound[:, : count - at]
        return bus

    def at(self, beat: float) -> int:
        """Return the sample on which a beat falls."""
        return round(beat * 60 / self.score.bpm * self.rate_hz)

    def sound(self, note: Note) -> Samples:
        """Play one note in stereo [shape=(2, n)]."""
        mood, beat_s = self.mood, 60 / self.score.bpm
        seconds = note.beats * beat_s
        if note.part == "pad":
            played = instruments.pad(note.pitch, seconds, rate_hz=self.rate_hz, corner_hz=mood.pad_hz, period_s=8 * beat_s, rng=self.rng)
            return played * np.float32(note.strength)
        if note.part == "bass":
            return _panned(instruments.bass(note.pitch, seconds, note.strength, rate_hz=self.rate_hz, edge=mood.bass_edge), 0.0)
        if note.part in _DRUMS:
            noise = self.noise[int(self.rng.integers(len(self.noise) // 4)) :]
            stroke = instruments.drum(note.part, note.strength, rate_hz=self.rate_hz, seconds=min(seconds, 3.0), noise=noise)
            return _panned(stroke * np.float32(_DRUM_LEVELS[note.part]), _DRUM_PANS.get(note.part, 0.0))
        kind = {"keys": mood.keys, "arpeggio": "pluck" if mood.keys == "rhodes" else mood.keys, "lead": mood.lead}[note.part]
        side = {"keys": (note.pitch - 62) / 40, "arpeggio": 0.35 if note.beat % 1 else -0.35, "lead": 0.12}[note.part]
        return _panned(instruments.keys(kind, note.pitch, round(seconds, 2), round(note.strength, 1), rate_hz=self.rate_hz), side)


def _blended(band: _Band, count: int) -> Samples:
    """Return all parts at their levels, in a room, evened out and with an end [shape=(2, count)]."""
    from scipy.signal import oaconvolve, sosfilt

    mood, rate_hz = band.mood, band.rate_hz
    mix, send = np.zeros((2, count), np.float32), np.zeros((2, count), np.float32)
    for group, parts in _GROUPS.items():
        bus = band.bus(parts, count)
        power = np.einsum("cn,cn->n", bus, bus) / 2
        heard = power[power > 1e-8]
        if len(heard):
            bus *= np.float32(10 ** (mood.levels_db[group] / 20) / np.sqrt(heard.mean(dtype=np.float64)))
            mix += bus
            bus *= np.float32(_SENDS[group])
            send += bus
    wet = np.float32(10 ** (mood.room_db / 20))
    for channel, response in enumerate(echo(mood.room_s, rate_hz, band.rng)):
        mix[channel] += wet * oaconvolve(send[channel], response)[:count]
        mix[channel] = sosfilt(_tone(mood.tilt_db, rate_hz), mix[channel])
    mix = even_out(mix.T, rate_hz, level_s=0.1, follow_s=0.15).T
    ring_out(mix, band.at(band.score.end_beat), rate_hz)
    return mix


def _panned(sound: Samples, side: float) -> Samples:
    """Place a mono sound between left (-1) and right (1) at equal power."""
    angle = (min(max(side, -1.0), 1.0) + 1) * np.pi / 4
    return np.stack([sound * np.float32(np.cos(angle)), sound * np.float32(np.sin(angle))])


def _tone(tilt_db: float, rate_hz: int) -> NDArray[np.float64]:
    """Return filters that take off what nobody hears, make room for the voice around 2 kHz, and set how bright the top is."""
    from scipy.signal import butter

    return np.array(
        [butter(2, 30, "highpass", fs=rate_hz, output="sos")[0], _peaking(2000, -3.0, 0.7, rate_hz), _shelf(4000, tilt_db, rate_hz)]
    )


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
