"""Views: escaped, complete, lazy, and readable without eyes."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelkit import views
from reelkit.brand import Brand, BrandScript
from reelkit.media.planes import rgb_to_planes
from reelkit.media.stills import jpeg
from reelkit.model import AudioResult, CaptionStyle, Clip, Credit, Cue, Finding, Scene, Script, SentenceTiming, Word
from reelkit.views import cue_view, markup, timing_view
from tests.views import samples
from tests.views.parsed import Parsed

EVIL = """</title></style></svg>"><script>alert('x')</script><img src=x onerror="alert(1)">&amp;' onclick='{}{0}"""
"""Closes what it can, runs what it can, and holds braces and entities. Without spaces it is also a word."""


def _spoken(texts: list[str]) -> AudioResult:
    words = [Word(text=text, start=n * 9000, end=n * 9000 + 8000, rate_hz=24_000, timed_by="durations") for n, text in enumerate(texts)]
    return AudioResult(np.zeros(9000 * len(texts) + 100, np.float32), 24_000, tuple(words))


def _evil_views() -> dict[str, views.View]:
    script = Script.of(EVIL, [Scene(text=EVIL, search_terms=(EVIL, EVIL))])
    said = _spoken(EVIL.split())
    clip = Clip(
        id=EVIL, library=EVIL, path=Path("x"), sha256="0" * 64, kind="image", width_px=9, height_px=9, query=EVIL, rung=EVIL,
        credit=Credit(author=EVIL, licence=EVIL, page_url="javascript:alert(1)//" + EVIL),
    )  # fmt: skip
    finding = Finding(name=EVIL, level="must", holds=False, norm=EVIL, measured=EVIL, at_s=1, hint=EVIL)
    sentence = SentenceTiming(words=said.words)
    cue = Cue(words=said.words, start=said.words[0].start, end=said.words[-1].end)
    brand = Brand(name=EVIL, slug="a", palette=samples.PALETTE, script=BrandScript(deck=EVIL, tone=EVIL))
    run = {
        "run_id": EVIL, "brand": EVIL, "state": EVIL, "step": EVIL, "reason": EVIL, "job": {"topic_seed": EVIL}, "started_at": EVIL,
        "steps": [{"name": EVIL, "seconds": 1.0, "told": EVIL}], "facts": {EVIL: EVIL, "topic": EVIL}, "versions": {EVIL: EVIL},
        "published": {"url": EVIL},
    }  # fmt: skip
    picture = jpeg(samples.picture(1), width_px=40)
    return {
        "script": views.script(script, seconds_of=len),
        "footage": views.footage(script, [clip], thumbnails={EVIL: [picture]}),
        "narration": views.narration(said, [sentence], [cue], listen=b""),
        "cues": views.cues([cue]),
        "frames": views.frames([(1.0, picture)], title=EVIL),
        "player": views.player(b"mp4", vtt=EVIL, poster=picture, title=EVIL, language="en", reel=samples.reel(Path(EVIL.replace("/", "")))),
        "findings": views.findings([finding]),
        "run": views.run(run),
        "brand": views.brand(brand),
    }


def _good_views() -> dict[str, views.View]:
    script, said = samples.script(), samples.audio()
    strips = {clip.id: [jpeg(samples.picture(1), width_px=60)] for clip in samples.clips()}
    return {
        "script": views.script(script, seconds_of=lambda text: len(text) / 15, palette=samples.PALETTE),
        "footage": views.footage(script, samples.clips(), thumbnails=strips, palette=samples.PALETTE),
        "narration": views.narration(said, samples.sentences(said), samples.cues(said), palette=samples.PALETTE),
        "cues": views.cues(samples.cues(said)),
        "frames": views.frames([(n * 1.5, samples.picture(n)) for n in range(4)]),
        "player": views.player(b"mp4", vtt="WEBVTT\n", poster=b"jpg", title=script.topic, reel=samples.reel()),
        "findings": views.findings(samples.findings()),
        "run": views.run(samples.manifest(), palette=samples.PALETTE),
        "brand": views.brand(samples.brand()),
    }


EVIL_VIEWS, GOOD_VIEWS = _evil_views(), _good_views()


@pytest.mark.parametrize("name", EVIL_VIEWS)
def test_what_came_from_outside_shows_as_text(name: str) -> None:
    """A text that closes elements and runs script, put into every field, leaves no element, handler or address behind."""
    page = Parsed(EVIL_VIEWS[name].html)
    assert page.scripted() == []
    assert "onerror" in page.text + str([attrs.get("aria-label") for _, attrs in page.elements])


