"""English speech as text, by Moonshine's small recogniser (MIT), which comes in a wheel and needs no network.

Of the package ``moonshine-voice`` only the files of its model are used, run by onnxruntime: its own program gives a text, but not how well
another text would fit the same sound. A recogniser of Llama's kind: a sound becomes states, of which a text is told token by token
(Jeffries and others, "Moonshine: Speech Recognition for Live Transcription and Voice Commands", 2024).
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Passage", "can_recognise", "likelihood", "recognise", "recogniser_version"]

_RATE_HZ = 16000
_LEAST_S, _MOST_S = 4.0, 9.0
"""A sound is told in passages so long, cut where it is quietest: over 30 s the recogniser makes things up."""
_QUIET_S, _SHORTEST_S = 0.2, 0.5
_LAYERS, _HEADS, _HEAD_SIZE = 6, 8, 36
_START, _END = 1, 2
_FIRST_BYTE, _FIRST_TEXT = 3, 259
"""Tokens 3 to 258 are single bytes, those from 259 on pieces of text."""
_TOKENS_PER_S, _TOKENS_MORE = 8, 8
"""More than these are no speech, but a recogniser that repeats itself."""
_BLANK = "\N{LOWER ONE EIGHTH BLOCK}"


class Passage(NamedTuple):
    """A stretch of a sound, in samples, and what is said in it: as text, and as the recogniser's states [shape=(1, steps, 288)]."""

    start: int
    end: int
    text: str
    states: NDArray[np.float32]


def can_recognise() -> bool:
    """Return whether the model is there: later versions of its package come without one."""
    folder = _folder()
    return folder is not None and (folder / "decoder_model_merged.ort").is_file()


def recogniser_version() -> str:
    """Return what a recognised text depends on, for the key of kept speech."""
    from importlib.metadata import version

    return f"moonshine-voice {version('moonshine-voice')}" if can_recognise() else "not recognised"


def recognise(samples: NDArray[np.float32], rate_hz: int) -> list[Passage]:
    """Return what is said in a sound, passage by passage; they cover it.

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n,)]
        As loud as speech commonly is.
    rate_hz : int
    """
    import soxr

    passages = []
    for start, end in pairwise(_cuts(samples, rate_hz)):
        sound = np.asarray(soxr.resample(samples[start:end], rate_hz, _RATE_HZ), np.float32)
        sound = np.pad(sound, (0, max(0, int(_SHORTEST_S * _RATE_HZ) - len(sound))))
        states = _model().states(sound)
        passages.append(Passage(start, end, _model().tell(states, (end - start) / rate_hz), states))
    return passages


def likelihood(passage: Passage, text: str) -> float:
    """Return the logarithm of how likely it is that a passage says a text, in nats: 0 is certain."""
    return _model().likelihood(passage.states, text)


def _cuts(samples: NDArray[np.float32], rate_hz: int) -> list[int]:
    frame = rate_hz // 100
    count = len(samples) // frame
    power = np.square(samples[: count * frame].reshape(-1, frame), dtype=np.float64).mean(axis=1)
    smooth = np.convolve(power, np.ones(int(_QUIET_S * 100)), "same") if count else power
    cuts = [0]
    while count - cuts[-1] > _MOST_S * 100:
        first = cuts[-1] + int(_LEAST_S * 100)
        cuts.append(first + int(smooth[first : cuts[-1] + int(_MOST_S * 100)].argmin()))
    return [*(cut * frame for cut in cuts), len(samples)]


def _folder() -> Path | None:
    # The package itself is not imported: it would look for the machine's loudspeakers.
    found = find_spec("moonshine_voice")
    return Path(found.origin).parent / "assets" / "tiny-en" if found and found.origin else None


@lru_cache(maxsize=1)
def _model() -> _Model:
    folder = _folder()
    assert folder is not None, "can_recognise() is asked first"
    return _Model(folder)


