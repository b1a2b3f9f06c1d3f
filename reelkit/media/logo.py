"""Logos: SVG or a picture, drawn into a box. A logo reads no other file and asks no network."""

from __future__ import annotations

import io
import warnings
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reelkit.errors import BrandError
from reelkit.media.svg import draw_svg

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["load_logo"]

_MAX_BYTES = 10_000_000
_MAX_PIXELS = 40_000_000
_PICTURES = ("PNG", "JPEG", "WEBP", "GIF")


def load_logo(path: Path, width_px: int, height_px: int) -> NDArray[np.uint8]:
    """Draw a logo as large as a box allows.

    Parameters
    ----------
    path : Path
        An SVG file, or a PNG, JPEG, WebP or GIF (its first frame).
    width_px, height_px : int
        The box; the logo keeps its proportions.

    Returns
    -------
    ndarray of uint8 [shape=(height, width, 4)]
        Premultiplied RGBA, at most as large as the box.

    Raises
    ------
    BrandError
        When the file is missing, too large, no image, or an SVG that refers to other files.
    """
    try:
        found = path.stat()
        if found.st_size > _MAX_BYTES:
            raise BrandError(f"logo {path} is {found.st_size / 1e6:.0f} MB; give one of at most {_MAX_BYTES // 1_000_000} MB")
        # Another file under the same name is another logo.
        return _loaded(path, width_px, height_px, (found.st_mtime_ns, found.st_size))
    except OSError as error:
        raise BrandError(f"logo {path} cannot be read ({error.strerror}); give the path of an SVG or PNG file") from None


@lru_cache(maxsize=32)
def _loaded(path: Path, width_px: int, height_px: int, _stamp: tuple[int, int]) -> NDArray[np.uint8]:
    data = path.read_bytes()
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    is_svg = path.suffix.lower() == ".svg" or start.startswith((b"<svg", b"<?xml", b"<!DOCTYPE", b"<!--"))
    drawn = _draw_svg(path, data, width_px, height_px) if is_svg else _draw_picture(path, data, width_px, height_px)
    if not drawn[..., 3].any():
        raise BrandError(f"logo {path} is empty: nothing in it can be seen; give an SVG or PNG file with a visible logo")
    drawn.flags.writeable = False
    return drawn


def _draw_svg(path: Path, data: bytes, width_px: int, height_px: int) -> NDArray[np.uint8]:
    try:
        return _fitted(draw_svg(data, width_px=width_px, height_px=height_px), width_px, height_px)
    except ValueError as error:
        raise BrandError(f"logo {path} {error}") from None


def _draw_picture(path: Path, data: bytes, width_px: int, height_px: int) -> NDArray[np.uint8]:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=_PICTURES) as picture:
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            if picture.width * picture.height > _MAX_PIXELS:
                raise BrandError(
                    f"logo {path} is {picture.width}x{picture.height} px; give one of at most {_MAX_PIXELS // 1_000_000} megapixels"
                )
            rgba = ImageOps.exif_transpose(picture.convert("RGBA"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        if isinstance(error, BrandError):
            raise
        raise BrandError(f"logo {path} is no image that can be read; give a whole SVG or PNG file") from None
    return _fitted(rgba, width_px, height_px)


def _fitted(rgba: Image.Image, width_px: int, height_px: int) -> NDArray[np.uint8]:
    from PIL import Image

    # Resampled premultiplied, so that colours hidden under full transparency do not bleed into the edges.
    scale = min(width_px / rgba.width, height_px / rgba.height)
    size = max(1, min(width_px, round(rgba.width * scale))), max(1, min(height_px, round(rgba.height * scale)))
    fitted = rgba.convert("RGBa").resize(size, Image.Resampling.LANCZOS) if size != rgba.size else rgba.convert("RGBa")
    pixels = np.array(fitted)
    pixels[..., :3] = np.minimum(pixels[..., :3], pixels[..., 3:])
    return pixels
