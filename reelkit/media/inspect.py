"""A finished reel, measured: one pass over its packets and frames, nothing taken on trust.

Every frame is decoded once. A small copy of its luma tells black and frozen stretches; frames that the caller wants are handed to it
at full size as they pass, so that memory does not grow with the reel.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

from reelkit.errors import CheckError
from reelkit.media.h264 import is_idr
from reelkit.media.planes import Bytes, Planes, plane_rows
from reelkit.media.stretches import Rect, Span, Stretches, shrunk

__all__ = ["FrameTaker", "PictureFacts", "ReelFacts", "SoundFacts", "inspect_reel"]

Look = Callable[[int, Planes, Bytes], None]
"""Called with a frame's number, its planes and its small luma; the arrays live only during the call."""


class FrameTaker(Protocol):
    """Whoever makes something of a reel's frames as they are decoded; :class:`reelkit.media.preview.PreviewCopy` does."""

    def begin(self, reel: Any) -> None:
        """Begin, given the open file."""

    def take(self, frame: Any) -> None:
        """Take a frame, each stream's in order; it is not to be changed."""

    def end(self, *, whole: bool) -> None:
        """End; ``whole`` says whether every frame came."""


@dataclass
class PictureFacts:
    """What the video stream is, and what its frames show.

    Parameters
    ----------
    colour : tuple of int
        Primaries, transfer, matrix and range as H.273 and FFmpeg number them; BT.709 limited is ``(1, 1, 1, 1)``.
    pts : list of Fraction
        When each frame is shown, in seconds, sorted.
    keyframes : list of Fraction
        When the frames are shown that a player may start at.
    open_gop_at : Fraction or None
        The first keyframe that is no IDR picture, or that frames shown before it depend on.
    second_bits : dict of int to int
        Bits of the packets shown in each second.
    """

    codec: str
    profile: str
    level: int
    pixel_format: str
    width_px: int
    height_px: int
    colour: tuple[int, int, int, int]
    start_s: Fraction = Fraction(0)
    pts: list[Fraction] = field(default_factory=list)
    keyframes: list[Fraction] = field(default_factory=list)
    open_gop_at: Fraction | None = None
    b_run: int = 0
    second_bits: dict[int, int] = field(default_factory=dict)
    frames_decoded: int = 0
    black: list[Span] = field(default_factory=list)
    still: list[Span] = field(default_factory=list)


@dataclass
class SoundFacts:
    """What the audio stream is, and its decoded samples.

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n, channels)]
    """

    codec: str
    profile: str
    rate_hz: int
    channels: int
    start_s: Fraction
    samples: NDArray[np.float32]

    @property
    def end_s(self) -> float:
        return float(self.start_s) + len(self.samples) / self.rate_hz


@dataclass
class ReelFacts:
    """All that one pass over a file measured; ``damage`` is the first thing that could not be read or decoded, one line."""

    video_streams: int
    audio_streams: int
    other_streams: int
    picture: PictureFacts | None
    sound: SoundFacts | None
    damage: str = ""


