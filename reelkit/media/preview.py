"""Small copies for pages and notebooks: a preview of a reel, its poster, stills, a narration to listen to.

They are made to be embedded, so each has a bound on its bytes. The reel itself is never touched.
"""

from __future__ import annotations

import io
import math
from contextlib import AbstractContextManager, ExitStack, closing, suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream
from numpy.typing import NDArray

from reelkit.errors import ClipError, ComposeError, ReelkitError
from reelkit.media.encode import tag_colours
from reelkit.media.probe import open_video, video_stream
from reelkit.media.stills import even, frame_near, jpeg, rgb_of
from reelkit.whole import whole_file, write_whole

__all__ = ["FlowingSound", "PreviewCopy", "audio_stream", "make_poster", "make_preview", "music_copy", "narration_copy", "reel_stills"]

_PREVIEW_FPS, _WIDTH_PX, _MAX_BYTES = 15, 360, 900_000
_AUDIO_HZ = 48_000
_AAC_FRAME = 1024
_MUSIC_BPS = 128_000
_OVERHEAD = 0.94
"""The share of a file's bytes that is pictures and sound; the rest is its index."""
_GOOD_VIDEO_BPS = 110_000
"""What 360 px at 15 frames a second need to look clean; with less the picture is made smaller instead of blockier."""
_TRIES = (1.0, 0.6, 0.35)


# --- a moving preview -----------------------------------------------------------------------------------------------


def make_preview(reel_path: Path, out_path: Path, *, width_px: int = _WIDTH_PX, max_bytes: int = _MAX_BYTES) -> Path:
    """Write a small H.264/AAC copy of a reel that any browser plays from the first byte.

    About 15 frames a second, mono sound, ``moov`` first. The same reel gives the same bytes.

    Parameters
    ----------
    reel_path : Path
    out_path : Path
        Appears whole or not at all.
    width_px : int
        Width at most; a long reel gets a smaller picture, so that ``max_bytes`` holds.
    max_bytes : int

    Returns
    -------
    Path
        ``out_path``.

    Raises
    ------
    ComposeError
        When the reel cannot be read, or is too long for so few bytes.
    """
    with whole_file(out_path) as temporary:
        for share in _TRIES:
            with _open_reel(reel_path) as reel:
                try:
                    _write_preview(reel, temporary, width_px, round(max_bytes * share))
                except av.FFmpegError as error:
                    raise ComposeError(f"preview of {reel_path.name}: {error.strerror}; render the reel again") from None
            if temporary.stat().st_size <= max_bytes:
                break
        else:
            raise ComposeError(f"preview of {reel_path.name}: does not fit into {max_bytes:,} bytes; allow more, or make the reel shorter")
    return out_path


def _open_reel(path: Path) -> InputContainer:
    try:
        return open_video(path)
    except ClipError as error:
        raise ComposeError(f"reel {error}") from None


def _write_preview(reel: InputContainer, out: Path, width_px: int, max_bytes: int) -> None:
    video_stream(reel).thread_type = "AUTO"
    with closing(_Writer(reel, out, width_px, max_bytes)) as writer:
        # Deblocked, and all of them: the check's pass gives the same frames, so that a preview is the same bytes whoever made it.
        for frame in reel.decode(video_stream(reel), *reel.streams.audio[:1]):
            if isinstance(frame, VideoFrame | av.AudioFrame):
                writer.take(frame)
        writer.finish()


class PreviewCopy:
    """Makes the preview of :func:`make_preview` from frames that somebody else decodes, so that the reel is decoded once.

    What goes wrong with the copy is nobody else's trouble: it is then left out, and can be made by :func:`make_preview`.

    Parameters
    ----------
    place : context manager
        Gives a path to write to, and keeps what was written on a clean exit only.
    width_px, max_bytes : int
        As for :func:`make_preview`.
    """

    def __init__(self, place: AbstractContextManager[Path], *, width_px: int = _WIDTH_PX, max_bytes: int = _MAX_BYTES) -> None:
        self._place, self._width_px, self._max_bytes = place, width_px, max_bytes
        self._stack = ExitStack()
        self._out = Path()
        self._writer: _Writer | None = None

    def begin(self, reel: InputContainer) -> None:
        """Begin with a reel that is open and whose frames will come."""
        try:
            self._out = self._stack.enter_context(self._place)
            self._writer = self._stack.enter_context(closing(_Writer(reel, self._out, self._width_px, self._max_bytes)))
        except (av.FFmpegError, OSError, ReelkitError):
            self._give_up()

    def take(self, frame: VideoFrame | av.AudioFrame) -> None:
        """Take a decoded frame, each stream's in order."""
        try:
            if self._writer is not None:
                self._writer.take(frame)
        except (av.FFmpegError, OSError):
            self._give_up()

    def end(self, *, whole: bool) -> None:
        """Keep the copy where every frame came and it is small enough."""
        try:
            if self._writer is not None and whole:
                self._writer.finish()
                if self._out.stat().st_size <= self._max_bytes:
                    self._stack.close()
        except (av.FFmpegError, OSError, ReelkitError):
            pass
        self._give_up()

    def _give_up(self) -> None:
        self._writer = None
        # A file that a full disk cut short cannot be closed without another error.
        with suppress(_NotKept, av.FFmpegError, OSError), self._stack:
            raise _NotKept


