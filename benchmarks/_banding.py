"""How far a reel's pictures band: CAMBI, the field's index of banding, of what a decoder shows.

CAMBI (Tandon et al., "CAMBI: Contrast-aware Multiscale Banding Index", PCS 2021) is 0 where no band is seen and over 5 where bands disturb;
libvmaf in the ffmpeg program measures it.
"""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks._reels import ffmpeg
from reelkit.media.backdrops import backdrop_frames
from reelkit.media.compositor import Compositor
from reelkit.media.encode import EncoderSettings, encode_segment
from reelkit.media.planes import Planes
from reelkit.media.segments import drawn_joins
from reelkit.model import CaptionStyle, Clip, Fps, Move, Palette, Shot, Timeline, Transition, TransitionKind

__all__ = ["CAMBI_BAR", "PALETTES", "banding_of", "banding_of_joins", "cambi"]

CAMBI_BAR = 5.0
PALETTES = {
    "dark": Palette(background="#0E1033", surface="#1B1F5E", primary="#3CC8F4", accent="#FF7A66", text="#F4F7FF"),
    "light": Palette(background="#FBF7F0", surface="#EFE6D8", primary="#2F6F5E", accent="#E2725B", text="#1E2A26"),
    "saturated": Palette(background="#230F2B", surface="#42204E", primary="#E0559A", accent="#FFC857", text="#FFF5FB"),
}

_SHOT, _JOIN = 30, 12
"""Frames of a shot and of a transition."""


def banding_of(family: str, palette: Palette, path: Path, *, size_px: tuple[int, int], frames: int) -> float:
    """Encode the beginning of a backdrop as a reel is encoded, to a file, and return its highest CAMBI."""
    drawn = backdrop_frames(family=family, palette=palette, seed=1, width_px=size_px[0], height_px=size_px[1], frame_count=180)
    shown = (_grown(planes, size_px) for planes in itertools.islice(drawn, frames))
    encode_segment(shown, path, size_px=size_px, fps=Fps(num=30), settings=EncoderSettings())
    return max(cambi(path, every=6))


def banding_of_joins(kind: TransitionKind, clips: Sequence[Clip], palette: Palette, path: Path) -> float:
    """Encode moving shots joined by transitions of a kind as a reel is encoded, to a file, and return the highest CAMBI within them."""
    shots = [
        Shot(
            clip=clip,
            start=number * _SHOT,
            end=(number + 1) * _SHOT,
            move=Move(kind=move),
            transition=Transition(kind=kind, frames=_JOIN) if number else Transition(),
        )
        for number, (clip, move) in enumerate(zip(clips, itertools.cycle(("push", "pan_left", "drift_up")), strict=False))
    ]
    timeline = Timeline(
        brand="bench",
        topic="Banding",
        frame_count=_SHOT * len(shots),
        background=palette.background,
        shots=tuple(shots),
        cues=(),
        caption_style=CaptionStyle(),
    )
    size = timeline.width_px, timeline.height_px
    with Compositor(timeline) as compositor:
        frames = (compositor.frame_at(number) for number in range(timeline.frame_count))
        finer = drawn_joins(timeline, 0, timeline.frame_count)
        encode_segment(frames, path, size_px=size, fps=timeline.fps, settings=EncoderSettings(), finer=finer)
    bands = cambi(path)
    return max(max(bands[shot.start : shot.start + _JOIN]) for shot in shots[1:])


def cambi(path: Path, *, every: int = 1) -> list[float]:
    """Return the CAMBI of every so-manieth frame of a video."""
    log = path.with_suffix(".cambi.json")
    measure = f"libvmaf=feature=name=cambi:n_subsample={every}:log_fmt=json:log_path={log}"
    subprocess.run([ffmpeg(), "-v", "error", "-i", str(path), "-i", str(path), "-lavfi", measure, "-f", "null", "-"], check=True)
    frames = json.loads(log.read_text(encoding="utf-8"))["frames"]
    log.unlink()
    return [float(frame["metrics"]["cambi"]) for frame in frames if "cambi" in frame["metrics"]]


def _grown(planes: Planes, size_px: tuple[int, int]) -> Planes:
    """Return a frame at the reel's size, as a shot that stands still shows it."""
    half = size_px[0] // 2, size_px[1] // 2
    y, u, v = (
        np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        for plane, size in ((planes.y, size_px), (planes.u, half), (planes.v, half))
    )
    return Planes(y, u, v)
