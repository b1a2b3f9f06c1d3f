"""The timeline: exact frames for words and cues, sound under the voice, an end card that leaves room."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelkit.brand import Brand, BrandMotion, BrandMusic, BrandOutput, BrandOverlays
from reelkit.errors import BrandError
from reelkit.media.audio import read_audio, write_wav
from reelkit.media.encode import EncoderSettings
from reelkit.media.loudness import measure_loudness
from reelkit.media.music import compose_stinger, stinger_kinds
from reelkit.media.overlays import OverlayPainter
from reelkit.media.segments import plan_segments, segment_key
from reelkit.model import AudioResult, CaptionStyle, Clip, SafeZone, Scene, Script, Timeline, Word
from reelkit.steps.judge_captions import judge_caption_times
from reelkit.steps.timeline import AUDIO_RATE_HZ, plan_timeline
from reelkit.steps.timing import group_words_into_sentences, split_cues
from reelkit.steps.voice import synthesize_voice
from tests.steps.test_shots import BRAND, RATE, _clip
from tests.steps.test_voice import ToneVoice

NO_LOGO = BRAND.model_copy(update={"captions": CaptionStyle()})


def _narrated(folder: Path, lengths: list[int], gaps: list[int]) -> tuple[Script, AudioResult, Path]:
    at, words = 0, []
    for number, (length, gap) in enumerate(zip(lengths, gaps, strict=True)):
        at += gap
        text = f"w{number}" + ("." if number % 5 == 4 or number == len(lengths) - 1 else "")
        words.append(Word(text=text, start=at, end=at + length, rate_hz=RATE, timed_by="durations"))
        at += length
    tone = (0.1 * np.sin(np.arange(at + RATE // 2) / 20)).astype(np.float32)
    folder.mkdir(exist_ok=True)
    write_wav(folder / "voice.wav", tone, RATE)
    script = Script.of("t", [Scene(text=" ".join(word.text for word in words), search_terms=("a", "b"))])
    return script, AudioResult(samples=tone, rate_hz=RATE, words=tuple(words)), folder / "voice.wav"


def _planned(
    folder: Path, lengths: list[int], gaps: list[int], *, brand: Brand = NO_LOGO, music: Path | None = None
) -> tuple[Timeline, AudioResult]:
    script, audio, voice = _narrated(folder, lengths, gaps)
    sentences = group_words_into_sentences(audio.words)
    cues = split_cues(sentences, brand.captions)
    clips: list[Clip] = [_clip(0, scene=0), _clip(1, scene=0)]
    return plan_timeline(script, clips, audio, sentences, brand, cues=cues, narration=voice, music=music), audio


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.integers(400, 20_000), st.integers(0, 9_000)), min_size=1, max_size=40),
)
def test_words_are_shown_within_a_frame_of_their_sound(tmp_path_factory: pytest.TempPathFactory, spans: list[tuple[int, int]]) -> None:
    """Every word of the narration is on the timeline once, in order, lit within a frame of its onset and never before it."""
    timeline, audio = _planned(tmp_path_factory.mktemp("t"), [length for length, _ in spans], [gap for _, gap in spans])
    shown = [word for cue in timeline.cues for word in cue.words]
    assert [word.text for word in shown] == [word.text for word in audio.words]
    lasts = [id(cue.words[-1]) for cue in timeline.cues]
    assert all(cue.start <= word.start < cue.end for cue in timeline.cues for word in cue.words)
    late = 0
    for on_screen, spoken in zip(shown, audio.words, strict=True):
        onset = spoken.start * 30 / RATE
        # The last word of a cue may share its frame with the next cue; then it is lit in the one before.
        assert on_screen.start >= onset - 1e-9 or (id(on_screen) in lasts and on_screen.start > onset - 1)
        # Several words within one frame push each other on by a frame at the most.
        late = max(late, on_screen.start - onset)
    assert late < 2
    assert all(before.end <= after.start for before, after in zip(timeline.cues, timeline.cues[1:], strict=False))


def test_an_emoji_without_a_pause_of_its_own_is_lit_within_its_cue(tmp_path: Path) -> None:
    """What says nothing and has a sliver of time before the next cue's sound is lit on its cue's last frame; the check holds."""
    told = [("We", 0.0, 0.2), ("love", 0.2, 0.5), ("coffee", 0.5, 1.01), ("\u2615", 1.01, 1.03), ("and", 1.03, 1.2), ("tea.", 1.2, 1.6)]
    words = tuple(
        Word(text=text, start=round(start * RATE), end=round(end * RATE), rate_hz=RATE, timed_by="durations") for text, start, end in told
    )
    _, spoken, voice = _narrated(tmp_path, [2 * RATE], [0])
    audio = AudioResult(spoken.samples, RATE, words)
    script = Script.of("t", [Scene(text=" ".join(word.text for word in words), search_terms=("a", "b"))])
    sentences = group_words_into_sentences(audio.words)
    cues = split_cues(sentences, NO_LOGO.captions)
    assert [cue.text for cue in cues] == ["We love coffee \u2615", "and tea."]
    timeline = plan_timeline(script, [_clip(0, scene=0), _clip(1, scene=0)], audio, sentences, NO_LOGO, cues=cues, narration=voice)
    first, second = timeline.cues
    assert (first.words[-1].start, first.end, second.start) == (30, 31, 31)
    assert next(iter(judge_caption_times(timeline, None))).holds


def test_phrases_of_a_word_are_shown_each_in_its_share_of_the_time(tmp_path: Path) -> None:
    """A sentence without spaces is on the timeline as its phrases, in order, each counted among the words whose time is estimated."""
    _, spoken, voice = _narrated(tmp_path, [5 * RATE], [0])
    text = "水出しコーヒーは冷たい水でゆっくりと抽出するため、苦味が少なく、とてもまろやかな味わいになります。"
    audio = AudioResult(spoken.samples, RATE, (spoken.words[0].model_copy(update={"text": text}),))
    script = Script.of("t", [Scene(text=text, search_terms=("a", "b"))])
    sentences = group_words_into_sentences(audio.words)
    cues = split_cues(sentences, NO_LOGO.captions)
    timeline = plan_timeline(script, [_clip(0, scene=0), _clip(1, scene=0)], audio, sentences, NO_LOGO, cues=cues, narration=voice)
    shown = [word for cue in timeline.cues for word in cue.words]
    assert len(timeline.cues) >= 3 and "".join(cue.text for cue in timeline.cues) == text
    assert timeline.estimated_words == len(shown) > 9
    assert all(before.start < after.start == before.end for before, after in pairwise(shown))
    assert Timeline.model_validate_json(timeline.model_dump_json()) == timeline


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        (NO_LOGO.captions, ["It", "is", "10\u00a0000\u00a0€", "or", "30", "%", "off", "🎉"]),
        (NO_LOGO.captions.model_copy(update={"mode": "one_word"}), ["It", "is", "10\u00a0000\u00a0€", "or", "30 %", "off 🎉"]),
        (
            NO_LOGO.captions.model_copy(update={"mode": "one_word", "max_words": 1}),
            ["It", "is", "10\u00a0000\u00a0€", "or", "30 %", "off 🎉"],
        ),
    ],
    ids=["karaoke", "one_word", "one_word alone"],
)
def test_what_is_one_to_a_reader_is_lit_as_one(style: CaptionStyle, shown: list[str], tmp_path: Path) -> None:
    """What a space holds together is lit as one word, from its first sound to its last; one word at a time takes unit and emoji along."""
    script = Script.of("t", [Scene(text="It is 10\u202f000\u00a0€ or 30 % off 🎉", search_terms=("a", "b"))])
    _, told, voice = _narrated(tmp_path, [RATE // 4] * 10, [0] * 10)
    texts = script.voiceover.split()
    held = {"held": True}
    words = tuple(
        word.model_copy(update={"text": text, **(held if index in (3, 4) else {})})
        for index, (word, text) in enumerate(zip(told.words, texts, strict=True))
    )
    audio = AudioResult(told.samples, RATE, words)
    brand = NO_LOGO.model_copy(update={"captions": style})
    sentences = group_words_into_sentences(audio.words)
    cues = split_cues(sentences, style)
    timeline = plan_timeline(script, [_clip(0, scene=0), _clip(1, scene=0)], audio, sentences, brand, cues=cues, narration=voice)
    lit = [word for cue in timeline.cues for word in cue.words]
    assert [word.text for word in lit] == shown
    assert (lit[2].start, lit[2].end) == (15, 38)


def test_straight_quotation_marks_are_shown_as_the_language_has_them(tmp_path: Path) -> None:
    """Marks of a pair are found over all that is said, whichever cues it is shown in."""
    script = Script.of("t", [Scene(text='"We only ever roast our coffee on Mondays," he said.', search_terms=("a", "b"))])
    _, told, voice = _narrated(tmp_path, [RATE // 4] * 10, [0] * 10)
    words = tuple(word.model_copy(update={"text": text}) for word, text in zip(told.words, script.voiceover.split(), strict=True))
    audio = AudioResult(told.samples, RATE, words)
    sentences = group_words_into_sentences(audio.words)
    cues = split_cues(sentences, NO_LOGO.captions)
    timeline = plan_timeline(script, [_clip(0, scene=0), _clip(1, scene=0)], audio, sentences, NO_LOGO, cues=cues, narration=voice)
    assert len(timeline.cues) > 2
    assert " ".join(cue.text for cue in timeline.cues) == "“We only ever roast our coffee on Mondays,” he said."


def test_the_reel_is_as_long_as_the_narration(tmp_path: Path) -> None:
    """Frames cover the narration and no more than one frame beyond."""
    timeline, audio = _planned(tmp_path, [6000] * 12, [500] * 12)
    assert 0 <= timeline.duration_s - audio.duration_s < 1 / 30


def test_a_timeline_is_read_back_equal(tmp_path: Path) -> None:
    """Saved as JSON and read again, it is the same value."""
    timeline, _ = _planned(tmp_path, [6000] * 12, [500] * 12)
    assert Timeline.model_validate_json(timeline.model_dump_json()) == timeline


def test_music_lies_under_the_voice(tmp_path: Path) -> None:
    """The music track's gain puts its loudness the brand's number of dB under the voice's."""
    from reelkit.media.audio import read_audio
    from reelkit.media.loudness import measure_loudness

    at = np.arange(AUDIO_RATE_HZ * 8) / AUDIO_RATE_HZ
    bed = (0.4 * np.sin(2 * np.pi * 330 * at)).astype(np.float32)
    write_wav(tmp_path / "bed.wav", np.stack([bed, bed], axis=1), AUDIO_RATE_HZ)
    timeline, audio = _planned(tmp_path, [6000] * 20, [500] * 20, music=tmp_path / "bed.wav")
    music = timeline.audio[1]
    samples, rate_hz = read_audio(tmp_path / "bed.wav")
    voice = measure_loudness(audio.samples[:, None].repeat(2, axis=1), RATE)
    assert voice.lufs - (measure_loudness(samples, rate_hz).lufs + music.gain_db) == pytest.approx(19.0, abs=0.1)


