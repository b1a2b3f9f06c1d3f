"""Speak, plan and render a script in a process of its own and say what it took: what changing one sentence costs, speech included."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks._render import cpu_s
from reelkit.brand import Brand, BrandMotion, BrandScript
from reelkit.media.audio import write_wav
from reelkit.model import Clip, Move, Palette, Scene, Script, Timeline
from reelkit.runs.cache import FileCache
from reelkit.services.hibari import HibariVoice
from reelkit.steps.compose import compose_video
from reelkit.steps.timeline import plan_timeline
from reelkit.steps.timing import group_words_into_sentences, split_cues
from reelkit.steps.voice import synthesize_voice

BRAND = Brand(
    name="Bench",
    slug="bench",
    logo=Path(__file__).parent.parent / "templates" / "logos" / "northwind.svg",
    palette=Palette(background="#101010", surface="#1B1F5E", primary="#3CC8F4", accent="#FF7A66", text="#F4F7FF"),
    script=BrandScript(deck="none"),
    motion=BrandMotion(transition="crossfade", transition_ms=330),
)
MOVES = ("push", "pan_left", "pull", "drift_up", "pan_right", "drift_down")


def main() -> None:
    """Take the sentences' and the clips' JSON, the music, a folder to work in and a cache's folder."""
    sentences, clips, music, work, cache = map(Path, sys.argv[1:])
    before, start = cpu_s(), time.perf_counter()
    kept = FileCache(cache)
    timeline = _planned(json.loads(sentences.read_bytes()), json.loads(clips.read_bytes()), music, work, kept)
    reel = compose_video(timeline, work / "spoken.mp4", cache=kept)
    took = {"wall_s": time.perf_counter() - start, "cpu_s": cpu_s() - before}
    print(json.dumps({**took, "rendered": reel.segments_rendered, "reused": reel.segments_reused}))


def _planned(sentences: list[str], clips: list[dict[str, object]], music: Path, work: Path, cache: FileCache) -> Timeline:
    script = Script.of("Cold brew", [Scene(text=text, search_terms=("cold brew", "coffee")) for text in sentences])
    audio = synthesize_voice(script, BRAND, voice=HibariVoice(cache=cache))
    narration = write_wav(work / "spoken.wav", audio.samples, audio.rate_hz)
    spoken = group_words_into_sentences(audio.words)
    cues = split_cues(spoken, BRAND.captions)
    shown = [Clip.model_validate(clips[number % len(clips)]).model_copy(update={"scene": number}) for number in range(len(sentences))]
    timeline = plan_timeline(script, shown, audio, spoken, BRAND, cues=cues, narration=narration, music=music, cache=cache)
    moved = [shot.model_copy(update={"move": Move(kind=MOVES[shot.clip.scene % len(MOVES)])}) for shot in timeline.shots]
    return timeline.model_copy(update={"shots": tuple(moved)})


if __name__ == "__main__":
    main()
