"""Small timelines over real files, for whoever needs one that renders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reelkit.media.audio import write_wav
from reelkit.model import (
    AudioTrack,
    CaptionCue,
    CaptionStyle,
    CaptionWord,
    Clip,
    Fps,
    Move,
    Overlay,
    Shot,
    Timeline,
    Transition,
)
from reelkit.whole import sha256_of
from tests.media.clips import clip_of, write_video

SIZE = (180, 320)


def gradient_clip(folder: Path, name: str, *, start: int = 30, frames: int = 90, scene: int = 0) -> Clip:
    """A real clip of the small reel's size whose grey rises by a level a frame."""
    path = write_video(folder / name, [start + index for index in range(frames)], size_px=SIZE)
    return clip_of(path, size_px=SIZE, duration_ms=frames * 1000 // 30, scene=scene)


def tone_wav(path: Path, *, seconds: float, rate_hz: int = 24_000) -> Path:
    """A voice-like sound: a tone that swells and falls twice a second."""
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    write_wav(path, (0.2 * np.sin(2 * np.pi * 220 * at) * np.sin(2 * np.pi * at) ** 2).astype(np.float32), rate_hz)
    return path


def small_timeline(
    folder: Path,
    *,
    frames: Sequence[int] = (40, 50),
    colour: str = "#FFD23F",
    transition: Transition = Transition(),
    move: Move = Move(),
    overlays: tuple[Overlay, ...] = (),
    fps: Fps = Fps(num=30),
) -> Timeline:
    """A 180x320 reel: a shot for each length given, a cue in each, a tone as its narration."""
    folder.mkdir(parents=True, exist_ok=True)
    shots, cues, at = [], [], 0
    for number, length in enumerate(frames):
        clip = gradient_clip(folder, f"clip{number}.mp4", start=30 + 60 * number)
        shots.append(Shot(clip=clip, start=at, end=at + length, move=move, transition=transition if number else Transition()))
        words = tuple(
            CaptionWord(text=text, start=at + 4 + 6 * index, end=at + 9 + 6 * index) for index, text in enumerate(("one", "two", "three"))
        )
        cues.append(CaptionCue(words=words, start=at + 4, end=at + 26))
        at += length
    voice = tone_wav(folder / "voice.wav", seconds=float(at / fps.ratio))
    return Timeline(
        brand="test",
        topic="A test",
        width_px=SIZE[0],
        height_px=SIZE[1],
        fps=fps,
        frame_count=at,
        background="#101010",
        shots=tuple(shots),
        cues=tuple(cues),
        caption_style=CaptionStyle(active_colour=colour),
        overlays=overlays,
        audio=(AudioTrack(kind="narration", path=voice, sha256=sha256_of(voice)),),
    )