class _Model:
    def __init__(self, folder: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # Sums come out the same in one thread.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._encoder, self._decoder = (
            onnxruntime.InferenceSession(str(folder / name), options, providers=["CPUExecutionProvider"])
            for name in ("encoder_model.ort", "decoder_model_merged.ort")
        )
        self._outputs = [output.name for output in self._decoder.get_outputs()]
        self._pieces = _read_pieces((folder / "tokenizer.bin").read_bytes())
        self._tokens = {piece: token for token, piece in reversed(list(enumerate(self._pieces))) if token >= _FIRST_TEXT}

    def states(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        (states,) = self._encoder.run(None, {"input_values": sound[None], "attention_mask": np.ones((1, len(sound)), np.int64)})
        return np.asarray(states)

    def tell(self, states: NDArray[np.float32], seconds: float) -> str:
        """Return the text that is likeliest token by token."""
        said: list[int] = []
        odds, past = self._step(states, [_START], None)
        while len(said) < int(seconds * _TOKENS_PER_S) + _TOKENS_MORE:
            token = int(odds[-1].argmax())
            if token == _END:
                break
            said.append(token)
            odds, past = self._step(states, [token], past)
        spelt = b"".join(self._pieces[token] if token >= _FIRST_TEXT else bytes([max(0, token - _FIRST_BYTE)]) for token in said)
        return spelt.decode("utf-8", "replace").replace(_BLANK, " ").strip()

    def likelihood(self, states: NDArray[np.float32], text: str) -> float:
        tokens = self._tokens_of(text)
        odds, _ = self._step(states, [_START, *tokens], None)
        told = [*tokens, _END]
        return float(odds[np.arange(len(told)), told].sum())

    def _step(
        self, states: NDArray[np.float32], tokens: list[int], past: dict[str, Any] | None
    ) -> tuple[NDArray[np.float64], dict[str, Any]]:
        """Return the logarithms of the odds of what follows each of the tokens [shape=(tokens, 32768)], and what the next step needs."""
        none = np.zeros((1, _HEADS, 0, _HEAD_SIZE), np.float32)
        names = [f"{layer}.{side}.{part}" for layer in range(_LAYERS) for side in ("decoder", "encoder") for part in ("key", "value")]
        kept = past or dict.fromkeys(names, none)
        given = {
            "encoder_hidden_states": states,
            "encoder_attention_mask": np.ones(states.shape[:2], np.int64),
            "input_ids": np.array([tokens], np.int64),
            "use_cache_branch": np.array([past is not None]),
            **{f"past_key_values.{name}": kept[name] for name in names},
        }
        told = dict(zip(self._outputs, self._decoder.run(None, given), strict=True))
        # What comes from the sound is worked out in the first step alone.
        now = {name: kept[name] if past and ".encoder." in name else told[f"present.{name}"] for name in names}
        logits = told["logits"][0].astype(np.float64)
        logits -= logits.max(axis=-1, keepdims=True)
        return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)), now

    def _tokens_of(self, text: str) -> list[int]:
        """Return a text as tokens: of all neighbours that together are a piece, those of the lowest number join first."""
        parts = [char.encode() for char in f" {text}".replace(" ", _BLANK)]
        while True:
            joined = [(self._tokens[left + right], at) for at, (left, right) in enumerate(pairwise(parts)) if left + right in self._tokens]
            if not joined:
                break
            at = min(joined)[1]
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return [
            token for part in parts for token in ([self._tokens[part]] if part in self._tokens else [_FIRST_BYTE + byte for byte in part])
        ]


def _read_pieces(packed: bytes) -> list[bytes]:
    """Return the pieces of a packed vocabulary: each behind its length, which from 128 on takes two bytes, the lower seven bits first."""
    pieces = []
    at = 0
    while at < len(packed):
        length = packed[at]
        at += 1
        if length >= 128:
            length += packed[at] * 128 - 128
            at += 1
        pieces.append(packed[at : at + length])
        at += length
    return pieces
