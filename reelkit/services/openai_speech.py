"""Speech from any server that speaks OpenAI's API for it: OpenAI, LocalAI, Kokoro's and Piper's servers; its words are aligned.

Source: OpenAI API reference, Audio, Create speech (model, voice, input of at most 4096 characters, response_format, speed 0.25 to 4).
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import openai
from numpy.typing import NDArray

from reelkit.errors import AudioError, VoiceError
from reelkit.model import AudioResult, Cache, ServiceCall, content_key
from reelkit.services.alignment import aligner_version, can_align, refuse_without_aligner, time_words_in
from reelkit.services.calls import Calls, Trouble
from reelkit.services.kept_speech import SpokenBreath, kept_speech
from reelkit.services.openai_client import broken, open_client, refusal
from reelkit.services.recorded import ReadAudio
from reelkit.services.sayable import sayable

__all__ = ["OpenAISpeech"]

_LAYOUT = 1
"""Part of the key of kept speech: raise it when the same sounds would be cut or timed in another way."""
_ANSWER_BYTES = 60_000_000
_LONGEST_CHARS = 4096
_SLOWEST_CHARS_PER_S = 2.0
_SILENT = 1e-4


class OpenAISpeech:
    """A voice behind OpenAI's API for speech, for one narration.

    Parameters
    ----------
    name, model, base_url : str
        The voice and the model as the server names them, and the server.
    key : str, optional
        None where the server asks for none.
    read : callable
        Reads a sound file.
    cache : Cache
        Keeps every sentence that was spoken (room "speech"): none is paid for twice.
    pace : callable
        How long a sentence takes to say, by the built-in voice or a guess: asking this one costs.
    answered : callable
        Told of every call that was answered, with sound that can be used or not: servers bill both.
    usd_per_million_characters : float, optional
        The price; without it costs are not known.
    max_usd, spent_usd : float, callable
        What the reel may cost, and what it has cost so far.
    key_env : str
        Where the key comes from, for error lines.
    call_s, step_s : float
        How long one attempt, and all calls of a narration with the waits between them, may take.
    sleep : callable
        How to wait between attempts.
    """

    def __init__(
        self,
        name: str,
        *,
        model: str,
        base_url: str,
        key: str | None,
        read: ReadAudio,
        cache: Cache,
        pace: Callable[[str], float],
        answered: Callable[[ServiceCall], object] = lambda call: None,
        usd_per_million_characters: float | None = None,
        max_usd: float | None = None,
        spent_usd: Callable[[], float] = lambda: 0.0,
        key_env: str = "OPENAI_API_KEY",
        call_s: float = 60.0,
        step_s: float = 600.0,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.name = name
        self._model, self._base_url, self._key = model, base_url, key
        self._host = urlsplit(base_url).netloc
        self._read, self._cache, self._pace, self._answered = read, cache, pace, answered
        self._price, self._max_usd, self._spent_usd = usd_per_million_characters, max_usd, spent_usd
        self._hints = {401: f"check {key_env}", 404: "check voice.model, voice.name and voice.base_url"}
        self._call_s, self._left_s, self._sleep = call_s, step_s, sleep
        self._client: Any = None

    def refuse(self, language: str) -> None:
        """Raise where words of a language could not be timed; which languages are spoken only the server knows.

        Raises
        ------
        VoiceError
            With what to install.
        """
        if can_align(language):
            refuse_without_aligner()

    def seconds_of(self, text: str, *, speed: float = 1.0) -> float:
        """Return about how long a sentence takes to say, in seconds."""
        return self._pace(text) / speed

    def speak(self, text: str, *, language: str = "en", speed: float = 1.0) -> list[AudioResult]:
        """Return one sentence as it is spoken, in one breath; see :class:`reelkit.steps.voice.Voice`.

        Raises
        ------
        VoiceError
            When the sentence is too long for the server, or could cost more than the reel may.
        ServiceError
            When the server does not answer well.
        """
        self.refuse(language)
        words = text.split()
        if not words:
            return []
        said = sayable(" ".join(words))
        if len(said) > _LONGEST_CHARS:
            raise VoiceError(f"the sentence {said[:40]!r}... has {len(said)} characters; speech servers take {_LONGEST_CHARS}: shorten it")
        key = content_key(
            "openai speech",
            _LAYOUT,
            server=self._base_url,
            model=self._model,
            voice=self.name,
            speed=float(speed),
            language=language,
            times=aligner_version(language),
            text=said,
        )
        return kept_speech(self._cache, key, words, lambda: [self._timed([sayable(word) for word in words], said, language, speed)])

    def _timed(self, words: list[str], said: str, language: str, speed: float) -> SpokenBreath:
        began = time.monotonic()
        calls = Calls(
            f"voice '{self.name}' of {self._model} at {self._host}",
            random=random.Random().random,
            keys=[self._key or ""],
            call_s=self._call_s + 1.0,
            step_s=max(self._left_s, 0.0),
            sleep=self._sleep,
        )
        # Told from here, as an attempt runs in a thread of its own.
        billed: list[ServiceCall] = []
        try:
            samples, rate_hz = calls.make(lambda: self._ask(said, speed, billed))
        finally:
            for call in billed:
                self._answered(call)
        # Only what calls take counts, not the hours that a notebook is left open.
        self._left_s -= time.monotonic() - began
        return samples, rate_hz, time_words_in(samples, rate_hz, words, language=language)

    def _refuse_over_budget(self, next_usd: float | None, billed: list[ServiceCall]) -> None:
        if next_usd is None or self._max_usd is None:
            return
        spent = self._spent_usd() + next_usd * len(billed)
        if spent + next_usd > self._max_usd:
            raise VoiceError(
                f"{self._model} at {self._host}: the next sentence costs ${next_usd:.4f}; with ${spent:.4f} spent that would break the "
                f"reel's limit of ${self._max_usd:g}; raise script.max_cost_usd or take a cheaper voice"
            )

    def _ask(self, said: str, speed: float, billed: list[ServiceCall]) -> tuple[NDArray[np.float32], int]:
        usd = None if self._price is None else self._price * len(said) / 1e6
        self._refuse_over_budget(usd, billed)
        if self._client is None:
            self._client = open_client(base_url=self._base_url, key=self._key, call_s=self._call_s, answer_bytes=_ANSWER_BYTES)
        pace: dict[str, Any] = {} if speed == 1.0 else {"speed": speed}
        try:
            answer = self._client.audio.speech.with_raw_response.create(
                model=self._model, voice=self.name, input=said, response_format="wav", **pace
            )
        except openai.APIStatusError as error:
            raise refusal(error, self._hints) from None
        except openai.OpenAIError as error:
            raise broken(error, field="voice.base_url") from None
        billed.append(ServiceCall(service=self._host, model=self._model, usd=usd))
        kind = str(answer.headers.get("content-type", "")).partition(";")[0].strip().lower()
        return self._decoded(answer.content, kind, said)

    def _decoded(self, body: bytes, kind: str, said: str) -> tuple[NDArray[np.float32], int]:
        what = kind[:40] or "nothing that says what it is"
        if not (kind.startswith("audio/") or kind in ("", "application/octet-stream", "binary/octet-stream")):
            raise Trouble(f"answered with {what} instead of sound", passes=True, hint="check voice.base_url")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "answer.wav"
            path.write_bytes(body)
            try:
                samples, rate_hz = self._read(path)
            except AudioError:
                raise Trouble(f"answered with {what} that is no sound", passes=True, hint="check voice.base_url") from None
        if np.abs(samples).max(initial=0.0) < _SILENT:
            if any(char.isalnum() for char in said):
                raise Trouble("answered with silence", passes=True, hint="check voice.name and the brand's language")
            samples = np.zeros(max(len(samples), rate_hz // 4), np.float32)
        if len(samples) / rate_hz > 5.0 + len(said) / _SLOWEST_CHARS_PER_S:
            raise Trouble(f"answered with {len(samples) / rate_hz:.0f} s of sound for {len(said)} characters", passes=True)
        return samples, rate_hz

    def __repr__(self) -> str:
        return f"<OpenAISpeech {self.name!r} of {self._model} at {self._host}>"