class _NotKept(Exception):
    """Ends the place of a copy that is not kept."""


class _Writer:
    """Writes the preview of a reel, frame by frame."""

    def __init__(self, reel: InputContainer, out: Path, width_px: int, max_bytes: int) -> None:
        source = video_stream(reel)
        context = source.codec_context
        rate = source.average_rate or source.guessed_rate or Fraction(30)
        step = max(round(rate / _PREVIEW_FPS), 1)
        duration_s = max((reel.duration or 0) / av.time_base, 1.0)
        total_bps = max_bytes * 8 * _OVERHEAD / (duration_s + 2)
        audio_bps = min(64_000, max(24_000, round(total_bps / 4))) if reel.streams.audio else 0
        video_bps = max(round(total_bps) - audio_bps, 8_000)
        width = even(min(width_px, max(160.0, width_px * math.sqrt(video_bps / _GOOD_VIDEO_BPS)), context.width))
        self._container = av.open(str(out), "w", options={"movflags": "+faststart", "fflags": "+bitexact"})
        video = _video_stream(self._container, rate / step, width, even(width * context.height / context.width), video_bps)
        self._sound = FlowingSound(audio_stream(self._container, audio_bps), self._container) if audio_bps else None
        self._resampler = av.AudioResampler(format="fltp", rate=_AUDIO_HZ)
        self._pictures = _Cadence(video, self._container, step, rate, source.frames or round(duration_s * rate))

    def take(self, frame: VideoFrame | av.AudioFrame) -> None:
        if isinstance(frame, VideoFrame):
            self._pictures.take(frame)
        elif self._sound is not None:
            for piece in self._resampler.resample(frame):
                self._sound.take(_one_channel(piece))

    def finish(self) -> None:
        self._pictures.finish()
        if self._sound is not None:
            for piece in self._resampler.resample(None):
                self._sound.take(_one_channel(piece))
            self._sound.finish()
        self.close()

    def close(self) -> None:
        self._container.close()


def _one_channel(piece: av.AudioFrame) -> av.AudioFrame:
    """Return the mean of the channels. FFmpeg's own is 3 dB louder than a voice in both, and passes full scale."""
    made = av.AudioFrame.from_ndarray(piece.to_ndarray().mean(axis=0, keepdims=True), "fltp", "mono")
    made.sample_rate = piece.sample_rate
    return made


class _Cadence:
    """Turns a reel's frames into every ``step``-th one: the latest that is not too late, should one be missing."""

    def __init__(self, stream: VideoStream, container: OutputContainer, step: int, rate: Fraction, frame_count: int) -> None:
        self._stream, self._container = stream, container
        self._step, self._rate, self._count = step, rate, frame_count
        self._held: VideoFrame | None = None
        self._written = 0

    def take(self, frame: VideoFrame) -> None:
        index = 0 if frame.pts is None or frame.time_base is None else round(frame.pts * frame.time_base * self._rate)
        self._write_until(index)
        self._held = frame

    def finish(self) -> None:
        self._write_until(self._count)
        self._container.mux(self._stream.encode(None))

    def _write_until(self, index: int) -> None:
        if self._held is None or self._written * self._step >= index:
            return
        small = self._held.reformat(
            self._stream.width, self._stream.height, "yuv420p", interpolation=Interpolation.AREA | Interpolation.BITEXACT, threads=1
        )
        small.time_base = 1 / (self._stream.average_rate or self._rate)
        while self._written * self._step < index:
            small.pts = self._written
            self._container.mux(self._stream.encode(small))
            self._written += 1


def _video_stream(container: OutputContainer, rate: Fraction, width: int, height: int, bps: int) -> VideoStream:
    options = {
        "preset": "superfast",
        "crf": "27",
        "maxrate": str(bps),
        "bufsize": str(bps * 2),
        "g": str(round(rate * 2)),
        "x264-params": "threads=1",
    }
    stream = container.add_stream("libx264", rate=rate, options=options)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    tag_colours(stream.codec_context)
    return stream


def audio_stream(container: OutputContainer, bps: int, rate_hz: int = _AUDIO_HZ, *, layout: str = "mono") -> AudioStream:
    """Add a stream of AAC to a file."""
    stream = container.add_stream("aac", rate=rate_hz, layout=layout, options={"aac_coder": "fast", "flags": "+bitexact"})
    stream.bit_rate = bps
    return stream