@given(st.text(min_size=1).filter(lambda text: text.strip()))
def test_any_text_reads_back_as_it_was(text: str) -> None:
    """Whatever a topic and a scene hold, a browser reads the same characters, control characters excepted."""
    scene = Scene(text=text, search_terms=("a", "b"))
    shown = Parsed(views.script(Script.of(text, [scene])).html).text
    # A parser turns carriage returns into line feeds; both are only space.
    assert " ".join(markup.visible(text).split()) in " ".join(shown.split())


@pytest.mark.parametrize("name", GOOD_VIEWS)
def test_a_view_stands_alone(name: str) -> None:
    """A view carries its stylesheet and pictures, names no file or host but credits' links, and holds no script."""
    view = GOOD_VIEWS[name]
    page = Parsed(view.html)
    assert page.scripted() == []
    assert all(
        address.startswith("data:") for tag, attrs in page.elements for address in (attrs.get("src"), attrs.get("poster")) if address
    )
    assert "url(" not in markup.style_element()
    assert view.html.count("<style>") == 1
    assert all(attrs["rel"] == "noopener noreferrer" for attrs in page.all("a"))


@pytest.mark.parametrize("name", GOOD_VIEWS)
def test_a_view_reads_without_eyes(name: str) -> None:
    """Pictures have texts, drawings labels, tables captions and scoped heads, and the whole has a name."""
    page = Parsed(GOOD_VIEWS[name].html)
    assert page.elements[0][1]["role"] == "group"
    assert page.elements[0][1]["aria-label"]
    assert all(attrs.get("alt") for attrs in page.all("img"))
    assert all(attrs.get("aria-label") or attrs.get("aria-hidden") for attrs in page.all("svg"))
    assert all(attrs.get("aria-label") for tag in ("video", "audio") for attrs in page.all(tag))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(attrs.get("scope") for attrs in page.all("th"))


@pytest.mark.parametrize("name", GOOD_VIEWS)
def test_the_same_value_gives_the_same_html(name: str) -> None:
    """HTML depends on the value alone."""
    assert _good_views()[name].html == GOOD_VIEWS[name].html


def test_html_is_made_when_first_shown_and_once() -> None:
    """A view that is never shown costs nothing; one that is shown twice is made once."""
    calls = []
    view = views.View("script", lambda: calls.append(1) or "<p>", "a script")
    assert calls == []
    assert (view._repr_html_(), view.html, calls) == ("<p>", "<p>", [1])
    data, metadata = view._repr_mimebundle_()
    assert data == {"text/html": "<p>", "text/plain": "a script"}
    assert metadata == {"reelkit": {"view": "script"}}
    assert repr(view) == "<View script: a script>"


def test_views_load_no_jupyter() -> None:
    """Views are strings: importing and rendering them loads neither IPython nor widgets nor a network client."""
    told = "import sys; from reelkit import views; views.findings([]).html; print({'IPython', 'ipywidgets', 'requests'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout.strip() == "set()"


def test_links_lead_only_to_the_web() -> None:
    """A credit's page is a link when it is plain http(s), else only its text."""
    assert Parsed(markup.link("https://example.org/a?b=1&c=2", "Ana")).all("a")[0]["href"] == "https://example.org/a?b=1&c=2"
    for address in ("javascript:alert(1)", "data:text/html,x", "https://a b", 'https://a"b', "file:///etc/passwd", ""):
        assert markup.link(address, "Ana") == "Ana"


def test_findings_say_their_verdict_in_words_and_failures_first() -> None:
    """Nothing is told by colour alone, and what fails stands first."""
    text = Parsed(GOOD_VIEWS["findings"].html).text
    assert text.index("Fails") < text.index("Warns") < text.index("Holds")
    assert "1 failed" in text


def test_a_player_holds_its_video_captions_and_poster() -> None:
    """The three data addresses decode to exactly what was given; captions are off, since a reel shows its own."""
    page = Parsed(views.player(b"\x00video", vtt="WEBVTT\n\nÉ", poster=b"\xff\xd8", title="A").html)
    track = page.all("track")[0]
    given_back = [
        base64.b64decode(str(address).partition(",")[2])
        for address in (page.all("source")[0]["src"], track["src"], page.all("video")[0]["poster"])
    ]
    assert given_back == [b"\x00video", "WEBVTT\n\nÉ".encode(), b"\xff\xd8"]
    assert (track["kind"], track["srclang"], "default" in track) == ("captions", "en", False)


