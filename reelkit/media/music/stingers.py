"""Stingers: a breath of sound into a change of scene, in the bed's key and tempo, so soft that it is missed rather than heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reelkit.errors import BrandError
from reelkit.media.audio import write_wav
from reelkit.media.loudness import measure_loudness
from reelkit.media.music.instruments import keys
from reelkit.media.music.moods import MOODS
from reelkit.media.music.room import echo
from reelkit.media.music.score import bed_rng, choose_tonic, felt_tempo

__all__ = ["STINGER_LUFS", "compose_stinger", "stinger_kinds", "stinger_lead_s"]

Samples = NDArray[np.float32]

STINGER_LUFS = -23.0
_TAIL_S = 1.4
_ROOM_S, _ROOM_DB = 1.6, -6.0


def stinger_kinds(mood: str | None) -> tuple[str, ...]:
    """Return the kinds there are: all over a bed of a mood, only those without a pitch over other music or none."""
    return tuple(kind for kind in _KINDS if mood in MOODS or kind not in _PITCHED)


def stinger_lead_s(tempo_bpm: float) -> float:
    """Return how long a stinger leads up to its moment: a beat."""
    return 60.0 / felt_tempo(tempo_bpm)


def compose_stinger(path: Path, *, kind: str, mood: str | None, tempo_bpm: float, seed: int, rate_hz: int = 48000) -> Path:
    """Compose a stinger and write it as a stereo WAV at -23 LUFS: a beat that leads up to its moment, then its echo.

    Parameters
    ----------
    path : Path
    kind : {"rise", "fall", "chime", "answer"}
        Air that swells and is gone; a soft fall; one note of the bed's chord at home; two of them.
    mood : str or None
        Of the bed, with its tempo and seed; None where there is none, and so no key.
    tempo_bpm : float
    seed : int
    rate_hz : int

    Raises
    ------
    BrandError
        When there is no such kind for that mood.
    """
    from scipy.signal import butter, oaconvolve, sosfilt

    if kind not in stinger_kinds(mood):
        raise BrandError(f"music: there is no stinger '{kind}' here; use one of {', '.join(stinger_kinds(mood))}")
    rng = bed_rng(f"stinger {kind} {mood}", seed)
    tonic = choose_tonic(bed_rng(f"bed {mood}", seed))
    lead = round(stinger_lead_s(tempo_bpm) * rate_hz)
    dry = np.zeros((2, lead + round(_TAIL_S * rate_hz)), np.float32)
    _KINDS[kind](_Take(dry, lead, tonic, mood, rate_hz, rng))
    wet = dry.copy()
    for channel, response in enumerate(echo(_ROOM_S, rate_hz, rng)):
        wet[channel] += np.float32(10 ** (_ROOM_DB / 20)) * oaconvolve(dry[channel], response)[: dry.shape[1]]
    # The voice keeps its consonants, and the end is silence.
    wet = sosfilt(butter(1, (90, 5000), "bandpass", fs=rate_hz, output="sos"), wet, axis=1).astype(np.float32)
    over = round(0.7 * _TAIL_S * rate_hz)
    wet[:, -over:] *= np.cos(np.linspace(0, np.pi / 2, over, dtype=np.float32)) ** 2
    stinger = wet.T
    stinger = stinger * np.float32(10 ** ((STINGER_LUFS - measure_loudness(stinger, rate_hz).lufs) / 20))
    return write_wav(path, stinger, rate_hz)


@dataclass(frozen=True)
class _Take:
    """A stinger while it is made: its sound [shape=(2, n)], the sample of its moment, its key, and a source of chance."""

    dry: Samples
    moment: int
    tonic: int
    mood: str | None
    rate_hz: int
    rng: np.random.Generator

    def rise(self) -> None:
        """Let air swell over the beat, brighter as it comes, and end within 60 ms of its moment."""
        gone, moment = round(0.06 * self.rate_hz), self.moment
        noise = self.rng.standard_normal((2, moment + gone))
        dark, bright = (_between(noise, band, self.rate_hz) for band in ((200, 800), (700, 1900)))
        along = np.linspace(0, 1, moment)
        swell = np.concatenate([along**2.5, np.cos(np.linspace(0, np.pi / 2, gone)) ** 2])
        opening = np.concatenate([along**2, np.ones(gone)])
        self.dry[:, : moment + gone] += (swell * (dark * (1 - 0.6 * opening) + 0.4 * bright * opening)).astype(np.float32)

    def fall(self) -> None:
        """Let something soft and low land, with a little air after it."""
        at = np.arange(round(0.5 * self.rate_hz)) / self.rate_hz
        turns = 70 * at + 60 * 0.06 * (1 - np.exp(-at / 0.06))
        body = np.sin(2 * np.pi * turns) * np.exp(-at / 0.16) * np.minimum(at / 0.006, 1)
        air = _between(self.rng.standard_normal((2, len(at))), (400, 2200), self.rate_hz) * np.exp(-at / 0.12) * np.minimum(at / 0.01, 1)
        self.dry[:, self.moment : self.moment + len(at)] += (body + 0.12 * air).astype(np.float32)

    def chime(self) -> None:
        """Strike the tonic on the moment."""
        self._strike(self.moment, 72 + (self.tonic - 72) % 12, 0.8, side=0.15)

    def answer(self) -> None:
        """Strike the fifth half a beat before, the tonic above it on the moment."""
        home = 72 + (self.tonic - 72) % 12
        self._strike(self.moment // 2, home - 5, 0.55, side=-0.25)
        self._strike(self.moment, home, 0.8, side=0.25)

    def _strike(self, at: int, pitch: int, strength: float, *, side: float) -> None:
        assert self.mood is not None
        sound = keys(MOODS[self.mood].lead, pitch, 0.6, strength, rate_hz=self.rate_hz)[: self.dry.shape[1] - at]
        angle = (side + 1) * np.pi / 4
        for channel, share in enumerate((np.cos(angle), np.sin(angle))):
            self.dry[channel, at : at + len(sound)] += np.float32(share) * sound


def _between(noise: NDArray[np.float64], band_hz: tuple[float, float], rate_hz: int) -> NDArray[np.float64]:
    from scipy.signal import butter, sosfilt

    return np.asarray(sosfilt(butter(2, band_hz, "bandpass", fs=rate_hz, output="sos"), noise, axis=1), np.float64)


_KINDS: dict[str, Callable[[_Take], None]] = {"rise": _Take.rise, "chime": _Take.chime, "fall": _Take.fall, "answer": _Take.answer}
_PITCHED = ("chime", "answer")
