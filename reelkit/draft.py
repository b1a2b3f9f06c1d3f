"""A draft: a reel of a brand up to what rendering needs, planned anew under any change of the brand's style.

It is what a notebook tunes a brand on. What is slow (words, voice, footage, music) is made once for each brand that asks for it otherwise,
known from then on and kept in the cache; a plan under another style takes some milliseconds.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from reelkit.brand import Brand, BrandMusic, BrandVoice
from reelkit.errors import BrandError
from reelkit.media.audio import mix_tracks, read_audio, write_wav
from reelkit.media.preview import narration_copy
from reelkit.model import AudioResult, AudioTrack, Clip, Finding, HeardMusic, Progress, Scene, Script, SentenceTiming, Timeline, content_key
from reelkit.parts import Parts
from reelkit.runs.folder import outputs_dir
from reelkit.steps.footage import fetch_footage
from reelkit.steps.judge_captions import judge_planned_captions
from reelkit.steps.script import generate_script
from reelkit.steps.strengthen import strengthen_captions
from reelkit.steps.timeline import plan_timeline
from reelkit.steps.timing import group_words_into_sentences, split_cues
from reelkit.steps.voice import synthesize_voice
from reelkit.voices import Voices, voices_for

__all__ = ["Draft"]

_HEARD_SENTENCES = 2
_QUICK = ("hibari", "piper")
"""Engines that speak a reel here within a second or two, for nothing."""
_TOLD_KEPT, _SOUNDS_KEPT = 8, 8
"""Narrations are some MB each; beside these the draft's own is always kept."""


class _Told(NamedTuple):
    """Words and how they are spoken, and what decided it."""

    decided: Mapping[str, Any]
    script: Script
    audio: AudioResult
    sentences: Sequence[SentenceTiming]
    narration: Path


class _Shown(NamedTuple):
    """Footage, for which words, and what decided it."""

    decided: Mapping[str, Any]
    script: Script
    clips: tuple[Clip, ...]


