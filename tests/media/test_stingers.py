"""Stingers: on the moment, in key, and under the voice."""

from pathlib import Path

import numpy as np
import pytest

from reelkit.errors import BrandError
from reelkit.media.audio import mix_tracks, read_audio, write_wav
from reelkit.media.loudness import measure_loudness
from reelkit.media.music import MOODS, compose_stinger, stinger_kinds, stinger_lead_s
from reelkit.media.music.moods import MODES
from reelkit.media.music.score import bed_rng, choose_tonic
from reelkit.model import AudioTrack

RATE = 48_000
EVERY = [(mood, kind) for mood in (*MOODS, None) for kind in stinger_kinds(mood)]


def stinger(folder: Path, kind: str, mood: str | None, *, tempo_bpm: float = 96.0, seed: int = 3) -> np.ndarray:
    return read_audio(compose_stinger(folder / "s.wav", kind=kind, mood=mood, tempo_bpm=tempo_bpm, seed=seed))[0]


@pytest.mark.parametrize(("mood", "kind"), EVERY)
def test_a_stinger_is_clean_and_leaves_the_voice_its_consonants(tmp_path: Path, mood: str | None, kind: str) -> None:
    """At -23 LUFS, under full scale, silent at both ends, with less than a tenth of its energy from 2 to 5 kHz."""
    sound = stinger(tmp_path, kind, mood)
    loudness = measure_loudness(sound, RATE)
    assert loudness.lufs == pytest.approx(-23.0, abs=0.6) and loudness.true_peak_dbtp < -5.0
    assert np.abs(sound[0]).max() < 1e-3 and np.abs(sound[-RATE // 50 :]).max() < 1e-3
    power, hz = np.abs(np.fft.rfft(sound.mean(axis=1))) ** 2, np.fft.rfftfreq(len(sound), 1 / RATE)
    assert power[(hz > 2000) & (hz < 5000)].sum() < 0.1 * power.sum()


@pytest.mark.parametrize("tempo_bpm", [72.0, 96.0, 150.0])
@pytest.mark.parametrize("kind", ["rise", "fall", "chime"])
def test_a_stinger_falls_on_its_moment(tmp_path: Path, kind: str, tempo_bpm: float) -> None:
    """A beat after it begins, at any tempo: what swells is loudest then, what is struck is struck then, within 40 ms."""
    sound = stinger(tmp_path, kind, "warm", tempo_bpm=tempo_bpm)
    level = np.convolve(np.square(sound).mean(axis=1), np.ones(960) / 960, "same")
    moment = np.argmax(level) if kind == "rise" else np.argmax(level > 0.2 * level.max())
    assert moment / RATE == pytest.approx(stinger_lead_s(tempo_bpm), abs=0.04)


@pytest.mark.parametrize("mood", MOODS)
@pytest.mark.parametrize("kind", ["chime", "answer"])
def test_a_pitched_stinger_is_in_the_beds_key(tmp_path: Path, mood: str, kind: str) -> None:
    """Nine tenths of what sounds lies on notes of the bed's scale, the strongest on its tonic or fifth."""
    sound = stinger(tmp_path, kind, mood, seed=11).mean(axis=1)
    tonic = choose_tonic(bed_rng(f"bed {mood}", 11))
    power, hz = np.abs(np.fft.rfft(sound)) ** 2, np.fft.rfftfreq(len(sound), 1 / RATE)
    pitched = (hz > 120) & (hz < 1500)
    notes = np.round(69 + 12 * np.log2(hz[pitched] / 440)).astype(int) % 12
    by_note = np.bincount(notes, power[pitched], 12)
    assert sum(by_note[(tonic + step) % 12] for step in MODES[MOODS[mood].mode]) > 0.9 * by_note.sum()
    assert (int(np.argmax(by_note)) - tonic) % 12 in (0, 7)


def test_a_stinger_is_heard_once(tmp_path: Path) -> None:
    """Unlike music it does not go round: after its end there is silence."""
    sound = stinger(tmp_path, "fall", None)
    path = write_wav(tmp_path / "t.wav", sound, RATE)
    mix = mix_tracks([AudioTrack(kind="stinger", path=path, sha256="0" * 64, start=RATE)], sample_count=8 * RATE)
    assert not mix[:RATE].any()
    assert np.abs(mix[RATE : RATE + len(sound)]).max() > 0.01
    assert not mix[RATE + len(sound) :].any()


def test_the_same_wish_gives_the_same_stinger(tmp_path: Path) -> None:
    """The same arguments give the same bytes, another seed another sound; a pitch without a key is refused."""
    assert np.array_equal(stinger(tmp_path, "rise", "warm"), stinger(tmp_path, "rise", "warm"))
    assert not np.array_equal(stinger(tmp_path, "rise", "warm"), stinger(tmp_path, "rise", "warm", seed=4))
    with pytest.raises(BrandError, match="no stinger 'chime'"):
        stinger(tmp_path, "chime", None)
