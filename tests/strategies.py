"""All Hypothesis strategies: words with times, sentences, caption styles, cues and timelines."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from reelkit.model import (
    CaptionCue,
    CaptionStyle,
    CaptionWord,
    Clip,
    Credit,
    Cue,
    Fps,
    Move,
    SentenceTiming,
    Shot,
    Timeline,
    Transition,
    Word,
)
from reelkit.steps.timing import group_words_into_sentences

__all__ = ["caption_styles", "cues", "sentences", "texts", "timelines", "word_texts", "words"]

_PLAIN = (
    *("coffee", "the", "a", "of", "Water", "is", "and", "Jane", "Goodall", "extraordinary", "you", "it's", "bitter", "so", "to", "I"),
    *("three", "30", "$3.2", "million", "20%", "degrees", "9:30am", "Dr.", "e-mail", "U.S.", "e.g.", "1,250", "No.", "2026", "café"),
    *("sugars,", "(briefly)", "—", "first:", "“Stop”", "Donaudampfschifffahrtselektrizitätenhaupt", "القهوة", "咖啡", "☕", "naïve;"),
)
_ENDS = ("cup.", "Why?!", "now!", "end…", "said.”", "done.)", "بلدا؟", "😀.")


def word_texts() -> st.SearchStrategy[str]:
    """Words as a viewer reads them: pieces of text without white space, with or without marks."""
    anything = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=12).filter(
        lambda text: text.split() == [text]
    )
    return st.one_of(st.sampled_from(_PLAIN), st.sampled_from(_PLAIN), st.sampled_from(_ENDS), anything)


def texts(*, min_words: int = 1, max_words: int = 60) -> st.SearchStrategy[str]:
    """Prose of a few words."""
    return st.lists(word_texts(), min_size=min_words, max_size=max_words).map(" ".join)


@st.composite
def words(draw: st.DrawFn, *, min_size: int = 1, max_size: int = 30) -> list[Word]:
    """Words of a narration: in order, not overlapping, with pauses or without."""
    rate_hz = draw(st.sampled_from((16_000, 24_000, 44_100, 48_000)))
    spans = st.tuples(word_texts(), st.integers(0, rate_hz // 2), st.integers(1, rate_hz))
    at, said = 0, list[Word]()
    for text, pause, length in draw(st.lists(spans, min_size=min_size, max_size=max_size)):
        said.append(Word(text=text, start=at + pause, end=at + pause + length, rate_hz=rate_hz, timed_by="durations"))
        at += pause + length
    return said


def sentences(*, max_words: int = 30) -> st.SearchStrategy[list[SentenceTiming]]:
    """The sentences of a narration."""
    return words(max_size=max_words).map(group_words_into_sentences)


def caption_styles() -> st.SearchStrategy[CaptionStyle]:
    """Caption styles that differ in what decides how captions break and how long they stand."""
    return st.builds(
        CaptionStyle,
        max_words=st.integers(1, 8),
        max_chars_per_line=st.integers(6, 40),
        max_lines=st.integers(1, 3),
        linger_ms=st.integers(0, 1000),
        min_cue_ms=st.integers(0, 3000),
    )


@st.composite
def cues(draw: st.DrawFn) -> list[Cue]:
    """Cues in order, each of a few words, the screen empty between some."""
    said = draw(words(max_size=20))
    made, index = list[Cue](), 0
    while index < len(said):
        group = said[index : index + draw(st.integers(1, 4))]
        index += len(group)
        latest = said[index].start if index < len(said) else group[-1].end + group[-1].rate_hz
        made.append(Cue(words=tuple(group), start=group[0].start, end=draw(st.integers(group[-1].end, latest))))
    return made


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Timelines of pictures with cues: plain data, no file behind it."""
    lengths = draw(st.lists(st.integers(1, 120), min_size=1, max_size=8))
    moves = st.builds(Move, kind=st.sampled_from(("hold", "push", "pan_left")), amount=st.floats(0, 0.5))
    transitions = st.builds(Transition, kind=st.sampled_from(("cut", "crossfade", "slide", "dip")), frames=st.integers(0, 12))
    shots, at = list[Shot](), 0
    for index, length in enumerate(lengths):
        clip = Clip(
            id=f"clip-{index}",
            library="folder",
            path=Path(f"clip-{index}.jpg"),
            sha256=f"{index:064x}",
            kind="image",
            width_px=draw(st.integers(2, 4000)),
            height_px=draw(st.integers(2, 4000)),
            credit=Credit(author=draw(st.text(max_size=8)), licence="CC0"),
        )
        shots.append(Shot(clip=clip, start=at, end=at + length, move=draw(moves), transition=draw(transitions) if index else Transition()))
        at += length
    marks = sorted(draw(st.sets(st.integers(0, at), max_size=9)))
    shown = [
        CaptionCue(words=(CaptionWord(text=draw(word_texts()), start=start, end=end),), start=start, end=end)
        for start, end in zip(marks[::2], marks[1::2], strict=False)
    ]
    return Timeline(
        brand="north",
        topic=draw(st.text(min_size=1, max_size=20)),
        fps=Fps(num=draw(st.sampled_from((24, 25, 30, 60)))),
        frame_count=at,
        background="#000000",
        shots=tuple(shots),
        cues=tuple(shown),
    )
