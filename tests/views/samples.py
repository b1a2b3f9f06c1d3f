"""Values of a made-up reel, built by hand: what views and reports are tested with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reelkit.brand import Brand, BrandScript
from reelkit.model import AudioResult, Clip, Credit, Cue, Finding, Fps, Palette, Reel, Scene, Script, SentenceTiming, Word

RATE_HZ = 24_000
PALETTE = Palette(background="#241A15", surface="#3A2A21", primary="#C8742B", accent="#F2B661", text="#FFF6EA")
SCENES = (
    ("Why does fresh coffee bubble when hot water lands on it?", ("pouring kettle", "coffee bloom")),
    ("Roasting leaves carbon dioxide inside the bean, and about 40% of it escapes on the first day.", ("coffee roaster", "beans cooling")),
    ("Hot water pushes out what is left, so the grounds rise and foam: that is the bloom.", ("coffee grounds", "foam", "steam")),
    ("Give it 30 seconds before you pour on, or the gas keeps the water away from the flavour.", ("barista timer", "pour over")),
    ("No bubbles at all? Dr. Brew's guess: the bag has been open since 2024.", ("old coffee bag", "shelf")),
    ("Freshly roasted, every Tuesday, at Northwind.", ("coffee shop", "morning light")),
)


def script() -> Script:
    """Return a script of six scenes, about 30 s long."""
    return Script.of("Why coffee blooms", [Scene(text=text, search_terms=terms) for text, terms in SCENES])


def audio(told: Script | None = None, *, mixed: bool = True) -> AudioResult:
    """Return a narration of a script: bursts of noise for words, silence between; timed in three ways where ``mixed``."""
    told = told or script()
    rng = np.random.Generator(np.random.PCG64(7))
    pieces, words, at = [np.zeros(RATE_HZ // 10, np.float32)], [], RATE_HZ // 10
    for number, text in enumerate(told.voiceover.split()):
        length = int(RATE_HZ * (0.12 + 0.042 * len(text)))
        pause = int(RATE_HZ * (0.34 if text[-1] in ".?!:" else 0.03))
        swell = np.hanning(length) ** 0.6 * rng.uniform(0.35, 0.9)
        pieces += [(rng.normal(0, 0.3, length) * swell).clip(-1, 1).astype(np.float32), np.zeros(pause, np.float32)]
        timed_by = ("durations", "alignment", "estimated")[number * 3 // len(told.voiceover.split())] if mixed else "durations"
        words.append(Word(text=text, start=at, end=at + length, rate_hz=RATE_HZ, timed_by=timed_by))
        at += length + pause
    return AudioResult(np.concatenate(pieces), RATE_HZ, tuple(words))


def sentences(spoken: AudioResult) -> list[SentenceTiming]:
    """Return a narration's sentences."""
    found, begun = [], []
    for word in spoken.words:
        begun.append(word)
        if word.text[-1] in ".?!" and word.text != "Dr.":
            found.append(SentenceTiming(words=tuple(begun)))
            begun = []
    return [*found, SentenceTiming(words=tuple(begun))] if begun else found


