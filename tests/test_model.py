"""The values that flow: frozen, validated, JSON both ways."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reelkit.errors import ReelkitError, ScriptError
from reelkit.model import (
    AudioResult,
    CaptionStyle,
    Clip,
    Credit,
    Cue,
    Fps,
    Scene,
    Script,
    ScriptRequest,
    SentenceTiming,
    Timeline,
    Value,
    Word,
    content_key,
)
from tests.strategies import caption_styles, cues, sentences, texts, timelines, words


def word(text: str, start: int, end: int, rate_hz: int = 24_000) -> Word:
    return Word(text=text, start=start, end=end, rate_hz=rate_hz, timed_by="durations")


def scripts() -> st.SearchStrategy[Script]:
    terms = st.lists(st.text(min_size=1, max_size=9), min_size=2, max_size=4).map(tuple)
    scenes = st.lists(st.builds(Scene, text=texts(max_words=9), search_terms=terms), min_size=1, max_size=5)
    return st.builds(Script.of, st.text(min_size=1, max_size=20), scenes)


@given(st.one_of(scripts(), timelines(), caption_styles(), words(max_size=4).map(lambda said: said[0]), cues().map(lambda made: made[0])))
def test_values_survive_json(value: Value) -> None:
    """A value written as JSON is read back equal."""
    assert type(value).model_validate_json(value.model_dump_json()) == value


@given(timelines())
def test_a_timelines_key_is_that_of_its_json(timeline: Timeline) -> None:
    """The key of a timeline read back is the key of the one written."""
    assert content_key("reel", timeline=Timeline.model_validate_json(timeline.model_dump_json())) == content_key("reel", timeline=timeline)


@given(scripts())
def test_a_scripts_words_are_those_of_its_scenes(script: Script) -> None:
    """Scene k's words are the next ``len(scene.text.split())`` of the voiceover."""
    assert script.voiceover.split() == [piece for scene in script.scenes for piece in scene.text.split()]
    assert script.word_count == len(script.voiceover.split())


def test_a_script_whose_voiceover_differs_is_refused() -> None:
    """A script cannot say one thing and show another."""
    with pytest.raises(ValidationError, match="joined by a space"):
        Script(topic="T", voiceover="Other words.", scenes=(Scene(text="Some words.", search_terms=("a", "b")),))


@pytest.mark.parametrize("terms", [(), ("one",), ("a", "b", "c", "d", "e")])
def test_a_scene_has_two_to_four_search_terms(terms: tuple[str, ...]) -> None:
    """Fewer leave libraries without a choice, more without a subject."""
    with pytest.raises(ValidationError):
        Scene(text="Some words.", search_terms=terms)


def test_letters_are_put_together_with_their_accents() -> None:
    """A text from a system that keeps them apart is the same as one from another; rare forms of characters in names stay."""
    for text in ("Café schön Tiếng Việt naïve", "コーヒーが", "커피 한잔"):
        apart = unicodedata.normalize("NFD", text)
        scene = Scene(text=apart, search_terms=("a", "b"), emphasis=apart)
        assert apart != text and (scene.text, scene.emphasis) == (text, text)
    assert Scene(text="\ufa19社", search_terms=("a", "b")).text == "\ufa19社"


def test_a_scenes_text_is_one_line() -> None:
    """White space in a scene is single spaces, as captions and voice both count words by it."""
    assert Scene(text=" Two\n  words ", search_terms=("a", "b")).text == "Two words"


def test_a_word_cannot_end_before_it_starts() -> None:
    """A word has some length."""
    with pytest.raises(ValidationError, match="must end after it starts"):
        word("now", 10, 10)


def test_words_that_overlap_are_refused() -> None:
    """Sentences, cues and narrations hold words that follow each other at one rate."""
    with pytest.raises(ValidationError, match="before 'one' ends"):
        SentenceTiming(words=(word("one", 0, 10), word("two", 9, 20)))
    with pytest.raises(ValidationError, match="Hz"):
        SentenceTiming(words=(word("one", 0, 10), word("two", 10, 20, rate_hz=48_000)))


def test_a_cue_covers_its_words() -> None:
    """A cue cannot leave the screen while its last word is spoken."""
    with pytest.raises(ValidationError, match="must cover its words"):
        Cue(words=(word("one", 5, 10),), start=5, end=9)


