"""How a narration sounds: measured on the default voice, and on one that sounds as if recorded in a room."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from reelkit.media.audio import clean_narration
from reelkit.media.loudness import measure_loudness
from reelkit.model import AudioResult, Scene, Script
from reelkit.runs.cache import FileCache
from reelkit.services.hibari import HibariVoice
from reelkit.steps.voice import Voice, synthesize_voice
from tests.steps.test_shots import BRAND

SCRIPT = Script.of(
    "t",
    [
        Scene(text="Cold brew takes twelve hours and a little patience. Grind it coarse.", search_terms=("a", "b")),
        Scene(text="Why does bread smell so good? Because two hundred things in it do.", search_terms=("a", "b")),
    ],
)


class Recorded:
    """The voice as a microphone in a room gives it: half a second of room on both sides, hiss 45 dB down, mains hum, an offset."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def speak(self, text: str, *, language: str, speed: float) -> Sequence[AudioResult]:
        return [self._recorded(breath) for breath in self._voice.speak(text, language=language, speed=speed)]

    def _recorded(self, breath: AudioResult) -> AudioResult:
        rate_hz, room = breath.rate_hz, breath.rate_hz // 2
        rng = np.random.default_rng(len(breath.samples))
        dry = np.pad(breath.samples, room)
        hum = 0.004 * np.sin(2 * np.pi * 50 * np.arange(len(dry)) / rate_hz + 1.0)
        noise = rng.normal(0, float(np.abs(dry).max()) * 10 ** (-45 / 20), len(dry))
        words = tuple(word.model_copy(update={"start": word.start + room, "end": word.end + room}) for word in breath.words)
        return AudioResult((dry + hum + noise + 0.02).astype(np.float32), rate_hz, words)


@pytest.fixture(scope="module", params=["default", "recorded"])
def narration(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AudioResult:
    voice: Voice = HibariVoice(cache=FileCache(tmp_path_factory.mktemp("voices")))
    return synthesize_voice(SCRIPT, BRAND, voice=Recorded(voice) if request.param == "recorded" else voice)


def silences(audio: AudioResult) -> list[tuple[int, int]]:
    """True silence between sounds, of at least 20 ms."""
    edges = np.flatnonzero(np.diff(np.pad((audio.samples == 0).astype(int), 1)))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True) if end - start >= audio.rate_hz // 50]


def cleaned(audio: AudioResult) -> np.ndarray:
    return clean_narration(audio.samples[:, None], audio.rate_hz)[:, 0]


def energy_db(samples: np.ndarray, rate_hz: int, low_hz: float, high_hz: float) -> float:
    power, hz = np.abs(np.fft.rfft(samples)) ** 2, np.fft.rfftfreq(len(samples), 1 / rate_hz)
    return float(10 * np.log10(power[(hz >= low_hz) & (hz < high_hz)].sum()))


def test_silence_is_as_long_as_the_brand_says(narration: AudioResult) -> None:
    """What is silent around a sentence is cut away, a room's hiss too: pauses from word to word are the brand's, up to the next frame, and
    truly silent.
    """
    voice, rate_hz = BRAND.voice, narration.rate_hz
    starts = [0, *(index + 1 for index, word in enumerate(narration.words) if word.text[-1] in ".?")][:-1]
    assert narration.words[0].start / rate_hz < 0.15
    pauses = [narration.words[index].start - narration.words[index - 1].end for index in starts[1:]]
    wanted = [voice.sentence_pause_ms, voice.scene_pause_ms, voice.sentence_pause_ms]
    assert all(-2 < pause * 1000 / rate_hz - asked < 1000 / 30 for pause, asked in zip(pauses, wanted, strict=True))
    assert all(narration.words[index].start % (rate_hz // 30) == 0 for index in starts[1:])
    found = silences(narration)
    assert len(found) >= 4
    assert all((end - start) / rate_hz > 0.08 for start, end in found)


def test_joins_do_not_click(narration: AudioResult) -> None:
    """Over 6 kHz, where a click would stand out, the 4 ms around a join are quieter than the median of the narration."""
    clean, rate_hz = cleaned(narration), narration.rate_hz
    bright = np.square(sosfilt(butter(4, 6000, "highpass", fs=rate_hz, output="sos"), clean))
    block = rate_hz // 500
    levels = bright[: len(bright) // block * block].reshape(-1, block).mean(axis=1)
    sounding = float(np.median(levels[levels > levels.max() * 1e-6]))
    joins = [edge for silence in silences(narration) for edge in silence]
    assert all(bright[max(0, edge - block) : edge + block].mean() < sounding for edge in joins)


def test_rumble_goes_and_the_voice_stays(narration: AudioResult) -> None:
    """Under 40 Hz at least 12 dB are taken away, between 200 Hz and 8 kHz nothing: less than 1.5 dB."""
    clean, rate_hz = cleaned(narration), narration.rate_hz
    assert energy_db(narration.samples, rate_hz, 0, 40) - energy_db(clean, rate_hz, 0, 40) > 12
    assert abs(energy_db(clean, rate_hz, 200, 8000) - energy_db(narration.samples, rate_hz, 200, 8000)) < 1.5


def test_the_voice_is_evened_out_gently(narration: AudioResult) -> None:
    """It is as loud as before with peaks no higher; its loud moments come nearer the others by half a decibel to three, none by more."""
    clean, rate_hz = cleaned(narration), narration.rate_hz
    before, after = measure_loudness(narration.samples, rate_hz), measure_loudness(clean, rate_hz)
    assert after.lufs == pytest.approx(before.lufs, abs=0.5)
    assert after.true_peak_dbtp <= before.true_peak_dbtp
    block = rate_hz // 20
    voiced = sosfilt(butter(2, 150, "highpass", fs=rate_hz, output="sos"), np.stack([narration.samples, clean]))
    power = np.square(voiced[:, : voiced.shape[1] // block * block].reshape(2, -1, block)).mean(axis=2)
    level_db = 10 * np.log10(power[:, power[0] > power[0].max() * 1e-3])
    loud = level_db[0] > np.percentile(level_db[0], 80)
    nearer_db = (level_db[0] - level_db[1])[loud].mean() - (level_db[0] - level_db[1])[~loud].mean()
    assert 0.5 < nearer_db < 3.0
    assert np.ptp(level_db[0] - level_db[1]) < 8.0
