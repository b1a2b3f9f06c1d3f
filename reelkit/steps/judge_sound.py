"""Judging the sound: loudness, the narration's place in it, the music under it, all from the decoded AAC and the files themselves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial

import numpy as np
import soxr
from numpy.typing import NDArray

from reelkit.errors import CheckError, ReelkitError
from reelkit.media.audio import read_audio
from reelkit.media.inspect import PictureFacts, SoundFacts
from reelkit.media.loudness import Loudness, measure_loudness
from reelkit.model import AudioTrack, Finding, Timeline

__all__ = ["Narration", "judge_lengths", "judge_loudness", "judge_music", "judge_narration", "read_narration"]

_must = partial(Finding, level="must")
_should = partial(Finding, level="should")

_TARGET_LUFS, _LUFS_OFF, _MOST_DBTP = -14.0, 0.5, -1.0
_MUSIC_UNDER_DB = (18.0, 20.0)
_MUSIC_OFF_DB = 0.5
_MATCH_HZ = 8000
_MATCH_WITHIN_S = 0.5
_LEAST_LIKENESS = 0.3
"""Correlation of the file's sound with the narration: over 0.9 with music 18 dB under it, under 0.1 for another text."""


@dataclass(frozen=True)
class Narration:
    """The narration's own file.

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n,)]
        Mono.
    rate_hz : int
    start_s : float
        Where it begins on the timeline.
    track : AudioTrack
    """

    samples: NDArray[np.float32]
    rate_hz: int
    start_s: float
    track: AudioTrack

    @property
    def end_s(self) -> float:
        return self.start_s + len(self.samples) / self.rate_hz

    @cached_property
    def loud_level(self) -> float:
        """RMS that the loudest tenth of its 5 ms blocks pass."""
        block = max(1, round(0.005 * self.rate_hz))
        blocks = np.square(self.samples[: len(self.samples) // block * block].reshape(-1, block)).mean(axis=1)
        return float(np.sqrt(np.percentile(blocks, 90))) if len(blocks) else 0.0


def read_narration(timeline: Timeline) -> Narration | None:
    """Read the narration that a timeline names; None where it names none.

    Raises
    ------
    CheckError
        When the file is gone or does not decode.
    """
    track = next((track for track in timeline.audio if track.kind == "narration"), None)
    if track is None:
        return None
    samples, rate_hz = _read(track)
    mono = np.asarray(samples.reshape(len(samples), -1).mean(axis=1), np.float32)
    return Narration(mono, rate_hz, track.start / timeline.audio_rate_hz, track)


def _read(track: AudioTrack) -> tuple[NDArray[np.float32], int]:
    try:
        return read_audio(track.path)
    except (ReelkitError, OSError) as error:
        raise CheckError(f"check: the {track.kind} {track.path.name} cannot be read ({error}); run the reel again") from None


def judge_loudness(sound: SoundFacts) -> Iterator[Finding]:
    """Yield integrated loudness and true peak of what a phone decodes."""
    loudness = measure_loudness(sound.samples[:, :2], sound.rate_hz) if len(sound.samples) else Loudness(-math.inf, -math.inf)
    yield _must(
        name="loudness",
        holds=abs(loudness.lufs - _TARGET_LUFS) <= _LUFS_OFF + 0.005,
        norm=f"{_TARGET_LUFS:.0f} ±{_LUFS_OFF} LUFS integrated",
        measured=f"{loudness.lufs:.1f} LUFS" if math.isfinite(loudness.lufs) else "silence",
        hint="render again; where a narration is mostly silence or lone peaks, give it music or another voice",
    )
    yield _must(
        name="true-peak",
        holds=loudness.true_peak_dbtp <= _MOST_DBTP + 0.005,
        norm=f"at most {_MOST_DBTP:.0f} dBTP",
        measured=f"{loudness.true_peak_dbtp:.1f} dBTP" if math.isfinite(loudness.true_peak_dbtp) else "silence",
        hint="render again; the limiter's ceiling must leave room for what AAC adds",
    )


def judge_lengths(
    picture: PictureFacts, sound: SoundFacts, narration: Narration | None, fps: Fraction, *, outro_frames: int = 0
) -> Iterator[Finding]:
    """Yield whether picture, sound and narration, with the outro after it, are equally long, and whether platforms take the length."""
    frame_s = float(1 / fps)
    length_s = picture.frames_decoded * frame_s
    if narration is not None:
        outro_s = outro_frames * frame_s
        off = (length_s - outro_s - narration.end_s) * float(fps)
        yield _must(
            name="narration-length",
            # The narration begins on a whole sample.
            holds=abs(off) <= 1.0 + 1e-3,
            norm=f"as long as the narration, {narration.end_s:.3f} s,"
            + (f" and the outro, {outro_s:.3f} s," if outro_frames else "")
            + " within 1 frame",
            measured=f"{length_s:.3f} s, {off:+.2f} frames",
            hint="plan the timeline again from this narration",
        )
    # AAC comes in packets of 1024 samples, so sound may end up to one packet late.
    late_s = 1024 / sound.rate_hz + frame_s
    gap_s = sound.end_s - length_s
    yield _must(
        name="coverage",
        holds=-frame_s <= gap_s <= late_s,
        norm="sound and picture both reach the end, within 1 frame",
        measured=f"picture {length_s:.2f} s, sound {sound.end_s:.2f} s",
        at_s=min(length_s, sound.end_s),
        hint="render the reel again",
    )
    yield _must(
        name="length",
        holds=3.0 - frame_s / 2 <= length_s <= 180.0 + frame_s / 2,
        norm="3 to 180 s",
        measured=f"{length_s:.2f} s",
        hint="set script.length_s between 3 and 180; of a script or recording of your own, change the length",
    )
    yield _should(
        name="useful-length",
        holds=15.0 <= length_s <= 60.0,
        norm="15 to 60 s",
        measured=f"{length_s:.1f} s",
        hint="set script.length_s between 15 and 60",
    )


def judge_narration(sound: SoundFacts, narration: Narration, fps: Fraction) -> Iterator[Finding]:
    """Yield where the narration is heard in the file, found by correlating the two sounds."""
    lag_s, likeness = _find(narration, sound)
    heard = likeness >= _LEAST_LIKENESS
    yield _must(
        name="narration-sync",
        holds=heard and abs(lag_s) <= 1 / fps,
        norm=f"the narration is heard where it was planned, within 1 frame ({float(1000 / fps):.0f} ms)",
        measured=f"{lag_s * 1000:+.0f} ms, likeness {likeness:.2f}" if heard else f"not found (likeness {likeness:.2f})",
        at_s=narration.start_s,
        hint="render the reel again; the encoder's delay must not be left in the file",
    )


def _find(narration: Narration, sound: SoundFacts) -> tuple[float, float]:
    """Return how late the narration is heard in the file in s, and the normalised correlation there."""
    voice = _plain(narration.samples, narration.rate_hz)
    heard = _plain(sound.samples.mean(axis=1), sound.rate_hz)
    planned = round((narration.start_s - float(sound.start_s)) * _MATCH_HZ)
    within = round(_MATCH_WITHIN_S * _MATCH_HZ)
    if not len(voice) or not len(heard):
        return 0.0, 0.0
    size = 1 << (len(voice) + len(heard) - 1).bit_length()
    products = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(voice, size)), size)
    lags = np.arange(planned - within, planned + within + 1)
    best = int(lags[np.argmax(products[lags])])
    norm = float(np.linalg.norm(voice) * np.linalg.norm(heard[max(best, 0) : max(best + len(voice), 0)]))
    return (best - planned) / _MATCH_HZ, float(products[best]) / norm if norm > 0 else 0.0


