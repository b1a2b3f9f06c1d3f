"""hibari's network with its inner durations given out, and its reader, loaded once in a process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reelkit.errors import VoiceError
from reelkit.model import Cache, content_key
from reelkit.services.hibari_times import UNIT
from reelkit.services.hibari_words import READING, SpokenWord, phoneme_string, plan_breaths, read_aloud

__all__ = ["Breath", "Engine", "load_engine", "load_reader", "model_parts"]

Breath = tuple[range, list[SpokenWord]]
"""Written words that are said at once, and what is said; empty where nothing is."""

_OUTPUTS = ["lh", "theta", "ln", "lr", "phi", "f0"]
_DURATIONS = "durations"
_LONGEST_OOV = 20
"""Letters; hibari's net for unknown words drops what comes after the 24th."""


class Engine:
    """The reader and the network.

    Parameters
    ----------
    model : Path
        A graph that gives out its durations, as :func:`load_engine` makes it.
    """

    def __init__(self, model: Path) -> None:
        from hibari.tts import MAX_PHONEMES, Hibari

        self._hibari = Hibari(model=str(model), threads=1, g2p=load_reader())
        self._most_phonemes: int = MAX_PHONEMES

    def breaths(self, words: Sequence[str]) -> list[Breath]:
        """Return the words in breaths that the network can say at once.

        Raises
        ------
        VoiceError
            Naming the word that cannot be said.
        """
        try:
            spoken = read_aloud(words, self._hibari.g2p, self._hibari.vocab)
        # hibari's reader was not written for every text (it knows no number above 10^36, for one).
        except Exception:
            if len(words) > 1:
                for word in words:
                    self.breaths([word])
            text = " ".join(words)
            raise VoiceError(f"hibari cannot read {text[:40]!r}{'...' * (len(text) > 40)}: write it another way") from None
        ranges = plan_breaths(words, spoken, most_phonemes=self._most_phonemes)
        return [(some, [word for word in spoken if word.owners[0][0] in some]) for some in ranges]

    def durations(self, spoken: Sequence[SpokenWord], speed: float) -> NDArray[np.int64]:
        """Return the duration in units of every id: the opening blank, the phonemes, the closing blank."""
        import onnxruntime

        options = onnxruntime.RunOptions()
        options.only_execute_path_to_fetches = True
        (units,) = self._hibari.sess.run([_DURATIONS], self._inputs(spoken, speed), options)
        return _whole(units)

    def say(self, spoken: Sequence[SpokenWord], speed: float, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the sound at 24 kHz and the durations of its ids.

        Raises
        ------
        VoiceError
            When the durations do not add up to the sound.
        """
        from hibari import dsp

        *spectrum, units = self._hibari.sess.run([*_OUTPUTS, _DURATIONS], self._inputs(spoken, speed))
        samples = dsp.synth(*(part[0] for part in spectrum), np.random.default_rng(seed))
        counts = _whole(units)
        if len(samples) != counts.sum() * UNIT:
            raise VoiceError(
                f"hibari's durations add up to {counts.sum() * UNIT} samples, its sound has {len(samples)}: "
                f"hibari-tts {version('hibari-tts')} is not as known; install hibari-tts 0.2.1"
            )
        return np.clip(samples, -1.0, 1.0, dtype=np.float32), counts

    def _inputs(self, spoken: Sequence[SpokenWord], speed: float) -> dict[str, NDArray[Any]]:
        ids = [0, *(self._hibari.vocab[char] for char in phoneme_string(spoken)), 0]
        return {"ids": np.asarray([ids], np.int64), "speed": np.asarray([speed], np.float32)}


def load_engine(cache: Cache) -> Engine:
    """Return the engine, made once in a process; the graph with durations is made once in a cache.

    Raises
    ------
    VoiceError
        When hibari is not installed, or its graph is not the one that is known here.
    """
    _, digest = _installed()
    key = content_key("hibari with durations", 1, model=digest)
    return _engine(cache.file("voices", key, ".onnx", _publish_durations))


@lru_cache(maxsize=1)
def load_reader() -> Any:
    """Return hibari's reader of English, made once in a process."""
    from hibari.g2p import G2P

    return G2P(oov=_unknown_words())


@lru_cache(maxsize=1)
def model_parts() -> str:
    """Return the names and versions of all that the sound depends on, for the key of kept speech."""
    made_of = (f"{name} {version(name)}" for name in ("hibari-tts", "onnxruntime", "numpy", "scipy"))
    return " ".join([_installed()[1], *made_of, f"reading {READING}"])


@lru_cache(maxsize=2)
def _engine(model: Path) -> Engine:
    return Engine(model)


@lru_cache(maxsize=1)
def _installed() -> tuple[Path, str]:
    """Return the package's own graph and its SHA-256."""
    try:
        from hibari.voices import voice_path
    except ImportError as error:
        raise VoiceError(f"the voice needs hibari-tts ({error}): pip install 'hibari-tts>=0.2.1,<0.3'") from None
    path = Path(voice_path("heart", download_missing=False))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def _publish_durations(target: Path) -> None:
    """Write the graph with one more output: the rounded, clipped quotient of what the duration head predicts and the speed."""
    import onnx

    model = onnx.load(str(_installed()[0]))
    made_by = {output: node for node in model.graph.node for output in node.output}

    def source(node: Any, kind: str) -> Any:
        before = made_by.get(node.input[0])
        return before if before is not None and before.op_type == kind else None

    found = [
        node
        for node in model.graph.node
        if node.op_type == "Clip"
        and (rounded := source(node, "Round"))
        and (quotient := source(rounded, "Div"))
        and "speed" in quotient.input
    ]
    if len(found) != 1:
        raise VoiceError(f"hibari-tts {version('hibari-tts')} has {len(found)} duration nodes where 1 is known; install hibari-tts 0.2.1")
    model.graph.node.append(onnx.helper.make_node("Identity", [found[0].output[0]], [_DURATIONS]))
    model.graph.output.append(onnx.helper.make_tensor_value_info(_DURATIONS, onnx.TensorProto.FLOAT, None))
    onnx.save(model, str(target))


def _unknown_words() -> Callable[[str], str]:
    """Return hibari's net for unknown words, applied to a long word part by part so that all of it is said."""
    from hibari.g2p.oov import OOV

    net = lru_cache(maxsize=1)(OOV)

    def pronounce(word: str) -> str:
        parts = -(-len(word) // _LONGEST_OOV)
        edges = [len(word) * part // parts for part in range(parts + 1)]
        return "".join(net()(word[start:end]) or "" for start, end in pairwise(edges))

    return pronounce


def _whole(units: NDArray[Any]) -> NDArray[np.int64]:
    return np.asarray(np.rint(units.reshape(-1)), np.int64)
