"""The command ``reelkit init``: a studio of one's own from a few answers or flags."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reelkit.cli_words import DONE, add_json, print_json
from reelkit.errors import RunError

__all__ = ["add_init_options", "init_command"]

_FACTS = 3


def add_init_options(init: argparse.ArgumentParser) -> None:
    """Add what ``reelkit init`` takes."""
    init.add_argument("folder", type=Path, metavar="DIR", help="a new folder, or a studio that gets another brand")
    init.add_argument("--name", help="the brand's name, such as 'Acme Coffee'; without it you are asked")
    init.add_argument("--colour", type=_colour, metavar="#RRGGBB", help="its colour; the other four are made to go with it")
    init.add_argument("--topic", help="what its first reel is about")
    init.add_argument("--fact", action="append", default=[], metavar="SENTENCE", help="something true to say; three of them or more")
    init.add_argument("--hook", metavar="SENTENCE", help="the first line of the reel")
    init.add_argument("--call", metavar="SENTENCE", help="the last line of the reel")
    add_json(init)


def init_command(arguments: argparse.Namespace) -> int:
    """Make a studio."""
    from pydantic import ValidationError

    from reelkit.studio import Answers, make_studio
    from reelkit.yamlfile import one_line, problems_of, shown_path

    if arguments.fact and len(arguments.fact) < _FACTS:
        raise RunError(f"--fact: {_FACTS} facts or more make a topic, got {len(arguments.fact)}")
    said = {
        "name": arguments.name,
        "colour": arguments.colour,
        "topic": arguments.topic,
        "facts": tuple(arguments.fact) or None,
        "hook": arguments.hook,
        "call_to_action": arguments.call,
    }
    if not arguments.name:
        if not sys.stdin.isatty():
            raise RunError("say the brand's --name (on a terminal you would be asked)")
        try:
            said = _asked(said, input)
        except EOFError:
            raise RunError("no answer came; say the brand's --name, and what else you like, as options") from None
    said = {field: value for field, value in said.items() if value}
    try:
        answers = Answers.model_validate(said)
    except ValidationError as error:
        raise RunError(one_line(problems_of(error, said, Answers, what="init", path=None))) from None
    brand = make_studio(arguments.folder.resolve(), answers)
    if arguments.json:
        print_json({"folder": str(arguments.folder.resolve()), "brand": brand.stem, "file": str(brand)})
        return DONE
    print(f"studio  {shown_path(arguments.folder)}")
    print(f"brand   {shown_path(brand)}")
    print(f"next    cd {shlex.quote(str(arguments.folder))} && reelkit make --brand {brand.stem}")
    return DONE


def _asked(said: dict[str, Any], ask: Callable[[str], str]) -> dict[str, Any]:
    """Return the answers with those asked for that were not given; an empty answer leaves the default."""
    found = dict(said)
    while not found["name"]:
        found["name"] = ask("The brand's name: ").strip()
    while not found["colour"]:
        text = ask("Its colour, such as #2F6FC4 (empty for a blue): ").strip()
        if not text:
            break
        try:
            found["colour"] = _colour(text)
        except argparse.ArgumentTypeError as error:
            print(error)
    found["topic"] = found["topic"] or ask("What is its first reel about? ").strip()
    if not found["facts"]:
        print(f"Say {_FACTS} things that are true about it, a sentence each (empty for lines to replace later):")
        facts = [ask(f"  {number}. ").strip() for number in range(1, _FACTS + 1)]
        found["facts"] = tuple(facts) if all(facts) else None
    found["call_to_action"] = found["call_to_action"] or ask("The last line, such as 'Follow us for more': ").strip()
    return found


def _colour(text: str) -> str:
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a colour such as #2F6FC4")
    return text.upper()