def _plain(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    return np.asarray(soxr.resample(samples.astype(np.float64), rate_hz, _MATCH_HZ))


def judge_music(timeline: Timeline, narration: Narration) -> Iterator[Finding]:
    """Yield how far the music lies under the voice, from the files' own loudness and the tracks' gains while the voice speaks."""
    music = next((track for track in timeline.audio if track.kind == "music"), None)
    if music is None:
        return
    bed, bed_rate_hz = _read(music)
    voice_lufs = measure_loudness(narration.samples, narration.rate_hz).lufs + narration.track.gain_db
    samples_a_frame = timeline.audio_rate_hz / float(timeline.fps.ratio)
    spoken = [(word.start + word.end) / 2 * samples_a_frame for cue in timeline.cues for word in cue.words]
    points = music.envelope
    gains = np.interp(spoken, [p.at for p in points], [p.gain_db for p in points]) if points and spoken else np.zeros(1)
    under_db = voice_lufs - (measure_loudness(bed, bed_rate_hz).lufs + music.gain_db + float(np.mean(gains)))
    low, high = _MUSIC_UNDER_DB
    yield _should(
        name="music-level",
        holds=low - _MUSIC_OFF_DB <= under_db <= high + _MUSIC_OFF_DB,
        norm=f"music {low:.0f} to {high:.0f} dB under the voice while it speaks",
        measured=f"{under_db:.1f} dB under" if math.isfinite(under_db) else "no music or no voice to be heard",
        hint="set music.under_voice_db",
    )
