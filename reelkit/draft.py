"""A draft: a reel of a brand up to what rendering needs, planned anew under any change of the brand's style.

It is what a notebook tunes a brand on. What is slow (words, voice, footage, music) is made once and kept in the cache; a plan under another
style takes some milliseconds.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reelkit.brand import Brand, BrandMusic, BrandVoice
from reelkit.errors import BrandError
from reelkit.media.audio import mix_tracks, read_audio, write_wav
from reelkit.media.preview import narration_copy
from reelkit.model import AudioResult, Clip, HeardMusic, Progress, Scene, Script, SentenceTiming, Timeline, content_key
from reelkit.parts import Parts
from reelkit.runs.folder import outputs_dir
from reelkit.steps.footage import fetch_footage
from reelkit.steps.script import generate_script
from reelkit.steps.strengthen import strengthen_captions
from reelkit.steps.timeline import plan_timeline
from reelkit.steps.timing import group_words_into_sentences, split_cues
from reelkit.steps.voice import synthesize_voice
from reelkit.voices import Voices, voices_for

__all__ = ["Draft"]

_HEARD_SENTENCES = 2


class Draft:
    """A reel before it is rendered. Get one from :meth:`of`.

    Attributes
    ----------
    brand : Brand
        That it was made for.
    script : Script
    clips : sequence of Clip
    audio : AudioResult
    """

    def __init__(self, brand: Brand, parts: Parts, script: Script, clips: Sequence[Clip], audio: AudioResult) -> None:
        self.brand, self.parts = brand, parts
        self.script, self.clips, self.audio = script, tuple(clips), audio
        self.sentences: Sequence[SentenceTiming] = group_words_into_sentences(audio.words)
        self.narration = self._kept(audio)
        self._tracks = self._planned(brand, parts.music(audio.duration_s)).audio

    @classmethod
    def of(
        cls,
        brand: Brand,
        topic_seed: int = 1,
        *,
        script: str | Path | None = None,
        outputs: str | Path | None = None,
        progress: Progress | None = None,
    ) -> Draft:
        """Make a draft: a script, its footage and its narration, with the brand's own parts; no run is begun.

        Parameters
        ----------
        brand : Brand
        topic_seed : int
        script : path, optional
            A script of the user's own.
        outputs : path, optional
            Where the cache lies; :func:`reelkit.runs.folder.outputs_dir` where not given.
        progress : callable, optional
            Called with the share of footage that is there.

        Raises
        ------
        ReelkitError
            Of the step that cannot be done.
        """
        place = Path(outputs).resolve() if outputs else outputs_dir()
        parts = Parts(brand, outputs=place, script=Path(script).resolve() if script else None, seed=topic_seed)
        written = generate_script(brand, topic_seed, writer=parts.writer)
        clips = fetch_footage(written, brand, libraries=parts.libraries, used=(), progress=progress)
        return cls(brand, parts, written, clips, synthesize_voice(written, brand, voice=parts.voice))

    def told_by(self, brand: Brand) -> Draft:
        """Return the same script told by another brand: with its voice, footage, music and looks."""
        parts = Parts(brand, outputs=self.parts.outputs, seed=self.parts.seed)
        clips = fetch_footage(self.script, brand, libraries=parts.libraries, used=())
        return Draft(brand, parts, self.script, clips, synthesize_voice(self.script, brand, voice=parts.voice))

    @functools.cached_property
    def voices(self) -> Voices:
        """Voices to choose from, and what is missing for the others."""
        return voices_for(self.brand, outputs=self.parts.outputs)

    def plan(self, brand: Brand) -> Timeline:
        """Return the reel's timeline under a brand's style, with the words, voice, footage and music of the draft."""
        return self._planned(brand, None).model_copy(update={"audio": self._tracks})

    def settled(self, timeline: Timeline) -> Timeline:
        """Return a timeline as it will be rendered: its captions made clear on its own pictures."""
        return strengthen_captions(timeline)

    def fetch(self, brand: Brand) -> None:
        """Take the footage that a brand would get now: its libraries in their order, backdrops in its colours."""
        parts = Parts(brand, outputs=self.parts.outputs, script=self.parts.script, seed=self.parts.seed)
        self.clips = tuple(fetch_footage(self.script, brand, libraries=parts.libraries, used=()))

    def say(self, line: str, voice: BrandVoice) -> AudioResult:
        """Speak a line with a voice.

        Raises
        ------
        BrandError
            When its speed or its pause is out of bounds.
        """
        bounded = self.brand.with_changes({"voice.speed": voice.speed, "voice.sentence_pause_ms": voice.sentence_pause_ms})
        brand = bounded.model_copy(update={"voice": voice})
        parts = Parts(brand, outputs=self.parts.outputs)
        spoken = Script.of(self.script.topic, [self.script.scenes[0].model_copy(update={"text": " ".join(line.split()) or "Hello."})])
        return synthesize_voice(spoken, brand, voice=parts.voice)

    def listen(self, brand: Brand) -> bytes:
        """Return how a brand sounds, as M4A: the first sentences in its voice, over its music."""
        parts = Parts(brand, outputs=self.parts.outputs, script=self.parts.script, seed=self.parts.seed)
        sentences = self.sentences[:_HEARD_SENTENCES]
        count = sum(len(sentence.words) for sentence in sentences)
        spoken = _beginning(self.script, count)
        recorded = brand.voice.engine == "recorded"
        audio = _first_words(self.audio, count) if recorded else synthesize_voice(spoken, brand, voice=parts.voice)
        sentences = group_words_into_sentences(audio.words)
        cues = split_cues(sentences, brand.captions, until=len(audio.samples))
        music = parts.music(self.audio.duration_s)
        kept = self._kept(audio)
        timeline = plan_timeline(spoken, self.clips, audio, sentences, brand, cues=cues, narration=kept, music=music, cache=parts.cache)
        mixed = mix_tracks(timeline.audio, rate_hz=timeline.audio_rate_hz, sample_count=timeline.sample_count)
        return narration_copy(np.asarray(mixed.mean(axis=1), np.float32), timeline.audio_rate_hz)

    def hear_music(self, music: BrandMusic, *, seed: int | None = None, alone: bool = False) -> HeardMusic:
        """Return how music sounds under this reel's narration, or alone and at its full level, as long as the reel.

        Parameters
        ----------
        music : BrandMusic
        seed : int, optional
            Of the reel that a bed is made for; every reel has its own key, chords and melody. This reel's where not given.
        alone : bool

        Raises
        ------
        BrandError
            When there is no music.
        AudioError
            When the brand's music file cannot be read.
        """
        brand = self.brand.model_copy(update={"music": music})
        parts = Parts(brand, outputs=self.parts.outputs, seed=self.parts.seed if seed is None else seed)
        path = parts.music(self.audio.duration_s)
        if path is None:
            raise BrandError(f"brand '{brand.slug}', field 'music.mood': is none; choose a mood, or name a music file")
        if alone:
            samples, rate_hz = read_audio(path)
            return HeardMusic(samples, np.zeros_like(samples), rate_hz)
        timeline = self._planned(brand, path)
        spoken = [track for track in timeline.audio if track.kind == "narration"]
        under = [track for track in timeline.audio if track.kind == "music"]
        how = {"rate_hz": timeline.audio_rate_hz, "sample_count": timeline.sample_count}
        return HeardMusic(mix_tracks(under, **how), mix_tracks(spoken, **how), timeline.audio_rate_hz)

    def _planned(self, brand: Brand, music: Path | None) -> Timeline:
        cues = split_cues(self.sentences, brand.captions, until=len(self.audio.samples))
        stingers = self.parts.stingers() if music else ()
        return plan_timeline(
            self.script,
            self.clips,
            self.audio,
            self.sentences,
            brand,
            cues=cues,
            narration=self.narration,
            music=music,
            stingers=stingers,
            cache=self.parts.cache,
        )

    def _kept(self, audio: AudioResult) -> Path:
        key = content_key("narration", audio.samples.tobytes(), audio.rate_hz)
        return self.parts.cache.file("narrations", key, ".wav", lambda path: write_wav(path, audio.samples, audio.rate_hz))

    def __repr__(self) -> str:
        return f"<Draft of {self.brand.slug!r}: {self.script.topic!r}, {self.audio.duration_s:.1f} s>"


def _beginning(script: Script, count: int) -> Script:
    """Return the scenes that say a script's first words, the last of them as far as these go."""
    scenes: list[Scene] = []
    for scene in script.scenes:
        if count <= 0:
            break
        words = scene.text.split()
        scenes.append(scene if len(words) <= count else scene.model_copy(update={"text": " ".join(words[:count])}))
        count -= len(words)
    return Script.of(script.topic, scenes)


def _first_words(audio: AudioResult, count: int) -> AudioResult:
    """Return the beginning of a recording, which says its whole script and nothing else: up to the pause after so many words."""
    words = audio.words[:count]
    behind = audio.words[count].start if count < len(audio.words) else len(audio.samples)
    return AudioResult(audio.samples[: (words[-1].end + behind) // 2].copy(), audio.rate_hz, words)