def test_fonts_are_known_before_anything_is_rendered(tmp_path: Path) -> None:
    """A brand with a font that does not exist gives one line with the brand and the field."""
    brand = NO_LOGO.model_copy(update={"captions": CaptionStyle(font="Monserat")})
    with pytest.raises(BrandError, match=r"^brand 'test': captions\.font: font 'Monserat' is not a family; did you mean 'Montserrat'"):
        _planned(tmp_path, [6000] * 4, [100] * 4, brand=brand)


def test_a_timeline_knows_its_language(tmp_path: Path) -> None:
    """What is drawn for the brand's language can be drawn from the timeline alone."""
    timeline, _ = _planned(tmp_path, [6000] * 4, [100] * 4, brand=NO_LOGO.model_copy(update={"language": "tr"}))
    assert timeline.language == "tr"


def test_the_end_card_never_covers_more_than_half(tmp_path: Path) -> None:
    """A reel of a second keeps at least half of itself for what it says."""
    brand = NO_LOGO.model_copy(update={"overlays": BrandOverlays(end_card_s=6.0)})
    timeline, _ = _planned(tmp_path, [6000] * 4, [100] * 4, brand=brand)
    card = [overlay for overlay in timeline.overlays if overlay.kind == "end_card"]
    assert card[0].start >= timeline.frame_count // 2


