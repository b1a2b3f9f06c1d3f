"""Render a timeline in a process of its own and say what the call took: the part of the speed benchmarks that they start themselves."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from reelkit.media.encode import EncoderSettings
from reelkit.model import Timeline
from reelkit.runs.cache import FileCache
from reelkit.steps.compose import compose_video

_PAUSE_S = 3.0
"""How long somebody at a notebook takes, at the least, from one render to the next."""


def main() -> None:
    """Take a timeline's JSON, the reel's path, and each or nothing: a cache's folder, an x264 preset, and the timeline rendered before.

    What was rendered before, and is whole in the cache, is rendered as in a notebook: encoders are then loaded, which counts as CPU.
    """
    plan, path, folder, preset, after = sys.argv[1:]
    timeline = Timeline.model_validate_json(Path(plan).read_bytes())
    settings = EncoderSettings(crf=timeline.crf, preset=preset) if preset else None
    cache = FileCache(Path(folder)) if folder else None
    if after:
        compose_video(Timeline.model_validate_json(Path(after).read_bytes()), Path(path), cache=cache, settings=settings, stay_ready=True)
        time.sleep(_PAUSE_S)
    # Encoders count once they have ended, which is within the render that they were loaded for.
    before = cpu_s()
    start = time.perf_counter()
    compose_video(timeline, Path(path), cache=cache, settings=settings)
    print(json.dumps({"wall_s": time.perf_counter() - start, "cpu_s": cpu_s() - before}))


def cpu_s() -> float:
    """Return the CPU seconds of this process and those that it waited for."""
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    main()
