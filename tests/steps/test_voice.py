"""The narration: sentences joined with the brand's pauses."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelkit.brand import Brand, BrandScript, BrandVoice
from reelkit.errors import VoiceError
from reelkit.model import AudioResult, Fps, Palette, Scene, Script, Word
from reelkit.steps.sentences import sentence_ends
from reelkit.steps.voice import synthesize_voice

RATE = 8000
BRAND_FPS = Fps(num=30)
PALETTE = Palette(background="#000000", surface="#111111", primary="#222222", accent="#333333", text="#FFFFFF")


class ToneVoice:
    """A real voice of a simple kind: a tone for every word, as long as the word, between half seconds of near silence."""

    def __init__(self, words_a_breath: int = 100) -> None:
        self.words_a_breath = words_a_breath
        self.asked: list[tuple[str, str, float]] = []

    def speak(self, text: str, *, language: str, speed: float) -> list[AudioResult]:
        self.asked.append((text, language, speed))
        words = text.split()
        return [self._breath(words[at : at + self.words_a_breath], speed) for at in range(0, len(words), self.words_a_breath)]

    def _breath(self, words: list[str], speed: float) -> AudioResult:
        at, timed = RATE // 2, []
        for word in words:
            end = at + round(RATE * (0.1 + 0.02 * len(word)) / speed)
            timed.append(Word(text=word, start=at, end=end, rate_hz=RATE, timed_by="durations"))
            at = end
        samples = np.full(at + RATE // 2, 1e-5, np.float32)
        if any(word.isascii() for word in words):
            tone = np.arange(at - RATE // 2)
            samples[RATE // 2 : at] = 0.5 * np.sin(tone * 0.3) * np.minimum(1.0, 0.02 * np.minimum(tone, tone[::-1]))
        else:
            samples[:] = 0
        return AudioResult(samples, RATE, tuple(timed))


def brand(**voice: object) -> Brand:
    return Brand(name="B", slug="b", palette=PALETTE, script=BrandScript(deck="none"), voice=BrandVoice.model_validate(voice))


def script(*texts: str) -> Script:
    return Script.of("topic", [Scene(text=text, search_terms=("a", "b")) for text in texts])


texts = st.lists(
    st.lists(st.from_regex(r"[A-Za-z]{1,8}[.!?,]?", fullmatch=True), min_size=1, max_size=12).map(" ".join), min_size=1, max_size=4
)
pauses = st.integers(min_value=0, max_value=900)


def _starts_on_a_frame(word: Word) -> bool:
    return word.start == BRAND_FPS.sample_at(BRAND_FPS.frame_at(word.start + 1, word.rate_hz), word.rate_hz)


@settings(deadline=None)
@given(texts, pauses, pauses, pauses, st.integers(min_value=1, max_value=6))
def test_pauses_are_the_brands(scenes: list[str], sentence_ms: int, scene_ms: int, tail_ms: int, breath: int) -> None:
    """Between sentences and scenes there is what the brand asks for (50 ms at least) and less than a frame more, up to the frame on which
    the next sentence starts; at the end exactly what it asks for; and the words are the voiceover's.
    """
    made = script(*scenes)
    audio = synthesize_voice(made, brand(sentence_pause_ms=sentence_ms, scene_pause_ms=scene_ms, tail_ms=tail_ms), voice=ToneVoice(breath))
    assert [word.text for word in audio.words] == made.voiceover.split()
    frame_ms = 1000 / 30
    gaps = [(after.start - before.end) * 1000 / RATE for before, after in pairwise(audio.words)]
    at = 0
    for scene in made.scenes:
        words = scene.text.split()
        ends = sentence_ends(words)
        for end in ends[:-1]:
            assert -6 < gaps[at + end - 1] - max(50, sentence_ms) < frame_ms
            assert _starts_on_a_frame(audio.words[at + end])
        at += len(words)
        if at < len(audio.words):
            assert -6 < gaps[at - 1] - max(50, scene_ms) < frame_ms
            assert _starts_on_a_frame(audio.words[at])
    assert (len(audio.samples) - audio.words[-1].end) * 1000 / RATE == pytest.approx(max(30, tail_ms), abs=6)
    assert audio.words[0].start <= 0.06 * RATE


@settings(deadline=None)
@given(texts)
def test_joins_do_not_click(scenes: list[str]) -> None:
    """No step between neighbouring samples is larger than the voice's own, and the ends are silent."""
    audio = synthesize_voice(script(*scenes), brand(), voice=ToneVoice(3))
    assert np.abs(np.diff(audio.samples)).max() <= 0.16
    assert audio.samples[0] == audio.samples[-1] == 0.0


