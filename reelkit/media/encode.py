"""The one lossy encode: segments of a timeline, each by an encoder of its own, and their join into an MP4 without encoding again.

A segment is a run of whole closed GOPs. Each is encoded by a fresh x264 with the same parameter sets, so that its packets can be kept by
what they show and put together in any reel. At the join only timestamps change.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import av
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from reelkit.errors import ComposeError
from reelkit.media.loudness import EncodedAudio
from reelkit.media.planes import Planes, plane_rows
from reelkit.model import Fps, Value

__all__ = [
    "Canvas",
    "EncoderSettings",
    "Finer",
    "begin_segment",
    "encode_segment",
    "join_segments",
    "release_memory",
    "return_large_memory",
    "reuse_memory",
    "tag_colours",
]

Result = TypeVar("Result")

_MOVFLAGS = {"movflags": "+faststart+negative_cts_offsets", "use_editlist": "0"}
"""Plain faststart leaves an edit list; without one, only negative composition offsets let both streams start at 0."""


class Finer(NamedTuple):
    """A stretch of frames that gets ``times`` as many bits as it would, first and last counted from the segment's start."""

    first: int
    last: int
    times: float


class EncoderSettings(Value):
    """How the picture is encoded (H.264 High, constant quality under a cap, closed GOPs of a second where no length is given)."""

    crf: int = 20
    preset: str = "superfast"
    max_kbit_s: int = 12_000
    gop_frames: int | None = None

    def x264(self, fps: Fps, *, finer: Sequence[Finer] = ()) -> dict[str, str]:
        """Return the encoder's options; of stretches that overlap, the later counts."""
        gop = self.gop_frames or round(fps.ratio)
        params = {
            "keyint": gop,
            "min-keyint": gop,
            "scenecut": 0,
            "open-gop": 0,
            "bframes": 2,
            # Looking for fades costs time and brings next to nothing.
            "weightp": 0,
            "b-pyramid": "none",
            "stitchable": 1,
            "force-cfr": 1,
            "vbv-maxrate": self.max_kbit_s,
            "vbv-bufsize": self.max_kbit_s,
            "threads": 1,
            # superfast without these spends twice to four times the bytes; see _zeroed for what mbtree asks in return.
            "mbtree": 1,
            "rc-lookahead": 10,
        }
        if finer:
            # What x264 would throw away as too little to be worth its bits is the grain.
            params["zones"] = "/".join(f"{first},{last},b={times},no-dct-decimate=1" for first, last, times in finer)
        return {
            "preset": self.preset,
            "crf": str(self.crf),
            "profile": "high",
            "x264-params": ":".join(f"{name}={value}" for name, value in params.items()),
        }


_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""glibc's names for what ``mallopt`` sets."""
_REUSED_BYTES, _KEPT_BYTES, _ZEROED_BYTES = 4 << 20, 64 << 20, 16 << 10
"""Up to here memory is used again, so much of it at the most; what is larger is rarely asked for, and NumPy has it in large pages.
While an encoder takes some, all from the last on is the system's own."""


def reuse_memory(encoders: int = 1) -> None:
    """Have the memory of a frame used again for the next one, for a process that composes many.

    glibc would give each frame's megabytes back to the system, which costs a tenth of a render in page faults. Elsewhere this does nothing.

    Parameters
    ----------
    encoders : int
        How many segments will be encoded at once.
    """
    return_large_memory()
    if allocator := _allocator():
        allocator.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
    # Begun before any other threads, they have memory of their own from the start.
    for number in range(encoders):
        _encoder_thread(number).submit(_zeroed, int).result()


def return_large_memory() -> None:
    """Have the memory of what is large given back to the system as soon as it is free, whatever thread took it.

    glibc would raise its bound to the largest that was ever freed, and a thread then keeps up to 64 MB. It stays so, for the whole process;
    elsewhere this does nothing.
    """
    if allocator := _allocator():
        allocator.mallopt(_MMAP_THRESHOLD, _REUSED_BYTES)


def release_memory() -> None:
    """Give what was held back to the system: what comes next finds no holes left by it, and need not grow around them."""
    gc.collect()
    if allocator := _allocator():
        allocator.malloc_trim(0)


def _zeroed(act: Callable[..., Result], *given: Any) -> Result:
    """Call a part of an encoder, on its own thread, so that its pictures lie in memory that comes from the system and goes back to it.

    x264's mbtree reads what it never wrote in the pictures that it looks ahead at, so that a segment could differ by a few bytes from one
    long-lived process to the next. The system's memory is always zero; and where glibc has a stock for each thread, this one's never holds
    anything so large that it would be used again. Without AVX-512 (``asm=AVX2``) no difference was seen, for 8 % more time.
    """
    with _THE_SYSTEMS_OWN:
        return act(*given)


