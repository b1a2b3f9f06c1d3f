"""The workers that encode segments side by side, as processes that end with us."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from reelkit import errors
from reelkit.errors import ComposeError
from reelkit.media.encode import EncoderSettings

__all__ = ["SegmentJob", "encode_segments", "have_encoders_ready"]


_WORTH_A_WORKER = 3
"""Segments in a row for which one worker is enough: another would have to decode their clip from its nearest keyframe, too."""
_ENDS_WITHIN_S = 5.0
"""So long a process may take to end those that it forked."""


@dataclass(frozen=True)
class SegmentJob:
    """A segment to encode: frames ``start`` to ``end`` into ``path``; ``keep`` is called when it is whole.

    Where clips in it are damaged ``tell_damage`` is called before, with where, in seconds into each, by its content (SHA-256).
    """

    start: int
    end: int
    path: Path
    keep: Callable[[], object]
    tell_damage: Callable[[dict[str, float]], object] | None = None


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
        Cores to use: as many processes at once, or for fewer segments fewer that each work on several frames at a time.
    beside : Future, optional
        Other work that takes the place of one of them until it is done.
    frames_done : callable, optional
        Called with the number of frames finished so far, from any thread.

    Raises
    ------
    ComposeError
        When a worker failed or was killed, or a segment cannot be kept; the others are stopped, what they finished is kept.
    ClipError
        When a clip does not decode.
    Exception
        What ``keep`` (but :exc:`OSError`) or ``frames_done`` raised, as it is; the others are stopped as well.
    """
    todo = _Todo(jobs)
    progress = _FramesDone(frames_done)
    count = max(1, min(workers, todo.shares))
    threads = max(1, workers // count)
    settled = {"timeline": str(timeline), "settings": settings.model_dump(), "threads": threads, "workers": count}
    # With a core to spare, a worker encodes two segments at once.
    at_once = _WORTH_A_WORKER if threads > 1 else 1
    with _crew(json.dumps(settled), count, workers) as lines:
        running = [_Worker(line, todo, progress, at_once) for line in lines]
        if count == workers:
            running[-1].after = beside
        try:
            for worker in running:
                worker.start()
            for worker in running:
                # A bounded wait lets Ctrl-C through at once on every system.
                while worker.is_alive() and not any(other.error is not None for other in running):
                    worker.join(0.2)
        finally:
            for worker in running:
                worker.stopped = True
        for worker in running:
            if worker.error is not None:
                raise worker.error


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

    @property
    def shares(self) -> int:
        """How many workers have enough to do of their own."""
        return sum(math.ceil(len(run) / _WORTH_A_WORKER) for run in self._runs)

    @property
    def is_empty(self) -> bool:
        """Whether all have been handed out."""
        return not self._runs

    def take(self, done: Sequence[SegmentJob], most: int) -> list[SegmentJob]:
        """Return what a worker shall do after ``done``: what follows it, else what lies farthest from where the others are."""
        with self._lock:
            if done:
                self._reached.discard(done[-1].end)
            run = next((run for run in self._runs if done and run[0].start == done[-1].end), None) or self._split()
            if run is None:
                return []
            jobs = run[:most]
            del run[:most]
            if not run:
                self._runs.remove(run)
            self._reached.add(jobs[-1].end)
            return jobs

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


class _Process:
    """A worker process, or the one that forks several: it loads all that they need, and waits to be told what is settled."""

    def __init__(self, *descriptors: int) -> None:
        try:
            self._begun = subprocess.Popen(
                [sys.executable, "-m", "reelkit.media.worker", *map(str, descriptors)],
                # Looking for plugins of pydantic takes a tenth of the time in which a worker loads, waiting threads of OpenBLAS another.
                env=os.environ | {"PYDANTIC_DISABLE_PLUGINS": "__all__", "OPENBLAS_NUM_THREADS": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL if descriptors else subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=descriptors,
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            raise ComposeError(f"compose: no encoder could be started ({error.strerror}); free some memory and run it again") from None
        self._lock, self._why = threading.Lock(), ""

    def settle(self, settled: str) -> None:
        """Tell it what is settled for all segments."""
        assert self._begun.stdin is not None
        # That it has ended will be seen by its worker's line.
        with suppress(BrokenPipeError):
            self._begun.stdin.write(settled + "\n")
            self._begun.stdin.flush()

    def own_line(self) -> _Line:
        """Return the line to the worker that it is itself."""
        assert self._begun.stdin is not None and self._begun.stdout is not None
        return _Line(self, self._begun.stdin, self._begun.stdout)

    def runs(self) -> bool:
        """Say whether it has not ended."""
        return self._begun.poll() is None

    def why(self) -> str:
        """Wait for its end and return what it said of it."""
        assert self._begun.stderr is not None
        with self._lock:
            if not self._why:
                said = self._begun.stderr.read().strip().splitlines()
                self._why = said[-1] if said else f"exit code {self._begun.wait()}"
            return self._why

    def end(self) -> None:
        """End it, with those that it forked."""
        self._begun.terminate()
        try:
            self._begun.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._begun.kill()
            self._begun.wait()
        assert self._begun.stdin is not None and self._begun.stderr is not None
        with self._lock, suppress(OSError):
            self._begun.stderr.close()
            self._begun.stdin.close()


class _Line(NamedTuple):
    """What joins us to a worker: its process, or the one that forked it, and the files by which it is ordered and heard."""

    process: _Process
    orders: IO[str]
    answers: IO[str]

    def close(self) -> None:
        for file in (self.orders, self.answers):
            with suppress(OSError, ValueError):
                file.close()


_ready: list[_Line] = []
"""Lines to the workers that wait for a render."""


def have_encoders_ready(workers: int) -> None:
    """Begin the processes of a render before there is one, so that it need not wait for them: they load for most of a second.

    They end with this process, and with the thread that calls this.

    Parameters
    ----------
    workers : int
        As :func:`encode_segments` will be given.
    """
    # Elsewhere each worker loads by itself.
    if sys.platform == "linux":
        _ready[:] = _loading(workers)


@contextmanager
def _crew(settled: str, count: int, workers: int) -> Iterator[list[_Line]]:
    """Give a line to each of ``count`` workers, of as many as there may be; none of them outlives the block."""
    lines: list[_Line] = []
    try:
        # Where it can be, what all need is loaded once.
        if sys.platform == "linux":
            lines = _loading(workers)
        else:
            for _ in range(count):
                lines.append(_Process().own_line())
        for process in {line.process for line in lines}:
            process.settle(settled)
        yield lines[:count]
    finally:
        _end(lines)


def _loading(workers: int) -> list[_Line]:
    """Return the lines that are ready, where they are as many and their process runs, else new ones."""
    lines = _ready.copy()
    _ready.clear()
    if len(lines) == workers and lines[0].process.runs():
        return lines
    _end(lines)
    return _forking(workers)


def _end(lines: Sequence[_Line]) -> None:
    for process in {line.process for line in lines}:
        process.end()
    for line in lines:
        line.close()


def _forking(count: int) -> list[_Line]:
    """Return lines to workers that one process will fork, up to so many."""
    pipes = [(*os.pipe(), *os.pipe()) for _ in range(count)]
    theirs = [end for orders_in, _, _, answers_out in pipes for end in (orders_in, answers_out)]
    try:
        process = _Process(*theirs)
    finally:
        for end in theirs:
            os.close(end)
    return [
        _Line(process, os.fdopen(orders_out, "w", encoding="utf-8"), os.fdopen(answers_in, encoding="utf-8"))
        for _, orders_out, answers_in, _ in pipes
    ]


class _Worker(threading.Thread):
    """Has the segments of a reel encoded at the other end of a line, so many in a row at a time."""

    def __init__(self, line: _Line, todo: _Todo, progress: _FramesDone, at_once: int) -> None:
        super().__init__(daemon=True)
        self._line, self._todo, self._progress, self._at_once = line, todo, progress, at_once
        self.after: Future[Any] | None = None
        self.stopped = False
        self.error: BaseException | None = None

    def run(self) -> None:
        while self.after is not None and not self.stopped and not wait([self.after], 0.2).done:
            pass
        try:
            jobs = [] if self.stopped else self._todo.take([], self._at_once)
            while jobs and not self.stopped:
                self._encode(jobs)
                jobs = self._todo.take(jobs, self._at_once)
        except BaseException as error:
            # Whatever ends a thread is told by who waits for it: unseen, it would leave a reel without its segments.
            self.error = error

    def _encode(self, jobs: Sequence[SegmentJob]) -> None:
        order = {
            "jobs": [{"start": job.start, "end": job.end, "path": str(job.path)} for job in jobs],
            "last": self._todo.is_empty,
        }
        with suppress(BrokenPipeError):
            self._line.orders.write(json.dumps(order) + "\n")
            self._line.orders.flush()
        counted, left = 0, list(jobs)
        for line in self._line.answers:
            answer = json.loads(line)
            if "frames" in answer:
                self._progress.add(answer["frames"] - counted)
                counted = answer["frames"]
            elif "error" in answer:
                raise getattr(errors, answer["kind"], ComposeError)(answer["error"])
            else:
                _keep(left.pop(0), answer["damaged"])
                if not left:
                    self._progress.add(sum(job.end - job.start for job in jobs) - counted)
                    return
        why = self._line.process.why()
        raise ComposeError(f"compose: the encoder process ended early ({why}); run it again, finished segments are kept")


def _keep(job: SegmentJob, damaged: dict[str, float]) -> None:
    try:
        if damaged and job.tell_damage is not None:
            job.tell_damage(damaged)
        job.keep()
    except OSError as error:
        why = error.strerror or error
        raise ComposeError(f"compose: a finished segment could not be kept: {why}; free some disk space and run it again") from None
