"""Sound files and the mix: read, write, duck the music under the voice, put every track in its place.

Nothing here delays: filters run both ways and resampling is aligned, so that a word is heard in the mix when its time says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reelkit.errors import AudioError
from reelkit.media.highpass import without_rumble
from reelkit.model import AudioTrack, GainPoint
from reelkit.whole import whole_file

__all__ = ["as_mono", "clean_narration", "duck_envelope", "even_out", "fade", "loop_of", "mix_tracks", "read_audio", "write_wav"]

Samples = NDArray[np.float32]

DEMUXERS = "wav,w64,aiff,caf,mp3,aac,flac,ogg,mov,mp4,m4a,matroska,webm,asf"
"""Containers that hold their own sound; no playlist is among them, so that a file cannot make the decoder open another."""

CLICKLESS_S = 0.02
"""A sound that is cut fades over so long: shorter is a click."""

_LOOP_S = 1.0
_BLOCK = 1 << 18
_TURNED = 0.05
"""The mean of two channels has less than this share of their difference's power: they cancel out."""


def read_audio(path: Path, *, rate_hz: int | None = None, limit_s: float = 600.0) -> tuple[Samples, int]:
    """Read a sound file, or the sound of a video.

    Parameters
    ----------
    path : Path
        WAV, MP3, M4A, FLAC, Ogg and what else FFmpeg decodes. Only this file is opened, whatever it says.
    rate_hz : int, optional
        Resample to this rate (soxr, HQ: linear phase, no delay).
    limit_s : float
        Reading stops here.

    Returns
    -------
    samples : ndarray of float32 [shape=(n, channels)]
        One or two channels; more are mixed down to two.
    rate_hz : int

    Raises
    ------
    AudioError
        When the file is missing, is no sound, or is damaged so that nothing can be decoded; one line.
    """
    samples, own_rate_hz = _decode(path, limit_s)
    if rate_hz is None or rate_hz == own_rate_hz:
        return samples, own_rate_hz
    return _resampled(samples, own_rate_hz, rate_hz), rate_hz


def as_mono(samples: Samples) -> Samples:
    """Return a sound's channels as one [shape=(n,)].

    Where one channel is the other one turned over, as from a cable that is wired the wrong way, it is turned back: their mean is silent.

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n, channels)]
    """
    mean: Samples = samples.mean(axis=1, dtype=np.float32)
    if samples.shape[1] == 2:
        apart = (samples[:, 0] - samples[:, 1]) / 2
        if np.square(mean).sum(dtype=np.float64) < _TURNED * np.square(apart).sum(dtype=np.float64):
            return np.asarray(apart, np.float32)
    return mean


def _decode(path: Path, limit_s: float) -> tuple[Samples, int]:
    import av

    if not path.is_file():
        fault = "is not a file" if path.exists() else "does not exist"
        raise AudioError(f"sound file {path}: {fault}; name a WAV, MP3, M4A, FLAC or Ogg file")
    taken = 0
    try:
        options = {"protocol_whitelist": "file", "format_whitelist": DEMUXERS}
        with av.open(f"file:{path.absolute()}", options=options, timeout=10.0) as container:
            if not container.streams.audio:
                raise AudioError(f"sound file {path.name}: holds no sound; name a WAV, MP3, M4A, FLAC or Ogg file")
            stream = next((each for each in container.streams.audio if each.codec_context is not None), None)
            if stream is None:
                raise AudioError(f"sound file {path.name}: is in a form that cannot be decoded here; convert it to WAV, MP3 or M4A")
            rate_hz = stream.rate
            evened = _evened(rate_hz)
            limit = int(limit_s * rate_hz)
            # Read in place: pieces put together at the end would hold minutes of sound twice. What is never written takes no memory.
            samples = np.empty((limit, 2 if stream.channels > 1 else 1), np.float32)
            for packet in container.demux(stream):
                try:
                    frames = [even for frame in packet.decode() for even in evened(frame)]
                except av.InvalidDataError:  # a damaged packet is skipped, as players do
                    continue
                for frame in frames:
                    piece = np.asarray(frame.to_ndarray(), np.float32).reshape(-1, frame.layout.nb_channels)[: limit - taken]
                    # FFmpeg would make one of two channels 3 dB louder, and two of one 3 dB softer.
                    samples[taken : taken + len(piece)] = piece if samples.shape[1] == 2 else piece.mean(axis=1, keepdims=True)
                    taken += len(piece)
                if taken >= limit:
                    break
    except AudioError:
        raise
    except (av.FFmpegError, ValueError, OSError):
        raise AudioError(f"sound file {path.name}: cannot be read as sound; name a whole WAV, MP3, M4A, FLAC or Ogg file") from None
    if not taken:
        raise AudioError(f"sound file {path.name}: no sound can be decoded from it; name a whole WAV, MP3, M4A, FLAC or Ogg file")
    samples = samples[:taken]
    if not np.isfinite(samples).all():
        raise AudioError(f"sound file {path.name}: holds values that are not numbers; export it again")
    return samples, rate_hz


