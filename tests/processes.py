"""Whether processes are gone, asked so that one that ends meanwhile is no error."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable

import psutil


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def gone(pids: Iterable[int], limit_s: float = 30.0) -> bool:
    """Return whether all of them are gone, after waiting as long as that."""
    left, until = list(pids), time.monotonic() + limit_s
    while any(map(is_alive, left)) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(map(is_alive, left))


def command_of(process: psutil.Process | None) -> list[str]:
    """Return a process's command line; one that is none any more has none."""
    with contextlib.suppress(psutil.Error):
        return process.cmdline() if process is not None else []
    return []
