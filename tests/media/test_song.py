"""A piece of one's own under the voice: cut on its beats, ended as music ends."""

from pathlib import Path

import numpy as np
import pytest

from reelkit.errors import AudioError
from reelkit.media.audio import read_audio, write_wav
from reelkit.media.music import compose_bed, cut_song
from reelkit.media.music.beats import find_pulse

RATE = 44_100


def clicks(bpm: float, seconds: float, *, fade_s: float = 0.0, first_s: float = 0.3) -> np.ndarray:
    """A click on every beat, a lower one with a thump on every fourth."""
    count = round(seconds * RATE)
    song = np.zeros(count, np.float32)
    for beat in range(int((seconds - first_s) * bpm / 60)):
        start = round((first_s + beat * 60 / bpm) * RATE)
        at = np.arange(min(8000, count - start)) / RATE
        song[start : start + len(at)] += 0.5 * np.sin(2 * np.pi * (700 if beat % 4 else 1100) * at) * np.exp(-at * 50)
        song[start : start + len(at)] += 0.3 * (beat % 4 == 0) * np.sin(2 * np.pi * 80 * at) * np.exp(-at * 18)
    if fade_s:
        song *= np.clip((seconds - np.arange(count) / RATE) / fade_s, 0, 1).astype(np.float32)
    return np.repeat(song[:, None], 2, axis=1)


