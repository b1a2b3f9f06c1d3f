"""`reelkit init` as a person meets it: questions on a real terminal, and answers that are typed."""

import sys
from collections.abc import Sequence

import pexpect
import pytest
from ruamel.yaml import YAML

from reelkit.brand import brand_problems
from tests.cli.conftest import Studio

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals")
ANSWERS = [
    ("The brand's name: ", "Acme Tea"),
    ("Its colour, ", "green"),
    ("'green' is not a colour", None),
    ("Its colour, ", "#2f8f5b"),
    ("What is its first reel about? ", "Tea takes time"),
    ("  1. ", "Leaves need three minutes"),
    ("  2. ", "Water must boil first."),
    ("  3. ", "The second cup is better."),
    ("The last line, ", "Follow us for more tea."),
]


def asking(studio: Studio, folder: str) -> "pexpect.spawn[str]":
    command = ["-m", "reelkit.cli", "init", folder]
    return pexpect.spawn(sys.executable, command, cwd=str(studio.folder), env=studio.env, encoding="utf-8", timeout=120)


def answer(screen: "pexpect.spawn[str]", said: Sequence[tuple[str, str | None]], *, brand: str) -> None:
    """Answer each question; at the end the brand's first command is told, and all is well."""
    for question, typed in said:
        screen.expect_exact(question)
        if typed is not None:
            screen.sendline(typed)
    screen.expect_exact(f"reelkit make --brand {brand}")
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 0


def test_a_studio_is_made_from_answers(studio: Studio) -> None:
    """What is typed stands in brand and deck; a colour that is none is asked for again; the brand's file is well."""
    screen = asking(studio, "tea")
    answer(screen, ANSWERS, brand="acme-tea")
    templates = studio.folder / "tea" / "templates"
    assert YAML(typ="safe").load(templates / "brands" / "acme-tea.yaml")["palette"]["primary"] == "#2F8F5B"
    (topic,) = YAML(typ="safe").load(templates / "decks" / "acme-tea.yaml")["topics"]
    assert topic["title"] == "Tea takes time"
    assert "Leaves need three minutes." in str(topic["points"])
    assert brand_problems("acme-tea", templates=templates) == []


@pytest.mark.parametrize(("key", "code"), [("c", 130), ("d", 2)])
def test_questions_can_be_left(studio: Studio, key: str, code: int) -> None:
    """Ctrl-C at a question ends with 130, Ctrl-D with 2 and what to do instead; no folder is made."""
    screen = asking(studio, f"left-{key}")
    screen.expect_exact("The brand's name: ")
    told = "reelkit: interrupted" if key == "c" else "reelkit: no answer came; say the brand's --name"
    for _ in range(30):
        # Like a person, again where nothing came of it: the terminal may not have been read yet.
        screen.sendcontrol(key)
        if screen.expect_exact([told, pexpect.TIMEOUT], timeout=3) == 0:
            break
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == code
    assert not (studio.folder / f"left-{key}").exists()


def test_empty_answers_leave_what_stands(studio: Studio) -> None:
    """Only the name is asked for until it is given; whatever else is left empty has a default, and the brand's file is well."""
    screen = asking(studio, "plain")
    asked = [("name: ", ""), ("name: ", "Plain"), ("colour, ", ""), ("about? ", ""), *[(". ", "")] * 3, ("last line, ", "")]
    answer(screen, asked, brand="plain")
    templates = studio.folder / "plain" / "templates"
    assert YAML(typ="safe").load(templates / "brands" / "plain.yaml")["palette"]["primary"] == "#2F6FC4"
    assert brand_problems("plain", templates=templates) == []
