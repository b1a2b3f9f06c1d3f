"""Recorded voice-over: the user's own sound, with the script's words found in it, or the place where it says something else."""

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.swapped_words import NAMED
from benchmarks.word_onsets import SCRIPTS, read_script
from reelkit.brand import Brand, BrandScript
from reelkit.errors import VoiceError
from reelkit.model import AudioResult, Palette, Scene, Script, Word
from reelkit.runs.cache import FileCache
from reelkit.services.hibari import HibariVoice
from reelkit.services.recorded import RecordedVoice, place_sentences
from reelkit.steps.voice import synthesize_voice
from tests.services.voices import read_mono, spoken, write_sound
from tests.strategies import texts

SENTENCES = [read_script(line)[0] for line in SCRIPTS]
SCRIPT = [SENTENCES[0], SENTENCES[6], SENTENCES[12]]
PALETTE = Palette(background="#000000", surface="#111111", primary="#222222", accent="#333333", text="#FFFFFF")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> FileCache:
    return FileCache(tmp_path_factory.mktemp("cache"))


def recorded(path: Path, cache: FileCache, *, word_by_word: bool | None = None) -> RecordedVoice:
    return RecordedVoice(path, read=read_mono, cache=cache, pace=len, word_by_word=word_by_word)


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".m4a"])
def test_words_are_found_in_a_recording(cache: FileCache, tmp_path: Path, suffix: str) -> None:
    """In each format: every word is aligned, in order, where the voice that was recorded put it, within 60 ms for nine in ten."""
    samples, rate_hz = spoken(SCRIPT, cache)
    heard = recorded(write_sound(tmp_path / f"take{suffix}", samples, rate_hz), cache).narrate(SCRIPT, language="en")
    assert [word.text for word in heard.words] == " ".join(SCRIPT).split()
    assert {word.timed_by for word in heard.words} == {"alignment"}
    truth, at = [], 0
    for sentence in SCRIPT:
        for breath in HibariVoice(cache=cache).speak(sentence):
            truth += [(at + word.start) / rate_hz for word in breath.words]
            at += len(breath.samples) + rate_hz // 4
    off = np.abs([word.start_s - start for word, start in zip(heard.words, truth, strict=True)])
    assert np.quantile(off, 0.9) <= 0.06


def test_a_recording_keeps_its_own_pace(cache: FileCache, tmp_path: Path) -> None:
    """The reel's voice begins at once and ends in the brand's tail; between, nothing is moved."""
    samples, rate_hz = spoken(SCRIPT, cache)
    padded = np.concatenate([np.zeros(2 * rate_hz, np.float32), samples, np.zeros(3 * rate_hz, np.float32)])
    voice = recorded(write_sound(tmp_path / "take.wav", padded, rate_hz), cache)
    script = Script.of("t", [Scene(text=sentence, search_terms=("a", "b")) for sentence in SCRIPT])
    brand = Brand(name="B", slug="b", palette=PALETTE, script=BrandScript(deck="none"))
    made = synthesize_voice(script, brand, voice=voice)
    plain = voice.narrate(SCRIPT, language="en")
    assert made.words[0].start_s <= 0.06
    assert len(made.samples) / rate_hz - made.words[-1].end_s == pytest.approx(0.7, abs=0.01)
    gaps = [[after.start - before.start for before, after in pairwise(audio.words)] for audio in (made, plain)]
    assert gaps[0] == gaps[1]


@pytest.mark.parametrize("by", ["hibari", "piper"])
@pytest.mark.parametrize(
    ("said", "line"),
    [
        ([0, 12], r"does not say sentence 2 of the script after 'Coffee is .*': 'Light from the sun .*'; record it, or take it out"),
        ([6, 12], r"does not say sentence 1 of the script: 'Coffee is the second"),
        ([0, 6], r"does not say sentence 3 of the script after 'Light from"),
        ([0, 11, 6, 12], r"says .* at \d+\.\d .*make the two agree$"),
        ([8, 9, 14], r"says .* at 0\.\d |nothing in take\.wav .* follows the script"),
    ],
)
def test_a_script_that_does_not_match_is_said_with_the_place(cache: FileCache, tmp_path: Path, by: str, said: list[int], line: str) -> None:
    """A sentence that is missing, one too many, or another text: one line that names the place."""
    path = write_sound(tmp_path / "take.wav", *spoken([SENTENCES[number] for number in said], cache, by=by))
    with pytest.raises(VoiceError, match=line) as caught:
        recorded(path, cache).narrate(SCRIPT, language="en")
    assert "\n" not in str(caught.value)