def test_a_narration_holds_its_words() -> None:
    """Words lie inside the audio, which is mono float32 and cannot be written to."""
    samples = np.zeros(100, np.float32)
    audio = AudioResult(samples, 24_000, (word("one", 0, 100),))
    assert not audio.samples.flags.writeable
    with pytest.raises(ValueError, match="end by sample 100"):
        AudioResult(np.zeros(100, np.float32), 24_000, (word("one", 0, 101),))
    with pytest.raises(ValueError, match="mono float32"):
        AudioResult(np.zeros((100, 2), np.float32), 24_000, ())


@given(
    st.sampled_from([Fps(num=24), Fps(num=30), Fps(num=30_000, den=1001), Fps(num=60)]),
    st.integers(0, 10**8),
    st.sampled_from([24_000, 48_000]),
)
def test_frames_and_samples_agree(fps: Fps, sample: int, rate_hz: int) -> None:
    """The frame shown at a sample has begun by then, and the next one has not; the first frame from it begins no earlier."""
    frame = fps.frame_at(sample, rate_hz)
    assert frame * rate_hz * fps.den <= sample * fps.num < (frame + 1) * rate_hz * fps.den
    assert fps.first_frame_from(sample, rate_hz) - frame in (0, 1)
    assert fps.frame_at(fps.sample_at(frame, rate_hz) + 1, rate_hz) == frame


def test_a_picture_has_no_duration_and_a_video_has_one() -> None:
    """What a clip is decides whether it lasts."""
    credit = Credit(author="", licence="CC0")
    facts = {"id": "c", "library": "folder", "path": "c.jpg", "sha256": "0" * 64, "width_px": 2, "height_px": 2, "credit": credit}
    with pytest.raises(ValidationError, match="an image has none"):
        Clip.model_validate({**facts, "kind": "image", "duration_ms": 5})
    with pytest.raises(ValidationError, match="a video has a duration_ms"):
        Clip.model_validate({**facts, "kind": "video"})


def test_values_are_frozen_and_know_their_fields() -> None:
    """No value changes after it was made, and none takes a field it does not have."""
    with pytest.raises(ValidationError, match="frozen"):
        CaptionStyle().size_px = 60  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        CaptionStyle.model_validate({"sizepx": 60})


def test_keys_tell_apart_what_differs() -> None:
    """Keys depend on every part, its place and its name, and on nothing else."""
    keys = [content_key("a", b=1), content_key("a", b=2), content_key("a", c=1), content_key("ab", b=1), content_key("a", b=b"1")]
    assert len(set(keys)) == len(keys)
    assert content_key({"x": 1, "y": 2}) == content_key({"y": 2, "x": 1})
    with pytest.raises(TypeError, match="cannot hash a set"):
        content_key({1})


@pytest.mark.parametrize(
    ("text", "banned", "found"),
    [
        ("This will Cure you.", ("cure",), "cure"),
        ("A secure cup.", ("cure",), None),
        ("No  pain,\nno gain!", ("no pain, no gain",), "no pain, no gain"),
        ("C'est la vie.", ("",), None),
    ],
)
def test_banned_words_are_found_as_whole_words(text: str, banned: tuple[str, ...], found: str | None) -> None:
    """A banned word is found in any case and never inside another word."""
    request = ScriptRequest(brand_name="N", slug="n", topic_seed=1, length_s=30, banned_words=banned)
    assert request.banned_word_in(text) == found


@given(sentences(max_words=5))
def test_representations_are_one_line(made: list[SentenceTiming]) -> None:
    """What a notebook or a log prints of a value is one line."""
    assert all(len(repr(sentence).splitlines()) == 1 for sentence in made if sentence.text.isprintable())


def test_every_error_is_one_line_and_the_builtin_it_resembles() -> None:
    """Errors print as one line and can be caught as what Python would have raised."""
    assert str(ScriptError("first\n  second")) == "first second"
    seen = set[type[ReelkitError]]()
    level: list[type[ReelkitError]] = [ReelkitError]
    while level:
        seen.update(level)
        level = [child for parent in level for child in parent.__subclasses__()]
    builtins = (ValueError, LookupError, RuntimeError, OSError)
    assert all(issubclass(error, builtins) for error in seen - {ReelkitError})
    assert all(str(error("first\nsecond")) == "first second" for error in seen)
