"""AAC-LC packets: from samples, and back to what a player hears."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av import AudioFrame

__all__ = ["AAC_FRAME", "StereoSound", "decode_aac", "encode_aac", "stereo_frames"]

AAC_FRAME = 1024
"""Samples in a packet of AAC-LC (ISO/IEC 14496-3)."""
_STRETCH = 1 << 16


class StereoSound(Protocol):
    """Samples of two channels that are read part by part [shape=(n, 2)]: an array, or what works them out where they are read."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> NDArray[np.float32]: ...


def stereo_frames(
    samples: StereoSound, rate_hz: int, *, size: int, sample_format: Literal["flt", "fltp"] = "fltp", padded: bool = False
) -> Iterator[AudioFrame]:
    """Yield stereo samples [shape=(n, 2)] as FFmpeg's frames of ``size`` samples; the last is shorter, or padded with silence."""
    import av

    # Read in stretches of many frames, as what is worked out where it is read takes long for each.
    stretch = size * max(1, _STRETCH // size)
    for first in range(0, len(samples), stretch):
        read = samples[first : first + stretch]
        for at in range(0, len(read), size):
            block = read[at : at + size]
            if padded and len(block) < size:
                block = np.concatenate([block, np.zeros((size - len(block), 2), np.float32)])
            data = block.T if sample_format == "fltp" else block.reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(data, np.float32), format=sample_format, layout="stereo")
            frame.sample_rate, frame.pts = rate_hz, first + at
            yield frame


def encode_aac(samples: StereoSound, rate_hz: int, *, bitrate: int) -> tuple[tuple[bytes, ...], bytes]:
    """Encode a sound as packets whose decoded sound starts at sample 0.

    The encoder puts a packet of silence before the first sample. It is left out, so that the decoded sound is aligned without an edit
    list. The price is that the first packet has none before it to overlap with: its 21 ms fade in by AAC's own window.

    Parameters
    ----------
    samples : StereoSound
        Within -1 to 1.
    rate_hz : int
    bitrate : int
        In bit/s.

    Returns
    -------
    packets : tuple of bytes
        Raw frames of 1024 samples that cover the sound; the last is padded with silence.
    extradata : bytes
        The AudioSpecificConfig.
    """
    import av
    from av.codec.context import Flags

    encoder = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = rate_hz, "stereo", "fltp"
    encoder.bit_rate = bitrate
    encoder.options = {"aac_coder": "fast"}
    # bitexact leaves the encoder's version out of the first packet.
    encoder.flags |= Flags.bitexact | Flags.global_header
    count = -(-len(samples) // AAC_FRAME)
    frames = itertools.chain(stereo_frames(samples, rate_hz, size=AAC_FRAME, padded=True), [None])
    packets = [bytes(packet) for frame in frames for packet in encoder.encode(frame)]
    return tuple(packets[1 : count + 1]), bytes(encoder.extradata or b"")


def decode_aac(packets: Sequence[bytes], extradata: bytes) -> NDArray[np.float32]:
    """Return what a player hears of the packets [shape=(n, 2)]."""
    import av

    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = extradata
    # Written in place: a list of frames and its concatenation would hold minutes of sound twice.
    heard, at = np.zeros((len(packets) * AAC_FRAME, 2), np.float32), 0
    for packet in (*map(av.Packet, packets), None):
        for frame in decoder.decode(packet):
            heard[at : at + frame.samples] = frame.to_ndarray().T
            at += frame.samples
    return heard[:at]
