"""What is written beside a reel, within each platform's limits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelkit.model import Blurb, Clip, Credit, Scene, Script, Shot, Timeline
from reelkit.steps.publishing import PlatformText, Publishing, hashtags_of, publishing_text


def a_script(*texts: str, topic: str = "Why coffee turns bitter", blurb: Blurb | None = None) -> Script:
    terms = ("coffee cup", "coffee steam", "kettle")
    said = texts or ("Bitter coffee is usually a timing problem.", "Water takes the acids first.", "Follow Northwind.")
    return Script.of(topic, [Scene(text=text, search_terms=terms) for text in said]).model_copy(update={"blurb": blurb})


def a_timeline(*authors: str, library: str = "pexels", page: str = "https://example.org/1") -> Timeline:
    def shot(number: int, author: str) -> Shot:
        clip = Clip(
            id=f"{library}:{number}", library=library, path="x.jpg", sha256="0" * 64, kind="image", width_px=10, height_px=10,
            credit=Credit(author=author, licence="Pexels licence", page_url=page),
        )  # fmt: skip
        return Shot(clip=clip, start=30 * number, end=30 * (number + 1))

    shots = tuple(shot(number, author) for number, author in enumerate(authors or ("Ann",)))
    return Timeline(brand="northwind", topic="t", frame_count=30 * len(shots), background="#000000", shots=shots)


def fits(found: Publishing) -> bool:
    """Say whether all platforms take it."""
    lengths = (
        len(found.tiktok.description.encode("utf-16-le")) // 2 <= 2200,
        len(found.reels.description) <= 2200,
        len(found.shorts.description.encode()) <= 5000,
        0 < len(found.shorts.title) <= 100,
        not set("<>") & set(found.shorts.title + found.shorts.description),
        all(len(each.hashtags) <= 5 for each in (found.tiktok, found.reels, found.shorts)),
    )
    return all(lengths)


def test_a_decks_script_announces_itself() -> None:
    """Without words of its writer's the topic is the title and the first lines are the description, with credits, hashtags and the flag."""
    found = publishing_text(a_script(), a_timeline("Ann", "Ben", "Ann"), ai_generated=True)
    assert found.tiktok == PlatformText(
        title="Why coffee turns bitter",
        description="Why coffee turns bitter\n\n"
        "Bitter coffee is usually a timing problem. Water takes the acids first. Follow Northwind.\n\n"
        "Footage: Ann, Pexels licence, https://example.org/1; Ben, Pexels licence, https://example.org/1\n\n"
        "#coffee #steam #kettle #northwind",
        hashtags=("coffee", "steam", "kettle", "northwind"),
        ai_generated=True,
    )
    assert found.reels == found.tiktok
    assert found.shorts.description == found.tiktok.description.removeprefix("Why coffee turns bitter\n\n")


def test_hashtags_are_the_same_in_every_process() -> None:
    """Words that are as frequent as others are taken in the order in which they stand."""
    terms = ("coffee roaster machine", "roasted coffee beans", "latte")
    script = Script.of("Coffee", [Scene(text="Coffee is roasted.", search_terms=terms)])
    found = publishing_text(script, a_timeline(), ai_generated=True)
    assert found.reels.hashtags == ("coffee", "roaster", "machine", "roasted", "northwind")


def test_the_brands_own_intro_is_not_footage() -> None:
    """What a brand draws before or after its reel is not credited as if it came from somewhere."""
    found = publishing_text(a_script(), a_timeline("Northwind", library="python"), ai_generated=True)
    assert "Footage" not in found.tiktok.description


def test_a_models_own_words_are_taken() -> None:
    """Title, description and hashtags of a model stand where it gave them."""
    blurb = Blurb(title="Blame the <clock>", description="Not the beans.", hashtags=("#coffee tips", "Coffeetips", "2024"))
    found = publishing_text(a_script(blurb=blurb), a_timeline(library="backdrops"), ai_generated=False).shorts
    assert (found.title, found.description, found.hashtags, found.ai_generated) == (
        "Blame the ‹clock›",
        "Not the beans.\n\n#coffeetips",
        ("coffeetips",),
        False,
    )


def test_credits_outlast_the_description() -> None:
    """Where it is too much, the description gives way before the credits do, and credits are counted where they do not fit."""
    blurb = Blurb(description="tea " * 500)
    few = publishing_text(a_script(blurb=blurb), a_timeline(*(f"Author {number}" for number in range(20))), ai_generated=True)
    assert fits(few)
    assert "Author 19" in few.tiktok.description
    many = publishing_text(a_script(blurb=blurb), a_timeline(*(f"Author {number}" for number in range(90))), ai_generated=True)
    assert fits(many)
    assert " more\n\n#coffee" in many.tiktok.description


@given(st.text(min_size=1), st.text(), st.lists(st.text(max_size=40), max_size=8), st.lists(st.text(max_size=80), min_size=1, max_size=5))
@settings(deadline=None, max_examples=60)
def test_any_text_fits(title: str, description: str, tags: list[str], authors: list[str]) -> None:
    """Whatever a model or a site says, no platform refuses it for its length or its characters."""
    blurb = Blurb(title=title * 30, description=description * 90, hashtags=tuple(tags))
    found = publishing_text(a_script(topic="Tea", blurb=blurb), a_timeline(*(author * 20 for author in authors)), ai_generated=True)
    assert fits(found)


@pytest.mark.parametrize(("given", "kept"), [(["a", "42", "#Tea-Time", "teatime", "चाय"], ("TeaTime", "चाय")), (["x" * 40], ())])
def test_hashtags_are_words(given: list[str], kept: tuple[str, ...]) -> None:
    """Letters, their marks and digits; neither numbers alone nor the same twice."""
    assert hashtags_of(given) == kept