def struck_s(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Times at which something is struck: a rise to more than three times the 12 ms before."""
    step = rate_hz // 1000
    peaks = np.abs(samples.mean(axis=1))[: len(samples) // step * step].reshape(-1, step).max(axis=1)
    found = [at for at in range(12, len(peaks)) if peaks[at] > 0.15 and peaks[at - 12 : at].max() < 0.3 * peaks[at]]
    return np.array([at for number, at in enumerate(found) if not number or at - found[number - 1] > 100]) * step / rate_hz


def level_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples)) + 1e-12))


@pytest.mark.parametrize("bpm", [83.0, 100.0, 128.0])
@pytest.mark.parametrize(("seconds", "fade_s"), [(60.0, 0.0), (60.0, 8.0), (11.0, 0.0)])
def test_every_cut_falls_on_a_beat_and_the_end_is_one(tmp_path: Path, bpm: float, seconds: float, fade_s: float) -> None:
    """A click track that is too long, fades away, or is too short and goes round: at any length every click is a beat after the one
    before, to 10 ms, the last one lies one to three seconds before the end and dies away to silence without a step.
    """
    song = write_wav(tmp_path / "song.wav", clicks(bpm, seconds, fade_s=fade_s), RATE)
    for duration_s in (6.0, 17.3, 44.4):
        cut, rate_hz = read_audio(cut_song(tmp_path / "cut.wav", source=song, duration_s=duration_s))
        struck = struck_s(cut, rate_hz)
        assert len(cut) == round(duration_s * rate_hz)
        assert np.abs(np.diff(struck) - 60 / bpm).max() < 0.01
        assert 0.7 < duration_s - struck[-1] < 1.9 + 4 * 60 / bpm
        ringing = [level_db(cut[at : at + rate_hz // 10]) for at in range(round((struck[-1] + 0.05) * rate_hz), len(cut), rate_hz // 10)]
        assert ringing[2] > -60.0
        assert level_db(cut[-rate_hz // 20 :]) < -90.0
        assert max(np.diff(ringing[:-1])) < 3.0


def test_a_piece_keeps_its_own_last_chord(tmp_path: Path) -> None:
    """Of music that comes to an end, a shorter cut and a longer one have the same last second, in the same tempo and without a click."""
    song = compose_bed(tmp_path / "bed.wav", mood="driving", tempo_bpm=122.0, duration_s=30.0, seed=3)
    whole, rate_hz = read_audio(song)
    heard = np.flatnonzero(np.abs(whole).max(axis=1) > 0.01)[-1]
    last = whole[heard - rate_hz : heard].mean(axis=1)
    for duration_s in (14.0, 25.0, 41.0):
        cut, _ = read_audio(cut_song(tmp_path / "cut.wav", source=song, duration_s=duration_s))
        end = np.flatnonzero(np.abs(cut).max(axis=1) > 0.01)[-1]
        assert duration_s - 60 / 122 * 1.5 < end / rate_hz <= duration_s
        assert np.corrcoef(cut[end - rate_hz : end].mean(axis=1), last)[0, 1] > 0.99
        assert find_pulse(cut, rate_hz).bpm == pytest.approx(122.0, abs=1.5)
        assert np.abs(np.diff(cut, axis=0)).max() <= 1.05 * np.abs(np.diff(whole, axis=0)).max()


def test_a_piece_of_the_right_length_is_left_as_it_is(tmp_path: Path) -> None:
    """What ends by itself within a beat of the reel's end is not cut."""
    song = compose_bed(tmp_path / "bed.wav", mood="warm", tempo_bpm=90.0, duration_s=12.0, seed=3)
    cut, rate_hz = read_audio(cut_song(tmp_path / "cut.wav", source=song, duration_s=12.1))
    whole, _ = read_audio(song)
    start = int(np.flatnonzero(np.abs(whole).max(axis=1) > 1e-3)[0])
    lag = int(np.argmax(np.correlate(cut[:rate_hz, 0], whole[start : start + rate_hz // 2, 0], "valid")))
    assert np.array_equal(cut[lag : lag + 8 * rate_hz], whole[start : start + 8 * rate_hz])


@pytest.mark.parametrize("bpm", [72.0, 91.0, 120.0, 140.0])
def test_beats_are_found(bpm: float) -> None:
    """The beats of a click track are within 25 ms of its clicks; played at another speed they move with it."""
    pulse = find_pulse(clicks(bpm, 30.0), RATE)
    assert pulse.bpm == pytest.approx(bpm, rel=0.01)
    away = (pulse.beats_s - 0.3) * bpm / 60
    assert np.abs((away - np.rint(away)) * 60 / bpm)[2:-2].max() < 0.025
    assert find_pulse(clicks(bpm, 30.0), round(RATE * 1.1)).bpm == pytest.approx(1.1 * bpm, rel=0.01)


@pytest.mark.parametrize("sound", ["a tone", "noise", "half a second", "one click"])
def test_music_without_a_beat_is_cut_too(tmp_path: Path, sound: str) -> None:
    """A drone, noise, a scrap of sound or a lone click fill the length asked for and end in silence."""
    made = {
        "a tone": np.sin(2 * np.pi * 220 * np.arange(8 * RATE) / RATE)[:, None] * 0.3,
        "noise": np.random.default_rng(1).normal(0, 0.1, (8 * RATE, 2)),
        "half a second": np.sin(2 * np.pi * 330 * np.arange(RATE // 2) / RATE)[:, None] * 0.3,
        "one click": np.eye(1, 3 * RATE, 300)[0][:, None] * 0.5,
    }[sound]
    song = write_wav(tmp_path / "song.wav", made.astype(np.float32), RATE)
    cut, rate_hz = read_audio(cut_song(tmp_path / "cut.wav", source=song, duration_s=5.0))
    assert cut.shape == (5 * rate_hz, 2)
    assert np.isfinite(cut).all() and np.abs(cut).max() > 0.01
    assert np.abs(cut[-rate_hz // 50 :]).max() < 1e-3


def test_single_clicks_are_a_piece(tmp_path: Path) -> None:
    """A metronome, equal clicks of 20 ms with digital silence between, is cut to any length, and clicks on in its own time."""
    song = np.zeros((60 * RATE, 1), np.float32)
    for second in range(60):
        song[second * RATE : second * RATE + RATE // 50, 0] = 0.5 * np.sin(2 * np.pi * 900 * np.arange(RATE // 50) / RATE)
    source = write_wav(tmp_path / "song.wav", song, RATE)
    for duration_s in (9.0, 30.0, 80.0):
        cut, rate_hz = read_audio(cut_song(tmp_path / "cut.wav", source=source, duration_s=duration_s))
        struck = struck_s(cut, rate_hz)
        assert cut.shape == (round(duration_s * rate_hz), 2)
        assert len(struck) > 0.5 * duration_s and np.abs(np.diff(struck) - np.rint(np.diff(struck))).max() < 0.01


def test_silence_is_no_music(tmp_path: Path) -> None:
    """A file in which nothing is heard is refused by name, in one line."""
    song = write_wav(tmp_path / "quiet.wav", np.zeros((RATE, 2), np.float32), RATE)
    with pytest.raises(AudioError, match=r"quiet\.wav: is silent") as caught:
        cut_song(tmp_path / "cut.wav", source=song, duration_s=5.0)
    assert "\n" not in str(caught.value)


def test_a_piece_beside_the_middle_is_brought_back_to_it(tmp_path: Path) -> None:
    """What lies 0.3 beside 0 is cut as what does not, and has no offset left."""
    song = 0.8 * clicks(100.0, 30.0)
    plain, offset = (
        read_audio(
            cut_song(tmp_path / f"cut-{add}.wav", source=write_wav(tmp_path / f"{add}.wav", song + np.float32(add), RATE), duration_s=20.0)
        )
        for add in (0.0, 0.3)
    )
    assert np.abs(offset[0].mean(axis=0)).max() < 0.001
    assert abs(level_db(offset[0]) - level_db(plain[0])) < 0.5
    assert np.abs(np.diff(struck_s(*offset)) - 0.6).max() < 0.01


def test_the_same_piece_is_cut_the_same_way(tmp_path: Path) -> None:
    """Cutting decides nothing by chance."""
    song = write_wav(tmp_path / "song.wav", clicks(97.0, 20.0), RATE)
    first, second = (cut_song(tmp_path / f"{name}.wav", source=song, duration_s=9.0).read_bytes() for name in "ab")
    assert first == second