class _SystemsOwnMemory:
    """While somebody is within it, memory that is large is the system's own."""

    def __init__(self) -> None:
        self._lock, self._within = threading.Lock(), 0

    def __enter__(self) -> None:
        self._add(1)

    def __exit__(self, *_: object) -> None:
        self._add(-1)

    def _add(self, one: int) -> None:
        with self._lock:
            self._within += one
            if allocator := _allocator():
                allocator.mallopt(_MMAP_THRESHOLD, _ZEROED_BYTES if self._within else _REUSED_BYTES)


_THE_SYSTEMS_OWN = _SystemsOwnMemory()


@functools.cache
def _encoder_thread(number: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, f"encoder {number}")


@functools.cache
def _allocator() -> ctypes.CDLL | None:
    """Return the C library where it is glibc."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None


class Canvas:
    """A frame of the encoder, to compose into: what is drawn on its planes need not be copied.

    Parameters
    ----------
    width_px, height_px : int
    """

    def __init__(self, width_px: int, height_px: int) -> None:
        self.frame = av.VideoFrame(width_px, height_px, "yuv420p")
        self.frame.color_range, self.frame.colorspace = ColorRange.MPEG, Colorspace.ITU709
        y, u, v = (plane_rows(plane)[: plane.height, : plane.width] for plane in self.frame.planes)
        self.planes = Planes(y, u, v)

    def holding(self, planes: Planes, index: int, time_base: Fraction) -> av.VideoFrame:
        """Return the encoder's frame with what ``planes`` show, at a time; x264 copies what it is given."""
        if planes is not self.planes:
            planes.copy_to(self.planes)
        self.frame.pts, self.frame.time_base = index, time_base
        return self.frame


def tag_colours(context: VideoCodecContext) -> None:
    """Have an encoder say in its file that pictures are BT.709 in limited range; players that are told nothing guess, each its own way."""
    context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG


def encode_segment(
    frames: Iterable[Planes],
    path: Path,
    *,
    size_px: tuple[int, int],
    fps: Fps,
    settings: EncoderSettings,
    finer: Sequence[Finer] = (),
) -> None:
    """Encode frames as one segment, an MP4 that holds nothing but its packets.

    Parameters
    ----------
    frames : iterable of Planes
    path : Path
        Written as it is given: the caller renames it into place.
    size_px : tuple of int
        (width, height).
    finer : sequence of Finer, optional

    Raises
    ------
    ComposeError
        When the encoder refuses or the disk is full.
    InterruptedError
        From ``frames``, as it is: for whoever gives them and is asked to stop.
    """
    begin_segment(frames, path, size_px=size_px, fps=fps, settings=settings, canvases=[Canvas(*size_px)], finer=finer)()


def begin_segment(
    frames: Iterable[Planes],
    path: Path,
    *,
    size_px: tuple[int, int],
    fps: Fps,
    settings: EncoderSettings,
    canvases: Sequence[Canvas],
    finer: Sequence[Finer] = (),
    encoder: int = 0,
) -> Callable[[], None]:
    """Begin a segment as :func:`encode_segment` makes it: take its frames, and return what waits until they are encoded.

    Parameters
    ----------
    canvases : sequence of Canvas
        On whose planes the frames are drawn, in turn: on more than one, while the encoder works on those before. They are free again when
        the segment is whole.
    encoder : int
        Which of the process's encoders to take; each works on its own, on one segment at a time.
    """
    with _as_one_line(), ExitStack() as opened:
        output = opened.enter_context(av.open(str(path), "w", format="mp4", options=_MOVFLAGS))
        stream = output.add_stream("libx264", rate=fps.ratio, options=settings.x264(fps, finer=finer))
        stream.width, stream.height = size_px
        stream.pix_fmt = "yuv420p"
        stream.time_base = 1 / fps.ratio
        stream.codec_context.time_base = 1 / fps.ratio
        tag_colours(stream.codec_context)
        thread = _encoder_thread(encoder)
        thread.submit(_zeroed, output.start_encoding).result()
        under_way: deque[Future[Any]] = deque()
        # Whatever goes wrong, the encoder is not closed while it works.
        opened.callback(wait, under_way)
        for index, planes in enumerate(frames):
            frame = canvases[index % len(canvases)].holding(planes, index, 1 / fps.ratio)
            under_way.append(thread.submit(_zeroed, stream.encode, frame))
            # On another canvas the next frame may be composed meanwhile.
            while len(under_way) >= len(canvases):
                output.mux(under_way.popleft().result())
        under_way.append(thread.submit(_zeroed, stream.encode, None))
        left = opened.pop_all()

    def finish() -> None:
        with _as_one_line(), left:
            while under_way:
                output.mux(under_way.popleft().result())

    return finish


