"""A process that encodes segments: ``python -m reelkit.media.worker``, one JSON line in for some, JSON lines out.

A process of its own starts clean of whatever the caller's process holds (a notebook kernel, a test), needs nothing of the caller's main
module, and can be killed. It ends when its input ends, and with its parent. Its first line says what is settled for all segments. Given
pairs of file descriptors, to read orders from and to answer on (``IN OUT IN OUT``), it forks a worker for each pair that is wanted, once it
has loaded what all need, and ends with the last of them.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, Any

from reelkit.errors import ReelkitError
from reelkit.media import waiter
from reelkit.media.compositor import Compositor
from reelkit.media.encode import Canvas, EncoderSettings, begin_segment, release_memory, reuse_memory
from reelkit.media.fonts import families
from reelkit.media.open_clips import ClipsInOrder
from reelkit.media.planes import Planes
from reelkit.media.segments import finer_stretches
from reelkit.model import Timeline

__all__ = ["end_with_parent", "frames_of", "main"]

_REPORT_EVERY = 10
_ENCODERS, _AHEAD = 2, 20
"""How many segments are encoded at once where there are cores for them, and how many frames are composed ahead of the encoder then: it
takes three times as long, and so the second one begins early. A frame takes 3 MB."""

_Pair = tuple[int, int]


def main() -> None:
    """Answer each line of input, ``{"jobs": [{"start", "end", "path"}, ...], "last"}``; the last jobs of all have cores to spare.

    The first line is ``{"timeline", "settings", "threads", "workers"}``.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    _use_small_pages()
    # Who is ready before there is a render has done by then what all renders need. All of it stays: it need not be looked through later.
    families()
    release_memory()
    gc.freeze()
    told = sys.stdin.readline()
    if told:
        settled = json.loads(told)
        if settled["threads"] == 1:
            _use_large_pages_where_asked()
        worker = _Worker(settled)
        # Nor need the memory of this be copied by who is forked.
        release_memory()
        gc.freeze()
        pairs = list(zip(*[map(int, sys.argv[1:])] * 2, strict=True))
        for descriptor in chain(*pairs[settled["workers"] :]):
            os.close(descriptor)
        worker.answer(*_files(pairs[: settled["workers"]]))
    # Nothing is left that would have to be put away.
    os._exit(0)


def _files(pairs: Sequence[_Pair]) -> tuple[IO[str], IO[str]]:
    """Return the files to read from and to write to: in a process forked for each pair, where there are several."""
    if not pairs:
        return sys.stdin, sys.stdout
    return _forked(pairs) if len(pairs) > 1 else _opened(pairs[0])


def _opened(pair: _Pair) -> tuple[IO[str], IO[str]]:
    return os.fdopen(pair[0], encoding="utf-8"), os.fdopen(pair[1], "w", encoding="utf-8")


