"""Notebooks as apps and in JupyterLab: how Voila and JupyterLab are called so that neither asks an address outside, nor whether it may."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["app_command", "app_environment", "lab_environment"]

_SHARE = Path(__file__).parent / "share"


def app_command(place: Path) -> list[str]:
    """Return the command that serves a notebook, or a folder of them, as an app."""
    return [sys.executable, "-m", "voila", "--template=reelkit", str(place)]


def app_environment() -> dict[str, str]:
    """Return the environment in which the command finds its page."""
    return _finding_ours("JUPYTER_PATH")


def lab_environment() -> dict[str, str]:
    """Return the environment in which JupyterLab finds other defaults of its settings; what somebody has set goes before them."""
    return _finding_ours("JUPYTER_CONFIG_PATH")


def _finding_ours(variable: str) -> dict[str, str]:
    others = [os.environ[variable]] if os.environ.get(variable) else []
    return {**os.environ, variable: os.pathsep.join([str(_SHARE), *others])}
