"""How good the picture is for its size: VMAF of ours, and of the floor's preset on the same composed frames."""

from __future__ import annotations

import json
import math
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks._reels import ffmpeg
from reelkit.media.compositor import Compositor
from reelkit.media.encode import EncoderSettings, encode_segment
from reelkit.model import Timeline

STRETCHES = ((20, 65), (240, 285))
FLOOR_CRF = (19, 22)


@dataclass(frozen=True)
class Quality:
    """Size and VMAF of an encoded stretch."""

    size_mb: float
    vmaf: float


def at_equal_size(timeline: Timeline, work: Path) -> tuple[Quality, Quality]:
    """Return our quality on two stretches of a reel, and what the floor's preset has at that size (on the line between two rates).

    Both keep the file's norms: closed groups of a second, two B-frames, a capped rate.
    """
    ours = _encoded(timeline, work, EncoderSettings(crf=timeline.crf))
    large, small = (_encoded(timeline, work, EncoderSettings(crf=crf, preset="veryfast")) for crf in FLOOR_CRF)
    share = (math.log(ours.size_mb) - math.log(small.size_mb)) / (math.log(large.size_mb) - math.log(small.size_mb))
    return ours, Quality(ours.size_mb, small.vmaf + share * (large.vmaf - small.vmaf))


def _encoded(timeline: Timeline, work: Path, settings: EncoderSettings) -> Quality:
    size, path, raw = (timeline.width_px, timeline.height_px), work / "encoded.mp4", work / "composed.yuv"
    found = []
    for start, end in STRETCHES:
        with Compositor(timeline) as compositor:
            frames = [compositor.frame_at(frame) for frame in range(start, end)]
        with raw.open("wb") as file:
            file.writelines(planes.tobytes() for planes in frames)
        encode_segment(frames, path, size_px=size, fps=timeline.fps, settings=settings)
        found.append(_measured(path, raw, size))
    raw.unlink()
    return Quality(sum(each.size_mb for each in found), sum(each.vmaf for each in found) / len(found))


def _raw(raw: Path, size: tuple[int, int]) -> list[str]:
    return ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{size[0]}x{size[1]}", "-r", "30", "-i", str(raw)]


def _measured(path: Path, raw: Path, size: tuple[int, int]) -> Quality:
    log = path.with_suffix(".json")
    compare = f"[0:v]settb=AVTB,setpts=N/30/TB[a];[1:v]settb=AVTB,setpts=N/30/TB[b];[a][b]libvmaf=log_fmt=json:log_path={log}:n_threads=2"
    subprocess.run([ffmpeg(), "-v", "error", "-i", str(path), *_raw(raw, size), "-lavfi", compare, "-f", "null", "-"], check=True)
    return Quality(path.stat().st_size / 1e6, float(json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"]))
