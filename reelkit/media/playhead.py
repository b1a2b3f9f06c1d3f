"""A place in a video file from which it is decoded on."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import av
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import Colorspace

from reelkit.media.packets import whole_packets
from reelkit.media.probe import open_video, video_stream

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream

__all__ = ["Picture", "Playhead"]

_SEEK_BACK_S = (0.0, 1.0, 5.0)
_LOOK_BACK_S = 0.5
"""So much before a target every frame is decoded: its picture is among them, unless one stands for longer."""
_NEVER = -(1 << 62)
_EVER = 1 << 62
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""WebM keeps transparency beside the picture, where only these look."""


class Picture(NamedTuple):
    """A decoded frame, and from when until when it stands, in the stream's time base."""

    pts: int
    until: int
    frame: av.VideoFrame


class _DamageError(Exception):
    """A decoder came to a damaged packet."""


class Playhead:
    """A file with its decoder, which goes forward by decoding and anywhere else by seeking.

    Damaged packets are passed over, so that the picture before them stands. What a decoder then makes up depends on its threads and on the
    frames that it left out: from the first damage on, one thread decodes all, and a picture is the same by whatever way it was reached.

    Parameters
    ----------
    path : Path
    threads : int
        For decoding.
    """

    def __init__(self, path: Path, *, threads: int) -> None:
        self._path, self._threads = path, threads
        self._earliest: int | None = None
        self._damaged = self._begun_damaged = False
        self._late = 0
        self.damaged_at: int | None = None
        """The first time at which the file was found to be damaged, in its time base; none where it is whole as far as it was read."""
        self._open()
        self.first = self.stream.start_time or 0
        if self._by_order:
            with contextlib.suppress(_DamageError):
                self._begin()
            self._late = (self.first if self.at is None else self.at) - self.first
            self.close()
            self._open()

    def _open(self) -> None:
        self._container = open_video(self._path)
        self.stream = video_stream(self._container)
        self.stream.thread_type = "AUTO"
        self.stream.codec_context.thread_count = 1 if self._damaged else self._threads
        self.base = self.stream.time_base or Fraction(1, 1000)
        self._own_decoder = _alpha_decoder(self.stream)
        # AVI tells when packets are decoded, which FFmpeg takes for when their pictures are shown, also where they are reordered.
        self._by_order = self._container.format.name == "avi" and self.stream.codec_context.has_b_frames
        if not self._damaged:
            self.stream.codec_context.options = {"err_detect": "explode"}
        self._skip_to = self._skipped_to = _NEVER
        self._decoder: Iterator[av.VideoFrame] | None = self._decoded()
        self._now: av.VideoFrame | None = None
        self._next: av.VideoFrame | None = None

    @property
    def at(self) -> int | None:
        """The time of the picture that it stands at; none before the first one is decoded."""
        return self._now.pts if self._now is not None else None

    @property
    def ended(self) -> bool:
        """Whether it stands at the last picture."""
        return self._now is not None and self._next is None

    def close(self) -> None:
        """Let the file go."""
        self._decoder = None
        self._container.close()

    def picture(self, target: int, *, seek: bool, passed: Callable[[Picture], None]) -> Picture | None:
        """Return the picture at a time, or none where the file has none.

        Parameters
        ----------
        target : int
            In the stream's time base.
        seek : bool
            Whether to go to the keyframe before it; else it is decoded up to from where this stands.
        passed : callable
            Told of the pictures right before the target.

        """
        try:
            self._reach(target, seek, passed)
        except _DamageError:
            self.close()
            self._damaged = True
            self._open()
            self._reach(target, True, passed)
        return self._standing()

    def _reach(self, target: int, seek: bool, passed: Callable[[Picture], None]) -> None:
        self._skip_to = target - int(_LOOK_BACK_S / self.base)
        self._go(target, seek, passed)
        if self._now is not None and (self._now.pts or 0) < self._skipped_to:
            # The picture asked for stands longer than was thought, and was passed over.
            self._skip_to = _NEVER
            self._go(target, True, passed)

    def _standing(self) -> Picture | None:
        if self._now is None:
            return None
        until = self._next.pts if self._next is not None else None
        return Picture(self._now.pts or 0, _EVER if until is None else until, self._now)

    def _go(self, target: int, seek: bool, passed: Callable[[Picture], None]) -> None:
        if seek:
            self._seek(target)
        elif self._now is None:
            self._begin()
            self._earliest = self.at
        while self._next is not None and self._next.pts is not None and self._next.pts <= target:
            left = self._standing()
            if left is not None and left.pts >= self._skipped_to:
                passed(left)
            self._now, self._next = self._next, self._pull()

    def _seek(self, target: int) -> None:
        """Go to a frame at a target or before it. Some containers lead to one behind it, and a damaged keyframe leads to pictures that
        lack what they refer to; then earlier ones are asked for."""
        for back_s in _SEEK_BACK_S:
            try:
                self._container.seek(max(target - int(back_s / self.base), self.first), stream=self.stream, backward=True)
            except av.FFmpegError:
                continue
            (self._own_decoder or self.stream.codec_context).flush_buffers()
            self._skipped_to, self._decoder = _NEVER, self._decoded()
            self._begin()
            if not self._begun_damaged and self.at is not None and self.at <= max(target, self._earliest or target):
                return
        self.close()
        skip_to = self._skip_to
        self._open()
        self._skip_to = skip_to
        self._begin()
        self._earliest = self.at

    def _begin(self) -> None:
        self._now = self._pull()
        self._next = self._pull() if self._now is not None else None

    def _pull(self) -> av.VideoFrame | None:
        if self._decoder is None:
            return None
        for frame in self._decoder:
            if frame.pts is not None:
                return frame
        return None

    def _decoded(self) -> Iterator[av.VideoFrame]:
        """Decode on; frames well before the target that no other frame refers to are passed over."""
        decoder = self._own_decoder or self.stream.codec_context
        self._begun_damaged = False
        begun, due, given = False, _NEVER, _NEVER
        in_order = _DecodingOrder(self._late)
        for packet in itertools.chain(whole_packets(self._container, self.stream), [None]):
            at = packet.pts if packet is not None and not self._by_order else None
            passed = at is not None and at < self._skip_to and not self._damaged
            in_order.see(packet)
            decoder.skip_frame = "NONREF" if passed else "DEFAULT"
            if passed and at is not None:
                self._skipped_to = max(self._skipped_to, at)
            elif at is not None:
                due = max(due, at)
            try:
                frames = decoder.decode(packet)
            except av.FFmpegError:
                if not self._damaged:
                    raise _DamageError from None
                frames = []
                self._begun_damaged |= not begun
                self._note_damage(at if begun else None)
            for frame in frames:
                if frame.is_corrupt:
                    if begun and not self._damaged:
                        raise _DamageError
                    self._begun_damaged |= not begun
                    self._note_damage(frame.pts if begun else None)
                    continue
                if self._own_decoder is not None and self._own_decoder.name == "libvpx":
                    frame.colorspace = Colorspace.ITU601  # VP8 knows no other (RFC 6386, 9.2), and this decoder does not say so
                if self._by_order:
                    frame.pts = in_order.time_of(frame)
                begun, given = True, given if frame.pts is None else max(given, frame.pts)
                yield frame
        if not self._damaged and given < due:
            raise _DamageError  # what came after a damaged packet among the last few was lost

    def _note_damage(self, at: int | None) -> None:
        if at is not None:
            self.damaged_at = at if self.damaged_at is None else min(at, self.damaged_at)


class _DecodingOrder:
    """Gives frames the times of their packets in order, less that by which the first one comes out late."""

    def __init__(self, late: int) -> None:
        self._late, self._step = late, 1
        self._sought: int | None = None
        self._packet: int | None = None
        self._frame: int | None = None

    def see(self, packet: Packet[VideoStream] | None) -> None:
        if packet is None or packet.dts is None:
            return
        if self._packet is None:
            self._sought = packet.dts
        else:
            self._step = packet.dts - self._packet
        self._packet = packet.dts

    def time_of(self, frame: av.VideoFrame) -> int:
        if frame.dts is not None:
            self._frame = frame.dts - self._late
        else:  # one of those that a decoder gives when the file has ended
            self._frame = (self._sought or 0) if self._frame is None else self._frame + self._step
        return self._frame


def _alpha_decoder(stream: VideoStream) -> VideoCodecContext | None:
    name = _ALPHA_DECODERS.get(stream.codec_context.codec.canonical_name)
    if name is None or stream.metadata.get("alpha_mode") != "1":
        return None
    decoder = av.CodecContext.create(name, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = stream.codec_context.thread_count
    return decoder
