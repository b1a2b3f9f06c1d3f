"""How soon a notebook has a frame: half-size while scrubbing, and the exact one after a change of style, one step on, at a random time.

Frames come from :class:`reelkit.media.frame_source.FrameSource`, as the studio takes them, on 1080p footage with one keyframe in ten
seconds, composed at 1080x1920. Scrubbing goes to and fro as a hand does, with leaps, once its proxies are made. Times are wall times: mind
the load that is printed before and after.

Run it: ``python -m benchmarks.frames`` (``--strict``: exit with 1 when a bar is missed).
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks import _reels
from reelkit.media.frame_source import FrameSource
from reelkit.model import Timeline
from reelkit.runs.cache import FileCache

COLOURS = ("#FFD23F", "#3CC8F4", "#FF7A66", "#8AF0A0")


@dataclass(frozen=True)
class Row:
    """A way of asking for frames, and what is expected of it."""

    what: str
    measure: Callable[[Timeline, Path], list[float]]
    median_ms: float
    p90_ms: float | None = None


def main() -> int:
    """Measure, print median and 90th percentile of each, and list the bars that were missed."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--footage", type=Path, help="a folder that keeps the footage between runs")
    asked.add_argument("--strict", action="store_true", help="exit with 1 when a bar is missed")
    options = asked.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores (load {os.getloadavg()[0]:.1f} before), Python {platform.python_version()}, "
        f"PyAV {version('av')}, OpenCV {version('opencv-python-headless')}",
        flush=True,
    )
    misses = 0
    with tempfile.TemporaryDirectory() as scratch:
        footage = options.footage or Path(scratch)
        footage.mkdir(parents=True, exist_ok=True)
        timeline = _reels.reel(footage, _reels.stock_clips(footage, 2), 15)
        for row in ROWS:
            misses += not _told(row, row.measure(timeline, Path(scratch)))
    print(f"load {os.getloadavg()[0]:.1f} after; {'every bar holds' if not misses else f'{misses} bars missed'}")
    return 1 if options.strict and misses else 0


def _told(row: Row, took: list[float]) -> bool:
    median, p90 = statistics.median(took), statistics.quantiles(took, n=10)[-1]
    held = median <= row.median_ms and (row.p90_ms is None or p90 <= row.p90_ms)
    bar = f"median <= {row.median_ms:.0f} ms" + (f", 90th percentile <= {row.p90_ms:.0f} ms" if row.p90_ms is not None else "")
    print(
        f"{'ok  ' if held else 'MISS'} {row.what:40} median {median:6.1f} ms, 90th percentile {p90:6.1f} ms of {len(took)}  bar: {bar}",
        flush=True,
    )
    return held


def _ms(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def _scrubbing(timeline: Timeline, scratch: Path) -> list[float]:
    order, at, took = random.Random(2), 0, []
    with FrameSource(timeline, cache=FileCache(scratch / "cache")) as source:
        source.make_proxies().result()
        for number in range(200):
            at = order.randrange(timeline.frame_count) if number % 10 == 0 else at + order.choice((-9, -4, -1, 1, 2, 5, 12))
            at = min(max(at, 0), timeline.frame_count - 1)
            took.append(_ms(lambda frame=at: source.scrub(frame)))
    return took


def _styles(timeline: Timeline, scratch: Path) -> list[float]:
    """Show the same frame in one style after the other, as an editor of captions does."""
    frame, took = 100, []
    with FrameSource(timeline) as source:
        source.exact(frame)
        for number in range(24):
            style = timeline.caption_style.model_copy(update={"active_colour": COLOURS[number % 4], "size_px": 70 + number})
            changed = timeline.model_copy(update={"caption_style": style})
            took.append(_ms(lambda changed=changed: source.showing(changed).exact(frame)))
    return took


def _steps(timeline: Timeline, scratch: Path) -> list[float]:
    with FrameSource(timeline) as source:
        source.exact(99)
        return [_ms(lambda frame=frame: source.exact(frame)) for frame in (*range(100, 160), *range(158, 148, -1))]


def _anywhere(timeline: Timeline, scratch: Path) -> list[float]:
    order = random.Random(1)
    with FrameSource(timeline) as source:
        source.exact(0)
        return [_ms(lambda: source.exact(order.randrange(timeline.frame_count))) for _ in range(60)]


ROWS = (
    Row("half-size while scrubbing", _scrubbing, 15.0, 33.0),
    Row("exact after a change of style", _styles, 50.0),
    Row("exact, stepping by one", _steps, 40.0),
    Row("exact at a random time, one keyframe", _anywhere, 300.0),
)

if __name__ == "__main__":
    sys.exit(main())
