"""Loudness: measured by EBU R128, set by one gain and a true-peak limiter, and kept through the AAC encoder.

A reel's sound is mastered once: a static gain from a measured pass, then a limiter. (A dynamic normaliser on the mix would undo the
ducking.) What counts is what a phone decodes, so the AAC is decoded and measured again, and the gain corrected, before it is handed on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reelkit.media.aac import AAC_FRAME, StereoSound, decode_aac, encode_aac, stereo_frames

__all__ = ["EncodedAudio", "Loudness", "encode_audio", "limit_true_peak", "measure_loudness", "under_voice_gain_db"]

Samples = NDArray[np.float32]

PEAK_STEP = 8
LIMITERS = ((5.0, 60.0), (2.5, 240.0), (1.2, 1000.0), (0.6, 4000.0), (0.2, 16000.0))
"""Look-ahead (ms) and release (dB/s), from the gentlest; speech and music stay with the first."""


@dataclass(frozen=True)
class Loudness:
    """How loud something is (EBU R128).

    Parameters
    ----------
    lufs : float
        Integrated loudness; ``-inf`` for silence and for less than 0.4 s, the length of one gating block.
    true_peak_dbtp : float
        The highest peak between samples too (4 times oversampled); ``-inf`` for silence.
    range_lu : float
        Loudness range (EBU Tech 3342); 0 for what is short or even.
    """

    lufs: float
    true_peak_dbtp: float
    range_lu: float = 0.0

    def __repr__(self) -> str:
        return f"<Loudness {self.lufs:.1f} LUFS, {self.true_peak_dbtp:.1f} dBTP, range {self.range_lu:.1f} LU>"


@dataclass(frozen=True)
class EncodedAudio:
    """AAC-LC packets ready to be muxed, packet k at sample ``k * frame_samples``, with no delay to skip.

    Parameters
    ----------
    packets : tuple of bytes
        Raw AAC frames that cover ``sample_count``; the last is padded with silence.
    extradata : bytes
        The AudioSpecificConfig.
    rate_hz, channels, frame_samples, bitrate : int
    sample_count : int
        Length of the mix that was encoded.
    loudness : Loudness
        Measured on the decoded packets.
    gain_db : float
        The static gain that was applied to the mix.
    """

    packets: tuple[bytes, ...]
    extradata: bytes
    rate_hz: int
    channels: int
    frame_samples: int
    bitrate: int
    sample_count: int
    loudness: Loudness
    gain_db: float

    def __repr__(self) -> str:
        return f"<EncodedAudio {self.sample_count / self.rate_hz:.2f} s, {len(self.packets)} packets, {self.loudness!r}>"


def measure_loudness(samples: Samples, rate_hz: int) -> Loudness:
    """Measure loudness and true peak by FFmpeg's ``ebur128`` (ITU-R BS.1770-4, EBU R128).

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n,), (n, 1) or (n, 2)]
        Mono is measured as it will be heard, on both channels.
    rate_hz : int

    Examples
    --------
    A 997 Hz sine at -23 dBFS in both channels is -23 LUFS by definition (EBU Tech 3341, case 1):

    >>> sine = np.sin(2 * np.pi * 997 * np.arange(48000) / 48000) * 10 ** (-23 / 20)
    >>> measure_loudness(np.stack([sine, sine], axis=1).astype(np.float32), 48000)
    <Loudness -23.0 LUFS, -23.0 dBTP, range 0.0 LU>
    """
    return _measure(np.broadcast_to(samples.reshape(len(samples), -1), (len(samples), 2)), rate_hz, peak="true")


def _measure(samples: StereoSound, rate_hz: int, *, peak: str) -> Loudness:
    import av
    from av.filter import Graph

    graph = Graph()
    source = graph.add_abuffer(sample_rate=rate_hz, format="flt", layout="stereo")
    meter = graph.add("ebur128", f"peak={peak}:metadata=1")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    # The meter reports once per 100 ms: a second of silence after the end brings the last peaks out, and is not gated in.
    whole, seen = len(samples) * 10 // rate_hz, 0
    lufs, true_peak, range_lu = -math.inf, 0.0, 0.0

    def read_meter() -> None:
        nonlocal seen, lufs, true_peak, range_lu
        while True:
            try:
                facts = sink.pull().metadata
            except (av.BlockingIOError, av.EOFError):
                return
            seen += 1
            true_peak = max(true_peak, float(facts.get("lavfi.r128.true_peak", "0")))
            if seen == whole:
                lufs, range_lu = float(facts["lavfi.r128.I"]), float(facts["lavfi.r128.LRA"])

    for sound in (samples, np.zeros((rate_hz, 2), np.float32)):
        for frame in stereo_frames(sound, rate_hz, size=rate_hz, sample_format="flt"):
            source.push(frame)
            read_meter()
    source.push(None)
    read_meter()
    peak_db = 20 * math.log10(true_peak) if true_peak > 0 else -math.inf
    # The meter starts at -70, the absolute gate, and stays there where nothing passed it.
    return Loudness(lufs if lufs > -70.0 else -math.inf, round(peak_db, 2), range_lu)


def under_voice_gain_db(voice: Loudness, music: Loudness, under_db: float) -> float:
    """Return the gain that puts music ``under_db`` under a voice; 0 where either is silent.

    Examples
    --------
    >>> under_voice_gain_db(Loudness(-20.0, -3.0), Loudness(-16.0, -6.0), 19.0)
    -23.0
    """
    gain_db = voice.lufs - under_db - music.lufs
    return gain_db if math.isfinite(gain_db) else 0.0


def limit_true_peak(samples: Samples, rate_hz: int, *, ceiling_dbtp: float) -> Samples:
    """Bring peaks, also those between samples, under a ceiling without delay.

    The reduction that each sample needs is held and smoothed over 5 ms on both sides, so the gain is down before a peak comes and moves
    without steps; afterwards it returns at 60 dB/s. All channels get the same gain.

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n, channels)]
    rate_hz : int
    ceiling_dbtp : float

    Examples
    --------
    >>> loud = np.full((480, 2), 1.5, np.float32)
    >>> limited = limit_true_peak(loud, 48000, ceiling_dbtp=-6.0)
    >>> bool(np.abs(limited).max() <= 10 ** (-6 / 20))
    True
    """
    at_steps = _limiter_gains(
        _true_peaks(samples, rate_hz), rate_hz, ceiling_dbtp=ceiling_dbtp, around_ms=LIMITERS[0][0], release_db_per_s=LIMITERS[0][1]
    )
    return np.asarray(samples * _between_steps(at_steps)[: len(samples), None], np.float32)


def _true_peaks(samples: Samples, rate_hz: int) -> NDArray[np.float64]:
    """Return for every 8 samples the highest magnitude in them and up to the next, 4 times oversampled, over all channels."""
    import soxr

    peaks = np.zeros(-(-len(samples) // PEAK_STEP))
    step, around = 1 << 17, 1 << 10
    for start in range(0, len(samples), step):
        first = max(0, start - around)
        finer = soxr.resample(samples[first : start + step + around], rate_hz, 4 * rate_hz, quality="HQ")
        magnitudes = np.abs(finer[4 * (start - first) : 4 * (start - first + step)]).ravel()
        found = np.maximum.reduceat(magnitudes, np.arange(0, len(magnitudes), 4 * PEAK_STEP * finer.shape[1]))[: step // PEAK_STEP]
        peaks[start // PEAK_STEP : start // PEAK_STEP + len(found)] = found
    return peaks


def _limiter_gains(peaks: NDArray[np.float64], rate_hz: int, *, ceiling_dbtp: float, around_ms: float, release_db_per_s: float) -> Samples:
    """Return a smooth gain for every 8 samples, on lines between which it keeps the peaks of all of them under the ceiling."""
    over_db = 20 * np.log10(np.maximum(peaks / 10 ** (ceiling_dbtp / 20), 1.0))
    fall = np.arange(len(over_db)) * (release_db_per_s * PEAK_STEP / rate_hz)
    over_db = np.maximum.accumulate(over_db + fall) - fall
    half = max(1, round(around_ms * rate_hz / 2000 / PEAK_STEP))
    # The mean over a window of the maximum over the same window is nowhere below what was asked for; one step more on each side
    # covers the line that is drawn between steps.
    over_db = cv2.dilate(over_db[None], np.ones((1, 4 * half + 3), np.uint8))
    for _ in range(2):
        over_db = cv2.blur(over_db, (2 * half + 1, 1), borderType=cv2.BORDER_REFLECT)
    return np.asarray(np.power(10.0, over_db[0] / -20), np.float32)


def _between_steps(at_steps: Samples) -> Samples:
    """Return a gain for each sample, on lines between those of the steps."""
    between = np.linspace(0, 1, PEAK_STEP, endpoint=False, dtype=np.float32)
    return np.asarray((at_steps[:, None] + np.diff(at_steps, append=at_steps[-1:])[:, None] * between).reshape(-1))


class _Mastered:
    """A mix under its gains, worked out where it is read: as a whole it would take as much memory as the mix once more."""

    def __init__(self, mix: Samples, at_steps: Samples, gain_db: float) -> None:
        self._mix, self._at_steps, self._gain = mix, at_steps, np.float32(10 ** (gain_db / 20))

    def __len__(self) -> int:
        return len(self._mix)

    def __getitem__(self, part: slice) -> Samples:
        start, end, _ = part.indices(len(self._mix))
        first = start // PEAK_STEP
        # One step more at the end, to which the last line is drawn.
        gains = _between_steps(self._at_steps[first : -(-end // PEAK_STEP) + 1])[start - first * PEAK_STEP :][: end - start]
        return np.asarray(self._mix[start:end] * (gains * self._gain)[:, None], np.float32)


def encode_audio(
    mix: Samples,
    rate_hz: int = 48000,
    *,
    target_lufs: float = -14.0,
    max_true_peak_dbtp: float = -1.0,
    bitrate: int = 192_000,
) -> EncodedAudio:
    """Master a mix to a loudness and encode it as AAC-LC.

    One gain for the whole mix, a limiter 0.5 dB under the allowed peak (AAC overshoots), then the packets are decoded and measured, and
    gain and ceiling corrected for another take, up to the third; the best one counts. What R128 gates as silence is encoded as it is. The
    same mix gives the same bytes.

    Parameters
    ----------
    mix : ndarray of float32 [shape=(n, 2)]
        Any level; values beyond 1 are fine.
    rate_hz : int
    target_lufs : float
        Landed on within 0.2 LU. Where peaks stand out so far (lone clicks) that the limiter would have to take more than 12 dB off, the
        sound stays quieter.
    max_true_peak_dbtp : float
        A take that keeps it comes before one that does not.
    bitrate : int
        In bit/s.
    """
    loudness = _measure(mix, rate_hz, peak="none")
    peaks = _true_peaks(mix, rate_hz)
    plain_db = target_lufs - loudness.lufs if math.isfinite(loudness.lufs) else 0.0
    gain_db, aim_lufs, ceiling_dbtp = plain_db, target_lufs, max_true_peak_dbtp - 0.5
    takes: list[EncodedAudio] = []
    while len(takes) < 3:
        mastered, gain_db = _master(
            mix, peaks, rate_hz, gain_db=gain_db, most_db=plain_db + 12.0, aim_lufs=aim_lufs, ceiling_dbtp=ceiling_dbtp
        )
        packets, extradata = encode_aac(mastered, rate_hz, bitrate=bitrate)
        del mastered
        heard = measure_loudness(decode_aac(packets, extradata)[: len(mix)], rate_hz)
        takes.append(EncodedAudio(packets, extradata, rate_hz, 2, AAC_FRAME, bitrate, len(mix), heard, gain_db))
        off, over = target_lufs - heard.lufs, heard.true_peak_dbtp - max_true_peak_dbtp
        if over <= 0 and not 0.2 < abs(off) < math.inf:
            break
        if math.isfinite(off):
            aim_lufs += off
            gain_db += off
        ceiling_dbtp -= max(0.0, over + 0.1)
    return min(takes, key=lambda take: (take.loudness.true_peak_dbtp > max_true_peak_dbtp, abs(take.loudness.lufs - target_lufs)))


def _master(
    mix: Samples, peaks: NDArray[np.float64], rate_hz: int, *, gain_db: float, most_db: float, aim_lufs: float, ceiling_dbtp: float
) -> tuple[_Mastered, float]:
    """Return the mix with gain and limiter, and the gain, raised until what the limiter takes away is made up for.

    Where peaks come faster than the limiter recovers, it takes away what the gain adds; it must then act more briefly.
    """
    for around_ms, release_db_per_s in LIMITERS:
        try_db, slope, before = min(gain_db, most_db), 1.0, (0.0, math.inf)
        for _ in range(5):
            at_steps = _limiter_gains(
                peaks * 10 ** (try_db / 20), rate_hz, ceiling_dbtp=ceiling_dbtp, around_ms=around_ms, release_db_per_s=release_db_per_s
            )
            limited = at_steps.min() < 1.0
            mastered = _Mastered(mix, at_steps, try_db)
            missing = aim_lufs - _measure(mastered, rate_hz, peak="none").lufs
            if not limited or not 0.05 < abs(missing) < math.inf:
                return mastered, try_db
            if before[1] < math.inf and try_db != before[0]:
                slope = (before[1] - missing) / (try_db - before[0])
            before = (try_db, missing)
            if slope < 0.4 or try_db + missing > most_db + 6.0:
                break
            try_db = min(try_db + missing / slope, most_db)
    return mastered, try_db
