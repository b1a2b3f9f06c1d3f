"""Where kernels and we talk: a folder for each kernel that only this user can open, and what dead processes left of them."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from reelkit.whole import start_of

__all__ = ["remove_own_sockets", "socket_folder", "sweep_sockets"]

_LONGEST_SOCKET_PATH = 90
_SHORT = "/tmp"


def socket_folder() -> Path:
    """Make a folder for the sockets of one kernel and return it; its name says whose it is."""
    prefix = f"rk-{os.getpid()}-{start_of(os.getpid())}-"
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    if os.name == "posix" and len(str(folder)) > _LONGEST_SOCKET_PATH:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=_SHORT))
    return folder


def sweep_sockets() -> int:
    """Remove the socket folders of processes that are no more; return how many went."""
    swept = 0
    for place in {Path(tempfile.gettempdir()), Path(_SHORT)}:
        for folder in place.glob("rk-*-*-*"):
            pid, started = folder.name.split("-")[1:3]
            if pid.isdecimal() and started.isdecimal() and start_of(int(pid)) != int(started):
                shutil.rmtree(folder, ignore_errors=True)
                swept += 1
    return swept


def remove_own_sockets() -> None:
    """Remove the socket folders of this process, which is about to end without a word."""
    for place in {Path(tempfile.gettempdir()), Path(_SHORT)}:
        for folder in place.glob(f"rk-{os.getpid()}-*-*"):
            shutil.rmtree(folder, ignore_errors=True)
