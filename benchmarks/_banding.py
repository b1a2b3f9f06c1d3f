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
from typing import NamedTuple, get_args

from benchmarks._reels import clip_of, ffmpeg
from reelkit.media.backdrops import backdrop_frames
from reelkit.media.backdrops.film import write_lossless
from reelkit.media.compositor import Compositor
from reelkit.media.encode import EncoderSettings, encode_segment
from reelkit.media.segments import finer_stretches, plan_segments
from reelkit.model import CaptionStyle, Clip, Fps, Move, Palette, Shot, Timeline, Transition, TransitionKind

__all__ = ["CAMBI_BAR", "LOOKS", "PALETTES", "Look", "banding_of", "banding_of_joins", "cambi", "drawn_clip"]

CAMBI_BAR = 5.0
PALETTES = {
    "dark": Palette(background="#0E1033", surface="#1B1F5E", primary="#3CC8F4", accent="#FF7A66", text="#F4F7FF"),
    "light": Palette(background="#FBF7F0", surface="#EFE6D8", primary="#2F6F5E", accent="#E2725B", text="#1E2A26"),
    "saturated": Palette(background="#230F2B", surface="#42204E", primary="#E0559A", accent="#FFC857", text="#FFF5FB"),
}

_SHOT, _JOIN = 30, 12
"""Frames of a shot and of a transition."""


class Look(NamedTuple):
    """How a shot shows its clip."""

    move: Move
    zoom: float = 1.0


LOOKS = (
    *(Look(Move(kind=kind)) for kind in get_args(Move.model_fields["kind"].annotation)),
    *(Look(Move(kind=kind), zoom=1.18) for kind in ("hold", "push")),
)
"""Every move, and two of a clip that is shown again, which goes on closer."""


def drawn_clip(family: str, palette: Palette, folder: Path, *, seed: int, frames: int, size_px: tuple[int, int] = (1080, 1920)) -> Clip:
    """Return the beginning of a backdrop as a clip, kept in a folder as backdrops are kept."""
    path = folder / f"{family}-{palette.background}-{seed}-{frames}.mp4"
    if not path.exists():
        drawn = backdrop_frames(family=family, palette=palette, seed=seed, width_px=size_px[0], height_px=size_px[1], frame_count=180)
        write_lossless(itertools.islice(drawn, frames), path, fps=Fps(num=30))
    return clip_of(path, size_px, loops=True, duration_ms=round(frames * 1000 / 30))


def banding_of(clip: Clip, look: Look, palette: Palette, folder: Path, *, frames: int, every: int = 1) -> float:
    """Encode a shot as a reel is encoded, in its segments, and return the highest CAMBI of every so-manieth frame and the last of each."""
    shot = Shot(clip=clip, start=0, end=frames, move=look.move, zoom=look.zoom)
    timeline = _timeline((shot,), palette, (clip.width_px, clip.height_px))
    path, bands = folder / f"{clip.path.stem}-shot.mp4", []
    for start, end in plan_segments(timeline):
        _encode(timeline, start, end, path)
        bands += cambi(path, every=every, last=end - start - 1)
    return max(bands)


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
    timeline = _timeline(shots, palette, (1080, 1920))
    _encode(timeline, 0, timeline.frame_count, path)
    bands = cambi(path)
    return max(max(bands[shot.start : shot.start + _JOIN]) for shot in shots[1:])


def cambi(path: Path, *, every: int = 1, last: int | None = None) -> list[float]:
    """Return the CAMBI of every so-manieth frame of a video, and of one that is said to be the last."""
    log = path.with_suffix(".cambi.json")
    chosen = f"not(mod(n,{every}))" + (f"+eq(n,{last})" if last is not None else "")
    # No model: quality as people judge it is not asked for, and would take most of the time.
    measure = f"select='{chosen}',split[a][b];[a][b]libvmaf=model=:feature=name=cambi:log_fmt=json:log_path={log}"
    subprocess.run([ffmpeg(), "-v", "error", "-i", str(path), "-lavfi", measure, "-f", "null", "-"], check=True)
    frames = json.loads(log.read_text(encoding="utf-8"))["frames"]
    log.unlink()
    return [float(frame["metrics"]["cambi"]) for frame in frames]


def _timeline(shots: Sequence[Shot], palette: Palette, size_px: tuple[int, int]) -> Timeline:
    return Timeline(
        brand="bench",
        topic="Banding",
        width_px=size_px[0],
        height_px=size_px[1],
        frame_count=shots[-1].end,
        background=palette.background,
        shots=tuple(shots),
        cues=(),
        caption_style=CaptionStyle(),
    )


def _encode(timeline: Timeline, start: int, end: int, path: Path) -> None:
    with Compositor(timeline) as compositor:
        frames = (compositor.frame_at(number) for number in range(start, end))
        size, finer = (timeline.width_px, timeline.height_px), finer_stretches(timeline, start, end)
        encode_segment(frames, path, size_px=size, fps=timeline.fps, settings=EncoderSettings(), finer=finer)
