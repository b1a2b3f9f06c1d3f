"""Coqui: VITS- and FastPitch-like models with the times of their own durations, XTTS-like ones by alignment.

The kept fork of Coqui TTS, ``coqui-tts``, loads the models. Each sentence is synthesised alone: Coqui's own ``tts`` cuts sentences by
its own rules and puts 10,000 silent samples behind each.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import logging
import tempfile
import threading
import unicodedata
import warnings
import wave
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reelkit.errors import VoiceError
from reelkit.model import AudioResult, Cache, content_key
from reelkit.services.alignment import aligner_version, can_align, refuse_without_aligner, time_words_in
from reelkit.services.kept_speech import SpokenBreath, kept_speech
from reelkit.services.recorded import ReadAudio
from reelkit.services.sayable import sayable
from reelkit.services.token_owners import owners_by_likeness
from reelkit.services.word_spans import Piece, Span, meet_the_sound, spans_of, with_silent
from reelkit.whole import known_sha256_of, sha256_of

__all__ = ["CoquiVoice"]

_LAYOUT = 1
"""Part of the key of kept speech: raise it when the same sounds would be cut or timed in another way."""
_SILENT_WORD_S = 0.12
_MARKS = frozenset("ˈˌː")
_OTHER_WEIGHTS = frozenset(("dvae", "mel_stats", "speakers", "speakers_xtts", "model_se"))
"""What Coqui's own models have beside their checkpoint: a speaker encoder, statistics, known speakers, an encoder for training."""
_ALONE = threading.Lock()
_CLONE = "clone"
_XTTS_RATE_HZ = 22_050
_Sample = tuple[NDArray[np.float32], int]


