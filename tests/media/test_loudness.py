"""Loudness: what is measured agrees with the standard, and what is encoded lands where it must."""

import io
import math
from fractions import Fraction

import numpy as np
import pytest

from reelkit.media.loudness import EncodedAudio, Loudness, encode_audio, limit_true_peak, measure_loudness, under_voice_gain_db

RATE = 48000


def stereo(mono):
    return np.repeat(np.asarray(mono, np.float32)[:, None], 2, axis=1)


def sine(seconds, dbfs, hz=1000.0):
    return stereo(10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE))


def voice_like(seconds, seed=0):
    """Glottal pulses through a few resonances, in syllables with pauses: a crest like speech's."""
    from scipy.signal import butter, sosfilt

    rng = np.random.default_rng(seed)
    count = round(seconds * RATE)
    at = np.arange(count) / RATE
    pitch = 115 + 25 * np.sin(2 * np.pi * 0.4 * at) + 8 * np.sin(2 * np.pi * 2.3 * at)
    pulses = np.diff(np.floor(np.cumsum(pitch) / RATE), prepend=0) + 0.02 * rng.normal(size=count)
    voice = sum(sosfilt(butter(2, band, "bandpass", fs=RATE, output="sos"), pulses) for band in ((250, 800), (1100, 1900), (2400, 3300)))
    syllables = np.clip(np.sin(2 * np.pi * 3.7 * at), 0, 1) ** 0.7 * (np.sin(2 * np.pi * 0.35 * at) > -0.8)
    voice *= syllables
    return stereo(0.4 * voice / np.abs(voice).max())