def cues(spoken: AudioResult) -> list[Cue]:
    """Return a narration's cues: up to four words of a sentence."""
    found = []
    for sentence in sentences(spoken):
        for first in range(0, len(sentence.words), 4):
            words = sentence.words[first : first + 4]
            found.append(Cue(words=words, start=words[0].start, end=words[-1].end + RATE_HZ // 50))
    return found


def picture(seed: int, *, width_px: int = 270, height_px: int = 480) -> np.ndarray:
    """Return a soft, coloured picture, RGB."""
    y, x = np.mgrid[0:height_px, 0:width_px] / max(height_px, width_px)
    wave = 0.5 + 0.5 * np.sin(6 * x * (1 + seed % 3) + 5 * y + seed)
    low, high = np.array([36, 26, 21]), np.array([242, 182, 97 + 20 * (seed % 7)])
    return (low + (high - low) * wave[..., None] * (1 - 0.5 * y[..., None])).clip(0, 255).astype(np.uint8)


def clips() -> list[Clip]:
    """Return a clip or two for each scene but the last."""
    found = []
    for scene, clip in ((0, "kettle-01"), (1, "roaster-drum"), (1, "beans"), (2, "bloom-macro"), (3, "backdrop/waves-3"), (4, "shelf")):
        drawn = clip.startswith("backdrop")
        found.append(
            Clip(
                id=clip,
                library="backdrops" if drawn else "folder",
                path=Path(f"/footage/{clip}.mp4"),
                sha256="0" * 64,
                kind="image" if clip == "shelf" else "video",
                width_px=1080,
                height_px=1920,
                duration_ms=None if clip == "shelf" else 5200,
                loops=drawn,
                credit=Credit(
                    author="Reelkit" if drawn else "Ana Lima", licence="MIT" if drawn else "CC BY 4.0", page_url="https://example.org/a"
                ),
                scene=scene,
                query=SCENES[scene][1][0],
                rung="scene terms" if scene != 3 else "generated",
            )
        )
    return found


def findings() -> list[Finding]:
    """Return findings of every verdict."""
    return [
        Finding(name="loudness", level="must", holds=True, norm="-14 LUFS ±0.5", measured="-14.1 LUFS"),
        Finding(name="true peak", level="must", holds=True, norm="at most -1 dBTP", measured="-1.4 dBTP"),
        Finding(
            name="cut pace",
            level="should",
            holds=False,
            norm="median shot at most 3 s",
            measured="3.4 s",
            at_s=12.4,
            hint="set footage.shot_s lower",
        ),
        Finding(
            name="caption contrast",
            level="must",
            holds=False,
            norm="at least 4.5:1 on the frames",
            measured="3.1:1 under “the bag has been open”",
            at_s=24.033,
            hint="use a stronger outline or a box (captions.outline_px, captions.box_colour)",
        ),
        Finding(name="picture", level="must", holds=True, norm="H.264 High, yuv420p, 1080x1920", measured="H.264 High, yuv420p, 1080x1920"),
    ]


def reel(path: Path = Path("/outputs/northwind/reel.mp4")) -> Reel:
    """Return a reel's facts."""
    return Reel(
        path=path,
        sha256="3f" * 32,
        bytes=8_400_000,
        width_px=1080,
        height_px=1920,
        fps=Fps(num=30),
        frame_count=912,
        loudness_lufs=-14.1,
        true_peak_dbtp=-1.4,
    )


def brand() -> Brand:
    """Return a brand."""
    return Brand(name="Northwind Coffee", slug="northwind", palette=PALETTE, script=BrandScript(deck="northwind", tone="warm and plain"))


def manifest() -> dict[str, object]:
    """Return what a finished run's ``run.json`` says."""
    steps = (
        ("script", 0.04, "Why coffee blooms: 6 scenes, 77 words"),
        ("voice", 4.31, "30.4 s, 77 words"),
        ("footage", 9.8, "6 clips"),
        ("timeline", 0.1, "12 shots, 24 cues"),
        ("compose", 27.52, "reel.mp4, 8.4 MB"),
        ("check", 3.3, "3 hold, 2 do not"),
    )
    return {
        "run_id": "0007-4be1c2a9",
        "brand": "northwind",
        "job": {"brand": "northwind", "topic_seed": 7},
        "state": "done",
        "step": None,
        "reason": None,
        "steps": [{"name": name, "seconds": took, "told": told} for name, took, told in steps],
        "facts": {"topic": "Why coffee blooms", "duration_s": 30.4, "words": 77, "loudness_lufs": -14.1},
        "versions": {"reelkit": "0.1.0", "python": "3.11.2", "av": "18.1.0"},
        "costs": {},
        "started_at": "2025-11-04T08:30:00+00:00",
    }
