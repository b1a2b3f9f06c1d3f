"""The voice from the wheel: its sound, its word times, its refusals."""

import hashlib
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.word_onsets import SCRIPTS, align, narrate, read_script
from reelkit.errors import VoiceError
from reelkit.model import AudioResult
from reelkit.runs.cache import FileCache
from reelkit.services.hibari import HibariVoice
from reelkit.services.hibari_model import Engine, load_engine

SENTENCE = "Dr. Smith paid $3.2 billion at 9:30am — it's 20% of an e-mail."


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> FileCache:
    return FileCache(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def voice(cache: FileCache) -> HibariVoice:
    return HibariVoice(cache=cache)


def assert_partitioned(breaths: list[AudioResult], text: str) -> None:
    """AudioResult itself refuses words that overlap or reach beyond the audio."""
    assert [word.text for breath in breaths for word in breath.words] == text.split()
    assert all(breath.samples.dtype == np.float32 and np.abs(breath.samples).max(initial=0.0) <= 1.0 for breath in breaths)


def test_the_same_text_gives_the_same_bytes(tmp_path: Path, cache: FileCache, voice: HibariVoice) -> None:
    """A second engine, loaded anew, makes the same samples and the same spans; another seed other noise."""
    (kept,) = voice.speak(SENTENCE)
    model = next(cache.root.glob("voices/*/*.onnx"))
    ((_, spoken),) = Engine(model).breaths(SENTENCE.split())
    assert Engine(model).say(spoken, 1.0, 0)[0].tobytes() == kept.samples.tobytes()
    (again,) = HibariVoice(cache=FileCache(tmp_path)).speak(SENTENCE)
    assert (again.samples.tobytes(), again.words) == (kept.samples.tobytes(), kept.words)
    (other,) = HibariVoice(cache=cache, seed=1).speak(SENTENCE)
    assert other.words[3].text == "$3.2"
    assert other.samples.tobytes() != kept.samples.tobytes()


def test_what_was_spoken_is_not_spoken_again(tmp_path: Path) -> None:
    """Each sentence is one file in the cache, whatever stands around it and however it is spaced."""
    voice = HibariVoice(cache=FileCache(tmp_path))
    for text in ("One day.", "Two days.", "One  day.", "Two days."):
        voice.speak(text)
    assert len(list(tmp_path.glob("speech/*/*.npz"))) == 2


def test_a_length_is_measured_once(tmp_path: Path) -> None:
    """A sentence's length is kept: another process that asks for it needs no network, and gets it to the last digit."""
    voice = HibariVoice(cache=FileCache(tmp_path))
    told = [voice.seconds_of("Honey never spoils.", speed=speed) for speed in (1.0, 1.2)]
    code = (
        "import sys; from pathlib import Path; from reelkit.runs.cache import FileCache; from reelkit.services.hibari import HibariVoice\n"
        "voice = HibariVoice(cache=FileCache(Path(sys.argv[1])))\n"
        "print([voice.seconds_of('Honey  never spoils.', speed=speed) for speed in (1.0, 1.2)], 'onnxruntime' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True, text=True).stdout
    assert out == f"{told} False\n"


def test_the_installed_package_stays_as_it_is(voice: HibariVoice) -> None:
    """Giving out the durations leaves the wheel's own graph alone."""
    from hibari.voices import VOICES, voice_path

    voice.speak("Hello.")
    assert hashlib.sha256(Path(voice_path("heart")).read_bytes()).hexdigest() == VOICES["heart"]["sha256"]


def test_words_that_say_something_are_timed_by_durations(voice: HibariVoice) -> None:
    """Words with sounds come from the model's durations; a dash and an emoji get slivers, marked as estimated."""
    text = "Great coffee — really 🎉 good, (ha!) “yes”."
    breaths = voice.speak(text)
    assert_partitioned(breaths, text)
    estimated = [word for breath in breaths for word in breath.words if word.timed_by == "estimated"]
    assert [word.text for word in estimated] == ["—", "🎉"]


def test_words_hold_the_sound(voice: HibariVoice) -> None:
    """Nearly all of the sound's energy lies inside the words."""
    (breath,) = voice.speak(SENTENCE)
    inside = np.zeros(len(breath.samples), bool)
    for word in breath.words:
        inside[word.start : word.end] = True
    power = np.square(breath.samples, dtype=np.float64)
    assert power[inside].sum() > 0.999 * power.sum()
    assert breath.words[0].start > 0.1 * breath.rate_hz
    assert power[: breath.words[0].start].max() < 1e-3 * power.max()


def test_a_longer_reading_takes_longer(voice: HibariVoice) -> None:
    """The span of a figure is that of all its spoken words."""
    (breath,) = voice.speak("We sold 9 and then 9,999,999 of them.")
    spans = {word.text: word.end - word.start for word in breath.words}
    assert spans["9,999,999"] > 5 * spans["9"]


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
def test_speed_scales_every_duration(cache: FileCache, speed: float) -> None:
    """Speed k scales the duration of every sound by 1/k, within the rounding to whole units."""
    engine = load_engine(cache)
    ((_, spoken),) = engine.breaths(SENTENCE.split())
    plain, changed = (engine.durations(spoken, k).astype(float) for k in (1.0, speed))
    low, high = (plain - 0.5) / speed - 0.5, (plain + 0.5) / speed + 0.5
    # One unit is the least the model gives, so what is 1 may have been less.
    assert np.all((changed >= low) | (plain == 1))
    assert np.all((changed <= high) | (changed == 1))


@pytest.mark.parametrize("speed", [0.7, 1.0, 1.4])
def test_seconds_are_known_before_speaking(voice: HibariVoice, speed: float) -> None:
    """The length told from durations alone is within 3 % of what is spoken, over a script."""
    sentences = [SENTENCE, "Honey never spoils.", "Why do sharks outlive trees, and who counted?", "Try it today!"]
    told = sum(voice.seconds_of(sentence, speed=speed) for sentence in sentences)
    breaths = [breath for sentence in sentences for breath in voice.speak(sentence, speed=speed)]
    assert told == pytest.approx(sum((breath.words[-1].end - breath.words[0].start) / breath.rate_hz for breath in breaths), rel=0.03)


@pytest.mark.parametrize(
    "text",
    [
        "Coffee",
        "It is " + "abcdefghij" * 4 + " ok.",
        '<b>Hi</b> <script>alert("x")</script> & done.',
        "مرحبا بالعالم means hello world.",
        "🎉 " * 30 + "done",
        "go " + "🎉 " * 300 + "on",
        " ".join(["the quick brown fox jumps over the lazy dog"] * 30),
        "hello .net ! and 1 , 000 [see](/hˈI/) you",
        "日本 🎉",
        "",
    ],
)
def test_odd_texts_are_partitioned(voice: HibariVoice, text: str) -> None:
    """Whatever the words are, each has its span, in order, inside the audio."""
    assert_partitioned(voice.speak(text), text)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=6), min_size=1, max_size=4))
