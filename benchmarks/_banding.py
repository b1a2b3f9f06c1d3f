"""How far a reel's pictures band: CAMBI, the field's index of banding, of what a decoder shows.

CAMBI (Tandon et al., "CAMBI: Contrast-aware Multiscale Banding Index", PCS 2021) is 0 where no band is seen and over 5 where bands disturb;
libvmaf in the ffmpeg program measures it.
"""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path

import cv2
import numpy as np

from benchmarks._reels import ffmpeg
from reelkit.media.backdrops import backdrop_frames
from reelkit.media.encode import EncoderSettings, encode_segment
from reelkit.media.planes import Planes
from reelkit.model import Fps, Palette

__all__ = ["CAMBI_BAR", "PALETTES", "banding_of", "cambi"]

CAMBI_BAR = 5.0
PALETTES = {
    "dark": Palette(background="#0E1033", surface="#1B1F5E", primary="#3CC8F4", accent="#FF7A66", text="#F4F7FF"),
    "light": Palette(background="#FBF7F0", surface="#EFE6D8", primary="#2F6F5E", accent="#E2725B", text="#1E2A26"),
    "saturated": Palette(background="#230F2B", surface="#42204E", primary="#E0559A", accent="#FFC857", text="#FFF5FB"),
}


def banding_of(family: str, palette: Palette, path: Path, *, size_px: tuple[int, int], frames: int) -> float:
    """Encode the beginning of a backdrop as a reel is encoded, to a file, and return its highest CAMBI."""
    drawn = backdrop_frames(family=family, palette=palette, seed=1, width_px=size_px[0], height_px=size_px[1], frame_count=180)
    shown = (_grown(planes, size_px) for planes in itertools.islice(drawn, frames))
    encode_segment(shown, path, size_px=size_px, fps=Fps(num=30), settings=EncoderSettings())
    return max(cambi(path, every=6))


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
