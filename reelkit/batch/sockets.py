"""Where kernels and we talk: a folder for each kernel that only this user can open, and what dead processes left of them."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

from reelkit.whole import OWNER, is_left_behind, owner

__all__ = ["remove_own_sockets", "socket_folder", "sweep_sockets"]

_LONGEST_SOCKET_PATH = 90
_SHORT = "/tmp"
_NAME = re.compile(rf"^rk-{OWNER}-")


def socket_folder() -> Path:
    """Make a folder for the sockets of one kernel and return it; its name says whose it is."""
    prefix = f"rk-{owner()}-"
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    if os.name == "posix" and len(str(folder)) > _LONGEST_SOCKET_PATH:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=_SHORT))
    return folder


def sweep_sockets() -> int:
    """Remove the socket folders of processes that are no more; return how many went."""
    swept = 0
    for folder in _folders("rk-"):
        if is_left_behind(folder, _NAME):
            shutil.rmtree(folder, ignore_errors=True)
            swept += 1
    return swept


def remove_own_sockets() -> None:
    """Remove the socket folders of this process, which is about to end without a word."""
    for folder in _folders(f"rk-{owner()}-"):
        shutil.rmtree(folder, ignore_errors=True)


def _folders(prefix: str) -> list[Path]:
    return [folder for place in {tempfile.gettempdir(), _SHORT} for folder in Path(place).glob(f"{prefix}*")]
