"""What `--dry-run` says is what then happens: what is made, what is kept, what it costs; and it writes nothing."""

from pathlib import Path

import pytest

from tests.cli.conftest import Studio

COLOUR = ("--set", "captions.active_colour=#FFFFFF")
PAID = ("--set", "script.writer=openai", "--set", "script.base_url=http://127.0.0.1:9/v1")
PRICES = ("--set", "script.usd_per_million_input_tokens=2", "--set", "script.usd_per_million_output_tokens=8")


def files(studio: Studio) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in studio.folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module", autouse=True)
def made(studio: Studio) -> None:
    before = files(studio)
    told = studio.asked("make", "--brand", "ada", "--dry-run")
    assert (told["slug"], told["state"], told["cached"], told["cost_usd"]) == ("ada", "new", [], 0.0)
    assert told["seconds"] > 0
    assert files(studio) == before
    assert studio.asked("make", "--brand", "ada")["success"]


def test_a_reel_that_is_made_needs_nothing(studio: Studio) -> None:
    """For people a line, for machines a state; and the same of a batch that holds it."""
    before = files(studio)
    assert studio.run("make", "--brand", "ada", "--dry-run").stdout == "nothing would be made: this reel is made already\n"
    assert studio.asked("make", "--brand", "ada", "--dry-run")["state"] == "made"
    assert files(studio) == before


def test_a_reel_that_is_made_may_have_to_be_published(studio: Studio) -> None:
    """With --upload, one that is made and not published says so, alone and in its batch; once published it needs nothing."""
    before = files(studio)
    assert studio.run("make", "--brand", "ada", "--upload", "--dry-run").stdout == "would be published: this reel is made already\n"
    assert studio.asked("batch", "--brands", "ada", "--dry-run")["to_publish"] == 0
    assert files(studio) == before
    assert studio.asked("make", "--brand", "ada", "--upload")["success"]
    assert studio.asked("make", "--brand", "ada", "--upload", "--dry-run")["state"] == "made"


def test_what_is_kept_is_named_and_kept(studio: Studio) -> None:
    """With another colour script, footage, voice and music are kept and the picture is not; making it is then shorter by their time."""
    before = files(studio)
    told = studio.asked("make", "--brand", "ada", *COLOUR, "--dry-run")
    assert (told["state"], told["cached"]) == ("new", ["script", "footage", "voice", "music"])
    assert told["seconds"] < studio.asked("make", "--brand", "bix", "--dry-run")["seconds"]
    line = studio.run("make", "--brand", "ada", *COLOUR, "--dry-run").stdout
    assert line.startswith("would be made (cached: script, footage, voice, music): about ")
    assert line.endswith(", nothing to pay\n")
    for change, cached in {"music.mood=calm": ["script", "footage", "voice"], "footage.shot_s=2": ["script", "voice", "music"]}.items():
        assert studio.asked("make", "--brand", "ada", "--set", change, "--dry-run")["cached"] == cached
    # Another pace fills the reel with other words.
    assert studio.asked("make", "--brand", "ada", "--set", "voice.speed=1.1", "--dry-run")["cached"] == []
    assert files(studio) == before
    speech = [path for path in (studio.folder / "cache" / "speech").rglob("*") if path.is_file()]
    assert studio.asked("make", "--brand", "ada", *COLOUR)["success"]
    assert [path for path in (studio.folder / "cache" / "speech").rglob("*") if path.is_file()] == speech


@pytest.mark.parametrize("name", ["brands", "decks"])
def test_nothing_counts_as_kept_once_a_file_changed(studio: Studio, name: str) -> None:
    """A topic that was rewritten in the deck, or a length in the brand's own file, is another script: nothing is kept."""
    path = studio.folder / "templates" / name / "ada.yaml"
    before = path.read_text()
    path.write_text(before.replace("length_s: 4", "length_s: 5").replace("It is worth the wait.", "It is worth a wait."))
    assert path.read_text() != before
    told = studio.asked("make", "--brand", "ada", *COLOUR, "--dry-run")
    path.write_text(before)
    assert (told["state"], told["cached"]) == ("new", [])


def test_a_models_price_is_told(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script of 6,000 tokens asked and 1,500 answered, at $2 and $8 a million, is 2.4 cents; three brands of two reels are six of it."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-made-up-0123456789")
    one = studio.asked("make", "--brand", "bix", *PAID, *PRICES, "--dry-run")
    assert one["cost_usd"] == pytest.approx(0.024)
    assert "$0.02" in studio.run("make", "--brand", "bix", *PAID, *PRICES, "--dry-run").stdout
    six = studio.asked("batch", "--brands", "ada", "bix", "cleo", "--count", "2", *PAID, *PRICES, "--dry-run")
    assert (six["to_make"], len(six["reels"])) == (6, 6)
    assert six["cost_usd"] == pytest.approx(0.144)
    assert six["seconds"] == pytest.approx(sum(reel["seconds"] for reel in six["reels"]))


def test_a_voices_price_is_told(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four seconds of speech are 60 characters: at $15 a million 0.09 cents, beside a model's 2.4 for the script, and so for each reel."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-made-up-0123456789")
    spoken = ("--set", "voice.engine=openai", "--set", "voice.name=alloy", "--set", "voice.usd_per_million_characters=15")
    assert studio.asked("make", "--brand", "bix", *spoken, "--dry-run")["cost_usd"] == pytest.approx(0.0009)
    assert studio.asked("make", "--brand", "bix", *spoken, *PAID, *PRICES, "--dry-run")["cost_usd"] == pytest.approx(0.0249)
    assert studio.run("make", "--brand", "bix", *spoken, "--dry-run").stdout.endswith(", less than $0.01\n")
    assert studio.asked("batch", "--brands", "bix", "cleo", *spoken, "--dry-run")["cost_usd"] == pytest.approx(0.0018)


def test_a_batch_is_told_line_by_line(studio: Studio) -> None:
    """Each reel has its line and the whole its own; a brand that cannot be loaded is refused with 1, and with no other with 2."""
    before = files(studio)
    ended = studio.run("batch", "--brands", "bix", "nobody", "--count", "2", "--dry-run")
    assert ended.returncode == 1
    lines = ended.stdout.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["new", "bix"]] * 2
    assert "2 of 2 to make, about " in lines[2]
    assert lines[2].endswith("nothing to pay")
    assert "there is no file" in ended.stderr
    assert studio.run("batch", "--brands", "nobody", "--dry-run").returncode == 2
    assert files(studio) == before
