"""A process that encodes segments: ``python -m reelkit.media.worker``, one JSON line in for each, JSON lines out.

A process of its own starts clean of whatever the caller's process holds (a notebook kernel, a test), needs nothing of the caller's main
module, and can be killed. It ends when its input ends, and with its parent.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reelkit.errors import ReelkitError
from reelkit.media.compositor import Compositor
from reelkit.media.encode import Canvas, EncoderSettings, encode_segment, release_memory, reuse_memory
from reelkit.media.planes import Planes
from reelkit.model import Timeline

__all__ = ["end_with_parent", "frames_of", "main"]

_REPORT_EVERY = 10


def main() -> None:
    """Answer each line of standard input: ``{"timeline", "start", "end", "path", "settings", "threads"}``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    reuse_memory()
    # One compositor for all segments: where the next one follows, its clips are decoded on instead of opened and sought in again.
    compositors: dict[str, Compositor] = {}
    for line in sys.stdin:
        job = json.loads(line)
        try:
            if job["timeline"] not in compositors:
                compositors[job["timeline"]] = _compositor(job)
            _encode(compositors[job["timeline"]], job)
        except (ReelkitError, OSError, MemoryError) as error:
            _say({"error": str(error) or type(error).__name__})
        else:
            _say({"finished": True})
        release_memory()


def _compositor(job: dict[str, Any]) -> Compositor:
    return Compositor(Timeline.model_validate_json(Path(job["timeline"]).read_bytes()), threads=job["threads"])


def _encode(compositor: Compositor, job: dict[str, Any]) -> None:
    timeline = compositor.timeline
    size = timeline.width_px, timeline.height_px
    # With a core to spare the next frame is composed while one is encoded.
    canvases = [Canvas(*size) for _ in range(min(job["threads"], 2))]

    def told() -> Iterator[Planes]:
        frames = frames_of(compositor, job["start"], job["end"], [canvas.planes for canvas in canvases])
        for number, planes in enumerate(frames, start=1):
            yield planes
            if number % _REPORT_EVERY == 0:
                _say({"frames": number})

    settings = EncoderSettings.model_validate(job["settings"])
    encode_segment(told(), Path(job["path"]), size_px=size, fps=timeline.fps, settings=settings, canvases=canvases)


def frames_of(compositor: Compositor, start: int, end: int, canvases: Sequence[Planes]) -> Iterator[Planes]:
    """Give the composed frames from ``start`` until ``end``, each drawn over an older one: what the encoder gets."""
    for frame in range(start, end):
        yield compositor.frame_at(frame, into=canvases[(frame - start) % len(canvases)])


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def end_with_parent() -> None:
    """Have the system end this process when the one that began it ends, where the system can."""
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL)


if __name__ == "__main__":
    main()
