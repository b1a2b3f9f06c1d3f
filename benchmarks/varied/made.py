"""From what a reel is asked to be to its findings, through the same steps as every reel."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import av

from benchmarks.varied.asked import Asked
from benchmarks.varied.babble import Babble
from benchmarks.varied.footage import write_footage
from reelkit.brand import Brand, load_brand, templates_dir
from reelkit.media.audio import write_wav
from reelkit.media.music import compose_bed
from reelkit.model import Finding, Reel, Scene, Script
from reelkit.parts import Parts
from reelkit.steps.check import check_video
from reelkit.steps.compose import compose_video
from reelkit.steps.footage import fetch_footage
from reelkit.steps.strengthen import strengthen_captions
from reelkit.steps.timeline import plan_timeline
from reelkit.steps.timing import group_words_into_sentences, split_cues
from reelkit.steps.voice import synthesize_voice

__all__ = ["Made", "make"]

TERMS = ("slow morning", "moving light")


@dataclass(frozen=True)
class Made:
    """A reel that was made and checked."""

    reel: Reel
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def failed(self) -> list[Finding]:
        """The musts that do not hold."""
        return [finding for finding in self.findings if finding.verdict == "fail"]


def make(asked: Asked, folder: Path, *, workers: int | None = None) -> Made:
    """Make a reel in a folder that its footage, voices and backdrops are shared in."""
    began = time.monotonic()
    brand = _brand(asked, folder)
    parts = Parts(brand, outputs=folder / "outputs", seed=asked.number)
    script = Script.of("Varied reels", [Scene(text=text, search_terms=TERMS) for text in asked.scenes])
    clips = fetch_footage(script, brand, libraries=parts.libraries)
    audio = synthesize_voice(script, brand, voice=parts.voice if asked.spoken == "en" else Babble())
    narration = write_wav(folder / f"voice-{asked.number}.wav", audio.samples, audio.rate_hz)
    sentences = group_words_into_sentences(audio.words)
    cues = split_cues(sentences, brand.captions, until=len(audio.samples))
    sounds = {"narration": narration, "music": parts.music(audio.duration_s), "stingers": parts.stingers()}
    timeline = plan_timeline(script, clips, audio, sentences, brand, cues=cues, **sounds)
    timeline = strengthen_captions(timeline)
    reel = compose_video(timeline, folder / f"reel-{asked.number:02}.mp4", workers=workers)
    return Made(reel, tuple(check_video(reel, timeline, brand)), time.monotonic() - began)


def _brand(asked: Asked, folder: Path) -> Brand:
    """Write the brand's file, footage and music, and read it as a run does."""
    brands = folder / "brands"
    brands.mkdir(parents=True, exist_ok=True)
    if not (folder / "logos").exists():
        shutil.copytree(templates_dir() / "logos", folder / "logos")
    own = folder / f"footage-{asked.number}"
    own.mkdir(exist_ok=True)
    for path in write_footage(folder / "footage", asked.footage):
        if not (own / path.name).exists():
            shutil.copyfile(path, own / path.name)
    said = dict(asked.brand)
    if asked.music:
        said["music"] = {**said["music"], "file": f"../song-{asked.number}{asked.music}"}
        _song(folder / f"song-{asked.number}{asked.music}", asked)
    path = brands / f"{asked.brand['slug']}.yaml"
    path.write_text(json.dumps(said), encoding="utf-8")
    return load_brand(path)


def _song(path: Path, asked: Asked) -> None:
    """Write a piece of music as people bring it: in any container, at its own rate, far longer or shorter than the reel."""
    if path.exists():
        return
    rate_hz = 44_100 if path.suffix in (".mp3", ".wav") else 48_000
    bed = path.with_name(f"{path.stem}-bed.wav")
    compose_bed(bed, mood="bright", tempo_bpm=104, duration_s=(9.0, 40.0)[asked.number % 2], seed=asked.number, rate_hz=rate_hz)
    if path.suffix == ".wav":
        bed.replace(path)
        return
    codec = {".mp3": "libmp3lame", ".m4a": "aac", ".ogg": "libvorbis"}[path.suffix]
    with av.open(str(bed)) as source, av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=rate_hz, layout="stereo")
        for frame in source.decode(audio=0):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