@contextmanager
def _as_one_line() -> Iterator[None]:
    try:
        yield
    except InterruptedError:
        raise  # who gives the frames was asked to stop: nothing went wrong
    except (av.FFmpegError, OSError) as error:
        why = error.strerror or error
        raise ComposeError(f"compose: a segment could not be encoded: {why}; free some disk space or look at output in the brand") from None


@dataclass(frozen=True)
class _Packet:
    pts: int
    keyframe: bool
    content: bytes


def _packets(path: Path, fps: Fps, parameter_sets: bytes) -> list[_Packet]:
    # Opening would decode the first frames, to find out what is known of a segment.
    with av.open(str(path), options={"ignore_editlist": "1", "skip_frame": "all"}) as segment:
        stream = segment.streams.video[0]
        if bytes(stream.codec_context.extradata or b"") != parameter_sets:
            raise ComposeError(
                f"compose: segment {path.name} was encoded with other settings; clear the cache with `reelkit clean --keep-gb 0`"
            )
        packets = []
        for packet in segment.demux(stream):
            if packet.size and packet.pts is not None and packet.time_base is not None:
                pts = packet.pts * packet.time_base * fps.ratio
                if pts.denominator != 1:
                    raise ComposeError(
                        f"compose: segment {path.name} has a picture at {pts} frames; clear the cache with `reelkit clean --keep-gb 0`"
                    )
                packets.append(_Packet(int(pts), packet.is_keyframe, bytes(packet)))
        return packets


def join_segments(
    segments: Sequence[Path],
    audio: EncodedAudio,
    path: Path,
    *,
    fps: Fps,
    tags: dict[str, str],
    progress: Callable[[float], None] | None = None,
) -> int:
    """Join segments and sound into an MP4 without encoding again; return the number of frames.

    ``moov`` stands before ``mdat``, both streams start at 0 and there is no edit list.

    Raises
    ------
    ComposeError
        When segments were made with other parameter sets, or the file cannot be written.
    """
    try:
        with av.open(str(path), "w", format="mp4", options=_MOVFLAGS) as output, av.open(str(segments[0])) as first:
            output.metadata.update(tags)
            video = output.add_stream_from_template(first.streams.video[0])
            video.time_base = 1 / fps.ratio
            sound = output.add_stream("aac", rate=audio.rate_hz, layout="stereo", options={"aac_coder": "fast"})
            sound.bit_rate = 192_000
            sound.codec_context.time_base = Fraction(1, audio.rate_hz)
            output.start_encoding()
            if bytes(sound.codec_context.extradata or b"")[:2] != audio.extradata[:2]:
                raise ComposeError(
                    "compose: the sound was encoded with other settings than the file expects; "
                    "clear the cache with `reelkit clean --keep-gb 0`"
                )
            heard, frames, parameter_sets = 0, 0, bytes(first.streams.video[0].codec_context.extradata or b"")
            for number, segment in enumerate(segments):
                packets = _packets(segment, fps, parameter_sets)
                # Decoding runs ahead of showing by the depth of reordering; the same in every segment.
                for index, item in enumerate(packets):
                    packet = av.Packet(item.content)
                    packet.stream, packet.time_base = video, 1 / fps.ratio
                    packet.pts, packet.dts, packet.duration = frames + item.pts, frames + index - 2, 1
                    packet.is_keyframe = item.keyframe
                    output.mux_one(packet)
                frames += len(packets)
                until = len(audio.packets) if number == len(segments) - 1 else int(frames / fps.ratio * audio.rate_hz / audio.frame_samples)
                for index in range(heard, min(until, len(audio.packets))):
                    packet = av.Packet(audio.packets[index])
                    packet.stream, packet.time_base = sound, Fraction(1, audio.rate_hz)
                    packet.pts = packet.dts = index * audio.frame_samples
                    packet.duration = audio.frame_samples
                    packet.is_keyframe = True
                    output.mux_one(packet)
                heard = max(heard, until)
                if progress is not None:
                    progress((number + 1) / len(segments))
            return frames
    except (av.FFmpegError, OSError) as error:
        raise ComposeError(
            f"compose: the reel could not be written: {error.strerror or error}; free some disk space and run it again"
        ) from None