@pytest.mark.parametrize("output", [BrandOutput(), BrandOutput(width_px=540, height_px=960)])
def test_the_progress_bar_spans_the_brands_safe_zone(output: BrandOutput, tmp_path: Path) -> None:
    """The bar begins and ends where the brand's own margins do, in a frame of either size; the usual ones are 60 and 180 px."""
    for zone in (SafeZone(), SafeZone(left_px=140, right_px=200)):
        changes = {"overlays": BrandOverlays(progress_bar=True), "safe_zone": zone, "output": output}
        timeline, _ = _planned(tmp_path, [6000] * 4, [100] * 4, brand=NO_LOGO.model_copy(update=changes))
        painter = OverlayPainter(timeline.overlays, width_px=output.width_px, height_px=output.height_px, fps=timeline.fps)
        left, _, right, _ = dict(painter.boxes())["progress"]
        assert (left, right) == (round(zone.left_px * output.width_px / 1080), round((1080 - zone.right_px) * output.width_px / 1080))


def test_a_stinger_comes_to_its_peak_on_each_change_of_scene(tmp_path: Path) -> None:
    """Stingers are taken in turn, a beat before the first cut of every scene but the first, 15 dB under the voice; none without files."""
    scenes = [" ".join(f"w{4 * scene + word}{'.' if word == 3 else ''}" for word in range(4)) for scene in range(4)]
    words, at = [], 0
    for text in " ".join(scenes).split():
        words.append(Word(text=text, start=at, end=at + RATE // 2, rate_hz=RATE, timed_by="durations"))
        at += RATE // 2 + RATE // 10
    tone = (0.1 * np.sin(np.arange(at) / 20)).astype(np.float32)
    audio, voice = AudioResult(samples=tone, rate_hz=RATE, words=tuple(words)), write_wav(tmp_path / "voice.wav", tone, RATE)
    script = Script.of("t", [Scene(text=text, search_terms=("a", "b")) for text in scenes])
    brand = NO_LOGO.model_copy(update={"music": BrandMusic(tempo_bpm=100.0, under_voice_db=19.0)})
    files = [compose_stinger(tmp_path / f"{kind}.wav", kind=kind, mood=None, tempo_bpm=100.0, seed=1) for kind in stinger_kinds(None)]
    sentences = group_words_into_sentences(audio.words)
    given_ = {"cues": split_cues(sentences, brand.captions), "narration": voice}
    clips = [_clip(number, scene=number) for number in range(4)]
    timeline = plan_timeline(script, clips, audio, sentences, brand, stingers=files, **given_)
    stingers = [track for track in timeline.audio if track.kind == "stinger"]
    peaks = [timeline.fps.frame_at(track.start + round(0.6 * AUDIO_RATE_HZ) + 1, AUDIO_RATE_HZ) for track in stingers]
    changes = [next(shot.start for shot in timeline.shots if shot.clip.scene == scene) for scene in (1, 2, 3)]
    assert peaks == changes
    assert [track.path for track in stingers] == [files[0], files[1], files[0]]
    voice_lufs = measure_loudness(tone, RATE).lufs
    for track in stingers:
        sound, rate_hz = read_audio(track.path)
        assert voice_lufs - (measure_loudness(sound, rate_hz).lufs + track.gain_db) == pytest.approx(15.0, abs=0.1)
    assert [track.kind for track in plan_timeline(script, clips, audio, sentences, brand, **given_).audio] == ["narration"]


def test_another_sentence_leaves_the_segments_of_the_others_as_they_were(tmp_path: Path) -> None:
    """One sentence in the middle said anew: only segments of its shots, and what they share with the next transition, are new ones."""
    brand = NO_LOGO.model_copy(update={"overlays": BrandOverlays(progress_bar=False), "motion": BrandMotion(transition="crossfade")})
    said = [" ".join(f"{word}{number}" for word in ("one", "two", "three", "four", "five", "six", "seven")) + "." for number in range(5)]

    def planned(texts: list[str], name: str) -> Timeline:
        script = Script.of("t", [Scene(text=text, search_terms=("a", "b")) for text in texts])
        audio = synthesize_voice(script, brand, voice=ToneVoice())
        sentences = group_words_into_sentences(audio.words)
        voice = write_wav(tmp_path / f"{name}.wav", audio.samples, audio.rate_hz)
        clips = [_clip(number, scene=number) for number in range(len(texts))]
        cues = split_cues(sentences, brand.captions)
        return plan_timeline(script, clips, audio, sentences, brand, cues=cues, narration=voice)

    def keys(timeline: Timeline) -> dict[tuple[int, int], str]:
        return {span: segment_key(timeline, *span, EncoderSettings()) for span in plan_segments(timeline)}

    before = planned(said, "before")
    for other in ("short.", "Something longer than it was before, with a clause more to say.", "Another of its kind and nearly as long."):
        after = planned([*said[:2], other, *said[3:]], "after")
        shots = [shot for shot in after.shots if shot.clip.scene == 2]
        following = next(shot for shot in after.shots if shot.clip.scene == 3)
        first, last = shots[0].start, following.start + following.transition.frames
        assert before.frame_count != after.frame_count
        fresh = [span for span, key in keys(after).items() if key not in keys(before).values()]
        assert fresh
        assert all(first - 45 <= start and end <= last for start, end in fresh)
        assert len(keys(after)) - len(fresh) >= 6
