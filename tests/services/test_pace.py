"""How long a script takes to say."""

from hypothesis import given
from hypothesis import strategies as st

from reelkit.model import ScriptRequest
from reelkit.services.pace import Pace
from reelkit.steps.sentences import sentence_ends
from tests.strategies import texts

REQUEST = ScriptRequest(brand_name="T", slug="t", topic_seed=1, length_s=30, sentence_pause_ms=200, scene_pause_ms=300, tail_ms=700)


def pace() -> Pace:
    return Pace(lambda sentence: len(sentence) / 16, sentence_ends)


@given(texts())
def test_sentences_are_the_texts_words(text: str) -> None:
    """The sentences of a text hold its words, in order."""
    assert " ".join(pace().sentences(text)).split() == text.split()


def test_pauses_stand_between_sentences_and_between_scenes() -> None:
    """A script is its sentences, a pause between any two of them, and the tail."""
    assert pace().script_s(["Aaa. " + "B" * 15 + ".", "C" * 15 + "."], REQUEST) == 0.25 + 0.2 + 1 + 0.3 + 1 + 0.7


@given(st.lists(texts(max_words=10), min_size=1, max_size=5))
def test_longer_pauses_make_longer_scripts(scenes: list[str]) -> None:
    """Each scene pause is felt once between two scenes."""
    longer = REQUEST.model_copy(update={"scene_pause_ms": 1300})
    assert abs(pace().script_s(scenes, longer) - pace().script_s(scenes, REQUEST) - (len(scenes) - 1)) < 1e-9