@given(
    lengths=st.lists(st.tuples(st.integers(1, 12_000), st.integers(0, 6_000)), max_size=40),
    tail=st.integers(0, 30_000),
    row_s=st.floats(0.5, 9.0),
)
def test_rows_partition_a_narration(lengths: list[tuple[int, int]], tail: int, row_s: float) -> None:
    """Rows follow each other from the first sample to the last, none too long; each word is in one row, cut only if longer than it."""
    rate_hz, at, words = 1000, 0, []
    for length, pause in lengths:
        words.append(Word(text="w", start=at, end=at + length, rate_hz=rate_hz, timed_by="durations"))
        at += length + pause
    spoken = AudioResult(np.zeros(at + tail, np.float32), rate_hz, tuple(words))
    found = timing_view.rows(spoken, row_s=row_s)
    span = int(row_s * rate_hz)
    assert [edge for row in found for edge in (row.start, row.end)][1:-1] == [edge for row in found[1:] for edge in (row.start, row.start)]
    assert [word for row in found for word in row.words] == words
    assert all(0 < row.end - row.start <= span for row in found[:-1])
    assert all(0 < row.end - row.start <= span + span // 4 for row in found[-1:])
    assert sum(row.end - row.start for row in found) == len(spoken.samples)
    for row in found:
        assert all(row.start <= word.start and (word.end <= row.end or word.end - word.start > span) for word in row.words)


def test_a_narration_says_how_each_word_was_timed() -> None:
    """The legend counts words by method, each method has a line of its own kind, and of a guess a warning stands above them."""
    page = Parsed(GOOD_VIEWS["narration"].html)
    assert "27 words are placed by length: the times are a guess" in page.text.replace("\xa0", " ")
    for told in ("the voice's own durations (28", "aligned to the audio (28", "estimated from lengths (27"):
        assert told in page.text.replace("\xa0", " ")
    assert {"rk-durations", "rk-alignment", "rk-estimated"} <= {attrs.get("class") for attrs in page.all("g")}


@pytest.mark.parametrize(
    ("texts", "length", "expected"),
    [
        (["seven", "words"], 24_000, []),
        (["extraordinarily", "long"], 24_000, ["fast"]),
        (["a"], 4_800, ["short"]),
        (["a"] * 5, 48_000, ["many words"]),
        (["abcdefghijklmnopqrstuvwxyz" * 2], 240_000, ["long"]),
    ],
)
def test_cues_are_flagged_by_the_style(texts: list[str], length: int, expected: list[str]) -> None:
    """Fast, short, crowded and long cues are told by the style's own norms."""
    step = length // len(texts)
    words = [Word(text=text, start=n * step, end=(n + 1) * step, rate_hz=24_000, timed_by="durations") for n, text in enumerate(texts)]
    assert cue_view.flags(Cue(words=tuple(words), start=0, end=length), CaptionStyle()) == expected


def test_frames_may_be_planes_rgb_or_jpeg() -> None:
    """A composed frame, the same as RGB, and a JPEG are all shown."""
    rgb = samples.picture(2)
    page = Parsed(views.frames([(0.0, rgb), (0.5, rgb_to_planes(rgb)), (1.0, jpeg(rgb, width_px=50))]).html)
    assert [attrs["alt"] for attrs in page.all("img")] == ["Frame at 0:00.0", "Frame at 0:00.5", "Frame at 0:01.0"]


def test_a_run_says_which_checks_do_not_hold() -> None:
    """Whoever reads no further than the run's card learns of its warnings by name; a run that was not checked says nothing of checks."""
    findings = [{"name": "loudness", "holds": True}, {"name": "words-timed", "holds": False}, {"name": "cut-pace", "holds": False}]
    told = Parsed(views.run(samples.manifest() | {"findings": findings}).html).text
    assert "1 of 3 hold; look at words-timed, cut-pace" in told
    assert "Checks" not in Parsed(views.run(samples.manifest()).html).text


def test_a_run_without_the_last_edits_is_not_just_done() -> None:
    """Its state says so; once they are in it is done."""
    stale = {"name": "edits", "holds": False}
    assert "Done, without the last edits" in Parsed(views.run(samples.manifest() | {"findings": [stale]}).html).text
    assert "without" not in Parsed(views.run(samples.manifest() | {"findings": []}).html).text


@pytest.mark.parametrize("show", [lambda: views.frames([]), lambda: views.findings([]), lambda: views.cues([]), lambda: views.run({})])
def test_nothing_to_show_is_shown_too(show: Callable[[], views.View]) -> None:
    """An empty value gives a whole view."""
    assert Parsed(show().html).all("p")


def test_the_narration_of_silence_is_drawn() -> None:
    """No words and no sound still make a row, without a division by zero."""
    silent = AudioResult(np.zeros(24_000, np.float32), 24_000, ())
    assert "no words" in views.narration(silent, listen=b"").html
