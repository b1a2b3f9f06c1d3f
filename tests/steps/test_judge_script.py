"""What plain code finds in a draft before anything is spent on it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelkit.model import Blurb, Finding, Scene, Script, ScriptRequest
from reelkit.services.deck import read_deck
from reelkit.steps.judge_script import judge_script, repeats
from reelkit.steps.said_numbers import numbers_in

TEMPLATES = Path(__file__).parents[2] / "templates"
REQUEST = ScriptRequest(brand_name="Tea", slug="tea", topic_seed=1, length_s=30, banned_words=("cure",), call_to_action="Follow Tea.")
GOOD = ["Tea is older than coffee.", "Leaves dry in the sun for 12 hours. That is why they curl.", "Follow Tea."]


def draft(*texts: str, terms: tuple[str, ...] = ("tea cup", "tea field"), topic: str = "Old tea", blurb: Blurb | None = None) -> Script:
    made = Script.of(topic, [Scene(text=text, search_terms=terms) for text in texts or GOOD])
    return made.model_copy(update={"blurb": blurb})


def broken(script: Script, request: ScriptRequest = REQUEST, **given: object) -> dict[str, Finding]:
    found = judge_script(script, request, **({"target_words": script.word_count} | given))  # type: ignore[arg-type]
    return {finding.name: finding for finding in found if not finding.holds}


def test_a_good_draft_has_nothing_to_find() -> None:
    """What keeps all norms is found to keep them, each by name."""
    assert broken(draft()) == {}
    named = [finding.name for finding in judge_script(draft(), REQUEST, target_words=20, facts=["12 hours"], facts_only=True)]
    assert named == ["length", "hook", "scenes", "banned words", "call to action", "search terms", "topic", "facts"]


@pytest.mark.parametrize(("target", "holds"), [(100, True), (91, True), (90, False), (111, True), (112, False)])
def test_length_is_within_a_tenth(target: int, holds: bool) -> None:
    """100 words are right for a target that they miss by at most a tenth of it."""
    assert ("length" not in broken(draft("tea " * 100), target_words=target)) is holds


def test_length_says_what_to_do() -> None:
    """Too few words ask for more, too many for fewer."""
    assert broken(draft(), target_words=30)["length"].hint == "add about 10 words"
    assert broken(draft(), target_words=10)["length"].hint == "cut about 10 words"


def test_the_hook_is_the_first_sentence() -> None:
    """Fifteen words may stand in the first sentence, whatever follows in its scene."""
    assert "hook" not in broken(draft("Tea " * 14 + "tea. And then some more of it.", "Follow Tea."))
    assert broken(draft("Tea " * 15 + "tea.", "Follow Tea."))["hook"].measured == "16 words"


def test_scenes_are_short() -> None:
    """A scene of 36 words is one too many, and said by its number."""
    assert "scenes" not in broken(draft(*GOOD[:2], "tea " * 35))
    found = broken(draft(GOOD[0], "tea " * 36))["scenes"]
    assert (found.level, found.measured) == ("must", "scene 2 has 36 words")


@pytest.mark.parametrize("blurb", [None, Blurb(title="The Cure"), Blurb(hashtags=("cure",)), Blurb(description="it can cure")])
def test_banned_words_stand_nowhere(blurb: Blurb | None) -> None:
    """Neither what is said nor what announces it holds a banned word."""
    found = broken(draft(blurb=blurb) if blurb else draft("A CURE for all.", "Follow Tea."))
    assert (found["banned words"].level, found["banned words"].measured) == ("must", "'cure'")


@pytest.mark.parametrize(
    ("emphasis", "found"),
    [
        ("12 hours", ()),
        ("For 12 HOURS", ()),
        ("13 hours", ("key words", "facts")),
        ("dry in the sun for", ("key words",)),
        ("cure", ("key words", "banned words")),
    ],
)
def test_key_words_are_said_by_their_scene(emphasis: str, found: tuple[str, ...]) -> None:
    """Key words are a few that stand in their scene's text, and keep the rules of all that is shown."""
    script = draft()
    scenes = (script.scenes[0], script.scenes[1].model_copy(update={"emphasis": emphasis}), script.scenes[2])
    made = script.model_copy(update={"scenes": scenes})
    assert set(broken(made, facts=["12 hours"], facts_only=True)) == set(found)


def test_the_call_to_action_comes_last() -> None:
    """The brand's own line word for word, or where it has none something to do; other languages are not judged by English words."""
    assert "call to action" not in broken(draft(GOOD[0], "So FOLLOW Tea!"))
    assert "call to action" in broken(draft("Follow Tea.", GOOD[0]))
    free = REQUEST.model_copy(update={"call_to_action": ""})
    assert "call to action" in broken(draft("Tea is old."), free)
    assert "call to action" not in broken(draft("Tea is old. Save this for later."), free)
    assert "call to action" not in broken(draft("Tee ist alt."), free.model_copy(update={"language": "de"}))


@pytest.mark.parametrize(
    "term", ["success", "inner peace", "luft und sonne", "чай", "茶", "a term of far too many words", "the", "42", "café"]
)
def test_terms_that_no_camera_sees(term: str) -> None:
    """Abstract, foreign and long terms are found, and told with their scene."""
    assert broken(draft(terms=("tea cup", term)))["search terms"].measured.startswith(f"scene 1: '{term}'")


