"""What a brand asks of its writer, and what it does not take."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reelkit.brand import Brand, load_brand
from reelkit.errors import ScriptError
from reelkit.model import Scene, Script, ScriptRequest
from reelkit.steps.script import generate_script, script_request

TEMPLATES = Path(__file__).parents[2] / "templates"


@dataclass
class Dictation:
    """A writer who writes what it is told and keeps what it was asked."""

    scenes: list[str]
    asked: list[ScriptRequest] = field(default_factory=list)

    def write(self, request: ScriptRequest) -> Script:
        self.asked.append(request)
        return Script.of("Topic", [Scene(text=text, search_terms=("tea cup", "steam")) for text in self.scenes])


@pytest.fixture
def brand() -> Brand:
    return load_brand("northwind", templates=TEMPLATES).with_changes({"script.banned_words": ["cure", "game changer"]})


def test_the_writer_is_asked_for_what_the_brand_says(brand: Brand) -> None:
    """A request holds all of a brand that a script depends on."""
    writer = Dictation(["All is well."])
    script = generate_script(brand, 7, writer=writer)
    assert script.voiceover == "All is well."
    (asked,) = writer.asked
    assert (asked.brand_name, asked.slug, asked.language, asked.topic_seed) == (brand.name, "northwind", "en", 7)
    assert (asked.length_s, asked.tone, asked.call_to_action) == (brand.script.length_s, brand.script.tone, brand.script.call_to_action)
    assert (asked.sentence_pause_ms, asked.scene_pause_ms, asked.tail_ms) == (
        brand.voice.sentence_pause_ms,
        brand.voice.scene_pause_ms,
        brand.voice.tail_ms,
    )
    assert (asked.banned_words, asked.fallback_terms) == (("cure", "game changer"), brand.footage.fallback_terms)


@pytest.mark.parametrize(
    ("scenes", "line"),
    [
        (["Fine.", "It can Cure a cold."], "scene 2 says 'cure', which script.banned_words bans: reword 'It can Cure a cold.'"),
        (["A real game\nchanger."], "scene 1 says 'game changer', which script.banned_words bans: reword 'A real game changer.'"),
        (["Tea " * 35 + "."], f"scene 1 has 36 words; at most 35 fit, so split '{('Tea ' * 35)[:77]}...'"),
        (["Tea. " * 30] * 31, "the script has 930 words; at most 900 can be said in 180 s, so shorten it"),
    ],
)
def test_what_no_reel_of_the_brand_can_say_is_one_line(scenes: list[str], line: str, brand: Brand) -> None:
    """Banned words and scenes or scripts that are too long are refused, whoever wrote them."""
    with pytest.raises(ScriptError) as caught:
        generate_script(brand, 1, writer=Dictation(scenes))
    assert str(caught.value) == f"brand 'northwind': {line}"


def test_a_negative_seed_is_one_line(brand: Brand) -> None:
    """Topic seeds count from 0."""
    with pytest.raises(ScriptError, match="topic seed is -1; it must be 0 or more"):
        script_request(brand, -1)
