"""Voice: a script becomes a narration, sentence by sentence, with pauses that the brand sets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from reelkit.brand import Brand
from reelkit.errors import VoiceError
from reelkit.media.highpass import without_rumble
from reelkit.model import AudioResult, Progress, Script, Word
from reelkit.steps.sentences import sentence_ends

__all__ = ["Narrator", "Voice", "synthesize_voice"]

_BREATH_PAUSE_MS = 120
_LEAD_MS = 20
_RELEASE_MS = 30
_FADE_MS = 5
_FRAME_MS = 5
_HEARD_DB = -50.0
_QUIETEST, _OVER_HISS_DB, _MOST_HISS_DB = 5, 8.0, -28.0
"""A percentile of frames, how far over their hiss a voice is heard, and how loud, against its loudest frame, hiss may be taken to be."""


class Voice(Protocol):
    """What the step needs of a voice; :class:`reelkit.services.hibari.HibariVoice` is one."""

    def speak(self, text: str, *, language: str, speed: float) -> Sequence[AudioResult]:
        """Return one sentence as spoken, a breath each: all at one rate, their words together ``text.split()``.

        Silence around a breath is cut away. A breath that says nothing is all zeros.
        """


@runtime_checkable
class Narrator(Protocol):
    """A voice that has said the whole script already; :class:`reelkit.services.recorded.RecordedVoice` is one."""

    def narrate(self, sentences: Sequence[str], *, language: str) -> AudioResult:
        """Return the narration with its words, those of all sentences in order."""


@dataclass(frozen=True)
class _Breath:
    """A breath cut to its sound, the pause before it, in samples, and whether it begins a sentence."""

    samples: NDArray[np.float32]
    words: tuple[Word, ...]
    pause: int
    begins: bool


def synthesize_voice(script: Script, brand: Brand, *, voice: Voice | Narrator, progress: Progress | None = None) -> AudioResult:
    """Speak a script.

    The voice begins at once. Between sentences there are ``brand.voice.sentence_pause_ms`` and between scenes ``scene_pause_ms``, from
    the end of one word to the start of the next (at least 50 ms, so that no sound is cut), and less than a frame more: each sentence after
    the first starts on a frame, so that one that is said anew moves all after it by whole frames, which then need not be rendered again.
    ``tail_ms`` of silence end the narration.
    A recorded voice-over keeps its own pace: only the silence before it is cut, and the one behind it set to ``tail_ms``.

    Parameters
    ----------
    script : Script
    brand : Brand
        Its ``voice`` and ``language``.
    voice : Voice or Narrator
    progress : callable, optional
        Called with the share of words spoken.

    Returns
    -------
    AudioResult
        Words are ``script.voiceover.split()``, and say where a scene ends and which of them a space holds together.

    Raises
    ------
    VoiceError
        When the voice cannot say the script, or can say nothing of it.
    """
    if isinstance(voice, Narrator):
        return _narrated(script, brand, voice)
    breaths: list[_Breath] = []
    done, total = 0, script.word_count
    rates: set[int] = set()
    for text, pause_ms in _sentences(script, brand):
        spoken = voice.speak(text, language=brand.language, speed=brand.voice.speed)
        said = [word.text for breath in spoken for word in breath.words]
        rates |= {breath.rate_hz for breath in spoken}
        if said != text.split() or len(rates) != 1:
            raise VoiceError(f"brand '{brand.slug}': voice '{brand.voice.name}' gave {len(said)} words at {sorted(rates)} Hz for {text!r}")
        for index, breath in enumerate(spoken):
            breaths.append(_cut(breath, _BREATH_PAUSE_MS if index else pause_ms, begins=not index))
        done += len(said)
        if progress:
            progress(done / total)
    if not any(breath.samples.any() for breath in breaths):
        text = script.voiceover if len(script.voiceover) <= 60 else f"{script.voiceover[:57]}..."
        raise VoiceError(
            f"brand '{brand.slug}': voice '{brand.voice.name}' can say nothing of {text!r}: "
            f"write the script in words of its language, '{brand.language}'"
        )
    return _marked(_join(breaths, rates.pop(), brand), script)


def _narrated(script: Script, brand: Brand, voice: Narrator) -> AudioResult:
    whole = voice.narrate([text for text, _ in _sentences(script, brand)], language=brand.language)
    if [word.text for word in whole.words] != script.voiceover.split():
        raise VoiceError(f"brand '{brand.slug}': the recording gave {len(whole.words)} words for the script's {script.word_count}")
    return _marked(replace(_join([_cut(whole, 0, begins=True)], whole.rate_hz, brand), doubts=whole.doubts), script)


def _marked(audio: AudioResult, script: Script) -> AudioResult:
    """Tell words what is between them in the script: the end of a scene, or a space that does not break."""
    after = [gap for scene in script.scenes for gap in (*re.findall(r"\s+", scene.text), "\n")]
    marks = [{"held": before not in " \n", "ends_scene": gap == "\n"} for before, gap in pairwise(["\n", *after])]
    words = (word.model_copy(update=said) if any(said.values()) else word for word, said in zip(audio.words, marks, strict=True))
    return replace(audio, words=tuple(words))


def _sentences(script: Script, brand: Brand) -> Iterator[tuple[str, int]]:
    """Yield every sentence of every scene with the pause before it in milliseconds."""
    pause_ms = 0
    for scene in script.scenes:
        words = scene.text.split()
        for start, end in pairwise([0, *sentence_ends(words)]):
            yield " ".join(words[start:end]), pause_ms
            pause_ms = brand.voice.sentence_pause_ms
        pause_ms = brand.voice.scene_pause_ms


def _cut(breath: AudioResult, pause_ms: int, *, begins: bool) -> _Breath:
    """Cut the silence around a breath, faded where it was cut, its words moved along."""
    rate_hz, samples = breath.rate_hz, breath.samples
    frame = rate_hz * _FRAME_MS // 1000
    heard = _heard(samples, rate_hz, frame)
    start, end = breath.words[0].start, breath.words[-1].end
    if len(heard):
        start = max(0, min(start, int(heard[0]) * frame) - rate_hz * _LEAD_MS // 1000)
        end = min(len(samples), max(end, int(heard[-1] + 1) * frame) + rate_hz * _RELEASE_MS // 1000)
    kept = samples[start:end].copy()
    fade = np.linspace(0.0, 1.0, min(rate_hz * _FADE_MS // 1000, len(kept) // 2), dtype=np.float32)
    kept[: len(fade)] *= fade
    kept[len(kept) - len(fade) :] *= fade[::-1]
    words = tuple(word.model_copy(update={"start": word.start - start, "end": word.end - start}) for word in breath.words)
    return _Breath(kept, words, rate_hz * pause_ms // 1000, begins)


def _heard(samples: NDArray[np.float32], rate_hz: int, frame: int) -> NDArray[np.intp]:
    """Return the frames in which something is said.

    Where nothing of a breath is silent it was recorded in a room: hum is left aside, and what does not stand out from the quietest
    frames is hiss.
    """
    power = _power(samples, frame)
    level = power.max(initial=0.0) * 10 ** (_HEARD_DB / 10)
    if len(power) and float(np.percentile(power, _QUIETEST)) > level:
        power = _power(without_rumble(samples[:, None], rate_hz, below_hz=120)[:, 0], frame)
        hiss = float(np.percentile(power, _QUIETEST)) * 10 ** (_OVER_HISS_DB / 10)
        level = min(hiss, power.max() * 10 ** (_MOST_HISS_DB / 10))
    return np.flatnonzero(power > level)


def _power(samples: NDArray[Any], frame: int) -> NDArray[np.float64]:
    blocks = samples[: len(samples) // frame * frame].reshape(-1, frame)
    return np.asarray(np.square(blocks, dtype=np.float64).mean(axis=1))


def _join(breaths: Sequence[_Breath], rate_hz: int, brand: Brand) -> AudioResult:
    parts: list[NDArray[np.float32]] = []
    words: list[Word] = []
    at = 0
    for breath in breaths:
        if words:
            lead = breath.words[0].start
            start = max(words[-1].end + breath.pause, at + lead)
            if breath.begins:
                start = brand.fps.sample_at(brand.fps.first_frame_from(start, rate_hz), rate_hz)
            parts.append(np.zeros(start - lead - at, np.float32))
            at += len(parts[-1])
        words += [word.model_copy(update={"start": word.start + at, "end": word.end + at}) for word in breath.words]
        parts.append(breath.samples)
        at += len(breath.samples)
    parts.append(np.zeros(max(0, words[-1].end + rate_hz * brand.voice.tail_ms // 1000 - at), np.float32))
    return AudioResult(np.concatenate(parts), rate_hz, tuple(words))
