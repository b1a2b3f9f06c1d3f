"""Completion as a person meets it: an interactive bash on a terminal, and the Tab key."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.cli.conftest import Studio

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="this system has no bash")
PROGRAMS = Path(sys.executable).parent
PROMPT = "ready> "


@pytest.fixture(scope="module")
def bash(studio: Studio) -> Iterator["pexpect.spawn[str]"]:
    env = studio.env | {"PATH": f"{PROGRAMS}:/usr/bin:/bin", "PS1": PROMPT, "TERM": "dumb", "INPUTRC": "/dev/null", "HISTFILE": "/dev/null"}
    shell = pexpect.spawn("bash", ["--norc", "--noprofile", "-i"], env=env, cwd=studio.folder, encoding="utf-8", timeout=60)
    shell.expect_exact(PROMPT)
    for line in ("bind 'set bell-style none'", "bind 'set enable-bracketed-paste off'", 'eval "$(register-python-argcomplete reelkit)"'):
        shell.sendline(line)
        shell.expect_exact(PROMPT)
    yield shell
    shell.close(force=True)


def leave_line(shell: "pexpect.spawn[str]") -> None:
    """Empty the line and come to the next one; Ctrl-C would be lost on a shell that is just back from completing."""
    shell.sendcontrol("u")
    shell.sendline("")
    shell.expect_exact(PROMPT)


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("reelkit ba", "reelkit batch "),
        ("reelkit brands sc", "reelkit brands schema "),
        ("reelkit make --no-n", "reelkit make --no-notebook "),
        ("reelkit batch --webh", "reelkit batch --webhook "),
        ("reelkit make --brand cl", "reelkit make --brand cleo "),
        ("reelkit batch --brands ada bi", "reelkit batch --brands ada bix "),
        ("reelkit clean --js", "reelkit clean --json "),
        ("reelkit batch --file cal", "reelkit batch --file calendar.yaml "),
        ("reelkit make --voi", "reelkit make --voice-over "),
        ("reelkit make --voice-over ta", "reelkit make --voice-over take.m4a "),
        ("reelkit batch --dask lo", "reelkit batch --dask local "),
        ("reelkit make --brand ada --set captions.size", "reelkit make --brand ada --set captions.size_px="),
    ],
)
def test_tab_completes(bash: "pexpect.spawn[str]", studio: Studio, typed: str, becomes: str) -> None:
    """Commands, options, the studio's own brands, files and brand fields are completed to the only one that fits."""
    for name in ("calendar.yaml", "take.m4a"):
        (studio.folder / name).touch()
    bash.send(f"{typed}\t")
    bash.expect_exact(becomes)
    leave_line(bash)


def test_tab_twice_lists_what_fits(bash: "pexpect.spawn[str]") -> None:
    """Where several brands fit, all of them are shown, and no other."""
    bash.send("reelkit make --brand \t\t")
    bash.expect(r"ada\s+bix\s+cleo\s")
    leave_line(bash)
