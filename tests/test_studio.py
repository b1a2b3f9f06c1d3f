import json
import re
import shlex
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest

from reelkit.brand import brand_problems, list_brands, load_brand
from reelkit.cli import main
from reelkit.errors import RunError
from reelkit.media.phrases import columns
from reelkit.model import ScriptRequest
from reelkit.parts import Parts
from reelkit.services.deck import read_deck
from reelkit.steps.script import generate_script, script_request
from reelkit.steps.timing import group_words_into_sentences, split_cues
from reelkit.steps.voice import synthesize_voice
from reelkit.studio import Answers, make_studio, palette_of

FACTS = ("We bake at four in the morning", "Our flour comes from one mill.", "The starter is older than the shop.")


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("REELKIT_CACHE", str(tmp_path_factory.getbasetemp() / "studio-cache"))


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_studio_has_all_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notebooks, demo brands and the new brand are there, every brand file is well, and the deck makes a script of its length."""
    folder = tmp_path / "bakery"
    path = make_studio(
        folder, Answers(name='Bäckerei "Korn" & Co', colour="#A3541C", topic="Bread: slowly", facts=FACTS, hook="Bread waits")
    )
    assert path == folder / "templates/brands/backerei-korn-co.yaml"
    monkeypatch.chdir(folder)
    assert {"backerei-korn-co", "northwind", "orbit", "pulsefit"} <= set(list_brands())
    assert [brand_problems(slug) for slug in list_brands()] == [[] for _ in list_brands()]
    assert (folder / "notebooks/reel.ipynb").is_file()
    assert (folder / "templates/scheduling/crontab").is_file()
    assert "outputs/" in (folder / ".gitignore").read_text()
    brand = load_brand("backerei-korn-co")
    script = generate_script(brand, 1, writer=Parts(brand, outputs=folder / "outputs").writer)
    assert isinstance(script_request(brand, 1), ScriptRequest)
    assert script.topic == "Bread: slowly"
    assert [scene.text for scene in script.scenes][:2] == ["Bread waits.", "We bake at four in the morning."]


def test_notebooks_open_on_the_studio_s_own_brand(tmp_path: Path) -> None:
    """Where a notebook's parameters name one brand, it is the new one, in the notebook and in the text beside it; a second brand leaves
    them as they are."""
    folder = tmp_path / "studio"
    make_studio(folder, Answers(name="Acme"))
    make_studio(folder, Answers(name="Beta"))
    for path in sorted((folder / "notebooks").glob("*.ipynb")):
        kept, text = nbformat.read(path, as_version=4), jupytext.read(path.with_suffix(".py"))
        assert [cell.source for cell in kept.cells] == [cell.source for cell in text.cells], path.name
        named = re.findall(r'^brand = "(.+?)"', "\n".join(cell.source for cell in kept.cells), re.M)
        assert named == ([] if path.stem == "batch" else ["acme"]), path.name


@pytest.mark.parametrize(
    "facts", [{}, {"facts": FACTS}, {"facts": (*FACTS, *(f"Loaf number {n} is still warm at eight." for n in range(9)))}]
)
def test_a_first_reel_has_nothing_to_warn_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any]) -> None:
    """What a studio begins with says its lines in 15 to 60 s, few facts or many, and slowly enough that its captions can be read."""
    path = make_studio(tmp_path / "studio", Answers(name="Acme", **facts))
    monkeypatch.chdir(tmp_path / "studio")
    brand = load_brand(path.stem)
    parts = Parts(brand, outputs=tmp_path / "outputs")
    script = generate_script(brand, 1, writer=parts.writer)
    audio = synthesize_voice(script, brand, voice=parts.voice)
    assert 15.0 <= audio.duration_s <= 60.0
    assert abs(audio.duration_s - brand.script.length_s) <= 0.1 * brand.script.length_s
    cues = split_cues(group_words_into_sentences(audio.words), brand.captions, until=len(audio.samples))
    assert sum(columns(cue.text) for cue in cues) / sum((cue.end - cue.start) / cue.rate_hz for cue in cues) <= 16.5


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *(
            (name, name)
            for name in (
                "Acme: Coffee",
                "Team #1",
                "1234",
                "null",
                "- [x] {y}",
                "Salt & \"Co\" \\ 'Sons'",
                "One two three four five six seven",
            )
        ),
        (" Two\n  lines\t", "Two lines"),
        ("One two three four five six seven eight", None),
        ("Word " * 40, None),
    ],
)
def test_a_brand_may_have_any_name(tmp_path: Path, name: str, said: str | None) -> None:
    """Brand and deck are read as they were meant; a name is said as it is written, and one too long for a sentence is "us"."""
    path = make_studio(tmp_path / "studio", Answers(name=name))
    templates = path.parents[1]
    assert brand_problems(path.stem, templates=templates) == []
    brand = load_brand(path, templates=templates)
    assert brand.name == brand.overlays.end_card_text == " ".join(name.split())
    deck = read_deck(templates / "decks" / f"{brand.script.deck}.yaml")
    (topic,) = deck.topics
    about, turn, call = (
        (f"about {said} that few people know.", f"That is how {said} does it.", f"Follow {said} for more.")
        if said
        else ("about us that few people know.", "That is how we do it.", "Follow us for more.")
    )
    assert topic.hooks == (f"Here is something {about}",)
    assert ([line.say for line in topic.turns], [line.say for line in deck.calls_to_action]) == ([turn], [call])


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (["--name", " "], "init: name is ''; it must not be empty"),
        (["--name", "Ac\x07me"], r"init: name is 'Ac\x07me'; it holds '\x07', which cannot be written; leave it out"),
        (["--name", "Acme", "--hook", "word " * 16], "it has 16 words; at most 15 fit, so split it or say it shorter"),
        (["--name", "Acme", "--call", "word " * 36], "it has 36 words; at most 35 fit"),
        (["--name", "Acme", "--fact", "One.", "--fact", "Two.", "--fact", " "], "init: facts[2] is ''; it must not be empty"),
        (["--name", f"Acme {10**40}"], "hibari cannot read"),
    ],
)
def test_what_is_refused_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], said: list[str], line: str) -> None:
    """Answers that no brand can have, or that its voice cannot say, are one line, and no folder is begun."""
    assert main(["init", str(tmp_path / "studio"), *said]) == 2
    told = capsys.readouterr().err
    assert line in told
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("colour", ["#000000", "#FFFFFF", "#FF0000", "#FFFF00", "#2F6FC4", "#123456"])
def test_any_colour_gives_a_palette_that_can_be_read(colour: str) -> None:
    """Text and accent stand out from the grounds by 4.5 to 1 or more, whatever the brand's colour is."""
    palette = palette_of(colour)
    assert palette.primary == colour
    for light in (palette.text, palette.accent):
        for dark in (palette.background, palette.surface):
            assert (luminance(light) + 0.05) / (luminance(dark) + 0.05) >= 4.5, (light, dark)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """A folder that holds something else, or the brand already, is left as it is; a studio takes another brand."""
    folder = tmp_path / "studio"
    path = make_studio(folder, Answers(name="Acme"))
    path.write_text(path.read_text() + "# mine\n")
    with pytest.raises(RunError, match=r"acme\.yaml is there already; choose another name"):
        make_studio(folder, Answers(name="ACME"))
    second = make_studio(folder, Answers(name="Beta"))
    assert second.is_file()
    assert path.read_text().endswith("# mine\n")
    other = tmp_path / "papers"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    with pytest.raises(RunError, match="is not empty and holds no studio"):
        make_studio(other, Answers(name="Acme"))
    assert [each.name for each in other.iterdir()] == ["letter.txt"]


def test_the_next_command_can_be_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What `reelkit init` says to do next is what a shell takes, whatever the folder is called."""
    folder = tmp_path / "Ann's $HOME & co"
    assert main(["init", str(folder), "--name", "Acme"]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("next"))
    assert shlex.split(line) == ["next", "cd", str(folder), "&&", "reelkit", "make", "--brand", "acme"]


def test_init_from_flags_is_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`reelkit init DIR --name ... --json` tells the brand's file."""
    facts = [part for fact in FACTS for part in ("--fact", fact)]
    assert main(["init", str(tmp_path / "s"), "--name", "Acme", "--colour", "#2f8f5b", "--topic", "Bread", *facts, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["brand"] == "acme"
    assert Path(told["file"]).is_file()
