"""Notebooks as apps: how Voila is called so that a page asks no address outside."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["app_command", "app_environment"]

_SHARE = Path(__file__).parent / "share"


def app_command(place: Path) -> list[str]:
    """Return the command that serves a notebook, or a folder of them, as an app."""
    return [sys.executable, "-m", "voila", "--template=reelkit", str(place)]


def app_environment() -> dict[str, str]:
    """Return the environment in which the command finds its page."""
    others = [os.environ["JUPYTER_PATH"]] if os.environ.get("JUPYTER_PATH") else []
    return {**os.environ, "JUPYTER_PATH": os.pathsep.join([str(_SHARE), *others])}
