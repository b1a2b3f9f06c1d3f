"""What a brand's Python file is made of: all that it names beside itself, and nothing that only lies there."""

from __future__ import annotations

from pathlib import Path

import pytest

from reelkit.media.python_sources import own_files, source_hash

SOURCE = """\
import json
from pathlib import Path

import helpers.look
from art import *

HERE = Path(__file__).parent
BADGE = HERE / "badge.png"
STEPS = [HERE / f"step-{number}.webp" for number in range(3)]
NOTE = "lower" + "-third" if BADGE.exists() else "title"
TEXTS = json.loads((HERE / "texts/en.json").read_text())
"""
OWN = (
    "clips.py",
    "other.py",
    "badge.png",
    "another.png",
    "step-0.webp",
    "title.svg",
    "helpers/__init__.py",
    "helpers/look.py",
    "helpers/deep/grain.bin",
    "art/shapes.py",
    "texts/en.json",
    "fonts/own.ttf",
)
FOREIGN = (
    "acme.yaml",
    "night.log",
    ".hidden.png",
    "footage/beans.mp4",
    "outputs/acme/0001/reel.mp4",
    "helpers/__pycache__/look.cpython-312.pyc",
    "helpers/.cache/x.png",
    "venv/lib/thing.py",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (*OWN, *FOREIGN):
        path = tmp_path / "brands" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "brands" / "clips.py").write_text(SOURCE)
    # What is imported may name more; what only lies beside it may name anything.
    (tmp_path / "brands" / "art" / "shapes.py").write_text("FONT = 'fonts'\n")
    (tmp_path / "brands" / "other.py").write_text("REELS = 'outputs'\n")
    return tmp_path / "brands"


def test_what_is_named_counts(folder: Path) -> None:
    """Imports and paths, kinds of file, packages with and without an __init__.py, and what those name; the brand file, footage, reels
    and logs that lie beside it do not."""
    assert [path.relative_to(folder).as_posix() for path in own_files(folder / "clips.py")] == sorted(OWN, key=Path)


@pytest.mark.parametrize("name", OWN)
def test_an_edit_of_what_counts_is_seen(folder: Path, name: str) -> None:
    """Another content of the same length is another source, and the old content the old one; a file that is gone is another, too."""
    first = source_hash(folder / "clips.py")
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1] + b"#")
    assert source_hash(folder / "clips.py") != first
    (folder / name).write_bytes(content)
    assert source_hash(folder / "clips.py") == first
    (folder / name).unlink()
    assert source_hash(folder / "clips.py") != first


def test_what_does_not_count_may_change(folder: Path) -> None:
    """Another brand's file, a new reel or a growing log is no other source."""
    first = source_hash(folder / "clips.py")
    for name in FOREIGN:
        (folder / name).write_text("changed")
    assert source_hash(folder / "clips.py") == first


def test_a_file_that_is_no_python_has_a_hash(tmp_path: Path) -> None:
    """What is wrong with it is told where it is loaded."""
    hashes = set()
    for source in (b"def broken(:\n", b"x = 'a\x00b'\n", b"x = '\\d'\n"):
        (tmp_path / "clips.py").write_bytes(source)
        hashes.add(source_hash(tmp_path / "clips.py"))
    assert len(hashes) == 3
