import argparse
import re
from pathlib import Path
from typing import Any

import pytest

from reelkit.brand import brand_schema
from reelkit.cli import build_parser
from reelkit.reference import brand_reference

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= action.choices
    return found


def options(parser: argparse.ArgumentParser) -> set[str]:
    return {option for action in parser._actions for option in action.option_strings}


def fields() -> set[str]:
    """Every group and every dotted field of a brand file."""
    schema = brand_schema()

    def group(field: dict[str, Any]) -> dict[str, Any]:
        name = str(field.get("$ref", "")).rpartition("/")[2]
        return schema["$defs"][name].get("properties", {}) if name else {}

    found = set(schema["properties"])
    for name, field in schema["properties"].items():
        found |= {f"{name}.{inner}" for inner in group(field)}
    return found


@pages
def test_every_command_in_the_docs_exists(page: Path) -> None:
    """Each `reelkit ...` line names a command and options that the parser knows."""
    commands = subcommands(build_parser())
    for command, rest in re.findall(r"(?:^|`|bin/)reelkit ([a-z]+)([^`\n#]*)", page.read_text(), flags=re.M):
        assert command in commands, command
        assert set(re.findall(r"(?<=\s)--?[a-z][a-z-]*", rest)) <= options(commands[command]), rest
        action = rest.split()[0] if rest.split() else ""
        if subcommands(commands[command]) and re.fullmatch(r"[a-z]+", action):
            assert action in subcommands(commands[command])


@pages
def test_every_make_target_in_the_docs_exists(page: Path) -> None:
    """Each `make ...` line names a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", page.read_text(), flags=re.M)) <= targets


@pages
def test_every_brand_field_in_the_docs_exists(page: Path) -> None:
    """Each dotted field in code belongs to the schema."""
    known = fields()
    groups = {name.split(".")[0] for name in known if "." in name}
    named = {name for name in re.findall(r"(?<![\w/.])([a-z_]+\.[a-z_]+)(?![\w/.(])", page.read_text()) if name.split(".")[0] in groups}
    endings = {"json", "yaml", "md", "py", "wav", "srt", "vtt", "ass", "txt"}
    assert {name for name in named if name.split(".")[1] not in endings} <= known


@pages
def test_every_link_in_the_docs_leads_somewhere(page: Path) -> None:
    """Links and pictures that name a file of the project name one that is there."""
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text())
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_the_brand_reference_is_the_schemas() -> None:
    """docs/brand.md is what the schema says now; `make docs` writes it anew."""
    assert (ROOT / "docs" / "brand.md").read_text(encoding="utf-8") == brand_reference(), "run `make docs`"


def test_every_field_is_in_the_reference() -> None:
    """No field of a brand file is left out of its reference."""
    page = brand_reference()
    assert [name for name in fields() if f"`{name}`" not in page] == []


def test_every_norm_is_told() -> None:
    """Each finding that the steps can come to stands in the page of norms, by its name."""
    steps = "".join(path.read_text() for path in (ROOT / "reelkit" / "steps").glob("*.py"))
    names = set(re.findall(r'\bname="([a-z][a-z0-9-]+)"', steps)) | set(re.findall(r'_(?:must|should)\(\s*"([a-z-]+)"', steps))
    assert len(names) >= 40
    told = set(re.findall(r"`([a-z][a-z0-9-]+)`", (ROOT / "docs" / "norms.md").read_text()))
    assert names <= told
