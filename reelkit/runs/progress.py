"""A line per step for whoever watches a run."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TextIO

__all__ = ["NoLines", "TerminalLines", "Watcher", "step_line", "told"]

_STEP_WIDTH = 10
_REFRESH_S = 0.1


class Watcher(Protocol):
    """What a run tells of itself as it goes."""

    def begins(self, step: str) -> None:
        """Tell that a step starts."""

    def share(self, step: str, done: float) -> None:
        """Tell how far a step is, 0.0 to 1.0."""

    def ends(self, step: str, seconds: float, made: str) -> None:
        """Tell that a step ended well and what it made, in a few words."""

    def fails(self, step: str, reason: str) -> None:
        """Tell that a step failed, in one line."""


class NoLines:
    """A watcher that says nothing."""

    def begins(self, step: str) -> None:
        """Say nothing."""

    def share(self, step: str, done: float) -> None:
        """Say nothing."""

    def ends(self, step: str, seconds: float, made: str) -> None:
        """Say nothing."""

    def fails(self, step: str, reason: str) -> None:
        """Say nothing."""


class TerminalLines:
    """Prints a line when a step ends; on a terminal the running step's line counts up in place.

    Parameters
    ----------
    stream : text file, optional
        Standard error where not given.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._shown_at = 0.0

    def begins(self, step: str) -> None:
        """Show the step's name, on a terminal."""
        self._draw(f"{step:<{_STEP_WIDTH}} ...")

    def share(self, step: str, done: float) -> None:
        """Show the share done, on a terminal, at most ten times a second."""
        if time.monotonic() - self._shown_at >= _REFRESH_S:
            self._draw(f"{step:<{_STEP_WIDTH}} {done:4.0%}")

    def ends(self, step: str, seconds: float, made: str) -> None:
        """Print the step's line."""
        self._print(step_line(step, seconds, made))

    def fails(self, step: str, reason: str) -> None:
        """Clear the running line; whoever called the run prints the reason."""
        self._draw("")

    def _draw(self, line: str) -> None:
        if self._live:
            self._stream.write(f"\r\x1b[2K{line}")
            self._stream.flush()
            self._shown_at = time.monotonic()

    def _print(self, line: str) -> None:
        self._draw("")
        self._stream.write(line + "\n")
        self._stream.flush()


def step_line(step: str, seconds: float, made: str) -> str:
    """Return the line of a step that ended.

    Examples
    --------
    >>> step_line("voice", 2.31, "27.40 s at 24000 Hz, 71 words")
    'voice         2.3 s  27.40 s at 24000 Hz, 71 words'
    """
    return f"{step:<{_STEP_WIDTH}} {seconds:6.1f} s  {made}".rstrip()


def told(value: object) -> str:
    """Return what a value tells of itself, in a few words.

    Examples
    --------
    >>> from reelkit.model import Finding, Scene, Script
    >>> told(Script.of("Cold brew", [Scene(text="Cold brew takes time.", search_terms=("coffee", "ice"))]))
    "'Cold brew': 1 scene, 4 words"
    >>> told([Finding(name="loudness", level="must", holds=True, norm="-14", measured="-14.1")] * 2)
    '2 findings'
    """
    if value is None:
        return ""
    if isinstance(value, Path):
        return f"{value.stat().st_size / 1e6:.1f} MB"
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return _counted(len(value), type(value[0]).__name__) if value else "none"
    text = repr(value)
    inner = re.fullmatch(rf"<{type(value).__name__}:? (.*)>", text, flags=re.DOTALL)
    shown = re.sub(r"\b1 (\w+)s\b", r"1 \1", inner.group(1)) if inner else ""
    return " ".join(shown.split())


def _counted(count: int, type_name: str) -> str:
    noun = re.sub(r"(?<!^)(?=[A-Z])", " ", type_name).lower()
    return f"{count} {noun}" + ("" if count == 1 else "s")
