"""Where known words are said: found by listening, or placed by their lengths."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.word_onsets import SCRIPTS, read_script
from reelkit.runs.cache import FileCache
from reelkit.services.alignment import can_align, hear_words, place_words, time_words_in, unheard_sentences
from reelkit.services.hibari import HibariVoice
from tests.services.voices import spoken

SENTENCES = [read_script(line)[0] for line in SCRIPTS]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> FileCache:
    return FileCache(tmp_path_factory.mktemp("cache"))


def test_words_are_found_where_the_voice_put_them(cache: FileCache) -> None:
    """Against the durations of a voice that knows them: median at most 25 ms off, 90th percentile at most 60 ms, figures and all."""
    off = []
    for text in SENTENCES[:8]:
        (breath,) = HibariVoice(cache=cache).speak(text)
        found = time_words_in(breath.samples, breath.rate_hz, text.split(), language="en")
        assert all(by == "alignment" for _, _, by in found)
        off += [(start - word.start) * 1000 / breath.rate_hz for (start, _, _), word in zip(found, breath.words, strict=True)]
    assert np.median(np.abs(off)) <= 25
    assert np.quantile(np.abs(off), 0.9) <= 60


def test_a_later_sound_has_later_words(cache: FileCache) -> None:
    """Silence put before a sound moves its words by as much."""
    samples, rate_hz = spoken([SENTENCES[0]], cache)
    words = SENTENCES[0].split()
    shift = rate_hz // 2
    plain = time_words_in(samples, rate_hz, words, language="en")
    moved = time_words_in(np.concatenate([np.zeros(shift, np.float32), samples]), rate_hz, words, language="en")
    assert max(abs(later[0] - first[0] - shift) for first, later in zip(plain, moved, strict=True)) <= 0.03 * rate_hz


def test_words_that_say_nothing_get_a_sliver(cache: FileCache) -> None:
    """A dash is estimated, the words beside it are found."""
    samples, rate_hz = spoken(["Great coffee — really good."], cache)
    assert [by for _, _, by in time_words_in(samples, rate_hz, ["Great", "coffee", "—", "really", "good."], language="en")] == [
        *("alignment", "alignment", "estimated", "alignment", "alignment")
    ]


def test_speech_that_does_not_follow_is_estimated(cache: FileCache) -> None:
    """Words that cannot all be in a sound are placed by their lengths, not invented."""
    samples, rate_hz = spoken(["Hello there."], cache)
    words = " ".join(SENTENCES[:3]).split()
    assert hear_words(samples, rate_hz, words) == []
    assert {by for _, _, by in time_words_in(samples, rate_hz, words, language="en")} == {"estimated"}


def test_other_languages_are_estimated(cache: FileCache) -> None:
    """There is a model of English only, and what is placed by length says so."""
    samples, rate_hz = spoken(["Hello there my friend."], cache)
    found = time_words_in(samples, rate_hz, ["Hallo", "lieber", "alter", "Freund."], language="de-AT")
    assert {by for _, _, by in found} == {"estimated"}
    assert not can_align("de-AT")
    assert found[0][0] > 0.05 * rate_hz, "a word begins with the sound, not with the file"


@settings(max_examples=60)
@given(st.lists(st.from_regex(r"\S{1,9}", fullmatch=True), min_size=1, max_size=30), st.integers(60, 4000), st.integers(0, 2000))
def test_placed_words_are_a_partition(words: list[str], sounding: int, silent: int) -> None:
    """In order, each with some time, inside the sound, whatever the words and however short the sound."""
    samples = np.zeros(sounding + 2 * silent, np.float32)
    samples[silent : silent + sounding] = 0.3
    spans = place_words(samples, 8000, words)
    assert len(spans) == len(words)
    assert all(0 <= start < end <= len(samples) for start, end, _ in spans)
    assert all(before[1] == after[0] for before, after in pairwise(spans))


def test_what_is_not_said_is_named(cache: FileCache) -> None:
    """Of sentences some of which are said, the others are told, wherever they stand."""
    said = [SENTENCES[6], SENTENCES[12]]
    samples, rate_hz = spoken(said, cache)
    assert unheard_sentences(samples, rate_hz, said) == []
    for place in range(3):
        script = [*said[:place], SENTENCES[0], *said[place:]]
        assert unheard_sentences(samples, rate_hz, script) == [place]


def test_closely_heard_words_fit(cache: FileCache) -> None:
    """Words that are said fit, and those that are not do not."""
    samples, rate_hz = spoken([SENTENCES[0]], cache)
    fits = [run.fit for run in hear_words(samples, rate_hz, SENTENCES[0].split(), closely=True) if run.owners]
    assert min(fits) > -50
    other = SENTENCES[0].replace("traded product", "careful elephant").split()
    wrong = [run for run in hear_words(samples, rate_hz, other, closely=True) if run.said in {"careful", "elephant"}]
    assert len(wrong) == 2
    assert min(run.fit for run in wrong) < -55


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """Words that are no words, and sounds that are none, are placed all the same."""
    for words in (["..."], ["9" * 60], ["日本"]):
        assert len(time_words_in(np.zeros(8000, np.float32), 8000, words, language="en")) == len(words)