@pytest.mark.parametrize("slug", ["northwind", "orbit", "pulsefit"])
def test_terms_of_the_demo_decks_are_visible(slug: str) -> None:
    """What people wrote for the demo brands is not found wanting."""
    deck = read_deck(TEMPLATES / "decks" / f"{slug}.yaml")
    lines = [line for topic in deck.topics for point in topic.points for line in (point, *point.then) if line.show]
    scenes = [Scene(text="Tea.", search_terms=line.show) for line in lines]
    found = broken(Script.of("Tea", scenes), target_words=len(scenes))
    assert "search terms" not in found


@pytest.mark.parametrize(
    ("topic", "used", "again"),
    [
        ("Why coffee turns bitter", "Why is coffee bitter?", True),
        ("Coffee bitterness", "Why tea turns bitter", False),
        ("OLD TEA!", "Old tea", True),
        ("Storing beans", "Grinding beans", False),
        ("Why?", "why", True),
        ("茶", "水", False),
    ],
)
def test_topics_do_not_come_again(topic: str, used: str, again: bool) -> None:
    """A topic in other words is the same topic."""
    assert repeats(topic, used) is again
    assert ("topic" in broken(draft(topic=topic), used_topics=[used])) is again


def test_facts_only_takes_no_other_number() -> None:
    """A number must stand in the topic, the call to action or the facts, in digits or in words."""
    said = draft("Tea is 5,000 years old. It takes three minutes.", "One more thing: 37% of people boil it. Follow Tea.")
    assert "facts" not in broken(said)
    found = broken(said, facts_only=True, facts=["It takes 3 minutes."])["facts"]
    assert (found.level, found.measured) == ("must", "'5,000', '37'")
    assert "facts" not in broken(said, facts_only=True, facts=["5000 years", "3 minutes", "thirty-seven percent"])
    assert "facts" in broken(draft(blurb=Blurb(title="7 teas")), facts_only=True, facts=["12"])


@given(st.integers(0, 999_999))
def test_numbers_are_read_as_they_are_grouped(number: int) -> None:
    """Digits mean the same with and without a thousands comma."""
    assert list(numbers_in(f"It is {number:,}.")) == list(numbers_in(f"It is {number}.")) == [float(number)]


@given(st.text())
def test_any_text_can_be_judged(text: str) -> None:
    """Whatever a model says, judging it ends without an error."""
    numbers_in(text)
    repeats(text, text[::-1])


SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen"""
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"


def spoken(number: int) -> str:
    """A number below a million in words, as they are written."""
    if number >= 1000:
        rest = number % 1000
        return f"{spoken(number // 1000)} thousand" + (f"{' and' if rest < 100 else ''} {spoken(rest)}" if rest else "")
    if number >= 100:
        return f"{spoken(number // 100)} hundred" + (f" and {spoken(number % 100)}" if number % 100 else "")
    if number >= 20:
        return TENS.split()[number // 10 - 2] + (f"-{spoken(number % 10)}" if number % 10 else "")
    return SMALL.split()[number]


@given(st.integers(2, 999_999), st.integers(2, 999_999))
def test_spoken_numbers_are_read_as_they_are_meant(one: int, other: int) -> None:
    """A number in words is the number, and two with a word between them are both."""
    assert list(numbers_in(f"It is {spoken(one)}.")) == [one]
    assert set(numbers_in(f"From {spoken(one)} to {spoken(other)} times")) == {one, other}


@given(st.integers(2, 99), st.integers(2, 99))
def test_and_between_small_numbers_makes_no_sum(one: int, other: int) -> None:
    """Of "between five and ten" there is no 15, so that a true script holds and an invented sum does not."""
    assert set(numbers_in(f"Between {spoken(one)} and {spoken(other)} minutes")) == {one, other}
    text = draft(f"It takes between {spoken(one)} and {spoken(other)} minutes.")
    assert "facts" not in broken(text, facts_only=True, facts=[f"It takes {one} to {other} minutes."])


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("two hundred and fifty grams", [250]),
        ("3 million people and 4 friends", [3_000_000, 4]),
        ("twenty-five or thirty five", [25, 35]),
        ("the one thing", []),
        ("2 and seven", [2, 7]),
        ("10-12 minutes, 2.5 times", [10, 12, 2.5]),
        ("Between five and ten minutes", [5, 10]),
        ("two and three, one and two", [2, 3]),
        ("between one hundred and two hundred and fifty", [100, 250]),
        ("between two thousand and three thousand", [2000, 3000]),
        ("a hundred and one, two hundred-three hundred", [101, 200, 300]),
        ("a one-hundred-and-fifty-gram bag, a two-hundred-year-old, a five-thousand-year story", [150, 200, 5000]),
        ("two million three hundred and five thousand and sixty-one", [2_305_061]),
        ("twenty-five hundred, nineteen hundred and five", [2500, 1905]),
        ("five thousand two million, ten three", [5000, 2_000_000, 10, 3]),
        ("twenty twenty-four, nineteen ninety and twenty ten", [2024, 1990, 2010]),
        ("two thousand and twenty-four, two thousand nineteen", [2024, 2019]),
        ("twenty ten-minute breaks at ten thirty", [20, 10, 30]),
        ("fifteen twenty minutes, twenty twenty-five grams; in nineteen eighty people", [15, 20, 25, 1980]),
        ("a million, half a hundred, zero, 0 million", [1_000_000, 100, 0]),
        ("5 hundred and 6 thousand, 3-million", [500, 6000, 3_000_000]),
    ],
)
def test_numbers_are_read_from_words(text: str, numbers: list[float]) -> None:
    """English number words are read with what they stand with."""
    assert list(numbers_in(text)) == numbers