def test_other_words_are_found(cache: FileCache, tmp_path: Path) -> None:
    """Two other words in a sentence are found, with the second at which they are said."""
    samples, rate_hz = spoken([SCRIPT[0].replace("traded product", "wonderful drink")], cache)
    (breath,) = HibariVoice(cache=cache).speak(SCRIPT[0].replace("traded product", "wonderful drink"))
    path = write_sound(tmp_path / "take.wav", samples, rate_hz)
    closely = r"says 'wonderful drink' at (\d+\.\d) s, where the script has 'traded product' \(word 6\)"
    alone = r"says something else than the script at (\d+\.\d) to .* where the script has '.*traded.*'"
    for word_by_word, line in ((True, closely), (False, alone)):
        with pytest.raises(VoiceError, match=line) as caught:
            recorded(path, cache, word_by_word=word_by_word).narrate(SCRIPT[:1], language="en")
        told = re.search(line, str(caught.value))
        assert told and float(told[1]) == pytest.approx(breath.words[5].start_s, abs=0.3)


@pytest.mark.parametrize("by", ["hibari", "piper"])
@pytest.mark.parametrize(("sentence", "word", "other"), [(12, "day", "sun"), (12, "year", "cup"), (0, "most", "red"), (0, "oil.", "tea.")])
def test_a_single_short_word_is_found(cache: FileCache, tmp_path: Path, by: str, sentence: int, word: str, other: str) -> None:
    """One short word that the script has otherwise is named with its place, by two voices."""
    path = write_sound(tmp_path / "take.wav", *spoken([SENTENCES[sentence]], cache, by=by))
    script = [other if said == word else said for said in SENTENCES[sentence].split()]
    for word_by_word in (True, False):
        with pytest.raises(VoiceError, match=rf"where the script has '.*{other.strip('.')}.*' \(word \d+\)") as caught:
            recorded(path, cache, word_by_word=word_by_word).narrate([" ".join(script)], language="en")
        # What sounds on both sides of it may go with it.
        assert abs(int(str(caught.value).rpartition("(word ")[2].partition(")")[0]) - script.index(other) - 1) <= 1


@pytest.mark.parametrize("by", ["hibari", "piper"])
@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("Bananas are berries, but cherries aren't.", r"says 'strawberries' at \d\.\d s, where the script has 'cherries' \(word 5\)"),
        ("Bananas are small berries, but strawberries aren't.", r"leaves out 'small' \(word 3\) at \d\.\d s"),
        ("Bananas are but strawberries aren't.", r"says 'berries' at \d\.\d s, after 'are' \(word 2\), which is not in the script"),
        (
            "Bananas are melons, but cherries aren't.",
            r"says 'berries' at .* has 'melons' \(word 3\); says 'strawberries' at .* has 'cherries' \(word 5\); make the two agree$",
        ),
    ],
)
def test_each_word_is_held_against_the_script(cache: FileCache, tmp_path: Path, by: str, script: str, line: str) -> None:
    """A word said otherwise, left out or added is told with its place and what is heard, each once, in one line."""
    path = write_sound(tmp_path / "take.wav", *spoken(["Bananas are berries, but strawberries aren't."], cache, by=by))
    with pytest.raises(VoiceError, match=line):
        recorded(path, cache).narrate([script], language="en")


def _telephone(samples: np.ndarray, rate_hz: int) -> tuple[np.ndarray, int]:
    return np.asarray(soxr.resample(samples, rate_hz, 8000), np.float32), 8000


def _clipped(samples: np.ndarray, rate_hz: int) -> tuple[np.ndarray, int]:
    return np.clip(samples * 6 / np.abs(samples).max(), -1, 1).astype(np.float32), rate_hz


@pytest.mark.parametrize("spoil", [_telephone, _clipped])
def test_a_word_that_poor_sound_leaves_in_doubt_is_no_failure(cache: FileCache, tmp_path: Path, spoil: Callable[..., Any]) -> None:
    """A telephone's sound, or one that is clipped, is taken where the words agree, its doubtful words told; another script is refused."""
    script = [SENTENCES[number] for number in (0, 6, 8, 12)]
    path = write_sound(tmp_path / "take.wav", *spoil(*spoken(script, cache, by="piper")))
    voice = recorded(path, cache, word_by_word=False)
    heard = voice.narrate(script, language="en")
    assert len(heard.words) == len(" ".join(script).split())
    assert heard.doubts
    with pytest.raises(VoiceError, match=r"voice\.recording: "):
        voice.narrate([*script[:2], SENTENCES[3], script[3]], language="en")


