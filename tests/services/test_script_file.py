"""Scripts that a user brings."""

from pathlib import Path

import pytest
from hypothesis import given, settings

from reelkit.errors import ScriptError
from reelkit.model import Script, ScriptRequest
from reelkit.services.script_file import ScriptFileWriter
from reelkit.steps.sentences import sentence_ends
from tests.strategies import texts

REQUEST = ScriptRequest(brand_name="Tea", slug="tea", topic_seed=1, length_s=30, fallback_terms=("tea cup", "steam"))
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhaupt"


def seconds_of(sentence: str) -> float:
    return 0.1 + len(sentence) / 17


def write(path: Path, content: str | bytes, request: ScriptRequest = REQUEST) -> Script:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return ScriptFileWriter(path, seconds_of=seconds_of, sentence_ends=sentence_ends).write(request)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("script.md")


def test_markdown_is_read_as_it_is_meant(path: Path) -> None:
    """A heading is the topic, paragraphs and list items are scenes, a terms line names what to show."""
    script = write(
        path,
        "# Why tea?\n\nTea is *older* than [coffee](https://example.org).\n[terms: tea field, old china]\n\n"
        "- It wakes you gently\n- It warms the cup in your hands.\n",
    )
    assert script.topic == "Why tea?"
    assert [scene.text for scene in script.scenes] == [
        "Tea is older than coffee.",
        "It wakes you gently.",
        "It warms the cup in your hands.",
    ]
    assert script.scenes[0].search_terms == ("tea field", "old china")
    assert script.scenes[1].search_terms == ("tea cup", "steam")
    assert script.scenes[2].search_terms == ("cup", "hands")


def test_plain_text_needs_no_mark_up(path: Path) -> None:
    """Without a heading the first words are the topic; a line break alone does not end a paragraph."""
    script = write(path, "Tea is older than coffee, and it\ntravelled further to get here.\n\nPut the kettle on.\n")
    assert script.topic == "Tea is older than coffee, and it travelled…"
    assert len(script.scenes) == 2


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("It wakes you gently", "It wakes you gently."),
        ("Ready since 2019", "Ready since 2019."),
        ("Order at northwind.coffee/sale", "Order at northwind.coffee/sale"),
        ("Share your #SlowMornings", "Share your #SlowMornings"),
        ("Follow @northwind", "Follow @northwind"),
        ("Now only 9.99 €", "Now only 9.99 €"),
        ("A bag holds 2.5 kg", "A bag holds 2.5 kg"),
        ("We love coffee ☕", "We love coffee ☕"),
        ("Order it today (online)", "Order it today (online)"),
        ("它非常好喝", "它非常好喝"),
    ],
)
def test_a_full_stop_is_given_to_words_alone(written: str, shown: str, path: Path) -> None:
    """Where a paragraph ends without a mark, a word gets its full stop; an address, a tag, a price or an emoji stays as it was written."""
    assert write(path, f"{written}\n\nThat is all there is to say.").scenes[0].text == shown


def test_spaces_that_do_not_break_are_kept(path: Path) -> None:
    """What a writer holds together stays so, through mark-up and sentences."""
    script = write(path, "Only **10\u202f000\u00a0€** for  the lot. Take it. Then go home.\n[emphasis: 10 000 €]")
    assert [scene.text for scene in script.scenes] == ["Only 10\u202f000\u00a0€ for the lot. Take it.", "Then go home."]
    assert script.scenes[0].emphasis == "10 000 €"


def test_long_paragraphs_become_scenes_of_whole_sentences(path: Path) -> None:
    """A scene has a sentence or two and at most 35 words; sentences stay whole."""
    sentence = "This is a sentence of exactly ten words, no more."
    script = write(path, " ".join([sentence] * 5))
    assert [scene.text for scene in script.scenes] == [f"{sentence} {sentence}", f"{sentence} {sentence}", sentence]


def test_a_sentence_longer_than_a_scene_is_cut_at_its_commas(path: Path) -> None:
    """Only a sentence of more than 35 words is cut, and where it breathes."""
    script = write(path, "First we talk of tea, " + "and then we talk of something else, " * 9 + "and that is all.")
    assert len(script.scenes) > 1
    assert all(scene.text.endswith((",", ".")) and len(scene.text.split()) <= 35 for scene in script.scenes)


