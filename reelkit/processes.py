"""What interrupts a process, and ending one with all that it started."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

__all__ = ["SIGNS", "end_with_children"]

SIGNS = {signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}
"""What interrupts a command."""


def end_with_children(pid: int) -> list[psutil.Process]:
    """End a process at once, then all that it started, which would else go on without it.

    It is halted before anything is ended: a process whose child is gone a moment before itself takes that for the child's own end and
    goes on, a shell with its next command, a worker with an answer. What belongs to another user is left to its end.

    Returns
    -------
    list of psutil.Process
        What it had started and is ended now, which may take a moment; empty where there is no such process any more.
    """
    import psutil

    ended: list[psutil.Process] = []
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        below: list[psutil.Process] = []
        try:
            with contextlib.suppress(psutil.AccessDenied):
                process.suspend()
            below = process.children(recursive=True)
        finally:
            # A halted one would stay for ever, where Ctrl-C comes meanwhile.
            for each in (process, *below):
                with contextlib.suppress(psutil.Error):
                    each.kill()
                    ended.append(each)
    return [each for each in ended if each.pid != pid]
