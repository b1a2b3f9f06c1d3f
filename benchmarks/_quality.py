"""How good the picture is for its size: VMAF of ours, and of the floor's encoder on the same composed frames."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks._reels import ffmpeg
from reelkit.media.compositor import Compositor
from reelkit.media.encode import EncoderSettings, encode_segment
from reelkit.media.planes import Planes
from reelkit.model import Timeline

STRETCHES = ((30, 75), (240, 285))
FLOOR_CRF = (20, 23)


@dataclass(frozen=True)
class Quality:
    """Size and VMAF of an encoded stretch."""

    size_mb: float
    vmaf: float


def at_equal_size(timeline: Timeline, work: Path) -> tuple[Quality, Quality]:
    """Return our quality on two stretches of a reel, and what the floor's encoder has at that size (on the line between two rates)."""
    raw, path = work / "composed.yuv", work / "encoded.mp4"
    with raw.open("wb") as file:
        file.writelines(planes.tobytes() for planes in _frames(timeline))
    size = (timeline.width_px, timeline.height_px)
    encode_segment(_frames(timeline), path, size_px=size, fps=timeline.fps, settings=EncoderSettings(crf=timeline.crf))
    ours = _measured(path, raw, size)
    floor = []
    for crf in FLOOR_CRF:
        plain = [ffmpeg(), "-v", "error", "-y", *_raw(raw, size), "-c:v", "libx264", "-preset", "veryfast", "-crf", str(crf), str(path)]
        subprocess.run(plain, check=True)
        floor.append(_measured(path, raw, size))
    raw.unlink()
    large, small = floor
    share = (math.log(ours.size_mb) - math.log(small.size_mb)) / (math.log(large.size_mb) - math.log(small.size_mb))
    return ours, Quality(ours.size_mb, small.vmaf + share * (large.vmaf - small.vmaf))


def _frames(timeline: Timeline) -> Iterator[Planes]:
    with Compositor(timeline) as compositor:
        for start, end in STRETCHES:
            for frame in range(start, end):
                yield compositor.frame_at(frame)


def _raw(raw: Path, size: tuple[int, int]) -> list[str]:
    return ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{size[0]}x{size[1]}", "-r", "30", "-i", str(raw)]


def _measured(path: Path, raw: Path, size: tuple[int, int]) -> Quality:
    log = path.with_suffix(".json")
    compare = f"[0:v]settb=AVTB,setpts=N/30/TB[a];[1:v]settb=AVTB,setpts=N/30/TB[b];[a][b]libvmaf=log_fmt=json:log_path={log}:n_threads=2"
    subprocess.run([ffmpeg(), "-v", "error", "-i", str(path), *_raw(raw, size), "-lavfi", compare, "-f", "null", "-"], check=True)
    return Quality(path.stat().st_size / 1e6, float(json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"]))