@given(texts(min_words=8, max_words=120))
@settings(max_examples=60, deadline=None)
def test_every_text_is_a_sound_script_or_one_line(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever a file says, it becomes a script whose scenes keep the bounds, or one clear line."""
    try:
        script = write(tmp_path_factory.mktemp("script") / "script.md", text)
    except ScriptError as error:
        assert len(str(error).splitlines()) == 1
        return
    assert all(len(scene.text.split()) <= 35 and 2 <= len(scene.search_terms) <= 4 for scene in script.scenes)
    assert script.topic.strip()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "says nothing; write a paragraph for every scene"),
        (b" \n\n ", "says nothing; write a paragraph for every scene"),
        (b"# Only a title\n", "says nothing; write a paragraph for every scene"),
        ("☕ 😀 — !".encode(), "says nothing; write a paragraph for every scene"),
        (b"Hello", "takes 1.2 s to say (1 word); a reel lasts at least 3 s, so write a sentence or two more"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is not a text file, whatever its name says; give Markdown or plain text"),
        (b"\x00\x00\x00 ftypisom", "is not a text file, whatever its name says; give Markdown or plain text"),
        ("Un café s'il vous plaît, et un thé.".encode("latin-1"), "is not UTF-8 text (byte 6); save it as UTF-8"),
        (b"word " * 21_000, "is larger than 100 kB, which no reel can say; give a text of up to 180 s"),
    ],
)
def test_a_file_that_is_no_script_is_one_line(content: bytes, line: str, path: Path) -> None:
    """Nothing, one word, binary, another encoding and a book each have their line."""
    with pytest.raises(ScriptError) as caught:
        write(path, content)
    assert str(caught.value) == f"script script.md {line}"


@pytest.mark.parametrize("content", ["Hello", "Tea is older than coffee. " * 200])
def test_what_is_recorded_is_not_guessed_at(path: Path, content: str) -> None:
    """Where nobody knows how long it will be said, no script is too short or too long."""
    path.write_text(content)
    script = ScriptFileWriter(path, seconds_of=seconds_of, sentence_ends=sentence_ends, length_known=False).write(REQUEST)
    assert script.word_count == len(content.split())


def test_a_missing_file_and_a_folder_are_one_line(path: Path, tmp_path: Path) -> None:
    """A path that leads to no file is said as such."""
    for wrong, line in ((Path("gone.md"), "does not exist; give the path"), (tmp_path, "cannot be read: Is a directory")):
        with pytest.raises(ScriptError, match=line):
            ScriptFileWriter(wrong, seconds_of=seconds_of, sentence_ends=sentence_ends).write(REQUEST)


def test_a_script_of_3000_words_is_refused_before_it_is_spoken(path: Path) -> None:
    """The line says how long it would take and how much to keep, without measuring all of it."""
    measured: list[str] = []

    def slow(sentence: str) -> float:
        measured.append(sentence)
        return seconds_of(sentence)

    path.write_text("\n\n".join(f"Sentence number {number} has seven words." for number in range(500)), encoding="utf-8")
    with pytest.raises(
        ScriptError, match=r"has 3000 words and takes about 1\d\d\d s to say; a reel lasts at most 180 s, so keep about \d{3} words"
    ):
        ScriptFileWriter(path, seconds_of=slow, sentence_ends=sentence_ends).write(REQUEST)
    assert len(measured) < 100


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Great coffee ☕ wakes you up every single day 😀.", "Great coffee ☕ wakes you up every single day 😀."),
        ("<p>Water &amp; <b>leaves</b>, and a little patience.</p>\n<script>alert(1)</script>", "Water & leaves, and a little patience."),
        ("القهوة مشروب يعد من بذور البن المحمصة في كل بلاد العالم.", "القهوة مشروب يعد من بذور البن المحمصة في كل بلاد العالم."),
        (f"Say {LONG_WORD} three times in a row.", f"Say {LONG_WORD} three times in a row."),
    ],
)
def test_unusual_text_is_kept(text: str, expected: str, path: Path) -> None:
    """Emoji, other scripts and 40-letter words are kept; HTML gives its text."""
    script = write(path, text)
    assert script.voiceover == expected
    assert all(2 <= len(scene.search_terms) <= 4 for scene in script.scenes)


def test_key_words_and_icons_are_named_in_brackets(path: Path) -> None:
    """They belong to the scene that says them, else to the paragraph's first; they are not spoken, and may not be long."""
    long = "Tea is old. It came from China by ship. It was dear for a very long time indeed.\n[emphasis: Very long]\n[icon: ship]\n"
    script = write(path, f"{long}\nIt warms the hands.\n[icon: hand]\n")
    asked = [(scene.text.split()[0], scene.emphasis, scene.icon) for scene in script.scenes]
    assert asked == [("Tea", "", ""), ("It", "Very long", "ship"), ("It", "", "hand")]
    assert "[" not in script.voiceover
    with pytest.raises(ScriptError, match="the emphasis of the scene at line 1 is longer than 40 letters"):
        write(path, f"Tea is older than coffee by a long way.\n[emphasis: {'a' * 41}]\n")


@pytest.mark.parametrize(("terms", "count"), [("", 0), (" , ", 0), ("a, b, c, d, e", 5)])
def test_a_wrong_terms_line_says_where(terms: str, count: int, path: Path) -> None:
    """A scene with no term or too many is named by the line it begins at."""
    with pytest.raises(ScriptError) as caught:
        write(path, f"# Tea\n\nTea is older than coffee by a long way.\n[terms: {terms}]\n")
    line = f"the scene at line 3 has {count} search terms; write 1 to 4, such as [terms: coffee cup, steam]"
    assert str(caught.value) == f"script script.md: {line}"


def test_one_term_is_filled_up(path: Path) -> None:
    """A single named term leads, and what the text names follows."""
    script = write(path, "It warms the kettle, and it warms the hands that hold the cup.\n[terms: red kettle]\n")
    assert script.scenes[0].search_terms == ("red kettle", "kettle", "hands", "cup")


def test_text_in_another_language_shows_what_suits_every_scene(path: Path) -> None:
    """Libraries are searched in English, so that other languages take the brand's terms where the user names none."""
    french = REQUEST.model_copy(update={"language": "fr"})
    script = write(path, "Le thé réchauffe les mains et la bouilloire chante dans la cuisine.", french)
    assert script.scenes[0].search_terms == ("tea cup", "steam")


def test_windows_line_ends_and_a_byte_order_mark_are_no_words(path: Path) -> None:
    """A file from another editor reads as the same script."""
    text = "# Tea\n\nTea is older than coffee.\n\nPut the kettle on.\n"
    assert write(path, b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()) == write(path, text)
