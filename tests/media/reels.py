"""Small finished reels, right in every way but the one that is asked for.

The right one is 360x640, 30 fps and 4 s: two shots of moving texture, three cues, a voice of noise bursts at its words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from reelkit.brand import Brand
from reelkit.media.audio import mix_tracks, write_wav
from reelkit.media.captions import CaptionPainter
from reelkit.media.loudness import EncodedAudio, encode_audio
from reelkit.media.planes import Planes
from reelkit.model import (
    AudioTrack,
    CaptionCue,
    CaptionStyle,
    CaptionWord,
    Clip,
    Credit,
    Reel,
    Shot,
    Timeline,
)
from reelkit.whole import sha256_of

SIZE = (360, 640)
FPS = 30
FRAMES = 120
CUT = 60
RATE_HZ = 24_000
CUES = (("Fresh", "coffee", "beans"), ("roasted", "slowly"), ("every", "single", "morning"))

Picture = Callable[[int], Planes]
Captions = Callable[[CaptionPainter, int], int]


def brand(**output: object) -> Brand:
    """A brand that asks for the small reel."""
    return Brand.model_validate(
        {
            "name": "Test",
            "slug": "test",
            "palette": {"background": "#101418", "surface": "#22303A", "primary": "#E07A3F", "accent": "#FFD23F", "text": "#FFFFFF"},
            "script": {"deck": "test"},
            "output": {"width_px": SIZE[0], "height_px": SIZE[1], "fps": FPS, **output},
        }
    )


def cues(
    *, texts: tuple[tuple[str, ...], ...] = CUES, word_frames: int = 10, rest_frames: int = 8, start: int = 3
) -> tuple[CaptionCue, ...]:
    """Cues of words that follow each other, each cue up to the next one."""
    result: list[CaptionCue] = []
    at = start
    for number, text in enumerate(texts):
        words = [CaptionWord(text=word, start=at + i * word_frames, end=at + (i + 1) * word_frames) for i, word in enumerate(text)]
        end = min(words[-1].end + rest_frames, FRAMES)
        result.append(CaptionCue(words=tuple(words), start=at, end=FRAMES if number == len(texts) - 1 else end))
        at = end
    return tuple(result)


def voice(path: Path, spoken: Iterable[CaptionCue], *, frames: int = FRAMES, seed: int = 3) -> Path:
    """A burst of noise for every word, silence between."""
    rng = np.random.Generator(np.random.PCG64(seed))
    samples = np.zeros(frames * RATE_HZ // FPS, np.float32)
    for cue in spoken:
        for word in cue.words:
            start, end = word.start * RATE_HZ // FPS, min((word.end - 1) * RATE_HZ // FPS, len(samples))
            shape = np.sin(np.linspace(0, np.pi, max(end - start, 0))) ** 0.5
            samples[start:end] = 0.15 * shape * np.convolve(rng.standard_normal(len(shape)), np.ones(6) / 2.5, "same")
    return write_wav(path, samples, RATE_HZ)


def timeline(folder: Path, *, spoken: tuple[CaptionCue, ...] | None = None, cut: int | None = CUT, **changes: object) -> Timeline:
    """The plan of the small reel."""
    own_cues = cues() if spoken is None else spoken
    narration = voice(folder / "voice.wav", own_cues)
    clip = Clip(
        id="test:texture",
        library="test",
        path=folder / "texture.mp4",
        sha256="0" * 64,
        kind="video",
        width_px=SIZE[0],
        height_px=SIZE[1],
        duration_ms=9000,
        credit=Credit(author="Test", licence="CC0-1.0"),
    )
    edges = [0, FRAMES] if cut is None else [0, cut, FRAMES]
    plan = Timeline(
        brand="test",
        topic="Coffee",
        width_px=SIZE[0],
        height_px=SIZE[1],
        frame_count=FRAMES,
        background="#101418",
        shots=tuple(Shot(clip=clip, start=start, end=end) for start, end in pairwise(edges)),
        cues=own_cues,
        caption_style=CaptionStyle(),
        audio=(AudioTrack(kind="narration", path=narration, sha256=sha256_of(narration)),),
    )
    return plan.model_copy(update=changes)


@lru_cache(maxsize=2)
def _texture(seed: int) -> NDArray[np.uint8]:
    rng = np.random.Generator(np.random.PCG64(seed))
    rough = rng.integers(40, 200, (14, 9)).astype(np.uint8)
    return np.asarray(cv2.resize(rough, (SIZE[0] + 200, SIZE[1] + 40), interpolation=cv2.INTER_CUBIC), np.uint8)


def texture(frame: int, *, cut: int = CUT) -> Planes:
    """Soft moving light; another one from the cut on."""
    y = _texture(0 if frame < cut else 1)[frame % 40 :, frame:][: SIZE[1], : SIZE[0]]
    half = (SIZE[1] // 2, SIZE[0] // 2)
    return Planes(np.ascontiguousarray(y), np.full(half, 120, np.uint8), np.full(half, 140, np.uint8))


@dataclass(frozen=True)
class Making:
    """How a file is made; the defaults are right.

    ``shown`` is the frame whose captions stand on a frame, None for no captions; ``late_s`` shifts the sound inside its stream;
    ``times`` says when frame k is shown, in frames.
    """

    picture: Picture = texture
    shown: Callable[[int], int | None] = lambda frame: frame
    frames: int = FRAMES
    fps: int = FPS
    x264: dict[str, str] = field(default_factory=dict)
    profile: str = "high"
    pixel_format: str = "yuv420p"
    tags: tuple[int, int, int, int] = (1, 1, 1, 1)
    mux: dict[str, str] = field(default_factory=lambda: {"movflags": "+faststart+negative_cts_offsets", "use_editlist": "0"})
    times: Callable[[int], Fraction] = Fraction
    target_lufs: float = -14.0
    max_dbtp: float = -1.0
    late_s: float = 0.0
    sound_s: float | None = None
    audio: tuple[str, int, str] | None = None
    extra_sound: bool = False

    def but(self, **changes: object) -> Making:
        return replace(self, **changes)  # type: ignore[arg-type]


def make_reel(path: Path, plan: Timeline, making: Making = Making()) -> Reel:
    """Write a file for a plan, as ``making`` says."""
    mix = mix_tracks(plan.audio, rate_hz=48_000, sample_count=plan.sample_count)
    mix = np.concatenate([np.zeros((round(making.late_s * 48_000), 2), np.float32), mix])[: len(mix)]
    if making.sound_s is not None:
        mix = mix[: round(making.sound_s * 48_000)]
    sound = _mastered(mix.tobytes(), making.target_lufs, making.max_dbtp)
    with av.open(str(path), "w", format="mp4", options=making.mux) as output:
        video = output.add_stream("libx264", rate=making.fps, options=_x264(making))
        video.width, video.height, video.pix_fmt = *SIZE, making.pixel_format
        video.time_base = video.codec_context.time_base = Fraction(1, 90_000)
        context = video.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = making.tags
        name, rate_hz, layout = making.audio or ("aac", 48_000, "stereo")
        audio = output.add_stream(name, rate=rate_hz, layout=layout)
        second = output.add_stream("aac", rate=48_000, layout="stereo") if making.extra_sound else None
        if second is not None:
            output.mux(second.encode(_block(mix, 48_000, "stereo")))
            output.mux(second.encode(None))
        if making.audio is None:
            output.start_encoding()
            for packet in _aac(sound):
                packet.stream = audio
                output.mux_one(packet)
        else:
            output.mux(audio.encode(_block(mix, rate_hz, layout)))
            output.mux(audio.encode(None))
        for frame in _frames(plan, making):
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    return reel_of(path, plan)


def reel_of(path: Path, plan: Timeline) -> Reel:
    """What a render would say of a file."""
    return Reel(
        path=path,
        sha256=sha256_of(path),
        bytes=path.stat().st_size,
        width_px=plan.width_px,
        height_px=plan.height_px,
        fps=plan.fps,
        frame_count=plan.frame_count,
        loudness_lufs=-14.0,
        true_peak_dbtp=-1.5,
    )


@lru_cache(maxsize=8)
def _mastered(mix: bytes, target_lufs: float, max_dbtp: float) -> EncodedAudio:
    samples = np.frombuffer(mix, np.float32).reshape(-1, 2)
    return encode_audio(samples, 48_000, target_lufs=target_lufs, max_true_peak_dbtp=max_dbtp)


def _x264(making: Making) -> dict[str, str]:
    params = {"keyint": "30", "min-keyint": "30", "scenecut": "0", "open-gop": "0", "bframes": "2", "b-adapt": "0", "threads": "1"}
    params |= making.x264
    crf = params.pop("crf", "20")
    joined = ":".join(f"{name}={value}" for name, value in params.items())
    return {"preset": "ultrafast", "crf": crf, "profile": making.profile, "x264-params": f"cabac=1:8x8dct=1:{joined}"}


def _frames(plan: Timeline, making: Making) -> Iterator[av.VideoFrame]:
    painter = CaptionPainter(plan.caption_style, plan.cues, width_px=SIZE[0], height_px=SIZE[1], fps=plan.fps)
    for index in range(making.frames):
        planes = making.picture(index).copy()
        shown = making.shown(index)
        for sprite in painter.sprites(shown) if shown is not None and shown >= 0 else ():
            sprite.blend(planes)
        rows = np.concatenate([planes.y.ravel(), planes.u.ravel(), planes.v.ravel()]).reshape(SIZE[1] * 3 // 2, SIZE[0])
        frame = av.VideoFrame.from_ndarray(rows, format="yuv420p")
        if making.pixel_format != "yuv420p":
            frame = frame.reformat(format=making.pixel_format)
        frame.pts, frame.time_base = int(making.times(index) * 90_000 / making.fps), Fraction(1, 90_000)
        yield frame


def _aac(sound: EncodedAudio) -> Iterator[av.Packet]:
    for index, content in enumerate(sound.packets):
        packet = av.Packet(content)
        packet.time_base = Fraction(1, sound.rate_hz)
        packet.pts = packet.dts = index * sound.frame_samples
        packet.duration, packet.is_keyframe = sound.frame_samples, True
        yield packet


def _block(mix: NDArray[np.float32], rate_hz: int, layout: str) -> av.AudioFrame:
    kept = np.ascontiguousarray((mix if layout == "stereo" else mix[:, :1]).T)
    frame = av.AudioFrame.from_ndarray(kept, format="fltp", layout=layout)
    frame.rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
    return frame