def _evened(rate_hz: int) -> Callable[[Any], list[Any]]:
    """Return what gives frames of one rate, of one or two channels, from those of a file, which may change its own, as files put together
    do."""
    import av

    known: list[tuple[Any, Any]] = []

    def evened(frame: Any) -> list[Any]:
        kind = frame.format.name, frame.layout.name, frame.sample_rate
        rest: list[Any] = []
        if not known or known[0][0] != kind:
            rest = known[0][1].resample(None) if known else []
            layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
            known[:] = [(kind, av.AudioResampler(format="flt", layout=layout, rate=rate_hz))]
        return [*rest, *known[0][1].resample(frame)]

    return evened


def _resampled(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    import soxr

    return samples if from_hz == to_hz else np.asarray(soxr.resample(samples, from_hz, to_hz, quality="HQ"), np.float32)


def write_wav(path: Path, samples: Samples, rate_hz: int) -> Path:
    """Write a WAV of 32-bit floats, which :func:`read_audio` reads back equal; the file appears whole or not at all.

    Parameters
    ----------
    path : Path
    samples : ndarray of float32 [shape=(n,) or (n, channels)]
    rate_hz : int
    """
    from scipy.io import wavfile

    with whole_file(path) as temporary:
        wavfile.write(temporary, rate_hz, np.asarray(samples, np.float32))
    return path


def duck_envelope(
    spans: Sequence[tuple[int, int]],
    *,
    sample_count: int,
    rate_hz: int,
    duck_db: float = 3.0,
    max_db_per_s: float = 6.0,
    look_ahead_ms: float = 100.0,
) -> tuple[GainPoint, ...]:
    """Plan how music moves around the voice: 0 dB under every sentence, ``duck_db`` higher where nobody speaks for long enough.

    Faster than 6 dB/s is heard as pumping, so music rises only in a gap that has time for the whole way up and down; between sentences
    of one thought it stays where it is. It is down ``look_ahead_ms`` before a sentence begins.

    Parameters
    ----------
    spans : sequence of (int, int)
        Start and end of each sentence, in samples at ``rate_hz``.
    sample_count : int
        Length of the reel's sound.
    rate_hz : int
    duck_db : float
        How far the music comes down under a sentence.
    max_db_per_s : float
        The steepest that the gain may change.
    look_ahead_ms : float

    Returns
    -------
    tuple of GainPoint
        Empty where the music never moves.

    Examples
    --------
    >>> points = duck_envelope([(0, 48000), (240000, 288000)], sample_count=288000, rate_hz=48000)
    >>> [(point.at / 48000, point.gain_db) for point in points]
    [(1.0, 0.0), (1.5, 3.0), (4.4, 3.0), (4.9, 0.0)]
    """
    ramp = -(-duck_db * rate_hz // max_db_per_s)
    ahead = look_ahead_ms * rate_hz / 1000
    points: list[GainPoint] = []

    def move(at: float, from_db: float, to_db: float) -> None:
        points.extend((GainPoint(at=round(at), gain_db=from_db), GainPoint(at=round(at + ramp), gain_db=to_db)))

    free_from = 0
    for start, end in sorted(spans):
        quiet_by = start - ahead
        opening = free_from == 0
        if quiet_by - free_from >= ramp * (1 if opening else 2):
            if not opening:
                move(free_from, 0.0, duck_db)
            move(quiet_by - ramp, duck_db, 0.0)
        free_from = max(free_from, end)
    if free_from and sample_count - free_from >= ramp:
        move(free_from, 0.0, duck_db)
    return tuple(points)


def mix_tracks(tracks: Sequence[AudioTrack], *, rate_hz: int = 48000, sample_count: int) -> Samples:
    """Mix the tracks of a timeline.

    Narration is cleaned (:func:`clean_narration`) and goes to both channels at its level. Music that is shorter than its track is looped
    over a crossfade, and never begins or ends with a click.

    Parameters
    ----------
    tracks : sequence of AudioTrack
    rate_hz : int
    sample_count : int
        Length of the mix; what reaches beyond is cut.

    Returns
    -------
    ndarray of float32 [shape=(sample_count, 2)]
        Before mastering: values may pass 1.

    Raises
    ------
    AudioError
        When a track's file cannot be read.
    """
    mix = np.zeros((sample_count, 2), np.float32)
    for track in tracks:
        end = sample_count if track.end is None else min(track.end, sample_count)
        if track.start < end:
            sound = _sound(track, rate_hz, end - track.start)
            mix[track.start : track.start + len(sound)] += sound
            del sound
    return mix


def _sound(track: AudioTrack, rate_hz: int, room: int) -> Samples:
    """Return what is heard of a track [shape=(n, 1 or 2)], at most ``room`` samples."""
    if track.kind == "narration":
        own, own_rate_hz = read_audio(track.path)
        sound = _resampled(clean_narration(own, own_rate_hz), own_rate_hz, rate_hz)[:room]
        fade(sound, track.fade_out if len(sound) == room else 0, out=True)
    elif track.kind in ("clip", "stinger"):
        sound = read_audio(track.path, rate_hz=rate_hz, limit_s=room / rate_hz + _LOOP_S)[0][:room]
    else:
        sound, _ = read_audio(track.path, rate_hz=rate_hz, limit_s=room / rate_hz + _LOOP_S)
        sound = _looped(sound, room, rate_hz)
        fade(sound, round(CLICKLESS_S * rate_hz), out=False)
        fade(sound, max(track.fade_out, round(CLICKLESS_S * rate_hz)), out=True)
    # In blocks: the places and gains of minutes of samples would weigh more than the sound.
    for at in range(0, len(sound), _BLOCK):
        sound[at : at + _BLOCK] *= _gains(track, at, min(_BLOCK, len(sound) - at))[:, None]
    return sound


def clean_narration(samples: Samples, rate_hz: int) -> Samples:
    """Take rumble off a voice (70 Hz high-pass, run both ways) and even it out gently, without moving it in time.

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n, channels)]
    rate_hz : int
    """
    if len(samples) < rate_hz // 10:
        return samples
    return even_out(without_rumble(samples, rate_hz, below_hz=70), rate_hz)


def even_out(samples: Samples, rate_hz: int, *, level_s: float = 0.03, follow_s: float = 0.08) -> Samples:
    """Compress 2:1 what stands over a sound's own average level, without delay and without changing how loud it is.

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n, channels)]
    rate_hz : int
    level_s : float
        Window over which the level is taken.
    follow_s : float
        Time in which the gain follows, before and after.
    """
    power = _mean_around(_power(samples), max(1, round(level_s * rate_hz)))
    sounding = power > power.max(initial=0.0) * 1e-4
    if not sounding.any():
        return np.asarray(samples, np.float32)
    average = power[sounding].mean(dtype=np.float64)
    over_db = 10 * np.log10(np.maximum(power / np.float32(average), np.float32(1)))
    for _ in range(2):
        over_db = _mean_around(over_db, max(1, round(follow_s * rate_hz)))
    even = samples * np.power(np.float32(10), over_db / -40)[:, None]
    even *= np.float32(np.sqrt(average / _power(even)[sounding].mean(dtype=np.float64)))
    return np.asarray(even, np.float32)


def _power(samples: Samples) -> Samples:
    """Return the mean square over the channels, for each sample."""
    return np.asarray(np.einsum("nc,nc->n", samples, samples) / np.float32(samples.shape[1]))


def _mean_around(values: Samples, count: int) -> Samples:
    """Return the mean of ``count`` values around each; beyond the ends they are mirrored."""
    return np.asarray(cv2.blur(values[None], (count, 1), borderType=cv2.BORDER_REFLECT)[0], np.float32)


def _gains(track: AudioTrack, first: int, count: int) -> Samples:
    """Return the track's gain for ``count`` of its samples from ``first`` on; between envelope points it is linear in dB."""
    gain_db = np.full(count, track.gain_db, np.float32)
    if track.envelope:
        at = np.arange(track.start + first, track.start + first + count)
        gain_db += np.interp(at, [point.at for point in track.envelope], [point.gain_db for point in track.envelope])
    return np.power(np.float32(10), gain_db / 20)


def loop_of(sound: Samples, count: int, rate_hz: int) -> tuple[int, int, int] | None:
    """Return how music goes on for ``count`` samples: its first that is heard, after how many it begins again, over how many it crossfades.

    None where it is played once: what is short by less than half a second has played to its end, and is not begun again. Silence at its
    ends is left out.
    """
    if len(sound) >= count - rate_hz // 2:
        return None
    loud = np.flatnonzero(np.abs(sound).max(axis=1) > 1e-3)
    if not len(loud):
        return None
    length = int(loud[-1]) + 1 - int(loud[0])
    overlap = min(round(_LOOP_S * rate_hz), length // 4)
    return int(loud[0]), length - overlap, overlap


def _looped(sound: Samples, count: int, rate_hz: int) -> Samples:
    """Return the sound as long as asked, starting again over a crossfade of equal power."""
    loop = loop_of(sound, count, rate_hz)
    if loop is None:
        return sound[:count]
    first, step, overlap = loop
    once = sound[first : first + step + overlap]
    angle = np.linspace(0, np.pi / 2, overlap, dtype=np.float32)[:, None]
    body = once.copy()
    body[:overlap] *= np.sin(angle)
    body[step:] *= np.cos(angle)
    looped = np.zeros((count + len(once), once.shape[1]), np.float32)
    for at in range(0, count, step):
        looped[at : at + len(once)] += body
    looped[:overlap] = once[:overlap]
    return looped[:count]


def fade(samples: Samples, count: int, *, out: bool) -> None:
    """Fade a sound's beginning in, or its end out, in place, over a raised cosine.

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n, channels)]
    count : int
        Samples over which it fades; at most all.
    out : bool
        Its end, else its beginning.
    """
    count = min(count, len(samples))
    if not count:
        return
    shape = (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, count, dtype=np.float32)))[:, None]
    if out:
        samples[len(samples) - count :] *= shape[::-1]
    else:
        samples[:count] *= shape
