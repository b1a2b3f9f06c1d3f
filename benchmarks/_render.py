"""Render a timeline in a process of its own and say what the call took: the part of the speed benchmarks that they start themselves."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from reelkit.cores import usable_cores
from reelkit.media.encode import EncoderSettings
from reelkit.media.pool import have_encoders_ready
from reelkit.model import Timeline
from reelkit.runs.cache import FileCache
from reelkit.steps.compose import compose_video

_PAUSE_S = 3.0
"""How long somebody at a notebook takes, at the least, from one render to the next."""


def main() -> None:
    """Take a timeline's JSON, the reel's path, a cache's folder or nothing, an x264 preset or nothing, and "ready" or nothing."""
    plan, path, cache, preset, ready = sys.argv[1:]
    timeline = Timeline.model_validate_json(Path(plan).read_bytes())
    settings = EncoderSettings(crf=timeline.crf, preset=preset) if preset else None
    before = cpu_s()
    if ready:
        have_encoders_ready(usable_cores())
        time.sleep(_PAUSE_S)
    start = time.perf_counter()
    compose_video(timeline, Path(path), cache=FileCache(Path(cache)) if cache else None, settings=settings)
    print(json.dumps({"wall_s": time.perf_counter() - start, "cpu_s": cpu_s() - before}))


def cpu_s() -> float:
    """Return the CPU seconds of this process and those that it waited for."""
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    main()
