"""Processes of a batch, found by a mark in their environment, and what they leave."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

import psutil

from tests.batch.studio import is_kernel

MARK = "REELKIT_BENCH_MARK"
KINDS = ("kernel", "forks", "worker", "parent", "all")


def adopt_orphans() -> None:
    """Have processes whose parent dies become ours, as init would take them, so that they are seen and buried."""
    pr_set_child_subreaper = 36
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_child_subreaper, 1, 0, 0, 0)


def marked(mark: str) -> list[psutil.Process]:
    """Return the living processes that carry a mark; those that ended and wait to be buried are buried."""
    with contextlib.suppress(ChildProcessError):
        # The batch itself is waited for by whoever started it.
        for child in psutil.Process().children():
            if child.status() == psutil.STATUS_ZOMBIE and child.pid not in KEPT:
                os.waitpid(child.pid, os.WNOHANG)
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


KEPT: set[int] = set()
"""Children that somebody waits for."""


def kind_of(process: psutil.Process, parent: int) -> str:
    """Return ``parent``, ``worker``, ``forks`` (what forks kernels), ``kernel``, or ``other`` (encoders, what draws backdrops)."""
    with contextlib.suppress(psutil.Error):
        line = " ".join(process.cmdline())
        return (
            "parent"
            if process.pid == parent
            else "worker"
            if "reelkit.batch.worker" in line
            else "kernel"
            if is_kernel(process)
            else "forks"
            if "reelkit.kernel" in line
            else "other"
        )
    return "other"


def kill(kind: str, parent: int, mark: str) -> int:
    """Send SIGKILL to a kernel, to what forks them, to a worker or the parent alone, or to the whole tree at once; return how many were
    met."""
    targets = [process for process in marked(mark) if kind in ("all", kind_of(process, parent))]
    for process in targets if kind == "all" else targets[:1]:
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            os.kill(process.pid, signal.SIGKILL)
    return len(targets)


def wait_until_gone(mark: str, limit_s: float) -> tuple[float, list[str]]:
    """Return how long it took until no marked process lived, and the command lines of those that still do at the limit."""
    began = time.monotonic()
    while left := marked(mark):
        if time.monotonic() - began > limit_s:
            lines = []
            for process in left:
                with contextlib.suppress(psutil.Error):
                    lines.append(" ".join(process.cmdline())[:120])
            return limit_s, lines
        time.sleep(0.1)
    return time.monotonic() - began, []


def left_files(*folders: Path) -> list[str]:
    """Return temporary files and socket folders that lie in some folders."""
    return sorted(
        str(path) for folder in folders for path in folder.rglob("*") if path.name.startswith(".tmp-") or path.name.startswith("rk-")
    )