@pytest.mark.parametrize("speed", [0.5, 1.25, 2.0])
def test_speed_scales_the_words(speed: float) -> None:
    """Speed k scales the length of every word by 1/k, and the pauses not at all: each goes on to the next frame."""
    made = script("One two three. Four five.", "Six!")
    plain, changed = (synthesize_voice(made, brand(speed=k), voice=ToneVoice()) for k in (1.0, speed))
    for before, after in zip(plain.words, changed.words, strict=True):
        assert (after.end - after.start) * speed == pytest.approx(before.end - before.start, abs=speed)
    asked = [0, 0, brand().voice.sentence_pause_ms, 0, brand().voice.scene_pause_ms]
    for audio in (plain, changed):
        for (before, after), pause_ms in zip(pairwise(audio.words), asked, strict=True):
            over_ms = (after.start - before.end) * 1000 / RATE - pause_ms
            assert abs(over_ms) <= 6 if pause_ms == 0 else -6 < over_ms < 1000 / 30
            assert pause_ms == 0 or _starts_on_a_frame(after)


def test_a_sentence_said_anew_moves_the_others_by_whole_frames() -> None:
    """Whatever a sentence's length, every word of those after it lies as far from its frame as before."""
    texts = ("One two. Three four five.", "Six. Seven, eight!")
    before = synthesize_voice(script(*texts), brand(), voice=ToneVoice())
    for said in ("A", "Another", "Something rather longer"):
        after = synthesize_voice(script(f"One two. {said}.", texts[1]), brand(), voice=ToneVoice())
        moved = {new.start - old.start for new, old in zip(after.words[-3:], before.words[-3:], strict=True)}
        frames = {
            BRAND_FPS.first_frame_from(new.start, RATE) - BRAND_FPS.first_frame_from(old.start, RATE)
            for new, old in zip(after.words[-3:], before.words[-3:], strict=True)
        }
        assert len(frames) == 1
        assert all(abs(samples - frames.copy().pop() * RATE / 30) < 1 for samples in moved)


def test_words_tell_what_is_between_them() -> None:
    """A scene's last word ends it, whatever its mark, and one after a space that does not break is held; the voice hears neither."""
    voice = ToneVoice()
    audio = synthesize_voice(script("We love coffee ☕", "Only 10\u202f000\u00a0€", "now (today)"), brand(), voice=voice)
    assert [word.text for word in audio.words if word.ends_scene] == ["☕", "€", "(today)"]
    assert [word.text for word in audio.words if word.held] == ["000", "€"]
    assert [text for text, _, _ in voice.asked] == ["We love coffee ☕", "Only 10 000 €", "now (today)"]


def test_the_voice_is_asked_sentence_by_sentence() -> None:
    """So that a cache keeps each sentence: what is asked for are sentences with the brand's language and speed."""
    voice, heard = ToneVoice(), []
    synthesize_voice(script("Dr. Who? Yes. Then", "No."), brand(speed=1.5), voice=voice, progress=heard.append)
    assert voice.asked == [("Dr. Who?", "en", 1.5), ("Yes.", "en", 1.5), ("Then", "en", 1.5), ("No.", "en", 1.5)]
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_sentences_without_sound_keep_their_words() -> None:
    """A sentence that says nothing between others keeps its words; a script of such sentences only is refused by one line."""
    audio = synthesize_voice(script("Hi. مرحبا. Bye."), brand(), voice=ToneVoice())
    assert [word.text for word in audio.words] == ["Hi.", "مرحبا.", "Bye."]
    with pytest.raises(VoiceError, match="brand 'b': voice 'heart' can say nothing of 'مرحبا بالعالم'"):
        synthesize_voice(script("مرحبا بالعالم"), brand(), voice=ToneVoice())


def test_a_voice_that_loses_words_is_refused() -> None:
    """A voice must give back the words that it was asked for."""

    class Forgetful(ToneVoice):
        def speak(self, text: str, *, language: str, speed: float) -> list[AudioResult]:
            return super().speak(text.rsplit(" ", 1)[0], language=language, speed=speed)

    with pytest.raises(VoiceError, match="gave 1 words"):
        synthesize_voice(script("two words"), brand(), voice=Forgetful())


def test_three_thousand_words_are_spoken() -> None:
    """Length is no limit."""
    made = script(*["Word after word goes by, and none is lost here."] * 300)
    audio = synthesize_voice(made, brand(), voice=ToneVoice())
    assert len(audio.words) == 3000
