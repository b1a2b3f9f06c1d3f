"""The workers that encode segments side by side, as processes that end with us."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reelkit.errors import ComposeError
from reelkit.media.encode import EncoderSettings

__all__ = ["SegmentJob", "encode_segments"]


_WORTH_A_PROCESS = 3
"""Segments for which another process is begun: it has to start, and to decode its clip from the nearest keyframe on."""


@dataclass(frozen=True)
class SegmentJob:
    """A segment to encode: frames ``start`` to ``end`` into ``path``; ``keep`` is called when it is whole."""

    start: int
    end: int
    path: Path
    keep: Callable[[], object]


def encode_segments(
    jobs: Sequence[SegmentJob],
    timeline: Path,
    settings: EncoderSettings,
    *,
    workers: int,
    beside: Future[Any] | None = None,
    frames_done: Callable[[int], None] | None = None,
) -> None:
    """Encode segments on several worker processes.

    Parameters
    ----------
    jobs : sequence of SegmentJob
    timeline : Path
        The timeline's JSON.
    workers : int
        Cores to use: as many processes at once, or fewer that each work on several frames at a time where there is little to do.
    beside : Future, optional
        Other work that takes the place of one of them until it is done.
    frames_done : callable, optional
        Called with the number of frames finished so far, from any thread.

    Raises
    ------
    ComposeError
        When a worker failed or was killed; the others are stopped, what they finished is kept.
    """
    todo = _Todo(jobs)
    progress = _FramesDone(frames_done)
    count = max(1, min(workers, math.ceil(len(jobs) / _WORTH_A_PROCESS)))
    settled = {"timeline": str(timeline), "settings": settings.model_dump(), "threads": max(1, workers // count)}
    running = [_Worker(todo, settled, progress) for _ in range(count)]
    if len(running) == max(1, workers):
        running[-1].after = beside
    try:
        for worker in running:
            worker.start()
        for worker in running:
            # A bounded wait lets Ctrl-C through at once on every system.
            while worker.is_alive():
                worker.join(0.2)
                if any(other.error for other in running):
                    break
        errors = [worker.error for worker in running if worker.error]
        if errors:
            raise ComposeError(errors[0])
    finally:
        for worker in running:
            worker.stop()


class _Todo:
    """Hands out segments so that each worker goes forward through the reel.

    A clip is then decoded on from segment to segment. Entered in the middle, a source of one keyframe is decoded from its beginning.
    """

    def __init__(self, jobs: Sequence[SegmentJob]) -> None:
        self._lock = threading.Lock()
        self._runs: list[list[SegmentJob]] = []
        self._reached: set[int] = set()
        for job in sorted(jobs, key=lambda job: job.start):
            if self._runs and self._runs[-1][-1].end == job.start:
                self._runs[-1].append(job)
            else:
                self._runs.append([job])

    def take(self, done: SegmentJob | None) -> SegmentJob | None:
        """Return what a worker shall do after ``done``: what follows it, else what lies farthest from where the others are."""
        with self._lock:
            if done is not None:
                self._reached.discard(done.end)
            run = next((run for run in self._runs if done is not None and run[0].start == done.end), None) or self._split()
            if run is None:
                return None
            job = run.pop(0)
            if not run:
                self._runs.remove(run)
            self._reached.add(job.end)
            return job

    def is_empty(self) -> bool:
        """Return whether nothing is left to take."""
        with self._lock:
            return not self._runs

    def _split(self) -> list[SegmentJob] | None:
        """Return the longest run; where another worker is about to come to it, its later half."""
        if not self._runs:
            return None
        run = max(self._runs, key=lambda run: run[-1].end - run[0].start)
        if run[0].start not in self._reached or len(run) == 1:
            return run
        middle = (run[0].start + run[-1].end) / 2
        at = min(range(1, len(run)), key=lambda index: abs(run[index].start - middle))
        later = run[at:]
        del run[at:]
        self._runs.append(later)
        return later


class _FramesDone:
    def __init__(self, tell: Callable[[int], None] | None) -> None:
        self._tell, self._lock, self._total = tell, threading.Lock(), 0

    def add(self, frames: int) -> None:
        with self._lock:
            self._total += frames
            if self._tell is not None:
                self._tell(self._total)


def _environment() -> dict[str, str]:
    """Return a worker's environment: glibc asks the system for memory in large pages, as an encoder's comes and goes with each segment."""
    tunables = filter(None, (os.environ.get("GLIBC_TUNABLES"), "glibc.malloc.hugetlb=1"))
    return {**os.environ, "GLIBC_TUNABLES": ":".join(tunables)}


class _Worker(threading.Thread):
    def __init__(self, todo: _Todo, settled: dict[str, Any], progress: _FramesDone) -> None:
        super().__init__(daemon=True)
        self._todo, self._settled, self._progress = todo, settled, progress
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False
        self.after: Future[Any] | None = None
        self.error = ""

    def run(self) -> None:
        while self.after is not None and not self._stopped and not wait([self.after], 0.2).done:
            pass
        if self._stopped or self._todo.is_empty():
            return
        try:
            command = [sys.executable, "-m", "reelkit.media.worker"]
            self._process = subprocess.Popen(
                command,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
            job = self._todo.take(None)
            while job is not None and not self._stopped:
                self._encode(job)
                job = self._todo.take(job)
        except (OSError, ValueError, ComposeError) as error:
            self.error = self.error or str(error)
        finally:
            self.stop()

    def _encode(self, job: SegmentJob) -> None:
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        order = {**self._settled, "start": job.start, "end": job.end, "path": str(job.path)}
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
        counted = 0
        for line in process.stdout:
            answer = json.loads(line)
            if "frames" in answer:
                self._progress.add(answer["frames"] - counted)
                counted = answer["frames"]
            elif "error" in answer:
                raise ComposeError(answer["error"])
            else:
                job.keep()
                self._progress.add(job.end - job.start - counted)
                return
        if self._stopped:
            raise ComposeError("compose: stopped")
        process.wait()
        said = (process.stderr.read() if process.stderr else "").strip().splitlines()
        why = said[-1] if said else f"exit code {process.returncode}"
        raise ComposeError(f"compose: the encoder process ended early ({why}); run it again, finished segments are kept")

    def stop(self) -> None:
        self._stopped = True
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with suppress(OSError, ValueError):
                    pipe.close()