def inspect_reel(
    path: Path,
    *,
    fps: Fraction,
    covered: Collection[Rect] = (),
    wanted: Collection[int] = (),
    look: Look | None = None,
    copy: FrameTaker | None = None,
    progress: Callable[[float], None] | None = None,
) -> ReelFacts:
    """Demux and decode a file once and measure it.

    Parameters
    ----------
    path : Path
    fps : Fraction
        The rate at which ``wanted`` counts frames.
    covered : collection of (left, top, right, bottom)
        Areas in px, such as the captions', that do not count when a picture is judged black or frozen.
    wanted : collection of int
        Frames at which ``look`` is called.
    look : callable, optional
        See :data:`Look`.
    copy : FrameTaker, optional
        Given every frame of picture and sound, so that a copy of the reel costs no decoding of its own.
    progress : callable, optional
        Called with the share done.

    Raises
    ------
    CheckError
        When the file cannot be opened as a video at all.
    """
    try:
        size = max(path.stat().st_size, 1)
        container = av.open(f"file:{path.absolute()}", format="mp4", options={"protocol_whitelist": "file"}, metadata_errors="replace")
    except (OSError, av.error.FFmpegError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CheckError(f"check: {path.name} cannot be read as a video ({reason}); render the reel again") from None
    with container:
        videos, audios = container.streams.video, container.streams.audio
        # Without a codec context, FFmpeg does not know what the stream is.
        readable = [stream for stream in (*videos[:1], *audios[:1]) if stream.codec_context is not None]
        copy = copy if any(stream.type == "video" for stream in readable) else None
        watch = next(
            (_Watch(stream, fps, covered, wanted=frozenset(wanted), look=look, copy=copy) for stream in readable if stream.type == "video"),
            None,
        )
        ear = next((_Ear(stream, copy) for stream in readable if stream.type == "audio"), None)
        damage = "" if len(readable) == len(videos[:1]) + len(audios[:1]) else "a stream is of no known codec"
        share = 0.0
        if copy is not None:
            copy.begin(container)
        try:
            for packet in container.demux(readable) if readable else ():
                reader = watch if watch and packet.stream is watch.stream else ear
                assert reader is not None
                damage = damage or _taken(reader, packet)
                share = max(share, min((packet.pos or 0) / size, 1.0))
                if progress:
                    progress(share)
        except av.error.FFmpegError as error:
            damage = damage or f"the file cannot be read to its end ({error.strerror})"
        if copy is not None:
            copy.end(whole=not damage)
        others = len(container.streams) - len(videos) - len(audios)
        picture = watch.finish() if watch else None
        if watch and watch.corrupt_at is not None and not damage:
            damage = f"the frame at {float(watch.corrupt_at):.2f} s is corrupt"
        return ReelFacts(len(videos), len(audios), others, picture, ear.finish() if ear else None, damage)


def _taken(reader: _Watch | _Ear, packet: Any) -> str:
    """Let a reader take a packet, and return what is wrong with it."""
    try:
        reader.take(packet)
    except (av.error.FFmpegError, ValueError) as error:
        at = "an unknown time" if packet.pts is None else f"{float(packet.pts * packet.time_base):.2f} s"
        return f"a packet of {packet.stream.type} at {at} does not decode ({getattr(error, 'strerror', None) or error})"
    return ""


class _Watch:
    """Follows the video stream."""

    def __init__(
        self,
        stream: Any,
        fps: Fraction,
        covered: Collection[Rect],
        *,
        wanted: frozenset[int],
        look: Look | None,
        copy: FrameTaker | None,
    ) -> None:
        stream.thread_type = "AUTO"
        context = stream.codec_context
        self.stream = stream
        self.facts = PictureFacts(
            codec=context.name,
            profile=str(context.profile or "unknown profile"),
            level=int(context.level),
            pixel_format=str(context.pix_fmt),
            width_px=context.width,
            height_px=context.height,
            colour=(int(context.color_primaries), int(context.color_trc), int(context.colorspace), int(context.color_range)),
        )
        self.corrupt_at: Fraction | None = None
        self._fps, self._wanted, self._look, self._copy = fps, wanted, look, copy
        self._stretches = Stretches(covered)
        self._extradata = bytes(context.extradata or b"")
        self._b_run = 0
        self._newest_keyframe: Fraction | None = None

    def take(self, packet: Any) -> None:
        if packet.size and packet.pts is not None:
            self._take_packet(packet)
        for frame in packet.decode():
            self._take_frame(frame)
            if self._copy is not None:
                self._copy.take(frame)

    def _take_packet(self, packet: Any) -> None:
        facts = self.facts
        at = packet.pts * packet.time_base
        facts.pts.append(at)
        second = int(at)
        facts.second_bits[second] = facts.second_bits.get(second, 0) + packet.size * 8
        opens = self._newest_keyframe is not None and at < self._newest_keyframe
        if packet.is_keyframe:
            facts.keyframes.append(at)
            self._newest_keyframe = at
            opens = facts.codec == "h264" and not is_idr(memoryview(packet), self._extradata)
        if opens and facts.open_gop_at is None:
            facts.open_gop_at = at

    def _take_frame(self, frame: Any) -> None:
        facts = self.facts
        at = Fraction(facts.frames_decoded) / self._fps if frame.pts is None else frame.pts * frame.time_base
        facts.frames_decoded += 1
        if frame.is_corrupt and self.corrupt_at is None:
            self.corrupt_at = at
        self._b_run = self._b_run + 1 if frame.pict_type == PictureType.B else 0
        facts.b_run = max(facts.b_run, self._b_run)
        if frame.format.name not in ("yuv420p", "yuvj420p"):
            frame = frame.reformat(format="yuv420p")
        luma = _plane(frame.planes[0])
        small = shrunk(luma)
        self._stretches.take(small, luma.shape, at)
        number = round(at * self._fps)
        if self._look and number in self._wanted:
            self._look(number, Planes(luma, _plane(frame.planes[1]), _plane(frame.planes[2])), small)

    def finish(self) -> PictureFacts:
        facts = self.facts
        facts.pts.sort()
        facts.start_s = facts.pts[0] if facts.pts else Fraction(0)
        if self.stream.start_time is not None:
            facts.start_s = max(facts.start_s, self.stream.start_time * self.stream.time_base, key=abs)
        end = facts.pts[-1] + 1 / self._fps if facts.pts else Fraction(0)
        facts.black, facts.still = self._stretches.finish(end)
        return facts


def _plane(plane: Any) -> Bytes:
    return plane_rows(plane)[: plane.height, : plane.width]


class _Ear:
    """Follows the audio stream."""

    def __init__(self, stream: Any, copy: FrameTaker | None) -> None:
        self.stream, self._copy = stream, copy
        self._to_float = av.AudioResampler(format="fltp")
        self._pieces: list[NDArray[np.float32]] = []
        self._start: Fraction | None = None

    def take(self, packet: Any) -> None:
        for frame in packet.decode():
            if self._start is None and frame.pts is not None:
                self._start = frame.pts * frame.time_base
            pieces = [frame] if frame.format.name == "fltp" else self._to_float.resample(frame)
            self._pieces.extend(np.asarray(piece.to_ndarray(), np.float32) for piece in pieces)
            if self._copy is not None:
                self._copy.take(frame)

    def finish(self) -> SoundFacts:
        context = self.stream.codec_context
        samples = np.concatenate(self._pieces, axis=1).T if self._pieces else np.zeros((0, max(context.channels, 1)), np.float32)
        return SoundFacts(
            codec=context.name,
            profile=str(context.profile or "unknown profile"),
            rate_hz=context.sample_rate,
            channels=context.channels,
            start_s=self._start or Fraction(0),
            samples=np.ascontiguousarray(samples),
        )
