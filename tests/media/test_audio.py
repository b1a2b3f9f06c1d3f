"""Sound files and the mix: what is read, where it lands, how it moves."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelkit.errors import AudioError
from reelkit.media.audio import as_mono, clean_narration, duck_envelope, mix_tracks, read_audio, write_wav
from reelkit.media.loudness import measure_loudness
from reelkit.model import AudioTrack, GainPoint

RATE = 48000


def tone(seconds, *, hz=440.0, gain=0.3, rate=RATE, channels=1):
    wave = gain * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def speech_like(seconds, *, rate=24000, seed=0):
    """Noise in syllables of uneven loudness."""
    rng = np.random.default_rng(seed)
    count = round(seconds * rate)
    syllables = np.repeat(rng.uniform(0.1, 1.0, count // 4800 + 1), 4800)[:count]
    shape = np.abs(np.sin(np.pi * np.arange(count) / 4800))
    return (0.15 * rng.normal(size=count) * shape * syllables).astype(np.float32)


def track(path, samples, rate=RATE, *, kind="music", **fields):
    return AudioTrack(kind=kind, path=write_wav(path, samples, rate), sha256="0" * 64, **fields)


def encoded(path, samples, codec, rate=RATE):
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="stereo" if samples.shape[1] == 2 else "mono")
        frame_format = stream.codec_context.codec.audio_formats[0].name
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout=stream.layout.name)
        frame.sample_rate, frame.pts = rate, 0
        shape = av.AudioResampler(
            format=frame_format, layout=stream.layout.name, rate=rate, frame_size=stream.codec_context.frame_size or 1024
        )
        for piece in (*shape.resample(frame), *shape.resample(None), None):
            container.mux(stream.encode(piece))
    return path


@pytest.mark.parametrize("shape", [(4800,), (4800, 1), (4801, 2)])
@pytest.mark.parametrize("rate", [24000, 44100, 48000])
def test_a_wav_is_read_back_equal(tmp_path, shape, rate):
    """What is written as WAV is read back bit for bit, beyond full scale too."""
    samples = np.random.default_rng(1).normal(0, 0.7, shape).astype(np.float32)
    back, back_rate = read_audio(write_wav(tmp_path / "a.wav", samples, rate))
    assert back_rate == rate
    assert np.array_equal(back, samples.reshape(shape[0], -1))


@pytest.mark.parametrize(("name", "codec"), [("a.mp3", "libmp3lame"), ("a.m4a", "aac"), ("a.flac", "flac"), ("a.ogg", "libopus")])
def test_music_files_are_read_as_they_were_made(tmp_path, name, codec):
    """A tone in any common music format comes back with its pitch, level and length."""
    back, rate = read_audio(encoded(tmp_path / name, tone(2.0, channels=2), codec))
    assert rate == RATE
    assert len(back) == pytest.approx(2 * RATE, abs=2400)
    middle = back[RATE // 2 : RATE // 2 + RATE, 0]
    assert np.argmax(np.abs(np.fft.rfft(middle))) == 440
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.06)  # LAME takes 5 % off


def test_resampling_keeps_everything_in_its_place(tmp_path):
    """A click at 24 kHz is at the same time at 48 kHz, to the sample."""
    clicks = np.zeros((24000, 1), np.float32)
    clicks[[100, 7777, 23000]] = 0.9
    back, rate = read_audio(write_wav(tmp_path / "a.wav", clicks, 24000), rate_hz=RATE)
    assert rate == RATE and len(back) == RATE
    assert sorted(np.argsort(np.abs(back[:, 0]))[-3:]) == [200, 15554, 46000]


def test_channels_that_cancel_out_are_still_heard():
    """Two channels become their mean; where one is the other turned over, it is turned back; one that is empty takes half of the other."""
    (left,) = tone(0.5).T
    other = tone(0.5, hz=660.0)[:, 0]
    for channels, heard in (
        ([left], left),
        ([left, left], left),
        ([left, other], (left + other) / 2),
        ([left, np.zeros_like(left)], left / 2),
        ([left, -0.9 * left], 0.95 * left),
    ):
        mono = as_mono(np.stack(channels, axis=1))
        assert mono.dtype == np.float32
        assert np.allclose(mono, heard, atol=1e-6)


def test_reading_stops_at_the_limit(tmp_path):
    """No more than the seconds asked for is read."""
    back, _ = read_audio(write_wav(tmp_path / "a.wav", tone(3.0), RATE), limit_s=0.5)
    assert len(back) == RATE // 2


def bad_files(folder: Path) -> dict[str, Path]:
    whole = encoded(folder / "whole.m4a", tone(1.0, channels=2), "aac").read_bytes()
    contents = {
        "empty.mp3": b"",
        "page.mp3": b"<!doctype html><html><body>404</body></html>",
        "text.wav": b"just words " * 50,
        "header_only.wav": b"RIFF\x00\x00\x00\x00WAVEfmt ",
        "cut.m4a": whole[:200],
        "playlist.mp3": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{folder}/whole.m4a\n#EXT-X-ENDLIST\n".encode(),
        "concat.wav": f"ffconcat version 1.0\nfile '{folder}/whole.m4a'\n".encode(),
        "random.ogg": np.random.default_rng(3).bytes(5000),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    write_wav(folder / "nan.wav", np.array([0.0, np.nan, np.inf], np.float32), RATE)
    return {name: folder / name for name in (*contents, "nan.wav", "missing.wav")}


def test_what_is_no_sound_gives_one_line(tmp_path):
    """A page, a playlist, a cut or an empty file is refused in one line that names it."""
    for name, path in bad_files(tmp_path).items():
        with pytest.raises(AudioError) as caught:
            read_audio(path)
        assert name in str(caught.value) and "\n" not in str(caught.value), name
    with pytest.raises(AudioError, match="is not a file"):
        read_audio(tmp_path)


def test_a_file_cut_short_counts_with_what_it_holds(tmp_path):
    """An MP3 whose end is missing is read as far as it goes."""
    path = encoded(tmp_path / "a.mp3", tone(2.0, channels=2), "libmp3lame")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    back, _ = read_audio(path)
    assert 0.7 * RATE < len(back) < 1.3 * RATE


@pytest.mark.parametrize("channels", [(1, 2), (2, 1)])
def test_a_file_put_together_of_others_is_read_whole(tmp_path, channels):
    """An MP3 that goes on with other channels and another rate, as those that were joined byte by byte do, is heard to its end, as loud as
    each of them."""
    whole = tmp_path / "whole.mp3"
    for count, rate in zip(channels, (RATE, 44100), strict=True):
        part = encoded(tmp_path / f"{count}.mp3", tone(1.0, rate=rate, channels=count), "libmp3lame", rate)
        with whole.open("ab") as joined:
            joined.write(part.read_bytes())
    samples, rate = read_audio(whole)
    assert len(samples) == pytest.approx(2 * rate, rel=0.06)
    loud = [np.sqrt(np.mean(np.square(as_mono(samples)[round(at * rate) : round((at + 0.2) * rate)]))) for at in (0.5, 1.5)]
    assert loud[1] == pytest.approx(loud[0], rel=0.03)


@given(
    cuts=st.lists(st.integers(0, 60 * RATE), min_size=2, max_size=24, unique=True).filter(lambda cuts: len(cuts) % 2 == 0),
    duck_db=st.floats(1.0, 6.0),
)
def test_music_is_down_under_every_sentence_and_never_pumps(cuts, duck_db):
    """At every time: 0 dB under a sentence, at most the duck elsewhere, never steeper than 6 dB/s, within the reel."""
    cuts = sorted(cuts)
    spans = list(zip(cuts[::2], cuts[1::2], strict=True))
    points = duck_envelope(spans, sample_count=60 * RATE, rate_hz=RATE, duck_db=duck_db)
    assert all(before.at < after.at for before, after in pairwise(points))
    assert all(point.at <= 60 * RATE for point in points)
    for before, after in pairwise(points):
        assert abs(after.gain_db - before.gain_db) <= 6.0 * (after.at - before.at + 1) / RATE
    at = np.array([edge for start, end in spans for edge in (start, (start + end) // 2, end)])
    gains = np.interp(at, [point.at for point in points], [point.gain_db for point in points]) if points else np.zeros(len(at))
    assert np.abs(gains).max() < 1e-3


def test_music_rises_only_in_gaps_with_time_for_it():
    """A pause between sentences is passed over; three seconds without voice are used, and the end too."""
    second = RATE
    spans = [(0, 2 * second), (int(2.4 * second), 5 * second), (8 * second, 10 * second)]
    points = duck_envelope(spans, sample_count=12 * second, rate_hz=RATE)
    assert [(round(point.at / second, 2), point.gain_db) for point in points] == [
        (5.0, 0.0), (5.5, 3.0), (7.4, 3.0), (7.9, 0.0), (10.0, 0.0), (10.5, 3.0),
    ]  # fmt: skip
    assert duck_envelope([], sample_count=second, rate_hz=RATE) == ()


def test_words_stay_in_place_in_the_mix(tmp_path):
    """Clicks in a 24 kHz narration are in both channels of the mix within a millisecond, cleaned and resampled."""
    samples = 1e-3 * speech_like(4.0)
    at = np.array([2400, 30000, 61234, 90000])
    samples[at] = 0.8
    mix = mix_tracks([track(tmp_path / "v.wav", samples, 24000, kind="narration")], sample_count=4 * RATE)
    for place in at * 2:
        around = mix[place - 2400 : place + 2400]
        assert np.abs(np.argmax(np.abs(around), axis=0) - 2400).max() <= 48
    assert np.array_equal(mix[:, 0], mix[:, 1])


def test_narration_keeps_its_level(tmp_path):
    """Cleaning changes how even a voice is, not how loud: within half a LU, with smaller peaks and no rumble."""
    voice = speech_like(6.0)
    rumble = tone(6.0, hz=20, gain=0.2, rate=24000)[:, 0]
    before = measure_loudness(voice, 24000)
    after = measure_loudness(clean_narration((voice + rumble)[:, None], 24000), 24000)
    assert after.lufs == pytest.approx(before.lufs, abs=0.5)
    assert after.true_peak_dbtp < before.true_peak_dbtp
    spectrum = np.abs(np.fft.rfft(clean_narration((voice + rumble)[:, None], 24000)[:, 0]))
    assert spectrum[120] < 0.01 * len(voice) / 2 * 0.2


def test_silent_and_tiny_narrations_are_left_alone():
    """Silence stays silence, and a few samples are no voice to judge."""
    assert not clean_narration(np.zeros((24000, 1), np.float32), 24000).any()
    assert np.array_equal(clean_narration(np.ones((5, 1), np.float32), 24000), np.ones((5, 1), np.float32))


def test_gains_and_envelopes_are_linear_in_db(tmp_path):
    """The gain of a track is its own plus what its envelope says, straight in dB between points, from where the track starts."""
    points = (GainPoint(at=RATE, gain_db=0.0), GainPoint(at=3 * RATE, gain_db=-12.0))
    sound = track(tmp_path / "m.wav", np.full((4 * RATE, 2), 0.5, np.float32), start=RATE // 2, gain_db=-6.0, envelope=points)
    mix = mix_tracks([sound], sample_count=4 * RATE)
    level_db = 20 * np.log10(mix[[RATE, 3 * RATE // 2, 2 * RATE, 3 * RATE, int(3.5 * RATE)], 0] / 0.5)
    assert level_db == pytest.approx([-6.0, -9.0, -12.0, -18.0, -18.0], abs=0.01)
    assert not mix[: RATE // 2].any()


def test_short_music_is_looped_without_a_seam(tmp_path):
    """Music of five seconds fills twelve: no silence, no jump at a join, no second start in the last half second."""
    rng = np.random.default_rng(5)
    music = np.cumsum(rng.normal(size=(5 * RATE, 2)), axis=0)
    music = (0.2 * np.sin(0.02 * music)).astype(np.float32)
    music[: RATE // 4] = music[-RATE // 4 :] = 0
    mix = mix_tracks([track(tmp_path / "m.wav", music)], sample_count=12 * RATE)
    levels = np.sqrt(np.mean(mix.reshape(-1, RATE // 4, 2) ** 2, axis=(1, 2)))
    assert levels[1:-1].min() > 0.5 * np.median(levels)
    assert np.abs(np.diff(mix, axis=0)).max() < 2 * np.abs(np.diff(music[RATE : 4 * RATE], axis=0)).max()
    nearly = mix_tracks([track(tmp_path / "n.wav", tone(2.0, channels=2))], sample_count=2 * RATE + 1600)
    assert not nearly[2 * RATE :].any()


def test_music_fades_at_both_ends(tmp_path):
    """Music begins and ends at zero, and fades over the samples asked for; mono music is on both sides."""
    mix = mix_tracks([track(tmp_path / "m.wav", tone(3.0), fade_out=RATE)], sample_count=2 * RATE)
    assert mix.shape == (2 * RATE, 2) and not mix[0].any() and np.abs(mix[-1]).max() < 1e-6
    first, last = np.sqrt(np.mean(mix[RATE // 2 : RATE] ** 2)), np.sqrt(np.mean(mix[-RATE // 4 :] ** 2))
    assert last < 0.1 * first
    assert np.array_equal(mix[:, 0], mix[:, 1])


@pytest.mark.parametrize("kind", ["music", "narration", "clip", "stinger"])
def test_a_track_is_silent_from_its_end_on(tmp_path, kind):
    """What ends before the reel sounds as in a reel that ends there, and one that ends before it starts does not sound."""
    sound = track(tmp_path / "a.wav", tone(3.0, channels=2), kind=kind, start=RATE // 2)
    whole = mix_tracks([sound], sample_count=2 * RATE)
    mix = mix_tracks([sound.model_copy(update={"end": 2 * RATE})], sample_count=6 * RATE)
    assert np.array_equal(mix[: 2 * RATE], whole) and not mix[2 * RATE :].any()
    assert not mix_tracks([sound.model_copy(update={"end": RATE // 4})], sample_count=RATE).any()


def test_a_track_beyond_the_end_is_not_heard(tmp_path):
    """What starts after the reel's end adds nothing; without tracks a mix is silence."""
    late = track(tmp_path / "m.wav", tone(1.0), start=2 * RATE)
    assert not mix_tracks([late], sample_count=RATE).any()
    assert mix_tracks([], sample_count=100).shape == (100, 2)