def test_what_is_in_doubt_is_no_failure(cache: FileCache, tmp_path: Path) -> None:
    """A figure said otherwise and a name that no dictionary has are places to listen to, found again where the words were kept."""
    samples, rate_hz = spoken(["Our barista Xochitl drinks 30% more water than I do."], cache, by="piper")
    voice = recorded(write_sound(tmp_path / "take.wav", samples, rate_hz), cache)
    script = "Our barista Xochitl drinks 20% more water than I do."
    for heard in (voice.narrate([script], language="en"), voice.narrate([script], language="en")):
        places = {index for doubt in heard.doubts for index in range(doubt.start, doubt.stop)}
        assert 4 in places
        assert places <= {1, 2, 4}
    assert recorded(voice.path, cache, word_by_word=False).narrate([script], language="en").doubts == ()


def test_what_only_one_listener_doubts_is_no_failure(cache: FileCache, tmp_path: Path) -> None:
    """Right readings in which a word sounds like its neighbour to one of the two that listen: the place is told, the take is taken."""
    takes = {
        "Feet on that box, roughly 74%.": "hibari",
        "You would not enjoy the walk. The ground is at about 465 degrees, hot enough to melt lead.": "piper",
        NAMED[2]: "hibari",
    }
    for number, (text, by) in enumerate(takes.items()):
        path = write_sound(tmp_path / f"{number}.m4a", *spoken([text], cache, by=by))
        assert len(recorded(path, cache).narrate([text], language="en").doubts) <= 1


@pytest.mark.parametrize("by", ["hibari", "piper"])
def test_names_are_not_refused(cache: FileCache, tmp_path: Path, by: str) -> None:
    """Names that no dictionary and no recogniser can know may be doubted, never refused."""
    for number, text in enumerate(NAMED):
        path = write_sound(tmp_path / f"{number}.wav", *spoken([text], cache, by=by))
        assert recorded(path, cache).narrate([text], language="en").words


@pytest.mark.parametrize("by", ["hibari", "piper"])
def test_names_let_no_other_text_through(cache: FileCache, tmp_path: Path, by: str) -> None:
    """A reading of another text full of names is refused; a plain word said otherwise beside a name is at least a place to listen to."""
    for number, (text, other) in enumerate(pairwise(NAMED)):
        path = write_sound(tmp_path / f"{number}.wav", *spoken([text], cache, by=by))
        with pytest.raises(VoiceError, match=r"voice\.recording: "):
            recorded(path, cache).narrate([other], language="en")
    path = write_sound(tmp_path / "take.wav", *spoken([NAMED[6]], cache, by=by))
    heard = recorded(path, cache).narrate([NAMED[6].replace("barista", "sister")], language="en")
    assert any(doubt.start <= 1 < doubt.stop for doubt in heard.doubts)


def test_doubts_reach_the_reel(cache: FileCache, tmp_path: Path) -> None:
    """Places to listen to keep their words when silence is cut, and stand on the timeline by their frames."""
    said = ["Sharks are old.", "The train leaves at 7:15 from here."]
    samples, rate_hz = spoken([said[0], "The train leaves at 9:40 from here."], cache)
    padded = np.concatenate([np.zeros(2 * rate_hz, np.float32), samples])
    script = Script.of("t", [Scene(text=text, search_terms=("a", "b")) for text in said])
    brand = Brand(name="B", slug="b", palette=PALETTE, script=BrandScript(deck="none"))
    audio = synthesize_voice(script, brand, voice=recorded(write_sound(tmp_path / "take.wav", padded, rate_hz), cache))
    (doubt,) = audio.doubts
    assert "7:15" in [word.text for word in audio.words[doubt.start : doubt.stop]]
    assert "40" in doubt.heard


@pytest.mark.parametrize("by", ["hibari", "piper"])
def test_what_is_right_is_not_found_fault_with(cache: FileCache, tmp_path: Path, by: str) -> None:
    """Two voices that read all the benchmark's scripts, with their figures each in its own way, are taken as they are."""
    for at in range(0, len(SENTENCES), 4):
        path = write_sound(tmp_path / f"{at}.wav", *spoken(SENTENCES[at : at + 4], cache, by=by))
        assert recorded(path, cache).narrate(SENTENCES[at : at + 4], language="en").words


def test_a_soft_recording_is_heard(cache: FileCache, tmp_path: Path) -> None:
    """How loud it was spoken does not matter."""
    samples, rate_hz = spoken(SCRIPT, cache)
    assert recorded(write_sound(tmp_path / "soft.wav", samples * 0.02, rate_hz), cache).narrate(SCRIPT, language="en").words