def decoded(audio: EncodedAudio):
    """Mux the packets as they are, from pts 0 and without an edit list, and decode the MP4."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp4", options={"use_editlist": "0"}) as container:
        stream = container.add_stream("aac", rate=audio.rate_hz, layout="stereo")
        stream.codec_context.extradata = audio.extradata
        for index, data in enumerate(audio.packets):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, audio.rate_hz)
            packet.pts = packet.dts = index * audio.frame_samples
            packet.duration = audio.frame_samples
            container.mux(packet)
    file.seek(0)
    with av.open(file) as container:
        stream = container.streams.audio[0]
        assert (stream.start_time or 0) == 0
        return np.concatenate([frame.to_ndarray() for frame in container.decode(stream)], axis=1).T


@pytest.mark.parametrize(("dbfs", "seconds"), [(-23.0, 20.0), (-33.0, 20.0), (-14.0, 0.5)])
def test_sines_measure_what_the_standard_says(dbfs, seconds):
    """A stereo 1 kHz sine at x dBFS is x LUFS within 0.1 LU (EBU Tech 3341, cases 1 and 2), from half a second on."""
    measured = measure_loudness(sine(seconds, dbfs), RATE)
    assert measured.lufs == pytest.approx(dbfs, abs=0.1)
    assert measured.true_peak_dbtp == pytest.approx(dbfs, abs=0.2)


def test_peaks_between_samples_count():
    """A sine at a quarter of the rate, sampled 45 degrees off, peaks 3 dB over its samples (EBU Tech 3341, case 15 ff.)."""
    wave = np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4) * 0.5
    measured = measure_loudness(stereo(wave * np.hanning(RATE)), RATE)
    assert measured.true_peak_dbtp == pytest.approx(-6.0, abs=0.3)


@pytest.mark.parametrize("rate", [24000, 44100, 48000])
def test_two_meters_agree(rate):
    """The library's figure for speech is pyloudnorm's within 0.15 LU at the rates in use."""
    import pyloudnorm

    samples = voice_like(8.0)[: 8 * rate]
    assert measure_loudness(samples, rate).lufs == pytest.approx(pyloudnorm.Meter(rate).integrated_loudness(samples), abs=0.15)


def test_mono_is_measured_as_it_is_heard():
    """A mono sound measures like the same sound on both channels; silence and a blink of sound have no loudness."""
    wave = sine(2.0, -20.0)
    assert measure_loudness(wave[:, 0], RATE) == measure_loudness(wave[:, :1], RATE) == measure_loudness(wave, RATE)
    assert measure_loudness(np.zeros((RATE, 2), np.float32), RATE) == Loudness(-math.inf, -math.inf)
    assert measure_loudness(wave[:9600], RATE).lufs == -math.inf


def test_music_goes_as_far_under_the_voice_as_asked():
    """After the gain, voice and music are the asked distance apart; silence asks for none."""
    voice, music = measure_loudness(voice_like(4.0), RATE), measure_loudness(sine(4.0, -9.0), RATE)
    gain_db = under_voice_gain_db(voice, music, 19.0)
    assert voice.lufs - measure_loudness(sine(4.0, -9.0 + gain_db), RATE).lufs == pytest.approx(19.0, abs=0.05)
    assert under_voice_gain_db(voice, Loudness(-math.inf, -math.inf), 19.0) == 0.0


def test_the_limiter_only_touches_what_is_over():
    """Peaks come under the ceiling, also between samples; what is under it stays bit for bit, and nothing moves in time."""
    quiet = 0.5 * voice_like(2.0)
    assert np.array_equal(limit_true_peak(quiet, RATE, ceiling_dbtp=-1.5), quiet)
    loud = 8 * voice_like(2.0)
    limited = limit_true_peak(loud, RATE, ceiling_dbtp=-1.5)
    assert measure_loudness(limited, RATE).true_peak_dbtp <= -1.4
    lag = np.argmax(np.correlate(limited[RATE // 2 : RATE, 0], loud[RATE // 2 : RATE, 0], "full")) - (RATE // 2 - 1)
    assert lag == 0


MIXES = {
    "speech": lambda: voice_like(8.0),
    "quiet speech": lambda: 0.01 * voice_like(6.0),
    "loud speech": lambda: 5 * voice_like(6.0),
    "three seconds": lambda: voice_like(3.0),
    "noise": lambda: np.random.default_rng(2).normal(0, 0.3, (4 * RATE, 2)).astype(np.float32),
    "square": lambda: np.sign(sine(3.0, 0.0, 97.0)) * np.float32(1.0),
    "half a second": lambda: voice_like(3.0)[RATE : RATE + 24000],
}


@pytest.mark.parametrize("name", MIXES)
def test_every_mix_lands(name):
    """Whatever the mix, the decoded AAC is at -14 LUFS +-0.3 and at most -1 dBTP."""
    audio = encode_audio(MIXES[name]())
    heard = measure_loudness(decoded(audio)[: audio.sample_count], RATE)
    assert heard.lufs == pytest.approx(-14.0, abs=0.3)
    assert heard.true_peak_dbtp <= -1.0
    assert audio.loudness == heard


def test_a_long_reel_lands_too():
    """Half a minute is mastered like three seconds."""
    audio = encode_audio(np.tile(MIXES["three seconds"](), (10, 1)))
    assert audio.loudness.lufs == pytest.approx(-14.0, abs=0.3) and audio.loudness.true_peak_dbtp <= -1.0
    assert len(audio.packets) == -(-30 * RATE // 1024)


@pytest.mark.parametrize(
    "mix", [np.zeros((2 * RATE, 2), np.float32), np.full((2 * RATE, 2), 1e-5, np.float32), np.zeros((100, 2), np.float32)]
)
def test_silence_stays_silence(mix):
    """Pure silence, what R128 gates as silence, and a blink of silence encode without gain or error."""
    audio = encode_audio(mix)
    assert audio.gain_db == 0.0 and audio.loudness.lufs == -math.inf
    assert np.abs(decoded(audio)).max() < 1e-3


def test_lone_clicks_stay_under_the_peak():
    """A sound that cannot be loud without passing the peak norm is left quieter."""
    for every in (400, 24000):
        audio = encode_audio(stereo(np.where(np.arange(3 * RATE) % every == every // 2, 0.5, 0.0)))
        assert audio.loudness.true_peak_dbtp <= -1.0 and audio.loudness.lufs < -14.0


def test_the_decoded_file_is_aligned_with_the_mix():
    """In the MP4 every second is where it was in the mix, to the sample, from the start to the end, with gain as the only difference."""
    mix = 0.5 * np.random.default_rng(7).normal(0, 0.1, (3 * RATE, 2)).astype(np.float32)
    audio = encode_audio(mix)
    heard = decoded(audio)
    assert len(heard) == len(audio.packets) * 1024 and 0 <= len(heard) - len(mix) < 1024
    for start in (1024, RATE, 2 * RATE + 40000):
        window = slice(start, start + 4096)
        lags = range(-96, 97)
        match = [np.dot(heard[start + lag : start + lag + 4096, 0], mix[window, 0]) for lag in lags]
        assert lags[int(np.argmax(match))] == 0


def test_a_voice_that_starts_at_once_is_heard_at_once():
    """An onset 15 ms after the reel's start is within a millisecond in the decoded file, and nothing louder than -30 dB comes before."""
    mix = voice_like(3.0)
    mix[:720] = 0
    mix[720:] = sine(3.0, -12.0, 500.0)[: len(mix) - 720]
    heard = decoded(encode_audio(mix))[:, 0] * 1.0
    level = np.abs(heard[:4000])
    onset = int(np.argmax(level > 0.25 * level[1500:].max()))
    assert abs(onset - 720) <= 48


def test_the_same_mix_gives_the_same_bytes():
    """Mastering and encoding decide nothing by chance."""
    first, second = encode_audio(voice_like(3.0)), encode_audio(voice_like(3.0))
    assert first == second
    assert first.packets != encode_audio(voice_like(3.0, seed=1)).packets


def test_loudness_tells_itself_in_a_line():
    """The repr is a line for a person."""
    assert repr(Loudness(-14.04, -1.23, 3.21)) == "<Loudness -14.0 LUFS, -1.2 dBTP, range 3.2 LU>"
    assert repr(encode_audio(sine(0.5, -20.0))).startswith("<EncodedAudio 0.50 s, 24 packets, <Loudness -14.")
