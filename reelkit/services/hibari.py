"""hibari: a neural voice that comes inside a wheel and knows when it says each sound.

Its ONNX graph computes a duration for every phoneme and keeps it to itself; here a copy of the graph in the cache gives that inner
value out as well. The installed package is only read.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import numpy as np

from reelkit.errors import VoiceError
from reelkit.model import AudioResult, Cache, content_key
from reelkit.services.hibari_model import Breath, Engine, load_engine, model_parts
from reelkit.services.hibari_times import RATE_HZ, UNIT_MS, time_words
from reelkit.services.hibari_words import is_pause, phoneme_string, says_something
from reelkit.services.kept_speech import SpokenBreath, kept_speech
from reelkit.services.word_spans import Span

__all__ = ["HibariVoice"]

_VOICES = ("heart",)
_LAYOUT = 3
"""Part of the key of kept speech: raise it when the same sounds would be cut or timed in another way."""
_SILENT_WORD_S, _SILENT_BREATH_S = 0.12, 1.0
# Of the durations of a sentence: its sound begins before the first phoneme does, and most of the last one is silence (measured).
_EARLY_MS, _LAST_QUIET_MS, _LAST_HEARD_MS = 45, 270, 60


class HibariVoice:
    """The voice "heart" of hibari-tts: American English, 24 kHz, the same samples for the same text.

    Parameters
    ----------
    name : str
        "heart", the one voice that comes with the package.
    cache : Cache
        Keeps the graph (room "voices"), and of every sentence its length (room "lengths") and its sound once it was spoken (room "speech").
    seed : int
        Of the noise in breathy sounds.

    Raises
    ------
    VoiceError
        When there is no such voice.

    Examples
    --------
    >>> from pathlib import Path
    >>> from reelkit.runs.cache import FileCache
    >>> import tempfile
    >>> voice = HibariVoice(cache=FileCache(Path(tempfile.mkdtemp())))
    >>> (breath,) = voice.speak("It costs $3.2 million.")
    >>> breath.rate_hz, [word.text for word in breath.words]
    (24000, ['It', 'costs', '$3.2', 'million.'])
    """

    def __init__(self, name: str = "heart", *, cache: Cache, seed: int = 0) -> None:
        if name not in _VOICES:
            raise VoiceError(f"voice.name is '{name}'; hibari speaks with: {', '.join(_VOICES)}. Set voice.name to one of these")
        self.name = name
        self._cache = cache
        self._seed = seed
        self._seconds: dict[tuple[str, float], float] = {}

    def refuse(self, language: str) -> None:
        """Raise where the language is not English.

        Raises
        ------
        VoiceError
            With the voices that speak others.
        """
        if language.lower().split("-")[0] != "en":
            raise VoiceError(
                f"the brand's language is '{language}'; voice '{self.name}' of hibari speaks English only: set language to en, "
                "or voice.engine to piper, coqui, openai or recorded"
            )

    def speak(self, text: str, *, language: str = "en", speed: float = 1.0) -> list[AudioResult]:
        """Return one sentence as it is spoken.

        Parameters
        ----------
        text : str
            A sentence; its words are ``text.split()``.
        language : str
            A language tag; only English is spoken.
        speed : float
            1.0 is the voice's own pace, 2.0 twice as fast.

        Returns
        -------
        list of AudioResult
            A breath each: together the words of ``text`` in order. A sentence of at most 400 sounds is one breath. Words that say
            nothing (a dash, an emoji, a script that the voice cannot read) get a sliver of the pause beside them and are timed as
            "estimated"; a breath without any sound is silence.

        Raises
        ------
        VoiceError
            When the language is another, a word cannot be said, or the model is not the one that is known here.
        """
        self.refuse(language)
        words = text.split()
        if not words:
            return []
        key = content_key(
            "speech", _LAYOUT, voice=self.name, parts=model_parts(), seed=self._seed, speed=float(speed), text=" ".join(words)
        )
        return kept_speech(self._cache, key, words, lambda: self._say(words, speed))

    def seconds_of(self, text: str, *, speed: float = 1.0) -> float:
        """Return how long one sentence takes to say, in seconds, without the pauses around it.

        It comes from the model's durations alone, without making the sound, and is within a few per cent of it.

        Raises
        ------
        VoiceError
            As :meth:`speak`.
        """
        words = text.split()
        asked = (" ".join(words), float(speed))
        if asked not in self._seconds:

            def measure(path: Path) -> None:
                engine = load_engine(self._cache)
                path.write_text(repr(float(sum(_seconds(engine, breath, speed) for breath in engine.breaths(words)))), encoding="utf-8")

            key = content_key("length", _LAYOUT, parts=model_parts(), speed=float(speed), text=asked[0])
            self._seconds[asked] = float(self._cache.file("lengths", key, ".txt", measure).read_text(encoding="utf-8"))
        return self._seconds[asked]

    def _say(self, words: list[str], speed: float) -> Iterator[SpokenBreath]:
        engine = load_engine(self._cache)
        for some, spoken in engine.breaths(words):
            if any(says_something(word.phonemes) for word in spoken):
                samples, units = engine.say(spoken, speed, self._seed)
                yield samples, RATE_HZ, time_words(spoken, some, units, samples)
            else:
                each = max(1, int(_silent_seconds(some) * RATE_HZ) // len(some))
                spans: list[Span] = [(each * k, each * (k + 1), "estimated") for k in range(len(some))]
                yield np.zeros(each * len(some), np.float32), RATE_HZ, spans


def _seconds(engine: Engine, breath: Breath, speed: float) -> float:
    some, spoken = breath
    if not any(says_something(word.phonemes) for word in spoken):
        return _silent_seconds(some)
    units = engine.durations(spoken, speed)
    phonemes = phoneme_string(spoken)
    marks = sum(1 for _ in takewhile(is_pause, reversed(phonemes)))
    *sounds, last = units[1 : len(phonemes) - marks + 1].tolist()
    heard_ms = max(last * UNIT_MS - _LAST_QUIET_MS / speed, _LAST_HEARD_MS / speed)
    return float(_EARLY_MS / speed + sum(sounds) * UNIT_MS + heard_ms) / 1000


def _silent_seconds(words: range) -> float:
    return min(len(words) * _SILENT_WORD_S, _SILENT_BREATH_S)