class _Sounds(NamedTuple):
    """All that a reel plays, and what it was mixed of."""

    music: BrandMusic
    spoken: tuple[AudioTrack, ...]
    cuts: tuple[int, ...]
    tracks: tuple[AudioTrack, ...]


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

    def __init__(
        self, brand: Brand, parts: Parts, script: Script, clips: Sequence[Clip], audio: AudioResult, *, writes: bool = False
    ) -> None:
        self.brand, self.parts = brand, parts
        self.script, self.clips, self.audio = script, tuple(clips), audio
        self.sentences: Sequence[SentenceTiming] = group_words_into_sentences(audio.words)
        self.narration = self._kept(audio)
        self._writes = writes
        own = Parts(brand, outputs=parts.outputs)
        self._told = [_Told(own.decides_narration, script, audio, self.sentences, self.narration)]
        self._shown = [_Shown(own.decides_footage, script, self.clips)]
        self._sounds: list[_Sounds] = []
        self._mix(brand)

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
        # A deck tells as much as the voice has time for: at another pace it writes other words.
        writes = script is None and brand.script.writer == "deck"
        return cls(brand, parts, written, clips, synthesize_voice(written, brand, voice=parts.voice), writes=writes)

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
        """Return the reel's timeline under a brand: with words, voice, footage and sound of its own where known, else the nearest."""
        timeline = self._planned(brand, None)
        known = self._sounds_of(brand, timeline)
        if known is not None:
            return timeline.model_copy(update={"audio": known.tracks})
        nearest = next((sounds for sounds in self._sounds if sounds.music == brand.music), self._sounds[0])
        under = (track for track in nearest.tracks if track.kind in ("music", "stinger"))
        return timeline.model_copy(update={"audio": (*timeline.audio, *under)})

    def follow(self, brand: Brand) -> None:
        """Make what a brand asks for otherwise and what takes a second or two: words, voice and sound; plans know them from then on.

        Raises
        ------
        ReelkitError
            When its voice or its music cannot be had.
        """
        self._hear(brand)
        if self._sounds_of(brand, self._planned(brand, None)) is None:
            self._mix(brand)

    def stale(self, brand: Brand) -> dict[str, list[str]]:
        """Return what in a plan is not the brand's own yet and stays so until it is asked for (``"footage"``, ``"voice"``), each with the
        fields by which it differs; none where only the words are others."""
        found, parts = {}, self._parts(brand)
        if self._told_for(brand) is None and not self._follows(brand):
            found["voice"] = _differing(self._nearest_told(brand).decided, parts.decides_narration)
        if self._shown_for(brand) is None:
            found["footage"] = _differing(self._nearest_shown(brand).decided, parts.decides_footage)
        return found

    def speak(self, brand: Brand) -> None:
        """Take the words and the voice that a brand would get now."""
        parts = self._parts(brand)
        script = generate_script(brand, self.parts.seed, writer=parts.writer) if self._writes else self.script
        audio = synthesize_voice(script, brand, voice=parts.voice)
        told = _Told(parts.decides_narration, script, audio, group_words_into_sentences(audio.words), self._kept(audio))
        others = [one for one in self._told if one.decided != told.decided]
        self._told = [told, *others[:_TOLD_KEPT], *others[_TOLD_KEPT:][-1:]]

    def fetch(self, brand: Brand) -> None:
        """Take the footage that a brand would get now: its libraries in their order, backdrops in its colours."""
        self._hear(brand)
        parts, script = self._parts(brand), self._nearest_told(brand).script
        shown = _Shown(parts.decides_footage, script, tuple(fetch_footage(script, brand, libraries=parts.libraries, used=())))
        self._shown = [shown, *(one for one in self._shown if (one.decided, one.script) != (shown.decided, script))]

    def settled(self, timeline: Timeline) -> Timeline:
        """Return a timeline as it will be rendered: its captions made clear on its own pictures."""
        return strengthen_captions(timeline)

    def judged(self, timeline: Timeline) -> list[Finding]:
        """Return what the check will find wrong with the captions of a timeline, musts first."""
        found = [finding for finding in judge_planned_captions(timeline) if not finding.holds]
        return sorted(found, key=lambda finding: finding.level != "must")

    def refuse(self, brand: Brand) -> None:
        """Raise where this reel of a brand could not be made: its voice cannot be opened, leaves its words no time, or its music file
        cannot be read.

        Raises
        ------
        ReelkitError
            In one line, with what to do.
        """
        parts = self._parts(brand)
        parts.refuse_language()
        parts.refuse_music()
        self._hear(brand)

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
        parts, told = self._parts(brand), self._nearest_told(brand)
        sentences = told.sentences[:_HEARD_SENTENCES]
        count = sum(len(sentence.words) for sentence in sentences)
        spoken = _beginning(told.script, count)
        recorded = brand.voice.engine == "recorded"
        audio = _first_words(told.audio, count) if recorded else synthesize_voice(spoken, brand, voice=parts.voice)
        sentences = group_words_into_sentences(audio.words)
        cues = split_cues(sentences, brand.caption_style, until=len(audio.samples))
        music = parts.music(told.audio.duration_s)
        kept, clips = self._kept(audio), self._nearest_shown(brand).clips
        timeline = plan_timeline(spoken, clips, audio, sentences, brand, cues=cues, narration=kept, music=music, cache=parts.cache)
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

    def _planned(self, brand: Brand, music: Path | None, stingers: Sequence[Path] = ()) -> Timeline:
        told, shown = self._nearest_told(brand), self._nearest_shown(brand)
        cues = split_cues(told.sentences, brand.caption_style, until=len(told.audio.samples))
        return plan_timeline(
            told.script,
            shown.clips,
            told.audio,
            told.sentences,
            brand,
            cues=cues,
            narration=told.narration,
            music=music,
            stingers=stingers,
            cache=self.parts.cache,
        )

    def _mix(self, brand: Brand) -> None:
        """Make the sound that a brand would get under the words that are known for it."""
        parts, plain = self._parts(brand), self._planned(brand, None)
        music = parts.music(self._nearest_told(brand).audio.duration_s)
        tracks = self._planned(brand, music, parts.stingers()).audio
        self._sounds = [_Sounds(brand.music, plain.audio, _cuts(plain), tracks), *self._sounds[: _SOUNDS_KEPT - 1]]

    def _sounds_of(self, brand: Brand, plain: Timeline) -> _Sounds | None:
        wanted = brand.music, plain.audio, _cuts(plain)
        return next((sounds for sounds in self._sounds if sounds[:3] == wanted), None)

    def _parts(self, brand: Brand) -> Parts:
        return Parts(brand, outputs=self.parts.outputs, script=self.parts.script, seed=self.parts.seed)

    def _hear(self, brand: Brand) -> None:
        if self._told_for(brand) is None and self._follows(brand):
            self.speak(brand)

    def _follows(self, brand: Brand) -> bool:
        return brand.voice.engine in _QUICK

    def _told_for(self, brand: Brand) -> _Told | None:
        decided = self._parts(brand).decides_narration
        return next((told for told in self._told if told.decided == decided), None)

    def _nearest_told(self, brand: Brand) -> _Told:
        decided = self._parts(brand).decides_narration

        def far(told: _Told) -> int:
            return len(_differing(told.decided, decided))

        nearest: _Told = min(reversed(self._told), key=far)
        return nearest

    def _shown_for(self, brand: Brand) -> _Shown | None:
        nearest = self._nearest_shown(brand)
        own = nearest.script == self._nearest_told(brand).script and nearest.decided == self._parts(brand).decides_footage
        return nearest if own else None

    def _nearest_shown(self, brand: Brand) -> _Shown:
        """Return the brand's own footage, or where it was not fetched the one that differs in the fewest fields: going back and forth
        between brands shows the same of each."""
        decided, script = self._parts(brand).decides_footage, self._nearest_told(brand).script

        def far(shown: _Shown) -> tuple[int, bool]:
            return len(_differing(shown.decided, decided)), shown.script != script

        nearest: _Shown = min(reversed(self._shown), key=far)
        return nearest

    def _kept(self, audio: AudioResult) -> Path:
        key = content_key("narration", audio.samples.tobytes(), audio.rate_hz)
        return self.parts.cache.file("narrations", key, ".wav", lambda path: write_wav(path, audio.samples, audio.rate_hz))

    def __repr__(self) -> str:
        return f"<Draft of {self.brand.slug!r}: {self.script.topic!r}, {self.audio.duration_s:.1f} s>"


def _cuts(timeline: Timeline) -> tuple[int, ...]:
    return tuple(shot.start for shot in timeline.shots)


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the names under which two say different things."""
    return [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]


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
