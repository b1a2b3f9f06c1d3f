"""What a batch says as it runs: lines that count up on a real terminal, and next to nothing under cron."""

import re
import sys

import pexpect
import pytest

from tests.cli.conftest import Studio

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.mark.skipif(sys.platform == "win32", reason="terminals")
def test_a_terminal_shows_each_reel_and_the_total(studio: Studio) -> None:
    """Each reel has a line with its step, its share and the time left, the last line counts, and at the end one line stays."""
    command = ["-m", "reelkit.cli", "batch", "--brands", "ada", "--count", "2", "--workers", "1", "--keep-free-gb", "0"]
    env = studio.env | {"TERM": "xterm"}
    screen = pexpect.spawn(sys.executable, command, cwd=str(studio.folder), env=env, dimensions=(30, 120), encoding="utf-8", timeout=280)
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 0
    drawn = ANSI.sub("", screen.before)
    assert re.search(r"▸ ada 1 +Cold brew +(script|footage|voice|compose|check) +[━╌]{20} +\d+% +(\d+ min )?\d+ s", drawn)
    assert re.search(r"· ada 2 +Warm milk +waiting", drawn)
    assert re.search(r"✓ ada 1 +Cold brew +\d+ s", drawn)
    assert re.search(r"1 of 2 done, 1 (running|waiting) +[━╌]{20} +\d+% +about (\d+ min )?\d+ s left", drawn)
    assert re.fullmatch(r"batch \S+: 2 of 2 reels done in .*", drawn.splitlines()[-1])


def test_cron_reads_a_line_an_event(studio: Studio) -> None:
    """Without a terminal there is a line for the end, one for each reel that failed, with brand, step and reason once, and no escape
    sequence, whatever TERM says."""
    broken = studio.folder / "templates" / "brands" / "bix.yaml"
    broken.write_text(broken.read_text() + "language: de\n")
    ended = studio.run("batch", "--brands", "ada", "bix", "--count", "2", "--keep-free-gb", "0", env={"TERM": "xterm-256color"})
    assert ended.returncode == 1
    assert re.fullmatch(r"batch (\S+): 2 of 4 reels done, 2 failed in [^\n]* \(outputs/batches/\1\.html\)\n", ended.stdout)
    lines = ended.stderr.splitlines()
    why = "step start: the brand's language is 'de'; voice 'heart' of hibari speaks English only: set language to en, "
    why += "or voice.engine to piper, coqui, openai or recorded"
    assert lines == [f"reelkit: bix 2 (Cold brew): {why}", f"reelkit: bix 4 (Warm milk): {why}"]
    assert "\x1b" not in ended.stdout + ended.stderr


def test_make_says_a_line_a_step(studio: Studio) -> None:
    """`make` without a terminal prints each step once, when it is done, without an escape sequence; `--quiet` prints none."""
    ended = studio.run("make", "--brand", "cleo", env={"TERM": "xterm-256color"})
    steps = [line.split()[0] for line in ended.stderr.splitlines()]
    assert ended.returncode == 0
    assert steps[0] == "script"
    assert {"footage", "voice", "compose", "check"} <= set(steps)
    assert len(set(steps)) == len(steps)
    assert "\x1b" not in ended.stdout + ended.stderr
    assert studio.run("make", "--brand", "cleo", "--seed", "2", "--quiet").stderr == ""
