"""Is a file usable footage, and what is in it?

Footage comes from folders and from stock sites, so a file may be anything: an error page, a playlist that would make a decoder open
other files, a picture that unpacks to gigabytes. No name is trusted. The kind is read from the first bytes, only plain containers
are tried, only the file itself may be opened, and time is bounded: a few single frames are decoded, never the whole clip.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from reelkit.errors import ClipError
from reelkit.media.displayed import displayed_size, orientation_of, unread_colours
from reelkit.media.footage_norms import MAX_SIDE_PX, brightness_of, check_length, check_seen, check_size, is_black, is_like
from reelkit.media.packets import frames_from, whole_packets
from reelkit.media.probe_picture import loops_for_ever, picture_form, probe_picture
from reelkit.media.svg import HEAD_BYTES, is_svg
from reelkit.model import ClipFacts

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

__all__ = ["DEMUXERS", "open_video", "probe_clip", "video_stream"]

DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,gif,asf,ogg,mxf,ivf,yuv4mpegpipe,nut"
"""Containers that hold their own pictures. No playlist or script (hls, dash, concat, sdp, image sequences) is among them."""

_TIMEOUT_S = 10.0
_LOOK_FRAMES = 250
_LOOKS = (0.0, 0.5, 0.9)
_STILL_S = 1.5
_HEAD_BYTES = 64
_NOT_FOOTAGE = {
    b"#extm3u": "a playlist that names other files",
    b"ffconcat": "a playlist that names other files",
    b"[playlist]": "a playlist that names other files",
    b"v=0": "a stream description that names other files",
    b"<?xml": "a text file",
    b"<!doctype html": "a web page, often an error page saved as a download",
    b"<html": "a web page, often an error page saved as a download",
    b"%pdf": "a PDF",
    b"pk\x03\x04": "a ZIP archive",
}


def open_video(path: Path) -> InputContainer:
    """Open a video file, and nothing but that file.

    Only the ``file`` protocol and the containers in :data:`DEMUXERS` are allowed, so that no playlist can name another file or host.
    Decoding threads are the caller's to set.

    Parameters
    ----------
    path : Path

    Returns
    -------
    av.container.InputContainer
        With at least one video stream (a cover picture does not count); :func:`video_stream` gives it.

    Raises
    ------
    ClipError
        With one line that names the file and says what it is instead.
    """
    head = _head(path)
    try:
        container = av.open(
            f"file:{path.absolute()}", options={"protocol_whitelist": "file", "format_whitelist": DEMUXERS}, timeout=_TIMEOUT_S
        )
    except (FFmpegError, ValueError, OSError):
        raise ClipError(f"{path.name}: {_what_else(head)}; use a whole MP4, MOV, WebM, MKV, JPEG or PNG file") from None
    if not any(map(_moves, container.streams.video)):
        sound = " (only sound)" if container.streams.audio else ""
        unread = any(stream.codec_context is None for stream in container.streams.video)
        container.close()
        if unread:
            raise ClipError(f"{path.name}: its video is in a form that cannot be decoded here; convert it to H.264 MP4")
        raise ClipError(f"{path.name}: has no video{sound}; replace it, or remove it from the footage")
    return container


def video_stream(container: InputContainer) -> VideoStream:
    """Return the stream that :func:`open_video` vouches for: the first that can be decoded and is no cover picture."""
    return next(filter(_moves, container.streams.video))


def probe_clip(path: Path) -> ClipFacts:
    """Look at a file and say what footage is in it.

    A video that is cut short counts with the part that can be decoded, where that lasts at least half a second. A video (or picture)
    in which nothing but black is found is refused: on a reel it would look like a fault. An animated GIF or WebP is a
    video; of other animated pictures the first frame counts. An SVG drawing is a picture, as large as a reel can show it.

    Parameters
    ----------
    path : Path

    Returns
    -------
    ClipFacts

    Raises
    ------
    ClipError
        With one line that names the file, says what is wrong with it, and what to do.
    """
    head = _head(path)
    form = picture_form(head)
    facts = probe_picture(path, form) if form else None
    if facts is not None:
        return facts
    with open_video(path) as container:
        found = _probe_video(path, container)
    return found.model_copy(update={"loops": form == "GIF" and loops_for_ever(path)})


def _head(path: Path) -> bytes:
    try:
        if not path.is_file():
            kind = "is a folder" if path.is_dir() else "is not a plain file" if path.exists() else "does not exist"
            raise ClipError(f"{path.name}: {kind}; name a video or a picture")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise ClipError(f"{path.name}: cannot be read ({error.strerror}); check its permissions") from None
    if not head:
        raise ClipError(f"{path.name}: is empty (0 bytes); copy or download it again")
    other = _other_kind(head)
    if other:
        raise ClipError(f"{path.name}: is {other}, not footage; replace it with a video or a picture")
    return head


def _other_kind(head: bytes) -> str | None:
    if is_svg(head):
        return None
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return next((kind for magic, kind in _NOT_FOOTAGE.items() if start.startswith(magic)), None)


def _what_else(head: bytes) -> str:
    if all(byte >= 32 or byte in b"\t\r\n\f" for byte in head):
        return "is a text file, not footage"
    if head[4:8] == b"ftyp" or head.startswith(b"\x1aE\xdf\xa3"):
        return "is a video that is cut short or damaged: its index is missing"
    return "is not a video or picture that can be read"


def _moves(stream: VideoStream) -> bool:
    # Of what no decoder is for there is no context.
    return stream.codec_context is not None and not stream.disposition & stream.disposition.attached_pic


def _probe_video(path: Path, container: InputContainer) -> ClipFacts:
    stream = video_stream(container)
    context = stream.codec_context
    check_size(path, context.width, context.height, MAX_SIDE_PX * MAX_SIDE_PX)
    stream.thread_type = "AUTO"
    context.thread_count = 2
    duration_ms = _decodable_ms(container, stream)
    if duration_ms == 0:
        raise ClipError(f"{path.name}: nothing in it can be decoded; it is cut short or damaged, copy or download it again")
    check_length(path, duration_ms)
    looks = [frame for share in _LOOKS for frame in itertools.islice(_frames_from(container, stream, duration_ms * share), 1)]
    if not looks:
        raise ClipError(f"{path.name}: no frame of it can be decoded ({context.name}); convert it to H.264 MP4")
    first = looks[0]
    check_size(path, first.width, first.height, MAX_SIDE_PX * MAX_SIDE_PX)
    seen = [_small(path, frame) for frame in looks]
    if all(map(is_black, seen)):
        # A long group of pictures answers every seek with its first frame: look further before calling a clip black.
        seen += [_small(path, frame) for frame in itertools.islice(_frames_from(container, stream, duration_ms / 2), 10, _LOOK_FRAMES, 20)]
    check_seen(path, seen)
    aspect = stream.sample_aspect_ratio or context.sample_aspect_ratio
    width, height = displayed_size(first, aspect)
    check_size(path, width, height, MAX_SIDE_PX * MAX_SIDE_PX)
    rate = stream.average_rate or stream.guessed_rate
    return ClipFacts(
        kind="video",
        width_px=width,
        height_px=height,
        rotation_deg=-90 * orientation_of(first)[1] % 360,
        duration_ms=duration_ms,
        fps=float(rate) if rate else None,
        codec=context.name,
        brightness=brightness_of(seen),
        still=any(
            is_like(*pair) and _stands(path, container, stream, share * duration_ms)
            for share, pair in zip(_LOOKS, itertools.pairwise(seen), strict=False)
        ),
    )


def _stands(path: Path, container: InputContainer, stream: VideoStream, at_ms: float) -> bool:
    """Return whether nothing moves for a while from a moment on: two looks may also be alike as one keyframe answered both."""
    first: tuple[float, NDArray[np.float32]] | None = None
    for frame in _frames_from(container, stream, at_ms):
        if first is None:
            first = frame.time or 0.0, _small(path, frame)
        elif not is_like(first[1], _small(path, frame)):
            return False
        elif (frame.time or 0.0) - first[0] >= _STILL_S:
            break
    return True


def _decodable_ms(container: InputContainer, stream: VideoStream) -> int:
    """Return how long the packets last that are really there, whatever the header claims."""
    claimed = _claimed_s(container, stream)
    if claimed:
        # Only the last group of pictures is read where the file keeps what its header promises.
        end = _last_packet_s(container, stream, from_s=claimed)
        if end >= claimed - max(0.5, 0.02 * claimed):
            return round(min(end, claimed) * 1000)
    return round(_last_packet_s(container, stream, from_s=0.0) * 1000)


def _claimed_s(container: InputContainer, stream: VideoStream) -> float:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else 0.0


def _start_s(stream: VideoStream) -> float:
    return float(stream.start_time * stream.time_base) if stream.start_time and stream.time_base else 0.0


def _last_packet_s(container: InputContainer, stream: VideoStream, *, from_s: float) -> float:
    last = 0.0
    start, gap = _start_s(stream), float(1 / stream.average_rate) if stream.average_rate else 0.04
    plain = stream.codec_context.name == "rawvideo"
    with contextlib.suppress(FFmpegError, OSError):
        container.seek(_pts_of(stream, from_s), stream=stream, backward=True)
    for packet in whole_packets(container, stream):
        at = packet.pts if packet.pts is not None else packet.dts
        # What a download has set aside but not fetched is zeros; so is black where pictures are not packed.
        if at is not None and packet.time_base and (plain or any(bytes(packet)[:_HEAD_BYTES])):
            length = float(packet.duration * packet.time_base) if packet.duration else gap
            last = max(last, float(at * packet.time_base) - start + length)
    return last


def _pts_of(stream: VideoStream, at_s: float) -> int:
    return int((at_s + _start_s(stream)) / (stream.time_base or 1))


def _frames_from(container: InputContainer, stream: VideoStream, at_ms: float) -> Iterator[VideoFrame]:
    return frames_from(container, stream, _pts_of(stream, at_ms / 1000), most_packets=_LOOK_FRAMES)


def _small(path: Path, frame: VideoFrame) -> NDArray[np.float32]:
    """Return a thumbnail [shape=(height, 160, 3)], RGB 0 to 1."""
    try:
        small = frame.reformat(width=160, height=max(2, round(160 * frame.height / frame.width)), format="rgb24")
    except FFmpegError:
        raise ClipError(f"{path.name}: {unread_colours(frame)}") from None
    return small.to_ndarray().astype(np.float32) / np.float32(255.0)
