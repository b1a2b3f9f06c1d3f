"""Ending processes with all that they started."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

__all__ = ["end_with_children"]


def end_with_children(pid: int) -> list[psutil.Process]:
    """End a process at once, then all that it started, which would else go on without it.

    It is halted before anything is ended: a process whose child is gone a moment before itself takes that for the child's own end and
    goes on, a shell with its next command, a worker with an answer.

    Returns
    -------
    list of psutil.Process
        What it had started, which may take a moment to be gone; empty where there is no such process any more.
    """
    import psutil

    below: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.suspend()
        below = process.children(recursive=True)
        for each in (process, *below):
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
    return below
