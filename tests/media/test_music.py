"""The music bed: measured, as nobody listens in a test."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelkit.errors import BrandError
from reelkit.media.audio import read_audio
from reelkit.media.loudness import measure_loudness
from reelkit.media.music import MOODS, compose_bed
from reelkit.media.music.moods import MODES
from reelkit.media.music.score import write_score

RATE = 48000
TEMPOS = {"calm": 72.0, "warm": 86.0, "bright": 112.0, "driving": 122.0, "curious": 100.0, "dark": 76.0}


@pytest.fixture(scope="module")
def beds(tmp_path_factory):
    """Twelve seconds of every mood."""
    folder = tmp_path_factory.mktemp("beds")
    paths = {mood: compose_bed(folder / f"{mood}.wav", mood=mood, tempo_bpm=TEMPOS[mood], duration_s=12.0, seed=3) for mood in MOODS}
    return {mood: read_audio(path)[0] for mood, path in paths.items()}


def spectrum(samples):
    power = np.abs(np.fft.rfft(samples.mean(axis=1))) ** 2
    return np.fft.rfftfreq(len(samples), 1 / RATE), power


def share(samples, low_hz, high_hz):
    hz, power = spectrum(samples)
    return power[(hz >= low_hz) & (hz < high_hz)].sum() / power.sum()


def centroid(samples):
    hz, power = spectrum(samples)
    return (np.sqrt(power) * hz).sum() / np.sqrt(power).sum()


def onsets(samples, hop=480):
    from scipy.signal import stft

    _, _, bins = stft(samples.mean(axis=1), RATE, nperseg=2048, noverlap=2048 - hop)
    return np.maximum(np.diff(np.log1p(1000 * np.abs(bins)), axis=1), 0).sum(axis=0)


def jump(samples):
    """How much further than within 5 ms about it a sample is from the one before, where that is far at all."""
    from scipy.ndimage import uniform_filter1d

    steps = np.abs(np.diff(samples.astype(float), axis=0))
    about = np.sqrt(uniform_filter1d(np.square(steps), RATE // 100, axis=0).clip(1e-12))
    return (steps / about)[steps > 0.03].max(initial=0)


@pytest.mark.parametrize("mood", MOODS)
def test_a_bed_is_clean(beds, mood):
    """Stereo, as long as asked, at -18 LUFS, under full scale, without offset or jumps, sound from the start, silent at the end."""
    bed = beds[mood]
    loudness = measure_loudness(bed, RATE)
    assert bed.shape == (12 * RATE, 2)
    assert loudness.lufs == pytest.approx(-18.0, abs=0.5) and loudness.true_peak_dbtp <= -1.4
    assert np.abs(bed).max() < 0.99 and np.abs(bed.mean(axis=0)).max() < 1e-3
    clicking = bed.copy()
    clicking[11 * RATE : 11 * RATE + 300] += 0.1
    assert jump(bed) < 10 < jump(clicking) and np.abs(bed[0]).max() < 1e-3
    assert np.abs(bed[: RATE // 2]).max() > 0.01
    assert np.abs(bed[-RATE // 20 :]).max() < 1e-4


@pytest.mark.parametrize("mood", MOODS)
def test_a_bed_leaves_room_for_the_voice(beds, mood):
    """At most a twelfth of its energy lies where consonants are, little is under 40 Hz, and most is heard in mono too."""
    bed = beds[mood]
    assert share(bed, 1000, 4000) < 0.08
    assert share(bed, 0, 40) < 0.05
    assert share(bed, 250, 1500) > 0.15
    assert np.mean(bed.mean(axis=1) ** 2) > 0.6 * np.mean(bed**2)


@pytest.mark.parametrize("mood", MOODS)
def test_a_bed_stays_in_its_key(beds, mood):
    """More than nine tenths of the pitched energy lies on the seven notes of one scale."""
    from scipy.signal import stft

    hz, _, bins = stft(beds[mood].mean(axis=1), RATE, nperseg=16384)
    pitched = (hz > 120) & (hz < 1500)
    notes = np.round(69 + 12 * np.log2(hz[pitched] / 440)).astype(int) % 12
    power = np.bincount(notes, (np.abs(bins[pitched]) ** 2).sum(axis=1), 12)
    best = max(sum(power[(tonic + step) % 12] for step in MODES["ionian"]) for tonic in range(12))
    assert best / power.sum() > 0.9


@pytest.mark.parametrize("mood", MOODS)
def test_a_bed_is_mastered(beds, mood):
    """Crest of 12 to 18 dB, as wide as music is and not out of phase, one bass for both sides, hardly anything from 2 to 5 kHz."""
    bed = beds[mood]
    assert 12.0 < 20 * np.log10(np.abs(bed).max() / np.sqrt(np.mean(bed**2))) < 18.0
    assert 0.25 < np.corrcoef(bed.T)[0, 1] < 0.97
    spectrum_of_both = np.fft.rfft(bed, axis=0)
    spectrum_of_both[np.fft.rfftfreq(len(bed), 1 / RATE) > 120] = 0
    assert np.corrcoef(np.fft.irfft(spectrum_of_both, axis=0).T)[0, 1] > 0.9
    assert share(bed, 2000, 5000) < 0.02


def test_moods_differ_as_their_names_say(beds):
    """Dark is darker than calm, calm than warm, warm than bright, and driving strikes far more often than calm."""
    assert centroid(beds["dark"]) < centroid(beds["calm"]) < centroid(beds["warm"]) < centroid(beds["bright"])
    strikes = {mood: (onsets(bed) > 4 * np.median(onsets(bed))).sum() for mood, bed in beds.items()}
    assert strikes["driving"] > 2 * strikes["calm"]


@pytest.mark.parametrize(("mood", "tempo"), [("warm", 92.0), ("bright", 110.0), ("driving", 126.0)])
def test_a_bed_is_in_the_brands_tempo(tmp_path, mood, tempo):
    """The beat found by autocorrelation of the onsets is the tempo asked for, within 1 bpm."""
    bed, _ = read_audio(compose_bed(tmp_path / "bed.wav", mood=mood, tempo_bpm=tempo, duration_s=16.0, seed=1))
    strength = onsets(bed)
    strength -= strength.mean()
    alike = np.correlate(strength, strength, "full")[len(strength) - 1 :]
    found = max(np.arange(70, 140, 0.5), key=lambda bpm: sum(alike[round(100 * 60 / bpm * beats)] for beats in (1, 2, 4)))
    assert found == pytest.approx(tempo, abs=1.0)


def test_a_bed_builds_and_comes_to_an_end(tmp_path):
    """The groove is louder than the start, and the last second dies away."""
    bed, _ = read_audio(compose_bed(tmp_path / "bed.wav", mood="driving", tempo_bpm=120.0, duration_s=30.0, seed=2))
    level_db = 10 * np.log10(np.mean(bed.reshape(30, -1) ** 2, axis=1) + 1e-12)
    assert np.median(level_db[8:24]) > level_db[0] + 3
    assert level_db[-1] < np.median(level_db[8:24]) - 9


def test_the_seed_decides(tmp_path):
    """The same arguments give the same bytes; another seed, mood or tempo gives another bed."""
    asked = {"mood": "curious", "tempo_bpm": 96.0, "duration_s": 5.0, "seed": 7}
    first = compose_bed(tmp_path / "a.wav", **asked).read_bytes()
    assert compose_bed(tmp_path / "b.wav", **asked).read_bytes() == first
    others = [asked | {"seed": 8}, asked | {"mood": "warm"}, asked | {"tempo_bpm": 101.0}]
    assert all(compose_bed(tmp_path / "c.wav", **other).read_bytes() != first for other in others)


@given(
    mood=st.sampled_from(sorted(MOODS)), tempo=st.floats(50, 180), seconds=st.floats(1.0, 180.0), seed=st.integers(0, 2**32),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_every_score_is_sound(mood, tempo, seconds, seed):
    """Any tempo, length and seed: notes inside the bed, in the mode, voices led by small steps, the last chord on the tonic in time."""
    score = write_score(MOODS[mood], tempo_bpm=tempo, duration_s=seconds, rng=np.random.default_rng(seed))
    beats = seconds * score.bpm / 60
    scale = {(score.tonic + step) % 12 for step in MODES[score.mode]}
    pitched = [note for note in score.notes if note.pitch]
    assert all(note.beat >= 0 and note.beats > 0 and note.beat + note.beats <= beats + 1e-6 for note in score.notes if note.part == "pad")
    assert all(0 <= note.beat < beats and 0 < note.strength <= 1 for note in score.notes)
    assert all(note.pitch % 12 in scale for note in pitched)
    assert score.end_beat % 2 == 0 and beats - score.end_beat >= 0.75 * score.bpm / 60 - 1e-6
    assert seconds < 4 or (beats - score.end_beat) * 60 / score.bpm < 2 + 4 * 60 / score.bpm
    lows = [note.pitch for note in pitched if note.part == "bass" and note.beat == score.end_beat]
    assert [low % 12 for low in lows] == [score.tonic]
    bars = [sorted(note.pitch for note in pitched if note.part == "pad" and note.beat <= beat < note.beat + note.beats)
            for beat in np.arange(0.5, score.end_beat, 4)]  # fmt: skip
    for before, after in pairwise(bars):
        assert np.mean(np.abs(np.subtract(before, after))) <= 5


@pytest.mark.parametrize(
    "wrong", [{"mood": "funky"}, {"tempo_bpm": 0.0}, {"tempo_bpm": float("nan")}, {"duration_s": 0.0}, {"duration_s": 1e6}]
)
def test_what_cannot_be_composed_is_said(tmp_path, wrong):
    """An unknown mood, a tempo or a length out of reach gives one line and no file."""
    asked = {"mood": "warm", "tempo_bpm": 92.0, "duration_s": 5.0, "seed": 1} | wrong
    with pytest.raises(BrandError, match="music: "):
        compose_bed(tmp_path / "bed.wav", **asked)
    assert not list(tmp_path.iterdir())
