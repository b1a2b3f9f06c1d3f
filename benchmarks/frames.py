"""How soon a notebook has the exact full frame: after a change of style, one step further, at a random time.

Frames come from :class:`reelkit.media.compositor.Compositor` on 1080p footage with one keyframe in ten seconds, composed at 1080x1920;
clips are decoded by two threads.

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
from importlib.metadata import version
from pathlib import Path

from benchmarks import _reels
from reelkit.media.captions import CaptionPainter
from reelkit.media.compositor import Compositor
from reelkit.media.overlays import OverlayPainter
from reelkit.media.planes import Planes
from reelkit.model import Timeline

BARS_MS = {"after a change of style": 50.0, "stepping by one": 40.0, "at a random time": 300.0}
COLOURS = ("#FFD23F", "#3CC8F4", "#FF7A66", "#8AF0A0")


def main() -> int:
    """Measure, print median and 90th percentile of each, and list the bars that were missed."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--footage", type=Path, help="a folder that keeps the footage between runs")
    asked.add_argument("--strict", action="store_true", help="exit with 1 when a bar is missed")
    options = asked.parse_args()
    busy = os.getloadavg()[0]
    print(
        f"{platform.machine()}, {os.cpu_count()} cores (load {busy:.1f} before), Python {platform.python_version()}, PyAV {version('av')}, "
        f"OpenCV {version('opencv-python-headless')}"
    )
    with tempfile.TemporaryDirectory() as scratch:
        footage = options.footage or Path(scratch)
        footage.mkdir(parents=True, exist_ok=True)
        timeline = _reels.reel(footage, _reels.stock_clips(footage, 2), 15)
        took = {"after a change of style": _styles(timeline), "stepping by one": _steps(timeline), "at a random time": _anywhere(timeline)}
    misses = 0
    for what, bar in BARS_MS.items():
        median = statistics.median(took[what])
        p90 = statistics.quantiles(took[what], n=10)[-1]
        misses += median > bar
        print(
            f"{'MISS' if median > bar else 'ok  '} {what:24} median {median:5.0f} ms, 90th percentile {p90:5.0f} ms "
            f"of {len(took[what])}  bar: median <= {bar:.0f} ms"
        )
    return 1 if options.strict and misses else 0


def _ms(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def _styles(timeline: Timeline) -> list[float]:
    """Show the same frame in one style after the other, as an editor of captions does: the picture is kept, the captions drawn anew."""
    frame, took = 100, []
    with Compositor(timeline, threads=2) as compositor:
        picture = compositor.picture_at(frame).copy()
    for number in range(12):
        style = timeline.caption_style.model_copy(update={"active_colour": COLOURS[number % 4], "size_px": 70 + number})
        changed = timeline.model_copy(update={"caption_style": style})
        took.append(_ms(lambda changed=changed: _drawn(changed, picture, frame)))
    return took


def _drawn(timeline: Timeline, picture: Planes, frame: int) -> Planes:
    planes, size = picture.copy(), {"width_px": timeline.width_px, "height_px": timeline.height_px, "fps": timeline.fps}
    overlays, captions = OverlayPainter(timeline.overlays, **size), CaptionPainter(timeline.caption_style, timeline.cues, **size)
    for sprite in (*overlays.sprites(frame), *captions.sprites(frame)):
        sprite.blend(planes)
    return planes


def _steps(timeline: Timeline) -> list[float]:
    with Compositor(timeline, threads=2) as compositor:
        compositor.frame_at(99)
        return [_ms(lambda frame=frame: compositor.frame_at(frame)) for frame in range(100, 160)]


def _anywhere(timeline: Timeline) -> list[float]:
    order = random.Random(1)
    with Compositor(timeline, threads=2) as compositor:
        compositor.frame_at(0)
        return [_ms(lambda: compositor.frame_at(order.randrange(timeline.frame_count))) for _ in range(30)]


if __name__ == "__main__":
    sys.exit(main())