def test_any_text_is_spoken_or_refused(voice: HibariVoice, parts: list[str]) -> None:
    """Any text gives partitioned words or one clear line."""
    text = " ".join(parts)
    try:
        assert_partitioned(voice.speak(text), text)
    except VoiceError as error:
        assert "\n" not in str(error)


def test_silence_says_nothing(voice: HibariVoice) -> None:
    """A text without a sound is silence, at most a second of it."""
    (breath,) = voice.speak("🎉 " * 100)
    assert not breath.samples.any()
    assert breath.duration_s <= 1.0
    assert voice.seconds_of("🎉 " * 100) == pytest.approx(breath.duration_s, rel=0.02)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("It has " + "9" * 40 + " stars.", f"hibari cannot read '{'9' * 40}': write it another way"),
        ("It is " + "ab" * 1000, "'" + "ab" * 20 + "'... has"),
    ],
)
def test_a_word_that_cannot_be_said_is_named(voice: HibariVoice, text: str, line: str) -> None:
    """The refusal names the word."""
    with pytest.raises(VoiceError) as caught:
        voice.speak(text)
    assert line in str(caught.value)


def test_an_unknown_voice_is_refused_at_once(cache: FileCache) -> None:
    """A voice that does not ship is refused by one line with those that do, before anything is loaded."""
    with pytest.raises(VoiceError, match=r"voice\.name is 'emma'; hibari speaks with: heart"):
        HibariVoice("emma", cache=cache)


@pytest.mark.parametrize(("language", "fits"), [("en", True), ("en-GB", True), ("de", False), ("enm", False)])
def test_only_english_is_spoken(voice: HibariVoice, language: str, fits: bool) -> None:
    """Another language is refused by name."""
    if fits:
        assert voice.speak("Hello.", language=language)
    else:
        with pytest.raises(VoiceError, match=f"language is '{language}'.*English only"):
            voice.speak("Hello.", language=language)


def test_onsets_agree_with_an_independent_aligner(cache: FileCache) -> None:
    """On three scripts with figures and contractions: median at most 25 ms, 90th percentile at most 60 ms, about a constant offset."""
    errors = []
    for line in (SCRIPTS[1], SCRIPTS[7], SCRIPTS[14]):
        text, said = read_script(line)
        onsets = align(narrate([text], cache), said)
        assert not isinstance(onsets, list)
        errors.append(onsets.errors_ms)
    off = np.concatenate(errors)
    spread = np.abs(off - np.median(off))
    assert np.median(spread) <= 25
    assert np.quantile(spread, 0.9) <= 60


def test_words_of_a_breath_leave_no_gap_within_speech(voice: HibariVoice) -> None:
    """Where no pause is heard a word ends as the next begins, so that captions hand over without a flicker."""
    (breath,) = voice.speak("We walk along the river all day long")
    assert all(before.end == after.start for before, after in pairwise(breath.words))