class CoquiVoice:
    """A model of Coqui's.

    Parameters
    ----------
    name : str
        A folder with the model's checkpoint and its ``config.json``, or a name that Coqui knows, such as
        ``tts_models/en/ljspeech/vits``, which it downloads once.
    cache : Cache
        Keeps every sentence that was spoken (room "speech").
    pace : callable
        How long a sentence takes to say, by the built-in voice or a guess: asking the model costs as much as speaking.
    read : callable
        Reads a sound file.
    language : str
        The brand's.
    speaker : str
        Of a model with several.
    sample : Path, optional
        A recording of the voice to clone, for models that can; any sound file that ``read`` knows.
    seed : int
        Of what varies in a voice.

    Raises
    ------
    VoiceError
        When the model is not there.
    """

    def __init__(
        self,
        name: str,
        *,
        cache: Cache,
        pace: Callable[[str], float],
        read: ReadAudio,
        language: str = "en",
        speaker: str = "",
        sample: Path | None = None,
        seed: int = 0,
    ) -> None:
        self.name = name
        self._cache, self._pace, self._read, self._seed = cache, pace, read, seed
        self._language, self._speaker, self._sample = language, speaker, sample
        self._folder = Path(name) if not name.startswith("tts_models/") else None
        if self._folder is not None:
            _files_in(self._folder)

    def refuse(self, language: str) -> None:
        """Raise where Coqui cannot run, the model does not speak a language, or its words could not be timed.

        Raises
        ------
        VoiceError
            With what to do.
        """
        _refuse_without_coqui()
        spoken = self._languages()
        if spoken and language.lower().split("-")[0] not in {one.lower().split("-")[0] for one in spoken}:
            told = ", ".join(spoken[:12])
            raise VoiceError(f"the brand's language is '{language}'; Coqui's model '{self.name}' speaks {told}: set language or voice.name")
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
            When the language is another, or Coqui cannot say the sentence in this way.
        """
        self.refuse(language)
        words = text.split()
        if not words:
            return []
        said = [sayable(word) for word in words]
        key = content_key(
            "coqui",
            _LAYOUT,
            parts=self._parts(),
            times=aligner_version(language),
            language=language,
            speaker=self._speaker,
            sample=sha256_of(self._sample) if self._sample else "",
            seed=self._seed,
            speed=float(speed),
            text=" ".join(said),
        )
        return kept_speech(self._cache, key, words, lambda: [self._say(said, language, speed)])

    def _say(self, words: Sequence[str], language: str, speed: float) -> SpokenBreath:
        model = _load(self.name, self._parts())
        if not any(char.isalnum() for word in words for char in word):
            each = int(_SILENT_WORD_S * model.rate_hz)
            silent: list[Span] = [(each * k, each * (k + 1), "estimated") for k in range(len(words))]
            return np.zeros(each * len(words), np.float32), model.rate_hz, silent
        sample = self._read(self._sample) if self._sample else None
        with _ALONE:
            samples, durations, tokens, alone = model.say(
                words, language=language, speed=speed, speaker=self._speaker, sample=sample, seed=self._seed
            )
        rate_hz = model.rate_hz
        if durations is None:
            return samples, rate_hz, time_words_in(samples, rate_hz, words, language=language)
        spans = meet_the_sound(spans_of(_pieces(tokens, alone, durations, len(samples)), "durations"), samples, rate_hz)
        if not spans:
            return samples, rate_hz, time_words_in(samples, rate_hz, words, language=language)
        return samples, rate_hz, with_silent(spans, range(len(words)), len(samples), rate_hz)

    def _languages(self) -> list[str]:
        """Return the languages that the model is known to speak, none where nobody says."""
        if self._folder is None:
            named = self.name.split("/")[1]
            return [] if named == "multilingual" else [named]
        config = _config_of(self._folder)
        several = config.get("languages") or (config.get("model_args") or {}).get("language_ids_file")
        if isinstance(several, list) and several:
            return [str(one) for one in several]
        told = [config.get("phoneme_language"), *(one.get("language") for one in config.get("datasets") or [] if isinstance(one, dict))]
        return [str(one) for one in told if one]

    def _parts(self) -> str:
        from importlib.metadata import version

        made_of = " ".join(f"{name} {version(name)}" for name in ("coqui-tts", "torch"))
        return f"{_digest(self._folder) if self._folder else self.name} {made_of}"

    def __repr__(self) -> str:
        return f"<CoquiVoice {self.name!r}>"


class _Model:
    """A loaded model, with Coqui's own synthesizer around it."""

    def __init__(self, name: str) -> None:
        from TTS.api import TTS

        with _quiet():
            if name.startswith("tts_models/"):
                loaded = TTS(name, progress_bar=False)
            else:
                checkpoint, config = _files_in(Path(name))
                loaded = TTS(model_path=str(checkpoint), config_path=str(config), progress_bar=False)
        self._synthesizer: Any = loaded.synthesizer
        self._model: Any = self._synthesizer.tts_model
        self.name = name
        self.rate_hz = int(self._synthesizer.output_sample_rate)
        self._scale: float | None = getattr(self._model, "length_scale", None)

    def say(
        self, words: Sequence[str], *, language: str, speed: float, speaker: str, sample: _Sample | None, seed: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float64] | None, list[str], list[list[str]]]:
        """Return the sound; where the model tells durations, those of its tokens; the tokens; and those of each word alone."""
        import torch

        how = self._how(language, speed, speaker, cloning=sample is not None)
        text = " ".join(words)
        with _quiet(), torch.inference_mode(), self._cloning(sample) as whose:
            torch.manual_seed(seed)
            made = self._model.synthesize(text=text, **how, **whose)
            sound = made["wav"] if how["use_griffin_lim"] else self._vocoded(made["outputs"])
        samples = np.asarray(sound.cpu() if hasattr(sound, "cpu") else sound, np.float32).reshape(-1)
        loudest = float(np.abs(samples).max(initial=0.0))
        if not len(samples) or not np.isfinite(loudest):
            raise VoiceError(f"Coqui's model '{self.name}' made no sound of {text[:40]!r}: write it another way")
        durations = _durations(made.get("outputs") or {})
        tokens = self._tokens(text, how["language"])
        if durations is not None and len(durations) != len(tokens):
            durations = None
        alone = [self._tokens(word, how["language"]) for word in words] if durations is not None else []
        return samples / max(loudest, 1.0), durations, tokens, alone

    def _vocoded(self, outputs: dict[str, Any]) -> Any:
        return self._synthesizer._run_vocoder(outputs["model_outputs"][0], "cpu")

    @contextlib.contextmanager
    def _cloning(self, sample: _Sample | None) -> Iterator[dict[str, Any]]:
        """Yield what makes a model speak as a sample does.

        Coqui's own ways read a file through torchaudio, which needs FFmpeg's libraries on the machine, or through others that do not know
        every kind of file: a model that takes sounds is given the sound, and others a plain WAV.
        """
        if sample is None:
            yield {}
        elif hasattr(self._model, "get_gpt_cond_latents"):
            latents, embedding = self._heard(*sample)
            kept = self._model.speaker_manager
            self._model.speaker_manager = SimpleNamespace(speakers={_CLONE: {"gpt_cond_latent": latents, "speaker_embedding": embedding}})
            try:
                yield {"speaker": _CLONE}
            finally:
                self._model.speaker_manager = kept
        else:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "sample.wav"
                _write_wav(path, *sample)
                yield {"speaker_wav": str(path)}

    def _heard(self, samples: NDArray[np.float32], rate_hz: int) -> tuple[Any, Any]:
        """Return what XTTS takes from a recording, by the steps and settings of its own ``get_conditioning_latents``."""
        import torch
        from torchaudio.functional import resample

        config = self._model.config
        sound = resample(torch.from_numpy(np.ascontiguousarray(samples))[None], rate_hz, _XTTS_RATE_HZ)[
            :, : _XTTS_RATE_HZ * config.max_ref_len
        ]
        if config.sound_norm_refs:
            sound = sound / sound.abs().max() * 0.75
        how = {"length": config.gpt_cond_len, "chunk_length": config.gpt_cond_chunk_len}
        return self._model.get_gpt_cond_latents(sound, _XTTS_RATE_HZ, **how), self._model.get_speaker_embedding(sound, _XTTS_RATE_HZ)

    def _how(self, language: str, speed: float, speaker: str, *, cloning: bool) -> dict[str, Any]:
        model = self._model
        if speaker and speaker not in (known := self._speakers()):
            raise VoiceError(f"voice.speaker is '{speaker}'; Coqui's model '{self.name}' has: {', '.join(known[:8]) or 'one voice only'}")
        if not speaker and not cloning and len(self._speakers()) > 1:
            speaker = self._speakers()[0]
        if cloning and not self._clones():
            raise VoiceError(f"voice.sample is given, but Coqui's model '{self.name}' cannot clone a voice: take XTTS or YourTTS")
        how: dict[str, Any] = {
            "use_griffin_lim": self._synthesizer.vocoder_model is None,
        }
        if not cloning:
            how["speaker"] = speaker or None
        names = list(model.language_manager.language_names) if getattr(model, "language_manager", None) else []
        near = [name for name in names if name.lower().split("-")[0] == language.lower().split("-")[0]]
        how["language"] = near[0] if near else None
        if self._scale is not None:
            model.length_scale = self._scale / speed
        elif "xtts" in type(model).__name__.lower():
            how["speed"] = speed
        elif speed != 1.0:
            raise VoiceError(f"voice.speed is {speed:g}, but Coqui's model '{self.name}' has one pace only: set voice.speed to 1")
        return how

    def _speakers(self) -> list[str]:
        manager = getattr(self._model, "speaker_manager", None)
        return list(manager.speaker_names) if manager is not None else []

    def _clones(self) -> bool:
        manager = getattr(self._model, "speaker_manager", None)
        return bool(self._model.config.supports_cloning or getattr(manager, "encoder", None))

    def _tokens(self, text: str, language: str | None) -> list[str]:
        """Return what each token of a text stands for: a letter or a phoneme; nothing for blanks and ends."""
        tokenizer: Any = getattr(self._model, "tokenizer", None)
        if not hasattr(tokenizer, "characters"):
            return []
        symbols = tokenizer.characters
        if language is None and self._model.language_manager.num_languages == 1:
            language = self._model.language_manager.language_names[0]
        silent = {getattr(symbols, name, None) for name in ("blank_id", "pad_id", "bos_id", "eos_id")}
        with _quiet():
            ids = tokenizer.text_to_ids(text, language=language)
        return ["" if one in silent else str(symbols.id_to_char(one)) for one in ids]


