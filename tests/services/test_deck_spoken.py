"""Scripts from a deck as the real voice says them."""

from functools import partial
from pathlib import Path

import pytest

from reelkit.brand import load_brand
from reelkit.runs.cache import FileCache
from reelkit.services.deck import DeckWriter
from reelkit.services.hibari import HibariVoice
from reelkit.steps.script import generate_script
from reelkit.steps.sentences import sentence_ends
from reelkit.steps.timing import group_words_into_sentences, split_cues
from reelkit.steps.voice import synthesize_voice

TEMPLATES = Path(__file__).parents[2] / "templates"


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> HibariVoice:
    return HibariVoice(cache=FileCache(tmp_path_factory.mktemp("cache")))


@pytest.mark.parametrize(("slug", "seed", "length_s"), [("northwind", 1, 30), ("pulsefit", 3, 15), ("orbit", 8, 20), ("pulsefit", 11, 60)])
def test_spoken_scripts_are_as_long_as_asked(slug: str, seed: int, length_s: float, voice: HibariVoice) -> None:
    """The finished narration is within 10 % of the length that the brand asks for, and its captions can be read in time."""
    brand = load_brand(slug, templates=TEMPLATES).with_changes({"script.length_s": length_s})
    seconds_of = partial(voice.seconds_of, speed=brand.voice.speed)
    writer = DeckWriter(TEMPLATES / "decks" / f"{slug}.yaml", seconds_of=seconds_of, sentence_ends=sentence_ends)
    audio = synthesize_voice(generate_script(brand, seed, writer=writer), brand, voice=voice)
    assert audio.duration_s == pytest.approx(length_s, rel=0.1)
    cues = split_cues(group_words_into_sentences(audio.words), brand.captions, until=len(audio.samples))
    assert cues[-1].end <= len(audio.samples)
    shown_s = sum(cue.end - cue.start for cue in cues) / audio.rate_hz
    assert sum(len(cue.text) for cue in cues) / shown_s <= brand.captions.max_chars_per_s
