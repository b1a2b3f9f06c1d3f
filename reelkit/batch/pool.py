"""The default executor: a few processes on this machine, each making one reel at a time, each replaced alone when it is lost."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO, Any, TypeVar

import psutil

from reelkit.batch.worker import packed, unpacked
from reelkit.cores import usable_cores
from reelkit.errors import RunError
from reelkit.processes import end_with_children

__all__ = ["LostWorker", "ReelPool", "encoders_each", "pool_width"]

T = TypeVar("T")

REEL_GB = 1.2
"""What a reel's processes take together at their peak."""
TRIES = 3
_GONE_S = 15.0


class LostWorker(RunError):
    """A worker process ended in the middle of a reel, as often as it was tried."""


def pool_width(reels: int, *, workers: int | None = None, free_gb: float | None = None) -> int:
    """Return how many reels to make at once: as many as asked for, else one a core as far as memory goes; never more than there are.

    Examples
    --------
    >>> pool_width(9, workers=4), pool_width(2, workers=4), pool_width(9, free_gb=1.3)
    (4, 2, 1)
    """
    if workers is None:
        free = psutil.virtual_memory().available / 1e9 if free_gb is None else free_gb
        workers = min(usable_cores(), int(free / REEL_GB))
    return max(1, min(workers, reels))


def encoders_each(width: int, *, of: int | None = None) -> int:
    """Return how many encoder processes each of so many reels at once may start, so that all of them have a core each.

    Parameters
    ----------
    width : int
        Reels at once.
    of : int, optional
        Cores; those that this process may use where not given.

    Examples
    --------
    >>> encoders_each(2, of=8), encoders_each(3, of=8), encoders_each(4, of=2)
    (4, 2, 1)
    """
    return max(1, (of or usable_cores()) // width)


class ReelPool(Executor):
    """Processes that end with us. A call whose process is lost is made again in another one, three tries in all.

    :class:`concurrent.futures.ProcessPoolExecutor` gives up all its calls when one process is lost, and its processes outlive a caller
    that is killed.

    Parameters
    ----------
    width : int
        Processes at once; each starts with its first call.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self._threads = ThreadPoolExecutor(width, thread_name_prefix="reels")
        self._mine = threading.local()
        self._workers: set[_Worker] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Have a function called in one of the processes; it and its arguments are pickled."""
        if kwargs:
            raise TypeError("a ReelPool calls with positional arguments only")
        return self._threads.submit(self._call, fn, args)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for what was submitted, then end the processes; without ``wait`` end them at once, whatever they do."""
        if not wait:
            self.kill()
        self._threads.shutdown(wait=True, cancel_futures=cancel_futures or not wait)
        self.kill()

    def kill(self) -> None:
        """End the processes and all that they started, at once. What they were doing fails as lost."""
        self._stopped = True
        with self._lock:
            workers = list(self._workers)
        for worker in workers:
            worker.kill()

    def _call(self, fn: Callable[..., T], args: tuple[Any, ...]) -> T:
        for attempt in range(1, TRIES + 1):
            if self._stopped:
                raise LostWorker("batch: stopped")
            worker: _Worker = getattr(self._mine, "worker", None) or self._start()
            try:
                well, value = worker.call(fn, args)
            except EOFError:
                self._forget(worker)
                if attempt == TRIES and not self._stopped:
                    raise LostWorker(f"batch: the worker process ended {TRIES} times ({worker.why}); is there enough memory?") from None
                continue
            if not well:
                raise value
            result: T = value
            return result
        raise LostWorker("batch: stopped")

    def _start(self) -> _Worker:
        worker = _Worker()
        self._mine.worker = worker
        with self._lock:
            self._workers.add(worker)
        if self._stopped:
            worker.kill()
        return worker

    def _forget(self, worker: _Worker) -> None:
        worker.kill()
        self._mine.worker = None
        with self._lock:
            self._workers.discard(worker)

    def __repr__(self) -> str:
        return f"<ReelPool of {self.width}>"


class _Worker:
    def __init__(self) -> None:
        self._said: IO[bytes] = TemporaryFile()  # noqa: SIM115  closed by kill()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "reelkit.batch.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )
        self._killing = threading.Lock()
        self.why = ""

    def call(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> tuple[bool, Any]:
        """Return ``(True, value)`` or ``(False, error)``.

        Raises
        ------
        EOFError
            When the process is lost.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(packed((fn, args)) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except (OSError, ValueError):
            line = ""
        if not line.endswith("\n"):
            raise EOFError
        found: tuple[bool, Any] = unpacked(line)
        return found

    def kill(self) -> None:
        with self._killing:
            if self._said.closed:
                return
            below = end_with_children(self._process.pid)
            self._process.wait()
            _await_end(below)
            self._said.seek(0)
            last = self._said.read().decode(errors="replace").strip().splitlines()[-1:]
            self.why = last[0] if last else f"exit code {self._process.returncode}"
            self._said.close()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with suppress(OSError, ValueError):
                        pipe.close()


def _await_end(processes: list[psutil.Process]) -> None:
    """Wait until processes that were killed write nothing any more, so that what they leave can be swept; a busy machine takes its time."""
    until = time.monotonic() + _GONE_S
    while any(map(_writes, processes)) and time.monotonic() < until:
        time.sleep(0.005)


def _writes(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
