"""How every command speaks and ends: JSON for machines on standard output, a line for people on standard error, an exit code."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = [
    "DONE",
    "FAILED",
    "INTERRUPTED",
    "WRONG_USE",
    "add_json",
    "complain",
    "ended_by_sigterm",
    "load_keys",
    "open_shown",
    "print_json",
]
DONE, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


def add_json(parser: argparse.ArgumentParser) -> None:
    """Let a command answer machines."""
    parser.add_argument("--json", action="store_true", help="for machines: standard output holds JSON and nothing else")


def print_json(value: Any) -> None:
    """Print the answer for machines."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def complain(line: str) -> None:
    """Say a line on standard error, where it spoils no answer."""
    # A terminal that was closed is told nothing.
    with contextlib.suppress(OSError):
        print(f"reelkit: {line}", file=sys.stderr)


def open_shown(path: Path | None) -> None:
    """Show a file in the browser."""
    import webbrowser

    if path:
        webbrowser.open(path.as_uri())


def load_keys() -> None:
    """Take keys from ``.env`` in or above the working directory; what the environment says already stands."""
    from dotenv import find_dotenv, load_dotenv

    load_dotenv(find_dotenv(usecwd=True))


@contextlib.contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Take SIGTERM (a service that is stopped, a job that is cancelled) as Ctrl-C, and SIGHUP (a terminal that is closed) where ``nohup``
    does not have it ignored."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    hung_up = getattr(signal, "SIGHUP", signal.SIGTERM)
    signs = {signal.SIGTERM, *([hung_up] if signal.getsignal(hung_up) is signal.SIG_DFL else [])}
    before = {sign: signal.signal(sign, interrupt) for sign in signs}
    try:
        yield
    finally:
        for sign, handler in before.items():
            # An interrupted batch lets no other be heard.
            if signal.getsignal(sign) is interrupt:
                signal.signal(sign, handler)
