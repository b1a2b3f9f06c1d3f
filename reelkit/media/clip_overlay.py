"""A clip over the reel: its pictures, with alpha, from a lossless file, each as a sprite for its frame."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import InputContainer

from reelkit.errors import ClipError
from reelkit.media.planes import Sprite
from reelkit.model import ClipOverlay

__all__ = ["ClipOverlayPainter", "place_of_clip", "size_of_clip"]

_SPRITES_KEPT = 4
_READ_ON = 8
"""So many pictures are rather read than sought past."""


def size_of_clip(path: Path) -> tuple[int, int, int]:
    """Return a drawn clip's width and height in px and how many frames it has.

    Raises
    ------
    ClipError
        When the file is gone or holds no clip.
    """
    with _opened(path) as container:
        stream = container.streams.video[0]
        return stream.width, stream.height, sum(1 for packet in container.demux(stream) if packet.size)


def place_of_clip(path: Path) -> tuple[int, int]:
    """Return where a clip over the reel stands, left and top in px.

    Raises
    ------
    ClipError
        When the file is gone or holds no such clip.
    """
    with _opened(path) as container:
        tags = {name.lower(): value for name, value in container.metadata.items()}
        return int(tags["x_px"]), int(tags["y_px"])


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    try:
        with av.open(str(path)) as container:
            yield container
    except (av.FFmpegError, OSError, KeyError, IndexError) as error:
        raise ClipError(f"clip {path} cannot be read ({error}); clear the cache with `reelkit clean --keep-gb 0`") from None


class ClipOverlayPainter:
    """Draws a clip over the reel.

    Parameters
    ----------
    overlay : ClipOverlay
    """

    def __init__(self, overlay: ClipOverlay) -> None:
        self.overlay = overlay
        self._at = -1
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._sprite = lru_cache(maxsize=_SPRITES_KEPT)(self._read)

    def layers(self, frame: int) -> list[Sprite]:
        """Return what to blend into a frame, in draw order."""
        overlay = self.overlay
        return [self._sprite(frame - overlay.start)] if overlay.start <= frame < overlay.end else []

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in px of all that is ever seen of it."""
        overlay = self.overlay
        return overlay.x_px, overlay.y_px, overlay.x_px + overlay.width_px, overlay.y_px + overlay.height_px

    def _read(self, number: int) -> Sprite:
        try:
            if self._at < 0 or number <= self._at or number > self._at + _READ_ON:
                self._frames, self._at = self._from(number), number - 1
            picture = None
            while self._at < number:
                picture = next(self._frames)
                self._at += 1
            assert picture is not None
        except (av.FFmpegError, OSError, StopIteration) as error:
            raise ClipError(
                f"clip {self.overlay.path} has no picture {number} ({error}); clear the cache with `reelkit clean --keep-gb 0`"
            ) from None
        bgra = picture.to_ndarray(format="bgra")
        alpha = bgra[..., 3:].astype(np.float32)
        premultiplied = np.concatenate([bgra[..., 2::-1] * (alpha / 255), alpha], axis=-1)
        size = self.overlay.width_px, self.overlay.height_px
        if size != (picture.width, picture.height):
            premultiplied = np.asarray(cv2.resize(premultiplied, size, interpolation=cv2.INTER_AREA), np.float32)
        return Sprite.from_rgba(premultiplied, self.overlay.x_px, self.overlay.y_px)

    def _from(self, number: int) -> Iterator[av.VideoFrame]:
        """Yield the pictures from one on; every one stands by itself, so that seeking is exact."""
        with av.open(str(self.overlay.path)) as container:
            stream = container.streams.video[0]
            if number:
                rate = stream.average_rate
                assert rate is not None and stream.time_base is not None
                container.seek(max(0, round((number - 0.5) / rate / stream.time_base)), stream=stream)
                for frame in container.decode(stream):
                    if frame.pts is not None and frame.pts * stream.time_base * rate >= number - 0.5:
                        yield frame
                        break
            yield from container.decode(stream)