class _Worker:
    """Encodes segments of one timeline.

    One compositor serves all of them: where the next one follows, its clips are decoded on instead of opened and sought in again.
    """

    def __init__(self, settled: dict[str, Any]) -> None:
        self._settings = EncoderSettings.model_validate(settled["settings"])
        self._threads = settled["threads"]
        self._encoders = min(self._threads, _ENCODERS)
        self._error: BaseException | None = None
        try:
            timeline = Timeline.model_validate_json(Path(settled["timeline"]).read_bytes())
            # Where a clip was, the next would find holes: given back, they need not be grown around.
            self._clips = ClipsInOrder(threads=self._threads, closed=release_memory)
            self._compositor = Compositor(timeline, clips=self._clips)
        except (ReelkitError, OSError, MemoryError) as error:
            self._error = error

    def answer(self, orders: IO[str], answers: IO[str]) -> None:
        """Do what each line of ``orders`` asks, and tell of it, until they end."""

        def say(answer: dict[str, Any]) -> None:
            answers.write(json.dumps(answer) + "\n")
            answers.flush()

        reuse_memory(self._encoders)
        for line in orders:
            error = self._error
            try:
                if error is None:
                    self._encode(**json.loads(line), say=say)
            except (ReelkitError, OSError, MemoryError) as raised:
                error = raised
            if error is not None:
                say({"error": str(error) or type(error).__name__, "kind": type(error).__name__})

    def _encode(self, jobs: Sequence[dict[str, Any]], last: bool, say: Any) -> None:
        """Encode segments in their order, and say of each that it is finished."""
        under_way: deque[tuple[dict[str, Any], Callable[[], None]]] = deque()
        counted = 0

        def finish_the_first() -> None:
            job, finish = under_way.popleft()
            finish()
            say({"finished": True, "damaged": self._damaged(job["start"], job["end"])})

        for number, job in enumerate(jobs):
            if len(under_way) == self._encoders:
                finish_the_first()
            # With a core to spare the next frames are composed while one is encoded, and the next segment is begun.
            spare = self._threads > 1 or last
            ahead = 1 if not spare else 2 if number == len(jobs) - 1 else _AHEAD
            under_way.append((job, self._begin(job, number % self._encoders, ahead=ahead, say=say, counted=counted)))
            counted += job["end"] - job["start"]
        while under_way:
            finish_the_first()

    def _damaged(self, start: int, end: int) -> dict[str, float]:
        """Return the clips, by their content, seen from one frame until another that are damaged, and where first, in seconds into them."""
        first: dict[str, float] = {}
        for number, shot in enumerate(self._compositor.timeline.shots):
            at_s = self._clips.damaged_s(number) if shot.start < end and start < shot.end else None
            if at_s is not None:
                first[shot.clip.sha256] = min(at_s, first.get(shot.clip.sha256, at_s))
        return first

    def _begin(self, job: dict[str, Any], encoder: int, *, ahead: int, say: Any, counted: int) -> Callable[[], None]:
        timeline = self._compositor.timeline
        size = timeline.width_px, timeline.height_px
        canvases = [Canvas(*size) for _ in range(ahead)]

        def told() -> Iterator[Planes]:
            frames = frames_of(self._compositor, job["start"], job["end"], [canvas.planes for canvas in canvases])
            for number, planes in enumerate(frames, start=counted + 1):
                yield planes
                if number % _REPORT_EVERY == 0:
                    say({"frames": number})

        return begin_segment(
            told(),
            Path(job["path"]),
            size_px=size,
            fps=timeline.fps,
            settings=self._settings,
            canvases=canvases,
            finer=finer_stretches(timeline, job["start"], job["end"]),
            encoder=encoder,
        )


def frames_of(compositor: Compositor, start: int, end: int, canvases: Sequence[Planes]) -> Iterator[Planes]:
    """Give the composed frames from ``start`` until ``end``, each drawn over an older one: what the encoder gets."""
    for frame in range(start, end):
        yield compositor.frame_at(frame, into=canvases[(frame - start) % len(canvases)])


def _forked(pairs: Sequence[_Pair]) -> tuple[IO[str], IO[str]]:
    """Return, in a process forked for each pair, the files to read from and to write to; who forks them waits for them."""
    parent = os.getpid()
    children = set[int]()
    for pair in pairs:
        child = os.fork()
        if not child:
            end_with_parent()
            if os.getppid() != parent:
                os._exit(1)
            # Nobody but a worker itself may hold its end open, or it would not be seen to end.
            for descriptor in {*chain(*pairs)} - {*pair}:
                os.close(descriptor)
            return _opened(pair)
        children.add(child)
    for descriptor in chain(*pairs):
        os.close(descriptor)
    # Who waits for them needs nothing of what was loaded.
    os.execv(sys.executable, [sys.executable, "-I", "-S", waiter.__file__, *map(str, children)])


def end_with_parent() -> None:
    """Have the system end this process when the one that began it ends, where the system can."""
    pr_set_pdeathsig = 1
    _prctl(pr_set_pdeathsig, signal.SIGKILL)


_SET_THP_DISABLE, _EXCEPT_ADVISED = 41, 2


def _use_small_pages() -> None:
    """Have the system fill memory page by page: large pages would be left unused in parts."""
    _prctl(_SET_THP_DISABLE, 1)


def _use_large_pages_where_asked() -> None:
    """Have the system use large pages for what asks for them, where it can tell that apart (Linux 6.18): x264's pictures and big arrays.

    Many segments in turn save most page faults by it; one or two take longer, as pages that nobody had before are cleared.
    """
    _prctl(_SET_THP_DISABLE, 1, _EXCEPT_ADVISED)


def _prctl(option: int, value: int, how: int = 0) -> None:
    """Set what Linux can set of a process; elsewhere, and where it cannot, this does nothing."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(option, value, how, 0, 0)


if __name__ == "__main__":
    main()