def test_another_language_is_placed_between_pauses(cache: FileCache, tmp_path: Path) -> None:
    """Sentences of a language that cannot be aligned begin and end at the recording's pauses, and are marked as estimated."""
    samples, rate_hz = spoken(SCRIPT, cache, pause_s=0.6)
    heard = recorded(write_sound(tmp_path / "take.wav", samples, rate_hz), cache).narrate(SCRIPT, language="nl")
    assert {word.timed_by for word in heard.words} == {"estimated"}
    at, starts = 0, []
    for sentence in SCRIPT:
        (breath,) = HibariVoice(cache=cache).speak(sentence)
        starts.append((at + breath.words[0].start) / rate_hz)
        at += len(breath.samples) + int(0.6 * rate_hz)
    firsts = [0, len(SCRIPT[0].split()), len(" ".join(SCRIPT[:2]).split())]
    assert [heard.words[number].start_s for number in firsts] == pytest.approx(starts, abs=0.15)


def test_sentences_that_end_elsewhere_are_placed_anew(cache: FileCache, tmp_path: Path) -> None:
    """The same words in other sentences lie elsewhere in a recording whose words are not found by listening."""
    tone, quiet = np.full(8000, 0.3, np.float32), np.zeros(4000, np.float32)
    path = write_sound(tmp_path / "take.wav", np.concatenate([tone, quiet, tone, tone]), 8000)
    ends = []
    for split in (["Kaffee ist alt.", "Er wärmt. Er weckt."], ["Kaffee ist alt. Er wärmt.", "Er weckt."]):
        heard = recorded(path, cache).narrate(split, language="de")
        words = heard.words
        ends.append([word.end for word in words])
        assert ends[-1] == [end for _, end, _ in place_sentences(heard.samples, heard.rate_hz, split)]
    assert ends[0] != ends[1]


def test_few_pauses_and_many_words() -> None:
    """A sound without a pause still gives every word its own time."""
    spans = place_sentences(np.full(8000, 0.2, np.float32), 8000, ["a b c", "d", "e f g h i j"])
    assert len(spans) == 10
    assert all(before[1] <= after[0] and before[0] < before[1] for before, after in pairwise(spans))


@given(
    st.lists(texts(max_words=12), min_size=1, max_size=14),
    st.lists(st.tuples(st.integers(30, 2000), st.integers(0, 900)), min_size=1, max_size=12),
)
@example([" ".join(["Wort"] * 60), *["Ja."] * 30], [(30, 0)])
@settings(max_examples=150, deadline=None)
def test_every_word_has_a_place_of_its_own(sentences: list[str], heard: list[tuple[int, int]]) -> None:
    """Wherever a recording has its pauses, words are placed in order, each for some time, inside the sound."""
    words, rate_hz = " ".join(sentences).split(), 8000
    parts = [np.full(8 * ms, level, np.float32) for pair in heard for ms, level in zip(pair, (0.2, 0.0), strict=True)]
    samples = np.concatenate([*parts, np.full(len(words) * rate_hz // 20, 0.2, np.float32)])
    spans = place_sentences(samples, rate_hz, sentences)
    placed = (Word(text=word, start=at, end=end, rate_hz=rate_hz, timed_by=by) for word, (at, end, by) in zip(words, spans, strict=True))
    assert len(AudioResult(samples, rate_hz, tuple(placed)).words) == len(words)


def test_a_recording_too_short_for_its_script_is_refused(cache: FileCache, tmp_path: Path) -> None:
    """In a language that cannot be aligned too, a second of sound says no twelve sentences: one line, the second time as well."""
    sentences = ["Wir rösten jeden Montag frisch."] * 12
    path = write_sound(tmp_path / "take.wav", np.pad(np.full(8000, 0.3, np.float32), 40_000), 8000)
    for _ in range(2):
        with pytest.raises(VoiceError, match=r"take\.wav has 1\.0 s of sound, too short for the 60 words of the script; record all of it"):
            recorded(path, cache).narrate(sentences, language="de")


def test_a_recording_that_is_none(cache: FileCache, tmp_path: Path) -> None:
    """No file, no sound and silence are one line each."""
    with pytest.raises(VoiceError, match="there is no such file"):
        recorded(tmp_path / "none.wav", cache)
    (tmp_path / "text.wav").write_text("not a sound")
    with pytest.raises(VoiceError, match=r"voice\.recording: .*text\.wav"):
        recorded(tmp_path / "text.wav", cache).narrate(SCRIPT, language="en")
    with pytest.raises(VoiceError, match="silent"):
        recorded(write_sound(tmp_path / "still.wav", np.zeros(9000, np.float32), 8000), cache).narrate(SCRIPT, language="en")
