"""A piece of music that somebody brought, cut to a reel's length as an editor would: on beats, and to an end that is one.

What is too long loses a stretch between two beats that sound alike; what is too short plays a stretch again. It ends with its own last
chord where it has one. A loop, or a piece that fades away, stops after a strong beat that rings out in a room.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reelkit.errors import AudioError
from reelkit.media.audio import read_audio, write_wav
from reelkit.media.highpass import without_rumble
from reelkit.media.music.beats import Pulse, find_pulse
from reelkit.media.music.room import echo, ring_out

__all__ = ["cut_song"]

Samples = NDArray[np.float32]

_LONGEST_S = 420.0
_SHORTEST_S = 2.0
"""What is shorter is no piece but a loop, and goes round and round."""
_LEAD_S, _JOIN_S = 0.03, 0.02
"""A cut comes so long before its beat, and fades over so long: what is struck on the beat is whole."""
_BAR = 4
_OFFSET, _UNHEARD_HZ = 0.01, 20.0
"""A piece whose mean lies further from 0 than this was recorded beside the middle: what cannot be heard of it is taken off."""
_ROOM_S, _ROOM_DB = 1.8, -9.0
_ALIVE_DB, _OVER_DB, _LAST_S = -6.0, -20.0, 3.5
"""Against its median level a piece still plays, or is over; between the two a last chord rings no longer than this."""


class _Head(NamedTuple):
    """Stretches of a song from its beginning to a beat, and how well they follow each other; less is better."""

    stretches: tuple[tuple[int, int], ...]
    beat: int
    cost: float


def cut_song(path: Path, *, source: Path, duration_s: float, rate_hz: int = 48000) -> Path:
    """Cut a piece of music to a length and write it as a WAV; the same arguments give the same bytes.

    Parameters
    ----------
    path : Path
    source : Path
        What :func:`reelkit.media.audio.read_audio` reads; of longer pieces the first seven minutes.
    duration_s : float
        Length of the file.
    rate_hz : int

    Raises
    ------
    AudioError
        When the source is no sound, or silent; one line.
    """
    samples, _ = read_audio(source, rate_hz=rate_hz, limit_s=_LONGEST_S)
    mean = samples.mean(axis=0, dtype=np.float64).astype(np.float32)
    if np.abs(mean).max() > _OFFSET:
        samples = without_rumble(samples - mean, rate_hz, below_hz=_UNHEARD_HZ)
    level = np.abs(samples).max(axis=1)
    loud = np.flatnonzero(level > max(10 ** (-50 / 20) * float(level.max()), 1e-4))
    if not len(loud):
        raise AudioError(f"sound file {source.name}: is silent; name another music file, or none")
    count = round(duration_s * rate_hz)
    if len(samples) < _SHORTEST_S * rate_hz:
        song = np.tile(samples, (count // len(samples) + 2, 1))
    else:
        song = samples[max(0, int(loud[0]) - rate_hz // 100) : int(loud[-1]) + 1]
    return write_wav(path, _Cutting(song, rate_hz).to(count), rate_hz)


class _Cutting:
    """A song and the places where it may be cut."""

    def __init__(self, song: Samples, rate_hz: int) -> None:
        self._song, self._rate_hz = song, rate_hz
        self._alive, self._has_an_end = _playing(song, rate_hz)
        pulse = _regular(find_pulse(song, rate_hz), len(song) / rate_hz)
        self._bands, self._beat = pulse.bands, round(60 / pulse.bpm * rate_hz)
        self._at = np.maximum(np.round((pulse.beats_s - _LEAD_S) * rate_hz).astype(int), 0)
        self._last = max(1, int(np.searchsorted(self._at, self._alive)) - 1)

    def to(self, count: int) -> Samples:
        """Return ``count`` samples of the song."""
        if self._has_an_end:
            if 0 <= count - len(self._song) <= self._beat:
                return _filled(self._song, count)
            heads = [head for last in range(max(1, self._last - 3 * _BAR), self._last + 1) for head in self._before_the_end(last, count)]
            if heads:
                return _filled(self._joined(min(heads, key=lambda head: head.cost).stretches), count)
        return self._ringing_out(count)

    def _before_the_end(self, last: int, count: int) -> Iterator[_Head]:
        """Yield ways to fill what comes before the song's own end, taken from its beat ``last`` on."""
        end = (int(self._at[last]), len(self._song))
        most = count - (end[1] - end[0])
        if most > 0.4 * count:
            for head in self._heads(most - self._beat, most):
                yield _Head((*head.stretches, end), last, head.cost + self._leap(head.beat, last))

    def _ringing_out(self, count: int) -> Samples:
        """Return a head to a strong beat, and that beat ringing out."""
        from scipy.signal import oaconvolve

        ring = round(min(max(0.12 * count, 0.8 * self._rate_hz), 1.9 * self._rate_hz))
        most = max(count - ring, 0)
        heads = list(self._heads(most - _BAR * self._beat, most)) or [_Head(((0, min(most, len(self._song) // 2)),), 0, 0.0)]
        head = min(heads, key=lambda head: head.cost + 0.4 * (head.beat % _BAR != self._downbeat))
        start = sum(end - begin for begin, end in head.stretches)
        begin = head.stretches[-1][1]
        held = min(self._beat, count - start, len(self._song) - begin)
        body = self._joined((*head.stretches, (begin, begin + held)))[: start + held]
        made = np.zeros((2, count), np.float32)
        made[:, : len(body)] = body.T
        # The beat is damped before the next one would come, and its room takes over.
        damped = np.cos(np.linspace(0, np.pi / 2, held - held // 3, dtype=np.float32)) ** 2
        made[:, start + held // 3 : start + held] *= damped
        struck = made[:, start : start + held]
        rng = np.random.Generator(np.random.PCG64(int.from_bytes(hashlib.sha256(b"song").digest()[:8], "big")))
        for channel, response in enumerate(echo(_ROOM_S, self._rate_hz, rng)):
            wet = oaconvolve(struck[channel], response)[: count - start]
            made[channel, start : start + len(wet)] += np.float32(10 ** (_ROOM_DB / 20)) * wet
        ring_out(made, start, self._rate_hz)
        return made.T

    def _heads(self, least: int, most: int) -> Iterator[_Head]:
        """Yield the ways to play from the beginning to a beat, over more than ``least`` and at most ``most`` samples.

        Where the song is not long enough, it goes back from its last beat to one that sounds alike, a whole number of bars before.
        """
        stretches: tuple[tuple[int, int], ...] = ()
        start, done, cost = 0, 0, 0.0
        while True:
            for beat in range(self._last + 1):
                length = done + int(self._at[beat]) - start
                if least < length <= most and self._at[beat] > start:
                    yield _Head((*stretches, (start, int(self._at[beat]))), beat, cost + 0.3 * (most - length) / self._beat)
            end = int(self._at[self._last])
            if done + end - start >= most or end - int(self._at[self._back]) < self._rate_hz // 4:
                return
            stretches += ((start, end),)
            done, start = done + end - start, int(self._at[self._back])
            cost += self._leap(self._last, self._back)

    @cached_property
    def _back(self) -> int:
        """The beat in the first half to which the last one goes back."""
        choices = range(self._last % _BAR, max(self._last // 2, 1), _BAR) or range(1)
        return min(choices, key=lambda beat: self._leap(self._last, beat))

    @cached_property
    def _downbeat(self) -> int:
        """Which of four beats begins a bar: the one on which the lowest bands are strongest."""
        low = self._bands[:, :6].mean(axis=1)
        return max(range(_BAR), key=lambda phase: float(low[phase::_BAR].mean()) if len(low) > phase else 0.0)

    def _leap(self, one: int, other: int) -> float:
        """Return how much it is heard that beat ``other`` comes where ``one`` was to come."""
        if one == other:
            return 0.0
        spread = float(np.linalg.norm(self._bands - self._bands.mean(axis=0), axis=1).mean()) or 1.0
        apart = [float(np.linalg.norm(self._bands[max(one - k, 0)] - self._bands[max(other - k, 0)])) / spread for k in (0, 1)]
        return apart[0] + 0.5 * apart[1] + 0.6 * ((one - other) % _BAR != 0)

    def _joined(self, stretches: Sequence[tuple[int, int]]) -> Samples:
        """Return stretches one after the other in stereo, each faded into the next over :data:`_JOIN_S`."""
        runs: list[list[int]] = []
        for start, end in stretches:
            if runs and runs[-1][1] == start:
                runs[-1][1] = end
            else:
                runs.append([start, end])
        join = round(_JOIN_S * self._rate_hz)
        joined = np.zeros((sum(end - start for start, end in runs) + join, 2), np.float32)
        angle = np.linspace(0, np.pi / 2, join, dtype=np.float32)[:, None]
        at = 0
        for number, (start, end) in enumerate(runs):
            piece = self._song[start : end + (join if number + 1 < len(runs) else 0)].copy()
            if number:
                piece[:join] *= np.sin(angle[: len(piece)])
            if len(piece) > end - start:
                piece[end - start :] *= np.cos(angle[: len(piece) - (end - start)])
            joined[at : at + len(piece)] += piece
            at += end - start
        return joined[:at]


def _playing(song: Samples, rate_hz: int) -> tuple[int, bool]:
    """Return the sample up to which a song plays, and whether it then comes to an end of its own."""
    from scipy.ndimage import uniform_filter1d

    block = rate_hz // 20
    blocks = song[: max(len(song) // block, 1) * block]
    power = np.square(blocks).mean(axis=1)[: len(blocks) // block * block].reshape(-1, block).mean(axis=1)
    if not len(power):
        return len(song), False
    heard = power[power > power.max() * 1e-5]
    usual = float(np.median(heard))
    alive = np.flatnonzero(uniform_filter1d(power, 8) > usual * 10 ** (_ALIVE_DB / 10))
    # Single strikes with nothing between them are never alive for long: they play up to the last one.
    until = min(int(alive[-1] + 1) * block, len(song)) if len(alive) else len(song)
    over = float(np.square(song[-block:]).mean()) < usual * 10 ** (_OVER_DB / 10)
    return until, over and len(song) - until < _LAST_S * rate_hz


def _regular(pulse: Pulse, seconds: float) -> Pulse:
    """Return the pulse, or one of two beats a second where nothing beats."""
    if len(pulse.beats_s) >= 2 * _BAR:
        return pulse
    beats = np.arange(0.0, max(seconds, 0.1), min(0.5, max(seconds, 0.1) / 4))
    return Pulse(beats, 60 / float(beats[1] - beats[0]), np.zeros((len(beats), pulse.bands.shape[1])))


def _filled(song: Samples, count: int) -> Samples:
    """Return a song with silence after it [shape=(count, channels)]."""
    return np.pad(song[:count], ((0, count - min(len(song), count)), (0, 0)))