def _write_wav(path: Path, samples: NDArray[np.float32], rate_hz: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def _durations(outputs: dict[str, Any]) -> NDArray[np.float64] | None:
    """Return how long each token lasts, in frames, of models that compute it."""
    found = outputs.get("durations")
    if found is None and outputs.get("durations_log") is not None:
        # FastPitch's and its kin's: the map of tokens to frames is built from their rounded durations.
        alignment = np.asarray(outputs["alignments"].detach().cpu()).squeeze()
        count = int(np.asarray(outputs["durations_log"].detach().cpu()).size)
        axis = 0 if alignment.shape[0] != count else 1
        return np.asarray(alignment.sum(axis=axis), np.float64) if alignment.ndim == 2 else None
    return np.asarray(found.detach().cpu(), np.float64).reshape(-1) if found is not None else None


def _pieces(tokens: Sequence[str], alone: Sequence[Sequence[str]], durations: NDArray[np.float64], length: int) -> Iterator[Piece]:
    """Yield the words that sound; a blank belongs to the token before it."""
    bounds = np.concatenate([[0.0], np.cumsum(durations)])
    bounds = np.rint(bounds * (length / max(bounds[-1], 1.0))).astype(int)
    whole = [(place, token) for place, token in enumerate(tokens) if token == " " or _is_sound(token)]
    owners = owners_by_likeness([token for _, token in whole], [[token for token in word if _is_sound(token)] for word in alone])
    mine: dict[int, list[int]] = {}
    for (place, token), owner in zip(whole, owners, strict=True):
        if token != " ":
            mine.setdefault(owner, []).append(place)
    sounding = [place for places in mine.values() for place in places]
    for owner, places in sorted(mine.items()):
        behind = next((place for place in range(places[-1] + 1, len(tokens)) if tokens[place] or place in sounding), len(tokens))
        start, end = int(bounds[places[0]]), int(bounds[behind])
        if end > start:
            yield Piece(((owner, 1),), start, end)


def _is_sound(token: str) -> bool:
    return token not in _MARKS and any(unicodedata.category(char)[0] in "LN" for char in token)


@lru_cache(maxsize=2)
def _load(name: str, parts: str) -> _Model:
    """Return a model, loaded once while ``parts``, what it is made of, stays the same."""
    _refuse_without_coqui()
    try:
        return _Model(name)
    # What a foreign checkpoint, or a hub that is not to be had, makes of Coqui has no common base.
    except Exception as error:
        raise VoiceError(f"Coqui's model '{name}' cannot be loaded: {' '.join(str(error).split())[:200] or type(error).__name__}") from None


@lru_cache(maxsize=1)
def _refuse_without_coqui() -> None:
    if importlib.util.find_spec("TTS") is None:
        raise VoiceError("voice.engine is coqui, which is not installed: pip install 'reelkit[coqui]' torch==2.11.0 torchaudio==2.11.0")
    versions = {name: _version(name) for name in ("torch", "torchaudio")}
    absent = [name for name, found in versions.items() if found is None]
    if absent:
        same = f"=={versions['torch'].partition('+')[0]}" if versions["torch"] else "==2.11.0"
        raise VoiceError(f"Coqui needs {' and '.join(absent)}: pip install torch{same} torchaudio{same}")
    try:
        import torch  # noqa: F401
        import torchaudio  # noqa: F401
    except (ImportError, OSError, RuntimeError, AttributeError):
        raise VoiceError(
            f"torchaudio {versions['torchaudio']} does not match torch {versions['torch']}; install the two of one version: "
            "pip install torch==2.11.0 torchaudio==2.11.0"
        ) from None
    try:
        with _quiet():
            import TTS  # noqa: F401
    except ImportError as error:
        raise VoiceError(f"Coqui cannot run: {' '.join(str(error).split())[:200]}") from None


def _version(name: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _files_in(folder: Path) -> tuple[Path, Path]:
    """Return a model's checkpoint and config; beside the one, XTTS keeps weights of other things."""
    found = [path for path in sorted([*folder.glob("*.pth"), *folder.glob("*.pt")]) if path.stem not in _OTHER_WEIGHTS]
    checkpoints = sorted(found, key=lambda path: ("best" not in path.name, "model" not in path.name))
    config = folder / "config.json"
    if not checkpoints or not config.is_file():
        raise VoiceError(
            f"voice.name is '{folder}', which is no model of Coqui's: name a folder with a .pth file and its config.json, "
            "or a model that Coqui knows, such as tts_models/en/ljspeech/vits"
        )
    return checkpoints[0], config


def _config_of(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads(_files_in(folder)[1].read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise VoiceError(f"{folder / 'config.json'} cannot be used: {error}") from None
    return found if isinstance(found, dict) else {}


def _digest(folder: Path) -> str:
    """Return what a model's files hold, of which XTTS has several that decide how it sounds."""
    beside = [path for path in (folder / "vocab.json", folder / "speakers_xtts.pth") if path.is_file()]
    return " ".join(known_sha256_of(path) for path in (*_files_in(folder), *beside))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what Coqui and torch print and warn to themselves."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
