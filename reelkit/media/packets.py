"""Packets in, sound frames out: what is damaged is passed over as players do, and the last good picture stands meanwhile."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from av.error import FFmpegError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

__all__ = ["frames_from", "whole_packets"]

_WELL_BEFORE_S = 10


def whole_packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """Yield the packets of a stream that hold anything and are all there, up to where the file can be read.

    An empty packet (in Ogg and AVI: show the same picture again) would end a decoder's work, as nothing at all does.
    """
    # A transport stream calls the first packet after every gap corrupt, however whole it is.
    trusted = container.format.name == "mpegts"
    try:
        for packet in container.demux(stream):
            if packet.size and (trusted or not packet.is_corrupt):
                yield packet
    except (FFmpegError, OSError):
        return  # the file ends here


def frames_from(container: InputContainer, stream: VideoStream, at: int, *, most_packets: int | None = None) -> Iterator[VideoFrame]:
    """Yield sound frames from the keyframe at or before a time on, or from the file's start where none is found from there.

    Parameters
    ----------
    container : av.container.InputContainer
    stream : av.video.stream.VideoStream
    at : int
        In the stream's time base. Transport streams do not know their keyframes: they lead somewhere before it.
    most_packets : int, optional
        Decode no more than these.
    """
    first, base = stream.start_time or 0, stream.time_base or Fraction(1, 1000)
    # Where packets are found by the time they are decoded at, a file's first ones lie before its first picture.
    for place in (at, first - int(_WELL_BEFORE_S / base), first):
        found = False
        try:
            container.seek(place, stream=stream, backward=True)
        except (FFmpegError, OSError):
            continue  # some containers refuse a time before their start
        for frame in _decoded(stream, itertools.islice(whole_packets(container, stream), most_packets)):
            found = True
            yield frame
        if found:
            return


def _decoded(stream: VideoStream, packets: Iterator[Packet[VideoStream]]) -> Iterator[VideoFrame]:
    for packet in itertools.chain(packets, [None]):
        try:
            frames = stream.codec_context.decode(packet)
        except FFmpegError:
            continue
        for frame in frames:
            if not frame.is_corrupt:
                frame.time_base = stream.time_base
                yield frame
