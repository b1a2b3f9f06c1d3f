"""Single pictures as JPEG: frames and clips small enough to be embedded in a page."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream
from PIL import Image

from reelkit.errors import ClipError
from reelkit.media.displayed import orientation_of, upright
from reelkit.media.packets import frames_from, whole_packets
from reelkit.media.pictures import is_webp, read_picture
from reelkit.media.planes import Bytes, Planes, planes_to_rgb
from reelkit.media.probe import open_video, video_stream
from reelkit.model import Clip

__all__ = ["clip_thumbnails", "even", "frame_near", "jpeg", "rgb_of"]

_NEAR_S = 2
_LOOK_ON_FRAMES = 90
"""Some files have one keyframe: so far is decoded from it for a picture of another moment."""


def jpeg(picture: Planes | Bytes, *, width_px: int, quality: int = 80) -> bytes:
    """Return a picture as JPEG, scaled down to a width (never up).

    Parameters
    ----------
    picture : Planes or ndarray of uint8 [shape=(height, width, 3)]
        A frame, or RGB.
    width_px : int
    quality : int
        1 to 95.
    """
    rgb = planes_to_rgb(picture) if isinstance(picture, Planes) else picture
    height, width = rgb.shape[:2]
    if width > width_px:
        rgb = cv2.resize(rgb, (width_px, max(round(height * width_px / width), 1)), interpolation=cv2.INTER_AREA).astype(np.uint8)
    target = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb)).save(target, "JPEG", quality=quality, optimize=True, progressive=False)
    return target.getvalue()


def clip_thumbnails(clip: Clip, *, count: int = 3, width_px: int = 150, quality: int = 72) -> list[bytes]:
    """Return a clip as a strip of JPEGs, upright and in its displayed shape; a picture gives one.

    Parameters
    ----------
    clip : Clip
    count : int
        Moments of a video, spread evenly.

    Raises
    ------
    ClipError
        When the file is gone or does not decode.
    """
    if clip.kind == "image" or is_webp(clip.path):
        return [jpeg(_picture(clip.path, width_px), width_px=width_px, quality=quality)]
    strip = []
    with open_video(clip.path) as container:
        aspect = video_stream(container).sample_aspect_ratio or Fraction(1)
        for index in range(count):
            frame = frame_near(container, (clip.duration_ms or 0) / 1000 * (index + 0.5) / count, exact=False)
            if frame is None:
                raise ClipError(f"{clip.path.name}: does not decode; replace the file")
            strip.append(jpeg(_upright(frame, aspect, width_px), width_px=width_px, quality=quality))
    return strip


def _picture(path: Path, width_px: int) -> Bytes:
    try:
        seen = read_picture(path, box_px=(width_px * 2, width_px * 4))
    except (OSError, EOFError, RuntimeError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ClipError(f"picture {path.name} cannot be shown: {error}; replace the file") from None
    # On grey both black ink and white show.
    return np.asarray(Image.alpha_composite(Image.new("RGBA", seen.size, "grey"), seen).convert("RGB"))


def _upright(frame: VideoFrame, aspect: Fraction, width_px: int) -> Bytes:
    orientation = orientation_of(frame)
    width, height = frame.width * float(aspect), float(frame.height)
    scale = min(width_px / (height if orientation[1] % 2 else width), 1.0)
    small = frame.reformat(even(width * scale), even(height * scale), interpolation=Interpolation.AREA)
    return upright(rgb_of(small), orientation)


def rgb_of(frame: VideoFrame) -> Bytes:
    """Return a decoded frame as RGB [shape=(height, width, 3)]."""
    return frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)


def frame_near(container: InputContainer, at_s: float, *, exact: bool) -> VideoFrame | None:
    """Return the frame at a time, or where near is enough the keyframe before it (a while on where that one is far off)."""
    stream = video_stream(container)
    base = stream.time_base or Fraction(1, 1000)
    target = (stream.start_time or 0) + int(at_s / base)
    if not exact:
        near = _keyframe(container, stream, target)
        if near is not None and near.pts is not None and (target - near.pts) * base <= _NEAR_S:
            return near
    last: VideoFrame | None = None
    for number, frame in enumerate(frames_from(container, stream, target)):
        if frame.pts is not None and frame.pts > target and last is not None:
            break
        last = frame
        far = frame.pts is not None and (target - frame.pts) * base > _NEAR_S
        if not exact and (not far or number >= _LOOK_ON_FRAMES):
            break
    return last


def _keyframe(container: InputContainer, stream: VideoStream, target: int) -> VideoFrame | None:
    """Return the keyframe before a time, without decoding those after it for which a decoder waits before it gives one."""
    try:
        container.seek(target, stream=stream, backward=True)
        packet = next(whole_packets(container, stream), None)
        frames = [] if packet is None else packet.decode() or stream.codec_context.decode(None)
    except av.FFmpegError:
        return None
    if not frames or frames[0].is_corrupt:
        return None
    frames[0].time_base = stream.time_base
    return frames[0]


def even(length: float) -> int:
    """Return the nearest even whole number, at least 2."""
    return max(round(length / 2) * 2, 2)
