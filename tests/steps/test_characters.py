"""Characters that no font draws: named before anything is rendered, and refused where nothing is left to read."""

from __future__ import annotations

import pytest

from reelkit.errors import TimelineError
from reelkit.model import EndCard, Fps, KeyWords, Timeline
from reelkit.steps.characters import lacking_characters, refuse_invisible_cues
from tests.media.test_captions import PRESETS, cue
from tests.media.test_key_words import key_words
from tests.media.test_overlays import card
from tests.media.test_sidecars import a_timeline


def timeline(*texts: str, overlays: tuple[EndCard | KeyWords, ...] = ()) -> Timeline:
    cues = tuple(cue(text, start=10 + 60 * index) for index, text in enumerate(texts))
    return a_timeline(Fps(num=30)).model_copy(update={"cues": cues, "caption_style": PRESETS["karaoke"], "overlays": overlays})


def test_every_text_on_screen_is_looked_at() -> None:
    """Captions, end card and key words are each told with what they lack and when they come; what fallbacks draw lacks nothing."""
    plan = timeline("plain words", "صباح 🚀 कॉफ़ी", "one 𓀀 two", overlays=(card(title="Bye 𓀁"), key_words(text="𓀂")))
    found = [(missing, start) for missing, _, start in lacking_characters(plan)]
    assert found == [("𓀀", 130), ("𓀁", 0), ("𓀂", 10)]


def test_a_cue_of_which_nothing_would_be_seen_is_refused() -> None:
    """A reel whose captions would be empty is not made; one that only lacks a sign is."""
    refuse_invisible_cues(timeline("one 𓀀 two", "plain"))
    line = r"^timeline: no font draws any of '𓀀𓀁 𓀀' \(𓀀 \(U\+13000\), 𓀁 \(U\+13001\)\); name a font file that has them"
    with pytest.raises(TimelineError, match=line):
        refuse_invisible_cues(timeline("plain", "𓀀𓀁 𓀀"))


def test_a_timeline_tells_what_is_left_out() -> None:
    """The line of the step that plans the reel names the characters, before anything is rendered."""
    assert repr(timeline("plain").model_copy(update={"undrawn": "𓀀"})).endswith("1 cues, no font draws 𓀀>")