class FlowingSound:
    """Encodes sound as it comes. The packet of silence that the encoder puts before it is left out, so that sound starts at 0."""

    def __init__(self, stream: AudioStream, container: OutputContainer) -> None:
        self._stream, self._container = stream, container
        self._fifo = av.AudioFifo()
        self._taken = 0

    def take(self, frame: av.AudioFrame) -> None:
        frame.pts = None
        self._fifo.write(frame)
        self._write(partial=False)

    def finish(self) -> None:
        self._write(partial=True)
        self._encode(None)

    def _write(self, *, partial: bool) -> None:
        while (piece := self._fifo.read(_AAC_FRAME, partial=partial)) is not None:
            piece.pts, piece.time_base = self._taken, Fraction(1, piece.sample_rate)
            self._taken += piece.samples
            self._encode(piece)

    def _encode(self, piece: av.AudioFrame | None) -> None:
        self._container.mux([packet for packet in self._stream.encode(piece) if packet.pts is not None and packet.pts >= 0])


def narration_copy(samples: NDArray[np.float32], rate_hz: int, *, max_bytes: int = 300_000) -> bytes:
    """Return a narration as a small M4A (AAC, mono) to listen to on a page.

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n,)]
    rate_hz : int
        Where AAC does not know it, the copy has 48 kHz.
    max_bytes : int
        Aimed at; a narration of more than a minute or so may need more, since speech under 24 kbit/s is no pleasure.
    """
    duration_s = max(len(samples) / rate_hz, 1.0)
    return _sound_copy(samples[None, :], rate_hz, round(min(64_000.0, max(24_000.0, max_bytes * 8 * _OVERHEAD / duration_s))))


def music_copy(samples: NDArray[np.float32], rate_hz: int) -> bytes:
    """Return music, alone or under a voice, as M4A (AAC, stereo, 128 kbit/s); what passes 1 is turned down as a whole.

    Parameters
    ----------
    samples : ndarray of float32 [shape=(n, 2)]
    rate_hz : int
        Where AAC does not know it, the copy has 48 kHz.
    """
    peak = float(np.abs(samples).max(initial=1.0))
    return _sound_copy(np.asarray(samples.T / peak, np.float32), rate_hz, _MUSIC_BPS)


def _sound_copy(planar: NDArray[np.float32], rate_hz: int, bps: int) -> bytes:
    """Return sound [shape=(channels, n)] as M4A."""
    if rate_hz not in (av.Codec("aac", "w").audio_rates or ()):
        import soxr

        planar, rate_hz = soxr.resample(planar.T, rate_hz, _AUDIO_HZ, quality="HQ").T, _AUDIO_HZ
    layout = "mono" if len(planar) == 1 else "stereo"
    target = io.BytesIO()
    with av.open(target, "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        stream = audio_stream(container, bps, rate_hz, layout=layout)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(planar, np.float32), "fltp", layout)
        frame.rate = rate_hz
        sound = FlowingSound(stream, container)
        sound.take(frame)
        sound.finish()
    return target.getvalue()


def make_poster(reel_path: Path, out_path: Path, *, at_s: float = 1.0, width_px: int = 1080, quality: int = 88) -> Path:
    """Write the reel's frame at ``at_s`` seconds as JPEG: what players show before they play.

    The default is a moment at which the hook stands on the screen. A reel that is shorter gives its last frame.

    Raises
    ------
    ComposeError
        When the reel cannot be read.
    """
    with _open_reel(reel_path) as reel:
        frame = frame_near(reel, at_s, exact=True)
    if frame is None:
        raise ComposeError(f"poster of {reel_path.name}: no frame of it can be decoded; render the reel again")
    return write_whole(out_path, jpeg(rgb_of(frame), width_px=width_px, quality=quality))


def reel_stills(reel_path: Path, *, count: int = 24, width_px: int = 180, quality: int = 74) -> list[tuple[float, bytes]]:
    """Return stills spread over a finished reel, as (seconds, JPEG): a contact sheet.

    Keyframes are taken (a reel has one a second), so that a sheet costs a few frames, not a whole decoding.

    Raises
    ------
    ComposeError
        When the reel cannot be read.
    """
    stills: dict[float, bytes] = {}
    with _open_reel(reel_path) as reel:
        duration_s = (reel.duration or 0) / av.time_base
        for index in range(count):
            frame = frame_near(reel, duration_s * (index + 0.5) / count, exact=False)
            if frame is not None and frame.time is not None and frame.time not in stills:
                stills[frame.time] = jpeg(rgb_of(frame), width_px=width_px, quality=quality)
    return sorted(stills.items())
