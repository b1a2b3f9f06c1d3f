"""What a person changed by hand in a reel: sentences, scenes left out or added, clips, word times, cue breaks.

Each edit knows what it was made on, and no more: a rewritten sentence leaves the words that were moved in another one where they were put,
and an edit whose ground is gone (other words, another pace) changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from pydantic import Field, field_validator

from reelkit.errors import ClipError
from reelkit.model import AudioResult, Clip, Scene, Script, Value, Word, composed, content_key, numbered
from reelkit.whole import known_sha256_of

__all__ = ["Edits", "parted", "shortest_word", "word_keys"]

_SHORTEST_S = 0.02
_Kept = TypeVar("_Kept")


def shortest_word(rate_hz: int) -> int:
    """Return the samples that a moved word lasts at least."""
    return max(round(_SHORTEST_S * rate_hz), 1)


def word_keys(words: Sequence[Word]) -> list[str]:
    """Return by what each word's edit is known: the word, those around it, how long it was said, and which of several such it is."""
    texts = ["", "", *(word.text for word in words), "", ""]
    return numbered(content_key(texts[place : place + 5], word.end - word.start)[:16] for place, word in enumerate(words))


def parted(kept: Mapping[str, _Kept], ground: Collection[str]) -> tuple[dict[str, _Kept], dict[str, _Kept]]:
    """Return the edits whose ground is there, and those that were made on another take of the reel.

    Examples
    --------
    >>> parted({"Hi.": 1, "Go.": 2}, ["Hi."])
    ({'Hi.': 1}, {'Go.': 2})
    """
    return {key: one for key, one in kept.items() if key in ground}, {key: one for key, one in kept.items() if key not in ground}


class Edits(Value):
    """Edits of one reel; empty where nothing was changed.

    What is known by its text is of the first that reads so; others are told apart by :func:`reelkit.model.numbered`.

    Examples
    --------
    >>> script = Script.of("T", [Scene(text="Hi.", search_terms=("a", "b"))])
    >>> Edits(scenes={"Hi.": Scene(text="Hello.", search_terms=("a", "b"))}).script(script).voiceover
    'Hello.'
    """

    scenes: dict[str, Scene] = Field(default={}, description="by the text that was written")
    left_out: tuple[str, ...] = Field(default=(), description="scenes that are not told, by the text that was written")
    added: dict[str, tuple[Scene, ...]] = Field(default={}, description="scenes of one's own, by the text of the one written before them")
    clips: dict[str, Clip] = Field(default={}, description="by the id of the clip that was chosen")
    words: dict[str, tuple[int, int]] = Field(default={}, description="samples by which start and end were moved, by word_keys")
    breaks: dict[str, tuple[int, ...]] = Field(default={}, description="words that begin a cue, after the first, by the sentence's text")

    @field_validator("scenes", "added", "breaks")
    @classmethod
    def _by_texts_as_they_are_read(cls, kept: dict[str, _Kept]) -> dict[str, _Kept]:
        return {composed(text): one for text, one in kept.items()}

    @field_validator("left_out")
    @classmethod
    def _texts_as_they_are_read(cls, left_out: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(composed, left_out))

    @property
    def told(self) -> str:
        """What was edited, in a few words; empty where nothing was."""
        counts = {
            ("sentence", "sentences"): len(self.scenes),
            ("scene left out", "scenes left out"): len(self.left_out),
            ("scene added", "scenes added"): sum(map(len, self.added.values())),
            ("clip", "clips"): len(self.clips),
            ("word", "words"): len(self.words),
            ("cue break", "cue breaks"): len(self.breaks),
        }
        return ", ".join(f"{count} {many if count > 1 else one}" for (one, many), count in counts.items() if count)

    @property
    def key(self) -> str:
        """A hash of the edits; empty where there are none."""
        return "" if self == Edits() else content_key(self)

    def script(self, script: Script) -> Script:
        """Return a script as edited; one of which nothing would be left is told as it was written."""
        scenes: tuple[Scene, ...] = ()
        for key, scene in zip(numbered(scene.text for scene in script.scenes), script.scenes, strict=True):
            told = () if key in self.left_out else (self.scenes.get(key, scene),)
            scenes += (*told, *self.added.get(key, ()))
        return script if scenes in (script.scenes, ()) else Script.of(script.topic, scenes).model_copy(update={"blurb": script.blurb})

    @property
    def stand_ins(self) -> dict[str, Clip]:
        """The clips that are shown in the place of others, by the id of the other, as their files are now; one whose file is gone, or
        shows nothing any more, stands in for none."""
        return {chosen: now for chosen, clip in self.clips.items() if (now := _as_it_is(clip)) is not None}

    def footage(self, clips: Iterable[Clip]) -> list[Clip]:
        """Return clips as exchanged, each in the place and the scene of the one that was chosen, or beginning at another moment; one
        whose file is gone is not taken."""
        taken = self.stand_ins
        return [_put_in(taken[clip.id], clip) if clip.id in taken else clip for clip in clips]

    def narration(self, audio: AudioResult) -> AudioResult:
        """Return a narration with its words where they were moved; none reaches into its neighbours or beyond the sound."""
        if not self.words:
            return audio
        moves = [self.words.get(key, (0, 0)) for key in word_keys(audio.words)]
        shortest = shortest_word(audio.rate_hz)
        wanted = [word.start + early for word, (early, _) in zip(audio.words, moves, strict=True)]
        floor, placed = 0, []
        for place, (word, (_, late)) in enumerate(zip(audio.words, moves, strict=True)):
            start = min(max(wanted[place], floor), len(audio.samples) - shortest)
            ceiling = wanted[place + 1] if place + 1 < len(wanted) else len(audio.samples)
            floor = max(min(word.end + late, ceiling), start + shortest)
            placed.append(word.model_copy(update={"start": start, "end": floor}))
        words = tuple(placed)
        return audio if words == audio.words else replace(audio, words=words)


def _put_in(taken: Clip, found: Clip) -> Clip:
    # Of one that only begins elsewhere all else is as it was found.
    return found.model_copy(update={"in_ms": taken.in_ms}) if taken.id == found.id else taken.model_copy(update={"scene": found.scene})


def _as_it_is(clip: Clip) -> Clip | None:
    """Return a clip with the facts of its file as it is now; None where that is gone or no footage any more."""
    try:
        sha256 = known_sha256_of(clip.path)
        if sha256 == clip.sha256:
            return clip
        from reelkit.media.probe import probe_clip

        facts = probe_clip(clip.path).model_dump(include={"kind", "width_px", "height_px", "duration_ms", "loops", "still"})
    except (OSError, ClipError):
        return None
    return clip.model_copy(update={"sha256": sha256, **facts})
