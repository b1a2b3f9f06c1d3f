"""Pictures as footage: photographs, drawings and animations, upright and over the background."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from reelkit.errors import ClipError
from reelkit.media.planes import Planes, rgb_to_planes
from reelkit.media.svg import draw_svg, is_svg
from reelkit.model import Clip, Fps

__all__ = ["AnimationReader", "PictureReader", "is_webp", "open_svg", "webp_times"]

_PICTURE_LIMIT_PX = 4096
_DRAWN_SHORT_PX = 2160
"""The shorter side of a drawing: as sharp as a reel can show it."""
_MOST_SVG_BYTES = 10_000_000


class PictureReader:
    """A still picture; every frame is the same.

    Raises
    ------
    ClipError
        When it cannot be read.
    """

    def __init__(self, path: Path, background: str) -> None:
        try:
            self._planes = _planes_over(_still(path), background)
        except ClipError:
            raise
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise ClipError(f"picture {path.name} cannot be shown: {error}; replace the file") from None

    def frame(self, index: int) -> Planes:
        return self._planes

    def close(self) -> None:
        pass


class AnimationReader:
    """An animated WebP; reading forward decodes on, reading back begins anew."""

    def __init__(self, clip: Clip, fps: Fps, background: str) -> None:
        self._clip, self._fps, self._background = clip, fps.ratio, background
        try:
            self._starts = [0, *accumulate(webp_times(clip.path))]
            self._opened = Image.open(clip.path, formats=("WEBP",))
        except (OSError, ValueError, SyntaxError) as error:
            raise ClipError(f"clip {clip.path.name} does not decode: {error}; replace the file") from None
        self._shown: tuple[int, Planes] | None = None

    def frame(self, index: int) -> Planes:
        at_ms = Fraction(1000 * index) / self._fps
        if self._clip.loops:
            at_ms %= self._clip.duration_ms or 1
        number = min(bisect_right(self._starts, at_ms), len(self._starts) - 1) - 1
        if self._shown is None or self._shown[0] != number:
            try:
                self._opened.seek(number)
                self._shown = (number, _planes_over(self._opened.convert("RGBA"), self._background))
            except (OSError, EOFError, ValueError, SyntaxError):
                raise ClipError(f"clip {self._clip.path.name} does not decode at {float(at_ms / 1000):.2f} s; replace it") from None
        return self._shown[1]

    def close(self) -> None:
        self._opened.close()


def open_svg(path: Path) -> Image.Image:
    """Draw an SVG file as large as a reel can show it.

    Raises
    ------
    ClipError
        When it refers to other files, or is no SVG that can be drawn.
    """
    if path.stat().st_size > _MOST_SVG_BYTES:
        raise ClipError(f"{path.name}: is {path.stat().st_size / 1e6:.0f} MB of SVG; save it as PNG")
    data = path.read_bytes()
    try:
        # A sketch tells the proportions, from which the size to draw at follows.
        sketch = draw_svg(data, width_px=256, height_px=256)
        long, short = max(sketch.size), max(min(sketch.size), 1)
        side = min(_PICTURE_LIMIT_PX, round(_DRAWN_SHORT_PX * long / short))
        return draw_svg(data, width_px=side, height_px=side)
    except ValueError as error:
        raise ClipError(f"{path.name}: {error}") from None


def is_webp(path: Path) -> bool:
    """Return whether a file is a WebP picture, still or not; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return head[:4] == b"RIFF" and head[8:] == b"WEBP"


def webp_times(path: Path) -> tuple[int, ...]:
    """Return how long each frame of an animated WebP stands, in ms; empty for a still one.

    Durations stand in the ANMF chunks (WebP Container Specification, "Animation"); players show those under 11 ms for 100.
    """
    return tuple(_anmf_times(path))


def _anmf_times(path: Path) -> Iterator[int]:
    with path.open("rb") as file:
        file.seek(12)
        while len(head := file.read(8)) == 8:
            name, size = head[:4], struct.unpack("<I", head[4:])[0]
            if name == b"ANMF":
                said = int.from_bytes(file.read(16)[12:15], "little")
                yield said if said > 10 else 100
                size -= 16
            file.seek(size + size % 2, 1)


def _still(path: Path) -> Image.Image:
    with path.open("rb") as file:
        if is_svg(file.read(2048)):
            return open_svg(path)
    with Image.open(path) as opened:
        upright = ImageOps.exif_transpose(opened)
        if upright.mode.startswith("I;16"):
            # Pillow would clip sixteen bits instead of scaling them.
            upright = Image.fromarray((np.asarray(upright, np.uint32) // 257).astype(np.uint8))
        upright.thumbnail((_PICTURE_LIMIT_PX, _PICTURE_LIMIT_PX), Image.Resampling.LANCZOS)
        return upright.convert("RGBA")


def _planes_over(picture: Image.Image, background: str) -> Planes:
    rgba = np.asarray(picture)
    rgba = rgba[: rgba.shape[0] // 2 * 2, : rgba.shape[1] // 2 * 2]
    if rgba[..., 3].min() == 255:
        return rgb_to_planes(np.ascontiguousarray(rgba[..., :3]))
    alpha = rgba[..., 3:].astype(np.uint16)
    under = np.array([int(background[i : i + 2], 16) for i in (1, 3, 5)], np.uint16)
    total = rgba[..., :3] * alpha + under * (255 - alpha) + 128
    return rgb_to_planes(((total + (total >> 8)) >> 8).astype(np.uint8))
